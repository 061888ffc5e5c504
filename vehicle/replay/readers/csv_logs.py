"""Comma-separated recordings: python-can, GVRET/SavvyCAN, panda.

Knows: the three headers and every column order found under them.
Refuses to know: other CSV files. A header names a format; without one nothing is guessed.

```
timestamp,arbitration_id,extended,remote,error,dlc,data              python-can, data in base64
Time Stamp,ID,Extended,[Dir,]Bus,LEN|DLC,D1,D2,..                    GVRET, SavvyCAN
Bus,MessageID,Message,MessageLength,Time                             panda
ID,Data Bytes                                                        "generic": no times, refused
```

GVRET states no time unit. It is microseconds, in some exports milliseconds, and ``gvret_scale``
decides by what a car's bus can do:

- With 10 or more repetitions of an id among the first lines, milliseconds if half of them follow
  the same id by less than 1000 units. A car repeats a message every 5 ms at the fastest: 5000
  units if they are microseconds. Read as milliseconds it would take an id only heard every
  second and slower to be mistaken.
- With fewer, milliseconds if frames follow each other by less than 47 units on average: at
  1 Mbit/s the shortest CAN frame alone takes 47 us.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from statistics import median

from vehicle.replay.readers.fields import (
    NOT_UNDERSTOOD,
    data_frame,
    decimal_us,
    remote_frame,
    spaced_bytes,
)
from vehicle.replay.readers.lines import LineFormat, LineParser, OrdinaryParser, Stamped
from vehicle.replay.scan.lines import LineLayout, Ordinary
from vehicle.wire.frame import STANDARD_ID_MAX, Frame

GVRET_HEADER = re.compile(r"^\s*\"?time ?stamp\"?\s*,\s*\"?id\"?\s*,.*$", re.I | re.M)
PYTHON_CAN_HEADER = re.compile(r"^\s*timestamp,arbitration_id,extended,remote,error,dlc,data", re.M)
PANDA_HEADER = re.compile(r"^\s*Bus,MessageID,Message,MessageLength,Time", re.I | re.M)
GENERIC_HEADER = re.compile(r"\A\s*ID,\s*Data Bytes\s*$", re.I | re.M)

REPEATS_MIN = 10
SAME_ID_GAP_MIN = 1_000
FRAME_GAP_MIN = 47

_MICROSECONDS = 1
_MILLISECONDS = 1_000

_ORDINARY_PLACES: dict[tuple[int | None, ...], str] = {(2, 3, 4): "", (2, 4, 5): "d"}
"""Columns of flag, bus and length -> what a kernel must know of them: with a direction or not."""

_TRUE = ("1", "true")
_FALSE = ("0", "false")


def gvret_scale(stamps: Sequence[tuple[int, str]]) -> int:
    """Return microseconds per time unit, 1 or 1000, from the first (stamp, id) pairs of a file."""
    last: dict[str, int] = {}
    gaps = []
    for stamp, can_id in stamps:
        if can_id in last:
            gaps.append(abs(stamp - last[can_id]))
        last[can_id] = stamp
    if len(gaps) >= REPEATS_MIN:
        return _MILLISECONDS if 0 < median(gaps) < SAME_ID_GAP_MIN else _MICROSECONDS
    span = stamps[-1][0] - stamps[0][0] if stamps else 0
    if 0 < span < FRAME_GAP_MIN * (len(stamps) - 1):
        return _MILLISECONDS
    return _MICROSECONDS


class _Gvret(OrdinaryParser):
    """One file's parser: it knows the header's columns and the file's time unit."""

    def __init__(self, head: Sequence[str]) -> None:
        self._column: dict[str, int] = {}
        self._cells_min = 0
        self._scale = _MICROSECONDS
        for index, line in enumerate(head):
            if GVRET_HEADER.match(line):
                self._read_header(line)
                rows = [self._cells(row) for row in head[index + 1 :]]
                self._scale = gvret_scale(
                    [(int(row[0]), row[1].lower()) for row in rows if _is_gvret_row(row)]
                )
                break

    def ordinary(self) -> Ordinary | None:
        """See ``OrdinaryParser``."""
        places = tuple(self._column.get(name) for name in ("extended", "bus", "len"))
        if places not in _ORDINARY_PLACES:
            return None
        columns = _ORDINARY_PLACES[places]
        return Ordinary(LineLayout.GVRET, scale_us=self._scale, columns=columns)

    def __call__(self, line: str) -> Stamped | str | None:
        """Return the stamp and frame of one line, why it has none, or None."""
        if not line.strip() or GVRET_HEADER.match(line):
            return None
        cells, column = self._cells(line), self._column
        if not column or len(cells) < self._cells_min or not _is_gvret_row(cells):
            return NOT_UNDERSTOOD
        flag = cells[column["extended"]].lower()
        length_text = cells[column["len"]]
        if flag not in _TRUE + _FALSE or not length_text.isdecimal() or len(length_text) > 2:
            return NOT_UNDERSTOOD
        can_id, length = int(cells[1], 16), int(length_text)
        first = column["len"] + 1
        # Some exporters leave the flag at 0 for every id.
        extended = flag in _TRUE or can_id > STANDARD_ID_MAX
        data = spaced_bytes(cells[first : first + length], length)
        channel = cells[column["bus"]]
        frame = data_frame(can_id, extended, data, length, channel, fd=length > 8)
        return frame if isinstance(frame, str) else (int(cells[0]) * self._scale, frame)

    def _read_header(self, line: str) -> None:
        names = [name.lower() for name in self._cells(line)]
        names = ["len" if name == "dlc" else name for name in names]
        if {"extended", "bus", "len"} <= set(names):
            self._column = {name: names.index(name) for name in ("extended", "bus", "len")}
            self._cells_min = max(self._column.values()) + 1

    @staticmethod
    def _cells(line: str) -> list[str]:
        return line.replace('"', "").replace(" ", "").rstrip().split(",")


