"""MF4: groups merged, damage named, and every other kind of measurement refused."""

from __future__ import annotations

import builtins
import gzip
import logging
import warnings
from pathlib import Path
from typing import Any

import can
import numpy as np
import pytest
from asammdf import MDF, Signal

from vehicle.replay.readers import mf4
from vehicle.replay.readers.errors import (
    MissingAsammdfError,
    NoCanFramesError,
    NoFramesError,
    ReadingError,
)
from vehicle.replay.recording import open_recording
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


def test_groups_are_merged_in_time_order_whatever_is_asked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_mf4(tmp_path / "a.mf4")
    assert ids(path) == list(range(FRAMES))
    monkeypatch.setattr(mf4, "RECORDS_AT_ONCE", 7)
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
    real_import = builtins.__import__

    def without_asammdf(name: str, *rest: Any) -> Any:
        if name.startswith("asammdf"):
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_asammdf)
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
    assert not logging.getLogger("asammdf").disabled


def test_one_bad_record_costs_itself_and_growing_strides_find_the_good_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_mf4(tmp_path / "a.mf4")
    real_rows = mf4._rows

    def rows(mdf: Any, index: int, kind: str, offset: int, count: int, start_ns: int) -> Any:
        bad = range(100, 103)
        if kind == "CAN_DataFrame" and any(n in bad for n in range(offset, offset + count)):
            raise mf4._DamagedError("made for this test")
        return real_rows(mdf, index, kind, offset, count, start_ns)

    monkeypatch.setattr(mf4, "_rows", rows)
    recording = open_recording([path])
    list(recording)
    report = recording.report
    assert report.frames_read == FRAMES - 3
    assert report.frames_skipped["damaged MF4 record"].count == 3
    first = report.frames_skipped["damaged MF4 record"].positions[0]
    assert first == f"{path}:group 0, record 100"


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
