"""candump lines written and read back, and compared with python-can's own writer."""

from __future__ import annotations

from pathlib import Path

import can
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehicle.replay.readers.candump import CANDUMP, parse_candump
from vehicle.replay.readers.formats import text_formats
from vehicle.replay.recording import open_recording
from vehicle.wire.candump import format_candump
from vehicle.wire.frame import FD_LENGTHS, Frame

CHANNELS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
STANDARD_IDS = st.integers(0, 0x7FF)
EXTENDED_IDS = st.integers(0, 0x1FFF_FFFF)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    channel = draw(CHANNELS)
    kind = draw(st.sampled_from(["classic", "fd", "remote", "error"]))
    if kind == "error":
        return Frame(draw(EXTENDED_IDS), draw(st.binary(max_size=8)), channel, error=True)
    extended = draw(st.booleans())
    can_id = draw(EXTENDED_IDS if extended else STANDARD_IDS)
    if kind == "remote":
        return Frame(can_id, b"", channel, extended, remote=True)
    length = draw(st.sampled_from(FD_LENGTHS if kind == "fd" else range(9)))
    payload = draw(st.binary(min_size=length, max_size=length))
    return Frame(can_id, payload, channel, extended, fd=kind == "fd")


@given(
    frame=frames(),
    now_us=st.integers(0, 10**15),
    epoch_us=st.none() | st.integers(0, 4 * 10**15),
)
def test_a_written_line_reads_back_as_the_same_frame_and_microsecond(
    frame: Frame, now_us: int, epoch_us: int | None
) -> None:
    line = format_candump(now_us, epoch_us, frame)
    assert parse_candump(line) == (now_us + (epoch_us or 0), frame)


@given(frame=frames(), now_us=st.integers(0, 10**9))
def test_case_does_not_matter(frame: Frame, now_us: int) -> None:
    stamp, channel, text = format_candump(now_us, None, frame).split()
    assert parse_candump(f"{stamp} {channel} {text.lower()}\r\n") == (now_us, frame)


def test_a_frame_without_channel_is_written_as_can0() -> None:
    line = format_candump(1, None, Frame(0x1F0, b"\x01"))
    assert line == "(0.000001) can0 1F0#01"


@pytest.mark.parametrize(
    ("now_us", "frame"),
    [
        (-1, Frame(0x1F0)),
        (0, Frame(0x1F0, channel="two words")),
        (0, Frame(0x800)),
        (0, Frame(0x800, remote=True)),
        (0, Frame(0x2000_0000, extended=True)),
        (0, Frame(0x1F0, bytes(9))),
        (0, Frame(0x1F0, bytes(9), fd=True)),
        (0, Frame(0x1F0, bytes(9), error=True)),
        (0, Frame(0x2000_0000, error=True)),
    ],
)
def test_what_the_format_cannot_hold_is_refused(now_us: int, frame: Frame) -> None:
    with pytest.raises(ValueError, match="candump cannot hold"):
        format_candump(now_us, None, frame)


def test_python_can_reads_our_lines_and_we_read_its(tmp_path: Path) -> None:
    ours = [
        Frame(0x25D, b"\x24\x08", "can0"),
        Frame(0x18FEF100, bytes(8), "can1", extended=True),
        Frame(0x1F0, bytes(12), "can0", fd=True),
        Frame(0x1F0, b"", "can0", remote=True),
    ]
    path = tmp_path / "ours.log"
    lines = [format_candump(index, 10**15, frame) for index, frame in enumerate(ours)]
    path.write_text("\n".join(lines) + "\n")
    with can.CanutilsLogReader(path) as reader:
        theirs = list(reader)
    for frame, message in zip(ours, theirs, strict=True):
        assert (frame.can_id, frame.data) == (message.arbitration_id, bytes(message.data))
        assert (frame.extended, frame.fd) == (message.is_extended_id, message.is_fd)
        assert (frame.remote, frame.channel) == (message.is_remote_frame, message.channel)


def test_a_last_line_without_an_end_is_used_where_it_is_as_long_as_the_ones_before(
    tmp_path: Path,
) -> None:
    path = tmp_path / "no_end.log"
    path.write_bytes(b"(0.0) can0 25D#0102\n(0.1) can0 25D#0304\n(0.2) can0 25D#0506")
    recording = open_recording([path])
    assert [item.data for _, item in recording] == [b"\x01\x02", b"\x03\x04", b"\x05\x06"]
    assert recording.report.frames_skipped == {}


def test_a_last_line_with_half_a_payload_is_counted_as_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut.log"
    path.write_bytes(b"(0.0) can0 25D#0102\n(0.1) can0 25D#03")
    recording = open_recording([path])
    assert [item.data for _, item in recording] == [b"\x01\x02"]
    assert list(recording.report.frames_skipped) == ["cut: the last line has no line end"]


@settings(max_examples=120, deadline=None)
@given(
    text=st.builds(
        "{}({}){}{}{}{}{}\n".format,
        st.sampled_from(("", " ")),
        st.from_regex(r"[0-9]{1,10}(\.[0-9]{0,9})?", fullmatch=True),
        st.sampled_from((" ", "\t", "   ")),
        CHANNELS | st.sampled_from(("RX0", "TX1", "1R11", "R", "0,1,2", "1;RXD;0x12;1;0x00")),
        st.sampled_from((" ", "\t")),
        st.from_regex(r"[0-9A-Fa-f]{1,8}#(R[0-9A-F]?|#[0-9A-F]([0-9A-F]{2}){0,4})", fullmatch=True)
        | st.from_regex(r"[0-9A-Fa-f]{1,8}#([0-9A-F]{2}){0,8}", fullmatch=True),
        st.sampled_from(("", " R", " T", "  ")),
    )
)
def test_what_candump_reads_no_other_format_reads(text: str) -> None:
    """So a file that candump reads to the last of its first lines is candump's."""
    if isinstance(parse_candump(text), tuple):
        others = [each for each in text_formats() if each is not CANDUMP]
        found = [each.name for each in others if isinstance(each.start([text])(text), tuple)]
        assert not found
