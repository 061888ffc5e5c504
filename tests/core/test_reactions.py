"""Stories of what follows from what the pins report: faults, jams, hands on the manual release."""

from __future__ import annotations

from typing import Any

import pytest
from core_bench import AC_32, ADAPTER, LATCH, MIN, Bench, S, charging, plugged, stop_to

from vehicle.core.car import Car, Pin, StrokeLimits, WhenEmpty
from vehicle.core.inputs import Observed
from vehicle.core.manager import LockManager
from vehicle.core.memory import RELEASED, Flag
from vehicle.core.names import (
    Charge,
    EventName,
    FaultName,
    PinState,
    Result,
)
from vehicle.core.outputs import Command, Fault
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.core.signals import CarLock, Feedback, Fitted, Inlet, Occupant, Session, SupplyLimit

pytestmark = pytest.mark.fast

LOCKED: dict[str, Any] = {"car_lock": CarLock.LOCKED}
OPEN, CLOSE = FaultName.UNEXPECTED_OPEN, FaultName.UNEXPECTED_CLOSE


def test_a_pin_that_comes_out_although_it_shall_hold_is_not_remembered_as_released() -> None:
    bench = charging(**LOCKED)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert bench.state == "released"
    assert RELEASED[LATCH] not in bench.manager._state.flags


def test_a_pin_that_does_not_engage_is_a_fault_until_it_does() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(MIN)
    assert bench.faults() == [(FaultName.FAILED_TO_ENGAGE, True)]
    assert bench.event(EventName.JAMMED) == {"actuator": "latch", "command": "engage"}
    bench.clear()
    bench.see(latch=Feedback.ENGAGED)
    bench.run(S)
    assert bench.faults() == [(FaultName.FAILED_TO_ENGAGE, False)]


def test_a_pin_that_does_not_engage_is_a_fault_until_the_connector_is_out() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(MIN)
    bench.clear()
    bench.see(occupant=Occupant.EMPTY)
    assert bench.faults() == [(FaultName.FAILED_TO_ENGAGE, False)]


def test_a_jam_is_tried_again_on_a_new_demand_after_the_cool_down_only() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(30 * S)
    jammed_us = next(
        at_us for at_us, each in bench.journal if getattr(each, "event", None) is EventName.JAMMED
    )
    bench.run(60 * MIN)
    tries = len(bench.commands())
    assert tries == 4, "three tries, and a recovery pulse before the last"
    bench.see(session=Session.WAITING)
    bench.run(S)
    assert len(bench.commands()) == tries + 1
    again = Bench()
    again.stuck.add(LATCH)
    again.see(occupant=Occupant.CONNECTOR, **LOCKED)
    began_us = again.now_us
    again.run(30 * S)
    again.see(session=Session.WAITING)
    again.run(5 * MIN)
    next_us = [at_us for at_us, each in again.journal if isinstance(each, Command)][4]
    assert next_us - began_us > 60 * S
    assert jammed_us > 0


def test_a_failed_engagement_limits_ac_and_refuses_dc() -> None:
    for supply, permit in ((AC_32["supply"], Charge.AC_LIMITED), ("dc", Charge.NONE)):
        bench = Bench()
        bench.stuck.add(LATCH)
        bench.see(**{**AC_32, "inlet": Inlet.SAFE, "session": Session.WAITING})
        if supply == "dc":
            bench.see(supply=type(AC_32["supply"])("dc"))
        assert bench.manager.permit is Charge.NONE
        bench.run(MIN)
        assert bench.manager.permit is permit


def test_a_recovery_pulse_is_skipped_while_energy_flows() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.see(inlet=Inlet.ENERGISED)
    bench.run(MIN)
    assert bench.commands() == [("latch", "engage")] * 3
    assert EventName.COMMAND_VETOED in bench.events()


