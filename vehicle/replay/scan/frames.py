"""Columns made of frames: the way for every format that no kernel reads by itself.

Knows: how a reader's frames fill columns. Refuses to know: formats and kernels.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable

from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.scan.columns import Columns, Wanted
from vehicle.wire.frame import Frame


def columns_of(
    frames: Iterable[tuple[int, Frame]], wanted: Wanted
) -> Generator[Columns, None, None]:
    """Yield the frames as columns; the same ``Columns`` each time, so use it up at once.

    Raises: what reading raises, after the frames before it were handed over.
    """
    columns = Columns(wanted)
    try:
        for stamp_us, frame in frames:
            columns.add(stamp_us, frame)
            if columns.full:
                yield columns
                columns.clear()
    except ReadingError:
        if columns.frames:
            yield columns
        raise
    if columns.frames:
        yield columns
