"""candump -l lines as written: ``(1700000000.099455) can0 25D#240804D000050B80``.

Knows: the grammar of can-utils' log format; ``replay.readers.candump`` reads it.
Refuses to know: files, and what a frame means.
"""

from __future__ import annotations

from vehicle.wire.frame import (
    CLASSIC_BYTES_MAX,
    EXTENDED_ID_MAX,
    FD_LENGTHS,
    STANDARD_ID_MAX,
    Frame,
)

ERROR_BIT = 0x2000_0000
"""SocketCAN's flag above an identifier: an error frame, whose other bits are an error class."""


def format_candump(now_us: int, epoch_us: int | None, frame: Frame) -> str:
    """Return one candump -l line, without line end.

    The stamp is ``now_us`` after ``epoch_us`` (0 where None), with six decimals. Reading the line
    back gives the same frame and microseconds; a frame without channel is written as "can0", since
    the format has no way to leave it out.

    Raises: ValueError for what the format cannot hold: a negative stamp, white space in the
    channel, an id or payload length that CAN does not have.
    """
    can_id, data, channel, extended, fd, remote, error = frame
    stamp_us = now_us + (epoch_us or 0)
    channel = channel or "can0"
    if stamp_us < 0 or channel.split() != [channel]:
        raise ValueError(f"candump cannot hold stamp {stamp_us} us on channel {channel!r}")
    wide = extended or error
    if not 0 <= can_id <= (EXTENDED_ID_MAX if wide else STANDARD_ID_MAX):
        raise ValueError(f"candump cannot hold {frame}: id out of range")
    if len(data) > CLASSIC_BYTES_MAX and (error or not fd or len(data) not in FD_LENGTHS):
        raise ValueError(f"candump cannot hold {frame}: no CAN frame has this length")
    stamp = f"({stamp_us // 1_000_000}.{stamp_us % 1_000_000:06d}) {channel}"
    payload = data.hex().upper()
    if error:
        return f"{stamp} {can_id | ERROR_BIT:08X}#{payload}"
    id_text = f"{can_id:08X}" if extended else f"{can_id:03X}"
    if remote:
        return f"{stamp} {id_text}#R"
    return f"{stamp} {id_text}#{'#0' if fd else ''}{payload}"
