"""The ordinary objects of a BLF file with NumPy: a run of them that are equally long at a time.

Knows: that a writer's CAN messages are of one length, so that a run of them is a table whose rows
need only be looked at. Refuses to know: what is in between; the plain scanner reads that.

Importing this imports NumPy (extra ``replay``).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from vehicle.replay.scan.columns import STAMP_US_MAX, Columns, Wanted
from vehicle.replay.scan.objects import PlainObjects, Walked
from vehicle.wire.frame import CLASSIC_BYTES_MAX, EXTENDED_ID_MAX, PAYLOAD_BYTES, STANDARD_ID_MAX

Array = np.ndarray[Any, np.dtype[Any]]

RUN_MIN = 16
"""A shorter run is read as quickly in plain Python."""

_FIELDS = (
    ("signature", "<u4", 0),
    ("header", "<u2", 4),
    ("size", "<u4", 8),
    ("kind", "<u4", 12),
    ("unit", "<u4", 16),
    ("stamp", "<u8", 24),
    ("channel", "<u2", 32),
    ("flags", "u1", 34),
    ("dlc", "u1", 35),
    ("can_id", "<u4", 36),
    ("data", "<u8", 40),
)
"""Name, type and place of what is read of a CAN_MESSAGE; see ``objects``."""

_SIGNATURE = int.from_bytes(b"LOBJ", "little")
_HEADER_BYTES = 32
_SIZES = range(48, 1025, 4)
_KINDS = (1, 86)
_STAMP_10_US = 1
_REMOTE_FLAG = 0x80
_EXTENDED_BIT = 0x8000_0000
_FIRST = np.array([(1 << 8 * count) - 1 for count in range(CLASSIC_BYTES_MAX + 1)], np.uint64)
"""How many bytes -> the first so many of eight."""


@cache
def _row(size: int) -> np.dtype[Any]:
    names, formats, offsets = zip(*_FIELDS, strict=True)
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


class NumpyObjects:
    """The scanner with NumPy."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._plain = PlainObjects(wanted)
        known = [
            (can_id | (_EXTENDED_BIT if extended else 0), index)
            for (can_id, extended), index in wanted.index.items()
        ]
        self._ids = np.array([can_id for can_id, _ in sorted(known)], np.int64)
        self._index = np.array([index for _, index in sorted(known)], np.int32)

    def scan(self, start_us: int, data: bytes, position: int, columns: Columns) -> Walked:
        """See ``ObjectScanner``."""
        size = int.from_bytes(data[position + 8 : position + 12], "little")
        if size in _SIZES:
            count = min((len(data) - position) // size, columns.room - columns.frames)
            if count >= RUN_MIN:
                rows = np.frombuffer(data, _row(size), count, position)
                odd = np.flatnonzero(~_ordinary(rows, size))
                rows = rows[: odd[0]] if len(odd) else rows
                if len(rows) >= RUN_MIN:
                    self._take(start_us, rows, columns)
                    behind = position + size * len(rows)
                    return behind, behind - size, len(rows), len(rows)
        return self._plain.scan(start_us, data, position, columns)

    def _take(self, start_us: int, rows: Array, columns: Columns) -> None:
        first, kept = columns.frames, columns.kept
        stamps = rows["stamp"].astype(np.int64)
        stamps_us = np.where(rows["unit"] == _STAMP_10_US, stamps * 10, stamps // 1000) + start_us
        np.frombuffer(columns.stamps_us, np.int64)[first : first + len(rows)] = stamps_us
        columns.counts[0] = first + len(rows)
        if not len(self._ids):
            return
        can_ids = rows["can_id"].astype(np.int64)
        at = np.minimum(np.searchsorted(self._ids, can_ids), len(self._ids) - 1)
        ours = (self._ids[at] == can_ids) & (rows["flags"] & _REMOTE_FLAG == 0)
        found = np.flatnonzero(ours)
        into = slice(kept, kept + len(found))
        chosen = rows[found]
        lengths = np.minimum(chosen["dlc"], CLASSIC_BYTES_MAX).astype(np.int32)
        np.frombuffer(columns.rows, np.int32)[into] = found + first
        np.frombuffer(columns.idents, np.int32)[into] = self._index[at[found]]
        np.frombuffer(columns.channels, np.int32)[into] = self._channels(chosen["channel"])
        np.frombuffer(columns.lengths, np.int32)[into] = lengths
        payloads = np.frombuffer(columns.payloads, "<u8").reshape(-1, PAYLOAD_BYTES // 8)
        payloads[into] = 0
        payloads[into, 0] = chosen["data"] & _FIRST[lengths]
        columns.counts[1] = kept + len(found)

    def _channels(self, numbers: Array) -> Array:
        """Return the channels' indexes; new ones are added in the order of their frames."""
        names, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
        index = np.zeros(len(names), np.int32)
        for each in np.argsort(first).tolist():
            index[each] = self._wanted.channel(str(int(names[each])))
        found: Array = index[inverse]
        return found


def _ordinary(rows: Array, size: int) -> Array:
    """Return which objects are CAN messages of this size as every writer lays them out."""
    can_ids, kinds = rows["can_id"], rows["kind"]
    good: Array = (rows["signature"] == _SIGNATURE) & (rows["header"] == _HEADER_BYTES)
    good &= (rows["size"] == size) & ((kinds == _KINDS[0]) | (kinds == _KINDS[1]))
    good &= (can_ids <= STANDARD_ID_MAX) | (can_ids >= _EXTENDED_BIT)
    good &= can_ids & ~np.uint32(_EXTENDED_BIT | EXTENDED_ID_MAX) == 0
    good &= rows["stamp"] <= STAMP_US_MAX // 10
    return good
