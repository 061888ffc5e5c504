"""The manager's parts, one at a time: what it starts with, decides on, vetoes and leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
from core_bench import ADAPTER, LATCH, MIN, Bench, S, charging, plugged

from vehicle.core.car import Actuator, Car, Pin, WhenEmpty
from vehicle.core.circumstance import CableOwner
from vehicle.core.deciding import Basis
from vehicle.core.inputs import DeadlinePassed
from vehicle.core.manager import LockManager
from vehicle.core.memory import Flag, Memory
from vehicle.core.names import Charge, Demand, EventName, FaultName, PinState
from vehicle.core.outputs import (
    ActuatorChanged,
    Because,
    Decided,
    Event,
    Fault,
    Permit,
    SignalChanged,
    StopCharge,
)
from vehicle.core.settings import Settings, Toggle
from vehicle.core.settings_read import parse
from vehicle.core.signals import (
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    Occupant,
    Session,
    Weld,
)
from vehicle.core.situation import Doors, Energy, Phase, Seat
from vehicle.core.snapshot import SIGNALS, Snapshot

pytestmark = pytest.mark.fast


def test_a_start_tells_the_faults_that_stand_in_order_and_which_pin_is_assumed() -> None:
    """A fault of no pin beside the same of one: they have no order but that of their words."""
    manager = LockManager(Car(latch=Pin(feedback=False)))
    lost = FaultName.BUS_LOST
    manager.restore(Memory(faults=frozenset({(lost, None), (lost, LATCH)})), 0)
    outputs = manager.start(5)
    assert [each for each in outputs if isinstance(each, ActuatorChanged)] == [
        ActuatorChanged(LATCH, PinState.UNKNOWN, None, True),
        ActuatorChanged(ADAPTER, PinState.UNKNOWN, None, False),
    ]
    told = [each for each in outputs if isinstance(each, Fault) and each.active]
    assert told == [Fault(lost, True, LATCH), Fault(lost, True)]
    assert [each for each in outputs if isinstance(each, Permit)] == [Permit(Charge.NONE, None)]


def test_what_stands_can_be_told_again_to_those_who_heard_nothing() -> None:
    """All that was reported and holds, in the order of a start, with the signals' true ages."""
    bench = plugged(car_lock=CarLock.LOCKED)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(10 * MIN)
    bench.see(inlet=Inlet.ENERGISED)
    bench.unlatch()
    standing = bench.manager.standing()
    assert [each.kind for each in standing] == [
        *["signal"] * len(SIGNALS),
        *["actuator"] * 2,
        "fault",
        "stop",
        *["decision"] * 2,
        "permit",
    ]
    assert standing[len(SIGNALS) :][:2] == [
        ActuatorChanged(LATCH, PinState.ENGAGED, None, False),
        ActuatorChanged(ADAPTER, PinState.RELEASED, None, False),
    ]
    assert Fault(FaultName.FAILED_TO_RELEASE, True, LATCH) in standing
    assert StopCharge(True, 1) in standing
    decided = next(each for each in standing if isinstance(each, Decided))
    assert (decided.actuator, decided.demand) == (LATCH, Demand.HOLD)
    assert decided.rule == "requested_release_waits"
    assert ("occupant", Because(Occupant.CONNECTOR, 10 * MIN + 2 * S)) in decided.because
    assert standing[-1] == Permit(Charge.NONE, None)
    assert bench.manager.standing() == standing


def test_a_lost_sensor_of_the_adapter_lock_is_a_fault_of_that_pin() -> None:
    bench = Bench(adapter_lock_fitted=Fitted.FITTED)
    bench.see(occupant=Occupant.ADAPTER)
    bench.see(adapter_lock=Feedback.UNKNOWN)
    bench.run(MIN)
    assert bench.said(Fault) == [Fault(FaultName.FEEDBACK_LOST, True, ADAPTER)]


def test_an_empty_inlet_is_left_alone_only_where_the_car_wants_it_so() -> None:
    leave = Bench(Car(when_empty=WhenEmpty.LEAVE))
    assert leave.manager.situation(LATCH).seat is Seat.EMPTY_LEAVE
    assert Bench().manager.situation(LATCH).seat is Seat.EMPTY


def test_a_car_counts_as_opened_only_after_it_was_locked_with_something_seated() -> None:
    bench = plugged()
    assert bench.manager.situation(LATCH).doors is Doors.UNLOCKED
    bench.see(car_lock=CarLock.LOCKED)
    bench.see(car_lock=CarLock.UNLOCKED)
    assert bench.manager.situation(LATCH).doors is Doors.OPENED


def test_a_session_that_was_cut_off_is_over_after_its_hold() -> None:
    bench = charging()
    bench.see(session=Session.NONE, inlet=Inlet.SAFE)
    assert bench.manager.situation(LATCH).phase is Phase.INTERRUPTED
    bench.run(300 * S)
    assert bench.manager.situation(LATCH).phase is Phase.NONE


