"""Signals that flicker, and how long each must stand before it counts.

Knows: which signals settle, and how long it takes towards each side.
Refuses to know: what follows from a settled value.

Rules of this file:
1. Unknown counts at once: what is not known must not be believed a moment longer.
2. Every other value counts once it has stood unchanged for its time. So no flicker moves a pin, and
   a value that comes and goes faster than its time settles nowhere.
3. The longer time lies on the side whose belief is easier to abuse or dearer to undo.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

from vehicle.core.memory import Timer
from vehicle.core.record import record
from vehicle.core.signals import BoardSupply, Cabin, KeyZone, Temperature
from vehicle.core.state import State


@record
class Settling:
    """How one signal settles: the order of its values, and the times up and down that order.

    From unknown the shorter one counts.
    """

    order: tuple[StrEnum, ...]
    up_us: int
    down_us: int
    timer: Timer


SETTLING: dict[str, Settling] = {
    # At the port is what lets a button release, so it is believed slowly; but a key that is passed
    # from one pocket to another must not refuse its owner: leaving is believed more slowly still.
    "key": Settling(
        (KeyZone.ABSENT, KeyZone.FAR, KeyZone.NEAR, KeyZone.INSIDE, KeyZone.AT_PORT),
        500_000,
        2_000_000,
        Timer.KEY,
    ),
    # Someone who shifts in the seat has not left the car.
    "cabin": Settling((Cabin.EMPTY, Cabin.OCCUPIED), 2_000_000, 10_000_000, Timer.CABIN),
    "temperature": Settling(
        (Temperature.COLD, Temperature.MILD), 60_000_000, 60_000_000, Timer.TEMPERATURE
    ),
    # Every motor in the car pulls the 12 V supply down for seconds; an empty battery stays low.
    "board_supply": Settling(
        (BoardSupply.TOO_LOW, BoardSupply.LOW, BoardSupply.GOOD),
        60_000_000,
        10_000_000,
        Timer.BOARD_SUPPLY,
    ),
}
"""Signal -> how it settles. The times are our own choice, for want of a source that names them."""

TIMERS = {each.timer: name for name, each in SETTLING.items()}
"""Timer -> the signal that settles when it is over."""


def sensed(state: State, name: str, now_us: int) -> None:
    """Take a new raw value of signal ``name`` in: from now on it must stand."""
    how, value = SETTLING[name], getattr(state.seen, name)
    settled = getattr(state.settled, name)
    state.stop(how.timer)
    if value == "unknown":
        _settle(state, name, value)
    elif value is not settled:
        wait_us = min(how.up_us, how.down_us)
        if settled in how.order:
            up = how.order.index(value) > how.order.index(settled)
            wait_us = how.up_us if up else how.down_us
        state.start(how.timer, now_us + wait_us)


def stood(state: State, timer: Timer) -> None:
    """Believe the value that has stood for its time."""
    name = TIMERS[timer]
    _settle(state, name, getattr(state.seen, name))


def _settle(state: State, name: str, value: StrEnum) -> None:
    change: dict[str, Any] = {name: value}
    state.settled = replace(state.settled, **change)
