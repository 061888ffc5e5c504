"""The schedule of a playback, on a clock that is moved by hand: nothing here waits."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.replay.playback import (
    STALL_NS,
    Errors,
    Key,
    Played,
    Player,
    Schedule,
    Selection,
    Where,
    Wish,
)
from vehicle.replay.recording import open_recording
from vehicle.wire.frame import Frame

MS = 1_000_000
"""Nanoseconds of a millisecond."""

LOG = """\
(100.000000) can0 123#01
(100.010000) can1 123#02
(100.020000) can0 18FF50E5#03
(100.030000) can0 20000080#0000000000000000
(100.040000) can0 123#04
"""


class Hand:
    """A clock that stands until it is waited for, and wakes late by as much as was ordered."""

    def __init__(self) -> None:
        self.time_ns = 7_000 * MS
        self.late_ns: list[int] = []
        """How late the next waits end; afterwards they end in time."""
        self.wishes: dict[int, list[tuple[int, Wish]]] = {}
        """A frame's time -> what is wanted before it is due, each after so many nanoseconds."""
        self.positions: list[tuple[int, bool]] = []
        self._ends_us = 0

    def now_ns(self) -> int:
        return self.time_ns

    def wait(self, until_ns: int | None, where: Where, *, paused: bool) -> Wish | None:
        self.positions.append((where(self.time_ns), paused))
        # What the wait is for is told by where its end would be.
        ends_us = self._ends_us if until_ns is None else where(until_ns)
        self._ends_us = ends_us
        if wanted := self.wishes.get(ends_us):
            after_ns, wish = wanted.pop(0)
            self.time_ns += after_ns
            return wish
        assert until_ns is not None, "paused for ever"
        late_ns = self.late_ns.pop(0) if self.late_ns else 0
        self.time_ns = max(self.time_ns, until_ns + late_ns)
        return None


class Bus:
    """Takes down what was sent, and when on the hand's clock, from the first moment on."""

    def __init__(self, clock: Hand) -> None:
        self._clock = clock
        self._begun_ns = clock.time_ns
        self.heard: list[tuple[float, str]] = []

    def send(self, frame: Frame) -> str | None:
        self.heard.append(((self._clock.time_ns - self._begun_ns) / MS, frame.data.hex()))
        return None


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "drive.log"
    path.write_text(LOG)
    return path


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def bus(clock: Hand) -> Bus:
    return Bus(clock)


def play(
    log: Path,
    clock: Hand,
    selection: Selection,
    *,
    speed: float | None = 1.0,
    start_us: int = 0,
    loop: bool = False,
) -> Played:
    recording = open_recording([log])
    player = Player(recording, selection, clock, speed=speed, start_us=start_us, loop=loop)
    player.run()
    return player.played


@pytest.mark.parametrize(
    ("speed", "times_ms"), [(1.0, [0, 10, 20, 40]), (10.0, [0, 1, 2, 4]), (0.5, [0, 20, 40, 80])]
)
def test_frames_keep_the_recordings_times_divided_by_the_speed(log, clock, bus, speed, times_ms):
    played = play(log, clock, Selection({}, bus.send), speed=speed)
    assert [at for at, _ in bus.heard] == times_ms
    assert (played.frames, played.laps, played.left_out) == (4, 1, {"error frame": 1})


def test_at_full_speed_nothing_is_waited_for_and_no_error_is_told(log, clock, bus):
    played = play(log, clock, Selection({}, bus.send), speed=None)
    assert [at for at, _ in bus.heard] == [0, 0, 0, 0]
    assert played.errors.told() == {"p50": None, "p99": None, "max": None}


def test_a_late_frame_makes_no_later_frame_late(log, clock, bus):
    clock.late_ns = [3 * MS, 2 * MS]
    played = play(log, clock, Selection({}, bus.send))
    assert [at for at, _ in bus.heard] == [3, 12, 20, 40]
    assert played.errors.told() == {"p50": 0, "p99": 3000, "max": 3000}


def test_a_player_that_was_held_up_goes_on_from_there_without_a_burst(log, clock, bus):
    clock.late_ns = [0, 5 * STALL_NS]
    played = play(log, clock, Selection({}, bus.send))
    assert [at for at, _ in bus.heard] == [0, 5010, 5020, 5040]
    assert played.stalls == 1


def test_each_channel_goes_where_it_is_sent_and_the_others_to_the_rest(log, clock):
    first, rest = Bus(clock), Bus(clock)
    play(log, clock, Selection({"can1": first.send}, rest.send))
    assert [data for _, data in first.heard] == ["02"]
    assert [data for _, data in rest.heard] == ["01", "03", "04"]


def test_a_channel_that_goes_nowhere_is_left_out_and_counted(log, clock, bus):
    played = play(log, clock, Selection({"can1": bus.send}))
    assert [data for _, data in bus.heard] == ["02"]
    assert played.left_out == {"other channel": 3, "error frame": 1}


def test_identifiers_that_are_not_chosen_are_left_out_also_of_the_other_length(log, clock, bus):
    ids = frozenset({(0x18FF50E5, True), (0x123, True)})
    played = play(log, clock, Selection({}, bus.send, ids))
    assert [data for _, data in bus.heard] == ["03"]
    assert played.left_out["other identifier"] == 3


