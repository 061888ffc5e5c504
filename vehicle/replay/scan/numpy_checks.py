"""Checksums and counters of many payloads at once, with NumPy.

Knows: ``wire.protection``'s two codes, for whole columns. Refuses to know: states, and order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vehicle.wire.unchanged import Guard, Rule

Array = np.ndarray[Any, np.dtype[Any]]

_HEADER_BYTES = 3
"""E2E profile 5: checksum and counter."""


def _crc16_table() -> Array:
    table = []
    for value in range(256):
        crc = value << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
        table.append(crc)
    return np.array(table, np.uint16)


_CRC16 = _crc16_table()


class Checks:
    """The protections of a list of rules."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        def column(name: str) -> Array:
            return np.array([getattr(rule, name) for rule in rules], np.int64)

        self._guard = column("guard")
        self._data_id = column("data_id")
        self._place = column("place")
        self._start = column("start")
        self._final_xor = column("final_xor")
        self._counter_start = column("counter_start")
        self._counter_bits = column("counter_bits")
        self.counter_max = column("counter_max")
        tables = b"".join(rule.table.ljust(256, b"\0") for rule in rules)
        self._tables = np.frombuffer(tables, np.uint8).reshape(-1, 256)

    @property
    def counted(self) -> Array:
        """Rule -> whether it has a counter."""
        return self._counter_bits > 0

    def counters(self, index: Array, lengths: Array, words: Array) -> Array:
        """Return each payload's counter, 0 where it has none, -1 where it is not whole.

        ``index``: each payload's rule; ``words``: the payloads, eight bytes a column.
        """
        payloads = words.view(np.uint8)
        guard = self._guard[index]
        intact = np.zeros(len(index), bool)
        of_crc8 = np.flatnonzero(guard == Guard.CRC8)
        if len(of_crc8):
            intact[of_crc8] = self._crc8(index[of_crc8], lengths[of_crc8], payloads[of_crc8])
        of_p05 = np.flatnonzero(guard == Guard.E2E_P05)
        if len(of_p05):
            intact[of_p05] = self._p05(index[of_p05], lengths[of_p05], payloads[of_p05])
        start, bits = self._counter_start[index], self._counter_bits[index]
        word = np.take_along_axis(words, (start // 64)[:, None], axis=1)[:, 0]
        ones = (np.uint64(1) << bits.astype(np.uint64)) - np.uint64(1)
        counters = ((word >> (start % 64).astype(np.uint64)) & ones).astype(np.int64)
        intact &= (start + bits <= 8 * lengths) & (counters <= self.counter_max[index])
        return np.where(intact, counters, -1)

    def _crc8(self, index: Array, lengths: Array, payloads: Array) -> Array:
        place = self._place[index]
        crc = self._start[index].astype(np.uint8)
        for at in range(int(lengths.max(initial=0))):
            following = self._tables[index, crc ^ payloads[:, at]]
            crc = np.where((at < lengths) & (at != place), following, crc)
        written = payloads[np.arange(len(index)), np.minimum(place, payloads.shape[1] - 1)]
        sums = crc ^ self._final_xor[index].astype(np.uint8)
        intact: Array = (lengths > place) & (written == sums)
        return intact

    def _p05(self, index: Array, lengths: Array, payloads: Array) -> Array:
        crc = np.full(len(index), 0xFFFF, np.uint16)
        for at in range(2, int(lengths.max(initial=0))):
            crc = np.where(at < lengths, _crc16(crc, payloads[:, at]), crc)
        data_id = self._data_id[index]
        crc = _crc16(_crc16(crc, data_id & 0xFF), data_id >> 8)
        written = payloads[:, 0] | payloads[:, 1].astype(np.uint16) << 8
        intact: Array = (lengths >= _HEADER_BYTES) & (written == crc)
        return intact


def _crc16(crc: Array, byte: Array) -> Array:
    high = (crc >> 8) ^ byte.astype(np.uint16)
    following: Array = (crc << 8) ^ _CRC16[high & 0xFF]
    return following
