"""What the ordinary lines of a candump block say, all lines at once.

Knows: that ``(1700000000.099455) can0 25D#240804D0`` has everything but the payload's end at places
that its channel's name and its identifier's digits tell. So eight characters of all lines at a time
are looked at as one number each: some must be what they are, the others are digits. Lines of one
channel and one line end (a ``Shape``) are read together.
Refuses to know: blocks' order, and columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from vehicle.replay.scan.columns import Wanted
from vehicle.wire.frame import (
    CLASSIC_BYTES_MAX,
    EXTENDED_ID_MAX,
    FD_LENGTHS,
    PAYLOAD_BYTES,
    STANDARD_ID_MAX,
)

Array = np.ndarray[Any, np.dtype[Any]]

PADDING = bytes(4 * PAYLOAD_BYTES)
"""Behind a block, so that a line's places can be looked at before it is known to be that long."""

_WORD = 8
_HEAD = re.compile(rb"\(\d{10}\.\d{6}\) ([!-~]{1,40}) [0-9A-Fa-f]+#[#0-9A-Fa-f]*(\r?\n)")
_DIGIT = b"d"
_STAMP = b"(dddddddddd.dddddd) "
_STANDARD_DIGITS, _EXTENDED_DIGITS = 3, 8

_HEX = b"0123456789ABCDEFabcdef"
_NONE_SUCH = 1 << 12
"""What a table says of characters that are no digits: more than any that are."""

_FD_MARK = ord("#")
_RETURN = ord("\r")


def _u64(byte: int) -> np.uint64:
    """Return the byte eight times over."""
    return np.uint64(byte * 0x0101_0101_0101_0101)


_ZEROS, _FOURS, _NIBBLES, _SIXES = _u64(0x30), np.uint64(0x000000FF000000FF), _u64(0xF0), _u64(6)
_LOW, _HIGH, _FOLD = _u64(0x7F), _u64(0x80), _u64(0x20)


def _hex_pairs() -> Array:
    """Two characters as a little-endian number -> the byte that they spell."""
    table = np.full(1 << 16, _NONE_SUCH, np.int16)
    digits = {each: int(chr(each), 16) for each in _HEX}
    for high, upper in digits.items():
        for low, lower in digits.items():
            table[high | low << 8] = upper << 4 | lower
    return table


_PAIRS = _hex_pairs()
_DIGITS = np.full(256, _NONE_SUCH, np.int16)
_DIGITS[np.frombuffer(_HEX, np.uint8)] = [int(chr(each), 16) for each in _HEX]
_LENGTHS = np.isin(np.arange(256), FD_LENGTHS)
_FIRST = np.array([(1 << 8 * count) - 1 for count in range(_WORD + 1)], np.uint64)
"""How many bytes -> the first so many of eight."""


class Shape(NamedTuple):
    """What lines have in common besides digits."""

    channel: bytes
    line_end: int
    """1 or 2 characters."""


class Lines(NamedTuple):
    """What a block's lines say; the columns' rows come from it."""

    starts: Array
    ends: Array
    odd: Array
    """Numbers of the odd lines, ascending."""
    stamps_us: Array
    kept: Array
    """Numbers of the lines with a wanted identifier, ascending."""
    idents: Array
    channels: Array
    lengths: Array
    payloads: Array


_NONE = np.zeros(0, np.int32)
_NO_DATA = np.zeros((0, PAYLOAD_BYTES), np.uint8)
NO_LINES = Lines(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NO_DATA)


