"""ASC, GVRET and TRC lines of every kind: what a kernel reads is what the format's parser reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_columns_agree import agree

from vehicle.replay.readers.formats import identify, text_formats
from vehicle.replay.readers.lines import OrdinaryParser
from vehicle.replay.readers.tally import Tally
from vehicle.replay.scan.columns import Columns, Wanted
from vehicle.replay.scan.kernels import Kernel, installed

every_kernel = pytest.mark.parametrize("kernel", installed(), ids=lambda kernel: kernel.name)

Parts = st.SearchStrategy[str]


def among(usual: str, *others: str) -> Parts:
    """Mostly the usual one."""
    return st.sampled_from((usual,) * (2 * len(others) + 1) + others)


def digits(count_max: int) -> Parts:
    return st.integers(0, 10**count_max - 1).map(str)


IDS = among("25D", "7FF", "800", "0", "18DAF110", "1fffffff", "20000000", "FFFFFFFF", "123456789")
GAPS = among(" ", "  ", "\t", "", " " * 30, "   ")
ENDS = among("\n", "\r\n", "\r", "\n\n", " \n", "\t\n", "\r\r\n", "\0\n", " 00 11\n", " x=1\n", "")
BYTES = st.lists(among("A5", "0f", "00", "5", "", "G0", "0x12", "123", "RTR"), max_size=10)


def asc_lines() -> Parts:
    data = BYTES.map(" ".join)
    length = among("8", "0", "1", "2", "9", "F", "08", "f", "", "x")
    return st.builds(
        "{0}{1}.{2}{0}{3}{0}{4}{5}{0}{6}{0}{7} {8} {9}{10}".format,
        GAPS,
        digits(3),
        among("099455", "1", "000001", "1234567", ""),
        among("1", "2", "12", "CANFD 1", "10000", "x"),
        IDS,
        among("", "x", "X", "xx"),
        among("Rx", "Tx", "TxRq", "rx", "R"),
        among("d", "r", "D", "ErrorFrame", ""),
        length,
        data,
        ENDS,
    )


def gvret_lines() -> Parts:
    return st.builds(
        "{0},{1},{2},{3},{4},{5},{6}{7}".format,
        among("1059900", "-5", "0", "12", "1" * 15, "1" * 16, "1" * 18, "1" * 19, "1.5", ""),
        among("0000025D", "25D", "7ff", "0x25D", "800", "1FFFFFFF", "3FFFFFFF", "123456789", ""),
        among("false", "true", "0", "1", "FALSE", "True", "no", "2", ""),
        among("Rx", "Tx", "", '"Rx"', " Rx"),
        among("0", "1", "can0", "", "12 3", "b" * 70),
        among("8", "0", "1", "2", "12", "9", "08", "65", "x", ""),
        BYTES.map(",".join),
        among("\n", ",\n", ",\r\n", "\r", "\n\n", " \n", ',"\n', ", \n", ",,junk\n"),
    )


def peak_lines(columns: str) -> Callable[[], Parts]:
    words = {
        "N": among("1)", "17", "12)", "x", ""),
        "O": among("1059.900", "1841", "1.5", "3,4", "12.3456", "x", "-1"),
        "T": among("Rx", "Tx", "DT", "FD", "FB", "BI", "RR", "ER", "ST", "Warng", "rx", "dt"),
        "B": among("1", "2", "15", "x", "b" * 70),
        "I": among("0300", "0025D", "18DAF110", "7FF", "0800", "FFFFFFFF", "x", "123456789"),
        "d": among("Rx", "Tx", "x"),
        "R": among("-", "0", "x"),
        "L": among("8", "0", "1", "2", "9", "15", "16", "08", "x"),
        "l": among("8", "0", "1", "2", "9", "12", "64", "65", "08", "x"),
    }

    def lines() -> Parts:
        parts = [part for letter in columns[:-1] for part in (GAPS, words[letter])]
        data = BYTES.map(" ".join)
        return st.tuples(*parts, GAPS, data, ENDS).map("".join)

    return lines


ASC_HEAD = "date Tue Nov 14 22:13:20.427 2023\nbase hex  timestamps absolute\n"
ASC_LINE = " 0.099455 1  25D             Rx   d 8 24 08 04 D0 00 05 0B 80\n"

LAYOUTS: dict[str, tuple[str, str, Callable[[], Parts]]] = {
    "asc": (ASC_HEAD, ASC_LINE, asc_lines),
    "csv": (
        "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n",
        "1059900,0000025D,false,Rx,0,8,24,08,04,D0,00,05,0B,80,\n",
        gvret_lines,
    ),
    "1.0.trc": (";$FILEVERSION=1.0\n", " 1) 1841 0001 2 00 01\n", peak_lines("NOILD")),
    "1.1.trc": (";$FILEVERSION=1.1\n", " 1) 1059.9 Rx 0300 2 00 04\n", peak_lines("NOTILD")),
    "1.3.trc": (
        ";$FILEVERSION=1.3\n",
        " 1) 1059.900 1  Rx  0300 -  2    00 04\n",
        peak_lines("NOBTIRLD"),
    ),
    "2.0.trc": (";$FILEVERSION=2.0\n", " 1 1059.900 DT 0300 Rx 2 00 04\n", peak_lines("NOTIdlD")),
    "2.1.trc": (
        ";$FILEVERSION=2.1\n",
        " 1  1059.900 DT 1  0300 Rx -  2    00 04\n",
        peak_lines("NOTBIdRLD"),
    ),
}

every_layout = pytest.mark.parametrize("name", LAYOUTS)


def check(kernel: Kernel, name: str, data: st.DataObject, folder: Path) -> None:
    """Draw lines of a layout, and compare."""
    head, line, lines = LAYOUTS[name]
    text = "".join(data.draw(st.lists(lines(), max_size=25)))
    path = folder / f"any-{kernel.name}.{name}"
    path.write_bytes((head + line * 5 + text + line).encode("latin-1"))
    agree(path, kernel, half=True)


@pytest.mark.whole
@every_kernel
@every_layout
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_lines_of_every_kind_agree(
    kernel: Kernel, name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check(kernel, name, data, tmp_path_factory.getbasetemp())


@pytest.mark.slow
@every_kernel
@every_layout
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_many_lines_of_every_kind_agree(
    kernel: Kernel, name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    check(kernel, name, data, tmp_path_factory.getbasetemp())


@every_layout
def test_the_compiled_kernel_reads_ordinary_lines_itself(name: str, tmp_path: Path) -> None:
    """Else it would be right, and slow."""
    compiled = [kernel for kernel in installed() if kernel.name == "compiled"]
    if not compiled:
        pytest.skip("this installation has no compiled kernel")
    head, line, _ = LAYOUTS[name]
    path = tmp_path / f"plain.{name}"
    path.write_text(head + line * 200)
    frames = list(identify(path).frames(Tally()))
    assert len(frames) == 200
    (found,) = (each for each in text_formats() if each.name == identify(path).format)
    parser = found.start([*head.splitlines(keepends=True), *[line] * 200])
    assert isinstance(parser, OrdinaryParser)
    for each in head.splitlines(keepends=True):
        parser(each)
    ordinary = parser.ordinary()
    assert ordinary is not None
    wanted = Wanted({(frame.can_id, frame.extended) for _, frame in frames})
    wanted.channel(frames[0][1].channel)
    columns = Columns(wanted)
    block = (line * 200).encode()
    assert compiled[0].lines(wanted).scan(ordinary, block, 0, columns) == (len(block), 200)
    assert (columns.frames, columns.kept) == (200, 200)
    assert columns.stamps_us[0] == frames[0][0]
    assert columns.frame(0) == frames[0][1]


@every_kernel
def test_an_asc_whose_clock_begins_anew_agrees(kernel: Kernel, tmp_path: Path) -> None:
    """A later block's date counts where its stamps start anew; relative stamps add up."""
    block = "Begin Triggerblock Tue Nov 14 22:14:{:02}.000 2023\n"
    again = "".join(
        block.format(second) + ASC_LINE + ASC_LINE.replace("0.09", "0.19") + "End Triggerblock\n"
        for second in range(5)
    )
    path = tmp_path / "blocks.asc"
    for head in (
        ASC_HEAD,
        ASC_HEAD.replace("absolute", "relative"),
        ASC_HEAD.replace("hex", "dec"),
    ):
        path.write_text(head + again)
        agree(path, kernel)
