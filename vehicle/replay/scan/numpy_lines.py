"""The lines of a text recording with NumPy: a block at a time, all its lines side by side.

Knows: how the lines of a block come into columns, a stretch between two odd ones at a time.
Refuses to know: what a line says (``numpy_shapes``), and every layout but candump's.

Importing this imports NumPy (extra ``replay``).
"""

from __future__ import annotations

import numpy as np

from vehicle.replay.scan.columns import Columns, Wanted
from vehicle.replay.scan.lines import LineLayout, Ordinary
from vehicle.replay.scan.numpy_shapes import NO_LINES, Array, BlockLines, Lines, Shape
from vehicle.wire.frame import PAYLOAD_BYTES, STANDARD_ID_MAX

SHAPES_MAX = 16
"""Shapes tried on a block; more than any car has buses. What is left is odd."""

KEPT_BYTES = 24 << 20
"""Memory that the allocator is to keep at hand; more than a block's arrays need together."""

_LAYOUTS = frozenset({LineLayout.CANDUMP})


class NumpyLines:
    """The scanner of text lines with NumPy."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        # glibc gives what was freed back to the kernel, until something so large was freed: then
        # it keeps as much. Else each array of each block is of fresh pages: a third of the work.
        np.empty(KEPT_BYTES, np.uint8)
        self._standard = np.frombuffer(wanted.standard, np.int32)
        self._extended_ids = np.array(wanted.extended_ids, np.int64)
        self._extended_index = np.array(wanted.extended_index, np.int32)
        self._shapes: list[Shape] = []
        self._block = b""
        self._lines = NO_LINES

    def scan(
        self, ordinary: Ordinary, block: bytes, position: int, columns: Columns
    ) -> tuple[int, int]:
        """See ``LineScanner``."""
        if ordinary.layout not in _LAYOUTS:
            return position, 0
        lines = self._lines
        if block is not self._block:
            self._block = block
            lines = self._lines = self._read(block, position)
        first = int(np.searchsorted(lines.starts, position))
        if first == len(lines.starts) or lines.starts[first] != position:
            return position, 0
        stop = int(np.searchsorted(lines.odd, first))
        last = int(lines.odd[stop]) if stop < len(lines.odd) else len(lines.starts)
        last = min(last, first + columns.room - columns.frames)
        if last == first:
            return position, 0
        self._deliver(lines, first, last, ordinary.offset_us, columns)
        return int(lines.ends[last - 1]), last - first

    def _deliver(
        self, lines: Lines, first: int, last: int, offset_us: int, columns: Columns
    ) -> None:
        """Put the frames of some lines into the columns."""
        frames, kept = columns.frames, columns.kept
        low, high = (int(each) for each in np.searchsorted(lines.kept, (first, last)))
        count = high - low
        stamps = np.frombuffer(columns.stamps_us, np.int64)
        stamps[frames : frames + last - first] = lines.stamps_us[first:last] + offset_us
        into = slice(kept, kept + count)
        rows = lines.kept[low:high] - first + frames
        np.frombuffer(columns.rows, np.int32)[into] = rows
        np.frombuffer(columns.idents, np.int32)[into] = lines.idents[low:high]
        np.frombuffer(columns.channels, np.int32)[into] = lines.channels[low:high]
        np.frombuffer(columns.lengths, np.int32)[into] = lines.lengths[low:high]
        payloads = np.frombuffer(columns.payloads, np.uint8).reshape(-1, PAYLOAD_BYTES)
        payloads[into] = lines.payloads[low:high]
        columns.counts[0] = frames + last - first
        columns.counts[1] = kept + count

    def _read(self, block: bytes, position: int) -> Lines:
        """Read all lines of a block from ``position`` on."""
        block_lines = BlockLines(block, position, self._idents)
        left = np.arange(len(block_lines.starts))
        for shape in self._shapes:
            left = block_lines.fit(shape, self._wanted, left)
        for line in left[:SHAPES_MAX].tolist():
            new = block_lines.shape_of(line)
            if new is not None and new not in self._shapes:
                self._shapes = [*self._shapes[-SHAPES_MAX + 1 :], new]
                left = block_lines.fit(new, self._wanted, left)
        return block_lines.lines(left)

    def _idents(self, can_ids: Array, extended: Array) -> Array:
        """Return the index of each identifier, -1 for those that nobody wants."""
        found = self._standard[np.minimum(can_ids, STANDARD_ID_MAX)].copy()
        if extended.any():
            found[extended] = -1
            if len(self._extended_ids):
                ids = can_ids[extended]
                at = np.searchsorted(self._extended_ids, ids)
                at = np.minimum(at, len(self._extended_ids) - 1)
                same = self._extended_ids[at] == ids
                found[extended] = np.where(same, self._extended_index[at], -1)
        return found