class BlockLines:
    """One block's lines while shapes are fitted to them."""

    def __init__(
        self, block: bytes, position: int, idents: Callable[[Array, Array], Array]
    ) -> None:
        self._block = block
        self._idents = idents
        padded = block + PADDING
        self._raw = np.frombuffer(padded, np.uint8)
        self._eights: Array = np.ndarray(len(padded) - _WORD + 1, "<u8", padded, strides=(1,))
        self._twos: Array = np.ndarray(len(padded) - 1, "<u2", padded, strides=(1,))
        breaks = np.flatnonzero(self._raw[position : len(block)] == ord("\n"))
        self._ends = breaks + (position + 1)
        self.starts = np.empty_like(self._ends)
        self.starts[:1], self.starts[1:] = position, self._ends[:-1]
        self._stamps_us = np.zeros(len(self._ends), np.int64)
        self._kept: list[tuple[Array, ...]] = []

    def shape_of(self, line: int) -> Shape | None:
        """Return the shape that one line has, if it may be ordinary."""
        match = _HEAD.fullmatch(self._block, int(self.starts[line]), int(self._ends[line]))
        return None if match is None else Shape(match[1], len(match[2]))

    def lines(self, odd: Array) -> Lines:
        """Return all lines; those of ``odd`` fitted no shape."""
        if len(self._kept) == 1:
            columns = self._kept[0]
        elif self._kept:
            columns = tuple(np.concatenate(each) for each in zip(*self._kept, strict=True))
            order = np.argsort(columns[0], kind="stable")
            columns = tuple(each[order] for each in columns)
        else:
            columns = (_NONE, _NONE, _NONE, _NONE, _NO_DATA)
        return Lines(self.starts, self._ends, odd, self._stamps_us, *columns)

    def fit(self, shape: Shape, wanted: Wanted, left: Array) -> Array:
        """Read those of the lines in ``left`` that have this shape; return the others."""
        if not len(left):
            return left
        starts, stops = self.starts[left], self._ends[left] - shape.line_end
        good, stamps_us = self._head(shape, starts)
        if shape.line_end > 1:
            good &= self._raw[stops] == _RETURN
        can_ids, extended, payloads = self._ids(starts + (len(_STAMP) + len(shape.channel) + 1))
        good &= can_ids <= np.where(extended, EXTENDED_ID_MAX, STANDARD_ID_MAX)
        lengths = self._payloads(payloads, stops, good)
        self._stamps_us[left] = stamps_us
        idents = self._idents(can_ids, extended)
        kept = np.flatnonzero(good & (idents >= 0))
        if len(kept):
            channel = wanted.channel(shape.channel.decode("latin-1"))
            channels = np.full(len(kept), channel, np.int32)
            data = self._data(payloads[kept], lengths[kept])
            self._kept.append((left[kept], idents[kept], channels, lengths[kept], data))
        return left[~good]

    def _head(self, shape: Shape, starts: Array) -> tuple[Array, Array]:
        """Return which lines begin as they must, up to their identifier, and their times."""
        head = _STAMP + shape.channel + b" "
        good = np.ones(len(starts), bool)
        words = []
        for first in range(0, len(head), _WORD):
            part = head[first : first + _WORD]
            fixed = bytes(0 if first + at < len(_STAMP) and each in _DIGIT else 0xFF
                          for at, each in enumerate(part))  # fmt: skip
            mask = np.uint64(int.from_bytes(fixed, "little"))
            is_so = np.uint64(int.from_bytes(part, "little")) & mask
            words.append(self._eights[starts + first])
            good &= (words[-1] & mask) == is_so
        return good, _stamps(words[:3], good)

    def _ids(self, first: Array) -> tuple[Array, Array, Array]:
        """Return the identifiers, beyond all where there is none; which have 29 bits; and where
        what is behind them begins."""
        text = self._eights[first]
        low = _PAIRS[_index(text, 0, 0xFFFF)].astype(np.int64)
        third = _DIGITS[_index(text, 16, 0xFF)]
        can_ids = low << 4 | third
        extended = (text >> np.uint64(24) & np.uint64(0xFF)) != _FD_MARK
        behind = first + (_STANDARD_DIGITS + 1)
        rows = np.flatnonzero(extended)
        if len(rows):
            text, value = text[rows], low[rows]
            for shift in (16, 32, 48):
                pair = _PAIRS[_index(text, shift, 0xFFFF)]
                value = np.where(pair < _NONE_SUCH, value << 8 | pair, _NONE_SUCH << 24)
            value[low[rows] >= _NONE_SUCH] = _NONE_SUCH << 24
            value[self._raw[first[rows] + _EXTENDED_DIGITS] != _FD_MARK] = _NONE_SUCH << 24
            can_ids[rows] = value
            behind[rows] += _EXTENDED_DIGITS - _STANDARD_DIGITS
        return can_ids, extended, behind

    def _payloads(self, first: Array, stops: Array, good: Array) -> Array:
        """Return how long the payloads are; clear ``good`` where there is none.

        ``first`` is moved on where a payload is one of CAN FD.
        """
        digits = stops - first
        fd = np.flatnonzero(self._raw[first] == _FD_MARK)
        if len(fd):
            good[fd] &= (digits[fd] >= 2) & (_DIGITS[self._raw[first[fd] + 1]] < _NONE_SUCH)
            first[fd] += 2
            digits[fd] -= 2
        fits = (digits >= 0) & (digits & 1 == 0) & (digits <= 2 * CLASSIC_BYTES_MAX)
        if len(fd):
            fits[fd] = self._fd_payloads(first[fd], digits[fd])
        good &= fits
        bad = np.zeros(len(first), np.uint64)
        for at in (0, _WORD):
            inside = _FIRST[np.minimum(np.maximum(digits - at, 0), _WORD)]
            bad |= _no_hex(self._eights[first + at]) & inside
        good &= bad == 0
        return (digits >> 1).astype(np.int32)

    def _fd_payloads(self, first: Array, digits: Array) -> Array:
        """Return where there are so many hexadecimal digits, and a payload may have so many."""
        lengths = digits >> 1
        good: Array = (digits >= 0) & (digits & 1 == 0) & (lengths <= PAYLOAD_BYTES)
        lengths = np.clip(lengths, 0, PAYLOAD_BYTES)
        good &= _LENGTHS[lengths]
        for at in range(0, 2 * int(lengths.max()), _WORD):
            inside = _FIRST[np.clip(2 * lengths - at, 0, _WORD)]
            good &= (_no_hex(self._eights[first + at]) & inside) == 0
        return good

    def _data(self, first: Array, lengths: Array) -> Array:
        """Return the payloads, padded with zeros."""
        data = np.zeros((len(first), PAYLOAD_BYTES), np.uint8)
        for at in range(int(lengths.max())):
            byte = _PAIRS[self._twos[first + 2 * at]]
            data[:, at] = np.where(at < lengths, byte, 0)
        return data