def test_a_complete_charge_is_full_after_the_grace_time() -> None:
    bench = charging(settings=Settings(release_when_full=Toggle.ON, release_grace_min=1))
    bench.see(session=Session.COMPLETE, inlet=Inlet.SAFE)
    bench.run(MIN - 1)
    assert bench.manager.situation(LATCH).phase is Phase.COMPLETE
    bench.run(1)
    assert bench.manager.situation(LATCH).phase is Phase.FULL


def test_a_pin_that_is_not_known_to_be_there_is_not_even_vetoed() -> None:
    for fitted in (Fitted.UNKNOWN, Fitted.ABSENT):
        bench = Bench(latch_fitted=fitted)
        bench.see(occupant=Occupant.CONNECTOR, car_lock=CarLock.LOCKED, session=Session.WAITING)
        bench.run(MIN)
        assert bench.commands() == []
        assert EventName.COMMAND_VETOED not in bench.events()


@pytest.mark.parametrize(
    ("flag", "why"),
    [
        (Flag.WELD_RESULT_WANTED, "the weld test's result is awaited"),
        (Flag.MANUAL_LATCH, "the manual release was pulled"),
    ],
)
def test_what_is_remembered_vetoes_a_release_that_no_rule_should_have_asked_for(
    flag: Flag, why: str
) -> None:
    """Told once while it stands, and again when it has gone and come back."""
    bench = plugged()
    manager = bench.manager
    may, state = manager._may(LATCH), manager._state
    told = Event(
        EventName.COMMAND_VETOED,
        (("actuator", LATCH), ("command", Demand.RELEASE), ("why", why)),
    )
    for times in (1, 2):
        state.flags.add(flag)
        assert not may(Demand.RELEASE)
        assert not may(Demand.RELEASE)
        assert manager.vetoed == {(LATCH, Demand.RELEASE): why}
        assert state.outputs == [told] * times
        state.flags.discard(flag)
        assert may(Demand.RELEASE)
        assert manager.vetoed == {}


def test_a_pin_whose_position_is_unknown_is_released_on_request_and_not_by_a_rule() -> None:
    bench = plugged(car_lock=CarLock.LOCKED, session=Session.COMPLETE)
    bench.see(latch=Feedback.UNKNOWN)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(30 * S)
    assert bench.rule() == "car_unlocked"
    assert bench.commands() == []
    bench.unlatch()
    assert bench.rule() == "release_requested"
    assert bench.commands() == [("latch", "release")]


def test_a_new_manager_remembers_nothing_and_its_time_begins_at_zero() -> None:
    assert LockManager(Car()).memory == Memory()


def test_a_start_tells_each_signal_as_it_is_remembered() -> None:
    manager = LockManager(Car())
    seen = Snapshot(car_lock=CarLock.LOCKED, occupant=Occupant.CONNECTOR)
    manager.restore(Memory(snapshot=seen), 3)
    told = [each for each in manager.start(3) if isinstance(each, SignalChanged)]
    assert told == [SignalChanged(name, getattr(seen, name), None) for name in SIGNALS]


def test_welded_contactors_count_as_soon_as_they_are_seen_whatever_the_reading() -> None:
    state = plugged().manager._state
    state.seen = state.seen._replace(weld=Weld.WELDED, inlet=Inlet.SAFE)
    assert Flag.WELDED not in state.flags
    assert state.energy is Energy.WELDED


def test_whose_cable_it_is_where_no_signal_tells_is_the_owners_choice() -> None:
    owner = parse({"cable-default": "own", "overrides": "latch-mode=always when cable=own"})
    bench = plugged(owner)
    assert bench.manager.circumstance.cable is CableOwner.OWN
    assert (bench.rule(), bench.state) == ("always", "engaged")


# ---- what has not changed is not worked out again -----------------------------------------------


class Counted(dict[Any, Any]):
    """A dictionary that counts what is looked up in it."""

    looked_up = 0

    def get(self, key: Any, default: Any = None) -> Any:
        self.looked_up += 1
        return super().get(key, default)


def test_on_the_same_grounds_no_decision_is_even_looked_up() -> None:
    bench = plugged(car_lock=CarLock.LOCKED)
    known = bench.manager._known = Counted(bench.manager._known)
    bench.give(DeadlinePassed())
    assert known.looked_up == 0
    bench.see(car_lock=CarLock.UNLOCKED)
    assert known.looked_up == 2, "each pin's, once"


def test_at_one_moment_each_pin_is_driven_once_on_the_same_grounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though all is looked at once more after a command was given."""
    bench = plugged()
    driven: list[Actuator] = []
    drive = LockManager._decide_and_drive

    def noted(manager: LockManager, actuator: Actuator, basis: Basis) -> None:
        driven.append(actuator)
        drive(manager, actuator, basis)

    monkeypatch.setattr(LockManager, "_decide_and_drive", noted)
    bench.see(car_lock=CarLock.LOCKED)
    assert bench.commands() == [("latch", "engage")]
    assert driven == [LATCH, ADAPTER]
