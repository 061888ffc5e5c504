"""The pre-filter: which frames must go through the translator, and how far the others were heard.

Knows: ``wire.supervision`` and ``wire.protection`` as conditions on one frame and the one before it
of the same message. Refuses to know: fields, signals, and what follows from a frame.

A frame is passed over only where the translator would do nothing but note that it was heard:

- its bits that anybody reads, and its length, are those of the message's frame before;
- not more than the message's stale limit lies between the two, and on its bus there was no gap
  after which a bus counts as quiet;
- a protected one is whole, follows the counter of the one before, which was whole, and so do so
  many before them that the message is certainly valid and its window clean (``unchanged.SETTLED``).

Keeping a frame too many costs time, and the journal is the same. What was passed over is told
before the next kept frame, message by message, since deadlines count from it: how many, the last
one's time, and its payload, which has the counter to go on from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vehicle.replay.scan.columns import Columns
from vehicle.wire.frame import PAYLOAD_BYTES
from vehicle.wire.supervision import QUIET_US
from vehicle.wire.unchanged import Guard, Rule

Record = tuple[int, int, int, int, bytes]
"""A frame that is kept, or frames of one message that were passed over:

- the kept frame's number in the columns; -1: frames were passed over;
- the index of the message's rule;
- how many were passed over, the time of the last of them in microseconds, and its payload.
"""


class Sieve(Protocol):
    """One translator's sieve. Feed it every wanted frame in time order."""

    def take(
        self, columns: Columns, first: int, last: int, routes: Sequence[Sequence[int]]
    ) -> list[Record]:
        """Return what the frames from ``first`` up to ``last``, exclusive, come to.

        ``routes``: see ``passage.routes_of``; every channel of the columns has its own.
        """

    def flush(self) -> list[Record]:
        """Return what was passed over and not told yet."""

    def forget(self) -> None:
        """Everything is new again: the translator was reset. Flush first."""


class _Message:
    """What the sieve remembers of one message."""

    __slots__ = ("count", "counter", "data", "masked", "now_us", "quiets", "rule", "run")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.forget()
        self.count = 0
        """Frames passed over that were not told yet."""

    def forget(self) -> None:
        """The next frame is a first one."""
        self.now_us = -1
        """When the frame before came; -1: there was none."""
        self.masked = 0
        self.data = b""
        self.counter = -1
        """The frame before's counter; -1: it was not whole."""
        self.run = 0
        """Good frames in a row, up to the frame before."""
        self.quiets = 0
        """How often the bus had been quiet by then."""

    def judge(self, data: bytes, followed: bool) -> None:
        """Count good frames in a row; the run begins behind a frame that is not whole or in order.

        ``followed``: neither the message nor its bus was silent for too long before it.
        """
        code = self.rule.code
        found = None if code is None else code.read(data)
        if code is None or found is None:
            self.run, self.counter = 0, -1
            return
        counter = found[0]
        before, self.counter = self.counter, counter or 0
        in_order = counter is None or counter == (before + 1) % (code.counter_max + 1)
        self.run = self.run + 1 if before >= 0 and followed and in_order else 0


class PlainSieve:
    """The sieve in Python."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._messages = [_Message(rule) for rule in rules]
        buses = 1 + max((rule.bus for rule in rules), default=0)
        self._heard_us = [-1] * buses
        self._quiets = [0] * buses
        """How often a bus was silent for so long that it may have counted as quiet."""

    def take(
        self, columns: Columns, first: int, last: int, routes: Sequence[Sequence[int]]
    ) -> list[Record]:
        """See ``Sieve``."""
        records: list[Record] = []
        stamps, rows, payloads = columns.stamps_us, columns.rows, columns.payloads
        idents, channels, lengths = columns.idents, columns.channels, columns.lengths
        messages, heard_us, quiets = self._messages, self._heard_us, self._quiets
        for kept in range(first, last):
            index = routes[channels[kept]][idents[kept]]
            if index < 0:
                continue
            message = messages[index]
            rule = message.rule
            now_us = stamps[rows[kept]]
            bus = rule.bus
            if now_us - heard_us[bus] > QUIET_US:
                quiets[bus] += 1
            heard_us[bus] = now_us
            start = PAYLOAD_BYTES * kept
            data = bytes(payloads[start : start + lengths[kept]])
            masked = int.from_bytes(data, "little") & rule.mask
            followed = (
                message.now_us >= 0
                and message.quiets == quiets[bus]
                and not 0 <= rule.stale_us < now_us - message.now_us
            )
            usual = followed and masked == message.masked and len(data) == len(message.data)
            if rule.guard is not Guard.NONE:
                message.judge(data, followed)
                usual = usual and message.run > rule.settled
            if usual:
                message.count += 1
            else:
                records += self.flush()
                records.append((kept, index, 0, 0, b""))
            message.now_us, message.masked, message.data = now_us, masked, data
            message.quiets = quiets[bus]
        return records

    def flush(self) -> list[Record]:
        """See ``Sieve``."""
        told = []
        for index, message in enumerate(self._messages):
            if message.count:
                told.append((-1, index, message.count, message.now_us, message.data))
                message.count = 0
        return told

    def forget(self) -> None:
        """See ``Sieve``."""
        for message in self._messages:
            message.forget()
