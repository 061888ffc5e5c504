"""BLF files by columns and by frames: every kind of object, every fault in it, every split."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

import pytest
from blf_maker import (
    EXTENDED,
    STAMP_10_US,
    STAMP_NS,
    blf_object,
    can_body,
    can_error_body,
    can_fd_64_body,
    can_fd_body,
    container,
    header,
)
from columns_agree import agree, every_kernel
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vehicle.replay.readers import inflate
from vehicle.replay.scan.kernels import Kernel, choose

ids = st.sampled_from(
    (0x123, 0x123, 0x7FF, 0x800, 0x123 | EXTENDED, 0x18DAF110 | EXTENDED, 0x20000123, 0xE0000123)
)
payloads = st.integers(0, 8).map(lambda count: bytes(range(count)))
long_payloads = st.sampled_from((0, 1, 8, 9, 12, 20, 33, 48, 63, 64)).map(lambda n: bytes([n]) * n)
channels = st.sampled_from((1, 1, 1, 2, 9, 0xFFFF))
stamps = st.one_of(st.integers(0, 5_000_000_000), st.sampled_from((1 << 61, (1 << 64) - 1)))
units = st.sampled_from((STAMP_NS, STAMP_NS, STAMP_10_US, 0))


def bodies() -> st.SearchStrategy[tuple[int, bytes]]:
    """Object kinds with bodies that belong to them."""
    return st.one_of(
        st.builds(
            lambda kind, *fields: (kind, can_body(*fields)),
            st.sampled_from((1, 86)),
            ids,
            payloads,
            channels,
            st.sampled_from((0, 0, 1, 0x80)),
        ),
        st.builds(
            lambda *fields: (100, can_fd_body(*fields)),
            ids,
            long_payloads,
            channels,
            st.sampled_from((0, 0x80)),
            st.sampled_from((0, 1, 1, 3)),
        ),
        st.builds(
            lambda *fields: (101, can_fd_64_body(*fields)),
            ids,
            long_payloads,
            st.sampled_from((0, 0x10, 0x1000, 0x1000, 0x1010)),
            st.integers(0, 64),
            st.sampled_from((0, 0, 1, 71, 72, 80, 140, 255)),
        ),
        st.builds(lambda *fields: (73, can_error_body(*fields)), ids, payloads),
        st.just((96, b"LOBJ, which a marker's text may well say")),
    )


@st.composite
def objects(draw: st.DrawFn) -> bytes:
    """One object, most often as it should be; else with one field overwritten or its end cut."""
    kind, body = draw(bodies())
    version = draw(st.sampled_from((1, 1, 1, 2)))
    cut = draw(st.sampled_from((0,) * 9 + (1, 4, 8, 20)))
    body = body[: max(0, len(body) - cut)]
    made = bytearray(blf_object(kind, body, draw(stamps), draw(units), version))
    fault = draw(st.integers(0, 30))
    if fault == 0:
        struct.pack_into("<L", made, 8, draw(st.sampled_from((0, 15, 31, 40, 60, 1025, 1 << 25))))
    elif fault == 1:
        struct.pack_into("<H", made, 4, draw(st.sampled_from((0, 16, 31, 36, 200))))
    elif fault == 2:
        made[draw(st.integers(0, len(made) - 1))] ^= 1 << draw(st.integers(0, 7))
    elif fault == 3:
        made += b"\0" * draw(st.integers(1, 5))
    elif fault == 4:
        struct.pack_into("<B", made, min(35, len(made) - 1), 15)
    return bytes(made)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A BLF file: objects in containers of any size, or in none, with damage here and there."""
    plain = blf_object(1, can_body(0x123, b"\1"), 0)
    plain += b"".join(draw(st.lists(objects(), min_size=1, max_size=30)))
    content = header(draw(st.integers(0, 31)))
    size = draw(st.sampled_from((7, 48, 100, 1_000, 1 << 17)))
    method = draw(st.sampled_from((2, 2, 2, 0, 9, None)))
    for start in range(0, len(plain), size):
        piece = plain[start : start + size]
        made = piece if method is None else container(piece, method)
        if draw(st.integers(0, 15)) == 0:
            broken = bytearray(made)
            broken[draw(st.integers(0, len(broken) - 1))] ^= 1 << draw(st.integers(0, 7))
            made = bytes(broken)
        content += made
    return content[: len(content) - draw(st.sampled_from((0, 0, 0, 1, 9, 50)))]


