"""One driven pin through its strokes, microsecond by microsecond."""

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
)

from vehicle.core.car import StrokeLimits
from vehicle.core.messages import PinState
from vehicle.core.pin import PinMemory, Step
from vehicle.core.signals import Feedback

pytestmark = pytest.mark.fast

RELEASED, ENGAGED, JAMMED = PinState.RELEASED, PinState.ENGAGED, PinState.JAMMED
UNKNOWN = Feedback.UNKNOWN


def jammed_engaging() -> Bench:
    """A pin whose tries to engage are used up, at the moment it gave up."""
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(20_000_000)
    assert bench.pin.gave_up
    return bench


# ---- a stroke that succeeds ---------------------------------------------------------------------


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


@pytest.mark.parametrize(("start", "demand"), [(RELEASED, ENGAGE), (ENGAGED, RELEASE)])
def test_feedback_may_come_until_the_settling_time_is_over(start: PinState, demand: object) -> None:
    end = ENGAGED if start is RELEASED else RELEASED
    bench = at(start)
    bench.want(ENGAGE if demand is ENGAGE else RELEASE)
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


# ---- debounce -----------------------------------------------------------------------------------


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


# ---- tries, pauses, recovery, cool-down ---------------------------------------------------------


def test_a_pin_that_does_not_arrive_is_tried_three_times_with_pauses_and_a_recovery_pulse() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000_000)
    second = ON_US + PAUSE_US
    recovery = second + ON_US + PAUSE_US
    third = recovery + ON_US + PAUSE_US
    assert bench.record == [
        "0 is engaging",
        "0 engage 1",
        f"{ON_US} off",
        f"{ON_US + SETTLE_US} is jammed",
        f"{second} is engaging",
        f"{second} engage 2",
        f"{second + ON_US} off",
        f"{second + ON_US + SETTLE_US} is jammed",
        f"{recovery} release recovery",
        f"{recovery + ON_US} off",
        f"{third} is engaging",
        f"{third} engage 3",
        f"{third + ON_US} off",
        f"{third + ON_US + SETTLE_US} is jammed",
        f"{third + ON_US + SETTLE_US} gave-up",
    ]
    assert bench.pin.state is JAMMED
    assert bench.pin.gave_up
    assert bench.pin.goal is ENGAGE
    assert not bench.pin.stroking
    assert bench.pin.deadline_us is None


def test_a_release_recovers_with_an_engage_pulse() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(100_000_000)
    drives = [
        line.split(" ", 1)[1] for line in bench.record if "lease" in line or "engage " in line
    ]
    assert [line for line in drives if line.startswith(("engage ", "release "))] == [
        "release 1",
        "release 2",
        "engage recovery",
        "release 3",
    ]


def test_a_recovery_pulse_that_is_vetoed_is_skipped() -> None:
    bench = at(RELEASED)
    bench.permit(ENGAGE)
    bench.want(ENGAGE)
    bench.wait(100_000_000)
    third = 2 * (ON_US + PAUSE_US)
    drives = [line for line in bench.record if " engage " in line or " release " in line]
    assert drives == ["0 engage 1", f"{ON_US + PAUSE_US} engage 2", f"{third} engage 3"]
    assert bench.asked_for.count(RELEASE) == 1


def test_a_pin_without_recovery_drives_no_reverse_pulse() -> None:
    bench = at(RELEASED, StrokeLimits(debounce_us=0, recovery=False))
    bench.want(ENGAGE)
    bench.wait(100_000_000)
    assert not [line for line in bench.record if "recovery" in line]
    assert RELEASE not in bench.asked_for


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_the_tries_are_as_many_as_the_profile_allows(tries: int) -> None:
    bench = at(RELEASED, StrokeLimits(debounce_us=0, tries=tries))
    bench.want(ENGAGE)
    bench.wait(100_000_000)
    assert [line.split()[-1] for line in bench.record if " engage " in line] == [
        str(number) for number in range(1, tries + 1)
    ]
    assert sum("recovery" in line for line in bench.record) == (1 if tries > 1 else 0)


def test_a_recovery_pulse_comes_before_the_second_try_of_two() -> None:
    bench = at(RELEASED, StrokeLimits(debounce_us=0, tries=2))
    bench.want(ENGAGE)
    bench.wait(100_000_000)
    kinds = [line.split()[-1] for line in bench.record if "engage " in line or "recovery" in line]
    assert kinds == ["1", "recovery", "2"]


def test_feedback_in_the_pause_between_tries_ends_the_stroke() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(ON_US + SETTLE_US + 1)
    assert bench.feel(Feedback.ENGAGED) == [f"{ON_US + SETTLE_US + 1} is engaged"]
    assert bench.wait(100_000_000) == []


