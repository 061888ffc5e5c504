"""What the ordinary lines of a candump block say, all lines at once.

Knows: that in ``(1700000000.099455) can0 25D#240804D0`` the characters that are no hexadecimal
digits are ``(.) n #`` and the line end, always in this order. Where they stand says how long each
part is, and that between them there is nothing but digits. So one pass finds them, and the rest is
arithmetic on their places. Lines of one channel and one line end share such an order (a ``Shape``).
Refuses to know: blocks' order, and columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from vehicle.replay.scan.columns import PAYLOAD_BYTES, Wanted
from vehicle.wire.frame import CLASSIC_BYTES_MAX, EXTENDED_ID_MAX, FD_LENGTHS, STANDARD_ID_MAX

Array = np.ndarray[Any, np.dtype[Any]]

PADDING = bytes(2 * PAYLOAD_BYTES)
"""Behind a block, so that eight bytes can be looked at from each of its characters on."""

_HEX = b"0123456789ABCDEFabcdef"
_MARKS = bytes(0 if each in _HEX else each or 1 for each in range(256))
"""Hexadecimal digits -> 0, every other character -> itself."""

_SECONDS_DIGITS, _MICROS_DIGITS = 10, 6
_STANDARD_DIGITS, _EXTENDED_DIGITS = 3, 8
_ZEROS = np.uint64(0x3030303030303030)
_SIX_ZEROS = np.uint64(0x0000303030303030)
_FOURS = np.uint64(0x000000FF000000FF)
_NIBBLES = np.uint64(0xF0F0F0F0F0F0F0F0)
_SIXES = np.uint64(0x0606060606060606)


def _hex_pairs() -> Array:
    """Two characters as a little-endian number -> the byte that they spell."""
    table = np.zeros(1 << 16, np.uint8)
    digits = {each: int(chr(each), 16) for each in _HEX}
    for high, upper in digits.items():
        for low, lower in digits.items():
            table[high | low << 8] = upper << 4 | lower
    return table


_PAIRS = _hex_pairs()
_DIGITS = np.array([int(chr(each), 16) if each in _HEX else 0 for each in range(256)], np.uint8)
_LENGTHS = np.isin(np.arange(256), FD_LENGTHS)


class Shape(NamedTuple):
    """What a line has besides digits."""

    marks: bytes
    channel: bytes
    fd: bool
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


_SHAPE = re.compile(
    rb"\(\d{10}\.\d{6}\) ([!-~]{1,40}) [0-9A-Fa-f]+#(#[0-9A-Fa-f])?[0-9A-Fa-f]*(\r?\n)"
)


class BlockLines:
    """One block's lines while shapes are fitted to them."""

    def __init__(
        self, block: bytes, position: int, idents: Callable[[Array, Array], Array]
    ) -> None:
        self._block = block
        self._idents = idents
        padded = block + PADDING
        self._raw = np.frombuffer(padded, np.uint8)
        self._eights: Array = np.ndarray(len(padded) - 7, "<u8", padded, strides=(1,))
        self._twos: Array = np.ndarray(len(padded) - 1, "<u2", padded, strides=(1,))
        marks = np.frombuffer(block.translate(_MARKS), np.uint8)[position:]
        # Of truths NumPy finds the true ones three times as fast as of numbers those not zero.
        places = np.flatnonzero(marks != 0)
        self._kinds = np.append(marks[places], np.zeros(8, np.uint8))
        self._places = places + position
        last = np.flatnonzero(self._kinds == ord("\n"))
        self._first = np.append(0, last[:-1] + 1)[: len(last)]
        self._counts = last - self._first + 1
        self._ends = self._places[last] + 1
        self.starts = np.append(position, self._ends[:-1])[: len(last)]
        self._stamps_us = np.zeros(len(last), np.int64)
        self._kept: list[tuple[Array, ...]] = []

    def shape_of(self, line: int) -> Shape | None:
        """Return the shape that one line has, if it may be ordinary."""
        text = self._block[int(self.starts[line]) : int(self._ends[line])]
        match = _SHAPE.fullmatch(text)
        if match is None:
            return None
        marks = bytes(each for each in text.translate(_MARKS) if each)
        return Shape(marks, match[1], match[2] is not None, len(match[3]))

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
        size = len(shape.marks)
        rows = left[self._counts[left] == size]
        if not len(rows):
            return left
        first = self._first[rows]
        good = self._has_marks(shape.marks, first)
        # One row a mark: each is used often, and as a column it would be scattered in memory.
        if len(rows) == len(self.starts):
            places = np.ascontiguousarray(self._places[: size * len(rows)].reshape(-1, size).T)
        else:
            places = self._places[first + np.arange(size)[:, None]]
        good &= self._head(shape, rows, places)
        can_ids, extended, good_ids = self._ids(shape, places)
        payload, lengths, good_payloads = _payloads(shape, places)
        good &= good_ids & good_payloads
        self._stamps_us[rows] = self._stamps(places, good)
        idents = self._idents(can_ids, extended)
        kept = np.flatnonzero(good & (idents >= 0))
        if len(kept):
            channel = wanted.channel(shape.channel.decode("latin-1"))
            channels = np.full(len(kept), channel, np.int32)
            data = self._data(payload[kept], lengths[kept])
            self._kept.append((rows[kept], idents[kept], channels, lengths[kept], data))
        if good.all() and len(rows) == len(left):
            return left[:0]
        is_left = np.zeros(len(self.starts), bool)
        is_left[left] = True
        is_left[rows[good]] = False
        return np.flatnonzero(is_left)

    def _has_marks(self, marks: bytes, first: Array) -> Array:
        """Return for which lines the marks from ``first`` on are these."""
        kinds: Array = np.ndarray(len(self._kinds) - 7, "<u8", self._kinds, strides=(1,))
        good = np.ones(len(first), bool)
        for start in range(0, len(marks), 8):
            part = marks[start : start + 8]
            mask = np.uint64((1 << 8 * len(part)) - 1)
            good &= (kinds[first + start] & mask) == np.uint64(int.from_bytes(part, "little"))
        return good

    def _head(self, shape: Shape, rows: Array, places: Array) -> Array:
        """Return where stamp, channel and the spaces stand as they must."""
        opened, dot, closed, space = places[:4]
        behind = places[_second_space(shape)]
        name = shape.channel
        good: Array = (opened == self.starts[rows]) & (dot - opened == _SECONDS_DIGITS + 1)
        good &= (closed - dot == _MICROS_DIGITS + 1) & (space - closed == 1)
        good &= behind - space == len(name) + 1
        for start in range(0, len(name), 8):
            part = name[start : start + 8]
            mask = np.uint64((1 << 8 * len(part)) - 1)
            text = self._eights[space + 1 + start] & mask
            good &= text == np.uint64(int.from_bytes(part, "little"))
        return good

    def _ids(self, shape: Shape, places: Array) -> tuple[Array, Array, Array]:
        """Return the identifiers, whether they have 29 bits, and whether they are any."""
        first = _second_space(shape)
        digits = places[first + 1] - places[first] - 1
        text = self._eights[places[first] + 1]
        low = _PAIRS[text & np.uint64(0xFFFF)].astype(np.int64)
        can_ids = low << 4 | _DIGITS[self._raw[places[first] + 3]]
        good = (digits == _STANDARD_DIGITS) & (can_ids <= STANDARD_ID_MAX)
        extended = digits == _EXTENDED_DIGITS
        if extended.any():
            text = text[extended]
            value = low[extended]
            for shift in (16, 32, 48):
                pair = _PAIRS[(text >> np.uint64(shift)) & np.uint64(0xFFFF)]
                value = value << 8 | pair
            can_ids[extended] = value
            good[extended] = value <= EXTENDED_ID_MAX
        return can_ids, extended, good

    def _stamps(self, places: Array, good: Array) -> Array:
        """Return the times in microseconds; clear ``good`` where they are no decimal digits."""
        opened, closed = places[0], places[2]
        bad = np.zeros(len(opened), np.uint64)
        # Ten digits of seconds, which hardly ever change from line to line, ...
        high, low = self._eights[opened + 1], self._twos[opened + 9]
        anew = np.flatnonzero(np.append(True, (high[1:] != high[:-1]) | (low[1:] != low[:-1])))
        wrong = np.zeros(len(anew), np.uint64)
        seconds = _eight_digits(high[anew], wrong) * 100
        seconds += _eight_digits(low[anew].astype(np.uint64) << np.uint64(48) | _SIX_ZEROS, wrong)
        turns = np.diff(np.append(anew, len(high)))
        seconds, bad = np.repeat(seconds, turns), np.repeat(wrong, turns)
        # ... and six of microseconds.
        micros = self._eights[closed - 8] & ~np.uint64(0xFFFF)
        micros_us = _eight_digits(micros | np.uint64(0x3030), bad)
        good &= bad == 0
        stamps_us: Array = seconds * 1_000_000 + micros_us
        return stamps_us

    def _data(self, first: Array, lengths: Array) -> Array:
        """Return the payloads, padded with zeros."""
        data = np.zeros((len(first), PAYLOAD_BYTES), np.uint8)
        for at in range(int(lengths.max())):
            byte = _PAIRS[self._twos[first + 2 * at]]
            data[:, at] = np.where(at < lengths, byte, 0)
        return data


