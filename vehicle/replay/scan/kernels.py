"""The kernels there are, and which one a replay uses.

Knows: their names, what each needs, and in which order they are tried.
Refuses to know: what they do.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vehicle.replay.scan.clock import run_clock
from vehicle.replay.scan.columns import Columns, Wanted
from vehicle.replay.scan.rules import Rule
from vehicle.replay.scan.sieve import PlainSieve, Sieve


@dataclass(frozen=True, slots=True)
class Kernel:
    """One way to do the work on columns."""

    name: str
    clock: Callable[[Columns, int, array[int]], int]
    """See ``clock.run_clock``."""
    sieve: Callable[[Sequence[Rule]], Sieve]
    """Returns a new sieve for one translator."""


class Scan(NamedTuple):
    """What a pass over a recording looks for, and with what."""

    kernel: Kernel
    wanted: Wanted


PLAIN = Kernel("plain", run_clock, PlainSieve)
KERNELS: tuple[Kernel, ...] = (PLAIN,)
"""All that are installed, the quickest first."""
