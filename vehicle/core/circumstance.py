"""The circumstance that overrides are chosen by: where, which supply, whose cable, when.

Knows: the six dimensions of a circumstance, how a snapshot tells them, and how conditions on them
are written. Refuses to know: settings, and what follows from a circumstance.

Rules of this file:
1. An unknown dimension satisfies no condition: no override applies because of what is not known.
2. A dimension's values are few and finite, so that every pair of overrides can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import get_type_hints

from vehicle.core.record import record
from vehicle.core.signals import Cabin, Cable, Hour, Occupant, Place, Supply
from vehicle.core.snapshot import Snapshot


class CableOwner(StrEnum):
    """Whose cable is plugged in: the owner's, or one that is tethered to the station."""

    UNKNOWN = "unknown"
    OWN = "own"
    TETHERED = "tethered"


class Adapter(StrEnum):
    """Whether an adapter sits in the inlet."""

    UNKNOWN = "unknown"
    YES = "yes"
    NO = "no"


@record
class Circumstance:
    """Everything that an override may depend on. Field names are the words of conditions."""

    place: Place = Place.UNKNOWN
    supply: Supply = Supply.UNKNOWN
    cable: CableOwner = CableOwner.UNKNOWN
    adapter: Adapter = Adapter.UNKNOWN
    cabin: Cabin = Cabin.UNKNOWN
    hours: Hour = Hour.UNKNOWN


DIMENSIONS: dict[str, type[StrEnum]] = get_type_hints(Circumstance)
"""Dimension -> its values, in the order in which conditions are written."""

CONDITION_WORDS: dict[str, tuple[str, ...]] = {
    "place": ("home", "work", "away"),
    "supply": ("ac", "dc"),
    "cable": ("own", "tethered"),
    "adapter": ("yes", "no"),
    "cabin": ("empty", "occupied"),
}
"""Dimension -> the words a condition on it may have; ``hours`` takes a span such as 22-6."""

SIGNALS_BEHIND_DIMENSION: dict[str, tuple[str, ...]] = {
    "place": ("place",),
    "supply": ("supply",),
    "cable": ("cable", "supply"),
    "adapter": ("occupant",),
    "cabin": ("cabin",),
    "hours": ("hour",),
}
"""Dimension -> the signals it is folded from, for explanations."""


class ConditionError(ValueError):
    """A condition that cannot be used. The message says which, and what fits."""


def circumstance_of(seen: Snapshot, cable_default: CableOwner) -> Circumstance:
    """Return the circumstance that ``seen`` tells.

    ``cable_default``: whose cable it is where no signal tells.
    """
    return Circumstance(
        place=seen.place,
        supply=seen.supply,
        cable=cable_of(seen.cable, seen.supply, cable_default),
        adapter=_ADAPTER[seen.occupant],
        cabin=seen.cabin,
        hours=seen.hour,
    )


def cable_of(cable: Cable, supply: Supply, unless_told: CableOwner) -> CableOwner:
    """Return whose cable it is. A DC station's cable is always its own."""
    if supply is Supply.DC or cable is Cable.TETHERED:
        return CableOwner.TETHERED
    return unless_told if cable is Cable.UNKNOWN else CableOwner.OWN


_ADAPTER = {
    Occupant.UNKNOWN: Adapter.UNKNOWN,
    Occupant.EMPTY: Adapter.NO,
    Occupant.CONNECTOR: Adapter.NO,
    Occupant.ADAPTER: Adapter.YES,
    Occupant.ADAPTER_AND_CONNECTOR: Adapter.YES,
}


# ---- conditions ---------------------------------------------------------------------------------


