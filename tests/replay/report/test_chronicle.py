"""What a report takes down of a replay: tracks, marks, rows, and what would have released a pin."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.car import Actuator, Car
from vehicle.core.inputs import DeadlinePassed, InputEvent, Observed
from vehicle.core.manager import LockManager
from vehicle.core.names import Demand, EventName, FaultName, PinState
from vehicle.core.outputs import ActuatorChanged, Command, Decided, Event, Fault, SignalChanged
from vehicle.core.signals import CarLock, Feedback, Fitted, Inlet, Occupant, Session, Supply
from vehicle.replay.report.chronicle import (
    NOT_RECORDED,
    RELEASED_ALREADY,
    Chronicle,
    Track,
)


def lived(*events: tuple[int, InputEvent]) -> Chronicle:
    """The chronicle of a manager in shadow that is told these events."""
    manager, chronicle = LockManager(Car(), shadow=True), Chronicle(shadow=True)
    chronicle.meet(SimpleNamespace(manager=manager, cause=None))
    for output in manager.start(0):
        chronicle.take(0, output)
    for now_us, event in (*events, (9_000_000, DeadlinePassed())):
        while (due_us := manager.deadline_us) is not None and due_us < now_us:
            for output in manager.handle(DeadlinePassed(), due_us):
                chronicle.take(due_us, output)
        for output in manager.handle(event, now_us):
            chronicle.take(now_us, output)
    chronicle.finish(10_000_000)
    return chronicle


def told(**values: object) -> Observed:
    return Observed(tuple(values.items()))  # type: ignore[arg-type]


LOCKED_IN = told(
    car_lock=CarLock.LOCKED,
    occupant=Occupant.CONNECTOR,
    session=Session.NONE,
    supply=Supply.NONE,
    inlet=Inlet.SAFE,
    latch=Feedback.ENGAGED,
    latch_fitted=Fitted.FITTED,
    adapter_lock_fitted=Fitted.ABSENT,
)


def named(track: Track) -> list[tuple[int, str]]:
    names = list(track.names)
    return [
        (now_us, names[value]) for now_us, value in zip(track.times_us, track.values, strict=True)
    ]


def test_each_decision_stands_with_its_rule_and_what_would_release_it() -> None:
    chronicle = lived((1_000_000, LOCKED_IN), (5_000_000, told(car_lock=CarLock.UNLOCKED)))
    why = chronicle.whys[Actuator.LATCH]
    assert (1_000_000, "car_locked") in named(why.rule)
    assert named(why.rule)[-1] == (5_000_000, "car_unlocked")
    ways = [words for now_us, words in named(why.releases) if 1_000_000 <= now_us < 5_000_000]
    assert "the car is unlocked" in ways[-1]
    assert "someone asks for it" in ways[-1]


def test_a_released_pin_needs_nothing_to_be_released() -> None:
    released = told(latch=Feedback.RELEASED, latch_fitted=Fitted.FITTED)
    chronicle = lived((1_000_000, released))
    ways = named(chronicle.whys[Actuator.LATCH].releases)
    assert ways[-1] == (ways[-1][0], RELEASED_ALREADY)


def test_without_a_manager_nothing_is_invented_about_a_release() -> None:
    chronicle = Chronicle(shadow=False)
    chronicle.take(0, Decided(Actuator.LATCH, Demand.HOLD, "otherwise", ()))
    assert named(chronicle.whys[Actuator.LATCH].releases) == [(0, NOT_RECORDED)]


def test_events_faults_and_commands_become_marks_with_their_words() -> None:
    chronicle = Chronicle(shadow=False)
    chronicle.take(1, Command(Actuator.LATCH, Demand.ENGAGE, 2))
    chronicle.take(2, Event(EventName.JAMMED, (("actuator", "latch"),)))
    chronicle.take(3, Fault(FaultName.FAILED_TO_ENGAGE, True, Actuator.LATCH))
    chronicle.take(4, Fault(FaultName.FAILED_TO_ENGAGE, False, Actuator.LATCH))
    chronicle.take(5, Fault(FaultName.BUS_LOST, True))
    assert [(mark.now_us, mark.kind, mark.words) for mark in chronicle.marks] == [
        (1, "command", "engage the charge-port latch, try 2"),
        (2, "event", "the pin did not move in any of its tries (charge-port latch)"),
        (3, "fault", "the pin could not be engaged, charge-port latch"),
        (4, "over", "the pin could not be engaged, charge-port latch"),
        (5, "fault", "the car's bus is lost"),
    ]


def test_an_assumed_state_is_another_than_a_confirmed_one() -> None:
    chronicle = Chronicle(shadow=False)
    chronicle.take(1, ActuatorChanged(Actuator.LATCH, PinState.ENGAGED, None, True))
    chronicle.take(2, ActuatorChanged(Actuator.LATCH, PinState.ENGAGED, PinState.ENGAGED, False))
    assert named(chronicle.tracks["state:latch"]) == [(1, "engaged-assumed"), (2, "engaged")]


def test_the_rows_say_what_is_held_once_all_of_a_moment_is_known() -> None:
    chronicle = lived((1_000_000, LOCKED_IN))
    held = [row for row in chronicle.rows if row.what == "held"]
    assert held[-1].words == "The connector is locked to the car."


def test_the_last_values_hold_to_the_end() -> None:
    chronicle = Chronicle(shadow=False)
    chronicle.take(3, SignalChanged("car_lock", CarLock.LOCKED, None))
    chronicle.finish(9)
    assert chronicle.end_us == 9


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abc")), max_size=20))
def test_a_track_holds_the_last_value_of_each_moment_and_no_value_twice(
    notes: list[tuple[int, str]],
) -> None:
    """Whatever is noted, what a track says of a moment is the last that was noted up to then."""
    notes = sorted(notes, key=lambda note: note[0])
    track = Track()
    for now_us, name in notes:
        track.note(now_us, name)
    shown = named(track)
    assert all(one[0] < other[0] and one[1] != other[1] for one, other in pairwise(shown))
    for moment in range(6):
        said = [name for now_us, name in notes if now_us <= moment]
        found = [name for now_us, name in shown if now_us <= moment]
        assert found[-1:] == said[-1:]
