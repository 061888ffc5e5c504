"""candump -l and -L lines as read: ``(1700000000.099455) can0 25D#240804D000050B80``.

Knows: the grammar of can-utils' log format; ``wire.candump`` writes it.
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
    BAD_LENGTH,
    NOT_UNDERSTOOD,
    data_frame,
    remote_frame,
    seconds_us,
)
from vehicle.replay.readers.lines import LineFormat, LineParser, OrdinaryParser, Stamped
from vehicle.replay.scan.lines import LineLayout, Ordinary
from vehicle.wire.candump import ERROR_BIT
from vehicle.wire.frame import CLASSIC_BYTES_MAX, EXTENDED_ID_MAX, Frame

_LINE = re.compile(
    r"\s*\((\d{1,18})(?:\.(\d{0,18}))?\)\s+(\S+)\s+([0-9A-Fa-f]{1,8})#"
    r"(?:(#[0-9A-Fa-f])?([0-9A-Fa-f]*)(?:_[0-9A-Fa-f])?|([Rr])[0-9A-Fa-f]?)(?:\s+[RTrt])?\s*",
    re.ASCII,
)

_REMOTE_BIT = 0x4000_0000


def parse_candump(line: str) -> Stamped | str | None:
    """Return the stamp and frame of one line, or why it has none."""
    match = _LINE.fullmatch(line)
    if match is None:
        return NOT_UNDERSTOOD if line.strip() else None
    whole, fraction, channel, id_text, fd, payload, remote = match.groups()
    now_us = seconds_us(whole, fraction)
    can_id = int(id_text, 16)
    extended = len(id_text) > 3
    if can_id > EXTENDED_ID_MAX:
        if can_id & ERROR_BIT:
            frame: Frame | str = _error_frame(can_id & EXTENDED_ID_MAX, payload, channel)
            return frame if isinstance(frame, str) else (now_us, frame)
        remote = remote or (can_id & _REMOTE_BIT)
        can_id &= EXTENDED_ID_MAX
    if remote:
        frame = remote_frame(can_id, extended, channel)
    else:
        data = bytes.fromhex(payload)
        frame = data_frame(can_id, extended, data, len(data), channel, fd is not None)
    return frame if isinstance(frame, str) else (now_us, frame)


def _error_frame(can_id: int, payload: str | None, channel: str) -> Frame | str:
    data = bytes.fromhex(payload or "")
    if len(data) > CLASSIC_BYTES_MAX:
        return BAD_LENGTH
    return Frame(can_id, data, channel, error=True)


class _Candump(OrdinaryParser):
    def __call__(self, line: str) -> Stamped | str | None:
        return parse_candump(line)

    def ordinary(self) -> Ordinary:
        return Ordinary(LineLayout.CANDUMP)


def _start(head: Sequence[str]) -> LineParser:
    return _Candump()


CANDUMP = LineFormat("candump", (".log",), None, _start, steady=True)
