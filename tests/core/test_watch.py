"""Stories of what people are told when it happens: alarms and notices."""

from __future__ import annotations

from typing import Any

import pytest
from core_bench import AC_16, AC_32, DC, LATCH, MIN, MS, Bench, S, charging, plugged, stop_to

from vehicle.core.car import Car, Pin
from vehicle.core.inputs import Observed
from vehicle.core.names import Charge, EventName
from vehicle.core.outputs import Permit
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.core.signals import (
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    Occupant,
    Pilot,
    Session,
    Supply,
)

pytestmark = pytest.mark.fast

LOCKED: dict[str, Any] = {"car_lock": CarLock.LOCKED}


# ---- the connector is gone ----------------------------------------------------------------------


def test_a_connector_that_leaves_an_engaged_latch_is_an_alarm() -> None:
    bench = plugged(**LOCKED)
    bench.see(occupant=Occupant.EMPTY)
    assert bench.event(EventName.CONNECTOR_REMOVED_WHILE_ENGAGED) == {
        "actuator": "latch",
        "occupant": "connector",
    }


def test_a_blink_of_the_occupant_does_not_hide_the_alarm() -> None:
    bench = charging(**LOCKED)
    bench.see(occupant=Occupant.UNKNOWN)
    bench.run(S)
    bench.see(occupant=Occupant.EMPTY)
    assert set(bench.events()) == {
        EventName.CONNECTOR_REMOVED_WHILE_ENGAGED,
        EventName.UNPLUGGED_DURING_CHARGE,
    }


def test_a_blink_of_a_connector_that_stays_is_no_alarm() -> None:
    bench = charging(**LOCKED)
    bench.see(occupant=Occupant.UNKNOWN)
    bench.see(occupant=Occupant.CONNECTOR)
    bench.run(S)
    assert bench.events() == []


def test_an_adapter_that_leaves_an_engaged_adapter_lock_is_an_alarm() -> None:
    bench = Bench(adapter_lock_fitted=Fitted.FITTED)
    bench.see(occupant=Occupant.ADAPTER_AND_CONNECTOR, **LOCKED)
    bench.run(S)
    bench.see(occupant=Occupant.EMPTY)
    assert bench.event(EventName.CONNECTOR_REMOVED_WHILE_ENGAGED) == {
        "actuator": "adapter",
        "occupant": "adapter-and-connector",
    }


def test_a_released_connector_that_is_taken_is_no_alarm() -> None:
    bench = plugged()
    bench.see(occupant=Occupant.EMPTY)
    assert bench.events() == []


def test_a_pin_without_a_sensor_that_has_engaged_counts_as_holding() -> None:
    bench = Bench(Car(latch=Pin(feedback=False)), latch=Feedback.UNKNOWN)
    bench.see(occupant=Occupant.CONNECTOR, **LOCKED)
    bench.run(MIN)
    assert bench.state == "engaged"
    assert EventName.NOT_SECURED not in bench.events()


def test_a_connector_that_leaves_an_assumed_pin_is_no_alarm() -> None:
    bench = Bench(Car(latch=Pin(feedback=False)), latch=Feedback.UNKNOWN)
    bench.see(occupant=Occupant.CONNECTOR, **LOCKED)
    bench.run(S)
    bench.see(occupant=Occupant.EMPTY)
    assert EventName.CONNECTOR_REMOVED_WHILE_ENGAGED not in bench.events()


# ---- unplugged during the charge ----------------------------------------------------------------


@pytest.mark.parametrize("kind", [AC_16, AC_32, DC])
def test_unplugging_during_a_charge_is_told_with_the_energy_so_far(
    kind: dict[str, Any],
) -> None:
    bench = charging(kind)
    bench.give(Observed((), energy_wh=12_345))
    bench.see(occupant=Occupant.EMPTY)
    assert bench.event(EventName.UNPLUGGED_DURING_CHARGE) == {"energy_wh": 12_345}


def test_a_car_that_tells_no_energy_says_unknown() -> None:
    bench = charging()
    bench.see(occupant=Occupant.EMPTY, session=Session.NONE)
    assert bench.event(EventName.UNPLUGGED_DURING_CHARGE) == {"energy_wh": "unknown"}


@pytest.mark.parametrize("ended", [Session.NONE, Session.FAULT, Session.WAITING])
def test_a_session_that_ended_just_before_still_counts(ended: Session) -> None:
    bench = charging()
    stop_to(bench, ended)
    bench.run(S)
    bench.see(occupant=Occupant.EMPTY)
    assert EventName.UNPLUGGED_DURING_CHARGE in bench.events()


