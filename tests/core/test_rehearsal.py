"""Thought-up circumstances: how they are written, and that what is said is what would be done."""

from __future__ import annotations

import pytest

from vehicle.core.car import Actuator, Car
from vehicle.core.circumstance import (
    Adapter,
    CableOwner,
    Circumstance,
    ConditionError,
    read_circumstance,
)
from vehicle.core.names import Charge, Demand, PinState
from vehicle.core.rehearsal import MOMENT_WORDS, Moment, Rehearsal, rehearse
from vehicle.core.settings_read import parse
from vehicle.core.signals import BoardSupply, Cabin, Hour, Place, Supply, Temperature
from vehicle.core.strain import Strain, read_strain

pytestmark = pytest.mark.fast

HOME = Circumstance(place=Place.HOME, supply=Supply.AC)
AWAY = Circumstance(place=Place.AWAY, supply=Supply.AC)
NEVER_AT_HOME = {"overrides": ["auto-lock=off when place=home"]}


def held(rehearsal: Rehearsal) -> list[str]:
    """Return the moments at which what is plugged in is held."""
    return [each.moment for each in rehearsal.moments if each.state is PinState.ENGAGED]


@pytest.mark.parametrize(
    ("settings", "circumstance", "moments"),
    [
        ({}, AWAY, ["locked", "waiting", "charging", "full"]),
        ({"auto-lock": "off"}, AWAY, []),
        ({"latch-mode": "while-charging"}, AWAY, ["waiting", "charging"]),
        (
            {"latch-mode": "always"},
            AWAY,
            ["plugged-in", "locked", "waiting", "charging", "full"],
        ),
        ({"waiting-counts": "off"}, AWAY, ["locked", "waiting", "charging", "full"]),
        ({"latch-mode": "while-charging", "waiting-counts": "off"}, AWAY, ["charging"]),
        (NEVER_AT_HOME, HOME, []),
        (NEVER_AT_HOME, AWAY, ["locked", "waiting", "charging", "full"]),
        (NEVER_AT_HOME, Circumstance(place=Place.HOME, supply=Supply.DC), ["waiting", "charging"]),
    ],
)
def test_what_is_plugged_in_is_held_at_these_moments(settings, circumstance, moments) -> None:
    assert held(rehearse(Car(), parse(settings), circumstance)) == moments


@pytest.mark.parametrize(
    ("settings", "strain", "moments"),
    [
        ({}, {}, ["locked", "waiting", "charging", "full"]),
        (
            {},
            {"temperature": "mild", "board_supply": "good"},
            ["locked", "waiting", "charging", "full"],
        ),
        ({}, {"board_supply": "low"}, []),
        ({}, {"board_supply": "too-low"}, []),
        ({"latch-mode": "always"}, {}, ["plugged-in", "locked", "waiting", "charging", "full"]),
        (
            {"latch-mode": "always", "cold-release": "attended"},
            {"temperature": "cold"},
            ["locked", "waiting", "charging", "full"],
        ),
        ({"cold-release": "always"}, {"temperature": "cold"}, ["waiting", "charging"]),
        (
            {"cold-release": "never"},
            {"temperature": "cold"},
            ["locked", "waiting", "charging", "full"],
        ),
    ],
)
def test_cold_and_a_weak_battery_change_at_which_moments_it_is_held(
    settings, strain, moments
) -> None:
    rehearsal = rehearse(Car(), parse(settings), AWAY, strain=read_strain(strain))
    assert held(rehearsal) == moments


def test_a_pin_that_the_interlock_stops_says_so_where_it_is_wanted_otherwise() -> None:
    weak = rehearse(Car(), parse({}), AWAY, strain=Strain(board_supply=BoardSupply.LOW))
    at = {each.moment: each for each in weak.moments}
    assert at[Moment.WAITING].demand is Demand.ENGAGE
    assert at[Moment.WAITING].veto.startswith("the 12 V supply is low")
    assert at[Moment.LOCKED].rule.name == "supply_runs_down"
    assert at[Moment.LOCKED].veto == at[Moment.FULL].veto == ""
    mild = rehearse(Car(), parse({}), AWAY, strain=Strain(Temperature.MILD))
    assert {each.veto for each in mild.moments} == {""}


def test_a_strain_that_cannot_be_names_what_fits() -> None:
    with pytest.raises(ConditionError, match=r"one of too-low, low, good.*did you mean 'low'"):
        read_strain({"board_supply": "lo"})
    with pytest.raises(ConditionError, match="temperature = 'unknown' must be one of cold, mild"):
        read_strain({"temperature": "unknown"})


