"""The objects inside a BLF file's containers, as one byte stream.

Knows: which objects are CAN frames and their fields; how to go on after a damaged one.
Refuses to know: containers and files (``blf.py``).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from vehicle.replay.readers.fields import BAD_TIME, data_frame, remote_frame
from vehicle.replay.readers.lines import Stamped
from vehicle.replay.readers.tally import Tally
from vehicle.replay.scan.columns import STAMP_US_MAX
from vehicle.replay.scan.objects import Walked
from vehicle.wire.frame import CLASSIC_BYTES_MAX, EXTENDED_ID_MAX, Frame

SIGNATURE = b"LOBJ"
BASE = struct.Struct("<4sHHLL")
"""Signature, header bytes, header version, object bytes, kind."""
BASE_BYTES = BASE.size
CONTAINER = 10

OBJECT_BYTES_MAX = 1 << 24
"""The largest object waited for (16 MiB). A size beyond it is damage."""
FRAME_BYTES_MAX = 1 << 10
"""The same for objects that are CAN frames."""

DAMAGED_OBJECT = "damaged object"
CUT_OBJECT = "cut: the last object is not whole"

_STAMP = struct.Struct("<L4xQ")
_STAMP_10_US = 1
_HEADER_BYTES_MIN = BASE_BYTES + _STAMP.size
_PADDING_MAX = 3

_EXTENDED_BIT = 0x8000_0000
_REMOTE_FLAG = 0x80
_FD_FLAG = 0x1
_FD_64_FLAG = 0x1000
_REMOTE_64_FLAG = 0x10

# channel, flags, dlc, id
_CAN = struct.Struct("<HBBL")
# channel, flags, dlc, id, frame length, bit count, FD flags, valid bytes
_CAN_FD = struct.Struct("<HBBLLBBB5x")
# channel, dlc, valid bytes, tx count, id, frame length, flags, .., offset of extended data, ..
_CAN_FD_64 = struct.Struct("<BBBxL4xL18xBBL")
# channel, length, flags, ecc, position, dlc, frame length, id, flags ext
_CAN_ERROR = struct.Struct("<HHLBBBxLLH2x")


def _can(data: bytes, start: int, body: int, end: int) -> Frame | str:
    channel, flags, dlc, can_id = _CAN.unpack_from(data, body)
    if flags & _REMOTE_FLAG:
        return remote_frame(can_id & EXTENDED_ID_MAX, can_id >= _EXTENDED_BIT, str(channel))
    first = body + _CAN.size
    length = min(dlc, CLASSIC_BYTES_MAX)
    payload = data[first : min(first + length, end)]
    return data_frame(
        can_id & EXTENDED_ID_MAX, can_id >= _EXTENDED_BIT, payload, length, str(channel)
    )


def _can_fd(data: bytes, start: int, body: int, end: int) -> Frame | str:
    channel, flags, _, can_id, _, _, fd_flags, length = _CAN_FD.unpack_from(data, body)
    extended = can_id >= _EXTENDED_BIT
    if flags & _REMOTE_FLAG:
        return remote_frame(can_id & EXTENDED_ID_MAX, extended, str(channel))
    first = body + _CAN_FD.size
    payload = data[first : min(first + length, end)]
    fd = bool(fd_flags & _FD_FLAG)
    return data_frame(can_id & EXTENDED_ID_MAX, extended, payload, length, str(channel), fd)


def _can_fd_64(data: bytes, start: int, body: int, end: int) -> Frame | str:
    channel, _, length, can_id, flags, _, extra, _ = _CAN_FD_64.unpack_from(data, body)
    extended = can_id >= _EXTENDED_BIT
    if flags & _REMOTE_64_FLAG:
        return remote_frame(can_id & EXTENDED_ID_MAX, extended, str(channel))
    first = body + _CAN_FD_64.size
    last = min(first + length, start + extra if extra else end)
    # CANoe leaves trailing zeros out and pads them on reading; so does python-can.
    payload = data[first : max(first, last)].ljust(length, b"\0")
    fd = bool(flags & _FD_64_FLAG)
    return data_frame(can_id & EXTENDED_ID_MAX, extended, payload, length, str(channel), fd)


def _can_error(data: bytes, start: int, body: int, end: int) -> Frame | str:
    fields = _CAN_ERROR.unpack_from(data, body)
    channel, dlc, can_id = fields[0], min(fields[5], CLASSIC_BYTES_MAX), fields[7]
    first = body + _CAN_ERROR.size
    payload = data[first : min(first + dlc, end)]
    return Frame(can_id & EXTENDED_ID_MAX, payload, str(channel), error=True)


_Reader = Callable[[bytes, int, int, int], Frame | str]

FRAME_KINDS: dict[int, tuple[struct.Struct, _Reader]] = {
    1: (_CAN, _can),
    86: (_CAN, _can),
    100: (_CAN_FD, _can_fd),
    101: (_CAN_FD_64, _can_fd_64),
    73: (_CAN_ERROR, _can_error),
}
"""Object kind -> its fixed part and its reader: CAN_MESSAGE, CAN_MESSAGE2, CAN_FD_MESSAGE,
CAN_FD_MESSAGE_64, CAN_ERROR_EXT. A reader gets the bytes and where object, body and end are."""


Skim = Callable[[int, bytes, int], Walked]
"""Reads ordinary objects by another way: from the file's start in microseconds, the bytes and the
position. See ``scan.objects``."""


def _read_nothing(_start_us: int, _data: bytes, position: int) -> Walked:
    return position, -1, 0, 0


class ObjectStream:
    """Takes the plain bytes in pieces of any size; gives the frames of the objects in them."""

    def __init__(
        self, path: Path, tally: Tally, start_us: int = 0, skim: Skim = _read_nothing
    ) -> None:
        """``start_us`` is added to each object's own time; what ``skim`` reads is not given."""
        self.count = 0
        """Objects read, of any kind."""
        self.frames = 0
        """Objects among them that are CAN frames."""
        self.offset = 0
        """Where in the file the piece being fed comes from; positions are told by it."""
        self._path = path
        self._tally = tally
        self._start_us = start_us
        self._skim = skim
        self._carry = b""
        self._lost = False

    def lose(self) -> None:
        """Forget a half object: the bytes that would complete it are gone, and counted."""
        self._carry = b""
        self._lost = True

    def end(self) -> Iterator[Stamped]:
        """Count an object that is not whole; yield frames found within what it claimed."""
        while self._carry.startswith(SIGNATURE):
            self._skip(CUT_OBJECT)
            self._carry = self._carry[len(SIGNATURE) :]
            self._lost = True
            yield from self.feed(b"")

    def feed(self, piece: bytes) -> Iterator[Stamped]:
        """Yield (microseconds, frame) of every object now complete."""
        data = self._carry + piece
        position, last = 0, -len(SIGNATURE)
        while True:
            position, begun, objects, frames = self._skim(self._start_us, data, position)
            if objects:
                last, self._lost = begun, False
                self.count += objects
                self.frames += frames
            start = data.find(SIGNATURE, position, position + _PADDING_MAX + len(SIGNATURE))
            if start < 0 and position + _PADDING_MAX + len(SIGNATURE) <= len(data):
                # What came before lied about its size, so the search goes on inside it.
                if not self._lost:
                    self._skip(DAMAGED_OBJECT)
                    self._lost = True
                start = data.find(SIGNATURE, last + len(SIGNATURE))
                if start < 0:
                    position = len(data) - len(SIGNATURE) + 1
            if start < 0 or start + BASE_BYTES > len(data):
                position = position if start < 0 else start
                break
            size = self._size(data, start)
            if size and start + size > len(data):
                position = start
                break
            last = start
            position = start + (size or len(SIGNATURE))
            self._lost = not size
            if size:
                item = self._read(data, start, start + size)
                if item is not None:
                    yield item
        self._carry = data[position:]

    def _size(self, data: bytes, start: int) -> int:
        """Return the object's size, 0 (and counted) where its header cannot be true."""
        _, header_bytes, _, size, kind = BASE.unpack_from(data, start)
        largest = FRAME_BYTES_MAX if kind in FRAME_KINDS else OBJECT_BYTES_MAX
        if BASE_BYTES <= header_bytes <= size <= largest:
            return int(size)
        self._skip(DAMAGED_OBJECT)
        return 0

    def _read(self, data: bytes, start: int, end: int) -> Stamped | None:
        _, header_bytes, _, _, kind = BASE.unpack_from(data, start)
        self.count += 1
        if kind not in FRAME_KINDS:
            return None
        self.frames += 1
        fixed, reader = FRAME_KINDS[kind]
        body = start + header_bytes
        if header_bytes < _HEADER_BYTES_MIN or body + fixed.size > end:
            self._skip(DAMAGED_OBJECT)
            return None
        flags, stamp = _STAMP.unpack_from(data, start + BASE_BYTES)
        stamp_us = stamp * 10 if flags == _STAMP_10_US else stamp // 1000
        if stamp_us > STAMP_US_MAX:
            self._skip(BAD_TIME)
            return None
        frame = reader(data, start, body, end)
        if isinstance(frame, str):
            self._skip(frame)
            return None
        return self._start_us + stamp_us, frame

    def _skip(self, cause: str) -> None:
        self._tally.skip(cause, self._path, self.offset)
