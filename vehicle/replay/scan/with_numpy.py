"""The clock and the sieve with NumPy: a stretch at a time, all frames of a message side by side.

Knows: ``clock`` and ``sieve`` as operations on whole columns. Refuses to know: why; the plain code
is the definition, and the tests compare the two record by record.

Importing this imports NumPy (extra ``replay``); nothing that runs in a car does.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

from vehicle.replay.scan.clock import AHEAD_US_MAX, CLAMP_US_MAX
from vehicle.replay.scan.columns import Columns
from vehicle.replay.scan.numpy_checks import Checks
from vehicle.replay.scan.sieve import Record
from vehicle.wire.frame import PAYLOAD_BYTES
from vehicle.wire.supervision import QUIET_US
from vehicle.wire.unchanged import Guard, Rule

Array = np.ndarray[Any, np.dtype[Any]]

_WORDS = PAYLOAD_BYTES // 8


def clock(columns: Columns, first: int, state: array[int]) -> int:
    """See ``clock.run_clock``."""
    last_us, now_us, clamped, shift_us = state
    stamps = np.frombuffer(columns.stamps_us, np.int64)[first : columns.frames]
    if not len(stamps):
        return first
    highest = np.maximum.accumulate(np.maximum(stamps, last_us))
    steps = stamps - np.concatenate(([last_us], highest[:-1]))
    broken = np.flatnonzero((steps > AHEAD_US_MAX) | (steps < -CLAMP_US_MAX))
    end = int(broken[0]) if len(broken) else len(stamps)
    if end:
        state[2] = clamped + int(np.count_nonzero(steps[:end] < 0))
        stamps[:end] = highest[:end] + (now_us - last_us + shift_us)
        state[1] = now_us + int(highest[end - 1]) - last_us
        state[0] = int(highest[end - 1])
    return first + end


class NumpySieve:
    """The sieve over whole stretches; see ``sieve.PlainSieve`` for what it remembers and why."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._stale_us = np.array([rule.stale_us for rule in rules], np.int64)
        self._guarded = np.array([rule.guard is not Guard.NONE for rule in rules], bool)
        self._settled = np.array([rule.settled for rule in rules], np.int64)
        self._settled[[rule.guard is Guard.UNKNOWN for rule in rules]] = 1 << 62
        self._bus = np.array([rule.bus for rule in rules], np.int64)
        masks = b"".join(rule.mask_bytes for rule in rules)
        self._masks = np.frombuffer(masks, "<u8").reshape(-1, _WORDS)
        self._checks = Checks(rules)
        buses = 1 + max((rule.bus for rule in rules), default=0)
        self._bus_heard_us = [-1] * buses
        self._bus_quiets = [0] * buses
        self._count = len(rules)
        self._passed = np.zeros(self._count, np.int64)
        self._stood: dict[int, tuple[int, bytes]] = {}
        """Message -> time and payload of the last frame passed over in an earlier stretch."""
        self.forget()

    def forget(self) -> None:
        """See ``Sieve``."""
        count = self._count
        self._heard = np.zeros(count, bool)
        self._now_us = np.zeros(count, np.int64)
        self._quiets = np.zeros(count, np.int64)
        self._words = np.zeros((count, _WORDS), np.uint64)
        self._lengths = np.zeros(count, np.int64)
        self._counters = np.full(count, -1, np.int64)
        self._runs = np.zeros(count, np.int64)

    def flush(self) -> list[Record]:
        """See ``Sieve``."""
        records = [self._told(int(index)) for index in np.flatnonzero(self._passed)]
        self._passed[:] = 0
        return records

    def _told(self, index: int) -> Record:
        data = self._words[index].tobytes()[: int(self._lengths[index])]
        return -1, index, int(self._passed[index]), int(self._now_us[index]), data

    def take(
        self, columns: Columns, first: int, last: int, routes: Sequence[Sequence[int]]
    ) -> list[Record]:
        """See ``Sieve``."""
        if last <= first:
            return []
        route = np.array(routes, np.int64)
        channels = np.frombuffer(columns.channels, np.int32)[first:last]
        idents = np.frombuffer(columns.idents, np.int32)[first:last]
        index = route[channels, idents]
        ours = np.flatnonzero(index >= 0)
        if not len(ours):
            return []
        kept, index = ours + first, index[ours]
        now_us = np.frombuffer(columns.stamps_us, np.int64)[
            np.frombuffer(columns.rows, np.int32)[kept]
        ]
        lengths = np.frombuffer(columns.lengths, np.int32)[kept].astype(np.int64)
        words = np.frombuffer(columns.payloads, "<u8").reshape(-1, _WORDS)[kept]
        self._stood = {each: self._told(each)[3:] for each in np.flatnonzero(self._passed).tolist()}
        usual = self._judge(index, now_us, lengths, words)
        return self._records(columns, kept, index, now_us, usual)

    def _judge(self, index: Array, now_us: Array, lengths: Array, words: Array) -> Array:
        """Return which of these frames hold nothing new, and remember them."""
        quiets = self._bus_gaps(self._bus[index], now_us)
        wide = max(1, -(-int(lengths.max()) // 8))
        order = np.argsort(index, kind="stable")
        rule, now_us, lengths = index[order], now_us[order], lengths[order]
        quiets, words = quiets[order], words[order]
        begins = np.flatnonzero(np.diff(rule, prepend=-1))
        ends = np.append(begins[1:], len(rule)) - 1
        first, last = rule[begins], rule[ends]

        def before(column: Array, kept: Array) -> Array:
            shifted = np.empty_like(column)
            shifted[1:] = column[:-1]
            shifted[begins] = kept[first]
            return shifted

        heard = np.ones(len(rule), bool)
        heard[begins] = self._heard[first]
        stale_us = self._stale_us[rule]
        late = (stale_us >= 0) & (now_us - before(now_us, self._now_us) > stale_us)
        followed = heard & (quiets == before(quiets, self._quiets)) & ~late
        moved = (words ^ before(words, self._words))[:, :wide] & self._masks[rule, :wide]
        usual = followed & (lengths == before(lengths, self._lengths)) & ~moved.any(axis=1)
        guarded = self._guarded[rule]
        if guarded.any():
            counters = np.full(len(rule), -1, np.int64)
            some = np.flatnonzero(guarded)
            counters[some] = self._checks.counters(rule[some], lengths[some], words[some])
            was = before(counters, self._counters)
            following = (was + 1) % (self._checks.counter_max[rule] + 1)
            in_order = ~self._checks.counted[rule] | (counters == following)
            good = (counters >= 0) & (was >= 0) & followed & in_order
            runs = _runs(good, begins, ends, self._runs[first])
            usual &= ~guarded | (runs > self._settled[rule])
            self._counters[last], self._runs[last] = counters[ends], runs[ends]
        self._heard[last] = True
        self._now_us[last], self._quiets[last] = now_us[ends], quiets[ends]
        self._words[last], self._lengths[last] = words[ends], lengths[ends]
        found: Array = np.empty_like(usual)
        found[order] = usual
        return found

    def _bus_gaps(self, bus: Array, now_us: Array) -> Array:
        """Return how often each frame's bus had been silent for long, up to that frame."""
        quiets = np.empty(len(bus), np.int64)
        for each in np.unique(bus).tolist():
            rows = np.flatnonzero(bus == each)
            times = now_us[rows]
            gaps = np.diff(times, prepend=self._bus_heard_us[each]) > QUIET_US
            quiets[rows] = self._bus_quiets[each] + np.cumsum(gaps)
            self._bus_heard_us[each] = int(times[-1])
            self._bus_quiets[each] = int(quiets[rows[-1]])
        return quiets

    def _records(
        self, columns: Columns, kept: Array, index: Array, now_us: Array, usual: Array
    ) -> list[Record]:
        """Return the kept frames, each behind what was passed over before it."""
        unusual = np.flatnonzero(~usual)
        if not len(unusual):
            self._passed += np.bincount(index, minlength=self._count)
            return []
        over = np.flatnonzero(usual)
        # A frame that is passed over is told before the kept frame that follows it.
        keys = np.searchsorted(unusual, over) * self._count + index[over]
        order = np.argsort(keys, kind="stable")
        keys, over = keys[order], over[order]
        ends = np.flatnonzero(np.diff(keys, append=-1))
        counts = np.diff(ends, prepend=-1)
        told: dict[int, tuple[int, int]] = {
            int(key): (int(row), int(count))
            for key, row, count in zip(keys[ends], over[ends], counts, strict=True)
        }
        waiting = {int(each): int(self._passed[each]) for each in np.flatnonzero(self._passed)}
        records: list[Record] = []
        for number, row in enumerate(unusual.tolist()):
            for message in range(self._count):
                found = told.get(number * self._count + message)
                before = waiting.pop(message, 0)
                if found is not None:
                    last = int(kept[found[0]])
                    records.append(
                        (
                            -1,
                            message,
                            before + found[1],
                            int(now_us[found[0]]),
                            columns.data(last),
                        )
                    )
                elif before:
                    records.append((-1, message, before, *self._stood[message]))
            records.append((int(kept[row]), int(index[row]), 0, 0, b""))
        self._passed[:] = 0
        left = len(unusual) * self._count
        for key, (_, count) in told.items():
            if key >= left:
                self._passed[key - left] = count
        return records


def _runs(good: Array, begins: Array, ends: Array, before: Array) -> Array:
    """Return how many good frames in a row end at each; ``before``: at each group's beginning."""
    rows = np.arange(len(good))
    sizes = ends - begins + 1
    first = np.repeat(begins, sizes)
    last_bad = np.maximum.accumulate(np.where(good, -1, rows))
    unbroken = last_bad < first
    runs: Array = np.where(unbroken, rows - first + 1 + np.repeat(before, sizes), rows - last_bad)
    return runs
