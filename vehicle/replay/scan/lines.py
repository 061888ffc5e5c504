"""What a kernel must know to read the ordinary lines of a text recording.

Knows: the names of the layouts that kernels read, and their numbers.
Refuses to know: what a format's other lines look like; its own parser reads those.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from vehicle.core.record import record
from vehicle.replay.scan.columns import Columns


class LineLayout(IntEnum):
    """A layout of ordinary lines."""

    CANDUMP = 0
    """``(seconds.micros) channel ID#DATA``"""
    ASC = 1
    """``seconds channel ID[x] Rx d length DATA``, base hex."""
    GVRET = 2
    """``stamp,ID,extended,[direction,]bus,length,DATA``; ``columns``: "d" with a direction."""
    PEAK = 3
    """Words; ``columns`` names them as ``readers.peak`` does."""


@record
class Ordinary:
    """How the ordinary lines of a file look, from here on."""

    layout: LineLayout
    offset_us: int = 0
    """Added to each line's own time."""
    scale_us: int = 1
    """GVRET: microseconds per unit of time."""
    columns: str = ""
    """What is in a line, where that differs from file to file: ASCII, up to 15 letters."""


class LineScanner(Protocol):
    """A kernel's reader of lines, for one file."""

    def scan(
        self, ordinary: Ordinary, block: bytes, position: int, columns: Columns
    ) -> tuple[int, int]:
        r"""Read ordinary lines of ``block`` from ``position`` on into ``columns``.

        Returns the position behind the last line read, and how many were read. It stops where the
        block ends, where the columns are full, and before a line that it does not surely read as
        the format's parser does; so also before one that has no line end (\n or \r\n).
        """