@record
class When:
    """Conditions that must all hold, as (dimension, word) pairs in the dimensions' order."""

    conditions: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Return the conditions as people write them: ``place=home, supply=ac``."""
        return ", ".join(f"{name}={word}" for name, word in self.conditions)

    def matches(self, circumstance: Circumstance) -> bool:
        """Return whether every condition holds in ``circumstance``."""
        return all(
            getattr(circumstance, name) in allowed(name, word) for name, word in self.conditions
        )

    @property
    def box(self) -> Box:
        """The values that it leaves in each dimension; UNKNOWN is among those of a free one."""
        given = dict(self.conditions)
        return tuple(
            allowed(name, given[name]) if name in given else frozenset(kind)
            for name, kind in DIMENSIONS.items()
        )


Box = tuple[frozenset[StrEnum], ...]
"""A set of circumstances: the values that are left in each dimension."""


@lru_cache(maxsize=1024)
def allowed(name: str, word: str) -> frozenset[StrEnum]:
    """Return the values of dimension ``name`` for which the condition ``word`` holds."""
    if name != "hours":
        return frozenset({DIMENSIONS[name](word)})
    start, end = (int(hour) for hour in word.split("-"))
    return frozenset(Hour(f"{(start + n) % 24:02}") for n in range((end - start) % 24 or 24))


def read_when(given: Mapping[str, str] | str) -> When:
    """Return the conditions that ``given`` holds: a table, or text as ``When`` writes it.

    Raises ConditionError for an unknown dimension or word (with the nearest one), for a dimension
    that is named twice, and where there is no condition.
    """
    pairs = _pairs(given) if isinstance(given, str) else [(k, str(v)) for k, v in given.items()]
    found: dict[str, str] = {}
    for name, word in pairs:
        if name not in DIMENSIONS:
            raise ConditionError(f"unknown circumstance {name!r}{nearest(name, DIMENSIONS)}")
        if name in found:
            raise ConditionError(f"{name} is named twice; give one override for each of its values")
        hours = name == "hours"
        found[name] = _hours(word) if hours else fitting(name, word, CONDITION_WORDS[name])
    if not found:
        raise ConditionError(f"no circumstance is named; name one of {', '.join(DIMENSIONS)}")
    return When(tuple((name, found[name]) for name in DIMENSIONS if name in found))


def read_circumstance(given: Mapping[str, str]) -> Circumstance:
    """Return the circumstance in which ``given`` holds, and nothing else is known.

    An hour is a number from 0 to 23. Raises ConditionError as ``read_when`` does.
    """
    values: dict[str, StrEnum] = {}
    for name, word in given.items():
        if name == "hours":
            values[name] = _hour(word)
        else:
            (values[name],) = allowed(name, dict(read_when({name: word}).conditions)[name])
    return Circumstance(**values)  # type: ignore[arg-type]


def _hour(word: str) -> Hour:
    if not word.isdecimal() or int(word) not in range(24):
        raise ConditionError(f"hour = {word!r} must be a whole number from 0 to 23")
    return Hour(f"{int(word):02}")


def _pairs(text: str) -> list[tuple[str, str]]:
    pairs = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, word = part.partition("=")
        if not equals:
            raise ConditionError(f"{part!r} is no condition; write it as place=home")
        pairs.append((name.strip(), word.strip()))
    return pairs


def fitting(name: str, word: str, words: Iterable[str]) -> str:
    """Return ``word`` where it is one of ``words``; raises ConditionError, which names them."""
    words = tuple(words)
    if word not in words:
        fits = f"{name} = {word!r} must be one of {', '.join(words)}"
        raise ConditionError(f"{fits}{nearest(word, words)}")
    return word


_SPAN = r"\s*([0-9][0-9]?)(?::00)?\s*-\s*([0-9][0-9]?)(?::00)?\s*"


def _hours(word: str) -> str:
    span = re.fullmatch(_SPAN, word)
    ends = [int(hour) for hour in span.groups()] if span else []
    if not ends or max(ends) > 24:
        raise ConditionError(
            f"hours = {word!r} must be a span of whole hours, such as 22-6 (22:00 until 6:00)"
        )
    start, end = ends[0] % 24, ends[1] or 24
    return "0-24" if start == end else f"{start}-{end}"


def nearest(word: str, words: Iterable[str]) -> str:
    """Return a hint at the nearest of ``words``, ready to be appended; empty where none is near."""
    import difflib

    near = difflib.get_close_matches(word, list(words), cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


# ---- sets of circumstances ----------------------------------------------------------------------

_NEVER: dict[str, frozenset[StrEnum]] = {
    "supply": frozenset({Supply.DC}),
    "cable": frozenset({CableOwner.OWN, CableOwner.UNKNOWN}),
}
"""What ``cable_of`` rules out: a DC station's cable is always the station's."""


def possible(box: Box) -> list[Box]:
    """Return the parts of ``box`` that can come about at all."""
    never = (_NEVER.get(name, frozenset(kind)) for name, kind in DIMENSIONS.items())
    return without(box, tuple(never))


def without(box: Box, taken: Box) -> list[Box]:
    """Return the circumstances of ``box`` that are not in ``taken``, as boxes that are disjoint."""
    left: list[Box] = []
    inside = box
    for index, values in enumerate(taken):
        outside = inside[index] - values
        if outside:
            left.append((*inside[:index], outside, *inside[index + 1 :]))
        within = inside[index] & values
        if not within:
            return [box]
        inside = (*inside[:index], within, *inside[index + 1 :])
    return left
