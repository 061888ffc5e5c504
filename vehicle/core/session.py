"""What the manager remembers of a session and a connector, from one signal change to the next.

Knows: how a session ends, when a connector counts as new, when a weld result is owed.
Refuses to know: rules, strokes and requests.
"""

from __future__ import annotations

from vehicle.core import spans
from vehicle.core.memory import LASTING, RELEASED, Flag, Timer
from vehicle.core.names import EventName, FaultName
from vehicle.core.settings import Toggle
from vehicle.core.signals import CarLock, Inlet, Occupant, Session, Supply, Weld
from vehicle.core.situation import ACTIVE, Asked, Need, need_of
from vehicle.core.snapshot import Snapshot
from vehicle.core.state import State
from vehicle.core.watch import watch_pilot

JUST_CHARGED_US = 5_000_000
"""How long after charging stopped a missing connector still counts as unplugged during charge.

IEC 61851-1 Table A.6 gives the EVSE 5 s for its own unplug sequence.
"""

WELD_RESULT_LIMIT_US = 10_000_000
"""How long a release waits for the weld test's result (requirement S4)."""

_ENDED_BADLY = (Session.NONE, Session.FAULT)
_RUNNING = (Session.WAITING, Session.CHARGING)
_CUT_OFF = {Session.NONE: _RUNNING, Session.FAULT: ACTIVE}
"""How a session ends -> what it was just before, where that end is an interruption.

Stopping first, then none, is an end that someone asked for. An error is one that nobody asked for,
also where the car stops on its way there: a radio attack on a DC session looks like that.
"""
_CONNECTOR_TIMERS = (
    Timer.POWER_CUT_HOLD,
    Timer.GRACE,
    Timer.JUST_CHARGED,
    Timer.PILOT_LOST,
    Timer.WELD_RESULT,
    Timer.RELOCK_WINDOW,
    Timer.LONG_WAIT,
)


def note_changes(state: State, was: Snapshot, now_us: int) -> None:
    """Update the memory after ``state.seen`` changed from ``was``."""
    seen = state.seen
    if seen.session is not was.session and seen.session is not Session.UNKNOWN:
        _session_changed(state, now_us)
    if seen.car_lock is not was.car_lock:
        _doors_changed(state, was.car_lock)
    if seen.car_lock is CarLock.LOCKED and seen.occupant is not Occupant.EMPTY:
        state.flags.add(Flag.LOCKED_SINCE_SEATED)
    if seen.inlet is not Inlet.UNKNOWN:
        state.last_inlet = seen.inlet
    _weld_changed(state, was, now_us)
    watch_pilot(state, was, now_us)
    if seen.occupant is Occupant.EMPTY:
        connector_out(state)
    _charge_needs_lock_again(state)


def connector_out(state: State) -> None:
    """Forget what was remembered of the connector that was seated."""
    state.flags &= LASTING
    state.energy_wh = None
    state.heatings = 0
    state.stop(*_CONNECTOR_TIMERS)
    for pin in state.pins.values():
        pin.forget_tries()


def _session_changed(state: State, now_us: int) -> None:
    """Tell a new session, a finished one and an interrupted one apart."""
    before, session = state.last_session, state.seen.session
    if session is before:
        return
    state.last_session = session
    if session in ACTIVE:
        state.flags -= {Flag.INTERRUPTED, Flag.GRACE_OVER}
        state.stop(Timer.POWER_CUT_HOLD, Timer.GRACE)
        if before not in (*ACTIVE, Session.UNKNOWN) and session in _RUNNING:
            _new_charge(state)
    elif session is Session.COMPLETE:
        state.flags.discard(Flag.INTERRUPTED)
        state.stop(Timer.POWER_CUT_HOLD)
        spans.begin(state, Timer.GRACE, now_us)
    elif before in _CUT_OFF[session] and Flag.STOPPED not in state.flags:
        state.flags.add(Flag.INTERRUPTED)
        spans.begin(state, Timer.POWER_CUT_HOLD, now_us)
    if before is Session.CHARGING and session in (*_ENDED_BADLY, Session.WAITING):
        state.start(Timer.JUST_CHARGED, now_us + JUST_CHARGED_US)
    else:
        state.stop(Timer.JUST_CHARGED)


