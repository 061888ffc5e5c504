"""Reading the ordinary objects of a BLF file: what a kernel promises, and the plain one.

Knows: where a CAN frame of the commonest layout has its fields.
Refuses to know: containers, every other layout, and damage; ``readers.blf_objects`` judges those.
"""

from __future__ import annotations

import struct
from typing import Protocol

from vehicle.replay.scan.columns import STAMP_US_MAX, Columns, Wanted
from vehicle.wire.frame import CLASSIC_BYTES_MAX, EXTENDED_ID_MAX, PAYLOAD_BYTES, STANDARD_ID_MAX

Walked = tuple[int, int, int, int]
"""How far a scanner came:

- the position behind the last object read;
- where that object began; -1: none was read;
- how many objects were read, and how many of them are frames.
"""


class ObjectScanner(Protocol):
    """A kernel's reader of objects, for one file."""

    def scan(self, start_us: int, data: bytes, position: int, columns: Columns) -> Walked:
        """Read ordinary objects of ``data`` from ``position`` on into ``columns``.

        ``start_us`` is added to each object's own time. It stops where the columns are full, and
        before an object that is not whole or that it does not surely read as ``ObjectStream`` does.
        """


_OBJECT = struct.Struct("<4sHHLLL4xQHBBL")
"""Base, time and fixed part of a CAN_MESSAGE: signature, header bytes, version, object bytes,
kind, time flags, time, channel, flags, dlc, identifier."""
_SIGNATURE = b"LOBJ"
_HEADER_BYTES = 32
_KINDS = (1, 86)
_OBJECT_BYTES_MIN = _OBJECT.size + CLASSIC_BYTES_MAX
_OBJECT_BYTES_MAX = 1 << 10
_PADDING_MAX = 3
_STAMP_10_US = 1
_REMOTE_FLAG = 0x80
_EXTENDED_BIT = 0x8000_0000


class PlainObjects:
    """The scanner in Python: CAN_MESSAGE and CAN_MESSAGE2 as every writer lays them out."""

    def __init__(self, wanted: Wanted) -> None:
        self._index: dict[int, int] = {
            can_id | (_EXTENDED_BIT if extended else 0): index
            for (can_id, extended), index in wanted.index.items()
        }
        """Identifier as it is recorded -> index."""
        self._wanted = wanted

    def scan(self, start_us: int, data: bytes, position: int, columns: Columns) -> Walked:
        """See ``ObjectScanner``."""
        last, begin, size_max = -1, columns.frames, len(data)
        unpack, find, index, stamps = _OBJECT.unpack_from, data.find, self._index, columns.stamps_us
        row, room = begin, len(stamps)
        while row < room:
            start = find(_SIGNATURE, position, position + _PADDING_MAX + len(_SIGNATURE))
            if start < 0 or start + _OBJECT_BYTES_MIN > size_max:
                break
            (_, header, _, size, kind, unit, stamp, channel, flags, dlc, can_id) = unpack(
                data, start
            )
            if (
                header != _HEADER_BYTES
                or kind not in _KINDS
                or not _OBJECT_BYTES_MIN <= size <= _OBJECT_BYTES_MAX
                or start + size > size_max
                or STANDARD_ID_MAX < can_id < _EXTENDED_BIT
                or stamp > STAMP_US_MAX // 10
            ):
                break
            # Above the 29 bits only the topmost is part of the identifier; another one is odd.
            ident = index.get(can_id)
            if ident is not None and not flags & _REMOTE_FLAG:
                self._keep(columns, row, ident, channel, data, start + _OBJECT.size, dlc)
            elif can_id & ~(_EXTENDED_BIT | EXTENDED_ID_MAX):
                break
            stamps[row] = start_us + (stamp * 10 if unit == _STAMP_10_US else stamp // 1000)
            row += 1
            last, position = start, start + size
        columns.counts[0] = row
        return position, last, row - begin, row - begin

    def _keep(
        self,
        columns: Columns,
        row: int,
        ident: int,
        channel: int,
        data: bytes,
        first: int,
        dlc: int,
    ) -> None:
        kept = columns.kept
        length = min(dlc, CLASSIC_BYTES_MAX)
        columns.rows[kept] = row
        columns.idents[kept] = ident
        columns.channels[kept] = self._wanted.channel(str(channel))
        columns.lengths[kept] = length
        start = PAYLOAD_BYTES * kept
        payload = data[first : first + length].ljust(PAYLOAD_BYTES, b"\0")
        columns.payloads[start : start + PAYLOAD_BYTES] = payload
        columns.counts[1] = kept + 1
