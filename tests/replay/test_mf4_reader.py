"""MF4: groups merged, damage named, and every other kind of measurement refused."""

from __future__ import annotations

import gzip
import heapq
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from operator import itemgetter
from pathlib import Path

import can
import numpy as np
import pytest
from asammdf import MDF, Signal
from columns_agree import agree, every_kernel
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import LOGS, needs_recordings

from vehicle.replay.readers import mf4, mf4_process
from vehicle.replay.readers.errors import (
    MissingAsammdfError,
    NoCanFramesError,
    NoFramesError,
    ReaderDiedError,
    ReadingError,
)
from vehicle.replay.readers.mf4_rows import Rows, merged
from vehicle.replay.readers.mf4_talk import batch_of
from vehicle.replay.recording import open_recording
from vehicle.replay.scan.kernels import Kernel, installed
from vehicle.wire.frame import Frame

EPOCH_S = 1_700_000_000
FRAMES = 300


def write_mf4(path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with can.MF4Writer(path) as writer:
            for index in range(FRAMES):
                writer.on_message_received(
                    can.Message(
                        timestamp=EPOCH_S + index * 0.00025,
                        arbitration_id=index,
                        is_extended_id=False,
                        is_remote_frame=index % 10 == 3,
                        data=b"" if index % 10 == 3 else bytes([index % 256] * 8),
                        channel=1,
                    )
                )
    return path


def ids(path: Path) -> list[int]:
    return [item.can_id for _, item in open_recording([path]) if isinstance(item, Frame)]


def test_groups_are_merged_in_time_order(tmp_path: Path) -> None:
    path = write_mf4(tmp_path / "a.mf4")
    assert ids(path) == list(range(FRAMES))
    zipped = tmp_path / "a.mf4.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    assert ids(zipped) == list(range(FRAMES))


def test_a_remote_frame_has_no_payload(tmp_path: Path) -> None:
    path = write_mf4(tmp_path / "a.mf4")
    frames = [item for _, item in open_recording([path])]
    assert frames[3] == Frame(3, b"", "1", remote=True)
    assert frames[4] == Frame(4, b"\4" * 8, "1")


def signals(path: Path, group: str, field: str) -> Path:
    """A measurement with one group of one bus's frames, or of anything else."""
    samples = np.rec.fromarrays([np.array([1, 2])], names=[field])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with MDF(version="4.10") as measurement:
            measurement.append(Signal(samples, np.array([0.0, 1.0]), name=group))
            measurement.save(path, overwrite=True)
    return path


def test_a_measurement_of_another_bus_is_named(tmp_path: Path) -> None:
    path = signals(tmp_path / "lin.mf4", "LIN_Frame", "LIN_Frame.ID")
    with pytest.raises(NoCanFramesError, match="without CAN frames: it holds only LIN frames"):
        open_recording([path])


def test_a_measurement_without_raw_frames_is_named(tmp_path: Path) -> None:
    path = signals(tmp_path / "speed.mf4", "Speed", "Speed.Value")
    with pytest.raises(NoCanFramesError, match="holds no frames"):
        open_recording([path])


def test_missing_asammdf_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_mf4(tmp_path / "a.mf4")
    monkeypatch.setitem(sys.modules, "asammdf", None)
    with pytest.raises(MissingAsammdfError, match=r"pip install chargelock\[mf4\]"):
        open_recording([path])


def test_a_file_that_asammdf_cannot_open_is_named_without_a_word_on_stderr(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mf4"
    content = write_mf4(path).read_bytes()
    path.write_bytes(content[:200])
    with pytest.raises(NoFramesError, match="asammdf cannot open"):
        open_recording([path])
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("error", [ValueError, MemoryError, SystemError])
def test_one_bad_record_costs_itself_and_growing_strides_find_the_good_ones(
    error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where what fails is code in C (SystemError), as with a damaged length of a payload."""
    measurement = mf4_process.Measurement(write_mf4(tmp_path / "a.mf4"), writable=False)
    real_read = measurement.read

    def read(index: int, kind: str, offset: int, count: int, where: str) -> Rows:
        bad = range(100, 103)
        if kind == "CAN_DataFrame" and any(n in bad for n in range(offset, offset + count)):
            raise error("made for this test")
        return real_read(index, kind, offset, count, where)

    monkeypatch.setattr(measurement, "read", read)
    with closing(measurement):
        stamps = [batch_of(parts).stamps_us for parts in measurement.batches(None, 50)]
    assert sum(map(len, stamps)) == FRAMES - 3
    assert {(cause, count) for cause, _, count in measurement.skips} == {
        ("damaged MF4 record", 1),
        ("damaged MF4 record", 2),
    }
    assert measurement.skips[0][1] == "group 0, record 100"


@settings(max_examples=100, deadline=None)
@given(
    groups=st.lists(st.lists(st.integers(0, 12), max_size=14), min_size=1, max_size=4),
    size=st.integers(1, 6),
)
def test_whatever_is_read_at_once_the_order_is_that_of_a_merge(
    groups: list[list[int]], size: int
) -> None:
    """By the latest stamp so far of each group; where that is equal, in the groups' order."""
    stamped = [
        [(max(group[: at + 1]), 100 * number + at) for at in range(len(group))]
        for number, group in enumerate(groups)
    ]

    def pieces(group: list[tuple[int, int]]) -> Iterator[Rows]:
        for first in range(0, len(group), size):
            keys, ids = np.array(group[first : first + size], np.int64).T
            data = np.zeros((len(ids), 1 + len(group) % 3), np.uint8)
            yield Rows(keys, keys, ids, ids, ids, ids, data)

    found = [row for rows in merged([*map(pieces, stamped)]) for row in rows.ids.tolist()]
    expected = heapq.merge(*stamped, key=itemgetter(0))
    assert found == [row for _, row in expected]


def test_a_process_that_dies_is_named_and_the_next_file_gets_another(tmp_path: Path) -> None:
    path = write_mf4(tmp_path / "a.mf4")
    recording = open_recording([path])
    reader = mf4._idle[-1]
    frames = iter(recording)
    next(frames)
    reader._process.kill()
    with pytest.raises(ReaderDiedError, match=r"a\.mf4: ended the process that read it \(exit"):
        list(frames)
    assert reader not in mf4._idle
    assert ids(path) == list(range(FRAMES))


def test_a_process_is_lent_again_once_a_file_is_read_left_or_refused(tmp_path: Path) -> None:
    path = write_mf4(tmp_path / "a.mf4")
    assert ids(path) == list(range(FRAMES))
    reader = mf4._idle[-1]
    frames = iter(open_recording([path]))
    next(frames)
    assert reader not in mf4._idle
    frames.close()
    with pytest.raises(NoCanFramesError):
        open_recording([signals(tmp_path / "speed.mf4", "Speed", "Speed.Value")])
    assert mf4._idle[-1] is reader


def test_more_memory_than_a_file_of_its_size_needs_is_refused_to_the_process() -> None:
    """Whatever a damaged file has asammdf ask for."""
    script = (
        "from vehicle.replay.readers import mf4_limits, mf4_process\n"
        "mf4_limits.limit_memory(1_000)\n"
        "kept = bytearray(mf4_limits.SPARE_BYTES // 2)\n"
        "try:\n"
        "    bytearray(2 * mf4_limits.SPARE_BYTES)\n"
        "except MemoryError as error:\n"
        "    print(mf4_process._words(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True
    )
    assert "it asks for more memory than any file of its size needs: " in done.stdout


def test_a_process_that_goes_round_in_circles_is_ended_and_that_is_said(tmp_path: Path) -> None:
    script = (
        "from vehicle.replay.readers import mf4_limits\n"
        "mf4_limits.SPARE_S = 0\n"
        "mf4_limits.limit_time(1_000)\n"
        "while True:\n"
        "    pass\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGXCPU
    path = write_mf4(tmp_path / "a.mf4")
    recording = open_recording([path])
    reader = mf4._idle[-1]
    frames = iter(recording)
    next(frames)
    reader._process.send_signal(signal.SIGXCPU)
    with pytest.raises(ReaderDiedError, match="it takes more time than any file of its size"):
        list(frames)


def test_a_frame_that_can_does_not_have_is_counted(tmp_path: Path) -> None:
    samples = np.rec.fromarrays(
        [
            np.array([0x25D, 0x8000_0001, 0x7FFF], dtype="<u4"),
            np.array([1, 1, 1], dtype="u1"),
            np.array([[7], [8], [9]], dtype="u1"),
        ],
        dtype=[
            ("CAN_DataFrame.ID", "<u4"),
            ("CAN_DataFrame.DataLength", "u1"),
            ("CAN_DataFrame.DataBytes", "u1", (1,)),
        ],
    )
    path = tmp_path / "a.mf4"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with MDF(version="4.10") as measurement:
            measurement.append(Signal(samples, np.array([0.0, 0.1, 0.2]), name="CAN_DataFrame"))
            measurement.save(path, overwrite=True)
    recording = open_recording([path])
    frames = [item for _, item in recording]
    assert frames == [Frame(0x25D, b"\7"), Frame(1, b"\x08", extended=True)]
    assert list(recording.report.frames_skipped) == ["id out of range"]


@pytest.mark.parametrize("block", [b"##DG", b"##DZ"])
def test_an_unfinalised_file_with_a_damaged_block_is_named_without_a_word_on_stdout(
    block: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """asammdf prints a traceback there, and lets an UnboundLocalError through."""
    content = bytearray(write_mf4(tmp_path / "a.mf4").read_bytes())
    content[:8] = b"UnFinMF "
    content[60:62] = b"\x04\x00"
    assert block in content
    path = tmp_path / "b.mf4"
    path.write_bytes(content.replace(block, b"##XX"))
    with pytest.raises(NoFramesError, match="asammdf cannot open"):
        open_recording([path])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bytes_raise_nothing_but_a_named_error(seed: int, tmp_path: Path) -> None:
    content = bytearray(write_mf4(tmp_path / "a.mf4").read_bytes())
    for place in range(seed * 97 + 64, len(content), 1_511):
        content[place] ^= 1 << seed % 8
    path = tmp_path / "b.mf4"
    path.write_bytes(content)
    try:
        found = ids(path)
    except ReadingError:
        found = []
    assert len(found) <= FRAMES


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_cut_file_gives_a_beginning_or_is_named(share: float, tmp_path: Path) -> None:
    path = write_mf4(tmp_path / "a.mf4")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    try:
        found = ids(path)
    except ReadingError:
        found = []
    assert set(found) <= set(range(FRAMES))


@every_kernel
def test_columns_hold_what_the_frames_are(kernel: Kernel, tmp_path: Path) -> None:
    """Remote frames among them, and more than fit into one batch."""
    path = write_mf4(tmp_path / "a.mf4")
    agree(path, kernel)
    agree(path, replace(kernel, room=7), half=True)


@needs_recordings
@pytest.mark.parametrize("path", sorted(LOGS.glob("formats/css-mf4/*.MF4")), ids=lambda p: p.name)
def test_columns_of_every_recorded_mf4_hold_what_its_frames_are(path: Path) -> None:
    agree(path, installed()[0], half=True)
