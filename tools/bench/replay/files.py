"""The bench's recording in every format, written a million frames at a time.

Knows: how each format spells a frame. Refuses to know: what is in the frames.

python-can's own writers would take half an hour for MF4 alone, so the text formats are rows of
characters that NumPy fills in, with zeros where a row has none.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tools.bench.replay.bus import START_US, Array, Frames

CONTAINER_BYTES = 1 << 17
"""What BLF writers put into a container, before it is compressed."""

_HEX = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_STANDARD_MAX = 0x7FF


def _rows(parts: Iterable[Array | bytes], count: int) -> bytes:
    """Return one line a row, of parts side by side: columns of characters, or the same for all."""
    columns = []
    for part in parts:
        same = isinstance(part, bytes)
        text = np.tile(np.frombuffer(part, np.uint8), (count, 1)) if same else part
        columns.append(text)
    whole = np.hstack(columns)
    return whole[whole != 0].tobytes()


def _decimal(values: Array, digits: int, *, padded: bool) -> Array:
    """Return numbers in decimal; without padding no leading zeros."""
    powers = 10 ** np.arange(digits - 1, -1, -1, dtype=np.int64)
    text = (values[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    if not padded:
        text[:, :-1][values[:, None] < powers[:-1]] = 0
    return text


def _hexadecimal(values: Array, digits: int) -> Array:
    shifts = 4 * np.arange(digits - 1, -1, -1)
    found: Array = _HEX[values[:, None] >> shifts & 15]
    return found


def _bytes(frames: Frames, before: bytes) -> Array:
    """Return the payloads, each byte behind ``before``."""
    count, wide = len(frames.ids), len(before) + 2
    text = np.zeros((count, 8, wide), np.uint8)
    text[:, :, : len(before)] = np.frombuffer(before, np.uint8)
    text[:, :, -2], text[:, :, -1] = _HEX[frames.data >> 4], _HEX[frames.data & 15]
    text[np.arange(8) >= frames.lengths[:, None]] = 0
    return text.reshape(count, 8 * wide)


def _id(frames: Frames) -> Array:
    text = _hexadecimal(frames.ids, 8)
    text[:, :5][frames.ids <= _STANDARD_MAX] = 0
    return text


def _candump(frames: Frames) -> bytes:
    seconds = _decimal(frames.stamps_us // 1_000_000, 10, padded=True)
    micros = _decimal(frames.stamps_us % 1_000_000, 6, padded=True)
    parts = (b"(", seconds, b".", micros, b") can0 ", _id(frames), b"#", _bytes(frames, b""), b"\n")
    return _rows(parts, len(frames.ids))


def _asc(frames: Frames) -> bytes:
    since = frames.stamps_us - START_US
    seconds = _decimal(since // 1_000_000, 6, padded=False)
    micros = _decimal(since % 1_000_000, 6, padded=True)
    extended = np.where(frames.ids > _STANDARD_MAX, ord("x"), 0).astype(np.uint8)[:, None]
    length = _decimal(frames.lengths.astype(np.int64), 1, padded=True)
    spelled = (
        b"   ",
        seconds,
        b".",
        micros,
        b" 1  ",
        _id(frames),
        extended,
        b"             Rx   d ",
    )
    return _rows((*spelled, length, _bytes(frames, b" "), b"\n"), len(frames.ids))


def _gvret(frames: Frames) -> bytes:
    since = _decimal(frames.stamps_us - START_US, 12, padded=False)
    flag = np.where(
        (frames.ids > _STANDARD_MAX)[:, None],
        np.frombuffer(b"true\0", np.uint8),
        np.frombuffer(b"false", np.uint8),
    )
    length = _decimal(frames.lengths.astype(np.int64), 1, padded=True)
    spelled = (since, b",", _hexadecimal(frames.ids, 8), b",", flag, b",Rx,0,", length)
    return _rows((*spelled, _bytes(frames, b","), b",\n"), len(frames.ids))


def _peak(frames: Frames) -> bytes:
    since = frames.stamps_us - START_US
    millis = _decimal(since // 1000, 9, padded=False)
    tenths = _decimal(since % 1000 // 100, 1, padded=True)
    can_id = _hexadecimal(frames.ids, 8)
    can_id[:, :4][frames.ids <= _STANDARD_MAX] = 0
    length = _decimal(frames.lengths.astype(np.int64), 1, padded=True)
    spelled = (b"      1)  ", millis, b".", tenths, b"  Rx     ", can_id, b"  ", length, b" ")
    return _rows((*spelled, _bytes(frames, b" "), b"\n"), len(frames.ids))


_ASC_HEAD = (
    b"date Tue Nov 14 22:13:20.000 2023\nbase hex  timestamps absolute\ninternal events logged\n"
    b"Begin Triggerblock Tue Nov 14 22:13:20.000 2023\n"
)
_GVRET_HEAD = b"Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n"

TEXTS: dict[str, tuple[bytes, Callable[[Frames], bytes]]] = {
    "log": (b"", _candump),
    "asc": (_ASC_HEAD, _asc),
    "csv": (_GVRET_HEAD, _gvret),
    "trc": (b";$FILEVERSION=1.1\n;$STARTTIME=45244.9259259259\n", _peak),
}
"""Extension -> the file's beginning, and what writes frames."""