def test_a_pause_longer_than_the_settling_time_is_counted_from_the_end_of_the_pulse() -> None:
    bench = at(RELEASED, StrokeLimits(on_time_us=10_000, settle_us=50_000, debounce_us=0))
    bench.want(ENGAGE)
    assert bench.wait(90_000)[-2:] == ["90000 is engaging", "90000 engage 2"]


def test_a_settling_time_longer_than_the_pause_delays_the_next_try() -> None:
    bench = at(RELEASED, StrokeLimits(on_time_us=10_000, settle_us=200_000, debounce_us=0))
    bench.want(ENGAGE)
    assert bench.wait(210_000)[-3:] == ["210000 is jammed", "210000 is engaging", "210000 engage 2"]


def test_a_veto_between_tries_ends_the_stroke_and_feedback_says_where_the_pin_is() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(ON_US + SETTLE_US)
    bench.permit()
    assert bench.wait(PAUSE_US) == [f"{ON_US + PAUSE_US} is released"]
    assert not bench.pin.stroking
    assert bench.wait(100_000_000) == []
    assert bench.permit(ENGAGE)[-1].endswith("engage 1")


def test_a_vetoed_demand_does_nothing_until_it_is_permitted() -> None:
    bench = at(RELEASED)
    bench.permit(RELEASE)
    assert bench.want(ENGAGE) == []
    assert bench.asked_for == [ENGAGE]
    assert bench.permit(ENGAGE) == ["0 is engaging", "0 engage 1"]


def test_after_a_jam_the_same_demand_is_not_tried_again() -> None:
    bench = jammed_engaging()
    bench.record.clear()
    bench.wait(10 * COOL_DOWN_US)
    assert bench.want(ENGAGE) == []
    assert bench.record == []


def test_after_a_jam_a_new_reason_is_tried_once_the_cool_down_is_over() -> None:
    bench = jammed_engaging()
    gave_up_us = int(bench.record[-1].split()[0])
    ready_us = gave_up_us + COOL_DOWN_US
    bench.record.clear()
    assert bench.want(ENGAGE, "new") == []
    assert bench.pin.deadline_us is not None
    assert bench.pin.deadline_us - bench.began_us == ready_us
    bench.wait(ready_us - (bench.now_us - bench.began_us) - 1)
    assert bench.record == []
    assert bench.wait(1) == [f"{ready_us} is engaging", f"{ready_us} engage 1"]
    assert bench.pin.goal is ENGAGE
    assert not bench.pin.gave_up


def test_after_a_jam_a_new_reason_has_all_its_tries_and_its_recovery() -> None:
    bench = jammed_engaging()
    bench.want(ENGAGE, "new")
    bench.record.clear()
    bench.wait(COOL_DOWN_US + ON_US + SETTLE_US)
    assert bench.record[-1].endswith("is jammed")
    assert not bench.pin.gave_up
    bench.wait(100_000_000)
    kinds = [line.split()[-1] for line in bench.record if "engage " in line or "recovery" in line]
    assert kinds == ["1", "2", "recovery", "3"]
    assert bench.pin.gave_up


def test_after_a_jam_the_other_demand_finds_the_pin_where_feedback_says() -> None:
    bench = jammed_engaging()
    now_us = bench.now_us - bench.began_us
    assert bench.want(RELEASE) == [f"{now_us} is released"]
    assert bench.pin.goal is HOLD


def test_after_a_jam_hold_gives_the_demand_up_and_it_is_new_the_next_time() -> None:
    bench = jammed_engaging()
    gave_up_us = int(bench.record[-1].split()[0])
    assert [line.split(" ", 1)[1] for line in bench.want(HOLD)] == ["is released"]
    assert not bench.pin.gave_up
    assert bench.want(ENGAGE) == []
    assert bench.wait(2 * COOL_DOWN_US)[1] == f"{gave_up_us + COOL_DOWN_US} engage 1"


def test_a_cool_down_shorter_than_the_pause_does_not_shorten_the_pause() -> None:
    bench = at(RELEASED, StrokeLimits(debounce_us=0, tries=1, cool_down_us=0))
    bench.want(ENGAGE)
    bench.wait(ON_US + SETTLE_US)
    assert bench.pin.gave_up
    bench.want(ENGAGE, "new")
    assert bench.wait(10 * PAUSE_US)[1] == f"{ON_US + PAUSE_US} engage 1"


def test_feedback_that_comes_after_the_tries_are_used_up_is_believed() -> None:
    bench = jammed_engaging()
    now_us = bench.now_us - bench.began_us
    assert bench.feel(Feedback.MOVING) == []
    assert bench.pin.gave_up
    assert bench.feel(Feedback.ENGAGED) == [f"{now_us} is engaged"]
    assert bench.pin.confirmed_engaged
    assert not bench.pin.gave_up
    memory = bench.pin.memory(bench.now_us + 2 * COOL_DOWN_US)
    assert memory == PinMemory(
        state=ENGAGED, reason="asked", feedback=Feedback.ENGAGED, confirmed=ENGAGED
    )


