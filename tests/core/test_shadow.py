"""A watched pin: the commands we would have given, and the car's own feedback."""

from __future__ import annotations

import pytest
from pin_bench import DEBOUNCE_US, ENGAGE, HOLD, RELEASE, TRIES, Bench

from vehicle.core.car import Actuator, Pin
from vehicle.core.names import PinState
from vehicle.core.shadow import ShadowPin
from vehicle.core.signals import Feedback

pytestmark = pytest.mark.fast


def watched(feedback: Feedback) -> Bench:
    bench = Bench(shadow=True)
    bench.feel(feedback)
    bench.record.clear()
    return bench


def test_the_first_command_is_told_and_no_stroke_follows() -> None:
    bench = watched(Feedback.RELEASED)
    assert bench.want(ENGAGE) == ["0 engage 1"]
    assert not bench.pin.stroking
    assert bench.pin.goal is HOLD
    assert bench.pin.state is PinState.RELEASED
    assert bench.pin.deadline_us is None
    assert bench.wait(100_000_000) == []
    assert bench.pin.memory(bench.now_us).goal is HOLD
    assert bench.asked_for == [ENGAGE]


def test_a_standing_demand_is_told_once_whatever_its_reason() -> None:
    bench = watched(Feedback.RELEASED)
    bench.want(ENGAGE, "one")
    assert bench.want(ENGAGE, "two") == []
    assert bench.feel(Feedback.MOVING) == ["0 is unknown"]
    assert bench.feel(Feedback.RELEASED) == ["0 is released"]


def test_each_change_of_the_demand_is_told() -> None:
    bench = watched(Feedback.RELEASED)
    assert bench.want(ENGAGE) == ["0 engage 1"]
    assert bench.want(HOLD) == []
    assert bench.want(ENGAGE) == ["0 engage 1"]
    bench.feel(Feedback.ENGAGED)
    assert bench.want(RELEASE) == ["0 release 1"]


def test_a_demand_that_the_car_has_met_already_is_not_told() -> None:
    bench = watched(Feedback.ENGAGED)
    assert bench.want(ENGAGE) == []
    assert bench.feel(Feedback.RELEASED) == ["0 is released"]
    assert bench.asked_for == []


def test_a_release_that_the_car_has_made_already_is_not_owed_later() -> None:
    bench = watched(Feedback.RELEASED)
    assert bench.want(RELEASE) == []
    assert bench.feel(Feedback.ENGAGED) == ["0 is engaged"]
    assert bench.asked_for == []


def test_a_demand_waits_until_the_position_is_known() -> None:
    bench = Bench(shadow=True)
    assert bench.want(ENGAGE) == []
    assert bench.asked_for == []
    assert bench.feel(Feedback.RELEASED) == ["0 is released", "0 engage 1"]


def test_a_demand_waits_until_the_interlock_permits_it() -> None:
    bench = watched(Feedback.ENGAGED)
    bench.permit(ENGAGE)
    assert bench.want(RELEASE) == []
    assert bench.permit(RELEASE) == ["0 release 1"]


def test_a_demand_that_was_not_yet_told_goes_with_hold() -> None:
    bench = Bench(shadow=True)
    bench.want(ENGAGE)
    bench.want(HOLD)
    assert bench.feel(Feedback.RELEASED) == ["0 is released"]


def test_the_cars_own_movements_are_followed_without_blame() -> None:
    bench = watched(Feedback.ENGAGED)
    assert bench.feel(Feedback.RELEASED) == ["0 is released"]
    assert bench.feel(Feedback.ENGAGED) == ["0 is engaged"]
    assert bench.feel(Feedback.BLOCKING) == ["0 is unknown"]
    assert bench.pin.take() == ([], [])


def test_feedback_is_debounced_for_a_watched_pin_too() -> None:
    bench = Bench(TRIES, shadow=True)
    bench.feel(Feedback.ENGAGED)
    assert bench.wait(DEBOUNCE_US) == [f"{DEBOUNCE_US} is engaged"]
    assert bench.pin.confirmed_engaged


def test_halt_leaves_another_controllers_motor_alone() -> None:
    bench = watched(Feedback.ENGAGED)
    bench.want(RELEASE)
    assert bench.halt() == []
    assert bench.pin.state is PinState.ENGAGED


@pytest.mark.parametrize("feedback", [Feedback.UNKNOWN, Feedback.ENGAGED])
def test_a_restored_watch_owes_what_it_owed(feedback: Feedback) -> None:
    bench = watched(feedback)
    bench.permit()
    bench.want(RELEASE)
    bench.restart(1_000_000)
    assert bench.pin.goal is HOLD
    bench.feel(Feedback.ENGAGED)
    assert bench.permit(RELEASE) == ["0 release 1"]
    bench.restart(1_000_000)
    assert bench.want(RELEASE) == []


def test_a_watched_pin_has_no_steps_that_could_end() -> None:
    bench = watched(Feedback.ENGAGED)
    memory = bench.pin.memory(0)
    pin = ShadowPin(Actuator.LATCH, Pin())
    pin.restore(type(memory)(step_ends_in_us=0), 0)
    with pytest.raises(AssertionError, match=r"^a watched pin has no steps$"):
        pin.expire(bench.may, 0)
