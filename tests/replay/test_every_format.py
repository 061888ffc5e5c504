"""Every format: read whole, gzipped, cut at every byte, with bytes flipped."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import SAMPLES, TEXT_SAMPLES, Sample

from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.recording import NewSegment, open_recording
from vehicle.wire.frame import Frame

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file_name)


def frames_of(path: Path) -> list[tuple[int, Frame]]:
    return [(now, item) for now, item in open_recording([path]) if isinstance(item, Frame)]


def frames_or_refusal(path: Path) -> list[tuple[int, Frame]]:
    """The frames, or none where the file is refused; time never runs back."""
    last = 0
    found = []
    try:
        for now_us, item in open_recording([path]):
            assert now_us >= last
            last = now_us
            if not isinstance(item, NewSegment):
                found.append((now_us, item))
    except ReadingError as error:
        if "\n" in str(error):
            pytest.fail(f"more than one line: {error}")
    return found


@every_sample
def test_every_frame_is_read_with_its_time_and_nothing_is_skipped(
    sample: Sample, tmp_path: Path
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.content)
    recording = open_recording([path])
    assert tuple(recording) == sample.frames
    assert recording.epoch_us == sample.epoch_us
    report = recording.report
    assert report.frames_skipped == {}
    assert report.frames_read == len(sample.frames)
    assert (report.clamped, report.segments) == (0, 1)
    assert report.duration_us == sample.frames[-1][0]
    assert report.formats == {str(path): sample.format}


@every_sample
def test_the_extension_does_not_matter_and_gzip_is_seen_through(
    sample: Sample, tmp_path: Path
) -> None:
    path = tmp_path / "recording.bin"
    path.write_bytes(gzip.compress(sample.content))
    recording = open_recording([path])
    assert tuple(recording) == sample.frames
    assert recording.report.formats == {str(path): f"{sample.format} (gzip)"}
    assert recording.report.frames_skipped == {}


@pytest.mark.parametrize("sample", TEXT_SAMPLES, ids=lambda sample: sample.file_name)
def test_windows_line_ends_change_nothing(sample: Sample, tmp_path: Path) -> None:
    unix = sample.content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    path = tmp_path / sample.file_name
    for line_end in (b"\n", b"\r\n", b"\r"):
        path.write_bytes(unix.replace(b"\n", line_end))
        assert tuple(frames_of(path)) == sample.frames


@pytest.mark.whole
@every_sample
def test_a_cut_at_any_byte_loses_no_earlier_frame_and_invents_none(
    sample: Sample, tmp_path: Path
) -> None:
    path = tmp_path / sample.file_name
    most = 0
    for cut in range(len(sample.content)):
        path.write_bytes(sample.content[:cut])
        found = frames_or_refusal(path)
        assert tuple(found) == sample.frames[: len(found)]
        assert len(found) >= most
        most = len(found)
    assert most >= len(sample.frames) - 1


@pytest.mark.parametrize("sample", TEXT_SAMPLES, ids=lambda sample: sample.file_name)
def test_a_cut_line_is_counted_with_its_place(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.content + b"(0.5) can0 123#11")
    recording = open_recording([path])
    assert tuple(recording) == sample.frames
    (cause,) = recording.report.frames_skipped
    assert cause == "cut: the last line has no line end"
    lines = len(sample.content.splitlines())
    assert recording.report.frames_skipped[cause].positions == (f"{path}:{lines + 1}",)


@pytest.mark.parametrize("sample", TEXT_SAMPLES, ids=lambda sample: sample.file_name)
def test_a_line_of_garbage_costs_that_line_only(sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / sample.file_name
    ends = b"\r" if b"\n" not in sample.content else b"\n"
    path.write_bytes(sample.content + b"~garbage~" + ends)
    recording = open_recording([path])
    assert tuple(recording) == sample.frames
    assert recording.report.skipped_count == 1


@pytest.mark.whole
@every_sample
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=8),
    zipped=st.booleans(),
)
def test_flipped_bytes_raise_nothing_but_a_named_error(
    sample: Sample, tmp_path: Path, flips: list[tuple[int, int]], zipped: bool
) -> None:
    content = bytearray(gzip.compress(sample.content) if zipped else sample.content)
    for place, mask in flips:
        content[place % len(content)] ^= mask
    path = tmp_path / sample.file_name
    path.write_bytes(content)
    frames_or_refusal(path)


@pytest.mark.whole
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(content=st.binary(min_size=1, max_size=400))
def test_any_bytes_are_read_or_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise"
    path.write_bytes(content)
    with pytest.raises(ReadingError):
        frames_of(path)
