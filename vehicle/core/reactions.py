"""What follows from what the pins report: faults, events, and what is remembered of a release.

Knows: which fault a pin's outcome raises, and when its cause is gone.
Refuses to know: how strokes run, and what is demanded next.
"""

from __future__ import annotations

from vehicle.core import heating, request
from vehicle.core.memory import MANUAL, RELEASED, Flag
from vehicle.core.names import Demand, EventName, FaultName, PinState
from vehicle.core.outputs import ActuatorChanged
from vehicle.core.pin import Outcome, PinControl
from vehicle.core.policy import (
    car_opened,
    charge_over,
    frost_threatens,
    full_and_freed,
    supply_runs_down,
    wait_does_not_count,
)
from vehicle.core.signals import Occupant
from vehicle.core.situation import SEATED, Energy
from vehicle.core.state import State

_FOR_A_WHILE = (wait_does_not_count, supply_runs_down, frost_threatens)
"""Reasons to release that end by themselves: then the pin may engage again."""


def collect(state: State, pin: PinControl) -> None:
    """Take what ``pin`` reports, and remember what follows from it."""
    outputs, outcomes = pin.take()
    state.outputs.extend(outputs)
    for output in outputs:
        if not isinstance(output, ActuatorChanged) or output.state is not PinState.RELEASED:
            continue
        state.heatings = 0
        # A pin that is found out, after a gap or at the start, was not released just now. One that
        # the car itself moves is only ever found.
        if state.shadow or output.was is not PinState.UNKNOWN:
            _released(state, pin)
    for outcome in outcomes:
        _outcome(state, pin, outcome)


def _released(state: State, pin: PinControl) -> None:
    """Remember a release that was demanded: the connector stays free until it has been out.

    One that lasts only as long as its cause is not remembered: after a power cut, in frost, on an
    empty battery and while a session waits, the pin engages again when that is over.
    """
    decision = state.decisions.get(pin.actuator)
    if decision is None or decision.demand is not Demand.RELEASE:
        return
    when = decision.rule.when
    power_cut = when is charge_over and Flag.INTERRUPTED in state.flags
    if when is full_and_freed and RELEASED[pin.actuator] not in state.flags:
        state.tell(EventName.RELEASED_WHEN_FULL, actuator=pin.actuator)
    if state.seen.occupant in SEATED and not power_cut and when not in _FOR_A_WHILE:
        state.flags.add(RELEASED[pin.actuator])
        state.flags.discard(Flag.NEW_CHARGE)
    if when is car_opened:
        state.flags.add(Flag.RELOCKS)


def _outcome(state: State, pin: PinControl, outcome: Outcome) -> None:
    actuator = pin.actuator
    if outcome is Outcome.GAVE_UP:
        if not heating.begin(state, pin):
            heating.raise_jam(state, pin)
    elif outcome is Outcome.BLIND_STROKE_OVER:
        # No sensor says that it worked, but it was a release: it is not undone by itself.
        state.fault(FaultName.FEEDBACK_LOST, True, actuator)
        if state.energy is Energy.SAFE:
            state.flags.add(RELEASED[actuator])
    elif outcome is Outcome.MOVED_CLOSED:
        state.fault(FaultName.UNEXPECTED_CLOSE, True, actuator)
    elif state.seen.occupant is not Occupant.EMPTY:
        state.fault(FaultName.UNEXPECTED_OPEN, True, actuator)
        if MANUAL[actuator] not in state.flags:
            state.tell(EventName.MANUAL_RELEASE_PULLED, actuator=actuator)
        state.flags.add(MANUAL[actuator])
        request.ask_to_stop_once(state)


def clear_faults(state: State) -> None:
    """Clear the pins' faults whose cause is gone."""
    if not state.faults:
        return
    empty = state.seen.occupant is Occupant.EMPTY
    for actuator, pin in state.pins.items():
        engaged, released = pin.state is PinState.ENGAGED, pin.state is PinState.RELEASED
        gone = {
            FaultName.FAILED_TO_ENGAGE: engaged or empty,
            FaultName.FAILED_TO_RELEASE: released,
            FaultName.UNEXPECTED_OPEN: empty,
            FaultName.UNEXPECTED_CLOSE: released or (engaged and state.wants_engaged(actuator)),
        }
        for name, is_gone in gone.items():
            if is_gone and (name, actuator) in state.faults:
                state.fault(name, False, actuator)
