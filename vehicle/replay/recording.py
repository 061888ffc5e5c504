"""One recording out of one or several files: frames in time order, on one clock.

Knows: stamps, how files are merged, and when time has broken.
Refuses to know: grammars (``readers``), and what a frame means.

Clock
-----
``now_us`` is microseconds since the first frame of the recording; parts of a microsecond are cut
off each stamp (MF4: rounded) before the difference is taken. It never decreases:

- A stamp up to 1 s before the latest one is raised to it, and counted.
- A stamp further back, or more than a day ahead, begins a new segment. ``now_us`` goes on from
  where it stood: the new segment's first frame has the same ``now_us`` as the last one's last.
  A ``NewSegment`` with that same ``now_us`` comes before it. What was known is unknown from
  there on: nobody can tell how much time the break hides.

Several files
-------------
They are one recording in order of their stamps; where stamps are equal, in the order given. A
stamp from 1990 on is wall-clock time, one before that counts from when a logger was started. Files
of one kind share their clock, so the pieces of a recording that was cut come one after the other.
Files of both kinds have no clock in common: the earliest frame of each kind is taken to be at the
same time, and ``epoch_us`` is None.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from vehicle.core.record import record
from vehicle.replay.readers.errors import NoFramesError
from vehicle.replay.readers.fields import epoch_us
from vehicle.replay.readers.formats import RecordingFile, identify
from vehicle.replay.readers.lines import Stamped
from vehicle.replay.readers.tally import ReadReport, Tally
from vehicle.replay.scan.clock import AHEAD_US_MAX, CLAMP_US_MAX, Clock
from vehicle.replay.scan.columns import Columns
from vehicle.replay.scan.frames import columns_of
from vehicle.replay.scan.kernels import Scan
from vehicle.wire.frame import Frame

WALL_CLOCK_US_MIN = epoch_us(1990, 1, 1)
"""Stamps from here on are wall-clock time: no logger counts twenty years of uptime."""


@record
class NewSegment:
    """Time broke here: everything is unknown until it is heard again."""

    step_us: int
    """How far the recorded clock jumped: negative for back."""


Item = Frame | NewSegment


class Stretch(NamedTuple):
    """Frames in a row without a break in time, as columns on the recording's clock."""

    columns: Columns
    first: int
    """The first of the columns' wanted frames that belongs to it."""
    last: int
    """The first behind it."""
    now_us: int
    """The time of its last frame, wanted or not."""
    frames: int
    """How many frames it has, wanted or not."""


class Break(NamedTuple):
    """A break in time between two stretches."""

    now_us: int
    segment: NewSegment


