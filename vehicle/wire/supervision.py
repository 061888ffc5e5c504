"""Silence: which message is lost, and when a whole bus has gone quiet.

Knows: when each message was last heard, its stale limit and cycle, and the buses they share.
Refuses to know: payloads, checksums, and what anything means. Time comes in, due times come out.

**Lost.** A message that is not heard for its stale limit is due at last-heard + limit.

**Quiet.** When the messages of a bus stop together, the bus may be asleep. A message counts as
alive up to its last frame; a slow one (cycle over 1 s; half the stale limit where no cycle is
known) up to one cycle after it. Seen from the last frame on the bus, each message then

* stopped together with the others: not more than 2 s before, or in an earlier quiet after which
  neither it was heard nor its stale limit ended;
* was lost before, so it says nothing about this silence;
* or stopped earlier and was not yet lost: then they did not stop together, and the bus never
  counts as quiet in this silence. Its messages are lost one by one.

If nobody is of the third kind, the bus is quiet 2 s after the last of the first kind was alive, so
2 s after its last frame unless a slow message's next frame is still awaited. Messages whose stale
limit ends before that are lost before that, and belong to the quiet bus all the same. From then on
no message of it is due, until ``wake``: then each has its whole stale limit, also one lost before,
because the core may have taken its values back.

Events (no stale limit) are never lost and never hold a bus awake, but their frames are frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from vehicle.wire.layout import MessageSpec

QUIET_US = 2_000_000
"""Messages of a sleeping bus stop within this time, and it is quiet this long after them."""
SLOW_US = 1_000_000
"""A longer cycle is waited for before a bus counts as quiet."""


@dataclass(eq=False, slots=True)
class Watch:
    """One message's silence."""

    spec: MessageSpec
    bus: BusWatch
    heard_us: int | None = None
    """When it was last heard and good."""
    base_us: int | None = None
    """What the stale limit counts from; None: not due (never heard, lost, or the bus is quiet)."""
    lost_us: int | None = None
    """When it was lost first since it was heard; None while it is not lost."""
    frozen: bool = False
    """It stopped with its bus and was neither heard nor lost since."""

    @property
    def due_us(self) -> int | None:
        """When it is lost unless heard."""
        if self.base_us is None or self.spec.stale_us is None:
            return None
        return self.base_us + self.spec.stale_us

    @property
    def alive_us(self) -> int:
        """Until when it was surely alive: its last frame, plus the cycle if that is slow."""
        assert self.heard_us is not None
        assert self.spec.stale_us is not None
        cycle_us = self.spec.cycle_us or self.spec.stale_us // 2
        return self.heard_us + (cycle_us if cycle_us > SLOW_US else 0)

    def hear(self, now_us: int) -> None:
        """A good frame came."""
        self.heard_us = self.base_us = now_us
        self.lost_us = None
        self.frozen = False

    def lose(self, now_us: int) -> None:
        """The stale limit has passed."""
        self.base_us = None
        if self.lost_us is None:  # else it fell silent before its bus slept, and is silent still
            self.lost_us = now_us
        self.frozen = False


@dataclass(eq=False, slots=True)
class BusWatch:
    """One bus's silence."""

    name: str
    watches: list[Watch] = field(default_factory=list)
    last_us: int | None = None
    """The last frame of any of its messages, good or not."""
    quiet: bool = False
    undecided: bool = False
    """It was not due when last asked, so its next frame may make it due."""

    def stopped_together(self) -> list[Watch]:
        """Return the messages that stopped together, none if this silence is no sleep."""
        if self.last_us is None:
            return []
        together = []
        for watch in self.watches:
            if watch.heard_us is None or watch.spec.stale_us is None:
                continue
            if watch.frozen or watch.alive_us + QUIET_US >= self.last_us:
                together.append(watch)
            elif watch.lost_us is None or watch.lost_us > self.last_us:
                return []
        return together

    @property
    def due_us(self) -> int | None:
        """When it counts as quiet unless heard."""
        if self.quiet or self.last_us is None:
            return None
        together = self.stopped_together()
        if not together:
            return None
        return max(self.last_us, *(watch.alive_us for watch in together)) + QUIET_US

    def fall_quiet(self) -> list[Watch]:
        """It is quiet now: return its messages; none of them is due any more."""
        together = self.stopped_together()
        for watch in together:
            watch.base_us = None
            watch.frozen = True
        self.quiet = True
        return together

    def wake(self, now_us: int) -> None:
        """A good frame came: every frozen message has its whole stale limit from now."""
        self.quiet = False
        for watch in self.watches:
            if watch.frozen:
                watch.base_us = now_us


class Supervision:
    """Every message and bus of one layout."""

    def __init__(self, specs: Iterable[MessageSpec]) -> None:
        self.buses: dict[str, BusWatch] = {}
        self.watches: dict[str, Watch] = {}
        self.contested: dict[str, int] = {}
        """Message that two senders make -> when it counts as one's again (``rivals``)."""
        for spec in specs:
            bus = self.buses.setdefault(spec.bus, BusWatch(spec.bus))
            watch = Watch(spec, bus)
            bus.watches.append(watch)
            self.watches[spec.name] = watch

    def next_due(self) -> tuple[int, Watch | BusWatch | str] | None:
        """Return what is due first, and when.

        At the same time, lost messages come before contested ones, by name, and both before buses.
        """
        first: tuple[int, Watch | BusWatch | str] | None = None
        for watch in self.watches.values():
            due_us = watch.due_us
            if due_us is not None and (first is None or due_us < first[0]):
                first = (due_us, watch)
        for name, end_us in self.contested.items():
            if first is None or end_us < first[0]:
                first = (end_us, name)
        for bus in self.buses.values():
            due_us = bus.due_us
            bus.undecided = due_us is None
            if due_us is not None and (first is None or due_us < first[0]):
                first = (due_us, bus)
        return first

    def undecided_us(self, now_us: int) -> int | None:
        """Return until when a bus's next frame, in time after its last one, may make it due.

        None: no bus's may, at ``now_us`` or later. ``next_due`` was asked before.
        """
        ends_us = [
            bus.last_us + QUIET_US
            for bus in self.buses.values()
            if bus.undecided and not bus.quiet and bus.last_us is not None
            if any(w.heard_us is not None and w.spec.stale_us is not None for w in bus.watches)
        ]
        return min((end_us for end_us in ends_us if end_us >= now_us), default=None)
