"""Requests: the stop-first sequence of an unlatch, and how each request ends.

Knows: the order stop, no current, safe, release; every way a request can end; the time limits.
Refuses to know: who may ask for what (``checks.py``), rules and strokes. The policy releases once
the inlet is safe; this room asks for the stop, waits, and names what went wrong. Every request ends
in a result or in a named fault.
"""

from __future__ import annotations

from vehicle.core import spans
from vehicle.core.checks import broken, guard_is, guards, may_have_pin, refusal
from vehicle.core.consent import worth_telling
from vehicle.core.memory import RELEASED, Flag, Timer
from vehicle.core.names import (
    Demand,
    EventName,
    FaultName,
    PinState,
    Proof,
    Request,
    Result,
    Source,
)
from vehicle.core.outputs import StopCharge
from vehicle.core.pin import PinControl
from vehicle.core.signals import BoardSupply, Feedback, Fitted, Occupant, Session
from vehicle.core.situation import Asked, Energy, fitted
from vehicle.core.state import State

STOP_LIMIT_US = 30_000_000
"""How long a stop may take before it counts as not confirmed (requirement S4)."""
STOP_REPEAT_US = 10_000_000
"""How often an unconfirmed stop is asked for again.

Our own choice: S4 asks for bounded intervals. A third of the limit gives a station three chances
before its failure is named, and is longer than the 5 s that IEC 61851-1 Table A.6 gives an EVSE for
its unplug sequence, so that no repeat overtakes an answer on its way.
"""
ENERGY_LIMIT_US = 5_000_000
"""How long a request waits for the energy at the inlet to become known.

Our own choice: as long as the slowest message on a bus that is awake may take to repeat (S6 names
5 s). What has not been said by then is not said, and someone stands at the car.
"""
WAKE_LIMIT_US = 5_000_000
"""How long a request waits for a sleeping bus before it says so. The request stands beyond it.

Our own choice: as long as the slowest message may take to repeat (S6 names 5 s). A bus that was
woken is heard by then, so one that is silent still needs another way of waking.
"""
LATCH_LIMIT_US = 120_000_000
"""How long a latch request may go unanswered: longer than a jam's cool-down and a whole stroke."""

_OVER = (Session.NONE, Session.COMPLETE, Session.FAULT)
_REQUEST_TIMERS = (
    Timer.STOP_LIMIT,
    Timer.STOP_REPEAT,
    Timer.ENERGY_LIMIT,
    Timer.WAKE_LIMIT,
    Timer.LATCH_LIMIT,
)


def receive(
    state: State, request: Request, source: Source, now_us: int, proof: Proof = Proof.LOCAL
) -> None:
    """Take a request: refuse it with a reason, or begin to carry it out."""
    why = refusal(state, request, source, proof, now_us)
    if why is not None:
        if worth_telling(state, source, why):
            state.answer(request, source, why)
            state.tell(EventName.REQUEST_REFUSED, request=request, source=source, why=why)
        return
    if state.asked.value == request.value and Flag.LATCH_ANSWERED not in state.flags:
        state.answer(request, source, Result.ALREADY_PENDING)
        return
    if state.asked is not Asked.NOTHING:
        _finish(state, Result.SUPERSEDED)
    state.asked, state.asked_by = Asked(request.value), source
    state.answer(request, source, Result.ACCEPTED)
    if request is Request.UNLATCH:
        _begin_unlatch(state, now_us)
    else:
        spans.forget_release(state)
        state.start(Timer.LATCH_LIMIT, now_us + LATCH_LIMIT_US)


def _begin_unlatch(state: State, now_us: int) -> None:
    state.flags.add(Flag.STOPPED)
    state.flags -= {Flag.NEW_CHARGE, Flag.INTERRUPTED, Flag.RELOCKS, *RELEASED.values()}
    state.stop(Timer.POWER_CUT_HOLD)
    state.heatings = int(Flag.HEATING in state.flags)  # one that runs counts as the first
    state.fault(FaultName.ENERGY_UNKNOWN, False)
    state.start(Timer.STOP_LIMIT, now_us + STOP_LIMIT_US)
    if state.seen.session not in _OVER or state.energy is not Energy.SAFE:
        _ask_to_stop(state, now_us)