def test_a_pin_that_jams_between_its_ends_can_still_be_released() -> None:
    bench = at(RELEASED, StrokeLimits(debounce_us=0, tries=1))
    bench.want(ENGAGE)
    bench.feel(Feedback.MOVING)
    bench.wait(ON_US + SETTLE_US)
    assert bench.pin.gave_up
    assert bench.want(RELEASE) == [f"{ON_US + SETTLE_US} is unknown"]
    ready_us = ON_US + SETTLE_US + COOL_DOWN_US
    assert bench.wait(2 * COOL_DOWN_US)[:2] == [
        f"{ready_us} is releasing",
        f"{ready_us} release 1",
    ]


def test_a_pin_that_jams_between_its_ends_can_still_be_engaged() -> None:
    bench = at(ENGAGED, StrokeLimits(debounce_us=0, tries=1))
    bench.want(RELEASE)
    bench.feel(Feedback.MOVING)
    bench.wait(ON_US + SETTLE_US)
    bench.want(ENGAGE)
    assert bench.wait(2 * COOL_DOWN_US)[:2] == [
        f"{ON_US + SETTLE_US + COOL_DOWN_US} is engaging",
        f"{ON_US + SETTLE_US + COOL_DOWN_US} engage 1",
    ]


# ---- the pause after a pulse that succeeded -----------------------------------------------------


def test_the_pause_is_eight_times_the_time_that_was_really_driven() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000)
    bench.feel(Feedback.ENGAGED)
    assert bench.want(RELEASE) == []
    assert bench.wait(799_999) == []
    assert bench.wait(1) == ["900000 is releasing", "900000 release 1"]


def test_a_demand_that_goes_while_the_pin_rests_is_forgotten() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000)
    bench.feel(Feedback.ENGAGED)
    bench.want(RELEASE)
    bench.want(HOLD)
    assert bench.pin.deadline_us is None
    assert bench.wait(10_000_000) == []


def test_a_pin_that_nobody_drives_on_does_not_ask_for_the_same_moment_twice() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000)
    bench.feel(Feedback.ENGAGED)
    bench.want(RELEASE)
    due_us = bench.pin.deadline_us
    assert due_us is not None
    bench.pin.expire(bench.may, due_us)
    assert bench.pin.deadline_us is None
    assert bench.pin.memory(due_us).waits_for_rest is False


def test_a_factor_of_the_profile_counts_for_the_pause() -> None:
    bench = at(RELEASED, StrokeLimits(debounce_us=0, pause_factor=10))
    bench.want(ENGAGE)
    assert bench.wait(11 * ON_US)[-1] == f"{11 * ON_US} engage 2"


# ---- reversal and hold --------------------------------------------------------------------------


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
    assert bench.want(HOLD) == ["200000 is released"]
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


def test_a_pulse_that_is_cut_after_it_arrived_is_an_arrival() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(100_000)
    bench.feel(Feedback.RELEASED)
    assert bench.permit(ENGAGE) == ["100000 off", "100000 is released"]


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


def test_feedback_while_a_turned_stroke_waits_ends_it() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(200_000)
    bench.feel(Feedback.MOVING)
    bench.want(RELEASE)
    assert bench.feel(Feedback.RELEASED) == ["200000 is released"]
    assert bench.wait(100_000_000) == []


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
        f"{ON_US + SETTLE_US} is released",
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


def in_recovery() -> Bench:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(2 * (ON_US + PAUSE_US) + 100_000)
    assert bench.record[-1] == f"{2 * (ON_US + PAUSE_US)} release recovery"
    return bench


def test_hold_in_a_recovery_pulse_ends_it_at_once() -> None:
    bench = in_recovery()
    now_us = bench.now_us - bench.began_us
    assert bench.want(HOLD) == [f"{now_us} off", f"{now_us} is released"]


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
    assert bench.want(RELEASE) == [f"{now_us} off", f"{now_us} is released"]


# ---- lost feedback ------------------------------------------------------------------------------


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


def blind_release_over() -> Bench:
    bench = Bench()
    bench.want(RELEASE, blind=True)
    bench.wait(ON_US + SETTLE_US)
    assert bench.record[-1] == f"{ON_US + SETTLE_US} blind-stroke-over"
    assert not bench.pin.gave_up
    bench.record.clear()
    return bench


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


# ---- a pin without a sensor ---------------------------------------------------------------------


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


# ---- moved by hand ------------------------------------------------------------------------------


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


# ---- halt ---------------------------------------------------------------------------------------


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


# ---- memory -------------------------------------------------------------------------------------


