"""Text logs with a clock or a mode to keep track of: BusMaster, CARBUS Analyzer, CANhacker.

Knows: their headers, and that their clocks start again: at midnight, or with every minute.
Refuses to know: gaps longer than one turn of such a clock; the file does not show them.

```
***START DATE AND TIME 23:9:2015 22:17:28:928***              BusMaster; ***HEX*** or ***DEC***,
22:20:14:992 Rx 0 0000021A s 8 FE 36 12 FE 69 05 07 AD        ***SYSTEM|ABSOLUTE|RELATIVE MODE***
46,016<tab>1<tab>0004<tab>45A<tab>8<tab>5A 04 ..<tab>         CARBUS: "ss,fraction", \r only
17,439   280   8 49 0E 19 0F 0E 00 1B 0E                      CANhacker: "ss,mmm" or "ss.mmm"
```

BusMaster writes the fraction as four digits of 1/10 ms; SavvyCAN's export counts ms without
leading zeros (":2" is 2 ms). So up to three digits are a count, four or more a decimal fraction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vehicle.replay.readers.fields import (
    DAY_US,
    NOT_UNDERSTOOD,
    Unwrap,
    clock_us,
    data_frame,
    epoch_us,
    remote_frame,
    seconds_us,
    spaced_bytes,
)
from vehicle.replay.readers.lines import LineFormat, LineParser, Stamped
from vehicle.wire.frame import STANDARD_ID_MAX, Frame

_MINUTE_US = 60_000_000

# ---- BusMaster ----------------------------------------------------------------------------------

_BUSMASTER = re.compile(
    r"\s*(\d{1,3}):(\d\d):(\d\d):(\d{1,6})\s+[RT]x\s+(\d{1,3})\s+(?:0x)?([0-9A-Fa-f]{1,10})\s+"
    r"([sx])(r?)\s+(\d{1,2})(?=\s)((?:\s+[0-9A-Fa-f]{1,3})*)\s*",
    re.ASCII,
)
_BUSMASTER_HEADER = re.compile(r"^\s*\*{3}BUSMASTER\b", re.M)
_BUSMASTER_ERROR = re.compile(
    r"\s*(\d{1,3}):(\d\d):(\d\d):(\d{1,6})\s+[RT]x\s+(\d{1,3})\s+ERR\b.*", re.ASCII | re.DOTALL
)
_BUSMASTER_DATE = re.compile(
    r"\*{3}START DATE AND TIME\s+(\d{1,2}):(\d{1,2}):(\d{4})\s+(\d{1,2}):(\d\d):(\d\d):(\d{1,6})",
    re.ASCII,
)


class _BusMaster:
    """One file's parser: it remembers base, time mode and start."""

    def __init__(self) -> None:
        self._base = 16
        self._mode = "SYSTEM"
        self._midnight_us = 0
        self._clock_us = 0
        self._unwrap = Unwrap(DAY_US)
        self._last_us = 0

    def parse(self, line: str) -> Stamped | str | None:
        """Return the stamp and frame of one line, why it has none, or None."""
        match = _BUSMASTER.fullmatch(line)
        if match is None:
            text = line.strip()
            if error := _BUSMASTER_ERROR.fullmatch(line):
                now_us = self._now_us(_busmaster_us(error[1], error[2], error[3], error[4]))
                return now_us, Frame(0, b"", error[5], error=True)
            if text.startswith("***"):
                self._read_header(text)
            return None if text.startswith("***") or not text else NOT_UNDERSTOOD
        hours, minutes, seconds, fraction, channel, id_text, kind, remote, dlc, rest = (
            match.groups()
        )
        now_us = self._now_us(_busmaster_us(hours, minutes, seconds, fraction))
        can_id, extended, length = int(id_text, self._base), kind == "x", int(dlc)
        if remote:
            frame = remote_frame(can_id, extended, channel)
        else:
            data = spaced_bytes(rest.split(), length, self._base)
            frame = data_frame(can_id, extended, data, length, channel, fd=length > 8)
        return frame if isinstance(frame, str) else (now_us, frame)

    def _now_us(self, stamp_us: int) -> int:
        if self._mode == "SYSTEM":
            return self._midnight_us + self._unwrap(stamp_us)
        if self._mode == "RELATIVE":
            stamp_us += self._last_us
            self._last_us = stamp_us
        return self._midnight_us + self._clock_us + stamp_us

    def _read_header(self, text: str) -> None:
        words = text.strip("* ").split()
        if words in (["HEX"], ["DEC"]):
            self._base = 16 if words == ["HEX"] else 10
        elif words[1:] == ["MODE"] and words[0] in ("SYSTEM", "ABSOLUTE", "RELATIVE"):
            self._mode = words[0]
        elif date := _BUSMASTER_DATE.match(text):
            self._midnight_us = epoch_us(int(date[3]), int(date[2]), int(date[1]))
            self._clock_us = _busmaster_us(date[4], date[5], date[6], date[7])


