"""A driven pin whose demand or permission changes in the middle of a stroke."""

from __future__ import annotations

import pytest
from pin_bench import (
    ENGAGE,
    HOLD,
    ON_US,
    PAUSE_US,
    RELEASE,
    SETTLE_US,
    at,
    in_recovery,
    jammed_engaging,
)

from vehicle.core.car import StrokeLimits
from vehicle.core.names import PinState
from vehicle.core.signals import Feedback

pytestmark = pytest.mark.fast

RELEASED, ENGAGED = PinState.RELEASED, PinState.ENGAGED


# ---- reversal and hold ---------------------------------------------------------------------------


def test_an_engage_demand_cuts_a_release_at_once() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(200_000)
    assert bench.want(ENGAGE) == ["200000 off", "200000 is engaging", "200000 engage 1"]
    assert bench.wait(ON_US) == [f"{200_000 + ON_US} off", f"{200_000 + ON_US} is engaged"]


def test_an_engage_demand_follows_a_release_that_settles_at_once() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(ON_US + 1)
    assert bench.want(ENGAGE) == [f"{ON_US + 1} is engaging", f"{ON_US + 1} engage 1"]


def test_the_pause_that_a_cut_release_earned_is_paid_after_the_engage_stroke() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(200_000)
    bench.feel(Feedback.MOVING)
    bench.want(ENGAGE)
    bench.wait(100_000)
    bench.feel(Feedback.ENGAGED)
    bench.want(RELEASE)
    earned_us = 8 * (200_000 + 100_000)
    assert bench.wait(earned_us) == [
        f"{300_000 + earned_us} is releasing",
        f"{300_000 + earned_us} release 1",
    ]


def test_a_release_demand_stops_an_engage_stroke_and_waits_for_the_pause() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(200_000)
    bench.feel(Feedback.MOVING)
    assert bench.want(RELEASE) == ["200000 off", "200000 is releasing"]
    assert bench.pin.stroking
    assert bench.wait(1_599_999) == []
    assert bench.wait(1) == ["1800000 release 1"]
    bench.feel(Feedback.RELEASED)
    assert bench.wait(ON_US) == [f"{1_800_000 + ON_US} off", f"{1_800_000 + ON_US} is released"]


def test_a_release_demand_at_the_very_start_of_an_engage_stroke_needs_no_pause() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    assert bench.want(RELEASE) == ["0 off", "0 is releasing", "0 release 1"]


def test_an_engage_demand_that_comes_back_before_the_release_began_waits_for_the_pause() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(200_000)
    bench.want(RELEASE)
    bench.wait(100_000)
    assert bench.want(ENGAGE) == ["300000 is engaging"]
    assert bench.wait(1_499_999) == []
    assert bench.wait(1) == ["1800000 engage 1"]


def test_hold_ends_a_turned_stroke_that_waits() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(200_000)
    bench.want(RELEASE)
    assert bench.want(HOLD) == ["200000 is unknown"]
    assert bench.wait(100_000_000) == []


def test_a_turned_stroke_of_a_single_try_needs_no_recovery() -> None:
    bench = at(RELEASED, StrokeLimits(debounce_us=0, tries=1))
    bench.want(ENGAGE)
    bench.wait(200_000)
    bench.feel(Feedback.MOVING)
    bench.want(RELEASE)
    assert bench.wait(1_600_000) == ["1800000 release 1"]


def test_a_pulse_that_is_no_longer_permitted_is_cut_and_settles() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(100_000)
    assert bench.permit(ENGAGE) == ["100000 off"]
    assert bench.pin.state is PinState.RELEASING
    assert bench.want(HOLD) == []
    assert bench.wait(SETTLE_US) == ["300000 is jammed", "300000 is engaged"]
    assert not bench.pin.stroking


def test_a_release_that_is_cut_is_no_arrival_whatever_the_sensor_says() -> None:
    """Some latches say "released" as soon as they move, so the pin may be half in."""
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(100_000)
    bench.feel(Feedback.RELEASED)
    assert bench.permit(ENGAGE) == ["100000 off"]
    assert bench.wait(10_000_000) == ["300000 is jammed", "900000 is unknown"]
    assert bench.permit(RELEASE)[1] == "10100000 release 1"
    assert bench.wait(ON_US)[-1] == f"{10_100_000 + ON_US} is released"


def test_an_engage_pulse_is_cut_when_it_is_no_longer_permitted() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000)
    assert bench.permit(RELEASE) == ["100000 off"]


def test_a_release_is_turned_at_once_where_energy_forbids_it_and_demands_the_engagement() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(100_000)
    bench.permitted = {ENGAGE}
    bench.asked_for.clear()
    assert bench.want(ENGAGE) == ["100000 off", "100000 is engaging", "100000 engage 1"]
    assert RELEASE not in bench.asked_for