def _ask_to_stop(state: State, now_us: int) -> None:
    state.stop_attempt += 1
    state.outputs.append(StopCharge(True, state.stop_attempt))
    state.start(Timer.STOP_REPEAT, now_us + STOP_REPEAT_US)


def ask_to_stop_once(state: State) -> None:
    """Ask for the stop where it is not asked for already; it stands while it is wanted."""
    if not state.stop_attempt:
        state.stop_attempt = 1
        state.outputs.append(StopCharge(True, 1))


def progress(state: State, now_us: int) -> None:
    """Move the standing request on after anything has changed."""
    if _at_rest(state):
        return
    if state.asked is not Asked.NOTHING and broken(state):
        _finish(state, Result.INTERNAL_ERROR)
    elif state.asked is Asked.UNLATCH:
        _progress_unlatch(state, now_us)
    elif state.asked is Asked.LATCH:
        _progress_latch(state)
    withdraw_stop(state)
    if not _stop_still_wanted(state):
        state.fault(FaultName.STOP_NOT_CONFIRMED, False)
    if state.energy is not Energy.UNKNOWN or state.seen.occupant is Occupant.EMPTY:
        state.fault(FaultName.ENERGY_UNKNOWN, False)
    if not state.asleep or state.asked is not Asked.UNLATCH:
        state.stop(Timer.WAKE_LIMIT)
        state.fault(FaultName.BUS_ASLEEP, False)


def _at_rest(state: State) -> bool:
    """Return whether nothing is asked for, told of, or awaited: so it is nearly always."""
    idle = state.asked is Asked.NOTHING and not state.stop_attempt
    return idle and not state.faults and Timer.WAKE_LIMIT not in state.timers


def _stop_still_wanted(state: State) -> bool:
    unsafe = state.energy is not Energy.SAFE and state.seen.occupant is not Occupant.EMPTY
    return unsafe and Flag.STOPPED in state.flags


def withdraw_stop(state: State) -> None:
    """Withdraw the stop once neither an unlatch nor a pulled manual release wants it."""
    if state.stop_attempt and state.asked is not Asked.UNLATCH and not state.manual_release:
        state.stop_attempt = 0
        state.outputs.append(StopCharge(False, 0))


def _progress_unlatch(state: State, now_us: int) -> None:
    if state.seen.occupant is Occupant.EMPTY:
        _finish(state, Result.CONNECTOR_OUT)
    elif not state.fitted_pins:
        _finish(state, Result.PIN_UNKNOWN if may_have_pin(state) else Result.REFUSED_NO_PIN)
    elif state.manual_release:
        _finish(state, Result.MANUAL_RELEASE_PULLED)
    elif state.energy is Energy.WELDED:
        _finish(state, Result.CONTACTORS_WELDED)
    elif state.settled.board_supply is BoardSupply.TOO_LOW and not _all_out(state):
        _finish(state, Result.SUPPLY_TOO_LOW)
    elif Flag.HEATING not in state.flags and any(
        pin.gave_up and pin.goal is Demand.RELEASE for pin in state.fitted_pins
    ):
        _finish(state, Result.FAILED_TO_RELEASE)
    elif state.energy is Energy.SAFE and all(_is_done(state, pin) for pin in state.fitted_pins):
        state.flags |= {Flag.RELOCKS, *(RELEASED[pin.actuator] for pin in state.fitted_pins)}
        _finish(state, _done_as(state))
    else:
        _wait(state, now_us)


def _all_out(state: State) -> bool:
    return all(pin.state is PinState.RELEASED for pin in state.fitted_pins)


