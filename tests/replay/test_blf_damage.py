"""Damaged BLF files: a bad piece costs that piece, and the header's promise is held against it."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from blf_maker import blf_object, can_body, container, header

from vehicle.replay.readers.tally import ReadReport
from vehicle.replay.recording import open_recording
from vehicle.wire.frame import Frame


def item(index: int) -> bytes:
    return blf_object(1, can_body(index, bytes([index] * 8)), index * 1_000_000)


def items(*indices: int) -> bytes:
    return b"".join(item(index) for index in indices)


def read(path: Path, content: bytes) -> tuple[list[int], ReadReport]:
    path.write_bytes(content)
    recording = open_recording([path])
    found = [frame.can_id for _, frame in recording if isinstance(frame, Frame)]
    return found, recording.report


def causes(report: ReadReport) -> dict[str, int]:
    return {cause: skipped.count for cause, skipped in report.frames_skipped.items()}


def test_a_cut_blf_container_is_named_and_its_whole_frames_are_used(tmp_path: Path) -> None:
    path = tmp_path / "a.blf"
    # Incompressible payloads, so that half of the bytes hold half of the frames.
    plain = b"".join(
        blf_object(1, can_body(index, zlib.compress(bytes([index]))[:8]), index * 1_000_000)
        for index in range(200)
    )
    whole = header(200) + container(plain)
    found, report = read(path, whole[: len(whole) // 2])
    assert found == list(range(len(found)))
    assert 50 < len(found) < 150
    assert causes(report) == {
        "cut container": 1,
        f"cut: holds {len(found)} of 200 frames the header promises": 200 - len(found),
    }
    assert report.frames_skipped["cut container"].positions == (f"{path}:144",)


def test_a_file_that_holds_more_than_its_header_promises_is_no_loss(tmp_path: Path) -> None:
    found, report = read(tmp_path / "a.blf", header(0) + container(items(1, 2)))
    assert (found, causes(report)) == ([1, 2], {})


def test_objects_that_are_no_frames_are_called_objects_where_some_are_missing(
    tmp_path: Path,
) -> None:
    marker = blf_object(96, b"marker", 0)
    _, report = read(tmp_path / "a.blf", header(5) + container(items(1) + marker))
    assert causes(report) == {"cut: holds 2 of 5 objects the header promises": 3}


def test_a_damaged_container_costs_itself_and_the_walk_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.blf"
    bad = bytearray(container(items(3, 4)))
    bad[34] ^= 0xFF
    content = header(6) + container(items(1, 2)) + bytes(bad) + container(items(5, 6))
    found, report = read(path, content)
    assert found == [1, 2, 5, 6]
    assert causes(report) == {
        "damaged container": 1,
        "cut: holds 4 of 6 frames the header promises": 2,
    }


def test_an_object_that_spans_a_damaged_container_is_lost_and_the_next_is_found(
    tmp_path: Path,
) -> None:
    plain = items(*range(1, 10))
    parts = [container(plain[start : start + 100]) for start in range(0, len(plain), 100)]
    bad = bytearray(parts[1])
    bad[40] ^= 0xFF
    parts[1] = bytes(bad)
    found, report = read(tmp_path / "a.blf", header(9) + b"".join(parts))
    assert found[:2] == [1, 2]
    assert found[-4:] == [6, 7, 8, 9]
    assert "damaged container" in causes(report)


def test_a_container_whose_size_is_too_large_does_not_swallow_the_next(tmp_path: Path) -> None:
    content = header(4) + container(items(1, 2), size_lie=60) + container(items(3, 4))
    found, report = read(tmp_path / "a.blf", content)
    assert (found, causes(report)) == ([1, 2, 3, 4], {})


def test_a_container_whose_size_is_too_small_costs_what_it_cuts_off(tmp_path: Path) -> None:
    content = header(4) + container(items(1, 2), size_lie=-8) + container(items(3, 4))
    found, report = read(tmp_path / "a.blf", content)
    assert found[-2:] == [3, 4]
    assert causes(report)["damaged container"] == 1


def test_a_size_of_zero_never_loops(tmp_path: Path) -> None:
    zero = struct.pack("<4sHHLL", b"LOBJ", 16, 1, 0, 10)
    zero_inside = struct.pack("<4sHHLL", b"LOBJ", 32, 1, 0, 1)
    content = header(2) + zero + container(items(1) + zero_inside + items(2))
    found, report = read(tmp_path / "a.blf", content)
    assert found == [1, 2]
    assert causes(report) == {"damaged container": 1, "damaged object": 1}


def test_rubbish_between_containers_and_an_unknown_method_are_counted(tmp_path: Path) -> None:
    strange = container(items(3), method=7)
    content = header(2) + container(items(1)) + b"rubbish of any length" + strange
    content += container(items(2)) + b"the end"
    found, report = read(tmp_path / "a.blf", content)
    assert found == [1, 2]
    assert causes(report) == {
        "bytes that are no object": 2,
        "container of an unknown compression method": 1,
    }


def test_a_damaged_header_is_counted_and_the_frames_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.blf"
    found, report = read(path, b"X" + header(2)[1:] + container(items(1, 2)))
    assert (found, causes(report)) == ([1, 2], {"damaged file header": 1})
    found, report = read(path, container(items(1, 2)))
    assert (found, causes(report)) == ([1, 2], {"damaged file header": 1})
    found, report = read(path, header(2, (2023, 13, 2, 41, 0, 0, 0, 0)) + container(items(1, 2)))
    assert (found, causes(report)) == ([1, 2], {"damaged file header": 1})
    assert open_recording([path]).epoch_us is None


def test_a_file_without_start_date_has_no_epoch(tmp_path: Path) -> None:
    path = tmp_path / "a.blf"
    found, report = read(path, header(2, (0,) * 8) + container(items(1, 2)))
    assert (found, causes(report)) == ([1, 2], {})
    assert open_recording([path]).epoch_us is None


def test_an_object_whose_size_lies_does_not_hide_those_within_it(tmp_path: Path) -> None:
    path = tmp_path / "a.blf"
    liar = bytearray(blf_object(96, b"marker!!", 0))
    for size in (80, 5_000, 1 << 20, 1 << 30):
        struct.pack_into("<L", liar, 8, size)
        found, report = read(path, header(0) + container(items(1) + bytes(liar) + items(2, 3, 4)))
        assert found == [1, 2, 3, 4]
        assert report.skipped_count == 1


def test_a_frame_object_too_small_for_its_fields_or_with_wrong_ones_is_counted(
    tmp_path: Path,
) -> None:
    small = blf_object(1, b"\1\2\3\4", 0)
    wide_id = blf_object(1, can_body(0x7FFF, b""), 0)
    content = header(4) + container(items(1) + small + wide_id + items(2))
    found, report = read(tmp_path / "a.blf", content)
    assert found == [1, 2]
    assert causes(report) == {"damaged object": 1, "id out of range": 1}


def test_a_cut_object_outside_containers_is_counted(tmp_path: Path) -> None:
    content = header(0) + items(1, 2)
    found, report = read(tmp_path / "a.blf", content[:-5])
    assert (found, causes(report)) == ([1], {"bytes that are no object": 1})


def test_a_cut_plain_container_gives_its_whole_objects(tmp_path: Path) -> None:
    content = header(0) + container(items(1, 2), method=0)
    found, report = read(tmp_path / "a.blf", content[:-5])
    assert found == [1]
    assert causes(report) == {"cut container": 1, "cut: the last object is not whole": 1}
    found, report = read(tmp_path / "a.blf", content + content[144:150])
    assert (found, causes(report)) == ([1, 2], {})
    found, report = read(tmp_path / "a.blf", content + content[144:170])
    assert (found, causes(report)) == ([1, 2], {"cut container": 1})


def test_a_long_run_of_rubbish_is_passed_over_piece_by_piece(tmp_path: Path) -> None:
    content = header(2) + container(items(1)) + bytes(300_000) + container(items(2))
    found, report = read(tmp_path / "a.blf", content)
    assert found == [1, 2]
    assert causes(report) == {"bytes that are no object": 1}
