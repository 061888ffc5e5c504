"""A cable that goes dead at its wall end, and a handle taken from its adapter."""

from __future__ import annotations

import pytest
from core_bench import AC_16, MIN, Bench, S

from vehicle.core.car import Actuator
from vehicle.core.names import EventName, PinState
from vehicle.core.signals import CarLock, Fitted, Inlet, Occupant, Pilot, Session

pytestmark = pytest.mark.fast

DEAD = {"pilot": Pilot.ABSENT, "session": Session.NONE, "inlet": Inlet.SAFE}


def charging():
    bench = Bench(car_lock=CarLock.LOCKED)
    bench.see(**AC_16)
    bench.run(2 * S)
    bench.clear()
    return bench


def told(bench, name):
    return [output for _, output in bench.journal if getattr(output, "event", None) is name]


def test_a_cable_that_goes_dead_while_its_car_end_is_locked_is_told_after_two_seconds():
    bench = charging()
    bench.see(**DEAD)
    bench.run(2 * S - 1)
    assert told(bench, EventName.PILOT_LOST_WHILE_ENGAGED) == []
    bench.run(1)
    assert len(told(bench, EventName.PILOT_LOST_WHILE_ENGAGED)) == 1


def test_a_connector_that_is_pulled_takes_the_pilot_with_it_and_raises_no_alarm_of_a_dead_cable():
    bench = charging()
    bench.see(**DEAD)
    bench.run(S)
    bench.see(occupant=Occupant.EMPTY)
    bench.run(MIN)
    assert told(bench, EventName.PILOT_LOST_WHILE_ENGAGED) == []


def test_a_pilot_that_comes_back_at_once_is_no_dead_cable():
    bench = charging()
    bench.see(pilot=Pilot.ABSENT)
    bench.run(S)
    bench.see(pilot=Pilot.PRESENT)
    bench.run(MIN)
    assert told(bench, EventName.PILOT_LOST_WHILE_ENGAGED) == []


def test_unlocking_the_car_frees_an_adapter_whose_handle_was_taken_during_the_charge():
    bench = _charging_through_an_adapter()
    bench.see(**DEAD, occupant=Occupant.ADAPTER)
    bench.run(S)
    assert bench.manager.pin(Actuator.ADAPTER).state is PinState.ENGAGED
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(2 * S)
    assert bench.manager.pin(Actuator.ADAPTER).state is PinState.RELEASED


def test_an_interrupted_charge_stays_held_though_the_car_is_unlocked_while_its_connector_is_there():
    bench = charging()
    bench.see(**DEAD)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(2 * S)
    assert bench.manager.pin(Actuator.LATCH).state is PinState.ENGAGED
    bench.run(5 * MIN)
    assert bench.manager.pin(Actuator.LATCH).state is PinState.RELEASED


def _charging_through_an_adapter():
    bench = Bench(car_lock=CarLock.LOCKED, adapter_lock_fitted=Fitted.FITTED)
    bench.see(**{**AC_16, "occupant": Occupant.ADAPTER_AND_CONNECTOR})
    bench.run(2 * S)
    bench.clear()
    return bench
