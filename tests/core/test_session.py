"""Stories of sessions and connectors: what is remembered from one change to the next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from core_bench import AC_16, AC_32, DC, MIN, MS, PARKED, Bench, S, charging, plugged, stop_to

from vehicle.core.car import Car
from vehicle.core.inputs import Observed
from vehicle.core.memory import Flag, Timer
from vehicle.core.names import Charge, EventName, FaultName, Result
from vehicle.core.outputs import Event
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.core.signals import (
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    Occupant,
    Session,
    Supply,
    SupplyLimit,
    Weld,
)

pytestmark = pytest.mark.fast

WITH_CAR = Settings()
WHILE_CHARGING = Settings(latch_mode=Mode.WHILE_CHARGING)
FULL = Settings(release_when_full=Toggle.ON)
WELD_CAR = Car(reports_weld_test=True)


def released_after_full(settings: Settings = FULL) -> Bench:
    """Return a locked car that charged on AC above 16 A, and was freed because it is full."""
    bench = charging(settings=settings, car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(10 * S)
    assert bench.state == "released"
    bench.clear()
    return bench


# ---- A11: a release is remembered ---------------------------------------------------------------


def test_a_released_connector_stays_free_while_nothing_changes() -> None:
    bench = released_after_full()
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert bench.state == "released"


@pytest.mark.parametrize("gap_us", [S, 10 * S])
def test_a_gap_in_the_pins_message_is_no_release(gap_us: int) -> None:
    """A pin that was out before the gap and is out after it may engage as it might have before."""
    bench = Bench(**{**AC_16, "session": Session.NONE, "inlet": Inlet.SAFE})
    assert bench.rule() == "car_unlocked"
    bench.see(latch=Feedback.UNKNOWN, occupant=Occupant.UNKNOWN)
    bench.run(gap_us)
    bench.see(latch=Feedback.RELEASED, occupant=Occupant.CONNECTOR)
    bench.run(S)
    bench.see(session=Session.WAITING)
    bench.run(S)
    assert bench.state == "engaged"


def test_a_pin_that_is_out_at_the_start_was_not_released_just_now() -> None:
    bench = Bench(**{**AC_16, "session": Session.COMPLETE, "inlet": Inlet.SAFE}, settings=FULL)
    bench.choose(release_when_full="off", latch_mode="always")
    bench.run(S)
    assert bench.state == "engaged"


def test_a_release_when_full_is_told_once_whatever_gaps_follow() -> None:
    bench = released_after_full()
    bench.see(latch=Feedback.UNKNOWN)
    bench.run(10 * S)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert bench.state == "released"
    assert EventName.RELEASED_WHEN_FULL not in bench.events()


@pytest.mark.parametrize("blink", [CarLock.UNKNOWN, CarLock.LOCKED])
def test_a_blink_of_the_car_lock_is_no_relock(blink: CarLock) -> None:
    bench = released_after_full()
    bench.choose(release_when_full="off")
    for value in (blink, CarLock.UNKNOWN, CarLock.LOCKED):
        bench.see(car_lock=value)
        bench.run(10 * S)
    assert bench.rule() == "released_earlier"
    assert bench.commands() == []


def test_unlocked_to_locked_ends_the_memory_of_a_release() -> None:
    bench = charging()
    stop_to(bench)
    bench.run(S)
    assert bench.state == "released"
    bench.clear()
    bench.see(car_lock=CarLock.LOCKED)
    bench.run(10 * S)
    assert bench.commands() == [("latch", "engage")]
    assert bench.rule() == "car_locked"


def test_unlocked_to_unknown_to_locked_does_not_end_it() -> None:
    bench = charging()
    stop_to(bench)
    bench.run(10 * S)
    bench.clear()
    bench.see(car_lock=CarLock.UNKNOWN)
    bench.see(car_lock=CarLock.LOCKED)
    bench.run(10 * S)
    assert bench.commands() == []
    assert bench.rule() == "released_earlier"


def test_the_connector_going_out_ends_the_memory_of_a_release() -> None:
    bench = released_after_full()
    bench.see(occupant=Occupant.EMPTY, session=Session.NONE, supply=Supply.NONE)
    bench.run(S)
    bench.see(occupant=Occupant.CONNECTOR)
    bench.run(10 * S)
    assert bench.commands() == [("latch", "engage")]
    assert bench.rule() == "car_locked"


@pytest.mark.parametrize("kind", [AC_32, DC])
def test_a_new_charge_that_needs_the_lock_engages_again_and_the_permit_waits(
    kind: dict[str, Any],
) -> None:
    bench = released_after_full()
    bench.see(**{**kind, "session": Session.WAITING, "inlet": Inlet.SAFE})
    assert bench.manager.permit is Charge.NONE
    bench.run(10 * S)
    assert bench.commands() == [("latch", "engage")]
    assert bench.manager.permit is (Charge.DC if kind is DC else Charge.AC)


def test_a_new_charge_up_to_16_a_leaves_a_released_connector_free() -> None:
    bench = released_after_full()
    bench.see(session=Session.WAITING, supply_limit=SupplyLimit.UP_TO_16_A)
    bench.run(10 * S)
    assert bench.commands() == []
    assert bench.rule() == "released_earlier"
    assert bench.manager.permit is Charge.AC_LIMITED


def test_a_limit_that_becomes_known_after_the_new_charge_began_still_counts() -> None:
    bench = released_after_full()
    bench.see(session=Session.WAITING, supply_limit=SupplyLimit.UNKNOWN)
    bench.run(10 * S)
    assert bench.commands() == []
    bench.see(supply_limit=SupplyLimit.ABOVE_16_A)
    bench.run(10 * S)
    assert bench.commands() == [("latch", "engage")]


def test_a_session_that_goes_on_is_no_new_charge() -> None:
    bench = charging()
    bench.see(inlet=Inlet.SAFE, session=Session.WAITING)
    bench.unlatch()
    bench.run(10 * S)
    assert bench.results()[-1] is Result.RELEASED
    bench.clear()
    bench.see(session=Session.CHARGING)
    bench.see(session=Session.UNKNOWN)
    bench.see(session=Session.CHARGING)
    bench.run(10 * S)
    assert bench.commands() == []
    assert bench.manager.permit is Charge.NONE


def test_a_charge_that_starts_while_an_unlatch_is_under_way_does_not_undo_it() -> None:
    bench = charging()
    bench.unlatch()
    bench.see(session=Session.NONE)
    bench.see(session=Session.WAITING)
    bench.see(inlet=Inlet.SAFE)
    bench.run(10 * S)
    assert bench.results()[-1] is Result.RELEASED
    assert bench.state == "released"
    assert bench.manager.permit is Charge.NONE
    assert bench.commands() == [("latch", "release")]


def test_locking_the_car_while_an_unlatch_is_under_way_does_not_undo_it() -> None:
    bench = charging()
    bench.unlatch()
    bench.see(car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(10 * S)
    assert bench.results()[-1] is Result.RELEASED
    assert bench.rule() == "released_earlier"
    assert bench.manager.permit is Charge.NONE


# ---- S7, P10: an interrupted session ------------------------------------------------------------


@pytest.mark.parametrize("ended", [Session.NONE, Session.FAULT])
@pytest.mark.parametrize("settings", [WITH_CAR, WHILE_CHARGING])
def test_an_interrupted_session_is_held_for_exactly_the_power_cut_time(
    ended: Session, settings: Settings
) -> None:
    bench = charging(settings=settings)
    stop_to(bench, ended)
    assert bench.rule() == "session_interrupted"
    bench.run(300 * S - 1)
    assert bench.state == "engaged"
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


def test_the_power_cut_time_is_the_owners() -> None:
    bench = charging(settings=Settings(latch_mode=Mode.WHILE_CHARGING, power_cut_hold_s=60))
    stop_to(bench, Session.NONE)
    bench.run(60 * S - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


def test_a_session_that_the_car_stopped_is_not_interrupted() -> None:
    bench = charging(settings=WHILE_CHARGING)
    bench.see(session=Session.STOPPING)
    stop_to(bench, Session.NONE)
    assert bench.rule() == "charge_over"


@pytest.mark.parametrize("settings", [WITH_CAR, WHILE_CHARGING])
def test_an_error_is_an_interruption_though_the_car_stops_on_its_way_there(
    settings: Settings,
) -> None:
    """A radio attack on a DC session ends like that, and must not free the cable."""
    bench = charging(settings=settings)
    bench.see(session=Session.STOPPING)
    stop_to(bench, Session.FAULT)
    assert bench.rule() == "session_interrupted"
    bench.run(300 * S - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


def test_an_error_after_a_stop_that_was_asked_for_is_no_interruption() -> None:
    bench = charging(settings=WHILE_CHARGING, car_lock=CarLock.LOCKED)
    bench.unlatch()
    bench.see(session=Session.STOPPING)
    stop_to(bench, Session.FAULT)
    bench.run(S)
    assert Flag.INTERRUPTED not in bench.manager.memory.flags
    assert bench.results()[-1] is Result.RELEASED


@pytest.mark.parametrize("on_the_way", [Session.CHARGING, Session.STOPPING])
@pytest.mark.parametrize("settings", [WITH_CAR, WHILE_CHARGING])
def test_an_error_holds_until_the_owner_unlocks_the_car(
    on_the_way: Session, settings: Settings
) -> None:
    bench = charging(settings=settings, car_lock=CarLock.LOCKED)
    bench.see(session=on_the_way)
    stop_to(bench, Session.FAULT)
    bench.run(60 * S)
    assert bench.commands() == []
    bench.see(car_lock=CarLock.UNLOCKED)
    assert bench.commands() == [("latch", "release")]


def test_a_session_that_was_asked_to_stop_is_not_interrupted() -> None:
    bench = charging(settings=WHILE_CHARGING, car_lock=CarLock.LOCKED)
    bench.unlatch()
    stop_to(bench, Session.NONE)
    bench.run(S)
    assert Flag.INTERRUPTED not in bench.manager.memory.flags
    assert bench.results()[-1] is Result.RELEASED


def test_power_that_returns_within_the_hold_ends_it() -> None:
    bench = charging(settings=WHILE_CHARGING)
    stop_to(bench, Session.NONE)
    bench.run(299 * S)
    bench.see(session=Session.CHARGING)
    bench.run(60 * MIN)
    assert bench.commands() == []


@pytest.mark.parametrize("kind", [AC_16, AC_32])
def test_power_that_returns_after_the_hold_engages_again(kind: dict[str, Any]) -> None:
    bench = charging(kind, settings=WHILE_CHARGING)
    stop_to(bench, Session.NONE)
    bench.run(301 * S)
    assert bench.state == "released"
    bench.clear()
    bench.see(session=Session.WAITING)
    bench.run(10 * S)
    assert bench.commands() == [("latch", "engage")]
    assert bench.rule() in ("session_active", "charge_needs_lock")


def test_power_that_returns_after_an_unlatch_does_not_engage_again() -> None:
    bench = charging(AC_16, settings=replace(WHILE_CHARGING, relock_window_s=0))
    stop_to(bench, Session.NONE)
    bench.run(200 * S)
    bench.unlatch()
    bench.run(200 * S)
    bench.clear()
    bench.see(session=Session.WAITING)
    bench.run(10 * S)
    assert bench.commands() == []


def test_power_that_returns_after_a_release_for_another_reason_does_not_engage_again() -> None:
    bench = charging(AC_16, settings=WHILE_CHARGING)
    stop_to(bench)
    bench.run(10 * S)
    bench.clear()
    bench.see(session=Session.NONE)
    bench.see(session=Session.WAITING)
    bench.run(10 * S)
    assert bench.commands() == []


def test_power_that_returns_to_an_unlocked_car_does_not_engage_again() -> None:
    bench = charging(AC_16)
    stop_to(bench, Session.NONE)
    bench.run(310 * S)
    assert bench.rule() == "car_unlocked"
    bench.clear()
    bench.see(session=Session.WAITING)
    bench.run(10 * S)
    assert bench.commands() == []


def test_an_unknown_session_neither_ends_nor_begins_one() -> None:
    bench = charging(settings=WHILE_CHARGING)
    bench.see(session=Session.UNKNOWN, inlet=Inlet.SAFE)
    bench.run(60 * MIN)
    assert bench.commands() == []
    bench.see(session=Session.NONE)
    assert bench.rule() == "session_interrupted"


def test_an_interrupted_session_that_becomes_complete_is_complete() -> None:
    bench = charging()
    stop_to(bench, Session.FAULT)
    bench.see(session=Session.COMPLETE)
    assert bench.rule() == "car_unlocked"
    assert bench.commands() == [("latch", "release")]


def test_taking_the_connector_out_ends_the_hold() -> None:
    bench = charging()
    stop_to(bench, Session.NONE)
    bench.see(occupant=Occupant.EMPTY)
    assert Timer.POWER_CUT_HOLD not in dict(bench.manager.memory.timers)
    assert Flag.INTERRUPTED not in bench.manager.memory.flags


# ---- P5: released when full ---------------------------------------------------------------------


def test_full_without_grace_time_releases_at_once() -> None:
    bench = charging(settings=FULL, car_lock=CarLock.LOCKED)
    stop_to(bench)
    assert bench.rule() == "full_and_freed"
    assert bench.commands() == [("latch", "release")]
    bench.run(S)
    assert bench.event(EventName.RELEASED_WHEN_FULL) == {"actuator": "latch"}


def test_full_with_a_grace_time_releases_exactly_when_it_is_over() -> None:
    settings = Settings(release_when_full=Toggle.ON, release_grace_min=30)
    bench = charging(settings=settings, car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(30 * MIN - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


def test_a_blink_of_the_session_does_not_start_the_grace_time_again() -> None:
    settings = Settings(release_when_full=Toggle.ON, release_grace_min=30)
    bench = charging(settings=settings, car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(29 * MIN)
    bench.see(session=Session.UNKNOWN)
    bench.run(20 * S)
    bench.see(session=Session.COMPLETE)
    bench.run(40 * S)
    assert bench.commands() == [("latch", "release")]


def test_charging_again_within_the_grace_time_ends_it() -> None:
    settings = Settings(release_when_full=Toggle.ON, release_grace_min=30)
    bench = charging(settings=settings, car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(29 * MIN)
    bench.see(session=Session.CHARGING)
    bench.run(60 * MIN)
    assert bench.commands() == []


def test_full_without_the_owners_wish_releases_nothing() -> None:
    bench = charging(car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert bench.events() == []


def test_a_longer_grace_time_chosen_meanwhile_counts_from_the_end_of_the_charge() -> None:
    settings = Settings(release_when_full=Toggle.ON, release_grace_min=10)
    bench = charging(settings=settings, car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(5 * MIN)
    bench.choose(release_grace_min=30)
    bench.run(25 * MIN - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


def test_a_shorter_grace_time_that_is_over_already_releases_at_once() -> None:
    settings = Settings(release_when_full=Toggle.ON, release_grace_min=30)
    bench = charging(settings=settings, car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(5 * MIN)
    bench.choose(release_grace_min=2)
    assert bench.commands() == [("latch", "release")]


def test_a_shorter_grace_time_that_ends_this_very_moment_releases_at_once() -> None:
    settings = Settings(release_when_full=Toggle.ON, release_grace_min=30)
    bench = charging(settings=settings, car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(5 * MIN)
    bench.choose(release_grace_min=5)
    assert bench.commands() == [("latch", "release")]
    assert Timer.GRACE not in dict(bench.manager.memory.timers)


def test_a_shorter_power_cut_time_chosen_meanwhile_counts_from_the_cut() -> None:
    bench = charging(settings=WHILE_CHARGING)
    stop_to(bench, Session.NONE)
    bench.run(30 * S)
    bench.choose(power_cut_hold_s=60)
    bench.run(30 * S - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


# ---- P6, P2: sessions and doors -----------------------------------------------------------------


@pytest.mark.parametrize("session", [Session.WAITING, Session.CHARGING, Session.STOPPING])
def test_a_waiting_session_holds_in_an_unlocked_car(session: Session) -> None:
    bench = charging(AC_16)
    bench.see(session=session, inlet=Inlet.SAFE)
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert bench.state == "engaged"


def test_a_session_in_an_unlocked_car_engages() -> None:
    bench = plugged()
    assert bench.state == "released"
    bench.see(session=Session.WAITING, supply=Supply.AC)
    bench.run(S)
    assert bench.commands() == [("latch", "engage")]
    assert bench.rule() == "session_active"


def test_unlocking_while_charging_frees_nothing_by_default() -> None:
    bench = charging(car_lock=CarLock.LOCKED)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert bench.results() == []


def test_unlocking_while_charging_stops_and_frees_where_the_owner_chose_it() -> None:
    settings = Settings(unlock_while_charging_frees=Toggle.ON)
    bench = charging(settings=settings, car_lock=CarLock.LOCKED)
    bench.see(car_lock=CarLock.UNLOCKED)
    assert bench.stops() == [(True, 1)]
    stop_to(bench)
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]


def test_unlocking_without_a_session_asks_for_nothing() -> None:
    settings = Settings(unlock_while_charging_frees=Toggle.ON)
    bench = plugged(settings, car_lock=CarLock.LOCKED)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(S)
    assert bench.results() == []
    assert bench.commands() == [("latch", "release")]


def test_a_car_whose_lock_was_unknown_is_not_opened_by_its_owner() -> None:
    settings = Settings(unlock_while_charging_frees=Toggle.ON)
    bench = charging(settings=settings, car_lock=CarLock.UNKNOWN)
    bench.see(car_lock=CarLock.UNLOCKED)
    assert bench.results() == []


def test_always_holds_until_the_owner_unlocks_a_car_that_was_locked() -> None:
    bench = plugged(Settings(latch_mode=Mode.ALWAYS))
    assert bench.state == "engaged"
    bench.see(car_lock=CarLock.LOCKED)
    bench.run(S)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(S)
    assert bench.commands() == [("latch", "release")]
    assert bench.rule() == "car_opened"


# ---- S4: the weld test --------------------------------------------------------------------------


def stopped_dc() -> Bench:
    bench = charging(DC, car=WELD_CAR, weld=Weld.UNKNOWN)
    bench.unlatch()
    bench.see(session=Session.STOPPING, inlet=Inlet.SAFE)
    return bench


def test_a_dc_release_waits_for_the_weld_test_that_passes() -> None:
    bench = stopped_dc()
    bench.run(2 * S)
    bench.see(weld=Weld.TESTING)
    bench.run(2 * S)
    assert bench.commands() == []
    bench.see(weld=Weld.PASSED)
    assert bench.commands() == [("latch", "release")]


def test_without_a_weld_result_a_safe_inlet_is_released_after_exactly_ten_seconds() -> None:
    bench = stopped_dc()
    bench.run(10 * S - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]
    assert bench.events() == [EventName.WELD_RESULT_MISSING]


def test_the_ten_seconds_count_from_the_moment_that_the_inlet_is_safe() -> None:
    bench = stopped_dc()
    bench.run(9 * S)
    bench.see(inlet=Inlet.UNKNOWN)
    bench.see(inlet=Inlet.SAFE)
    bench.run(10 * S - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


def test_a_car_that_says_there_is_no_weld_test_is_not_waited_for() -> None:
    bench = stopped_dc()
    bench.see(weld=Weld.NONE)
    assert bench.commands() == [("latch", "release")]
    assert bench.events() == []


def test_a_weld_test_before_the_charge_does_not_count() -> None:
    bench = charging(DC, car=WELD_CAR, weld=Weld.TESTING)
    bench.see(weld=Weld.PASSED)
    bench.unlatch()
    bench.see(session=Session.STOPPING, inlet=Inlet.SAFE)
    assert bench.commands() == []
    bench.run(10 * S)
    assert bench.events() == [EventName.WELD_RESULT_MISSING]


def test_a_pre_charge_without_a_session_owes_a_weld_result_too() -> None:
    bench = plugged(car=WELD_CAR, car_lock=CarLock.LOCKED, supply=Supply.DC, weld=Weld.UNKNOWN)
    bench.see(inlet=Inlet.ENERGISED)
    bench.see(inlet=Inlet.SAFE)
    assert Flag.WELD_RESULT_WANTED in bench.manager.memory.flags


def test_an_ac_session_owes_no_weld_result() -> None:
    bench = charging(AC_32, car=WELD_CAR, weld=Weld.UNKNOWN)
    assert Flag.WELD_RESULT_WANTED not in bench.manager.memory.flags


def test_welded_contactors_hold_and_are_named_until_a_test_says_otherwise() -> None:
    bench = stopped_dc()
    bench.see(weld=Weld.TESTING)
    bench.see(weld=Weld.WELDED)
    assert bench.results()[-1] is Result.CONTACTORS_WELDED
    assert (FaultName.CONTACTORS_WELDED, True) in bench.faults()
    bench.run(60 * MIN)
    assert bench.commands() == []
    bench.see(weld=Weld.UNKNOWN)
    bench.unlatch()
    assert bench.results()[-1] is Result.CONTACTORS_WELDED
    bench.clear()
    bench.see(weld=Weld.TESTING)
    bench.see(weld=Weld.PASSED)
    assert bench.faults() == [(FaultName.CONTACTORS_WELDED, False)]


def test_welded_contactors_are_remembered_beyond_the_connector() -> None:
    bench = stopped_dc()
    bench.see(weld=Weld.WELDED)
    bench.see(weld=Weld.UNKNOWN, occupant=Occupant.EMPTY, session=Session.NONE)
    assert bench.rule() == "contactors_welded"


def test_the_connector_going_out_ends_the_wait_for_a_weld_result() -> None:
    bench = stopped_dc()
    bench.see(occupant=Occupant.EMPTY)
    assert Flag.WELD_RESULT_WANTED not in bench.manager.memory.flags
    bench.run(60 * S)
    assert EventName.WELD_RESULT_MISSING not in bench.events()


# ---- the energy of a session --------------------------------------------------------------------


def test_the_energy_of_an_earlier_connector_is_not_told_of_the_next() -> None:
    bench = charging()
    bench.give(Observed((), energy_wh=7_000))
    bench.see(occupant=Occupant.EMPTY)
    assert dict(bench.said(Event)[-1].details) == {"energy_wh": 7_000}
    bench.see(**PARKED)
    bench.run(S)
    bench.see(**AC_16)
    bench.run(S)
    bench.clear()
    bench.see(occupant=Occupant.EMPTY)
    assert bench.event(EventName.UNPLUGGED_DURING_CHARGE) == {"energy_wh": "unknown"}


def test_a_car_without_a_latch_is_never_asked_to_move_one() -> None:
    bench = Bench(latch_fitted=Fitted.ABSENT)
    bench.see(**AC_32)
    bench.run(S)
    stop_to(bench)
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert bench.faults() == []
    assert bench.manager.permit is Charge.AC


def test_just_charged_lasts_exactly_five_seconds() -> None:
    for after_us, told in ((5 * S - 1, True), (5 * S, False)):
        bench = charging(AC_16, car_lock=CarLock.UNLOCKED)
        bench.see(session=Session.NONE, inlet=Inlet.SAFE)
        bench.run(after_us)
        bench.clear()
        bench.see(occupant=Occupant.EMPTY)
        assert (EventName.UNPLUGGED_DURING_CHARGE in bench.events()) is told, after_us / MS