def _new_charge(state: State) -> None:
    """Note a charge that someone began. One that begins during an unlatch does not undo it."""
    if state.asked is not Asked.UNLATCH:
        state.flags.discard(Flag.STOPPED)
        state.flags.add(Flag.NEW_CHARGE)


def _doors_changed(state: State, was: CarLock) -> None:
    """A relock by the owner ends what a release began. UNKNOWN to LOCKED is no relock.

    A release that is still under way is carried out first: its memory begins when it is done.
    Unlocking ends the hold on an adapter whose handle was taken: no cable is left to be guarded. It
    ends the hold on a session that ended in an error too: that waits for the owner only (P2).
    """
    opened = was is CarLock.LOCKED and state.seen.car_lock is CarLock.UNLOCKED
    seen = state.seen
    if opened and (seen.occupant is Occupant.ADAPTER or seen.session is Session.FAULT):
        state.flags.discard(Flag.INTERRUPTED)
        state.stop(Timer.POWER_CUT_HOLD)
    if state.asked is Asked.UNLATCH:
        return
    if was is CarLock.UNLOCKED and state.seen.car_lock is CarLock.LOCKED:
        spans.forget_release(state)


def owner_opened(state: State, was: Snapshot) -> bool:
    """Return whether the owner unlocked the car just now."""
    return was.car_lock is CarLock.LOCKED and state.seen.car_lock is CarLock.UNLOCKED


def opening_frees(state: State) -> bool:
    """Return whether unlocking the car now asks for the release, by the owner's choice."""
    wanted = state.owner.unlock_while_charging_frees is Toggle.ON
    return wanted and state.seen.session in ACTIVE


def _weld_changed(state: State, was: Snapshot, now_us: int) -> None:
    """Remember that a DC session owes a weld result, and when it was given."""
    seen = state.seen
    if seen.weld is Weld.WELDED:
        state.flags.add(Flag.WELDED)
    elif seen.weld is not Weld.UNKNOWN:
        state.flags.discard(Flag.WELDED)
    state.fault(FaultName.CONTACTORS_WELDED, Flag.WELDED in state.flags)
    if not state.car.reports_weld_test:
        return
    if seen.supply is Supply.DC and (
        seen.session is Session.CHARGING
        or (seen.inlet is Inlet.ENERGISED and was.inlet is not Inlet.ENERGISED)
    ):
        state.flags.add(Flag.WELD_RESULT_WANTED)
    tested = was.weld is Weld.TESTING and seen.weld is Weld.PASSED
    if (tested and seen.session is not Session.CHARGING) or seen.weld is Weld.NONE:
        state.flags.discard(Flag.WELD_RESULT_WANTED)
    if state.weld_result_awaited and seen.inlet is Inlet.SAFE:
        if Timer.WELD_RESULT not in state.timers:
            state.start(Timer.WELD_RESULT, now_us + WELD_RESULT_LIMIT_US)
    else:
        state.stop(Timer.WELD_RESULT)


def weld_result_overdue(state: State) -> None:
    """Stop waiting for a weld result: measured SAFE suffices."""
    state.flags.discard(Flag.WELD_RESULT_WANTED)
    state.tell(EventName.WELD_RESULT_MISSING)


def _charge_needs_lock_again(state: State) -> None:
    """A newly requested charge that safety must lock ends the memory of an earlier release."""
    if Flag.NEW_CHARGE not in state.flags or state.seen.session not in ACTIVE:
        return
    if need_of(state.seen.supply, state.seen.supply_limit, state.owner) is Need.LOCK:
        state.flags -= {Flag.NEW_CHARGE, Flag.RELOCKS, *RELEASED.values()}
