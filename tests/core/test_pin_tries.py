"""A driven pin that does not arrive: tries, pauses, recovery, jam and cool-down."""

from __future__ import annotations

import pytest
from pin_bench import (
    COOL_DOWN_US,
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
from vehicle.core.pin import PinMemory, Step
from vehicle.core.signals import Feedback

pytestmark = pytest.mark.fast

RELEASED, ENGAGED, JAMMED = PinState.RELEASED, PinState.ENGAGED, PinState.JAMMED


def test_what_a_pin_remembers_of_its_tries_is_yes_or_no_and_where_its_stroke_is() -> None:
    """A record of it is compared and stored: nothing must stand for no."""
    recovering = in_recovery()
    recovering.wait(ON_US)
    assert recovering.pin.memory(recovering.now_us).step is Step.PAUSE
    jammed = jammed_engaging()
    jammed.pin.try_again()
    assert jammed.pin.memory(jammed.now_us).gave_up is False
    found = at(ENGAGED)
    assert found.pin.memory(found.now_us).unsettled is False


# ---- tries, pauses, recovery, cool-down ----------------------------------------------------------


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
    drives = [line.split(" ", 1)[1] for line in bench.record]
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


def test_a_veto_between_tries_ends_the_stroke_and_the_pin_may_be_half_in() -> None:
    bench = at(RELEASED)
    bench.want(ENGAGE)
    bench.wait(ON_US + SETTLE_US)
    bench.permit()
    assert bench.wait(PAUSE_US) == [f"{ON_US + PAUSE_US} is unknown"]
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


@pytest.mark.parametrize("felt", [Feedback.RELEASED, Feedback.MOVING])
def test_after_a_jam_a_pin_that_may_be_half_in_is_driven_out_once(felt: Feedback) -> None:
    """A single switch says "released" of a pin that is half in, too."""
    bench = jammed_engaging()
    rested_us = int(bench.record[-1].split()[0]) + COOL_DOWN_US
    bench.feel(felt)
    now_us = bench.now_us - bench.began_us
    assert bench.want(RELEASE) == [f"{now_us} is unknown"]
    assert bench.wait(rested_us - now_us + ON_US // 2) == [
        f"{rested_us} is releasing",
        f"{rested_us} release 1",
    ]
    bench.feel(Feedback.RELEASED)
    assert bench.wait(100_000_000) == [
        f"{rested_us + ON_US} off",
        f"{rested_us + ON_US} is released",
    ]
    assert not bench.pin.memory(bench.now_us).unsettled
    assert bench.want(HOLD) == bench.want(RELEASE, "again") == []


def test_after_a_jam_a_pin_that_was_given_up_meanwhile_is_driven_out_all_the_same() -> None:
    bench = jammed_engaging()
    bench.want(HOLD)
    bench.restart(2 * COOL_DOWN_US)
    bench.wait(2 * COOL_DOWN_US)
    assert bench.want(RELEASE)[-1].endswith("release 1")
    assert bench.wait(ON_US)[-1].endswith("is released")


def test_after_a_release_that_jammed_the_other_demand_finds_the_pin_where_feedback_says() -> None:
    bench = at(ENGAGED)
    bench.want(RELEASE)
    bench.wait(20_000_000)
    assert bench.pin.gave_up
    assert bench.want(ENGAGE) == ["20000000 is engaged"]
    assert bench.pin.goal is HOLD


def test_after_a_jam_hold_gives_the_demand_up_and_it_is_new_the_next_time() -> None:
    bench = jammed_engaging()
    gave_up_us = int(bench.record[-1].split()[0])
    assert [line.split(" ", 1)[1] for line in bench.want(HOLD)] == ["is unknown"]
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


# ---- the pause after a pulse that succeeded ------------------------------------------------------


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