@pytest.mark.parametrize("ended", [Session.COMPLETE, Session.STOPPING])
def test_a_session_that_ended_well_does_not_count(ended: Session) -> None:
    bench = charging()
    stop_to(bench, ended)
    bench.see(occupant=Occupant.EMPTY)
    assert EventName.UNPLUGGED_DURING_CHARGE not in bench.events()


def test_a_handle_pulled_from_an_adapter_during_a_charge_is_told() -> None:
    bench = charging({**AC_16, "occupant": Occupant.ADAPTER_AND_CONNECTOR})
    bench.see(occupant=Occupant.ADAPTER)
    assert set(bench.events()) >= {
        EventName.UNPLUGGED_DURING_CHARGE,
        EventName.ADAPTER_LEFT_BEHIND,
    }


def test_unplugging_after_an_unlatch_is_no_news() -> None:
    bench = charging()
    bench.unlatch()
    bench.see(inlet=Inlet.SAFE)
    bench.run(S)
    bench.see(occupant=Occupant.EMPTY)
    assert bench.events() == []


def test_unplugging_a_waiting_session_is_no_news() -> None:
    bench = plugged(session=Session.WAITING)
    bench.unlatch()
    bench.run(S)
    bench.see(occupant=Occupant.EMPTY)
    assert bench.events() == []


# ---- the adapter left behind --------------------------------------------------------------------


def test_a_handle_that_goes_leaves_the_adapter_behind() -> None:
    bench = Bench(adapter_lock_fitted=Fitted.FITTED)
    bench.see(occupant=Occupant.ADAPTER_AND_CONNECTOR, **LOCKED)
    bench.run(S)
    bench.clear()
    bench.see(occupant=Occupant.ADAPTER)
    bench.run(S)
    assert bench.events() == [EventName.ADAPTER_LEFT_BEHIND]
    assert bench.commands() == []


def test_a_handle_that_goes_in_two_steps_leaves_the_adapter_behind_too() -> None:
    bench = Bench(adapter_lock_fitted=Fitted.FITTED)
    bench.see(occupant=Occupant.ADAPTER_AND_CONNECTOR)
    bench.see(occupant=Occupant.UNKNOWN)
    bench.see(occupant=Occupant.ADAPTER)
    assert bench.events() == [EventName.ADAPTER_LEFT_BEHIND]


def test_a_bare_adapter_put_in_is_not_left_behind() -> None:
    bench = Bench()
    bench.see(occupant=Occupant.ADAPTER)
    assert bench.events() == []


# ---- not secured --------------------------------------------------------------------------------


def test_a_locked_car_with_a_free_connector_is_told_once() -> None:
    bench = plugged(Settings(auto_lock=Toggle.OFF))
    bench.see(**LOCKED)
    bench.run(60 * MIN)
    assert bench.event(EventName.NOT_SECURED) == {"actuator": "latch", "occupant": "connector"}


def test_each_new_locking_is_told_again() -> None:
    bench = plugged(Settings(auto_lock=Toggle.OFF))
    for _ in range(2):
        bench.see(**LOCKED)
        bench.see(car_lock=CarLock.UNLOCKED)
    assert bench.events() == [EventName.NOT_SECURED] * 2


def test_a_blink_of_the_car_lock_is_not_told_again() -> None:
    bench = plugged(Settings(auto_lock=Toggle.OFF))
    for car_lock in (CarLock.LOCKED, CarLock.UNKNOWN, CarLock.LOCKED):
        bench.see(car_lock=car_lock)
    assert bench.events() == [EventName.NOT_SECURED]


def test_a_connector_that_is_being_locked_is_not_called_free() -> None:
    bench = plugged()
    bench.see(**LOCKED)
    bench.run(MIN)
    assert bench.state == "engaged"
    assert bench.events() == []


def test_a_stroke_that_waits_for_its_pause_is_not_called_free() -> None:
    bench = plugged(**LOCKED)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(S)
    bench.clear()
    bench.see(**LOCKED)
    bench.run(MIN)
    assert bench.commands() == [("latch", "engage")]
    assert bench.events() == []


