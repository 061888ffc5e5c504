"""Two senders of one message that has no counter to tell them apart.

Knows: when the message's payload changed lately, and into what.
Refuses to know: which of the two is the car's own, what either says, and every frame that changes
nothing: a replay may leave those out, and its journal must be the live one.

**The sign.** One sender of a cyclic message changes it once a cycle at most. Where a second one
says something else, the payload goes to and fro: each frame changes it, twice as often as the cycle
allows, and what one of them says is back after one cycle. Two senders are believed in once there
were ``CHANGES`` changes within ``CYCLES`` cycles, so 1.7 times what one sender could make, and
``RETURNS`` of them were such returns. Neither frames that come late and in a burst after a pause
nor frames that are lost look like that, nor does a hand that flicks a switch: a cycle is
``SLOW_US`` at most, and hands do not keep to it within a quarter.

**The end.** They count as two until nothing has returned for ``CYCLES`` cycles.

Two that say the same are not found, and do no harm. Nor is a second sender found whose own cycle is
much longer than the message's.
"""

from __future__ import annotations

from collections import deque

from vehicle.core.record import record
from vehicle.wire.layout import MessageSpec
from vehicle.wire.supervision import SLOW_US

CYCLES = 10
"""How many cycles are looked at."""
CHANGES = 17
"""How many changes within them no single sender makes; two make 20."""
RETURNS = 8
"""How many of these must return after one cycle: the one sender's share, where the other's payload
is never twice the same."""

Payload = tuple[int, int]
"""The bits that are read, as a little-endian number, and the payload's length in bytes."""


@record
class Change:
    """A payload that was new, and how many microseconds ago."""

    ago_us: int
    masked: int
    length: int


@record
class RivalsMemory:
    """What is remembered of one message's changes."""

    changes: tuple[Change, ...] = ()
    """Oldest first."""
    end_in_us: int | None = None
    """When they count as one sender again; None: they do."""


class Rivals:
    """One message's changes. Tell it of each; ask whether two senders make them."""

    def __init__(self, cycle_us: int) -> None:
        """``cycle_us``: the message's cycle in microseconds."""
        self._cycle_us = cycle_us
        self._changes: deque[tuple[int, Payload]] = deque(maxlen=CHANGES)
        self.end_us: int | None = None
        """When two senders count as one again; None: there is one."""

    @classmethod
    def of(cls, spec: MessageSpec) -> Rivals | None:
        """Return a watch for a message; None where something better watches it, or nothing can."""
        watched = spec.protection is None and spec.secoc is None
        cycle_us = spec.cycle_us
        return cls(cycle_us) if watched and cycle_us and cycle_us <= SLOW_US else None

    @property
    def window_us(self) -> int:
        """How long changes are looked back on."""
        return CYCLES * self._cycle_us

    @property
    def latest(self) -> Payload:
        """The payload that the last change brought. Only after a change."""
        return self._changes[-1][1]

    def changed(self, now_us: int, payload: Payload) -> bool:
        """Take a change in; return whether two senders make them. The same again is none."""
        changes = self._changes
        if changes and changes[-1][1] == payload:
            return self.end_us is not None
        changes.append((now_us, payload))
        if self.end_us is not None:
            if self._returned(len(changes) - 1):
                self.end_us = now_us + self.window_us
        elif self._too_many(now_us):
            self.end_us = now_us + self.window_us
        return self.end_us is not None

    def _too_many(self, now_us: int) -> bool:
        """Whether the latest changes, the last at ``now_us``, are two senders'."""
        changes = self._changes
        if len(changes) < CHANGES or now_us - changes[0][0] > self.window_us:
            return False
        return sum(map(self._returned, range(CHANGES))) >= RETURNS

    def _returned(self, index: int) -> bool:
        """Whether a change brought back what the one before the last had brought a cycle before."""
        if index < 2:
            return False
        (before_us, before), (now_us, now) = self._changes[index - 2], self._changes[index]
        return before == now and abs(now_us - before_us - self._cycle_us) <= self._cycle_us // 4

    def forget(self) -> None:
        """Begin anew: the message was silent."""
        self._changes.clear()
        self.end_us = None

    def memory(self, now_us: int) -> RivalsMemory | None:
        """Return what there is to remember; None: nothing."""
        found = tuple(
            Change(now_us - then_us, *payload)
            for then_us, payload in self._changes
            if self.end_us is not None or now_us - then_us <= self.window_us
        )
        if not found:
            return None
        return RivalsMemory(found, None if self.end_us is None else self.end_us - now_us)

    def resume(self, memory: RivalsMemory, now_us: int) -> None:
        """Go on from ``memory``."""
        self._changes.clear()
        self._changes.extend(
            (now_us - each.ago_us, (each.masked, each.length)) for each in memory.changes
        )
        self.end_us = None if memory.end_in_us is None else now_us + memory.end_in_us