_GVRET_STAMP = re.compile(r"-?\d{1,18}", re.ASCII)
_GVRET_ID = re.compile(r"(?:0[xX])?[0-9A-Fa-f]{1,8}")


def _is_gvret_row(cells: Sequence[str]) -> bool:
    return (
        len(cells) > 1
        and _GVRET_STAMP.fullmatch(cells[0]) is not None
        and _GVRET_ID.fullmatch(cells[1]) is not None
    )


def _start_gvret(head: Sequence[str]) -> LineParser:
    return _Gvret(head)


_PYTHON_CAN = re.compile(
    r"\s*([^,]{1,40}),0x([0-9A-Fa-f]{1,8}),([01]),([01]),([01]),(\d{1,2}),([^,]*?)\s*", re.ASCII
)


def _parse_python_can(line: str) -> Stamped | str | None:
    match = _PYTHON_CAN.fullmatch(line)
    if match is None:
        return None if not line.strip() or PYTHON_CAN_HEADER.match(line) else NOT_UNDERSTOOD
    stamp, id_text, extended, remote, error, dlc, data64 = match.groups()
    now_us, can_id = decimal_us(stamp), int(id_text, 16)
    data = binascii.a2b_base64(data64, strict_mode=True) if data64 else b""
    if error == "1":
        frame: Frame | str = Frame(can_id, data, error=True)
    elif remote == "1":
        frame = remote_frame(can_id, extended == "1", "")
    else:
        frame = data_frame(can_id, extended == "1", data, int(dlc), "", fd=len(data) > 8)
    return frame if isinstance(frame, str) else (now_us, frame)


def _start_python_can(head: Sequence[str]) -> LineParser:
    return _parse_python_can


_PANDA = re.compile(
    r"\s*(\d{1,4}),0x([0-9A-Fa-f]{1,8}),0x([0-9A-Fa-f]*),(\d{1,2}),([^,]{1,40}?)\s*", re.ASCII
)


def _parse_panda(line: str) -> Stamped | str | None:
    match = _PANDA.fullmatch(line)
    if match is None:
        return None if not line.strip() or PANDA_HEADER.match(line) else NOT_UNDERSTOOD
    bus, id_text, data, length_text, stamp = match.groups()
    can_id, length = int(id_text, 16), int(length_text)
    extended = can_id > STANDARD_ID_MAX
    frame = data_frame(can_id, extended, bytes.fromhex(data), length, bus, fd=length > 8)
    return frame if isinstance(frame, str) else (decimal_us(stamp), frame)


def _start_panda(head: Sequence[str]) -> LineParser:
    return _parse_panda


PYTHON_CAN = LineFormat("python-can CSV", (".csv",), PYTHON_CAN_HEADER, _start_python_can)
GVRET = LineFormat("GVRET CSV", (".csv",), GVRET_HEADER, _start_gvret)
PANDA = LineFormat("panda CSV", (".csv",), PANDA_HEADER, _start_panda)
