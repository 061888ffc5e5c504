"""One row of the policy: its condition, what it wants of each pin, and how it explains itself.

Knows: where a row's public name and its sentence come from, and which signals are behind it.
Refuses to know: which rows there are and in what order; ``policy.py`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.record import record
from vehicle.core.resolve import Resolved
from vehicle.core.situation import SIGNALS_BEHIND, Situation

Predicate = Callable[[Situation, Resolved], bool]
"""A row's condition: does it match this situation with these of the owner's choices?"""


@record
class Rule:
    """One row: a predicate, what it wants of each pin, and the fields it looks at."""

    when: Predicate
    latch: Demand | None
    adapter: Demand | None
    reads: tuple[str, ...]
    aside: tuple[str, ...] = ()
    """Signals behind those fields that had no part in it."""

    @property
    def name(self) -> str:
        """The reason's public name."""
        return self.when.__name__

    @property
    def sentence(self) -> str:
        """The reason in words an owner understands."""
        return " ".join((self.when.__doc__ or "").split())

    @property
    def signals(self) -> tuple[str, ...]:
        """The signals behind the fields it looks at, in alphabetical order."""
        return _signals_behind(self.reads, self.aside)

    def wants(self, actuator: Actuator) -> Demand | None:
        """Return this row's opinion on ``actuator``."""
        return self.latch if actuator is Actuator.LATCH else self.adapter


@lru_cache(maxsize=64)
def _signals_behind(reads: tuple[str, ...], aside: tuple[str, ...]) -> tuple[str, ...]:
    behind = {name for read in reads for name in SIGNALS_BEHIND[read]}
    return tuple(sorted(behind.difference(aside)))


class Decision(NamedTuple):
    """What a pin should do, and the row that decided."""

    demand: Demand
    rule: Rule
