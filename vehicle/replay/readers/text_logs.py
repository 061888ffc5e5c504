"""Text logs whose every line is one frame: of loggers, terminals and small tools.

Knows: one regular expression per format, and what its groups mean.
Refuses to know: anything with memory across lines, except a comment block and a clock.

```
1<tab>0<tab>9377<tab>RX<tab>62614792<tab><tab>0x0000007a<tab>8<tab>0x00 00 d3 ..  Microchip, ms
166064;RX;0x0000021A;8;0xFE;0x36;..                           SavvyCAN's Microchip export, ms
166.064000 R11 0000021A FE 36 12                              CRTD; 1R11 names bus 1, T29 is sent
(504.27) RX0 1B00007B [8] 7B 40 01 00 ..                      Battery-Emulator, under a PuTTY banner
>  0  17:18:39.303:4446.00  St  0x197  0  4  64  E0 ..  p:1   RCAN, tabs; the second time is a gap
1479121434.850202 0350 000 8 05 28 84 66 6d 00 00 a2          epoch table
```

An id is 29 bit where its type says so; where the format has no type, where it is above 0x7FF.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from vehicle.replay.readers.fields import (
    DAY_US,
    NOT_UNDERSTOOD,
    Unwrap,
    clock_us,
    data_frame,
    seconds_us,
    spaced_bytes,
)
from vehicle.replay.readers.lines import LineFormat, LineParser, Stamped
from vehicle.wire.frame import STANDARD_ID_MAX, Frame

_BYTES = r"((?:\s*\b[0-9A-Fa-f]{1,2}\b)*)\s*"


def _stamped(now_us: int, frame: Frame | str) -> Stamped | str:
    return frame if isinstance(frame, str) else (now_us, frame)


def _payload_frame(
    id_text: str, length_text: str, payload: str, channel: str, extended: bool = False
) -> Frame | str:
    can_id, length = int(id_text, 16), int(length_text)
    data = spaced_bytes(payload.split(), length)
    extended = extended or can_id > STANDARD_ID_MAX
    return data_frame(can_id, extended, data, length, channel, fd=length > 8)


def _plain(
    pattern: re.Pattern[str],
    read: Callable[[re.Match[str]], Stamped | str],
    ignored: re.Pattern[str],
) -> LineParser:
    """Return a parser of one expression; a line that fits ``ignored`` is a header or a comment."""

    def parse(line: str) -> Stamped | str | None:
        match = pattern.fullmatch(line)
        if match is not None:
            return read(match)
        return None if ignored.match(line) else NOT_UNDERSTOOD

    return parse


_BLANK = re.compile(r"\s*$")

# ---- Microchip CAN BUS Analyzer -----------------------------------------------------------------

_TAB_HEADER = re.compile(r"^\s*ParserFlags\t.*", re.M)
_TAB = re.compile(
    r"\s*\d+\t(\d{1,4})\t\d+\t[RT]X\t(\d{1,18})\t[^\t]*\t0x([0-9A-Fa-f]{1,8})\t(\d{1,2})\t"
    r"(?:0x)?([0-9A-Fa-f ]*)(?:[\t\r\n].*)?",
    re.ASCII | re.DOTALL,
)
_TAB_IGNORED = re.compile(r"\s*(?:$|ParserFlags\t)")


def _read_tab(match: re.Match[str]) -> Stamped | str:
    channel, millis, id_text, length, payload = match.groups()
    return _stamped(int(millis) * 1000, _payload_frame(id_text, length, payload, channel))


def _start_tab(head: Sequence[str]) -> LineParser:
    return _plain(_TAB, _read_tab, _TAB_IGNORED)


_SEMICOLON_HEADER = re.compile(r"^Microchip Technology Inc\.", re.M)
_SEMICOLON = re.compile(
    r"\s*(\d{1,18});[RT]X;0x([0-9A-Fa-f]{1,8});(\d{1,2});((?:0x[0-9A-Fa-f]{1,2};?)*)\s*", re.ASCII
)


def _start_semicolon(head: Sequence[str]) -> LineParser:
    in_comment = False

    def parse(line: str) -> Stamped | str | None:
        nonlocal in_comment
        if line.startswith("//"):
            in_comment = not in_comment
            return None
        match = _SEMICOLON.fullmatch(line)
        if match is None:
            return None if in_comment or not line.strip() else NOT_UNDERSTOOD
        in_comment = False
        millis, id_text, length, payload = match.groups()
        frame = _payload_frame(id_text, length, payload.replace("0x", "").replace(";", " "), "")
        return _stamped(int(millis) * 1000, frame)

    return parse


# ---- CRTD (Open Vehicles) -----------------------------------------------------------------------

_CRTD = re.compile(
    r"\s*(\d{1,18})\.(\d{1,18})\s+(\d{0,3})[RT](11|29)\s+([0-9A-Fa-f]{1,8})" + _BYTES, re.ASCII
)
_CRTD_IGNORED = re.compile(r"\s*(?:$|\d+\.\d+\s+\d{0,3}C[A-Z]{2}\b)", re.ASCII)
_CRTD_HEADER = re.compile(r"^\s*\d+\.\d+ \d{0,3}CXX ", re.M | re.A)


def _read_crtd(match: re.Match[str]) -> Stamped | str:
    whole, fraction, bus, bits, id_text, payload = match.groups()
    data = spaced_bytes(payload.split(), len(payload.split()))
    # The format's own default: no bus number means the first bus.
    frame = data_frame(int(id_text, 16), bits == "29", data, len(data), bus or "1", len(data) > 8)
    return _stamped(seconds_us(whole, fraction), frame)


def _start_crtd(head: Sequence[str]) -> LineParser:
    return _plain(_CRTD, _read_crtd, _CRTD_IGNORED)


# ---- Battery-Emulator ---------------------------------------------------------------------------

_EMULATOR = re.compile(
    r"\s*\((\d{1,18})\.(\d{1,18})\)\s+[RT]X(\d{1,3})\s+([0-9A-Fa-f]{1,8})\s+\[(\d{1,2})\]" + _BYTES,
    re.ASCII,
)
_EMULATOR_IGNORED = re.compile(r"\s*(?:$|(?:=~)+=)")


def _read_emulator(match: re.Match[str]) -> Stamped | str:
    whole, fraction, channel, id_text, length, payload = match.groups()
    return _stamped(seconds_us(whole, fraction), _payload_frame(id_text, length, payload, channel))


def _start_emulator(head: Sequence[str]) -> LineParser:
    return _plain(_EMULATOR, _read_emulator, _EMULATOR_IGNORED)


# ---- RCAN ---------------------------------------------------------------------------------------

_RCAN = re.compile(
    r"\s*[<>]\s+\d+\s+(\d{1,2}):(\d\d):(\d\d)\.(\d{1,6})(?::[\d.]+)?\s+([A-Za-z]+)\s+"
    r"0x([0-9A-Fa-f]{1,8})\s+\S+\s+(\d{1,2})(?=\s)" + _BYTES + r"(?:\bp:(\d{1,3}))?\s*",
    re.ASCII,
)
_RCAN_IGNORED = re.compile(r"\s*(?:$|CAN speed )")
_RCAN_HEADER = re.compile(r"^\s*CAN speed 1:", re.M)
_STANDARD_TYPE = "st"


def _start_rcan(head: Sequence[str]) -> LineParser:
    unwrap = Unwrap(DAY_US)

    def read(match: re.Match[str]) -> Stamped | str:
        hours, minutes, seconds, fraction, kind, id_text, length, payload, port = match.groups()
        extended = kind.lower() != _STANDARD_TYPE
        frame = _payload_frame(id_text, length, payload, port or "", extended)
        return _stamped(unwrap(clock_us(hours, minutes, seconds, fraction)), frame)

    return _plain(_RCAN, read, _RCAN_IGNORED)


# ---- epoch table --------------------------------------------------------------------------------

_EPOCH = re.compile(
    r"\s*(?:Timestamp:\s*)?(\d{1,18})\.(\d{1,18})\s+(?:ID:\s*)?([0-9A-Fa-f]{3,8})\s+\d{3}\s+"
    r"(?:DLC:\s*)?(\d{1,2})(?=\s)" + _BYTES,
    re.ASCII,
)


def _read_epoch(match: re.Match[str]) -> Stamped | str:
    whole, fraction, id_text, length, payload = match.groups()
    return _stamped(seconds_us(whole, fraction), _payload_frame(id_text, length, payload, ""))


def _start_epoch(head: Sequence[str]) -> LineParser:
    return _plain(_EPOCH, _read_epoch, _BLANK)


MICROCHIP_TAB = LineFormat("Microchip tab log", (".log",), _TAB_HEADER, _start_tab)
MICROCHIP = LineFormat("Microchip log", (".log",), _SEMICOLON_HEADER, _start_semicolon)
CRTD = LineFormat("CRTD", (".crtd", ".txt"), _CRTD_HEADER, _start_crtd)
EMULATOR = LineFormat("Battery-Emulator log", (".log", ".txt"), None, _start_emulator)
RCAN = LineFormat("RCAN log", (".log",), _RCAN_HEADER, _start_rcan)
EPOCH_TABLE = LineFormat("epoch table", (".log", ".txt"), None, _start_epoch)
