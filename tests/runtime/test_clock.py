"""The live clock: frames' times between the looks at them, whatever the wall clock does."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from vehicle.runtime.clock import EARLY_US_MAX, EPOCH_US_MIN, LiveClock, wall_us


class Hands:
    """A monotonic and a wall clock to set."""

    def __init__(self, wall_us: int = EPOCH_US_MIN + 5_000_000) -> None:
        self.monotonic_us = 77_000_000
        self.wall_us = wall_us

    def clock(self) -> LiveClock:
        return LiveClock(lambda: self.monotonic_us * 1000, lambda: self.wall_us * 1000)

    def run(self, us: int) -> None:
        self.monotonic_us += us
        self.wall_us += us


def test_it_begins_at_zero_and_knows_its_date() -> None:
    hands = Hands()
    clock = hands.clock()
    assert clock.now_us() == 0
    assert clock.epoch_us == EPOCH_US_MIN + 5_000_000


def test_a_wall_clock_that_was_never_set_counts_from_1990() -> None:
    """Stamps before 1990 would be read as a logger's uptime."""
    assert Hands(wall_us=12).clock().epoch_us == EPOCH_US_MIN


def test_frames_read_late_keep_the_kernels_spacing() -> None:
    """Two frames 300 us apart, read together 5 ms later."""
    hands = Hands()
    clock = hands.clock()
    stamp_us = hands.wall_us + 1000
    hands.run(6300)
    look = clock.look()
    assert [clock.arrived_us(look, stamp_us + gap_us) for gap_us in (0, 300)] == [1000, 1300]


def test_a_frame_without_stamp_came_when_it_was_read() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.run(500)
    assert clock.arrived_us(clock.look(), None) == 500


def test_a_stamp_from_just_before_the_last_moment_counts_as_that_moment() -> None:
    """The kernel stamps a frame a little before it can be read."""
    hands = Hands()
    clock = hands.clock()
    hands.run(1_000_000)
    stamp_us = hands.wall_us - EARLY_US_MAX // 2
    assert clock.now_us() == 1_000_000
    hands.run(10)
    assert clock.arrived_us(clock.look(), stamp_us) == 1_000_000


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 10**7), st.integers(-(10**14), 10**14), st.integers(-50, 10**6)),
        max_size=30,
    )
)
def test_no_stamp_and_no_setting_of_the_clock_turns_time(
    steps: list[tuple[int, int, int]],
) -> None:
    """Each frame lies between the last moment given out and the look at it."""
    hands = Hands()
    clock = hands.clock()
    last_us = 0
    for run_us, set_us, age_us in steps:
        hands.run(run_us)
        hands.wall_us += set_us
        stamp_us = hands.wall_us - age_us
        hands.wall_us += -set_us if age_us % 2 else 0
        look = clock.look()
        arrived_us = clock.arrived_us(look, stamp_us)
        assert last_us <= arrived_us <= look.now_us
        last_us = clock.give_out(arrived_us)
        assert last_us == arrived_us
        assert clock.now_us() >= last_us
        last_us = clock.now_us()


def test_the_real_clocks_are_in_microseconds() -> None:
    before_us = time.monotonic_ns() // 1000
    clock = LiveClock()
    assert 0 <= clock.now_us() <= time.monotonic_ns() // 1000 - before_us
    assert abs(clock.look().wall_us - wall_us()) < 3_600_000_000
    assert wall_us() > EPOCH_US_MIN