def write_text(path: Path, pieces: Iterable[Frames]) -> Path:
    """Write a text recording; its extension names the format."""
    head, spell = TEXTS[path.suffix[1:]]
    with path.open("wb") as file:
        file.write(head)
        for frames in pieces:
            file.write(spell(frames))
    return path


def in_pieces(frames: Frames, size: int = 500_000) -> Iterator[Frames]:
    """Yield a recording in pieces that memory bears as text."""
    for start in range(0, len(frames.ids), size):
        part = slice(start, start + size)
        yield Frames(
            frames.stamps_us[part], frames.ids[part], frames.lengths[part], frames.data[part]
        )


def repeated(frames: Frames, times: int) -> Iterator[Frames]:
    """Yield a recording several times over, one behind the other."""
    span_us = int(frames.stamps_us[-1] - frames.stamps_us[0]) + 1_000
    for turn in range(times):
        for piece in in_pieces(frames):
            yield piece.later(turn * span_us)


_OBJECT = np.dtype(
    [
        ("signature", "S4"), ("header", "<u2"), ("version", "<u2"), ("size", "<u4"),
        ("kind", "<u4"), ("flags", "<u4"), ("client", "<u2"), ("revision", "<u2"),
        ("stamp_ns", "<u8"), ("channel", "<u2"), ("frame_flags", "u1"), ("dlc", "u1"),
        ("can_id", "<u4"), ("data", "u1", (8,)),
    ]
)  # fmt: skip
_EXTENDED_BIT = 0x8000_0000
_BLF_HEADER = struct.Struct("<4sL8BQQLL16H72x")


def write_blf(path: Path, frames: Frames) -> Path:
    """Write a BLF file of compressed containers."""
    objects = np.zeros(len(frames.ids), _OBJECT)
    objects["signature"], objects["header"], objects["version"] = b"LOBJ", 32, 1
    objects["size"], objects["kind"], objects["flags"] = _OBJECT.itemsize, 86, 2
    objects["stamp_ns"] = (frames.stamps_us - START_US) * 1000
    objects["channel"], objects["dlc"] = 1, frames.lengths
    objects["can_id"] = frames.ids | np.where(frames.ids > _STANDARD_MAX, _EXTENDED_BIT, 0)
    objects["data"] = frames.data
    inside = objects.tobytes()
    date = (2023, 11, 2, 14, 22, 13, 20, 0)
    with path.open("wb") as file:
        file.write(
            _BLF_HEADER.pack(
                b"LOGG", _BLF_HEADER.size, *([0] * 8), 0, len(inside), len(objects), 0, *date, *date
            )
        )
        for start in range(0, len(inside), CONTAINER_BYTES):
            plain = inside[start : start + CONTAINER_BYTES]
            packed = zlib.compress(plain)
            size = 32 + len(packed)
            file.write(struct.pack("<4sHHLL", b"LOBJ", 16, 1, size, 10))
            file.write(struct.pack("<H6xL4x", 2, len(plain)) + packed + bytes(size % 4))
    return path


_RECORD = np.dtype(
    [
        ("CAN_DataFrame.BusChannel", "u1"), ("CAN_DataFrame.ID", "<u4"),
        ("CAN_DataFrame.IDE", "u1"), ("CAN_DataFrame.DLC", "u1"),
        ("CAN_DataFrame.DataLength", "u1"), ("CAN_DataFrame.DataBytes", "u1", (8,)),
    ]
)  # fmt: skip


def write_mf4(path: Path, frames: Frames) -> Path:
    """Write an MF4 file as a logger of CAN frames does: one group, sorted, not compressed."""
    from asammdf import MDF, Signal, Source

    records = np.zeros(len(frames.ids), _RECORD)
    for name, column in {
        "BusChannel": 1,
        "ID": frames.ids,
        "IDE": frames.ids > _STANDARD_MAX,
        "DLC": frames.lengths,
        "DataLength": frames.lengths,
        "DataBytes": frames.data,
    }.items():
        records[f"CAN_DataFrame.{name}"] = column
    bus = Source("CAN", "CAN", "", Source.SOURCE_BUS, Source.BUS_TYPE_CAN)
    seconds = (frames.stamps_us - START_US) / 1e6
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with MDF(version="4.11") as measurement:
            measurement.start_time = datetime.fromtimestamp(START_US / 1e6, UTC)
            measurement.append(Signal(records, seconds, name="CAN_DataFrame", source=bus))
            measurement.save(path, overwrite=True)
    return path
