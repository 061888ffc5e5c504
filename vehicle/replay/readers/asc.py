"""Vector ASC: the text log of CANoe, CANalyzer and many others.

Knows: header, trigger blocks, classic, FD, remote and error events, hex and decimal base.
Refuses to know: the dozens of other events (LIN, statistics, J1939); they are no loss.

```
date Tue Nov 14 22:13:20.427 2023          start; "am"/"pm" and German names occur
base hex  timestamps absolute              or dec; or relative (to the line before)
Begin Triggerblock Tue Nov 14 22:13:20.0 2023
 0.099455 1  25D             Rx   d 8 24 08 04 D0 00 05 0B 80
 0.099455 1  18FEF100x       Rx   r
 0.099455 CANFD 1 Rx 123x [name] brs esi dlc length data.. duration length flags ..
 0.099455 1  ErrorFrame
```

The start is the trigger block's date where there is one, else the header's. python-can writes the
milliseconds without leading zeros (".5" for 5 ms) and Vector always writes three digits, so they
are read as a count. A later block's date counts only if the stamps start anew in it; Vector lets
them run on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vehicle.replay.readers.fields import (
    NOT_UNDERSTOOD,
    data_frame,
    epoch_us,
    remote_frame,
    seconds_us,
    spaced_bytes,
)
from vehicle.replay.readers.lines import LineFormat, LineParser, OrdinaryParser, Stamped
from vehicle.replay.scan.lines import LineLayout, Ordinary
from vehicle.wire.frame import CLASSIC_BYTES_MAX, FD_LENGTHS, Frame

_STAMP = r"\s*(\d{1,18})\.(\d{1,18})\s+"
_EVENT = re.compile(_STAMP + r"(\S.*)", re.ASCII | re.DOTALL)
_CLASSIC = re.compile(
    _STAMP + r"(\d{1,4})\s+([0-9A-Fa-f]{1,10})([xX]?)\s+(?:Rx|Tx|TxRq)\s+([drDR])"
    r"(?:\s+([0-9A-Fa-f]{1,2})(?=\s))?(.*)",
    re.ASCII | re.DOTALL,
)
_FD = re.compile(
    _STAMP
    + r"CANFD\s+(\d{1,4})\s+(?:Rx|Tx|TxRq)\s+([0-9A-Fa-f]{1,10})([xX]?)\s+(?:[A-Za-z_]\S*\s+)?"
    r"([01])\s+([01])\s+([0-9A-Fa-f])\s+(\d{1,2})(?=\s)(.*)",
    re.ASCII | re.DOTALL,
)
_ERROR = re.compile(_STAMP + r"(?:CANFD\s+)?(\d{1,4})\s+(?:(?:Rx|Tx)\s+)?ErrorFrame\b", re.I | re.A)
_FRAME_LIKE = re.compile(r"(?:CANFD\s+)?\d+\s+(?:[0-9A-Fa-f]+[xX]?\s+[RT]x|[RT]x\s|$)", re.ASCII)
_HEADER = re.compile(
    r"\s*(?:date\b|base\b|(?:no\s+)?internal\s+events|(?:begin|end)\s+triggerblock|//|$)", re.I
)
_BASE = re.compile(r"\s*base\s+(hex|dec)(?:\s+timestamps\s+(absolute|relative))?", re.I)
_DATE = re.compile(
    r"\s*(?:date|begin\s+triggerblock)\s+\w+\s+(\S+)\s+(\d{1,2})\s+(\d{1,2}):(\d\d):(\d\d)"
    r"(?:\.(\d{1,3}))?(?:\s+([ap])m)?\s+(\d{4})",
    re.I,
)
_SIGNATURE = re.compile(r"\A(?://.*\s)*date\s|^base\s+(?:hex|dec)\s+timestamps\s", re.I | re.M)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_GERMAN = {"mai": "may", "okt": "oct", "dez": "dec"}

_FLAG_REMOTE = 0x10
_FLAG_FD = 0x1000
_FIELDS_BEFORE_FLAGS = 2


class _Asc(OrdinaryParser):
    """One file's parser: it remembers base, time mode and start date."""

    def __init__(self) -> None:
        self._base = 16
        self._relative = False
        self._start_us = 0
        self._block_us: int | None = None
        self._in_block = False
        self._last_us = 0

    def ordinary(self) -> Ordinary | None:
        """See ``OrdinaryParser``."""
        if self._relative or self._base != 16 or self._block_us is not None:
            return None
        return Ordinary(LineLayout.ASC, self._start_us)

    def passed(self, stamp_us: int) -> None:
        """See ``OrdinaryParser``."""
        self._last_us = stamp_us - self._start_us

    def __call__(self, line: str) -> Stamped | str | None:
        """Return the stamp and frame of one line, why it has none, or None."""
        event = _EVENT.match(line)
        if event is None:
            if _HEADER.match(line) is None:
                return NOT_UNDERSTOOD
            self._read_header(line)
            return None
        whole, fraction, rest = event.groups()
        now_us = self._now_us(seconds_us(whole, fraction))
        frame = self._frame(line)
        if frame is None:
            return NOT_UNDERSTOOD if _FRAME_LIKE.match(rest) else None
        return frame if isinstance(frame, str) else (now_us, frame)

    def _read_header(self, line: str) -> None:
        base = _BASE.match(line)
        if base is not None:
            self._base = 10 if base[1].lower() == "dec" else 16
            self._relative = (base[2] or "").lower() == "relative"
            return
        date = _DATE.match(line)
        if date is None:
            return
        start_us = _date_us(date)
        if line.lstrip()[:1] in "dD" or not self._in_block:
            self._start_us = start_us
        else:
            self._block_us = start_us
        self._in_block = line.lstrip()[:1] in "bB"

    def _now_us(self, stamp_us: int) -> int:
        if self._relative:
            stamp_us += self._last_us
        if self._block_us is not None:
            if stamp_us < self._last_us:
                self._start_us = self._block_us
            self._block_us = None
        self._last_us = stamp_us
        return self._start_us + stamp_us

    def _frame(self, line: str) -> Frame | str | None:
        match = _CLASSIC.match(line)
        if match is not None:
            return self._classic(match)
        match = _FD.match(line)
        if match is not None:
            return self._fd(match)
        match = _ERROR.match(line)
        return None if match is None else Frame(0, b"", match[3], error=True)

    def _classic(self, match: re.Match[str]) -> Frame | str:
        _, _, channel, id_text, x, kind, dlc, rest = match.groups()
        can_id, extended = int(id_text, self._base), bool(x)
        if kind in "rR":
            return remote_frame(can_id, extended, channel)
        if dlc is None:
            return NOT_UNDERSTOOD
        # A DLC of 9 to 15 is legal on a classic bus and means 8 bytes.
        length = min(int(dlc, self._base), CLASSIC_BYTES_MAX)
        data = spaced_bytes(rest.split(None, length)[:length], length, self._base)
        return data_frame(can_id, extended, data, length, channel)

    def _fd(self, match: re.Match[str]) -> Frame | str:
        _, _, channel, id_text, x, _, _, dlc, length_text, rest = match.groups()
        can_id, extended = int(id_text, self._base), bool(x)
        length, tokens = int(length_text), rest.split()
        trailer = tokens[length + _FIELDS_BEFORE_FLAGS :][:1]
        flags = int(trailer[0], 16) if trailer else _FLAG_FD
        if flags & _FLAG_REMOTE or (length == 0 and FD_LENGTHS[int(dlc, 16)] > 0):
            return remote_frame(can_id, extended, channel)
        data = spaced_bytes(tokens, length, self._base)
        return data_frame(can_id, extended, data, length, channel, bool(flags & _FLAG_FD))


def _date_us(date: re.Match[str]) -> int:
    month, day, hour, minute, second, millis, half, year = date.groups()
    name = month.lower()
    # "Mär", in whatever encoding, is the only name with other letters than ASCII.
    name = "mar" if name[0] == "m" and name[-1] == "r" else _GERMAN.get(name, name)
    hours = int(hour) % 12 + (12 if half in "pP" else 0) if half else int(hour)
    if name not in _MONTHS:
        return 0
    return epoch_us(
        int(year),
        _MONTHS.index(name) + 1,
        int(day),
        hours,
        int(minute),
        int(second),
        int(millis or 0) * 1000,
    )


def _start(head: Sequence[str]) -> LineParser:
    return _Asc()


ASC = LineFormat("Vector ASC", (".asc",), _SIGNATURE, _start)
