"""Files written by python-can, an implementation that is not ours, in every format it writes."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import can
import pytest

from vehicle.replay.recording import open_recording
from vehicle.wire.frame import FD_LENGTHS, Frame

EPOCH_S = 1_700_000_000


def messages(fd: bool, remote: bool, error: bool) -> list[can.Message]:
    chance = random.Random(11)
    found = []
    for index in range(200):
        extended = chance.random() < 0.3
        kind = chance.random()
        is_fd = fd and kind < 0.3
        length = chance.choice(FD_LENGTHS) if is_fd else chance.randrange(9)
        is_remote = remote and 0.3 <= kind < 0.4
        is_error = error and 0.4 <= kind < 0.45
        found.append(
            can.Message(
                # Quarter milliseconds are exact in a float of this size.
                timestamp=EPOCH_S + index * 0.00025,
                arbitration_id=0 if is_error else chance.getrandbits(29 if extended else 11),
                is_extended_id=extended and not is_error,
                is_remote_frame=is_remote,
                is_error_frame=is_error,
                is_fd=is_fd,
                dlc=0 if is_remote or is_error else length,
                data=b"" if is_remote or is_error else chance.randbytes(length),
                channel=0,
            )
        )
    return found


WRITERS: tuple[tuple[str, type, bool, bool, bool], ...] = (
    # name, writer, writes FD, remote, error frames
    ("a.log", can.CanutilsLogWriter, True, True, True),
    ("a.asc", can.ASCWriter, True, True, True),
    ("a.blf", can.BLFWriter, True, True, True),
    ("a.csv", can.CSVWriter, True, True, False),
    ("a.trc", can.TRCWriter, False, False, False),
    ("a.mf4", can.MF4Writer, True, True, True),
)


@pytest.mark.parametrize(("name", "writer", "fd", "remote", "error"), WRITERS, ids=lambda v: str(v))
def test_a_file_of_another_writer_gives_its_frames(
    name: str, writer: type, fd: bool, remote: bool, error: bool, tmp_path: Path
) -> None:
    written = messages(fd, remote, error)
    path = tmp_path / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with writer(path) as log:
            for message in written:
                log.on_message_received(message)
    recording = open_recording([path])
    items = list(recording)
    assert recording.report.frames_skipped == {}
    assert len(items) == len(written)
    for (now_us, frame), message in zip(items, written, strict=True):
        assert isinstance(frame, Frame)
        assert abs(now_us - round((message.timestamp - EPOCH_S) * 1e6)) <= 1
        assert frame.error == message.is_error_frame
        if frame.error:
            continue
        assert (frame.can_id, frame.data) == (message.arbitration_id, bytes(message.data))
        assert (frame.extended, frame.remote) == (message.is_extended_id, message.is_remote_frame)
        # python-can's CSV has no column for it.
        assert frame.fd == (message.is_fd if name != "a.csv" else len(frame.data) > 8)