def test_a_manual_release_is_respected_until_the_connector_is_out() -> None:
    bench = charging(**LOCKED)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert bench.faults() == [(OPEN, True)]
    assert bench.manager.faults == {(OPEN, LATCH)}
    assert bench.event(EventName.MANUAL_RELEASE_PULLED) == {"actuator": "latch"}
    assert bench.stops() == [(True, 1)]
    assert bench.manager.memory.stop_attempt == 1
    assert bench.manager.permit is Charge.NONE
    for car_lock in (CarLock.UNLOCKED, CarLock.LOCKED):
        bench.see(car_lock=car_lock)
        bench.run(10 * S)
    stop_to(bench)
    bench.see(session=Session.CHARGING, inlet=Inlet.ENERGISED)
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert bench.manager.permit is Charge.NONE
    bench.see(occupant=Occupant.EMPTY, session=Session.NONE, inlet=Inlet.SAFE)
    assert bench.faults() == [(OPEN, True), (OPEN, False)]
    assert bench.stops() == [(True, 1), (False, 0)]
    bench.see(occupant=Occupant.CONNECTOR)
    bench.run(S)
    assert bench.commands() == [("latch", "engage")]


def test_a_manual_release_of_one_pin_rests_both() -> None:
    bench = Bench(adapter_lock_fitted=Fitted.FITTED)
    bench.see(occupant=Occupant.ADAPTER_AND_CONNECTOR, **LOCKED)
    bench.run(S)
    bench.clear()
    bench.see(adapter_lock=Feedback.RELEASED)
    bench.run(S)
    assert Flag.MANUAL_ADAPTER in bench.manager.memory.flags
    bench.see(occupant=Occupant.CONNECTOR)
    bench.run(MIN)
    assert bench.commands() == []


def test_two_manual_releases_withdraw_one_stop() -> None:
    car = Car(when_empty=WhenEmpty.LEAVE)
    bench = Bench(car, adapter_lock_fitted=Fitted.FITTED, latch=Feedback.ENGAGED)
    bench.see(occupant=Occupant.ADAPTER, **LOCKED)
    bench.run(S)
    bench.clear()
    bench.see(adapter_lock=Feedback.RELEASED, latch=Feedback.RELEASED)
    bench.run(S)
    assert [fault for fault, _ in bench.faults()].count(OPEN) == 2
    bench.see(occupant=Occupant.EMPTY)
    assert bench.stops() == [(True, 1), (False, 0)]


def test_a_pin_that_opens_by_hand_in_an_empty_inlet_is_no_manual_release() -> None:
    bench = Bench(Car(when_empty=WhenEmpty.LEAVE), latch=Feedback.ENGAGED)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert bench.faults() == []
    assert bench.manager.memory.flags.isdisjoint({Flag.MANUAL_LATCH})


def test_a_pin_that_closes_by_itself_is_a_fault_until_it_is_open_again() -> None:
    bench = plugged()
    bench.see(latch=Feedback.ENGAGED)
    bench.run(S)
    assert bench.faults()[0] == (CLOSE, True)
    assert bench.faults()[-1] == (CLOSE, False)
    assert bench.state == "released"


def test_a_pin_that_closes_by_itself_is_no_fault_any_more_once_it_is_wanted() -> None:
    bench = plugged(inlet=Inlet.UNKNOWN)
    bench.see(latch=Feedback.ENGAGED)
    bench.run(S)
    assert bench.said(Fault) == [Fault(CLOSE, True, LATCH)]
    bench.see(**LOCKED)
    assert bench.faults() == [(CLOSE, True), (CLOSE, False)]


def test_feedback_that_is_lost_is_a_fault_after_exactly_three_seconds() -> None:
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    assert bench.state == "unknown"
    assert bench.manager.permit is not Charge.DC
    bench.run(3 * S - 1)
    assert bench.faults() == []
    bench.run(1)
    assert bench.said(Fault) == [Fault(FaultName.FEEDBACK_LOST, True, LATCH)]
    bench.see(latch=Feedback.ENGAGED)
    assert bench.faults()[-1] == (FaultName.FEEDBACK_LOST, False)
    assert bench.commands() == []


def test_the_adapter_locks_feedback_is_watched_as_well() -> None:
    bench = Bench(adapter_lock_fitted=Fitted.FITTED)
    bench.see(adapter_lock=Feedback.UNKNOWN)
    bench.run(3 * S)
    assert bench.manager.faults == {(FaultName.FEEDBACK_LOST, ADAPTER)}


def test_a_blink_of_the_feedback_is_no_fault() -> None:
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.run(2 * S)
    bench.see(latch=Feedback.ENGAGED)
    bench.run(MIN)
    assert bench.faults() == []
    assert bench.events() == []
    assert bench.state == "engaged"


