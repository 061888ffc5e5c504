"""Timers and flags end with their cause, not only what is seen of them."""

from __future__ import annotations

from typing import Any

import pytest
from core_bench import LATCH, Bench, S, charging, plugged, stop_to

from vehicle.core.car import Car, Pin
from vehicle.core.inputs import BusHeard, BusQuiet
from vehicle.core.memory import Flag, Timer
from vehicle.core.names import EventName, Request, Result, Source
from vehicle.core.outputs import Answered, DriveOff
from vehicle.core.settings import Settings, Toggle
from vehicle.core.signals import (
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    Occupant,
    Pilot,
    Session,
    Supply,
    Weld,
)

pytestmark = pytest.mark.fast

LOCKED: dict[str, Any] = {"car_lock": CarLock.LOCKED}


def timers(bench: Bench) -> set[Timer]:
    """Return the moments that are awaited."""
    return set(dict(bench.manager.memory.timers))


def test_power_that_returns_ends_the_wait_for_it() -> None:
    bench = charging(**LOCKED)
    stop_to(bench, Session.NONE)
    assert Timer.POWER_CUT_HOLD in timers(bench)
    bench.see(session=Session.CHARGING)
    assert timers(bench) == set()


def test_a_charge_that_goes_on_ends_the_grace_time() -> None:
    bench = charging(settings=Settings(release_grace_min=5), **LOCKED)
    stop_to(bench)
    assert timers(bench) == {Timer.GRACE}
    bench.see(session=Session.CHARGING)
    assert timers(bench) == set()


def test_a_session_that_proves_complete_was_not_interrupted() -> None:
    bench = charging(settings=Settings(release_grace_min=5), **LOCKED)
    stop_to(bench, Session.FAULT)
    bench.see(session=Session.COMPLETE)
    assert timers(bench) == {Timer.GRACE}
    assert Flag.INTERRUPTED not in bench.manager.memory.flags


def test_a_new_charge_ends_the_memory_of_a_stop() -> None:
    bench = plugged(**LOCKED)
    bench.unlatch()
    bench.run(2 * S)
    assert Flag.STOPPED in bench.manager.memory.flags
    bench.see(session=Session.WAITING)
    assert Flag.STOPPED not in bench.manager.memory.flags


def test_opening_a_car_with_a_bare_adapter_ends_the_hold_on_it() -> None:
    bench = charging(
        occupant=Occupant.ADAPTER_AND_CONNECTOR, adapter_lock_fitted=Fitted.FITTED, **LOCKED
    )
    bench.see(session=Session.NONE, inlet=Inlet.SAFE, occupant=Occupant.ADAPTER)
    assert Timer.POWER_CUT_HOLD in timers(bench)
    bench.see(car_lock=CarLock.UNLOCKED)
    assert Timer.POWER_CUT_HOLD not in timers(bench)
    assert Flag.INTERRUPTED not in bench.manager.memory.flags


@pytest.mark.parametrize(
    "change", [{"pilot": Pilot.PRESENT}, {"occupant": Occupant.ADAPTER}], ids=["back", "taken"]
)
def test_a_pilot_that_is_back_or_has_no_connector_is_not_waited_for(change: dict[str, Any]) -> None:
    bench = charging(
        occupant=Occupant.ADAPTER_AND_CONNECTOR, adapter_lock_fitted=Fitted.FITTED, **LOCKED
    )
    bench.see(pilot=Pilot.ABSENT)
    bench.see(latch_fitted=Fitted.UNKNOWN)
    assert timers(bench) == {Timer.PILOT_LOST}
    bench.see(**change)
    assert timers(bench) == set()


def test_a_bus_that_wakes_is_not_waited_for() -> None:
    bench = plugged(**LOCKED)
    bench.give(BusQuiet("main", ("Body",), ()))
    bench.unlatch()
    assert Timer.WAKE_LIMIT in timers(bench)
    bench.give(BusHeard("main"))
    assert Timer.WAKE_LIMIT not in timers(bench)


def test_a_bus_that_falls_quiet_with_its_interface_down_is_the_one_that_is_lost() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    outputs = bench.give(BusQuiet("main", ("Body",), (), interface_up=False))
    assert DriveOff(LATCH) in outputs
    assert bench.manager.memory.lost == {"main"}


def test_a_refusal_names_the_request_and_who_asked() -> None:
    bench = Bench()
    bench.latch(Source.REMOTE)
    assert bench.said(Answered) == [
        Answered(Request.LATCH, Source.REMOTE, Result.REFUSED_INLET_EMPTY)
    ]


def test_a_pin_that_has_no_sensor_is_not_waited_for_before_it_is_called_free() -> None:
    bench = Bench(
        Car(latch=Pin(feedback=False)),
        Settings(auto_lock=Toggle.OFF),
        latch=Feedback.UNKNOWN,
    )
    bench.see(occupant=Occupant.CONNECTOR, **LOCKED)
    bench.run(10 * S)
    assert EventName.NOT_SECURED in bench.events()


def test_a_charge_that_goes_on_after_a_release_is_neither_new_nor_locked_again() -> None:
    bench = charging(**LOCKED)
    stop_to(bench, Session.WAITING)
    bench.unlatch()
    bench.run(2 * S)
    bench.see(session=Session.CHARGING)
    flags = bench.manager.memory.flags
    assert {Flag.STOPPED, Flag.RELEASED_LATCH} <= flags
    assert Flag.NEW_CHARGE not in flags


def test_a_car_whose_doors_were_not_known_to_be_locked_keeps_its_hold_on_an_adapter() -> None:
    bench = charging(
        occupant=Occupant.ADAPTER_AND_CONNECTOR, adapter_lock_fitted=Fitted.FITTED, **LOCKED
    )
    bench.see(session=Session.NONE, inlet=Inlet.SAFE, occupant=Occupant.ADAPTER)
    for car_lock in (CarLock.UNKNOWN, CarLock.UNLOCKED):
        bench.see(car_lock=car_lock)
        assert Timer.POWER_CUT_HOLD in timers(bench)


def test_a_weld_result_is_owed_only_once_energy_or_a_charge_was_there() -> None:
    bench = plugged(car=Car(reports_weld_test=True), weld=Weld.UNKNOWN, **LOCKED)
    bench.see(supply=Supply.DC, session=Session.WAITING)
    assert Flag.WELD_RESULT_WANTED not in bench.manager.memory.flags
    bench.see(inlet=Inlet.ENERGISED)
    assert Flag.WELD_RESULT_WANTED in bench.manager.memory.flags
    bench.see(weld=Weld.TESTING)
    bench.see(weld=Weld.PASSED)
    bench.see(session=Session.STOPPING)
    assert Flag.WELD_RESULT_WANTED not in bench.manager.memory.flags
    bench.see(session=Session.CHARGING)
    assert Flag.WELD_RESULT_WANTED in bench.manager.memory.flags