def is_a_recording(content: bytes) -> bytes:
    """Put a frame first that can be read, so that the rest is looked at in any case."""
    first = container(blf_object(1, can_body(0x123, b"\1"), 0))
    return content[:144] + first + content[144:]


@pytest.mark.whole
@every_kernel
@settings(max_examples=40, deadline=None)
@given(content=files().map(is_a_recording))
@example(content=header(1) + container(blf_object(1, can_body(0x123, b""), 0)[:-1]))
def test_whatever_a_blf_file_holds_columns_and_frames_agree(
    kernel: Kernel, content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any-{kernel.name}.blf"
    path.write_bytes(content)
    agree(path, kernel)
    agree(path, kernel, half=True)


@pytest.mark.whole
@every_kernel
def test_a_blf_file_of_more_frames_than_columns_hold_agrees(kernel: Kernel, tmp_path: Path) -> None:
    made = [
        blf_object(1, can_body(index % 7, bytes([index & 0xFF])), 1_000 * index)
        for index in range(40_000)
    ]
    plain = b"".join(made)
    pieces = [container(plain[at : at + 100_000]) for at in range(0, len(plain), 100_000)]
    path = tmp_path / "many.blf"
    path.write_bytes(header(40_000) + b"".join(pieces))
    agree(path, kernel, half=True)


@every_kernel
def test_a_container_larger_than_is_inflated_at_once_agrees(kernel: Kernel, tmp_path: Path) -> None:
    frames = b"".join(blf_object(1, can_body(0x123, b"\5"), 1_000 * index) for index in range(500))
    plain = frames + blf_object(96, bytes(2 * inflate.WHOLE_BYTES_MAX), 0) + frames
    path = tmp_path / "large.blf"
    path.write_bytes(header(1_001) + container(plain))
    agree(path, kernel)


def test_a_stream_is_inflated_whole_or_not_at_all() -> None:
    packed = zlib.compress(b"abc" * 1_000)
    assert inflate.inflate_whole(packed + b"behind") == (b"abc" * 1_000, b"behind")
    assert inflate.inflate_whole(packed[:-1]) is None
    assert inflate.inflate_whole(packed[:10] + b"\xff" + packed[11:]) is None
    assert inflate.inflate_whole(zlib.compress(bytes(inflate.WHOLE_BYTES_MAX + 1))) is None


def test_zlib_inflates_where_nothing_quicker_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    inflate._quickest.cache_clear()
    try:
        assert inflate._quickest() is zlib
        test_a_stream_is_inflated_whole_or_not_at_all()
    finally:
        inflate._quickest.cache_clear()


@settings(max_examples=80, deadline=None)
@given(
    runs=st.lists(
        st.tuples(st.integers(1, 9), st.builds(can_body, ids, payloads, channels), stamps, units),
        min_size=1,
        max_size=6,
    ),
    cut=st.integers(0, 60),
)
def test_runs_of_equally_long_messages_agree_with_numpy(
    runs: list[tuple[int, bytes, int, int]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However short they are, and whatever stands between them."""
    numpy_objects = pytest.importorskip("vehicle.replay.scan.numpy_objects")
    inside = b"".join(
        blf_object(1, body, min(stamp + number, (1 << 64) - 1), unit)
        for count, body, stamp, unit in runs
        for number in range(count)
    )
    path = tmp_path_factory.getbasetemp() / "runs.blf"
    path.write_bytes(header(0) + container(inside[: -cut or None]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_objects, "RUN_MIN", 1)
        agree(path, choose("numpy"), half=True)
