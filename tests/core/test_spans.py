"""The owner's times and the flickering signals: waits, windows, cold, a weak battery, key zones."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from core_bench import AC_16, AC_32, DC, LATCH, MIN, PATIENT, Bench, S, charging, plugged, stop_to

from vehicle.core.memory import Flag, Timer
from vehicle.core.names import Charge, EventName, FaultName, Result, Source
from vehicle.core.outputs import Command, DriveOff
from vehicle.core.settings import ColdRelease, Mode, Settings, Toggle
from vehicle.core.settings_read import parse
from vehicle.core.settling import SETTLING
from vehicle.core.signals import (
    BoardSupply,
    Cabin,
    CarLock,
    Feedback,
    Hour,
    Inlet,
    KeyZone,
    Occupant,
    Session,
    Temperature,
)
from vehicle.core.spans import settings_changed

pytestmark = pytest.mark.fast

WAITS_FREE = Settings(waiting_counts=Toggle.OFF, latch_mode=Mode.WHILE_CHARGING)


# ---- the relock window [P7] ---------------------------------------------------------------------


@pytest.mark.parametrize("window_s", [15, 60, 300])
def test_a_release_that_nobody_used_ends_with_its_window(window_s: int) -> None:
    bench = plugged(Settings(relock_window_s=window_s), car_lock=CarLock.LOCKED)
    bench.unlatch()
    bench.run(window_s * S)
    assert bench.state == "released"
    bench.run(2 * S)
    assert bench.state == "engaged"
    assert bench.commands() == [("latch", "release"), ("latch", "engage")]


def test_a_window_that_never_ends_engages_nothing() -> None:
    bench = plugged(Settings(relock_window_s=0), car_lock=CarLock.LOCKED)
    bench.unlatch()
    bench.run(60 * MIN)
    assert bench.commands() == [("latch", "release")]


def test_a_window_that_is_used_is_over() -> None:
    bench = plugged(Settings(), car_lock=CarLock.LOCKED)
    bench.unlatch()
    bench.run(10 * S)
    bench.see(occupant=Occupant.EMPTY)
    assert bench.manager.deadline_us is None


def test_a_charge_that_was_stopped_goes_on_after_the_window() -> None:
    bench = charging(AC_32, Settings(), car_lock=CarLock.LOCKED)
    bench.unlatch()
    stop_to(bench, Session.NONE)
    bench.run(30 * S)
    assert bench.manager.permit is Charge.NONE
    bench.run(32 * S)
    assert bench.manager.permit is Charge.AC


def test_a_cable_that_was_freed_because_it_is_full_has_no_window() -> None:
    bench = charging(AC_16, Settings(release_when_full=Toggle.ON), car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(S)
    bench.see(session=Session.NONE)
    bench.run(60 * MIN)
    assert bench.commands() == [("latch", "release")]


def test_a_new_choice_of_the_window_counts_from_the_release() -> None:
    bench = plugged(Settings(), car_lock=CarLock.LOCKED)
    bench.unlatch()
    bench.run(30 * S)
    bench.choose(relock_window_s=300)
    bench.run(200 * S)
    assert bench.state == "released"
    bench.choose(relock_window_s=15)
    bench.run(S)
    assert bench.state == "engaged"


def test_a_window_that_is_chosen_to_last_for_ever_stops_running() -> None:
    bench = plugged(Settings(), car_lock=CarLock.LOCKED)
    bench.unlatch()
    bench.run(30 * S)
    bench.choose(relock_window_s="never")
    assert Timer.RELOCK_WINDOW not in bench.manager.waits_for
    bench.run(60 * MIN)
    assert bench.state == "released"
    bench.choose(relock_window_s=15)
    bench.run(16 * S)
    assert bench.state == "engaged"


def test_a_choice_of_a_window_for_ever_itself_ends_the_window_that_runs() -> None:
    bench = plugged(Settings(), car_lock=CarLock.LOCKED)
    bench.unlatch()
    bench.run(S)
    state = bench.manager._state
    assert Timer.RELOCK_WINDOW in state.timers
    state.settings = Settings(relock_window_s=0)
    settings_changed(state, state.owner_again(), bench.now_us)
    assert Timer.RELOCK_WINDOW not in state.timers
    assert Flag.RELOCKS in state.flags


def test_a_release_by_unlocking_the_car_is_over_after_the_window_too() -> None:
    owner = Settings(latch_mode=Mode.ALWAYS, relock_window_s=60)
    bench = plugged(owner, car_lock=CarLock.LOCKED)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(50 * S)
    assert (bench.rule(), bench.state) == ("car_opened", "released")
    assert Timer.RELOCK_WINDOW in bench.manager.waits_for
    bench.run(12 * S)
    assert (bench.rule(), bench.state) == ("always", "engaged")


FREES_AFTER_TEN = Settings(release_when_full=Toggle.ON, release_grace_min=10)


def test_a_shorter_choice_that_has_passed_already_is_over_at_once_and_waited_for_no_more() -> None:
    bench = charging(AC_16, FREES_AFTER_TEN, car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(3 * MIN)
    assert bench.manager.waits_for == {Timer.GRACE}
    bench.choose(release_grace_min=2)
    assert bench.rule() == "full_and_freed"
    assert bench.manager.waits_for == frozenset()


def test_a_change_of_the_circumstance_leaves_the_time_that_runs_as_it_is() -> None:
    owner = replace(FREES_AFTER_TEN, overrides=parse({"overrides": NIGHT}).overrides)
    bench = charging(AC_16, owner, car_lock=CarLock.LOCKED, hour=Hour.H21)
    stop_to(bench)
    bench.run(4 * MIN)
    bench.see(hour=Hour.H22)
    assert bench.manager.effective.settings.latch_mode is Mode.ALWAYS
    bench.run(5 * MIN + 59 * S)
    assert bench.rule() != "full_and_freed"
    bench.run(S)
    assert bench.rule() == "full_and_freed"


def test_a_cabin_that_is_believed_empty_changes_the_time_that_runs_from_when_it_began() -> None:
    alone = ["release-grace-min=2 when cabin=empty"]
    owner = replace(FREES_AFTER_TEN, overrides=parse({"overrides": alone}).overrides)
    bench = charging(AC_16, owner, car_lock=CarLock.LOCKED, cabin=Cabin.OCCUPIED)
    stop_to(bench)
    bench.run(3 * MIN)
    bench.see(cabin=Cabin.EMPTY)
    bench.run(10 * S - 1)
    assert bench.rule() != "full_and_freed"
    bench.run(1)
    assert bench.rule() == "full_and_freed"


NIGHT = ["latch-mode=always when hours=22-6"]


# ---- what waiting counts [P6] -------------------------------------------------------------------


def test_a_wait_that_does_not_count_frees_after_a_minute_and_holds_again_when_it_charges() -> None:
    bench = charging(AC_16, WAITS_FREE, car_lock=CarLock.LOCKED)
    bench.see(session=Session.WAITING, inlet=Inlet.SAFE)
    bench.run(59 * S)
    assert bench.commands() == []
    bench.run(3 * S)
    assert (bench.rule(), bench.state) == ("wait_does_not_count", "released")
    bench.see(session=Session.CHARGING)
    bench.run(6 * S)  # the release has earned its pause
    assert (bench.rule(), bench.state) == ("session_active", "engaged")
    bench.see(session=Session.WAITING)
    bench.run(59 * S)
    assert (bench.rule(), bench.state) == ("session_active", "engaged")
    bench.run(3 * S)
    assert (bench.rule(), bench.state) == ("wait_does_not_count", "released")


def test_a_wait_counts_by_default() -> None:
    bench = charging(AC_16, PATIENT, car_lock=CarLock.UNLOCKED)
    bench.see(session=Session.WAITING, inlet=Inlet.SAFE)
    bench.run(60 * MIN)
    assert bench.commands() == []


@pytest.mark.parametrize("supply", [AC_32, DC])
def test_a_wait_never_frees_what_safety_needs_locked(supply) -> None:
    bench = charging(supply, WAITS_FREE, car_lock=CarLock.LOCKED)
    bench.see(session=Session.WAITING, inlet=Inlet.SAFE)
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert bench.rule() == "charge_needs_lock"


def test_a_choice_that_a_wait_does_not_count_is_given_its_minute_from_then_on() -> None:
    bench = charging(AC_16, Settings(latch_mode=Mode.WHILE_CHARGING))
    bench.see(session=Session.WAITING, inlet=Inlet.SAFE)
    bench.run(10 * MIN)
    bench.choose(waiting_counts="off")
    bench.run(59 * S)
    assert bench.state == "engaged"
    bench.run(2 * S)
    assert bench.state == "released"
    bench.choose(waiting_counts="on")
    bench.run(6 * S)
    assert bench.state == "engaged"


# ---- cold [P11] ---------------------------------------------------------------------------------

ALWAYS = {"latch_mode": Mode.ALWAYS}


@pytest.mark.parametrize("when", ColdRelease)
@pytest.mark.parametrize("lock", [CarLock.LOCKED, CarLock.UNLOCKED])
@pytest.mark.parametrize("key", [KeyZone.NEAR, KeyZone.FAR])
def test_in_the_cold_a_pin_is_released_in_time_only_as_the_owner_chose(when, lock, key) -> None:
    bench = plugged(Settings(**ALWAYS, cold_release=when), car_lock=lock, key=key)
    bench.see(temperature=Temperature.COLD)
    bench.run(59 * S)
    assert bench.commands() == []
    bench.run(2 * S)
    attended = lock is CarLock.UNLOCKED and key is KeyZone.NEAR
    freed = when is ColdRelease.ALWAYS or (when is ColdRelease.ATTENDED and attended)
    assert bench.commands() == ([("latch", "release")] if freed else [])
    assert (bench.rule() == "frost_threatens") is freed


def test_a_pin_that_was_released_for_the_cold_engages_once_its_owner_leaves() -> None:
    """Nothing is silently left unprotected."""
    bench = plugged(Settings(**ALWAYS), car_lock=CarLock.UNLOCKED, key=KeyZone.NEAR)
    bench.see(temperature=Temperature.COLD)
    bench.run(70 * S)
    assert bench.state == "released"
    bench.see(key=KeyZone.FAR)
    bench.run(10 * S)
    assert bench.state == "engaged"


# ---- a weak 12 V battery [P12] ------------------------------------------------------------------


def test_a_low_supply_releases_in_time_where_no_session_is_active_and_tells_the_owner() -> None:
    bench = plugged(Settings(), car_lock=CarLock.LOCKED)
    bench.see(board_supply=BoardSupply.GOOD)
    bench.run(2 * MIN)
    bench.see(board_supply=BoardSupply.LOW)
    bench.run(9 * S)
    assert bench.commands() == []
    bench.run(2 * S)
    assert bench.commands() == [("latch", "release")]
    assert bench.rule() == "supply_runs_down"
    assert bench.faults() == [(FaultName.SUPPLY_LOW, True)]
    bench.see(board_supply=BoardSupply.GOOD)
    bench.run(70 * S)
    assert bench.commands() == [("latch", "release"), ("latch", "engage")]
    assert bench.faults()[-1] == (FaultName.SUPPLY_LOW, False)


def test_an_owner_may_choose_to_stay_locked_on_an_empty_battery() -> None:
    bench = plugged(Settings(low_supply_release=Toggle.OFF), car_lock=CarLock.LOCKED)
    bench.see(board_supply=BoardSupply.LOW)
    bench.run(MIN)
    assert (bench.commands(), bench.state) == ([], "engaged")


def test_on_a_low_supply_nothing_engages_and_ac_is_limited_instead_of_waiting() -> None:
    bench = Bench(settings=Settings(low_supply_release=Toggle.OFF))
    bench.see(board_supply=BoardSupply.LOW)
    bench.run(20 * S)
    bench.clear()
    bench.see(**{**AC_16, "session": Session.WAITING, "inlet": Inlet.SAFE})
    bench.see(car_lock=CarLock.LOCKED)
    bench.run(S)
    assert bench.said(Command) == []
    assert bench.manager.permit is Charge.AC_LIMITED
    assert {EventName.COMMAND_VETOED, EventName.NOT_SECURED} <= set(bench.events())


def test_on_a_supply_that_moves_no_pin_a_request_ends_with_that_reason() -> None:
    bench = plugged(car_lock=CarLock.LOCKED)
    bench.see(board_supply=BoardSupply.TOO_LOW)
    bench.run(11 * S)
    bench.clear()
    bench.unlatch()
    assert bench.results() == [Result.ACCEPTED, Result.SUPPLY_TOO_LOW]
    assert bench.said(Command) == []


# ---- key zones [P9] and flicker -----------------------------------------------------------------


def test_a_key_must_stay_at_the_port_before_the_button_counts() -> None:
    bench = plugged(car_lock=CarLock.UNLOCKED, session=Session.WAITING, key=KeyZone.FAR)
    bench.run(3 * S)
    bench.see(key=KeyZone.AT_PORT)
    bench.unlatch(Source.PORT_BUTTON)
    assert bench.results() == [Result.REFUSED_KEY_NOT_AT_PORT]
    bench.run(500_000)
    bench.unlatch(Source.PORT_BUTTON)
    assert bench.results()[1] is Result.ACCEPTED


def test_a_key_that_leaves_for_a_moment_has_not_left_and_one_that_is_unknown_has() -> None:
    bench = plugged(car_lock=CarLock.UNLOCKED, session=Session.WAITING, key=KeyZone.AT_PORT)
    bench.see(key=KeyZone.NEAR)
    bench.run(1_900_000)
    bench.see(key=KeyZone.AT_PORT)
    bench.unlatch(Source.PORT_BUTTON)
    assert bench.results() == [Result.ACCEPTED]
    bench = plugged(car_lock=CarLock.UNLOCKED, session=Session.WAITING, key=KeyZone.AT_PORT)
    bench.see(key=KeyZone.UNKNOWN)
    bench.unlatch(Source.PORT_BUTTON)
    assert bench.results() == [Result.REFUSED_KEY_NOT_AT_PORT]


@pytest.mark.parametrize("name", SETTLING)
def test_a_value_that_comes_back_or_is_unknown_waits_for_nothing(name: str) -> None:
    how = SETTLING[name]
    first, then = how.order[-2:]
    bench = Bench(**{name: first})
    bench.run(3 * MIN)
    for back in (first, "unknown"):
        bench.see(**{name: then})
        assert bench.manager.waits_for == {how.timer}
        bench.see(**{name: type(first)(back)})
        assert bench.manager.waits_for == frozenset()
        assert getattr(bench.manager.memory.settled, name) == back


def test_a_value_that_flickers_around_its_border_settles_nowhere_and_moves_nothing() -> None:
    owner = Settings(latch_mode=Mode.ALWAYS, cold_release=ColdRelease.ALWAYS)
    for name, how in SETTLING.items():
        bench = plugged(owner, car_lock=CarLock.UNLOCKED, key=KeyZone.NEAR)
        bench.run(3 * MIN)
        bench.clear()
        for step in range(300):
            bench.see(**{name: how.order[step % 2]})
            bench.run(min(how.up_us, how.down_us) - 1)
        assert bench.said(Command) == [], name


FLICKER = {
    "car_lock": (CarLock.LOCKED, CarLock.UNLOCKED, CarLock.UNKNOWN),
    "key": (KeyZone.NEAR, KeyZone.AT_PORT, KeyZone.FAR),
    "session": (Session.NONE, Session.WAITING, Session.CHARGING, Session.COMPLETE),
    "temperature": (Temperature.COLD, Temperature.MILD, Temperature.UNKNOWN),
    "board_supply": (BoardSupply.LOW, BoardSupply.GOOD, BoardSupply.UNKNOWN),
}
BORDERS_US = (1, 59_999, 60_000, 60_001, 499_999, 500_000, 1_999_999, 2_000_001, 10_000_000)


@pytest.mark.whole
@pytest.mark.parametrize("count", [4_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_no_flicker_drives_a_pin_beyond_its_duty(count: int) -> None:
    """Random inputs at every debounce border; the motor rests 8 times as long as it ran.

    A release that is cut short by an engagement makes up for its pause afterwards, so that the sums
    are compared, not the pairs.
    """
    chance = random.Random(7)
    owner = Settings(cold_release=ColdRelease.ALWAYS, waiting_counts=Toggle.OFF)
    bench = plugged(owner, car_lock=CarLock.LOCKED)
    limits = bench.manager.pin(LATCH).pin.limits
    began_us, driven_us, strokes, since_us = 0, 0, 0, None
    for _ in range(count):
        if chance.random() < 0.1:
            true = bench.manager.pin(LATCH).feedback
            bench.see(latch=Feedback.MOVING)
            bench.run(limits.debounce_us - 1)
            bench.see(latch=true)
        name = chance.choice(list(FLICKER))
        bench.see(**{name: chance.choice(FLICKER[name])})
        bench.run(chance.choice(BORDERS_US))
        for at_us, said in bench.journal:
            if isinstance(said, Command):
                since_us, strokes = at_us, strokes + 1
                began_us = began_us or at_us
            elif isinstance(said, DriveOff) and since_us is not None:
                driven_us, since_us = driven_us + at_us - since_us, None
        bench.clear()
    assert strokes > count // 50
    allowed_us = (bench.now_us - began_us) // (1 + limits.pause_factor) + 2 * limits.on_time_us
    assert driven_us <= allowed_us
