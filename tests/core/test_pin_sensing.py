"""A driven pin and its sensor: lost, never there, and moved by hand."""

from __future__ import annotations

import pytest
from pin_bench import (
    COOL_DOWN_US,
    DEBOUNCE_US,
    ENGAGE,
    HOLD,
    ON_US,
    PAUSE_US,
    PROMPT,
    RELEASE,
    SETTLE_US,
    TRIES,
    Bench,
    at,
    blind_release_over,
    in_recovery,
    jammed_engaging,
)

from vehicle.core.car import StrokeLimits
from vehicle.core.names import PinState
from vehicle.core.signals import Feedback

pytestmark = pytest.mark.fast

RELEASED, ENGAGED = PinState.RELEASED, PinState.ENGAGED
UNKNOWN = Feedback.UNKNOWN


def test_a_value_that_must_stand_first_puts_no_end_of_a_pulse_off() -> None:
    bench = at(RELEASED, TRIES)
    bench.want(ENGAGE)
    bench.wait(ON_US - 10_000)
    bench.feel(Feedback.MOVING)
    assert bench.pin.deadline_us == bench.began_us + ON_US
    assert bench.wait(20_000)[:1] == [f"{ON_US} off"]


def test_a_pin_that_waits_for_its_rest_still_looks_at_its_sensor_in_time() -> None:
    bench = at(ENGAGED, TRIES)
    bench.want(RELEASE)
    bench.wait(300_000)
    bench.feel(Feedback.RELEASED)
    bench.wait(1_000_000)
    assert bench.pin.state is RELEASED
    assert bench.want(ENGAGE) == []
    waits_us = bench.pin.deadline_us
    assert waits_us is not None
    assert waits_us > bench.now_us + DEBOUNCE_US
    bench.feel(Feedback.MOVING)
    assert bench.pin.deadline_us == bench.now_us + DEBOUNCE_US


# ---- lost feedback -------------------------------------------------------------------------------


@pytest.mark.parametrize("after_us", [0, 300_000, ON_US, ON_US + 1, ON_US + SETTLE_US, 5_000_000])
def test_a_sensor_lost_in_an_engage_stroke_ends_it_at_once(after_us: int) -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(after_us)
    pulse_runs = after_us < ON_US
    off = [f"{after_us} off"] if pulse_runs else []
    assert bench.feel(UNKNOWN) == [*off, f"{after_us} is unknown"]
    assert not bench.pin.stroking
    assert bench.wait(100_000_000) == []


def test_a_sensor_lost_in_a_recovery_pulse_of_an_engage_stroke_ends_it() -> None:
    bench = in_recovery()
    now_us = bench.now_us - bench.began_us
    assert bench.feel(UNKNOWN) == [f"{now_us} off", f"{now_us} is unknown"]


def test_a_sensor_lost_after_the_tries_to_engage_leaves_the_pin_unknown() -> None:
    bench = jammed_engaging()
    now_us = bench.now_us - bench.began_us
    assert bench.feel(UNKNOWN) == [f"{now_us} is unknown"]
    assert not bench.pin.gave_up


def test_a_sensor_lost_in_a_release_pulse_lets_it_finish_and_is_told() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(100_000)
    assert bench.feel(UNKNOWN) == []
    assert bench.wait(ON_US + SETTLE_US) == [
        f"{ON_US} off",
        f"{ON_US + SETTLE_US} is unknown",
        f"{ON_US + SETTLE_US} blind-stroke-over",
    ]
    assert bench.wait(100_000_000) == []


def test_a_sensor_lost_between_the_tries_of_a_release_does_not_stop_the_next_one() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(ON_US + SETTLE_US)
    assert bench.feel(UNKNOWN) == []
    assert bench.wait(2 * PAUSE_US)[-1].endswith("blind-stroke-over")
    assert [line for line in bench.record if " release " in line] == [
        "0 release 1",
        f"{ON_US + PAUSE_US} release 2",
    ]


def test_a_sensor_lost_after_the_tries_to_release_keeps_the_pin_jammed() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(100_000_000)
    assert bench.pin.gave_up
    assert bench.feel(UNKNOWN) == []
    assert bench.pin.gave_up
    assert bench.feel(Feedback.RELEASED)[0].endswith("is released")