class Recording:
    """A readable recording. Each ``iter()`` reads it from the start and renews ``report``."""

    def __init__(self, files: Sequence[RecordingFile], first_us: Sequence[int]) -> None:
        """Take files and the stamps of their first frames; ``open_recording`` finds both."""
        self._files = tuple(files)
        self._first_us = tuple(first_us)
        self._absolute = min(first_us) >= WALL_CLOCK_US_MIN
        self._base_us = tuple(_base_us(each_us, first_us) for each_us in first_us)
        self._report = ReadReport(formats=self._formats())
        self._tally = Tally()

    @property
    def epoch_us(self) -> int | None:
        """Wall-clock microseconds since 1970 at ``now_us`` 0, where the files tell it."""
        return min(self._first_us) if self._absolute else None

    @property
    def begins_us(self) -> dict[Path, int]:
        """File -> the ``now_us`` of its first frame."""
        return {
            file.path: first_us - base_us
            for file, first_us, base_us in zip(
                self._files, self._first_us, self._base_us, strict=True
            )
        }

    @property
    def size_bytes(self) -> int:
        """The size of all files, as they lie on the disk."""
        return sum(file.path.stat().st_size for file in self._files)

    @property
    def bytes_read(self) -> int:
        """How much of ``size_bytes`` the latest iteration has taken in so far."""
        return self._tally.bytes_read

    @property
    def report(self) -> ReadReport:
        """What the latest iteration read and left out; complete once it has ended."""
        return self._report

    def __iter__(self) -> Generator[tuple[int, Item], None, None]:
        tally = self._tally = Tally()
        frames = clamped = segments = 0
        last_us = now_us = 0
        try:
            with closing(self._merged(tally)) as merged:
                for stamp_us, frame in merged:
                    step_us = stamp_us - last_us
                    if segments == 0:
                        segments = 1
                        last_us = stamp_us
                    elif step_us < -CLAMP_US_MAX or step_us > AHEAD_US_MAX:
                        segments += 1
                        last_us = stamp_us
                        yield now_us, NewSegment(step_us)
                    elif step_us < 0:
                        clamped += 1
                    else:
                        now_us += step_us
                        last_us = stamp_us
                    frames += 1
                    yield now_us, frame
        finally:
            self._report = ReadReport(
                frames, tally.skipped(), clamped, segments, now_us, self._formats()
            )

    def columns(
        self, scan: Scan, shift_us: int = 0, *, live: bool = False
    ) -> Generator[Stretch | Break, None, None]:
        """Read it from the start as columns, with the same clock and the same report as ``iter()``.

        Use each stretch up before asking for the next: they share their columns.

        Args:
            scan: what is wanted of it, and the kernel.
            shift_us: added to every time that is handed out.
            live: its clock never breaks ahead: a jump is time that passed, and no ``Break``.
        """
        tally = self._tally = Tally()
        clock = Clock(shift_us)
        frames = segments = 0
        try:
            with closing(self._scanned(scan, tally)) as blocks:
                for columns in blocks:
                    if segments == 0:
                        segments = 1
                        clock.begin(columns.stamps_us[0])
                    row = first = 0
                    while True:
                        end = scan.kernel.clock(columns, row, clock.state)
                        last = bisect_left(columns.rows, end, first, columns.kept)
                        frames += end - row
                        if end > row:
                            yield Stretch(columns, first, last, clock.shifted_us, end - row)
                        if end == columns.frames:
                            break
                        row, first = end, last
                        segments += 1
                        step_us = clock.begin(columns.stamps_us[row])
                        if live and step_us > 0:
                            clock.shift(step_us)
                        else:
                            yield Break(clock.shifted_us, NewSegment(step_us))
        finally:
            self._report = ReadReport(
                frames, tally.skipped(), clock.clamped, segments, clock.now_us, self._formats()
            )

    def _merged(self, tally: Tally) -> Generator[Stamped, None, None]:
        with ExitStack() as stack:
            streams: list[Iterator[Stamped]] = []
            mixed = len(set(self._base_us)) > 1
            for file, base_us in zip(self._files, self._base_us, strict=True):
                frames = stack.enter_context(closing(file.frames(tally)))
                streams.append(_shifted(frames, base_us) if mixed else frames)
            # A merge of one costs as much as the reading.
            yield from streams[0] if len(streams) == 1 else heapq.merge(*streams, key=itemgetter(0))

    def _scanned(self, scan: Scan, tally: Tally) -> Generator[Columns, None, None]:
        if len(self._files) == 1 and (columns := self._files[0].columns) is not None:
            return columns(self._files[0].path, tally, scan)
        return columns_of(self._merged(tally), scan.wanted)

    def _formats(self) -> dict[str, str]:
        return {str(file.path): file.format for file in self._files}


def open_recording(paths: Sequence[Path]) -> Recording:
    """Return the recording that ``paths`` make up; see the module docstring for their order.

    Reads each file up to its first frame, to learn the format and the clock.

    Raises: a ReadingError naming the file: missing, unreadable, empty, of unknown format, a
    git-lfs pointer, without time stamps, without a single usable frame, or MF4 without asammdf.
    """
    if not paths:
        raise NoFramesError("no recording", "no file was named", "name at least one")
    files = [identify(Path(path)) for path in paths]
    return Recording(files, [_first_stamp_us(file) for file in files])


def _first_stamp_us(file: RecordingFile) -> int:
    tally = Tally()
    with closing(file.frames(tally)) as frames:
        first = next(frames, None)
    if first is None:
        raise NoFramesError(
            file.path,
            f"is {file.format}, but not one frame of it can be used: {tally.summary()}",
            "record it again, or check where it was cut",
        )
    return first[0]


def _base_us(stamp_us: int, first_us: Sequence[int]) -> int:
    """Return the earliest of ``first_us`` that is on the same clock as ``stamp_us``."""
    wall_clock = stamp_us >= WALL_CLOCK_US_MIN
    return min(each for each in first_us if (each >= WALL_CLOCK_US_MIN) is wall_clock)


def _shifted(frames: Iterator[Stamped], base_us: int) -> Iterator[Stamped]:
    for stamp_us, frame in frames:
        yield stamp_us - base_us, frame