def _done_as(state: State) -> Result:
    """Return what became of an unlatch after which every pin that is known is out, or was driven.

    A pin of which it is not known whether the car has it may hold what is seated.
    """
    if any(pin.state is not PinState.RELEASED for pin in state.fitted_pins):
        return Result.FEEDBACK_LOST
    unseen = any(fitted(state.seen, actuator) is Fitted.UNKNOWN for actuator in state.pins)
    held_by_it = unseen and not guard_is(state, Fitted.FITTED)
    return Result.PIN_UNKNOWN if held_by_it else Result.RELEASED


def _is_done(state: State, pin: PinControl) -> bool:
    """Return whether a pin is out, or was driven out for this request without a sensor's word."""
    driven = RELEASED[pin.actuator] in state.flags and not pin.stroking
    blind = driven and pin.feedback is Feedback.UNKNOWN
    return blind or pin.state is PinState.RELEASED


def _wait(state: State, now_us: int) -> None:
    """Bound the waits: for the stop, for the energy to become known, for the bus to wake."""
    if state.energy is not Energy.SAFE:
        if Timer.STOP_REPEAT not in state.timers:
            _ask_to_stop(state, now_us)
        told = (FaultName.STOP_NOT_CONFIRMED, None) in state.faults
        if Timer.STOP_LIMIT not in state.timers and not told:
            state.start(Timer.STOP_LIMIT, now_us + STOP_LIMIT_US)
    if state.energy is not Energy.UNKNOWN:
        state.stop(Timer.ENERGY_LIMIT)
    elif Timer.ENERGY_LIMIT not in state.timers:
        state.start(Timer.ENERGY_LIMIT, now_us + ENERGY_LIMIT_US)
    told = (FaultName.BUS_ASLEEP, None) in state.faults
    if state.asleep and Timer.WAKE_LIMIT not in state.timers and not told:
        state.start(Timer.WAKE_LIMIT, now_us + WAKE_LIMIT_US)


def _progress_latch(state: State) -> None:
    if state.seen.occupant is Occupant.EMPTY:
        _finish(state, Result.CONNECTOR_OUT)
    elif state.manual_release:
        _finish(state, Result.MANUAL_RELEASE_PULLED)
    elif any(pin.gave_up and pin.goal is Demand.ENGAGE for pin in guards(state)):
        _finish(state, Result.FAILED_TO_ENGAGE)
    elif Flag.LATCH_ANSWERED not in state.flags and any(
        pin.state is PinState.ENGAGED for pin in guards(state)
    ):
        state.flags.add(Flag.LATCH_ANSWERED)
        state.stop(Timer.LATCH_LIMIT)
        _answer(state, Result.ENGAGED)


def timer_passed(state: State, timer: Timer) -> None:
    """React to one of the request's own time limits. ``progress`` repeats a stop that is due."""
    if timer is Timer.ENERGY_LIMIT:
        state.fault(FaultName.ENERGY_UNKNOWN, True)
        _finish(state, Result.ENERGY_UNKNOWN)
    elif timer is Timer.WAKE_LIMIT:
        state.fault(FaultName.BUS_ASLEEP, True)
    elif timer is Timer.LATCH_LIMIT:
        _finish(state, Result.FAILED_TO_ENGAGE)
    elif timer is Timer.STOP_LIMIT and state.shadow:
        _finish(state, Result.CANCELLED)
    elif timer is Timer.STOP_LIMIT and state.energy is not Energy.SAFE:
        state.fault(FaultName.STOP_NOT_CONFIRMED, True)


def cancel(state: State) -> None:
    """End the standing request, if there is one, without an outcome."""
    if state.asked is not Asked.NOTHING:
        _finish(state, Result.CANCELLED)


def _finish(state: State, result: Result) -> None:
    if Flag.LATCH_ANSWERED not in state.flags:
        _answer(state, result)
    state.asked, state.asked_by = Asked.NOTHING, None
    withdraw_stop(state)
    state.flags.discard(Flag.LATCH_ANSWERED)
    state.stop(*_REQUEST_TIMERS)


def _answer(state: State, result: Result) -> None:
    assert state.asked_by is not None
    state.answer(Request(state.asked.value), state.asked_by, result)
