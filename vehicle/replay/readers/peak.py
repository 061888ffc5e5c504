"""PEAK TRC, versions 1.0 to 2.1: the trace files of PCAN-View and PCAN-Explorer.

Knows: which columns each version has, and their meaning.
Refuses to know: status, warning and error-counter lines; they are no frames and no loss.

A line is columns of text: a table names them per version, and ``;$COLUMNS`` overrides it from 2.0
on. Source: PEAK CAN TRC File Format, 2020-07-27.

```
version 1.0      1)      1841      0001  8  00 00 00 00 00 00 00 00
version 1.1      1)      1059.9  Rx         0300  7  00 00 00 00 04 00 00
version 1.2      1)      1059.900 1  Rx        0300  7  00 00 00 00 04 00 00
version 1.3      1)      1059.900 1  Rx        0300 -  7    00 00 00 00 04 00 00
version 2.0      1      1059.900 DT     0300 Rx 7  00 00 00 00 04 00 00
version 2.1      1      1059.900 DT 1      0300 Rx -  7    00 00 00 00 04 00 00
```
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vehicle.replay.readers.fields import (
    BAD_LENGTH,
    DAY_US,
    NOT_UNDERSTOOD,
    data_frame,
    epoch_us,
    millis_us,
    remote_frame,
    spaced_bytes,
)
from vehicle.replay.readers.lines import LineFormat, LineParser, OrdinaryParser, Stamped
from vehicle.replay.scan.lines import LineLayout, Ordinary
from vehicle.wire.frame import FD_LENGTHS, Frame

COLUMNS = {
    "1.0": "NOILD",
    "1.1": "NOTILD",
    "1.2": "NOBTILD",
    "1.3": "NOBTIRLD",
    "2.0": "NOTIdlD",
    "2.1": "NOTBIdRLD",
}
"""Version -> columns: Number, Offset, Type, Bus, Id, direction, Reserved, L = DLC, l = length,
Data."""

_FRAME_TYPES = {"": False, "RX": False, "TX": False, "DT": False, "RR": False} | {
    "FD": True,
    "FB": True,
    "FE": True,
    "BI": True,
}
"""Types that are frames -> whether they are CAN FD. In 1.x the type column is the direction."""
_ERROR_TYPES = ("ERROR", "ER")
_STATUS_TYPES = ("WARNG", "ST", "EC", "EV")
_STATUS_ID = "FFFFFFFF"

_VERSION = re.compile(r"\s*;\s*\$FILEVERSION\s*=\s*(\d\.\d)", re.I)
_STARTTIME = re.compile(r"\s*;\s*\$STARTTIME\s*=\s*(\d{1,6})(?:\.(\d{1,18}))?", re.I)
_COLUMNS = re.compile(r"\s*;\s*\$COLUMNS\s*=\s*([A-Za-z](?:,[A-Za-z])*)\s*$", re.I)
_START_COMMENT = re.compile(
    r"\s*;\s*Start time:\s*(\d{1,2})[./](\d{1,2})[./](\d{4})\s+(\d{1,2}):(\d\d):(\d\d)"
    r"(?:\.(\d{1,3})(?:\.(\d))?)?",
    re.I,
)
_OFFSET = re.compile(r"(\d{1,18})(?:[.,](\d{1,18}))?", re.ASCII)
_NUMBER = re.compile(r"\d+\)?", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]{1,8}")
_SIGNATURE = re.compile(r"^\s*;\s*(?:\$FILEVERSION=|##########|.*PCAN)", re.I | re.M)

_EXCEL_DAY_0_US = epoch_us(1899, 12, 30)
_STANDARD_DIGITS = 4
_COLUMNS_MAX = 16
"""With so many a kernel cannot read the lines; no version has them."""


class _Peak(OrdinaryParser):
    """One file's parser: it remembers version, columns and start time."""

    def __init__(self) -> None:
        self._columns = COLUMNS["1.0"]
        self._start_us = 0

    def ordinary(self) -> Ordinary | None:
        """See ``OrdinaryParser``."""
        columns = self._columns
        once = len(set(columns)) == len(columns) < _COLUMNS_MAX
        if not once or not set("OID") <= set(columns) or columns[-1] != "D":
            return None
        if ("L" in columns) is ("l" in columns):
            return None
        return Ordinary(LineLayout.PEAK, self._start_us, columns=columns)

    def __call__(self, line: str) -> Stamped | str | None:
        """Return the stamp and frame of one line, why it has none, or None."""
        text = line.strip()
        if text[:1] in ("", ";"):
            self._read_header(text)
            return None
        cells = dict(zip(self._columns, text.split(None, len(self._columns) - 1), strict=False))
        offset = _OFFSET.fullmatch(cells.get("O", ""))
        if offset is None or _NUMBER.fullmatch(cells.get("N", "0")) is None:
            return NOT_UNDERSTOOD
        kind = cells.get("T", "").upper()
        id_text, tokens = cells.get("I", ""), cells.get("D", "").split()
        if kind in _STATUS_TYPES or id_text == _STATUS_ID:
            return None
        if kind in _ERROR_TYPES or tokens[:1] == ["ERROR"]:
            frame: Frame | str = Frame(0, b"", cells.get("B", ""), error=True)
        else:
            frame = self._frame(cells, kind, id_text, tokens)
        if isinstance(frame, str):
            return frame
        return self._start_us + millis_us(offset[1], offset[2]), frame

    def _frame(
        self, cells: dict[str, str], kind: str, id_text: str, tokens: list[str]
    ) -> Frame | str:
        length_text = cells.get("l", cells.get("L", ""))
        if kind not in _FRAME_TYPES or not length_text.isdecimal() or not _HEX.fullmatch(id_text):
            return NOT_UNDERSTOOD
        can_id, extended = int(id_text, 16), len(id_text) > _STANDARD_DIGITS
        channel = cells.get("B", "")
        if kind == "RR" or tokens[:1] == ["RTR"]:
            return remote_frame(can_id, extended, channel)
        fd, length = _FRAME_TYPES[kind], int(length_text)
        if "L" in cells:
            if length >= len(FD_LENGTHS):
                return BAD_LENGTH
            length = FD_LENGTHS[length] if fd else min(length, 8)
        return data_frame(can_id, extended, spaced_bytes(tokens, length), length, channel, fd)

    def _read_header(self, text: str) -> None:
        if match := _VERSION.match(text):
            self._columns = COLUMNS.get(match[1], self._columns)
        elif match := _COLUMNS.match(text):
            self._columns = match[1].replace(",", "")
        elif match := _STARTTIME.match(text):
            days, fraction = match[1], match[2] or "0"
            part_us = int(fraction) * DAY_US // 10 ** len(fraction)
            self._start_us = _EXCEL_DAY_0_US + int(days) * DAY_US + part_us
        elif not self._start_us and (match := _START_COMMENT.match(text)):
            day, month, year, hour, minute, second = (int(match[group]) for group in range(1, 7))
            micros = int((match[7] or "0").ljust(3, "0")) * 1000 + int(match[8] or 0) * 100
            self._start_us = epoch_us(year, month, day, hour, minute, second, micros)


def _start(head: Sequence[str]) -> LineParser:
    return _Peak()


PEAK = LineFormat("PEAK TRC", (".trc",), _SIGNATURE, _start)
