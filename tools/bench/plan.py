"""What a benchmark is made of: areas of groups of contenders, their figures, and what is aimed at.

Knows: the words. Refuses to know: how anything is run, timed or printed.

A new row is a contender, a new subject a group, and a new module in ``tools/bench/areas`` an area:
it holds one ``AREA``, and needs to be named nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

Figures = Mapping[str, float]
"""One run of one contender: figure -> value, in the unit that ends the figure's name."""

SPOILT = "spoilt"
"""A figure that is not 0 where the run was not what its row says: the load was not reached, or the
contender broke down under it. Nothing is compared with such a run, and it meets no aim."""


@dataclass(frozen=True)
class Contender:
    """Something that is run and measured beside others."""

    name: str
    run: Callable[[], Figures]
    """One run, alone on the machine as far as we know. Raises BenchError where it failed."""


class BenchError(Exception):
    """A contender did not do what it is measured for, so its figures would mean nothing."""


@dataclass(frozen=True)
class Column:
    """One figure as people read it."""

    figure: str
    title: str
    digits: int = 0


@dataclass(frozen=True)
class Ratio:
    """One figure divided by another contender's, round by round."""

    figure: str
    against: str
    """The other contender's name. A group without it has no such ratio."""
    title: str
    digits: int = 2


@dataclass(frozen=True)
class Aim:
    """What a median must not exceed."""

    contender: str
    column: str
    """A column's or a ratio's title."""
    at_most: float


@dataclass(frozen=True)
class Group:
    """Contenders that are run in turn: A B C A B C ..., so that all meet the same machine."""

    title: str
    contenders: tuple[Contender, ...]
    aims: tuple[Aim, ...] = ()
    rounds_max: int | None = None
    """Fewer rounds than elsewhere, for runs that take minutes each."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    small: bool
    """Only to see that everything works: seconds in all, and the figures mean little."""
    scratch: Path
    """An empty folder for whatever a run needs; removed at the end."""
    seed: int = 20260


@dataclass(frozen=True)
class Area:
    """Groups that share their columns, and one table."""

    name: str
    """What the command line calls it."""
    title: str
    columns: tuple[Column | Ratio, ...]
    groups: Callable[[Size], AbstractContextManager[Iterable[Group]]]
    """Prepares what the runs need, gives the groups, each measured before the next one is asked
    for, and clears up."""
    notes: tuple[str, ...] = field(default=())
    """What a reader must know to understand the figures, a sentence each."""
