"""Deflate streams that are whole, cut, damaged, joined or padded."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from vehicle.replay.readers.inflate import GZIP_WINDOW, ZLIB_WINDOW, Inflater
from vehicle.replay.recording import open_recording

LINES = "".join(f"({n}.0) can0 123#{random.Random(n).getrandbits(64):016X}\n" for n in range(9_000))
PLAIN = LINES.encode()
ZIPPED = gzip.compress(PLAIN, mtime=0)


def inflate(
    data: bytes, window: int = GZIP_WINDOW, pieces: int = 1 << 16
) -> tuple[bytes, Inflater]:
    inflater = Inflater(window)
    out = b""
    for start in range(0, len(data), pieces):
        out += b"".join(inflater.feed(data[start : start + pieces]))
    return out, inflater


@given(st.binary(max_size=3_000), st.integers(1, 500), st.binary(max_size=50))
def test_a_stream_inflates_whatever_the_pieces_and_the_rest_is_kept(
    plain: bytes, pieces: int, rest: bytes
) -> None:
    out, inflater = inflate(zlib.compress(plain) + rest, ZLIB_WINDOW, pieces)
    assert (out, inflater.ended, inflater.error, inflater.rest) == (plain, True, "", rest)


@given(st.integers(0, len(ZIPPED) - 1))
def test_a_cut_stream_gives_a_beginning_of_the_plain_bytes(cut: int) -> None:
    out, inflater = inflate(ZIPPED[:cut])
    assert PLAIN.startswith(out)
    assert not inflater.ended
    assert len(out) > (cut / len(ZIPPED) - 0.5) * len(PLAIN)


@given(st.integers(20, len(ZIPPED) - 1), st.integers(1, 255))
def test_a_damaged_stream_gives_what_lies_before_the_damage(place: int, mask: int) -> None:
    damaged = bytearray(ZIPPED)
    damaged[place] ^= mask
    out, _ = inflate(bytes(damaged))
    whole, _ = inflate(ZIPPED[:place])
    assert out.startswith(whole)


def test_a_stream_that_inflates_a_thousandfold_comes_in_bounded_pieces() -> None:
    bomb = zlib.compress(bytes(10_000_000))
    pieces = list(Inflater(ZLIB_WINDOW).feed(bomb))
    assert sum(map(len, pieces)) == 10_000_000
    assert max(map(len, pieces)) <= 1 << 18


def skipped(path: Path, content: bytes) -> tuple[int, list[str]]:
    path.write_bytes(content)
    recording = open_recording([path])
    list(recording)
    return recording.report.frames_read, list(recording.report.frames_skipped)


def test_the_loss_in_a_gzipped_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    assert skipped(path, ZIPPED) == (9_000, [])
    assert skipped(path, ZIPPED + bytes(512)) == (9_000, [])
    assert skipped(path, ZIPPED + b"x") == (9_000, ["bytes after the end of the gzip stream"])
    assert skipped(path, ZIPPED + ZIPPED)[0] == 18_000
    count, causes = skipped(path, ZIPPED[:-20])
    assert 8_900 < count < 9_000
    assert causes == ["gzip stream is cut", "cut: the last line has no line end"]
    wrong_checksum = bytearray(ZIPPED)
    wrong_checksum[-8] ^= 1
    count, causes = skipped(path, bytes(wrong_checksum))
    assert count == 9_000
    assert causes[0].startswith("gzip stream is damaged (")


def test_the_lines_of_two_members_count_on(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    both = gzip.compress(b"(0.0) can0 123#11\n") + gzip.compress(b"rubbish\n(1.0) can0 123#12\n")
    path.write_bytes(both)
    recording = open_recording([path])
    assert [now for now, _ in recording] == [0, 1_000_000]
    assert recording.report.frames_skipped["line not understood"].positions == (f"{path}:2",)