def test_an_unknown_position_is_never_engaged() -> None:
    bench = Bench()
    assert bench.want(ENGAGE) == []
    assert bench.want(ENGAGE, blind=True) == []
    assert bench.asked_for == []


def test_an_unknown_position_is_released_only_on_an_explicit_wish() -> None:
    bench = Bench()
    assert bench.want(RELEASE) == []
    assert bench.want(RELEASE, blind=True) == ["0 is releasing", "0 release 1"]
    assert bench.wait(ON_US + SETTLE_US)[-1] == f"{ON_US + SETTLE_US} blind-stroke-over"


def test_a_blind_release_that_is_seen_to_arrive_is_a_release() -> None:
    bench = Bench()
    bench.want(RELEASE, blind=True)
    bench.feel(Feedback.RELEASED)
    assert bench.wait(ON_US) == [f"{ON_US} off", f"{ON_US} is released"]


def test_a_blind_release_is_not_repeated_for_the_same_wish() -> None:
    bench = blind_release_over()
    assert bench.wait(10 * COOL_DOWN_US) == []
    assert bench.pin.deadline_us is None


def test_a_second_wish_for_a_blind_release_waits_for_the_pause() -> None:
    begins = [f"{ON_US + PAUSE_US} is releasing", f"{ON_US + PAUSE_US} release 1"]
    for between in (HOLD, ENGAGE, RELEASE):
        bench = blind_release_over()
        assert bench.pin.memory(bench.now_us).gave_up is True
        bench.want(between)
        assert bench.pin.memory(bench.now_us).gave_up is False
        assert bench.want(RELEASE, blind=True) == []
        assert bench.wait(PAUSE_US - SETTLE_US) == begins
    bench = blind_release_over()
    bench.want(RELEASE, "another reason", blind=True)
    assert bench.wait(PAUSE_US - SETTLE_US) == begins


def test_a_sensor_that_was_heard_since_makes_a_blind_release_possible_again() -> None:
    bench = blind_release_over()
    bench.feel(Feedback.ENGAGED)
    assert bench.pin.memory(bench.now_us).gave_up is False
    bench.feel(UNKNOWN)
    bench.wait(PAUSE_US)
    assert [line.split(" ", 1)[1] for line in bench.record] == [
        "is engaged",
        "is unknown",
        "is releasing",
        "release 1",
    ]


def test_a_pin_that_blocks_the_opening_is_released_and_not_engaged() -> None:
    bench = Bench()
    assert bench.feel(Feedback.BLOCKING) == []
    assert bench.want(ENGAGE) == []
    assert bench.want(RELEASE) == ["0 is releasing", "0 release 1"]
    bench.feel(Feedback.RELEASED)
    assert bench.wait(ON_US)[-1] == f"{ON_US} is released"


def test_a_pin_found_between_its_ends_is_moved_where_it_is_wanted() -> None:
    for demand, moving in ((ENGAGE, "engaging"), (RELEASE, "releasing")):
        bench = Bench()
        bench.feel(Feedback.MOVING)
        assert bench.want(HOLD) == []
        assert bench.want(demand) == [f"0 is {moving}", f"0 {demand} 1"]


# ---- a pin without a sensor ----------------------------------------------------------------------


def test_a_pin_without_a_sensor_is_assumed_to_arrive_and_never_confirmed() -> None:
    bench = Bench(sensor=False)
    assert bench.want(ENGAGE) == ["0 is engaging assumed", "0 engage 1"]
    assert bench.wait(ON_US) == [f"{ON_US} off", f"{ON_US} is engaged assumed"]
    assert bench.pin.state is ENGAGED
    assert bench.pin.assumed
    assert not bench.pin.confirmed_engaged
    assert bench.pin.memory(bench.now_us).confirmed is None
    assert bench.want(RELEASE) == []
    assert bench.wait(PAUSE_US) == [
        f"{ON_US + PAUSE_US} is releasing assumed",
        f"{ON_US + PAUSE_US} release 1",
    ]


def test_a_pin_without_a_sensor_is_released_without_an_explicit_wish() -> None:
    bench = Bench(sensor=False)
    assert bench.want(RELEASE) == ["0 is releasing assumed", "0 release 1"]
    assert bench.wait(ON_US) == [f"{ON_US} off", f"{ON_US} is released assumed"]


