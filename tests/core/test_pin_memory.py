"""What a driven pin remembers, and how it goes on from there."""

from __future__ import annotations

import pytest
from pin_bench import (
    DEBOUNCE_US,
    ENGAGE,
    HOLD,
    ON_US,
    PAUSE_US,
    RELEASE,
    SETTLE_US,
    TRIES,
    Bench,
    at,
)

from vehicle.core.names import PinState
from vehicle.core.pin import PinMemory, Step
from vehicle.core.signals import Feedback

pytestmark = pytest.mark.fast

RELEASED, ENGAGED = PinState.RELEASED, PinState.ENGAGED


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
        unsettled=True,
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
