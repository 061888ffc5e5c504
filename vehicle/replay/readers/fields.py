"""Numbers, times and payloads as recordings spell them.

Knows: integer arithmetic for times, hex and decimal bytes, what a CAN frame can be.
Refuses to know: which format a field came from.

A malformed field raises ValueError, which the line reader counts as damage.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from vehicle.wire.frame import (
    CLASSIC_BYTES_MAX,
    EXTENDED_ID_MAX,
    FD_LENGTHS,
    STANDARD_ID_MAX,
    Frame,
)

BAD_ID = "id out of range"
BAD_LENGTH = "not a length that a CAN frame can have"
TOO_SHORT = "fewer data bytes than the length says"
BAD_TIME = "time stamp out of range"
NOT_UNDERSTOOD = "line not understood"

DAY_US = 86_400_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_DECIMAL = re.compile(r"\s*([+-]?)(\d{1,18})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,2}))?\s*", re.ASCII)


def seconds_us(whole: str, fraction: str | None) -> int:
    """Return microseconds of ``whole.fraction`` seconds; finer digits are cut off, not rounded."""
    if fraction is None:
        return int(whole) * 1_000_000
    return int(whole + (fraction + "000000")[:6])


def millis_us(whole: str, fraction: str | None) -> int:
    """Return microseconds of ``whole.fraction`` milliseconds; finer digits are cut off."""
    return int(whole + ((fraction or "") + "000")[:3])


def decimal_us(text: str) -> int:
    """Return microseconds of a decimal number of seconds, with sign and exponent if need be.

    Toward zero, in integers throughout: "1.0000019" is 1,000,001, "5.7e-05" is 57.
    Raises: ValueError where ``text`` is no such number.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(text)
    sign, whole, fraction, exponent = match.groups()
    digits = whole + (fraction or "")
    shift = int(exponent or 0) - len(fraction or "") + 6
    scale: int = 10 ** abs(shift)
    value = int(digits) * scale if shift >= 0 else int(digits) // scale
    return -value if sign == "-" else value


def clock_us(hours: str, minutes: str, seconds: str, fraction: str | None) -> int:
    """Return microseconds since midnight."""
    return (int(hours) * 60 + int(minutes)) * 60_000_000 + seconds_us(seconds, fraction)


def epoch_us(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, us: int = 0
) -> int:
    """Return microseconds since 1970 for a calendar time.

    Recordings name local times without a zone. They are taken as UTC, so that the same file gives
    the same stamps on every machine.
    Raises: ValueError for a date that does not exist.
    """
    moment = datetime(year, month, day, hour, minute, second, us, tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND


def spaced_bytes(tokens: list[str], count: int, base: int = 16) -> bytes:
    """Return the first ``count`` of ``tokens`` as bytes; one or two digits each, 0x allowed.

    Raises: ValueError where one is no byte. Fewer tokens give fewer bytes: see ``data_frame``.
    """
    if base == 16:
        try:
            return bytes.fromhex(" ".join(tokens[:count]))
        except ValueError:
            pass  # Unpadded ("5" for "05") or prefixed ("0x05"): token by token.
    return bytes([int(token, base) for token in tokens[:count]])


def data_frame(
    can_id: int, extended: bool, data: bytes, length: int, channel: str, fd: bool = False
) -> Frame | str:
    """Return a data frame, or the cause why these fields are none.

    ``length`` is what the recording says of the payload; ``data`` is what it holds of it.
    """
    if can_id > (EXTENDED_ID_MAX if extended else STANDARD_ID_MAX):
        return BAD_ID
    if length > CLASSIC_BYTES_MAX and (not fd or length not in FD_LENGTHS):
        return BAD_LENGTH
    if len(data) != length:
        return TOO_SHORT
    return Frame(can_id, data, channel, extended, fd)


def remote_frame(can_id: int, extended: bool, channel: str) -> Frame | str:
    """Return a remote frame, or the cause why these fields are none."""
    if can_id > (EXTENDED_ID_MAX if extended else STANDARD_ID_MAX):
        return BAD_ID
    return Frame(can_id, b"", channel, extended, False, True)


class Unwrap:
    """Continues a clock that starts again at 0 every ``modulus_us``.

    A step back of more than half the modulus is a wrap; a smaller one is left as it is, for the
    recording to judge. A gap longer than the modulus cannot be seen in such a file. A clock that
    was once seen beyond the modulus does not wrap.
    """

    def __init__(self, modulus_us: int) -> None:
        self._modulus_us = modulus_us
        self._last_us = 0
        self._turns = 0
        self._wraps = True

    def __call__(self, stamp_us: int) -> int:
        """Return ``stamp_us`` on a clock that does not wrap."""
        if stamp_us >= self._modulus_us:
            self._wraps = False
        if self._wraps and self._last_us - stamp_us > self._modulus_us // 2:
            self._turns += 1
        self._last_us = stamp_us
        return stamp_us + self._turns * self._modulus_us