def test_a_grace_time_is_lived_through_where_there_is_one() -> None:
    settings = {"release-when-full": "on", "release-grace-min": 10}
    rehearsal = rehearse(Car(), parse(settings), AWAY)
    assert [each.moment for each in rehearsal.moments] == list(Moment)
    assert held(rehearsal) == ["locked", "waiting", "charging", "full"]
    at = {each.moment: each for each in rehearsal.moments}
    assert at[Moment.GRACE_OVER].rule.name == "full_and_freed"
    for without in ({"release-when-full": "on"}, {"release-grace-min": 10}):
        moments = rehearse(Car(), parse(without), AWAY).moments
        assert [each.moment for each in moments] == [
            moment for moment in Moment if moment is not Moment.GRACE_OVER
        ]


def test_a_release_is_told_where_the_pin_is_out_once_it_has_run() -> None:
    at = {each.moment: each for each in rehearse(Car(), parse({}), AWAY).moments}
    assert (at[Moment.UNLOCKED].demand, at[Moment.UNLOCKED].state) == (
        Demand.RELEASE,
        PinState.RELEASED,
    )


def test_more_than_16_a_needs_the_lock_and_a_limit_needs_none() -> None:
    off, limit = parse({"auto-lock": "off"}), parse({"auto-lock": "off", "high-current": "limit"})
    assert held(rehearse(Car(), off, HOME, high_current=True)) == ["waiting", "charging"]
    rehearsal = rehearse(Car(), limit, HOME, high_current=True)
    assert held(rehearsal) == []
    assert {each.permit for each in rehearsal.moments} == {Charge.AC_LIMITED}


def test_an_adapter_is_told_by_its_own_pin_and_a_missing_pin_holds_nothing() -> None:
    adapter = Circumstance(supply=Supply.AC, adapter=Adapter.YES)
    rehearsal = rehearse(Car(), parse({}), adapter)
    assert {each.actuator for each in rehearsal.moments} == {Actuator.ADAPTER}
    assert held(rehearsal) == ["locked", "waiting", "charging", "full"]
    bare = rehearse(Car(), parse({}), adapter, pins=frozenset({Actuator.LATCH}))
    assert {each.actuator for each in bare.moments} == {Actuator.LATCH}
    none = rehearse(Car(), parse({}), adapter, pins=frozenset())
    assert held(none) == []
    assert {each.demand for each in none.moments} == {Demand.HOLD}
    assert {each.veto for each in none.moments} == {""}


def test_each_moment_names_the_overrides_it_depends_on() -> None:
    settings = parse(
        {
            "overrides": [
                "latch-mode=always when hours=22-6",
                "release-when-full=on when cable=tethered",
            ]
        }
    )
    night = Circumstance(supply=Supply.AC, cable=CableOwner.TETHERED, hours=Hour.H23)
    rehearsal = rehearse(Car(), settings, night)
    at = {each.moment: [str(one) for one in each.overrides] for each in rehearsal.moments}
    assert at[Moment.PLUGGED_IN] == ["latch-mode=always when hours=22-6"]
    assert at[Moment.CHARGING] == []
    assert at[Moment.FULL] == ["release-when-full=on when cable=tethered"]
    assert [key for key, _ in rehearsal.effective.by] == ["latch-mode", "release-when-full"]


def test_what_follows_from_a_circumstance_is_told_with_it() -> None:
    dc = rehearse(Car(), parse({}), Circumstance(supply=Supply.DC, cable=CableOwner.OWN))
    assert dc.circumstance.cable is CableOwner.TETHERED
    assert rehearse(Car(), parse({}), HOME).circumstance.adapter is Adapter.NO


def test_every_moment_has_words() -> None:
    assert set(MOMENT_WORDS) == set(Moment)


# ---- how a circumstance is written --------------------------------------------------------------


def test_a_circumstance_is_read_as_it_is_written_and_the_rest_is_unknown() -> None:
    given = {"place": "home", "supply": "dc", "cable": "own", "adapter": "yes", "cabin": "occupied"}
    assert read_circumstance({**given, "hours": "7"}) == Circumstance(
        Place.HOME, Supply.DC, CableOwner.OWN, Adapter.YES, Cabin.OCCUPIED, Hour.H07
    )
    assert read_circumstance({}) == Circumstance()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"place": "hom"}, "did you mean 'home'"),
        ({"plac": "home"}, "did you mean 'place'"),
        ({"supply": "none"}, "must be one of ac, dc"),
        ({"hours": "24"}, "whole number from 0 to 23"),
        ({"hours": "-1"}, "whole number from 0 to 23"),
        ({"hours": "22-6"}, "whole number from 0 to 23"),
    ],
)
def test_a_circumstance_that_cannot_be_names_what_fits(given, words) -> None:
    with pytest.raises(ConditionError, match=words):
        read_circumstance(given)