def _busmaster_us(hours: str, minutes: str, seconds: str, fraction: str) -> int:
    return clock_us(hours, minutes, seconds, fraction.zfill(3))


def _start_busmaster(head: Sequence[str]) -> LineParser:
    return _BusMaster().parse


# ---- CARBUS Analyzer ----------------------------------------------------------------------------

_CARBUS = re.compile(
    r"\s*(\d{1,9})[,.](\d{1,9})\t(\d{1,3})\t[0-9A-Fa-f]{1,8}\t([0-9A-Fa-f]{1,8})\t(\d{1,2})\t"
    r"([0-9A-Fa-f \t]*?)\t[0-9A-Fa-f]{8}\t.*",
    re.ASCII | re.DOTALL,
)
_CARBUS_HEADER = re.compile(r"\A\s*@ TEXT @ \d")
_STANDARD_DIGITS = 3


def _start_carbus(head: Sequence[str]) -> LineParser:
    unwrap = Unwrap(_MINUTE_US)

    def parse(line: str) -> Stamped | str | None:
        match = _CARBUS.fullmatch(line)
        if match is None:
            return None if line.strip()[:1] in ("", "@", "#") else NOT_UNDERSTOOD
        whole, fraction, channel, id_text, length_text, payload = match.groups()
        now_us = unwrap(seconds_us(whole, fraction))
        can_id, length = int(id_text, 16), int(length_text)
        extended = len(id_text) > _STANDARD_DIGITS
        data = spaced_bytes(payload.split(), length)
        frame = data_frame(can_id, extended, data, length, channel, fd=length > 8)
        return frame if isinstance(frame, str) else (now_us, frame)

    return parse


# ---- CANhacker ----------------------------------------------------------------------------------

_CANHACKER = re.compile(
    r"\s*(\d{1,9})[,.](\d{1,9})\s+([0-9A-Fa-f]{1,8})\s+(\d)(?=\s)((?:\s+[0-9A-Fa-f]{2}\b)*)(.*)",
    re.ASCII | re.DOTALL,
)
_CANHACKER_HEADER = re.compile(r"^\s*(?:Time\s+ID\s+DLC\s+Data\b|.*CANhacker)", re.I | re.M)
_EXTENDED_DIGITS = 8


def _start_canhacker(head: Sequence[str]) -> LineParser:
    unwrap = Unwrap(_MINUTE_US)

    def parse(line: str) -> Stamped | str | None:
        match = _CANHACKER.fullmatch(line)
        if match is None:
            return None if not line.strip() or _CANHACKER_HEADER.match(line) else NOT_UNDERSTOOD
        whole, fraction, id_text, length_text, payload, _ = match.groups()
        now_us = unwrap(seconds_us(whole, fraction))
        can_id, length = int(id_text, 16), int(length_text)
        extended = len(id_text) == _EXTENDED_DIGITS or can_id > STANDARD_ID_MAX
        data = spaced_bytes(payload.split(), length)
        frame = data_frame(can_id, extended, data, length, "")
        return frame if isinstance(frame, str) else (now_us, frame)

    return parse


BUSMASTER = LineFormat("BusMaster log", (".log",), _BUSMASTER_HEADER, _start_busmaster)
CARBUS = LineFormat("CARBUS Analyzer trace", (".trc",), _CARBUS_HEADER, _start_carbus)
CANHACKER = LineFormat("CANhacker trace", (".trc",), _CANHACKER_HEADER, _start_canhacker)