def _stamps(words: list[Array], good: Array) -> Array:
    """Return the times in microseconds; clear ``good`` where they are no decimal digits.

    ``words``: ``(ssssssss``, ``ss.uuuu`` and ``uu) `` with a neighbour each.
    """
    early, middle, late = words
    bad = np.zeros(len(early), np.uint64)
    # Ten digits of seconds, which hardly ever change from line to line, ...
    ninth = middle & np.uint64(0xFFFFFF)
    changed = (early[1:] != early[:-1]) | (ninth[1:] != ninth[:-1])
    anew = np.append(0, np.flatnonzero(changed) + 1)
    wrong = np.zeros(len(anew), np.uint64)
    # "(sssssss": the first seven behind a zero; then "sss" behind five.
    high = early[anew] & ~np.uint64(0xFF) | np.uint64(0x30)
    low = ninth[anew] << np.uint64(40) | _ZEROS & np.uint64(0xFFFFFFFFFF)
    seconds = _eight_digits(high, wrong) * 1000 + _eight_digits(low, wrong)
    turns = np.diff(np.append(anew, len(early)))
    seconds = np.repeat(seconds, turns)
    if wrong.any():
        bad = np.repeat(wrong, turns)
    # ... and six of microseconds, behind two zeros.
    micros = middle >> np.uint64(32) << np.uint64(16) | late << np.uint64(48) | np.uint64(0x3030)
    micros_us = _eight_digits(micros, bad)
    good &= bad == 0
    stamps_us: Array = seconds * 1_000_000 + micros_us
    return stamps_us


def _index(text: Array, shift: int, mask: int) -> Array:
    """Return some characters of each word as a table's index."""
    part: Array = (text >> np.uint64(shift) & np.uint64(mask)).view(np.int64)
    return part


def _no_hex(text: Array) -> Array:
    """Return eight characters each, with some bits set in those that are no hexadecimal digits."""
    low = text & _LOW
    is_digit = (low + (_HIGH - _u64(ord("0")))) & ~(low + (_HIGH - _u64(ord("9") + 1)))
    low |= _FOLD
    is_letter = (low + (_HIGH - _u64(ord("a")))) & ~(low + (_HIGH - _u64(ord("f") + 1)))
    found: Array = ~((is_digit | is_letter) & ~text) & _HIGH
    return found


def _eight_digits(text: Array, bad: Array) -> Array:
    """Return the values of eight decimal digits each; set bits of ``bad`` where one is none."""
    digits = text - _ZEROS
    bad |= ((text & _NIBBLES) ^ _ZEROS) | ((digits + _SIXES) & _NIBBLES)
    digits = digits * np.uint64(10) + (digits >> np.uint64(8))
    low = (digits & _FOURS) * np.uint64(0x000F424000000064)
    high = ((digits >> np.uint64(16)) & _FOURS) * np.uint64(0x0000271000000001)
    value: Array = ((low + high) >> np.uint64(32)).astype(np.int64)
    return value
