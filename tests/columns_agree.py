"""Compares what columns hold with what the frame reader yields, for one file and one kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.readers.tally import ReadReport
from vehicle.replay.recording import Break, Recording, open_recording
from vehicle.replay.scan.columns import Wanted
from vehicle.replay.scan.kernels import Kernel, Scan, installed
from vehicle.wire.frame import Frame

every_kernel = pytest.mark.parametrize("kernel", installed(), ids=lambda kernel: kernel.name)

Seen = tuple[list[tuple[int, int, bool, bytes, str]], list[int], ReadReport]
"""Wanted frames with their times, the times of all breaks, and the report."""


def by_frame(recording: Recording, ids: set[tuple[int, bool]]) -> Seen:
    data, breaks = [], []
    for now_us, item in recording:
        if not isinstance(item, Frame):
            breaks.append(now_us)
        elif (item.can_id, item.extended) in ids and not item.remote and not item.error:
            data.append((now_us, item.can_id, item.extended, item.data, item.channel))
    return data, breaks, recording.report


def by_columns(recording: Recording, ids: set[tuple[int, bool]], kernel: Kernel) -> Seen:
    data, breaks = [], []
    for item in recording.columns(Scan(kernel, Wanted(sorted(ids)))):
        if isinstance(item, Break):
            breaks.append(item.now_us)
            continue
        columns = item.columns
        for kept in range(item.first, item.last):
            can_id, payload, channel, extended, *_ = columns.frame(kept)
            now_us = columns.stamps_us[columns.rows[kept]]
            data.append((now_us, can_id, extended, payload, channel))
    return data, breaks, recording.report


def agree(path: Path, kernel: Kernel, *, half: bool = False) -> None:
    """Fail unless both ways find the same in a file, or refuse it alike."""
    try:
        recording = open_recording([path])
        frames = [item for _, item in recording if isinstance(item, Frame)]
    except ReadingError as error:
        with pytest.raises(type(error)):
            list(open_recording([path]).columns(Scan(kernel, Wanted(()))))
        return
    # An error frame may have any identifier, also one that nobody can want.
    ids = sorted({(frame.can_id, frame.extended) for frame in frames if not frame.error})
    wanted = set(ids[::2] if half else ids)
    assert by_columns(recording, wanted, kernel) == by_frame(recording, wanted)