def test_playing_from_a_moment_on_keeps_the_time_until_its_next_frame(log, clock, bus):
    play(log, clock, Selection({}, bus.send), start_us=15_000)
    assert bus.heard == [(5, "03"), (25, "04")]


def test_a_start_behind_the_end_plays_nothing_even_for_ever(log, clock, bus):
    played = play(log, clock, Selection({}, bus.send), start_us=10**9, loop=True)
    assert (bus.heard, played.frames) == ([], 0)


def test_a_loop_begins_again_at_the_start_until_it_is_ended(log, clock, bus):
    def send(frame: Frame) -> str | None:
        if len(bus.heard) == 5:
            clock.wishes[40_000] = [(0, Key.END)]
        return bus.send(frame)

    played = play(log, clock, Selection({}, send), start_us=20_000, loop=True)
    assert [data for _, data in bus.heard] == ["03", "04", "03", "04", "03", "04", "03"]
    assert [at for at, _ in bus.heard] == [0, 20, 20, 40, 40, 60, 60]
    assert (played.laps, played.frames) == (3, 7)


def test_a_pause_holds_the_next_frame_and_shifts_all_later_ones(log, clock, bus):
    clock.wishes = {20_000: [(4 * MS, Key.PAUSE), (100 * MS, Key.PAUSE)]}
    played = play(log, clock, Selection({}, bus.send))
    assert [at for at, _ in bus.heard] == [0, 10, 120, 140]
    assert (14_000, True) in clock.positions
    assert played.errors.told()["max"] == 0


@pytest.mark.parametrize(
    ("by_us", "then"), [(-4_000, ["02", "03", "04"]), (-(10**7), ["01", "02", "03", "04"])]
)
def test_seeking_back_plays_again_from_there(log, clock, bus, by_us, then):
    clock.wishes = {20_000: [(3 * MS, by_us)]}
    play(log, clock, Selection({}, bus.send))
    assert [data for _, data in bus.heard] == ["01", "02", *then]


def test_seeking_ahead_counts_from_where_it_is_and_leaves_out_what_lies_between(log, clock, bus):
    clock.wishes = {10_000: [(4 * MS, 17_000)]}
    play(log, clock, Selection({}, bus.send))
    assert bus.heard == [(0, "01"), (4 + 40 - 21, "04")]


def test_seeking_ends_a_pause_and_counts_from_where_it_began(log, clock, bus):
    clock.wishes = {10_000: [(1 * MS, Key.PAUSE), (50 * MS, 20_000)]}
    play(log, clock, Selection({}, bus.send))
    assert bus.heard == [(0, "01"), (51 + 40 - 21, "04")]


def test_where_it_was_interrupted_is_told(log, clock, bus):
    def interrupted(frame: Frame) -> str | None:
        if len(bus.heard) == 2:
            raise KeyboardInterrupt
        return bus.send(frame)

    recording = open_recording([log])
    player = Player(recording, Selection({}, interrupted), clock, speed=1.0)
    with pytest.raises(KeyboardInterrupt):
        player.run()
    assert (player.played.position_us, player.played.frames) == (20_000, 2)


def test_a_loop_goes_on_after_somebody_sought_behind_the_end(log, clock, bus):
    clock.wishes = {0: [(0, 10**8)], 10_000: [(0, Key.END)]}
    play(log, clock, Selection({}, bus.send), loop=True)
    assert [data for _, data in bus.heard] == ["01"]


def test_a_frame_that_the_channel_does_not_take_is_counted_with_the_reason(log, clock):
    played = play(log, clock, Selection({}, lambda _: "Invalid argument"))
    assert (played.frames, played.refused) == (0, {"Invalid argument": 4})


def test_a_break_in_time_is_no_wait(tmp_path, clock, bus):
    path = tmp_path / "broken.log"
    path.write_text("(100.0) can0 123#01\n(50.0) can0 123#02\n(50.005) can0 123#03\n")
    play(path, clock, Selection({}, bus.send))
    assert [at for at, _ in bus.heard] == [0, 0, 5]


@given(
    speed=st.sampled_from([0.001, 0.3, 1.0, 3.0, 10.0, 1000.0]),
    at_us=st.integers(0, 10**13),
    from_us=st.integers(0, 10**13),
)
def test_a_moment_months_away_is_still_due_to_the_microsecond(speed, at_us, from_us):
    due_ns = Schedule(speed, from_us, 5).due_ns(at_us)
    exact_ns = 5 + (at_us - from_us) * 1000 / Fraction(speed)
    assert abs(due_ns - exact_ns) <= 1000 + abs(exact_ns) * Fraction(1, 10**15)


@given(st.lists(st.integers(0, 10**11), min_size=1, max_size=200))
def test_shares_of_the_errors_are_those_of_the_sorted_list_to_three_digits(late_ns):
    errors = Errors()
    for each in late_ns:
        errors.add(each)
    known: Callable[[int], int] = lambda place: sorted(late_ns)[place] // 1000  # noqa: E731
    places = {0.5: (len(late_ns) + 1) // 2 - 1, 1.0: len(late_ns) - 1}
    for share, place in places.items():
        told = errors.share_us(share)
        assert told is not None
        assert known(place) * 0.99 <= told <= known(place)
