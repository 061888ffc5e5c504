"""The events beside a recording: written and read back, damage named by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.inputs import (
    BusFailed,
    BusRestored,
    InputEvent,
    InternalError,
    MessageLost,
    Requested,
    SegmentStarted,
    SettingsChanged,
)
from vehicle.core.memory import Flag, Memory, Timer
from vehicle.core.names import Authenticity, Request, Source
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.runtime.events_fields import EventsFileError
from vehicle.runtime.events_file import (
    events_path,
    read_event,
    read_events,
    write_event,
    write_events,
)
from vehicle.runtime.side_events import Judged, Recalled

TEXT = st.text(max_size=20)
OWNERS = st.builds(
    Settings,
    auto_lock=st.sampled_from(Toggle),
    latch_mode=st.sampled_from(Mode),
    power_cut_hold_s=st.integers(60, 3600),
)
KEPT = Memory(flags=frozenset({Flag.STOPPED}), timers=((Timer.RELOCK_WINDOW, 5_000_000),))
EVENTS: st.SearchStrategy[InputEvent | Judged | Recalled] = st.one_of(
    st.builds(Requested, st.sampled_from(Request), st.sampled_from(Source)),
    st.builds(SettingsChanged, OWNERS, TEXT),
    st.just(SegmentStarted()),
    st.builds(BusFailed, TEXT),
    st.builds(BusRestored, TEXT),
    st.builds(InternalError, TEXT),
    st.builds(Judged, TEXT, st.sampled_from(Authenticity)),
    st.builds(Recalled, st.sampled_from([Memory(), KEPT])),
)


@given(now_us=st.integers(0, 2**53), event=EVENTS)
def test_an_event_survives_being_written_and_read(
    now_us: int, event: InputEvent | Judged | Recalled
) -> None:
    assert read_event(write_event(now_us, event)) == (now_us, event)


def test_a_file_survives_being_written_and_read(tmp_path: Path) -> None:
    path = events_path(tmp_path / "drive.log")
    events: list[tuple[int, InputEvent]] = [
        (0, SettingsChanged(Settings(auto_lock=Toggle.OFF), "straße\u2028")),
        (5, Requested(Request.UNLATCH, Source.CLI)),
        (5, SegmentStarted()),
    ]
    write_events(path, events)
    assert path.name == "drive.log.events.jsonl"
    assert read_events(path) == events


def test_an_empty_file_holds_no_events(tmp_path: Path) -> None:
    path = tmp_path / "e"
    write_events(path, [])
    assert read_events(path) == []


def test_what_follows_from_frames_is_not_written() -> None:
    with pytest.raises(TypeError, match="MessageLost follows from the frames"):
        write_event(0, MessageLost("DoorLockState"))


GOOD = '{"t":7,"event":"segment_started"}'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"event":"segment_started"}', "t = None must be whole microseconds"),
        ('{"t":-1,"event":"segment_started"}', "t = -1 must be whole microseconds"),
        ('{"t":true,"event":"segment_started"}', "t = True"),
        ('{"t":8}', "event = None must be a text"),
        ('{"t":8,"event":"segment_startd"}', 'did you mean "segment_started"'),
        ('{"t":8,"event":"requested","request":"unlach","source":"cli"}', 'mean "unlatch"'),
        ('{"t":8,"event":"requested","request":"unlatch","source":"phone"}', "source does not"),
        ('{"t":8,"event":"settings_changed","source":"cli"}', "settings must be a table"),
        (
            '{"t":8,"event":"settings_changed","settings":{"auto-lok":"on"},"source":"x"}',
            "did you mean 'auto-lock'",
        ),
        ('{"t":8,"event":"bus_failed"}', "channel = None must be a text"),
        ('{"t":6,"event":"segment_started"}', "t = 6 lies before 7"),
    ],
)
def test_a_damaged_line_is_named_by_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "drive.log.events.jsonl"
    path.write_text(f"{GOOD}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(EventsFileError) as caught:
        read_events(path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert says in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "e"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EventsFileError, match="not UTF-8"):
        read_events(path)
