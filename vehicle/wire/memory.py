"""Everything a translator remembers, as one frozen value: to continue from, elsewhere or later.

Knows: what of a message's silence, protection and values, and of its bus, decides what comes next.
Refuses to know: how any of it came about.

A translator that resumes from another's memory goes on exactly as that one would have. Times are
relative, so a memory can be taken up on another clock. What only saves work is left out: the first
frame of every message is read anew.
"""

from __future__ import annotations

from dataclasses import field

from vehicle.core.names import Authenticity
from vehicle.core.record import record
from vehicle.wire.protection import ProtectionMemory
from vehicle.wire.rivals import RivalsMemory
from vehicle.wire.supervision import BusWatch


@record
class MessageMemory:
    """One message. Times are microseconds ago."""

    heard_ago_us: int | None = None
    base_ago_us: int | None = None
    """Since when its stale limit runs; None: it does not run."""
    lost_ago_us: int | None = None
    frozen: bool = False
    invalid: bool = False
    lost_values: tuple[tuple[str, str], ...] = ()
    """Signals that its loss changed, as they were before."""
    protection: ProtectionMemory | None = None
    rivals: RivalsMemory | None = None
    """How it changed lately; None: nothing that matters."""
    authenticity: Authenticity | None = None
    """What became of its latest frame's authentication; None: there is no key to check it with."""


@record
class BusMemory:
    """One bus. Times are microseconds ago."""

    last_ago_us: int | None = None
    quiet: bool = False


@record
class WireMemory:
    """One translator: messages and buses by name, values by operand, signals by name."""

    messages: tuple[tuple[str, MessageMemory], ...] = ()
    buses: tuple[tuple[str, BusMemory], ...] = ()
    begun: bool = False
    """A frame was believed: the core was told what is fixed."""
    values: tuple[tuple[str, int], ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    doubtful: frozenset[str] = field(default_factory=frozenset)
    energy_wh: int | None = None


def remember_bus(bus: BusWatch, now_us: int) -> BusMemory:
    """Return what there is to remember of one bus."""
    return BusMemory(ago(bus.last_us, now_us), bus.quiet)


def resume_bus(memory: BusMemory, bus: BusWatch, now_us: int) -> None:
    """Let one bus's silence go on from ``memory``."""
    bus.last_us = then(memory.last_ago_us, now_us)
    bus.quiet = memory.quiet


def ago(then_us: int | None, now_us: int) -> int | None:
    """Return how long ago a moment was."""
    return None if then_us is None else now_us - then_us


def then(ago_us: int | None, now_us: int) -> int | None:
    """Return the moment that was so long ago."""
    return None if ago_us is None else now_us - ago_us