def _second_space(shape: Shape) -> int:
    """Return the number of the mark between channel and identifier."""
    return len(shape.marks) - shape.line_end - shape.fd - 2


def _payloads(shape: Shape, places: Array) -> tuple[Array, Array, Array]:
    """Return where the payloads begin, how long they are, and whether they can be payloads."""
    end = len(shape.marks) - shape.line_end
    first = places[end - 1] + (2 if shape.fd else 1)
    digits = places[end] - first
    lengths = (digits >> 1).astype(np.int32)
    longest = PAYLOAD_BYTES if shape.fd else CLASSIC_BYTES_MAX
    good = (digits >= 0) & (digits & 1 == 0) & (lengths <= longest)
    good &= _LENGTHS[np.clip(lengths, 0, 255)]
    if shape.fd:
        good &= places[end - 1] - places[end - 2] == 1
    if shape.line_end > 1:
        good &= places[end + 1] - places[end] == 1
    return first, lengths, good


def _eight_digits(text: Array, bad: Array) -> Array:
    """Return the values of eight decimal digits each; set bits of ``bad`` where one is none."""
    digits = text - _ZEROS
    bad |= ((text & _NIBBLES) ^ _ZEROS) | ((digits + _SIXES) & _NIBBLES)
    digits = digits * np.uint64(10) + (digits >> np.uint64(8))
    low = (digits & _FOURS) * np.uint64(0x000F424000000064)
    high = ((digits >> np.uint64(16)) & _FOURS) * np.uint64(0x0000271000000001)
    value: Array = ((low + high) >> np.uint64(32)).astype(np.int64)
    return value