def test_memory_holds_times_relative_to_now() -> None:
    bench = at(RELEASED, TRIES)
    bench.want(ENGAGE)
    bench.wait(100_000)
    bench.feel(Feedback.ENGAGED)
    bench.wait(10_000)
    memory = bench.pin.memory(bench.now_us)
    assert memory == PinMemory(
        state=PinState.ENGAGING,
        step=Step.DRIVE,
        goal=ENGAGE,
        reason="asked",
        attempt=1,
        step_ends_in_us=ON_US - 110_000,
        rest_ends_in_us=ON_US - 110_000,
        feedback=Feedback.RELEASED,
        candidate=Feedback.ENGAGED,
        candidate_counts_in_us=DEBOUNCE_US - 10_000,
    )


def test_memory_of_a_resting_pin_holds_the_rest_of_its_pause() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000)
    bench.feel(Feedback.ENGAGED)
    bench.want(RELEASE)
    bench.wait(50_000)
    assert bench.pin.memory(bench.now_us) == PinMemory(
        state=ENGAGED,
        reason="asked",
        rest_ends_in_us=750_000,
        waits_for_rest=True,
        feedback=Feedback.ENGAGED,
        confirmed=ENGAGED,
    )


def test_a_restored_pin_tells_nothing_of_what_it_remembers() -> None:
    bench = at(ENGAGED)
    bench.restart(5)
    assert bench.pin.take() == ([], [])
    assert bench.feel(Feedback.ENGAGED) == []
    assert bench.pin.state is ENGAGED


def test_a_restored_pin_keeps_its_deadlines() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000)
    bench.feel(Feedback.ENGAGED)
    bench.want(RELEASE)
    bench.restart(1_000_000_000)
    assert bench.pin.deadline_us == bench.now_us + 800_000


def test_a_pin_restored_in_the_middle_of_a_pulse_ends_it_in_time() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(100_000)
    bench.restart(1_000_000_000)
    assert bench.wait(ON_US - 100_001) == []
    assert bench.wait(1) == [f"{ON_US} off"]
    assert bench.wait(PAUSE_US)[-1] == f"{ON_US + PAUSE_US} engage 2"


def test_a_pin_restored_while_a_feedback_is_debounced_believes_it_in_time() -> None:
    bench = at(RELEASED, TRIES)
    bench.feel(Feedback.ENGAGED)
    bench.wait(20_000)
    bench.restart(1_000_000_000)
    assert bench.wait(DEBOUNCE_US - 20_001) == []
    assert bench.wait(1)[0] == f"{DEBOUNCE_US} is engaged"


@pytest.mark.parametrize("late_us", [0, 1, 999])
def test_what_is_due_is_done_although_the_call_is_late(late_us: int) -> None:
    bench = at(RELEASED, TRIES)
    bench.want(ENGAGE)
    bench.wait(ON_US - 1)
    bench.pin.expire(bench.may, bench.now_us + 1 + late_us)
    bench.now_us += 1 + late_us
    bench.want(ENGAGE)
    assert bench.record[-1] == f"{ON_US + late_us} off"
    assert bench.wait(PAUSE_US)[-1] == f"{ON_US + late_us + PAUSE_US} engage 2"


def test_a_position_that_is_felt_during_a_stroke_to_the_other_end_is_not_confirmed() -> None:
    for start, demand in ((ENGAGED, RELEASE), (RELEASED, ENGAGE)):
        bench = at(start)
        bench.want(demand)
        bench.feel(Feedback.MOVING)
        bench.feel(Feedback(start))
        memory = bench.pin.memory(bench.now_us)
        assert memory.confirmed is None
        assert memory.state is not start


def test_a_stroke_that_is_given_up_between_the_ends_confirms_nothing() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.feel(Feedback.MOVING)
    bench.wait(ON_US + SETTLE_US)
    bench.want(HOLD)
    assert bench.pin.memory(bench.now_us).confirmed is None


def test_a_stroke_that_is_given_up_while_a_feedback_is_debounced_confirms_nothing() -> None:
    bench = at(ENGAGED, TRIES)
    bench.want(RELEASE)
    bench.wait(ON_US + SETTLE_US)
    bench.feel(Feedback.MOVING)
    bench.want(HOLD)
    assert bench.pin.memory(bench.now_us).confirmed is None
    assert bench.wait(DEBOUNCE_US) == [f"{ON_US + SETTLE_US + DEBOUNCE_US} is unknown"]


@pytest.mark.parametrize("state", [ENGAGED, RELEASED])
def test_a_restored_pin_that_hears_its_sensor_again_stays_where_it_was(state: PinState) -> None:
    bench = Bench()
    bench.pin.restore(PinMemory(state=state), 0)
    assert bench.feel(Feedback(state)) == []
    assert bench.pin.state is state
    assert bench.pin.memory(0).confirmed is state
