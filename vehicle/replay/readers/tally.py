"""Counts what a reader had to leave out, and where.

Knows: causes, counts, and the first few positions of each cause.
Refuses to know: formats, and whether a loss matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from vehicle.core.record import record

POSITIONS_MAX = 5
"""Positions kept per cause. Enough to look at, and bounded however broken a file is."""


@record
class Skipped:
    """One cause of loss: how often, and the first positions as "file:line" or "file:offset"."""

    count: int
    positions: tuple[str, ...]


@record
class ReadReport:
    """What one pass over a recording found. Complete once the iteration has ended."""

    frames_read: int = 0
    frames_skipped: Mapping[str, Skipped] = field(default_factory=dict)
    """Cause -> count and positions. A piece that is lost whole counts once: a line, a container."""
    clamped: int = 0
    """Frames whose stamp stood up to 1 s before its predecessor's and was raised to it."""
    segments: int = 0
    """Stretches of unbroken time; 1 more than the ``NewSegment`` markers, 0 without frames."""
    duration_us: int = 0
    """The last frame's ``now_us``."""
    formats: Mapping[str, str] = field(default_factory=dict)
    """Path -> the format found in it."""

    @property
    def skipped_count(self) -> int:
        """How many pieces were skipped, over all causes."""
        return sum(skipped.count for skipped in self.frames_skipped.values())


class Tally:
    """Collects skipped pieces, and how far it got, during one pass."""

    def __init__(self) -> None:
        self.bytes_read = 0
        """Bytes of the files taken in so far, as they lie on the disk."""
        self._counts: dict[str, int] = {}
        self._positions: dict[str, list[str]] = {}

    def skip(self, cause: str, path: Path, position: int | str, count: int = 1) -> None:
        """Count ``count`` pieces lost to ``cause`` at a line number or byte offset of ``path``."""
        self._counts[cause] = self._counts.get(cause, 0) + count
        positions = self._positions.setdefault(cause, [])
        if len(positions) < POSITIONS_MAX:
            positions.append(f"{path}:{position}")

    def skipped(self) -> dict[str, Skipped]:
        """Return cause -> count and positions, in the order the causes were first met."""
        return {
            cause: Skipped(count, tuple(self._positions[cause]))
            for cause, count in self._counts.items()
        }

    def summary(self) -> str:
        """Return all causes on one line, or "nothing was skipped"."""
        return (
            ", ".join(
                f"{skipped.count} x {cause} (first at {skipped.positions[0]})"
                for cause, skipped in self.skipped().items()
            )
            or "nothing was skipped"
        )
