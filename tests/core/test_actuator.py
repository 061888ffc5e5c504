"""One driven pin through a stroke that succeeds, and the debounce of its sensor."""

from __future__ import annotations

import pytest
from pin_bench import (
    DEBOUNCE_US,
    ENGAGE,
    HOLD,
    ON_US,
    PROMPT,
    RELEASE,
    SETTLE_US,
    TRIES,
    Bench,
    at,
)

from vehicle.core.names import Demand, PinState
from vehicle.core.signals import Feedback

pytestmark = pytest.mark.fast

RELEASED, ENGAGED = PinState.RELEASED, PinState.ENGAGED
UNKNOWN = Feedback.UNKNOWN


# ---- a stroke that succeeds ----------------------------------------------------------------------


def test_an_engage_stroke_stops_on_feedback() -> None:
    bench = at(RELEASED)
    assert bench.want(ENGAGE) == ["0 is engaging", "0 engage 1"]
    assert bench.pin.stroking
    assert bench.pin.goal is ENGAGE
    assert bench.wait(250_000) == []
    assert bench.feel(Feedback.ENGAGED) == ["250000 off", "250000 is engaged"]
    assert bench.pin.confirmed_engaged
    assert not bench.pin.stroking
    assert bench.pin.goal is HOLD
    assert bench.pin.deadline_us is None


def test_a_release_stroke_runs_its_full_time_although_feedback_says_released() -> None:
    bench = at(ENGAGED)
    assert bench.want(RELEASE) == ["0 is releasing", "0 release 1"]
    bench.wait(10_000)
    assert bench.feel(Feedback.RELEASED) == []
    assert bench.wait(ON_US) == [f"{ON_US} off", f"{ON_US} is released"]


def test_a_command_is_not_a_fact() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(ON_US + SETTLE_US - 1)
    assert bench.pin.state is PinState.ENGAGING
    assert not bench.pin.confirmed_engaged


@pytest.mark.parametrize(
    ("start", "demand", "end"), [(RELEASED, ENGAGE, ENGAGED), (ENGAGED, RELEASE, RELEASED)]
)
def test_feedback_may_come_until_the_settling_time_is_over(
    start: PinState, demand: Demand, end: PinState
) -> None:
    bench = at(start)
    bench.want(demand)
    assert bench.wait(ON_US + SETTLE_US - 1) == [f"{ON_US} off"]
    assert bench.feel(Feedback(end)) == [f"{ON_US + SETTLE_US - 1} is {end}"]


def test_feedback_in_between_is_no_arrival() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    assert bench.feel(Feedback.MOVING) == []
    assert bench.feel(Feedback.BLOCKING) == []
    assert bench.feel(Feedback.RELEASED) == []
    assert bench.pin.state is PinState.ENGAGING


def test_a_pin_that_is_where_it_should_be_is_not_driven() -> None:
    assert at(ENGAGED).want(ENGAGE) == []
    assert at(RELEASED).want(RELEASE) == []
    assert at(RELEASED).want(HOLD) == []


def test_steady_inputs_give_no_strokes() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.feel(Feedback.ENGAGED)
    bench.record.clear()
    for _ in range(50):
        bench.want(ENGAGE)
        bench.wait(7_000_000)
    assert bench.record == []


def test_the_same_demand_again_does_not_start_a_second_pulse() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000)
    assert bench.want(ENGAGE, "another reason") == []
    assert bench.wait(ON_US - 100_001) == []


# ---- debounce ------------------------------------------------------------------------------------


def test_a_feedback_counts_after_exactly_the_debounce_time() -> None:
    bench = Bench(TRIES)
    assert bench.feel(Feedback.ENGAGED) == []
    assert bench.pin.deadline_us == DEBOUNCE_US
    assert bench.wait(DEBOUNCE_US - 1) == []
    assert bench.pin.feedback is UNKNOWN
    assert bench.wait(1) == [f"{DEBOUNCE_US} is engaged"]
    assert bench.pin.feedback is Feedback.ENGAGED
    assert bench.pin.deadline_us is None


def test_a_flicker_shorter_than_the_debounce_time_is_not_believed() -> None:
    bench = at(ENGAGED, TRIES)
    bench.feel(Feedback.RELEASED)
    bench.wait(DEBOUNCE_US - 1)
    bench.feel(Feedback.ENGAGED)
    assert bench.pin.deadline_us is None
    assert bench.wait(1_000_000) == []
    assert bench.pin.state is ENGAGED


def test_the_debounce_time_counts_from_the_first_of_equal_values() -> None:
    bench = at(RELEASED, TRIES)
    bench.feel(Feedback.ENGAGED)
    bench.wait(30_000)
    bench.feel(Feedback.ENGAGED)
    assert bench.wait(30_000)[0] == "60000 is engaged"


def test_another_value_starts_the_debounce_time_again() -> None:
    bench = at(RELEASED, TRIES)
    bench.feel(Feedback.MOVING)
    bench.wait(40_000)
    bench.feel(Feedback.ENGAGED)
    assert bench.wait(59_999) == []
    assert bench.wait(1)[0] == "100000 is engaged"


def test_a_lost_sensor_counts_at_once_and_ends_a_waiting_value() -> None:
    bench = at(ENGAGED, TRIES)
    bench.feel(Feedback.RELEASED)
    bench.wait(30_000)
    assert bench.feel(UNKNOWN) == ["30000 is unknown"]
    assert bench.pin.deadline_us is None
    assert bench.wait(1_000_000) == []


def test_a_pin_without_debounce_believes_at_once() -> None:
    assert Bench(PROMPT).feel(Feedback.RELEASED) == ["0 is released"]


def test_the_debounced_feedback_ends_a_stroke_when_it_counts() -> None:
    bench = at(RELEASED, TRIES)
    bench.want(ENGAGE)
    bench.wait(100_000)
    bench.feel(Feedback.ENGAGED)
    assert bench.wait(DEBOUNCE_US) == ["160000 off", "160000 is engaged"]


def test_feedback_that_counts_just_as_the_settling_time_ends_is_an_arrival() -> None:
    bench = at(RELEASED, TRIES)
    bench.want(ENGAGE)
    bench.wait(ON_US + SETTLE_US - DEBOUNCE_US)
    bench.feel(Feedback.ENGAGED)
    assert bench.wait(DEBOUNCE_US) == [f"{ON_US + SETTLE_US} is engaged"]
