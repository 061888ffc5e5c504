"""The settings and overrides behind a decision: those that would change it, and no others."""

from __future__ import annotations

import pytest
from core_bench import plugged

from vehicle.core.car import Actuator
from vehicle.core.outputs import Decided
from vehicle.core.settings import HighCurrent, Mode, Settings, Toggle
from vehicle.core.settings_read import parse
from vehicle.core.signals import Cable, CarLock, Occupant, Place, Session, Supply, SupplyLimit
from vehicle.core.situation import Doors, Energy, Need, Past, Phase, Seat, Situation, need_of
from vehicle.core.why import settings_behind

pytestmark = pytest.mark.fast

LATCH = Actuator.LATCH
CHARGING = Situation(
    seat=Seat.SEATED,
    doors=Doors.LOCKED,
    phase=Phase.ACTIVE,
    energy=Energy.ENERGISED,
    need=Need.LOCK,
)

# ---- settings -----------------------------------------------------------------------------------


def behind(now: Situation, owner: Settings, actuator: Actuator) -> tuple[str, ...]:
    """The settings behind a decision in a situation that no setting folds otherwise."""
    return settings_behind(lambda _: now, owner, actuator)


def test_the_settings_behind_a_decision_are_those_that_would_change_it() -> None:
    parked = CHARGING._replace(phase=Phase.NONE, energy=Energy.SAFE, need=Need.UNKNOWN)
    assert behind(parked, Settings(), LATCH) == ("auto-lock", "latch-mode")
    assert behind(parked, Settings(), Actuator.ADAPTER) == ("auto-lock", "adapter-mode")


def test_a_setting_with_several_other_choices_that_count_is_named_once_and_in_their_order() -> None:
    """The battery is full: only the latch, and not the adapter, is freed by that."""
    full = CHARGING._replace(phase=Phase.FULL, energy=Energy.SAFE, need=Need.UNKNOWN)
    while_charging = Settings(latch_mode=Mode.WHILE_CHARGING)
    full = full._replace(phase=Phase.COMPLETE, doors=Doors.LOCKED)
    assert behind(full, while_charging, LATCH) == ("auto-lock", "latch-mode")
    assert behind(full, Settings(), Actuator.ADAPTER) == ("auto-lock", "adapter-mode")


def test_whether_a_full_battery_frees_counts_where_the_battery_is_full() -> None:
    def under(owner: Settings) -> Situation:
        phase = Phase.FULL if owner.release_when_full is Toggle.ON else Phase.COMPLETE
        return CHARGING._replace(phase=phase, energy=Energy.SAFE)

    names = settings_behind(under, Settings(), LATCH)
    assert names == ("auto-lock", "latch-mode", "release-when-full")
    assert settings_behind(under, Settings(release_when_full=Toggle.ON), LATCH) == (
        "release-when-full",
    )


def test_no_setting_is_behind_a_decision_of_the_safety_tier() -> None:
    pulled = CHARGING._replace(past=Past.MANUAL_RELEASE)
    assert behind(pulled, Settings(), LATCH) == ()


def test_the_choice_for_high_current_counts_where_it_decides() -> None:
    def under(owner: Settings) -> Situation:
        need = need_of(Supply.AC, SupplyLimit.ABOVE_16_A, owner)
        return CHARGING._replace(need=need)

    off = Settings(auto_lock=Toggle.OFF)
    assert "high-current" in settings_behind(under, off, LATCH)
    assert "high-current" not in behind(CHARGING, off, LATCH)
    limited = Settings(auto_lock=Toggle.OFF, high_current=HighCurrent.LIMIT)
    assert "high-current" in settings_behind(under, limited, LATCH)


# ---- overrides ----------------------------------------------------------------------------------


def test_a_decision_names_the_overrides_without_which_it_would_be_another() -> None:
    texts = ["auto-lock=off when place=home", "release-when-full=on when place=home"]
    bench = plugged(parse({"overrides": texts}), car_lock=CarLock.LOCKED, place=Place.AWAY)
    assert (bench.rule(), bench.state) == ("car_locked", "engaged")
    bench.see(place=Place.HOME)
    (decided,) = bench.said(Decided)
    assert (decided.rule, decided.override) == ("auto_lock_off", texts[0])
    assert [str(each) for each in bench.manager.overrides_behind(LATCH)] == texts[:1]
    assert bench.manager.settings_behind(LATCH) == ("auto-lock",)


def test_an_override_that_changes_nothing_is_not_named() -> None:
    texts = ["auto-lock=on when place=home", "release-when-full=on when place=home"]
    bench = plugged(parse({"overrides": texts}), place=Place.HOME)
    bench.see(car_lock=CarLock.LOCKED)
    (decided,) = bench.said(Decided)
    assert (decided.rule, decided.override) == ("car_locked", None)


def test_a_gap_in_the_signals_of_a_circumstance_moves_no_pin() -> None:
    """A car does not drive off with a connector in its inlet."""
    settings = parse({"overrides": ["auto-lock=off when place=home, cable=own, supply=ac"]})
    bench = plugged(
        settings,
        place=Place.HOME,
        cable=Cable.PORTABLE,
        supply=Supply.AC,
        session=Session.NONE,
        car_lock=CarLock.LOCKED,
    )
    assert bench.rule() == "auto_lock_off"
    bench.see(place=Place.UNKNOWN, cable=Cable.UNKNOWN, supply=Supply.UNKNOWN)
    bench.see(supply=Supply.NONE, occupant=Occupant.UNKNOWN)
    bench.see(occupant=Occupant.CONNECTOR)
    bench.run(5_000_000)
    assert bench.commands() == []
    assert bench.rule() == "auto_lock_off"
    bench.see(place=Place.AWAY)
    bench.run(1_000_000)
    assert bench.commands() == [("latch", "engage")]
    bench.restart()
    assert bench.manager.circumstance.place is Place.AWAY