def test_a_sensor_that_is_lost_while_driving_engages_nothing_by_belief() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.run(MIN)
    assert bench.state == "unknown"
    assert bench.manager.permit is not Charge.AC


def test_a_pin_found_released_while_a_release_is_demanded_is_remembered_as_released() -> None:
    bench = charging(settings=Settings(release_when_full=Toggle.ON), **LOCKED)
    bench.stuck.add(LATCH)
    stop_to(bench)
    bench.run(S)
    bench.see(latch=Feedback.RELEASED)
    bench.run(10 * S)
    assert Flag.RELEASED_LATCH in bench.manager.memory.flags
    assert bench.manager.pin(LATCH).state is PinState.RELEASED


def test_a_release_after_a_power_cut_is_remembered_only_where_something_else_ordered_it() -> None:
    """The end of the charge alone does not: the pin engages again when power returns."""
    only_charging = Settings(latch_mode=Mode.WHILE_CHARGING)
    cut = charging(settings=only_charging)
    stop_to(cut, Session.NONE)
    cut.run(6 * MIN)
    assert (cut.rule(), cut.state) == ("charge_over", "released")
    assert Flag.RELEASED_LATCH not in cut.manager.memory.flags
    complete = charging(settings=only_charging)
    stop_to(complete, Session.COMPLETE)
    complete.run(S)
    assert (complete.rule(), complete.state) == ("charge_over", "released")
    assert Flag.RELEASED_LATCH in complete.manager.memory.flags
    opened = charging(**LOCKED)
    stop_to(opened, Session.NONE)
    opened.run(6 * MIN)
    opened.see(car_lock=CarLock.UNLOCKED)
    opened.run(S)
    assert Flag.INTERRUPTED in opened.manager.memory.flags
    assert Flag.RELEASED_LATCH in opened.manager.memory.flags


def test_a_release_ends_what_was_noted_of_the_charge_before_it() -> None:
    bench = charging(AC_32, Settings(release_when_full=Toggle.ON), **LOCKED)
    bench.see(supply_limit=SupplyLimit.UP_TO_16_A, session=Session.COMPLETE)
    bench.see(session=Session.WAITING)
    assert Flag.NEW_CHARGE in bench.manager.memory.flags
    stop_to(bench)
    bench.run(10 * S)
    assert bench.state == "released"
    assert Flag.NEW_CHARGE not in bench.manager.memory.flags


def test_a_blind_release_is_a_fault_of_its_pin() -> None:
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(S)
    assert bench.said(Fault) == [Fault(FaultName.FEEDBACK_LOST, True, LATCH)]


def test_a_pin_that_is_heard_before_the_first_decision_is_no_release() -> None:
    manager = LockManager(Car(latch=Pin(limits=StrokeLimits(debounce_us=0))))
    manager.handle(Observed((("latch", Feedback.RELEASED),)), S)
    assert manager.pin(LATCH).state is PinState.RELEASED
    assert Flag.RELEASED_LATCH not in manager.memory.flags


def test_a_release_of_an_empty_inlet_is_not_remembered() -> None:
    bench = plugged(**LOCKED)
    bench.see(occupant=Occupant.EMPTY)
    bench.run(S)
    assert bench.commands() == [("latch", "release")]
    assert Flag.RELEASED_LATCH not in bench.manager.memory.flags


def test_a_blind_stroke_that_energy_cut_short_is_not_counted_as_a_release() -> None:
    bench = charging(AC_32)
    bench.see(latch=Feedback.UNKNOWN)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.see(inlet=Inlet.SAFE)
    bench.see(inlet=Inlet.UNKNOWN)
    bench.run(S)
    assert Result.FEEDBACK_LOST not in bench.results()
    assert Flag.RELEASED_LATCH not in bench.manager.memory.flags


def test_a_hand_on_the_manual_release_is_heard_before_the_next_decision() -> None:
    car = Car(latch=Pin(limits=StrokeLimits(debounce_us=0)))
    bench = Bench(car)
    bench.see(**{**AC_32, "inlet": Inlet.SAFE, "session": Session.WAITING})
    bench.run(S)
    bench.clear()
    bench.see(inlet=Inlet.ENERGISED, latch=Feedback.RELEASED)
    bench.run(MIN)
    assert bench.commands() == []
    assert bench.faults() == [(OPEN, True)]
