"""What people are told when it happens: events that follow from a change, not from a decision.

Knows: which change of the snapshot is an alarm or a notice, given what was held at that moment.
Refuses to know: rules, strokes, and how an event reaches anyone.
"""

from __future__ import annotations

from vehicle.core.memory import Flag, Timer
from vehicle.core.names import EventName, FaultName, PinState
from vehicle.core.pin import PinControl
from vehicle.core.signals import BoardSupply, CarLock, Feedback, Occupant, Pilot, Session
from vehicle.core.situation import SEATED, WITH_CONNECTOR, guarding_pin
from vehicle.core.snapshot import Snapshot
from vehicle.core.state import State

PILOT_LOST_US = 2_000_000
"""How long a lost pilot must stay lost, with the connector in place, before people are told."""


def watch_change(state: State, was: Snapshot) -> None:
    """Report what the change from ``was`` to ``state.seen`` means, before memory is updated.

    An occupant that was unknown for a while counts as what it was last known to be: something that
    has gone since then is gone, whatever its sensor said in between.
    """
    seen = state.seen
    was = was._replace(occupant=state.last_occupant)
    if was.occupant in SEATED and seen.occupant is Occupant.EMPTY:
        _removed(state, was)
    had_connector = was.occupant in WITH_CONNECTOR
    if had_connector and seen.occupant in (Occupant.EMPTY, Occupant.ADAPTER):
        _unplugged(state, was)
    if was.occupant is Occupant.ADAPTER_AND_CONNECTOR and seen.occupant is Occupant.ADAPTER:
        state.tell(EventName.ADAPTER_LEFT_BEHIND)


def watch_pilot(state: State, was: Snapshot, now_us: int) -> None:
    """Await, after the pilot was lost, whether the connector that is held stays behind it.

    A connector that is simply pulled takes the pilot with it, and its own message may come later.
    """
    seen = state.seen
    if was.pilot is Pilot.PRESENT and seen.pilot is Pilot.ABSENT and _dead_cable(state):
        state.start(Timer.PILOT_LOST, now_us + PILOT_LOST_US)
    elif seen.pilot is Pilot.PRESENT or seen.occupant not in WITH_CONNECTOR:
        state.stop(Timer.PILOT_LOST)


def pilot_stayed_lost(state: State) -> None:
    """Report a cable that went dead while its car end is still locked."""
    if state.seen.pilot is Pilot.ABSENT and _dead_cable(state):
        state.tell(EventName.PILOT_LOST_WHILE_ENGAGED)


def _dead_cable(state: State) -> bool:
    """Return whether a connector is held whose charge nobody asked to stop."""
    guard = guarding_pin(state.seen)
    held = guard is not None and state.pins[guard].confirmed_engaged
    return held and state.seen.occupant in WITH_CONNECTOR and Flag.STOPPED not in state.flags


def _removed(state: State, was: Snapshot) -> None:
    """What was locked is gone: locked is not the same as secure."""
    guard = guarding_pin(was)
    if guard is not None and state.pins[guard].confirmed_engaged:
        state.tell(EventName.CONNECTOR_REMOVED_WHILE_ENGAGED, actuator=guard, occupant=was.occupant)


def _unplugged(state: State, was: Snapshot) -> None:
    charging = was.session is Session.CHARGING or Timer.JUST_CHARGED in state.timers
    if charging and Flag.STOPPED not in state.flags:
        energy = "unknown" if state.energy_wh is None else state.energy_wh
        state.tell(EventName.UNPLUGGED_DURING_CHARGE, energy_wh=energy)


def watch_security(state: State) -> None:
    """Report, once, that the car is locked and what is plugged in is not."""
    seen = state.seen
    guard = guarding_pin(seen)
    if seen.car_lock is CarLock.UNLOCKED:
        state.flags.discard(Flag.NOT_SECURED_TOLD)
    if guard is None or seen.car_lock is not CarLock.LOCKED:
        return
    pin = state.pins[guard]
    stroke_ahead = pin.ready_to_engage and state.will_engage(guard)
    held = pin.state is PinState.ENGAGED or pin.feedback is Feedback.ENGAGED
    if held:
        state.flags.discard(Flag.NOT_SECURED_TOLD)
    elif pin.stroking or stroke_ahead or _unheard(state, pin):
        return
    elif Flag.NOT_SECURED_TOLD not in state.flags:
        state.flags.add(Flag.NOT_SECURED_TOLD)
        state.tell(EventName.NOT_SECURED, actuator=guard, occupant=seen.occupant)


def watch_supply(state: State) -> None:
    """Raise or clear the fault of a 12 V supply that may soon, or already does, trap a pin."""
    low = state.settled.board_supply in (BoardSupply.LOW, BoardSupply.TOO_LOW)
    state.fault(FaultName.SUPPLY_LOW, low)


def _unheard(state: State, pin: PinControl) -> bool:
    """Return whether the pin's sensor has not spoken yet, or fell silent too lately to be lost."""
    listened_to = pin.pin.feedback and pin in state.fitted_pins
    lost = (FaultName.FEEDBACK_LOST, pin.actuator) in state.faults
    return listened_to and pin.feedback is Feedback.UNKNOWN and not lost
