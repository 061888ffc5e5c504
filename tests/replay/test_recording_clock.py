"""One clock out of stamps that jitter, break and come from several files; and every refusal."""

from __future__ import annotations

import gzip
import pickle
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vehicle.replay.readers.errors import (
    EmptyFileError,
    LfsPointerError,
    MissingFileError,
    NoFramesError,
    NoTimeStampsError,
    ReadingError,
    UnknownFormatError,
    UnreadableFileError,
)
from vehicle.replay.recording import NewSegment, open_recording
from vehicle.wire.frame import Frame

SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = 1_700_000_000 * SECOND


def write_log(path: Path, stamps_us: list[int], can_id: int = 0x123) -> Path:
    lines = [
        f"({stamp // SECOND}.{stamp % SECOND:06d}) can0 {can_id:03X}#{index:08X}\n"
        for index, stamp in enumerate(stamps_us)
    ]
    path.write_text("".join(lines))
    return path


def test_a_step_back_of_up_to_a_second_is_clamped_and_counted(tmp_path: Path) -> None:
    path = write_log(tmp_path / "a.log", [10 * SECOND, 11 * SECOND, 10 * SECOND, 11 * SECOND + 1])
    recording = open_recording([path])
    assert [now for now, _ in recording] == [0, SECOND, SECOND, SECOND + 1]
    assert (recording.report.clamped, recording.report.segments) == (1, 1)


def test_steps_back_are_measured_from_the_latest_stamp_so_they_cannot_add_up(
    tmp_path: Path,
) -> None:
    stamps = [10_000_000, 9_500_000, 9_000_000, 8_999_999]
    recording = open_recording([write_log(tmp_path / "a.log", stamps)])
    items = list(recording)
    assert items[3] == (0, NewSegment(-1_000_001))
    assert (recording.report.clamped, recording.report.segments) == (2, 2)


@pytest.mark.parametrize("step", [-SECOND - 1, DAY + 1])
def test_a_break_in_time_begins_a_segment_and_the_clock_goes_on_from_where_it_stood(
    step: int, tmp_path: Path
) -> None:
    first = [EPOCH, EPOCH + 5]
    second = [EPOCH + 5 + step, EPOCH + 5 + step + 7]
    recording = open_recording([write_log(tmp_path / "a.log", first + second)])
    items = list(recording)
    assert [now for now, _ in items] == [0, 5, 5, 5, 12]
    assert items[2][1] == NewSegment(step)
    assert recording.report.segments == 2
    assert recording.report.duration_us == 12
    assert recording.report.frames_read == 4


@pytest.mark.parametrize("step", [-SECOND, DAY])
def test_the_limits_themselves_are_no_break(step: int, tmp_path: Path) -> None:
    recording = open_recording([write_log(tmp_path / "a.log", [EPOCH, EPOCH + step])])
    list(recording)
    assert recording.report.segments == 1


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(0, 3 * DAY), min_size=1, max_size=30))
def test_time_never_decreases_and_no_frame_is_lost(tmp_path: Path, stamps: list[int]) -> None:
    path = write_log(tmp_path / "a.log", stamps)
    recording = open_recording([path])
    items = list(recording)
    assert all(earlier[0] <= later[0] for earlier, later in pairwise(items))
    frames = [item for _, item in items if isinstance(item, Frame)]
    assert [int.from_bytes(frame.data) for frame in frames] == list(range(len(stamps)))
    markers = len(items) - len(frames)
    assert recording.report.segments == markers + 1
    assert recording.report.frames_read == len(stamps)
    assert list(recording) == items, "a second pass gives the same"


