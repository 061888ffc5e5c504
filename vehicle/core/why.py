"""What would release a pin, and which settings its decision depends on: asked of the policy itself.

Knows: the changes that people and the car can bring about, and how to try them on ``decide``.
Refuses to know: the rules. What it says is searched for, never written by hand, so it stays true
when a rule changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.overrides import Override
from vehicle.core.policy import OVER, Decision, decide
from vehicle.core.resolve import Effective, for_pin
from vehicle.core.settings import SINGLE, Settings
from vehicle.core.situation import (
    Asked,
    Doors,
    Energy,
    Past,
    Phase,
    Seat,
    Situation,
)


class Change(StrEnum):
    """Something that may happen, and may lead to a release."""

    ASK = "ask"
    UNLOCK = "unlock"
    SESSION_OVER = "session-over"
    FULL = "full"
    SAFE = "safe"
    OCCUPANT_KNOWN = "occupant-known"
    TAKE_OUT = "take-out"


CHANGE_WORDS: dict[Change, str] = {
    Change.ASK: "someone asks for it (chargelock unlatch; it stops the charge first)",
    Change.UNLOCK: "the car is unlocked",
    Change.SESSION_OVER: "the charging session is over",
    Change.FULL: "the charge is complete and the grace time is over",
    Change.SAFE: "the inlet is safe: no current, no voltage",
    Change.OCCUPANT_KNOWN: "the car tells what is in the inlet",
    Change.TAKE_OUT: "what is plugged in is taken out by hand",
}

_TOGETHER = (1, 2, 3)
"""How many changes may make one way: three are unlocked, over and safe."""


@dataclass(frozen=True, slots=True)
class _Try:
    """One change: where it makes sense, and what it makes of the situation."""

    change: Change
    sensible: Callable[[Situation], bool]
    makes: Callable[[Situation], Situation]


def _unlocked(now: Situation) -> Situation:
    return replace(now, doors=Doors.OPENED if now.doors is Doors.LOCKED else Doors.UNLOCKED)


_TRIES = (
    _Try(
        Change.ASK,
        lambda now: now.asked is not Asked.UNLATCH,
        lambda now: replace(now, asked=Asked.UNLATCH),
    ),
    _Try(Change.UNLOCK, lambda now: now.doors not in (Doors.UNLOCKED, Doors.OPENED), _unlocked),
    _Try(
        Change.SESSION_OVER,
        lambda now: now.phase not in OVER,
        lambda now: replace(now, phase=Phase.NONE),
    ),
    _Try(
        Change.FULL,
        lambda now: now.phase is not Phase.FULL,
        lambda now: replace(now, phase=Phase.FULL),
    ),
    # Welded contactors become safe by service, which is nothing to wait for.
    _Try(
        Change.SAFE,
        lambda now: now.energy not in (Energy.SAFE, Energy.WELDED),
        lambda now: replace(now, energy=Energy.SAFE),
    ),
    _Try(
        Change.OCCUPANT_KNOWN,
        lambda now: now.seat is Seat.UNKNOWN,
        lambda now: replace(now, seat=Seat.SEATED),
    ),
    # Otherwise a pin holds it, and taking it out is what a release is for.
    _Try(
        Change.TAKE_OUT,
        lambda now: now.past is Past.MANUAL_RELEASE,
        lambda now: replace(now, seat=Seat.EMPTY, past=Past.FRESH),
    ),
)

Way = tuple[Change, ...]
"""Changes that release together."""

_BRINGS: dict[Change, Way] = {Change.FULL: (Change.SESSION_OVER,)}
"""What a change brings about besides itself: a full battery is one of the session's ends."""


def ways_to_release(now: Situation, settings: Settings, actuator: Actuator) -> tuple[Way, ...]:
    """Return the smallest sets of changes that each make the policy say RELEASE, smallest first.

    Empty where it says so already, and where nothing does (no pin, welded contactors).
    """
    owner = for_pin(settings, actuator)
    if decide(now, owner, actuator).demand is Demand.RELEASE:
        return ()
    tries = [each for each in _TRIES if each.sensible(now)]
    found: list[Way] = []
    for size in _TOGETHER:
        for chosen in combinations(tries, size):
            way = tuple(each.change for each in chosen)
            if any(_includes(way).issuperset(smaller) for smaller in found):
                continue
            then = now
            for each in chosen:
                then = each.makes(then)
            if decide(then, owner, actuator).demand is Demand.RELEASE:
                found.append(way)
    return tuple(found)


def _includes(way: Way) -> set[Change]:
    """Return ``way`` and what its changes bring about."""
    return {*way, *(end for each in way for end in _BRINGS.get(each, ()))}


Fold = Callable[[Settings], Situation]
"""What a pin's situation is under other choices of the owner's."""


def settings_behind(fold: Fold, owner: Settings, actuator: Actuator) -> tuple[str, ...]:
    """Return the keys of the settings of which another choice would change the decision.

    ``owner``: the choices that hold in the present circumstance.
    """
    ours = _decided(fold, owner, actuator)
    keys = [key for key, other in _other_choices(owner) if _decided(fold, other, actuator) != ours]
    return tuple(dict.fromkeys(keys))


def overrides_behind(
    fold: Fold, settings: Settings, effective: Effective, actuator: Actuator
) -> tuple[Override, ...]:
    """Return the overrides without which the decision would be another."""
    owner = effective.settings
    ours = _decided(fold, owner, actuator)
    found = []
    for key, override in effective.by:
        name = SINGLE[key].name
        without: dict[str, Any] = {name: getattr(settings, name)}
        if _decided(fold, replace(owner, **without), actuator) != ours:
            found.append(override)
    return tuple(found)


def _decided(fold: Fold, owner: Settings, actuator: Actuator) -> Decision:
    return decide(fold(owner), for_pin(owner, actuator), actuator)


def _other_choices(settings: Settings) -> Iterator[tuple[str, Settings]]:
    """Yield (key, settings) for every other value of every setting that is a choice."""
    for key, item in SINGLE.items():
        kind: Any = type(item.default)
        if issubclass(kind, StrEnum):
            for value in kind:
                if value is not getattr(settings, item.name):
                    changed: dict[str, Any] = {item.name: value}
                    yield key, replace(settings, **changed)
