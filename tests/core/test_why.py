"""What would release a pin: every way that is told works, and nothing smaller does."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.policy import decide
from vehicle.core.resolve import for_pin
from vehicle.core.settings import HighCurrent, Mode, Settings, Toggle
from vehicle.core.signals import Supply, SupplyLimit
from vehicle.core.situation import (
    Asked,
    Doors,
    Energy,
    Need,
    Past,
    Phase,
    Seat,
    Situation,
    need_of,
)
from vehicle.core.why import (
    _TRIES,
    CHANGE_WORDS,
    Change,
    settings_behind,
    ways_to_release,
)

LATCH = Actuator.LATCH
CHARGING = Situation(
    seat=Seat.SEATED,
    doors=Doors.LOCKED,
    phase=Phase.ACTIVE,
    energy=Energy.ENERGISED,
    need=Need.LOCK,
)

situations = st.builds(Situation)
owners = st.builds(
    Settings,
    release_grace_min=st.just(0),
    power_cut_hold_s=st.just(300),
)


def after(now: Situation, way: tuple[Change, ...]) -> Situation:
    """Return ``now`` with the changes of ``way``."""
    for each in _TRIES:
        if each.change in way:
            now = each.makes(now)
    return now


@given(situations, owners, st.sampled_from(Actuator))
def test_every_way_releases_and_no_part_of_it_does(now, settings, actuator) -> None:
    owner = for_pin(settings, actuator)
    ways = ways_to_release(now, settings, actuator)
    assert len(set(ways)) == len(ways)
    for way in ways:
        assert decide(after(now, way), owner, actuator).demand is Demand.RELEASE
        for size in range(len(way)):
            for part in combinations(way, size):
                assert decide(after(now, part), owner, actuator).demand is not Demand.RELEASE


@given(situations, owners, st.sampled_from(Actuator))
def test_asking_is_always_among_them_where_a_pin_holds_something(now, settings, actuator) -> None:
    now = replace(now, seat=Seat.SEATED, past=Past.FRESH, asked=Asked.NOTHING)
    if now.energy is Energy.WELDED:
        now = replace(now, energy=Energy.ENERGISED)
    ways = ways_to_release(now, settings, actuator)
    released = decide(now, for_pin(settings, actuator), actuator).demand is Demand.RELEASE
    assert released or any(Change.ASK in way for way in ways)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("now", "ways"),
    [
        (
            CHARGING,
            [(Change.ASK, Change.SAFE), (Change.UNLOCK, Change.SESSION_OVER, Change.SAFE)],
        ),
        (
            replace(CHARGING, phase=Phase.NONE, energy=Energy.SAFE),
            [(Change.ASK,), (Change.UNLOCK,)],
        ),
        (replace(CHARGING, asked=Asked.UNLATCH), [(Change.SAFE,)]),
        (replace(CHARGING, energy=Energy.WELDED), []),
        (replace(CHARGING, seat=Seat.NO_PIN), []),
        (
            replace(CHARGING, energy=Energy.SAFE, past=Past.MANUAL_RELEASE),
            [(Change.TAKE_OUT,)],
        ),
        (
            Situation(seat=Seat.UNKNOWN, energy=Energy.SAFE, doors=Doors.UNLOCKED),
            [(Change.ASK,), (Change.SESSION_OVER, Change.OCCUPANT_KNOWN)],
        ),
        (Situation(seat=Seat.EMPTY, energy=Energy.SAFE), []),
        # Unlocked, over, safe and known would do too, but four at once are no advice.
        (Situation(), [(Change.ASK, Change.SAFE)]),
    ],
    ids=[
        "charging",
        "parked",
        "asked",
        "welded",
        "no pin",
        "pulled",
        "unknown",
        "released",
        "nothing known",
    ],
)
def test_what_would_release_the_latch(now, ways) -> None:
    assert list(ways_to_release(now, Settings(), LATCH)) == ways


@pytest.mark.fast
def test_a_full_battery_is_named_only_where_the_owner_wants_it() -> None:
    now = replace(CHARGING, energy=Energy.SAFE)
    wanted = Settings(release_when_full=Toggle.ON)
    assert (Change.FULL,) in ways_to_release(now, wanted, LATCH)
    assert all(Change.FULL not in way for way in ways_to_release(now, Settings(), LATCH))
    while_charging = Settings(latch_mode=Mode.WHILE_CHARGING, release_when_full=Toggle.ON)
    assert ways_to_release(now, while_charging, LATCH) == ((Change.ASK,), (Change.SESSION_OVER,))


@pytest.mark.fast
def test_a_full_battery_that_has_its_release_already_waits_for_nothing() -> None:
    full = replace(CHARGING, phase=Phase.FULL, energy=Energy.SAFE)
    wanted = Settings(release_when_full=Toggle.ON)
    assert ways_to_release(full, wanted, LATCH) == ()
    adapter = ways_to_release(full, wanted, Actuator.ADAPTER)
    assert adapter == ((Change.ASK,), (Change.UNLOCK,)), "an adapter is not freed by a full battery"


@pytest.mark.fast
def test_where_a_session_must_be_over_and_the_inlet_safe_a_full_battery_is_not_named() -> None:
    """Any end of the session will do, so that one of them needs no words of its own."""
    wanted = Settings(latch_mode=Mode.WHILE_CHARGING, release_when_full=Toggle.ON)
    assert ways_to_release(CHARGING, wanted, LATCH) == (
        (Change.ASK, Change.SAFE),
        (Change.SESSION_OVER, Change.SAFE),
    )


@pytest.mark.fast
def test_a_cable_that_is_always_held_is_freed_by_opening_a_locked_car_and_by_no_other_unlock() -> (
    None
):
    parked = replace(CHARGING, phase=Phase.NONE, energy=Energy.SAFE)
    always = Settings(latch_mode=Mode.ALWAYS, adapter_mode=Mode.WHILE_CHARGING)
    assert ways_to_release(parked, always, LATCH) == ((Change.ASK,), (Change.UNLOCK,))
    unknown = replace(parked, doors=Doors.UNKNOWN)
    assert ways_to_release(unknown, always, LATCH) == ((Change.ASK,),)
    assert ways_to_release(parked, always, Actuator.ADAPTER) == (), "each pin has its own mode"


@pytest.mark.fast
def test_every_change_has_words() -> None:
    assert set(CHANGE_WORDS) == set(Change)


# ---- settings -----------------------------------------------------------------------------------


def behind(now: Situation, owner: Settings, actuator: Actuator) -> tuple[str, ...]:
    """The settings behind a decision in a situation that no setting folds otherwise."""
    return settings_behind(lambda _: now, owner, actuator)


@pytest.mark.fast
def test_the_settings_behind_a_decision_are_those_that_would_change_it() -> None:
    parked = replace(CHARGING, phase=Phase.NONE, energy=Energy.SAFE, need=Need.UNKNOWN)
    assert behind(parked, Settings(), LATCH) == ("auto-lock", "latch-mode")
    assert behind(parked, Settings(), Actuator.ADAPTER) == ("auto-lock", "adapter-mode")


@pytest.mark.fast
def test_a_setting_with_several_other_choices_that_count_is_named_once_and_in_their_order() -> None:
    """The battery is full: only the latch, and not the adapter, is freed by that."""
    full = replace(CHARGING, phase=Phase.FULL, energy=Energy.SAFE, need=Need.UNKNOWN)
    assert behind(full, Settings(), LATCH) == ("auto-lock", "latch-mode", "release-when-full")
    assert behind(full, Settings(), Actuator.ADAPTER) == ("auto-lock", "adapter-mode")
    freed = Settings(release_when_full=Toggle.ON)
    assert behind(full, freed, LATCH) == ("release-when-full",)


@pytest.mark.fast
def test_no_setting_is_behind_a_decision_of_the_safety_tier() -> None:
    pulled = replace(CHARGING, past=Past.MANUAL_RELEASE)
    assert behind(pulled, Settings(), LATCH) == ()


@pytest.mark.fast
def test_the_choice_for_high_current_counts_where_it_decides() -> None:
    def under(owner: Settings) -> Situation:
        need = need_of(Supply.AC, SupplyLimit.ABOVE_16_A, owner)
        return replace(CHARGING, need=need)

    off = Settings(auto_lock=Toggle.OFF)
    assert "high-current" in settings_behind(under, off, LATCH)
    assert "high-current" not in behind(CHARGING, off, LATCH)
    limited = Settings(auto_lock=Toggle.OFF, high_current=HighCurrent.LIMIT)
    assert "high-current" in settings_behind(under, limited, LATCH)