def test_files_with_wall_clock_stamps_are_one_recording_in_order_of_stamps(tmp_path: Path) -> None:
    first = write_log(tmp_path / "a.log", [EPOCH + 10, EPOCH + 30], 0x100)
    second = write_log(tmp_path / "b.log", [EPOCH, EPOCH + 10, EPOCH + 20], 0x200)
    recording = open_recording([first, second])
    assert recording.epoch_us == EPOCH
    found = [(now, item.can_id) for now, item in recording if isinstance(item, Frame)]
    assert found == [(0, 0x200), (10, 0x100), (10, 0x200), (20, 0x200), (30, 0x100)]
    assert recording.report.formats == {str(first): "candump", str(second): "candump"}


@pytest.mark.parametrize("names", [("a.log", "b.log"), ("b.log", "a.log")])
def test_the_pieces_of_a_recording_whose_time_begins_at_zero_follow_each_other(
    names: tuple[str, str], tmp_path: Path
) -> None:
    write_log(tmp_path / "a.log", [0, 10, 20], 0x100)
    write_log(tmp_path / "b.log", [30, 40], 0x200)
    recording = open_recording([tmp_path / name for name in names])
    found = [(now, item.can_id) for now, item in recording if isinstance(item, Frame)]
    assert found == [(0, 0x100), (10, 0x100), (20, 0x100), (30, 0x200), (40, 0x200)]
    assert recording.begins_us == {tmp_path / "a.log": 0, tmp_path / "b.log": 30}
    assert recording.epoch_us is None


def test_files_with_and_without_wall_clock_begin_together(tmp_path: Path) -> None:
    first = write_log(tmp_path / "a.log", [EPOCH, EPOCH + 20], 0x100)
    second = write_log(tmp_path / "b.log", [500, 510], 0x200)
    third = write_log(tmp_path / "c.log", [515], 0x300)
    recording = open_recording([first, second, third])
    assert recording.epoch_us is None
    found = [(now, item.can_id) for now, item in recording if isinstance(item, Frame)]
    assert found == [(0, 0x100), (0, 0x200), (10, 0x200), (15, 0x300), (20, 0x100)]
    assert recording.begins_us == {first: 0, second: 0, third: 15}


def test_the_report_of_a_pass_that_was_left_early_says_what_was_read(tmp_path: Path) -> None:
    recording = open_recording([write_log(tmp_path / "a.log", [0, 10, 20])])
    assert recording.report.frames_read == 0
    frames = iter(recording)
    next(frames)
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert (recording.report.frames_read, recording.report.duration_us) == (2, 10)


def test_only_the_first_five_positions_of_a_cause_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("(0.0) can0 123#\n" + "rubbish\n" * 8 + "(0.1) can0 123#112\n")
    recording = open_recording([path])
    list(recording)
    skipped = recording.report.frames_skipped
    assert skipped["line not understood"].count == 8
    assert skipped["line not understood"].positions == tuple(f"{path}:{n}" for n in range(2, 7))
    assert skipped["damaged value"].positions == (f"{path}:10",)
    assert recording.report.skipped_count == 9


