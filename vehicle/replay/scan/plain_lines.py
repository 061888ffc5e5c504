"""The lines of a text recording in plain Python, a block at a time where Python is quick at it.

Knows: candump's ordinary lines by their shapes: a line with ``h`` for each hexadecimal digit. A
block has thousands of lines and a dozen shapes, so what a shape allows is worked out once.
Refuses to know: every other line, and every other layout; their parsers read those.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple

from vehicle.replay.scan.columns import Columns, Wanted
from vehicle.replay.scan.lines import LineLayout, Ordinary
from vehicle.wire.frame import (
    CLASSIC_BYTES_MAX,
    EXTENDED_ID_MAX,
    FD_LENGTHS,
    PAYLOAD_BYTES,
    STANDARD_ID_MAX,
)

SHAPES_MAX = 4096
"""Shapes and identifiers remembered from block to block; one that is damaged all over has any
number, a recording otherwise a few dozen shapes and a few hundred identifiers."""

_LAYOUTS = frozenset({LineLayout.CANDUMP})
_SHAPES = bytes(ord("h") if each in b"0123456789ABCDEFabcdef" else each for each in range(256))
_SHAPE = re.compile(rb"\(h{10}\.h{6}\) ([!-~]{1,63}) (hhh|h{8})#(#h)?(h*)\r?")
_STANDARD_DIGITS = 3
_NOBODYS = -1
_ODD = -2


class _Place(NamedTuple):
    """Where a shape has its parts."""

    channel: slice
    can_id: slice
    data: slice


def _place(shape: bytes) -> _Place | None:
    """Return where an ordinary line of this shape has its parts; None: it is odd."""
    match = _SHAPE.fullmatch(shape)
    if match is None:
        return None
    digits = len(match[4])
    longest = PAYLOAD_BYTES if match[3] else CLASSIC_BYTES_MAX
    if digits % 2 or digits // 2 not in FD_LENGTHS or digits // 2 > longest:
        return None
    return _Place(slice(*match.span(1)), slice(*match.span(2)), slice(*match.span(4)))


class PlainLines:
    """The scanner of text lines in Python."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._places: dict[bytes, _Place | None] = {}
        self._idents: dict[bytes, int] = {}
        self._block = b""
        self._lines: list[bytes] = []
        self._shapes: list[bytes] = []
        self._ends = array("q")
        """Where each line ends."""
        self._odd: list[int] = []
        """Numbers of the odd lines, ascending."""

    def scan(
        self, ordinary: Ordinary, block: bytes, position: int, columns: Columns
    ) -> tuple[int, int]:
        """See ``LineScanner``."""
        if ordinary.layout not in _LAYOUTS:
            return position, 0
        if block is not self._block:
            self._load(block, position)
        first = bisect_left(self._ends, position + 1)
        if first == len(self._ends) or position != self._ends[first] - len(self._lines[first]) - 1:
            return position, 0
        odd = bisect_left(self._odd, first)
        last = self._odd[odd] if odd < len(self._odd) else len(self._lines)
        last = min(last, first + columns.room - columns.frames)
        last = self._read(first, last, ordinary.offset_us, columns)
        return (self._ends[last - 1] if last > first else position), last - first

    def _load(self, block: bytes, position: int) -> None:
        """Take a block apart, and find its odd lines."""
        self._block = block
        text = block[position:]
        self._lines = text.split(b"\n")
        self._shapes = text.translate(_SHAPES).split(b"\n")
        # What is behind the last line end is no line that may be read here.
        self._lines.pop()
        self._shapes.pop()
        sizes = accumulate(
            map(len, self._lines), lambda end, size: end + size + 1, initial=position
        )
        self._ends = array("q", sizes)[1:]
        if len(self._places) > SHAPES_MAX:
            self._places.clear()
        if len(self._idents) > SHAPES_MAX:
            self._idents.clear()
        for shape in set(self._shapes) - self._places.keys():
            self._places[shape] = _place(shape)
        odd = {shape for shape in set(self._shapes) if self._places[shape] is None}
        self._odd = [n for n, each in enumerate(self._shapes) if each in odd] if odd else []

    def _read(self, first: int, last: int, offset_us: int, columns: Columns) -> int:
        """Read lines up to ``last``, exclusive, or to an odd one; return which that is."""
        lines, places = self._lines[first:last], self._places
        try:
            stamps = [int(line[1:11] + line[12:18]) + offset_us for line in lines]
        except ValueError:
            # Letters in a stamp: look for the line that has them.
            half = (first + last) // 2
            return self._read(first, half, offset_us, columns) if half > first else first
        found = [places[shape] for shape in self._shapes[first:last]]
        texts = [line[place.can_id] for line, place in zip(lines, found, strict=True) if place]
        for text in set(texts) - self._idents.keys():
            self._idents[text] = self._ident(text)
        idents = [*map(self._idents.__getitem__, texts)]
        count = idents.index(_ODD) if _ODD in idents else len(idents)
        row, kept = columns.frames, columns.kept
        for number in [at for at, ident in enumerate(idents[:count]) if ident != _NOBODYS]:
            line, place = lines[number], found[number]
            assert place is not None
            channel = self._wanted.channel(line[place.channel].decode("latin-1"))
            data = bytes.fromhex(line[place.data].decode("ascii"))
            columns.put(kept, row + number, idents[number], channel, data)
            kept += 1
        columns.stamps_us[row : row + count] = array("q", stamps[:count])
        columns.counts[0], columns.counts[1] = row + count, kept
        return first + count

    def _ident(self, text: bytes) -> int:
        """Return an identifier's index, that it is nobody's, or that it is none."""
        can_id, extended = int(text, 16), len(text) > _STANDARD_DIGITS
        if can_id > (EXTENDED_ID_MAX if extended else STANDARD_ID_MAX):
            return _ODD
        return self._wanted.index.get((can_id, extended), _NOBODYS)
