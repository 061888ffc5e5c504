"""The owner's times: how long each runs, what follows when it is over, and how a new choice counts.

Knows: the grace time after a full charge, the hold after a power cut, the wait that counts no more
as a session, and the window in which a release may be used.
Refuses to know: rules and strokes. What is over is remembered; the policy decides what that means.
"""

from __future__ import annotations

from collections.abc import Callable

from vehicle.core.memory import RELEASED, Flag, Timer
from vehicle.core.settings import Settings, Toggle
from vehicle.core.signals import Occupant, Session
from vehicle.core.situation import Asked
from vehicle.core.state import State

LONG_WAIT_US = 60_000_000
"""How long a session must wait before it may count as none.

A minute is far more than a charge needs to begin: permit, stroke and handshake may each make it
wait for seconds, and a pin must not be moved by them.
"""

LENGTHS_US: dict[Timer, Callable[[Settings], int]] = {
    Timer.GRACE: lambda owner: owner.release_grace_min * 60_000_000,
    Timer.POWER_CUT_HOLD: lambda owner: owner.power_cut_hold_s * 1_000_000,
    Timer.LONG_WAIT: lambda _: LONG_WAIT_US,
    Timer.RELOCK_WINDOW: lambda owner: owner.relock_window_s * 1_000_000,
}
"""Timer -> its length by the owner's choice, in microseconds."""


def begin(state: State, timer: Timer, now_us: int) -> None:
    """Let a time begin now; one of no length is over at once."""
    length_us = LENGTHS_US[timer](state.owner)
    if length_us:
        state.start(timer, now_us + length_us)
    else:
        over(state, timer)


def over(state: State, timer: Timer) -> None:
    """Remember that a time is over; an interrupted session is held by its timer alone."""
    if timer is Timer.GRACE:
        state.flags.add(Flag.GRACE_OVER)
    elif timer is Timer.LONG_WAIT:
        state.flags.add(Flag.WAITED)
    elif timer is Timer.RELOCK_WINDOW:
        forget_release(state)


def forget_release(state: State) -> None:
    """End what a release began: the pins may engage again, and charging may go on.

    Where unlocking the car was the release, nobody made use of that either.
    """
    state.flags -= {Flag.STOPPED, Flag.RELOCKS, Flag.LOCKED_SINCE_SEATED, *RELEASED.values()}


def settings_changed(state: State, was: Settings, now_us: int) -> None:
    """Let the owner's times that run already count as newly chosen, from when they began.

    A grace time that is over stays over. A window that is to last for ever runs no longer.
    """
    for timer, length_us in LENGTHS_US.items():
        if timer not in state.timers or state.owner == was:
            continue
        state.timers[timer] += length_us(state.owner) - length_us(was)
        if timer is Timer.RELOCK_WINDOW and not length_us(state.owner):
            state.stop(timer)
        elif state.timers[timer] <= now_us:
            state.stop(timer)
            over(state, timer)


def watch(state: State, now_us: int) -> None:
    """Begin and end the times that depend on how things stand, rather than on what happened."""
    waits = (
        state.last_session is Session.WAITING
        and state.seen.occupant is not Occupant.EMPTY
        and state.owner.waiting_counts is Toggle.OFF
    )
    if not waits:
        state.flags.discard(Flag.WAITED)
    _run(state, Timer.LONG_WAIT, waits and Flag.WAITED not in state.flags, now_us)
    unused = Flag.RELOCKS in state.flags and state.asked is not Asked.UNLATCH
    wanted = bool(state.owner.relock_window_s)
    _run(state, Timer.RELOCK_WINDOW, unused and wanted, now_us)


def _run(state: State, timer: Timer, wanted: bool, now_us: int) -> None:
    if not wanted:
        state.stop(timer)
    elif timer not in state.timers:
        begin(state, timer, now_us)