def test_a_pin_that_is_half_in_and_about_to_be_driven_in_is_not_called_free() -> None:
    """What is seated is lost from sight in the middle of the stroke, and is seen again."""
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(100 * MS)
    bench.see(occupant=Occupant.UNKNOWN)
    bench.run(S)
    assert bench.state == "unknown"
    bench.stuck.clear()
    bench.clear()
    bench.see(occupant=Occupant.CONNECTOR, supply=Supply.AC)
    bench.run(MIN)
    assert bench.said(Permit) == [Permit(Charge.AC, Charge.NONE)], "none until it is engaged"
    assert bench.commands() == [("latch", "engage")]
    assert bench.events() == []


def test_a_pin_that_failed_to_engage_is_called_free() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(MIN)
    assert bench.events() == [EventName.JAMMED, EventName.NOT_SECURED]


def test_a_pin_that_is_engaged_again_may_be_called_free_again() -> None:
    bench = plugged(Settings(auto_lock=Toggle.OFF), **LOCKED)
    bench.latch()
    bench.run(10 * S)
    bench.clear()
    bench.unlatch()
    bench.run(10 * S)
    assert bench.events() == [EventName.NOT_SECURED]


def test_a_pin_that_was_not_heard_yet_is_not_called_free() -> None:
    bench = Bench(occupant=Occupant.CONNECTOR, latch=Feedback.ENGAGED, **LOCKED)
    bench.run(MIN)
    fresh = Bench(latch=Feedback.UNKNOWN)
    fresh.see(occupant=Occupant.CONNECTOR, **LOCKED)
    fresh.see(latch=Feedback.ENGAGED)
    fresh.run(S)
    assert fresh.events() == []


def test_a_pin_whose_sensor_is_lost_is_called_free_once_that_is_certain() -> None:
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.run(3 * S - 1)
    assert bench.events() == []
    bench.run(1)
    assert bench.events() == [EventName.NOT_SECURED]


def test_a_connector_on_a_car_without_a_latch_is_called_free() -> None:
    bench = plugged(latch_fitted=Fitted.ABSENT, **LOCKED)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.see(**LOCKED)
    assert bench.events() == [EventName.NOT_SECURED]


# ---- the cable is dead --------------------------------------------------------------------------


def test_a_pilot_that_stays_lost_is_told_with_the_connector_still_held() -> None:
    bench = charging(**LOCKED)
    bench.see(pilot=Pilot.ABSENT)
    bench.run(2 * S - 1)
    assert bench.events() == []
    bench.run(1)
    assert bench.events() == [EventName.PILOT_LOST_WHILE_ENGAGED]


def test_a_pilot_that_comes_back_is_no_news() -> None:
    bench = charging(**LOCKED)
    bench.see(pilot=Pilot.ABSENT)
    bench.run(S)
    bench.see(pilot=Pilot.PRESENT)
    bench.run(MIN)
    assert bench.events() == []


def test_a_pilot_that_becomes_unknown_is_no_news() -> None:
    bench = charging(**LOCKED)
    bench.see(pilot=Pilot.UNKNOWN)
    bench.run(MIN)
    bench.see(pilot=Pilot.ABSENT)
    bench.run(MIN)
    assert bench.events() == []


def test_a_pilot_lost_during_an_unlatch_is_no_news() -> None:
    bench = charging(**LOCKED)
    bench.unlatch()
    bench.see(pilot=Pilot.ABSENT)
    bench.run(10 * S)
    assert EventName.PILOT_LOST_WHILE_ENGAGED not in bench.events()


def test_a_pilot_lost_just_before_an_unlatch_is_no_news() -> None:
    bench = charging(**LOCKED)
    bench.see(pilot=Pilot.ABSENT)
    bench.run(S)
    bench.unlatch()
    bench.run(10 * S)
    assert EventName.PILOT_LOST_WHILE_ENGAGED not in bench.events()


def test_a_lost_pilot_that_becomes_unknown_is_no_news() -> None:
    bench = charging(**LOCKED)
    bench.see(pilot=Pilot.ABSENT)
    bench.run(S)
    bench.see(pilot=Pilot.UNKNOWN)
    bench.run(MIN)
    assert bench.events() == []


def test_a_pilot_lost_with_a_free_connector_is_no_news() -> None:
    bench = charging(AC_16, Settings(latch_mode=Mode.OFF))
    bench.see(pilot=Pilot.ABSENT)
    bench.run(10 * S)
    assert bench.events() == []


def test_released_when_full_names_the_pin() -> None:
    bench = charging(AC_16, Settings(release_when_full=Toggle.ON), **LOCKED)
    stop_to(bench)
    bench.run(599 * MS)
    assert bench.events() == []
    bench.run(MS)
    assert bench.event(EventName.RELEASED_WHEN_FULL) == {"actuator": "latch"}
