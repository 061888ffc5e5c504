"""Columns hold what the frame reader yields: every format, whole, damaged, cut and gzipped."""

from __future__ import annotations

import gzip
import random
from dataclasses import replace
from pathlib import Path

import pytest
from columns_agree import agree, every_kernel
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samples import SAMPLES, Sample

from vehicle.replay.scan.kernels import Kernel


@every_kernel
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file_name)
def test_every_format_gives_the_same_columns_as_frames(
    sample: Sample, kernel: Kernel, tmp_path: Path
) -> None:
    path = tmp_path / sample.file_name
    path.write_bytes(sample.content)
    agree(path, kernel)
    path.write_bytes(gzip.compress(sample.content))
    agree(path, kernel, half=True)


@pytest.mark.whole
@every_kernel
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file_name)
def test_every_format_agrees_with_bytes_flipped_cut_and_put_in(
    sample: Sample, kernel: Kernel, tmp_path: Path
) -> None:
    dice = random.Random(sample.file_name)
    path = tmp_path / sample.file_name
    for _ in range(12):
        content = bytearray(sample.content * dice.choice((1, 3)))
        for _ in range(dice.randrange(1, 6)):
            place = dice.randrange(len(content))
            what = dice.randrange(4)
            if what == 0:
                content[place] ^= 1 << dice.randrange(8)
            elif what == 1:
                del content[place : place + dice.choice((1, 1, 7, 300))]
            elif what == 2:
                content[place:place] = dice.choice((b"\n", b"\r", b" ", b"0", b"\0", b"F#"))
            else:
                content[place:] = b""
            if not content:
                break
        path.write_bytes(content)
        agree(path, kernel, half=True)


def candump_lines() -> st.SearchStrategy[str]:
    """Lines as candump writes them, and others that are nearly so."""
    stamps = st.one_of(
        st.builds("{:010}.{:06}".format, st.integers(0, 3), st.integers(0, 999_999)),
        st.builds("17000000{:02}.{:06}".format, st.integers(0, 99), st.integers(0, 999_999)),
        st.sampled_from(("0.0", "5.", "5", "1.1234567", "1.12345", "123456789012.5", "x.000000")),
        st.sampled_from(("1700000000.00000a", "170000000:.000001", "9999999999999.000000")),
    )
    spaces = st.sampled_from((" ",) * 9 + ("  ", "\t", ""))
    channels = st.sampled_from(
        ("can0", "can0", "can1", "vcan12", "c", "n" * 70, "c\xe4n", "sieben7")
    )
    ids = st.sampled_from(
        ("123", "7FF", "7ff", "800", "0A5", "18DAF110", "1fffffff", "20000123", "40000123", "0123")
    )
    bodies = st.one_of(
        st.integers(0, 9).map(lambda count: "#" + "A5" * count),
        st.integers(0, 17).map(lambda count: "#" + "0f1E2" * 4 + "0"[:0] * count),
        st.sampled_from(
            ("#R", "#R8", "##111", "##1" + "22" * 12, "##1" + "22" * 13, "##0" + "ab" * 64)
        ),
        st.sampled_from(("#1", "#1G", "#112233 T", "#11 R", "#11 X", "#1122_3", "#11  ", "#", "")),
    )
    ends = st.sampled_from(("\n",) * 12 + ("\r\n", "\r", "\n\n", " \n", "\r\r\n", "\0\n"))
    return st.builds("({}){}{}{}{}{}{}".format, stamps, spaces, channels, spaces, ids, bodies, ends)


@pytest.mark.whole
@every_kernel
@settings(max_examples=150, deadline=None)
@given(lines=st.lists(candump_lines(), min_size=1, max_size=40), cut=st.integers(0, 12))
@example(lines=["(0000000001.000001) can0 123#1122\n"] * 30, cut=1)
@example(lines=["(0000000001.000001) can0 123#1122\n", "(1.0) can0 123#R\n"] * 3, cut=1)
def test_candump_lines_of_every_kind_agree(
    kernel: Kernel, lines: list[str], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = "(0000000000.000000) can0 123#00\n" + "".join(lines)
    path = tmp_path_factory.getbasetemp() / f"lines-{kernel.name}.log"
    path.write_bytes(content.encode("latin-1")[: -cut or None])
    agree(path, kernel, half=True)


@every_kernel
def test_blocks_of_every_length_agree(kernel: Kernel, tmp_path: Path) -> None:
    """Wherever a block ends: in a line, between its two line ends, in front of a long line."""
    line = b"(1700000000.%06d) can0 123#1122334455667788\r\n"
    content = b"".join(line % number for number in range(40)) + b"x" * 70_000 + b"\n" + line % 41
    path = tmp_path / "blocks.log"
    path.write_bytes(content)
    for size in (1, 7, 50, 51, 52, 511, 512, 513, 70_000):
        agree(path, replace(kernel, block_bytes=size))


@every_kernel
def test_lines_that_end_with_a_carriage_return_alone_agree_behind_others(
    kernel: Kernel, tmp_path: Path
) -> None:
    """More of them than a line may be long, and not one with a line feed."""
    line = b"(1700000000.%06d) can0 123#1122334455667788"
    path = tmp_path / "returns.log"
    for returns in (10, 3_000):
        alone = b"".join(line % number + b"\r" for number in range(returns))
        path.write_bytes(line % 0 + b"\n" + alone)
        agree(path, kernel)