def test_a_pin_without_a_sensor_that_is_stopped_is_unknown_again() -> None:
    bench = at(ENGAGED, sensor=False)
    bench.want(RELEASE)
    bench.wait(100_000)
    assert bench.halt() == ["100000 off", "100000 is unknown assumed"]
    assert bench.wait(799_999) == []
    assert bench.want(ENGAGE) == []
    assert bench.wait(1) == ["900000 is engaging assumed", "900000 engage 1"]


@pytest.mark.parametrize("limits", [PROMPT, TRIES])
def test_a_pin_that_the_profile_gives_no_sensor_believes_none(limits: StrokeLimits) -> None:
    bench = at(ENGAGED, limits, sensor=False)
    for feedback in Feedback:
        assert bench.feel(feedback) == []
        assert bench.pin.deadline_us is None
    assert bench.pin.feedback is UNKNOWN


# ---- moved by hand -------------------------------------------------------------------------------


@pytest.mark.parametrize("feedback", [Feedback.RELEASED, Feedback.MOVING, Feedback.BLOCKING])
def test_a_pin_that_opens_without_a_command_was_moved_open(feedback: Feedback) -> None:
    bench = at(ENGAGED)
    state = "released" if feedback is Feedback.RELEASED else "unknown"
    assert bench.feel(feedback) == [f"0 is {state}", "0 moved-open"]
    assert bench.feel(Feedback.RELEASED) == ([] if state == "released" else ["0 is released"])


def test_a_pin_that_closes_without_a_command_was_moved_closed() -> None:
    bench = at(RELEASED)
    assert bench.feel(Feedback.ENGAGED) == ["0 is engaged", "0 moved-closed"]
    assert bench.feel(Feedback.RELEASED) == ["0 is released", "0 moved-open"]


def test_a_pin_that_leaves_the_open_end_and_comes_back_was_not_moved() -> None:
    bench = at(RELEASED)
    assert bench.feel(Feedback.MOVING) == ["0 is unknown"]
    assert bench.feel(Feedback.RELEASED) == ["0 is released"]


def test_a_pin_that_closes_by_way_of_the_middle_was_moved_closed() -> None:
    bench = at(RELEASED)
    bench.feel(Feedback.MOVING)
    assert bench.feel(Feedback.ENGAGED) == ["0 is engaged", "0 moved-closed"]


def test_a_lost_sensor_is_no_movement_and_hides_none() -> None:
    bench = at(ENGAGED)
    assert bench.feel(UNKNOWN) == ["0 is unknown"]
    assert bench.feel(Feedback.ENGAGED) == ["0 is engaged"]
    bench.feel(UNKNOWN)
    assert bench.feel(Feedback.RELEASED) == ["0 is released", "0 moved-open"]


def test_the_first_position_that_is_found_was_not_moved_there() -> None:
    assert Bench().feel(Feedback.ENGAGED) == ["0 is engaged"]
    assert Bench().feel(Feedback.RELEASED) == ["0 is released"]


def test_a_pin_that_opens_after_our_engage_stroke_was_moved_open() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.feel(Feedback.ENGAGED)
    bench.want(HOLD)
    assert bench.feel(Feedback.RELEASED) == ["0 is released", "0 moved-open"]


def test_a_pin_that_closes_after_our_release_stroke_was_moved_closed() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.feel(Feedback.RELEASED)
    bench.wait(ON_US)
    bench.want(HOLD)
    assert bench.feel(Feedback.ENGAGED) == [f"{ON_US} is engaged", f"{ON_US} moved-closed"]


def test_a_pin_that_opens_after_a_stroke_was_given_up_was_moved_open() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(ON_US + SETTLE_US)
    bench.want(HOLD)
    assert bench.feel(Feedback.MOVING)[-1].endswith("moved-open")


def test_a_pin_that_is_not_at_an_end_when_a_stroke_is_given_up_was_not_moved_afterwards() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.feel(Feedback.MOVING)
    bench.wait(ON_US + SETTLE_US)
    bench.want(HOLD)
    assert bench.feel(Feedback.RELEASED) == [f"{ON_US + SETTLE_US} is released"]
