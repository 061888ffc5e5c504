"""What outlives the process: the part of a memory that a restart takes up again.

Knows: which of the things remembered are about the connector, the owner and the metal, and which
were only sensed, awaited or asked of the process that is gone; how a memory grows older.
Refuses to know: files, clocks, and how long anybody was away.

Rules of this file:
1. What was sensed is forgotten: every signal is unknown until it is heard, every pin's position
   until its sensor tells.
2. What was done is not forgotten: a release that ran, or was asked for, counts as made; a pulse
   that ran has earned its whole pause; tries that were made are not made again.
3. Where and by what the car charges stays what it was last known to be while something is seated:
   a restart is a gap in every message, and no gap moves a pin.
4. What somebody waited for is over: who asked for a release has seen the service go, and asks
   again. A wish to hold the cable stays.
"""

from __future__ import annotations

from dataclasses import replace

from vehicle.core.car import Actuator, Car, StrokeLimits
from vehicle.core.memory import FROZEN, GAVE_UP, HEARD, RELEASED, FaultKey, Flag, Memory, Timer
from vehicle.core.names import Demand, FaultName
from vehicle.core.pin import PinMemory, Step, Tries
from vehicle.core.signals import Occupant, Session
from vehicle.core.situation import Asked

PASSING_FLAGS = frozenset(
    {Flag.WAKING, Flag.INTERNAL_ERROR, Flag.HEATING, *FROZEN.values(), *HEARD.values()}
)
"""Flags about the process, about what it heard, or about a heater that went off with it."""

PASSING_TIMERS = frozenset(
    {
        Timer.JUST_CHARGED,
        Timer.PILOT_LOST,
        Timer.WELD_RESULT,
        Timer.STOP_REPEAT,
        Timer.STOP_LIMIT,
        Timer.ENERGY_LIMIT,
        Timer.WAKE_LIMIT,
        Timer.HEATING,
        Timer.FEEDBACK_LATCH,
        Timer.FEEDBACK_ADAPTER,
        Timer.KEY,
        Timer.CABIN,
        Timer.TEMPERATURE,
        Timer.BOARD_SUPPLY,
    }
)
"""Timers about what is sensed now, or about a request that ends. What a weld result is awaited for
stays known by its flag: the time begins anew with the first safe reading."""

PASSING_FAULTS = frozenset({FaultName.BUS_LOST, FaultName.BUS_ASLEEP, FaultName.INTERNAL_ERROR})
"""Faults of the process and of its buses, which are raised anew where they are still so."""

_UNSEEN_END = {Session.CHARGING: Session.WAITING}
"""A session that charged may have ended since in any way: where it is over it counts as
interrupted, but that it was unplugged during the charge is not said, for nobody saw it."""


def surviving(memory: Memory, car: Car) -> Memory:
    """Return what of ``memory`` a restart takes up; of what that returns, all of it."""
    freeing = memory.asked is Asked.UNLATCH
    latch = _pin(memory.latch, car.latch.limits, freeing)
    adapter = _pin(memory.adapter, car.adapter.limits, freeing)
    asked = memory.asked if memory.asked is Asked.LATCH else Asked.NOTHING
    faults = {fault for fault in memory.faults if fault[0] not in PASSING_FAULTS}
    faults |= _given_up(Actuator.LATCH, latch) | _given_up(Actuator.ADAPTER, adapter)
    return Memory(
        last_session=_UNSEEN_END.get(memory.last_session, memory.last_session),
        last_occupant=memory.last_occupant,
        last_place=memory.last_place,
        last_supply=memory.last_supply,
        last_cable=memory.last_cable,
        asked=asked,
        asked_by=memory.asked_by if asked is Asked.LATCH else None,
        stop_attempt=0 if freeing else memory.stop_attempt,
        flags=frozenset(_flags(memory)),
        timers=tuple(each for each in memory.timers if each[0] not in PASSING_TIMERS),
        faults=frozenset(faults),
        latch=latch,
        adapter=adapter,
    )


def aged(memory: Memory, by_us: int) -> Memory:
    """Return ``memory`` as it is ``by_us`` microseconds later: what fell due is due now.

    Meant for what ``surviving`` returns, in which nothing but timers and pauses runs.
    """
    return replace(
        memory,
        timers=tuple((timer, max(0, left_us - by_us)) for timer, left_us in memory.timers),
        latch=_rested(memory.latch, by_us),
        adapter=_rested(memory.adapter, by_us),
    )


def _rested(pin: PinMemory, by_us: int) -> PinMemory:
    return replace(pin, rest_ends_in_us=max(0, pin.rest_ends_in_us - by_us))


def _flags(memory: Memory) -> set[Flag]:
    kept = memory.flags - PASSING_FLAGS
    # A sensor that was known to be dead is no news: the charge goes on as limited as it was.
    dead = {HEARD[pin] for pin in Actuator if (FaultName.FEEDBACK_LOST, pin) in memory.faults}
    return set(kept) | (dead & memory.flags) | _made(memory)


def _made(memory: Memory) -> set[Flag]:
    """Return which releases count as made: those that ran, and those that were asked for.

    Not one that followed a power cut: that pin engages again when the power is back.
    """
    if memory.last_occupant is Occupant.EMPTY:
        return set()
    if memory.asked is Asked.UNLATCH:
        return {Flag.RELOCKS, *RELEASED.values()}
    pins = {Actuator.LATCH: memory.latch, Actuator.ADAPTER: memory.adapter}
    ran = {a for a, pin in pins.items() if pin.goal is Demand.RELEASE and pin.step is not Step.REST}
    return {RELEASED[a] for a in ran if Flag.INTERRUPTED not in memory.flags}


def _pin(memory: PinMemory, limits: StrokeLimits, freeing: bool) -> PinMemory:
    """``freeing``: a release was asked for; it may have run since, so no open pin is a surprise."""
    stroking = memory.step is not Step.REST
    tries = _tries(memory, limits) if stroking or memory.gave_up else memory.before
    rest_ends_in_us = memory.rest_ends_in_us
    if memory.step in (Step.DRIVE, Step.RECOVER):
        rest_ends_in_us += limits.pause_factor * limits.on_time_us
    if stroking and tries is not None and tries.gave_up and memory.step_ends_in_us is not None:
        cool_us = memory.step_ends_in_us + limits.cool_down_us
        rest_ends_in_us = max(rest_ends_in_us, cool_us)
    return PinMemory(
        rest_ends_in_us=rest_ends_in_us,
        confirmed=None if stroking or freeing else memory.confirmed,
        before=tries,
        unsettled=memory.unsettled,
    )


def _tries(memory: PinMemory, limits: StrokeLimits) -> Tries | None:
    """Return the tries that were made, the one that was cut off included."""
    if memory.goal is Demand.HOLD:
        return None
    return Tries(
        memory.goal,
        memory.reason,
        memory.attempt,
        memory.recovered,
        memory.gave_up or memory.attempt >= limits.tries,
    )


def _given_up(actuator: Actuator, pin: PinMemory) -> set[FaultKey]:
    if pin.before is None or not pin.before.gave_up:
        return set()
    return {(GAVE_UP[pin.before.goal], actuator)}
