"""candump -l and -L lines, both ways: ``(1700000000.099455) can0 25D#240804D000050B80``.

Knows: the grammar of can-utils' log format, as read and as written.
Refuses to know: files, and what a frame means.

```
(seconds.fraction) channel ID#DATA        ID 3 digits: 11 bit; 8 digits: 29 bit or flag bits
                           ID##fDATA      CAN FD, f = flags nibble
                           ID#R[dlc]      remote
... [R|T]                                 direction, written by newer candump
```

An 8-digit id carries SocketCAN's flag bits: 0x20000000 marks an error frame, whose remaining bits
are an error class and no id (python-can takes it for an extended data frame).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vehicle.replay.readers.fields import (
    BAD_ID,
    BAD_LENGTH,
    NOT_UNDERSTOOD,
    data_frame,
    remote_frame,
    seconds_us,
)
from vehicle.replay.readers.lines import LineFormat, LineParser, Stamped
from vehicle.wire.frame import Frame

_LINE = re.compile(
    r"\s*\((\d{1,18})(?:\.(\d{0,18}))?\)\s+(\S+)\s+([0-9A-Fa-f]{1,8})#"
    r"(?:(#[0-9A-Fa-f])?([0-9A-Fa-f]*)(?:_[0-9A-Fa-f])?|([Rr])[0-9A-Fa-f]?)(?:\s+[RTrt])?\s*",
    re.ASCII,
)

_ERROR_BIT = 0x2000_0000
_REMOTE_BIT = 0x4000_0000
_ID_BITS = 0x1FFF_FFFF
_ERROR_BYTES = 8


def parse_candump(line: str) -> Stamped | str | None:
    """Return the stamp and frame of one line, or why it has none."""
    match = _LINE.fullmatch(line)
    if match is None:
        return NOT_UNDERSTOOD if line.strip() else None
    whole, fraction, channel, id_text, fd, payload, remote = match.groups()
    now_us = seconds_us(whole, fraction)
    can_id = int(id_text, 16)
    extended = len(id_text) > 3
    if can_id > _ID_BITS:
        if can_id & _ERROR_BIT:
            frame: Frame | str = _error_frame(can_id & _ID_BITS, payload, channel)
            return frame if isinstance(frame, str) else (now_us, frame)
        remote = remote or (can_id & _REMOTE_BIT)
        can_id &= _ID_BITS
    if remote:
        frame = remote_frame(can_id, extended, channel)
    else:
        data = bytes.fromhex(payload)
        frame = data_frame(can_id, extended, data, len(data), channel, fd is not None)
    return frame if isinstance(frame, str) else (now_us, frame)


def _error_frame(can_id: int, payload: str | None, channel: str) -> Frame | str:
    data = bytes.fromhex(payload or "")
    if len(data) > _ERROR_BYTES:
        return BAD_LENGTH
    return Frame(can_id, data, channel, error=True)


def _start(head: Sequence[str]) -> LineParser:
    return parse_candump


CANDUMP = LineFormat("candump", (".log",), None, _start, steady=True)


def format_candump(now_us: int, epoch_us: int | None, frame: Frame) -> str:
    """Return one candump -l line, without line end.

    The stamp is ``now_us`` after ``epoch_us`` (0 where None), with six decimals. Reading the line
    back gives the same frame and microseconds; a frame without channel is written as "can0", since
    the format has no way to leave it out.

    Raises: ValueError for what the format cannot hold: a negative stamp, white space in the
    channel, an id or payload length that CAN does not have.
    """
    stamp_us = now_us + (epoch_us or 0)
    channel = frame.channel or "can0"
    if stamp_us < 0 or channel.split() != [channel]:
        raise ValueError(f"candump cannot hold stamp {stamp_us} us on channel {channel!r}")
    stamp = f"({stamp_us // 1_000_000}.{stamp_us % 1_000_000:06d}) {channel}"
    payload = frame.data.hex().upper()
    if frame.error:
        problem: Frame | str = (
            BAD_ID if not 0 <= frame.can_id <= _ID_BITS else _error_frame(0, payload, channel)
        )
        text = f"{frame.can_id | _ERROR_BIT:08X}#{payload}"
    else:
        id_text = f"{frame.can_id:08X}" if frame.extended else f"{frame.can_id:03X}"
        if frame.remote:
            problem = remote_frame(frame.can_id, frame.extended, channel)
            text = f"{id_text}#R"
        else:
            problem = data_frame(
                frame.can_id, frame.extended, frame.data, len(frame.data), channel, frame.fd
            )
            text = f"{id_text}#{'#0' if frame.fd else ''}{payload}"
    if isinstance(problem, str):
        raise ValueError(f"candump cannot hold {frame}: {problem}")
    return f"{stamp} {text}"