def test_a_pulse_is_cut_where_neither_it_nor_its_reverse_is_permitted() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(100_000)
    bench.permitted = set()
    assert bench.want(ENGAGE) == ["100000 off"]


def test_a_turned_stroke_that_waits_is_driven_though_the_sensor_says_released() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(200_000)
    bench.feel(Feedback.MOVING)
    bench.want(RELEASE)
    assert bench.feel(Feedback.RELEASED) == []
    assert bench.wait(100_000_000) == [
        "1800000 release 1",
        f"{1_800_000 + ON_US} off",
        f"{1_800_000 + ON_US} is released",
    ]


def test_a_release_that_waits_and_is_vetoed_is_given_up() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(200_000)
    bench.feel(Feedback.MOVING)
    bench.want(RELEASE)
    bench.permit(ENGAGE)
    assert bench.wait(10_000_000) == ["1800000 is unknown"]


def test_hold_lets_a_pulse_that_runs_finish_and_then_starts_nothing() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000)
    assert bench.want(HOLD) == []
    assert bench.wait(ON_US + SETTLE_US) == [
        f"{ON_US} off",
        f"{ON_US + SETTLE_US} is jammed",
        f"{ON_US + SETTLE_US} is unknown",
    ]
    assert bench.wait(100_000_000) == []


def test_hold_in_a_pulse_that_arrives_is_an_arrival() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.want(HOLD)
    bench.wait(100_000)
    assert bench.feel(Feedback.ENGAGED) == ["100000 off", "100000 is engaged"]


def test_hold_in_a_pause_ends_the_stroke() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(ON_US + SETTLE_US + 1)
    assert bench.want(HOLD) == [f"{ON_US + SETTLE_US + 1} is engaged"]
    assert bench.wait(100_000_000) == []


def test_hold_in_a_recovery_pulse_ends_it_at_once() -> None:
    bench = in_recovery()
    now_us = bench.now_us - bench.began_us
    assert bench.want(HOLD) == [f"{now_us} off", f"{now_us} is unknown"]


def test_a_recovery_pulse_is_cut_when_it_is_no_longer_permitted() -> None:
    bench = in_recovery()
    now_us = bench.now_us - bench.began_us
    assert bench.permit(ENGAGE) == [f"{now_us} off"]
    assert bench.wait(799_999) == []
    assert bench.wait(1) == [f"{now_us + 800_000} is engaging", f"{now_us + 800_000} engage 3"]


def test_a_recovery_pulse_that_stays_permitted_runs_its_full_time() -> None:
    bench = in_recovery()
    assert bench.want(ENGAGE) == []
    assert bench.wait(ON_US) == [f"{2 * (ON_US + PAUSE_US) + ON_US} off"]


def test_hold_in_the_pause_after_a_recovery_pulse_ends_the_stroke() -> None:
    bench = in_recovery()
    bench.wait(ON_US)
    assert bench.want(HOLD)[0].endswith("is released")
    assert bench.wait(100_000_000) == []


def test_feedback_in_a_recovery_pulse_counts_only_after_it_and_its_pause() -> None:
    bench = in_recovery()
    assert bench.feel(Feedback.ENGAGED) == []
    end_us = 2 * (ON_US + PAUSE_US) + ON_US
    assert bench.wait(100_000_000) == [f"{end_us} off", f"{end_us + PAUSE_US} is engaged"]


def test_the_other_demand_in_a_recovery_pulse_ends_the_stroke() -> None:
    bench = in_recovery()
    now_us = bench.now_us - bench.began_us
    assert bench.want(RELEASE) == [f"{now_us} off", f"{now_us} is unknown"]
    assert bench.wait(10_000_000)[1].endswith(" release 1")


# ---- halt ----------------------------------------------------------------------------------------


def test_halt_stops_the_motor_and_feedback_says_where_the_pin_is() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(100_000)
    assert bench.halt() == ["100000 off", "100000 is engaged"]
    assert bench.pin.deadline_us is None


def test_halt_at_rest_does_nothing() -> None:
    assert at(ENGAGED).halt() == []
    bench = jammed_engaging()
    assert bench.halt() == []
    assert bench.pin.gave_up


def test_halt_between_pulses_ends_the_stroke() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(ON_US + 1)
    assert bench.halt() == [f"{ON_US + 1} is engaged"]


def test_a_pin_that_was_halted_rests_before_it_is_driven_again() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000)
    bench.halt()
    assert bench.want(ENGAGE) == []
    assert bench.wait(800_000) == ["900000 is engaging", "900000 engage 1"]