def test_an_id_or_a_length_that_can_does_not_have_is_counted_by_cause(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text(
        "(0.0) can0 123#11\n(0.1) can0 800#11\n(0.2) can0 FFF#R\n"
        "(0.3) can0 123#112233445566778899\n(0.4) can0 123##0112233445566778899\n"
        "(0.5) can0 20000001#112233445566778899\n"
    )
    recording = open_recording([path])
    list(recording)
    counts = {cause: skip.count for cause, skip in recording.report.frames_skipped.items()}
    assert counts == {"id out of range": 2, "not a length that a CAN frame can have": 3}


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:30\nsize 1048600\n"

REFUSED: tuple[tuple[str, bytes, type[ReadingError], str], ...] = (
    ("empty.log", b"", EmptyFileError, "is empty; record or copy it again"),
    ("empty.log.gz", gzip.compress(b""), EmptyFileError, "holds no bytes once inflated"),
    ("pointer.blf", LFS, LfsPointerError, "is a git-lfs pointer, not the recording; run `git lfs"),
    ("pointer.asc.gz", gzip.compress(LFS), LfsPointerError, "is a git-lfs pointer"),
    ("noise.asc", b"\x00\xffnoise\nof all kinds\n", UnknownFormatError, r"begins with b'\x00\xffn"),
    ("car-scanner.csv", b"SECONDS;PID;VALUE\n1;2;3\n", UnknownFormatError, "SECONDS;PID"),
    ("generic.csv", b"ID,Data Bytes\n21A,FE 36 \n", NoTimeStampsError, "which has no time stamps"),
    ("header.asc", b"date Tue Nov 14 22:13:20 2023\nbase hex\n", NoFramesError, "Vector ASC, but"),
    ("rubbish.trc", b";$FILEVERSION=2.1\nrubbish\n", NoFramesError, "1 x line not understood"),
    ("one.log", b"(0.0) can0 123#11", NoFramesError, "cut: the last line has no line end"),
    ("header.csv", b"Time Stamp,ID,Extended,Bus,LEN,D1\n", NoFramesError, "GVRET CSV, but not one"),
    ("odd.csv", b"Time Stamp,ID,What\n1,2,3\n", NoFramesError, "1 x line not understood"),
    ("old.mf4", b"MDF     3.30    " + b"\0" * 64, UnknownFormatError, "no format that is known"),
)


@pytest.mark.parametrize(("name", "content", "error", "words"), REFUSED, ids=lambda value: "")
def test_a_refusal_says_what_where_and_what_to_do_on_one_line(
    name: str, content: bytes, error: type[ReadingError], words: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        open_recording([path])
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert words in message
    assert "; " in message
    assert "\n" not in message


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="there is no such file; check the path"):
        open_recording([tmp_path / "nowhere.log"])
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        open_recording([tmp_path])


def test_naming_no_file_is_refused() -> None:
    with pytest.raises(NoFramesError, match="no file was named"):
        open_recording([])


def test_an_error_survives_the_way_between_processes(tmp_path: Path) -> None:
    error = MissingFileError(tmp_path / "a.log", "there is no such file", "check the path")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is MissingFileError
    assert str(copy) == str(error)


def test_frames_that_begin_late_in_the_file_are_found(tmp_path: Path) -> None:
    path = tmp_path / "boot.log"
    path.write_text("boot message\n" * 500 + "(400.36) RX0 7B [2] 7B 40\n")
    recording = open_recording([path])
    assert [item for _, item in recording] == [Frame(0x7B, b"\x7b\x40", "0")]
    assert recording.report.skipped_count == 500


def test_a_line_longer_than_any_recording_has_is_counted_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "zeros.log"
    path.write_bytes(b"(0.0) can0 123#11\n" + bytes(200_000) + b"\n(1.0) can0 123#12\n")
    recording = open_recording([path])
    assert [now for now, _ in recording] == [0, SECOND]
    counts = {cause: skip.count for cause, skip in recording.report.frames_skipped.items()}
    assert counts == {"line too long": 3, "line not understood": 1}


def test_the_progress_of_a_pass_ends_at_the_size_of_the_files(tmp_path: Path) -> None:
    paths = [write_log(tmp_path / name, [0, 10, 20]) for name in ("a.log", "b.log")]
    recording = open_recording(paths)
    assert recording.bytes_read == 0
    list(recording)
    assert recording.bytes_read == recording.size_bytes == 2 * paths[0].stat().st_size


def test_a_peak_length_code_above_fifteen_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.trc"
    path.write_text(
        ";$FILEVERSION=1.1\n     1)      1.0  Rx         0300  1  00\n"
        "     2)      2.0  Rx         0300  16  00\n     3)      2.0  Rx         0300  x  00\n"
    )
    recording = open_recording([path])
    list(recording)
    counts = {cause: skip.count for cause, skip in recording.report.frames_skipped.items()}
    assert counts == {"not a length that a CAN frame can have": 1, "line not understood": 1}
