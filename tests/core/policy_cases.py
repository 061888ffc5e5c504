"""Every case that the policy can meet, as bits of large integers.

Knows: all situations with all resolved settings, one bit each, and how to fold a table of rules
over them. A question about every case is then one or two operations on integers.
Refuses to know: what is right. ``policy_promises.py`` says it in its own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import product
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.resolve import Resolved
from vehicle.core.rule import Rule
from vehicle.core.settings import Mode
from vehicle.core.situation import Asked, Doors, Energy, Need, Past, Phase, Plight, Seat, Situation

FIELDS: dict[str, type[StrEnum]] = {
    "mode": Mode,
    "seat": Seat,
    "doors": Doors,
    "phase": Phase,
    "energy": Energy,
    "need": Need,
    "asked": Asked,
    "past": Past,
    "plight": Plight,
}
"""The axes of the space, slowest first: one of the owner's, eight of the situation."""

OWNER_FIELDS = ("mode",)


def _size(names: Iterable[str]) -> int:
    size = 1
    for name in names:
        size *= len(FIELDS[name])
    return size


CASES = _size(FIELDS)
ALL = (1 << CASES) - 1


@cache
def where(field: str, value: StrEnum) -> int:
    """Return the cases in which ``field`` has ``value``."""
    names = list(FIELDS)
    values = list(FIELDS[field])
    stride = _size(names[names.index(field) + 1 :])
    position = values.index(value)
    period = "0" * stride * position + "1" * stride + "0" * stride * (len(values) - position - 1)
    bits = period * (CASES // len(period))
    return int(bits[::-1], 2)


def among(field: str, *values: StrEnum) -> int:
    """Return the cases in which ``field`` has one of ``values``."""
    cases = 0
    for value in values:
        cases |= where(field, value)
    return cases


def every_case() -> Iterable[tuple[Situation, Resolved]]:
    """Yield every case in the order of its bit."""
    situations = [
        Situation(*values) for values in product(*list(FIELDS.values())[len(OWNER_FIELDS) :])
    ]
    for mode in Mode:
        resolved = Resolved(mode)
        for situation in situations:
            yield situation, resolved


class OnlyListed:
    """A situation that knows some fields and fails where any other one is asked for."""

    def __init__(self, values: dict[str, StrEnum]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> StrEnum:
        if name not in self._values:
            raise AssertionError(f"{name} is read and not listed")
        return self._values[name]


def truth(
    rule: Rule, *, owner_fields: Sequence[str] = OWNER_FIELDS, only_listed: bool = False
) -> int:
    """Return the cases in which ``rule`` matches, trusting it to read no more than it lists.

    ``only_listed``: let it fail where it reads more.
    """
    read = [*owner_fields, *rule.reads]
    cases = 0
    for values in product(*(FIELDS[name] for name in read)):
        chosen = dict(zip(read, values, strict=True))
        owner = Resolved(**{name: chosen.pop(name) for name in owner_fields})  # type: ignore[arg-type]
        now: Any = OnlyListed(chosen) if only_listed else Situation(**chosen)  # type: ignore[arg-type]
        if rule.when(now, owner):
            matching = ALL
            for name, value in zip(read, values, strict=True):
                matching &= where(name, value)
            cases |= matching
    return cases


@dataclass(frozen=True)
class Outcome:
    """What a table of rules decides for one pin, in every case."""

    won: tuple[int, ...]
    """Per row, the cases that it decides."""
    demands: dict[Demand, int]
    """Per demand, the cases in which it is the answer."""
    undecided: int


Row = tuple[int, Demand | None]
"""The cases in which a row matches, and what it then wants."""


def fold(rows: Iterable[Row]) -> Outcome:
    """Give every case to the first row that matches and has an opinion."""
    left, won = ALL, []
    demands = dict.fromkeys(Demand, 0)
    for matches, demand in rows:
        taken = matches & left if demand is not None else 0
        won.append(taken)
        left &= ~taken
        if demand is not None:
            demands[demand] |= taken
    return Outcome(tuple(won), demands, left)


def shifted(cases: int, field: str, source: StrEnum, target: StrEnum) -> int:
    """Return ``cases`` that have ``source`` in ``field``, moved to where it is ``target``."""
    names = list(FIELDS)
    stride = _size(names[names.index(field) + 1 :])
    values = list(FIELDS[field])
    distance = (values.index(target) - values.index(source)) * stride
    chosen = cases & where(field, source)
    return chosen << distance if distance >= 0 else chosen >> -distance


def example(cases: int) -> str:
    """Return one of ``cases`` in words, for a failure's message."""
    if not cases:
        return "no case"
    index = (cases & -cases).bit_length() - 1
    words = []
    for name, kind in reversed(FIELDS.items()):
        index, position = divmod(index, len(kind))
        words.append(f"{name}={list(kind)[position]}")
    return f"{cases.bit_count()} cases, such as " + " ".join(reversed(words))


PINS = tuple(Actuator)
