"""Which of the owner's choices a decision comes from, on the manager itself."""

from __future__ import annotations

from enum import StrEnum

import pytest
from core_bench import AC_32, ADAPTER, LATCH, Bench, S, plugged

from vehicle.core import deciding, manager
from vehicle.core.car import Actuator
from vehicle.core.outputs import Decided
from vehicle.core.rule import Decision
from vehicle.core.settings import OVERRIDES, Toggle
from vehicle.core.settings_read import parse
from vehicle.core.signals import (
    Cable,
    CarLock,
    Fitted,
    Inlet,
    Occupant,
    Place,
    Session,
    Supply,
)
from vehicle.core.state import State

pytestmark = pytest.mark.fast


def behind(bench: Bench) -> list[str]:
    return [str(each) for each in bench.manager.overrides_behind(LATCH)]


def test_the_overrides_behind_a_decision_are_those_without_which_it_would_be_another() -> None:
    texts = ["auto-lock=off when place=home", "release-grace-min=5 when place=home"]
    bench = plugged(parse({OVERRIDES: texts}), car_lock=CarLock.LOCKED)
    assert (bench.rule(), behind(bench)) == ("car_locked", [])
    bench.see(place=Place.HOME)
    assert (bench.rule(), behind(bench)) == ("auto_lock_off", texts[:1])
    (decided,) = [each for each in bench.said(Decided) if each.actuator is LATCH]
    assert decided.override == texts[0]
    bench.see(place=Place.AWAY)
    assert (bench.rule(), behind(bench)) == ("car_locked", [])
    assert [each.override for each in bench.said(Decided) if each.actuator is LATCH][1:] == [None]


def test_two_overrides_that_both_count_are_both_told() -> None:
    texts = ["auto-lock=on when place=home", "latch-mode=always when place=home"]
    bench = plugged(parse({"auto-lock": "off", OVERRIDES: texts}))
    bench.see(place=Place.HOME)
    assert (bench.rule(), behind(bench)) == ("always", texts)
    assert bench.said(Decided)[0].override == "; ".join(texts)


def test_an_override_that_only_the_situation_feels_counts_as_well() -> None:
    text = "high-current=limit when place=home"
    settings = parse({"auto-lock": "off", OVERRIDES: [text]})
    waiting = {**AC_32, "session": Session.WAITING, "inlet": Inlet.SAFE}
    bench = plugged(settings, **waiting)
    assert bench.rule() == "charge_needs_lock"
    assert "high-current" in bench.manager.settings_behind(LATCH)
    bench.see(place=Place.HOME)
    assert (bench.rule(), behind(bench)) == ("otherwise", [text])


def test_the_choices_behind_a_decision_are_those_of_its_own_pin() -> None:
    bench = Bench(adapter_lock_fitted=Fitted.FITTED)
    bench.see(occupant=Occupant.ADAPTER, car_lock=CarLock.LOCKED)
    bench.run(S)
    assert bench.rule(ADAPTER) == "car_locked"
    assert bench.manager.settings_behind(ADAPTER) == ("auto-lock", "adapter-mode")
    assert bench.manager.settings_behind(LATCH) == ()
    latched = plugged(car_lock=CarLock.LOCKED)
    assert latched.manager.settings_behind(LATCH) == ("auto-lock", "latch-mode")
    assert bench.manager.overrides_behind(ADAPTER) == ()


def test_an_override_for_one_pin_is_not_behind_the_other() -> None:
    text = "adapter-mode=off when place=home"
    settings = parse({OVERRIDES: [text]})
    bench = Bench(settings=settings, adapter_lock_fitted=Fitted.FITTED, place=Place.HOME)
    bench.see(occupant=Occupant.ADAPTER, car_lock=CarLock.LOCKED)
    assert bench.rule(ADAPTER) == "auto_lock_off"
    assert [str(each) for each in bench.manager.overrides_behind(ADAPTER)] == [text]
    assert behind(bench) == []


@pytest.mark.parametrize(
    ("condition", "signal", "known", "gap"),
    [
        ("place=home", "place", Place.HOME, Place.UNKNOWN),
        ("supply=ac", "supply", Supply.AC, Supply.UNKNOWN),
        ("supply=ac", "supply", Supply.AC, Supply.NONE),
        ("cable=own", "cable", Cable.SOCKET, Cable.UNKNOWN),
        ("adapter=no", "occupant", Occupant.CONNECTOR, Occupant.UNKNOWN),
    ],
)
def test_a_circumstance_stays_what_it_was_until_the_inlet_is_empty(
    condition: str, signal: str, known: StrEnum, gap: StrEnum
) -> None:
    """A gap in a message moves no pin; a car that is driven off begins anew."""
    settings = parse({OVERRIDES: [f"auto-lock=off when {condition}"]})
    bench = plugged(settings)
    bench.see(**{signal: known})
    bench.see(car_lock=CarLock.LOCKED)
    assert bench.manager.effective.settings.auto_lock is Toggle.OFF
    bench.see(**{signal: gap})
    bench.run(S)
    assert bench.manager.effective.settings.auto_lock is Toggle.OFF
    bench.see(occupant=Occupant.EMPTY, **({} if signal == "occupant" else {signal: gap}))
    bench.see(occupant=Occupant.CONNECTOR)
    expected = Toggle.OFF if signal == "occupant" else Toggle.ON
    assert bench.manager.effective.settings.auto_lock is expected


def test_the_latest_word_on_the_circumstance_counts() -> None:
    texts = ["auto-lock=off when place=home", "auto-lock=off when supply=dc"]
    bench = plugged(parse({OVERRIDES: texts}), place=Place.HOME)
    assert bench.manager.effective.settings.auto_lock is Toggle.OFF
    bench.see(place=Place.WORK)
    assert bench.manager.effective.settings.auto_lock is Toggle.ON
    bench.see(supply=Supply.AC)
    bench.see(supply=Supply.DC)
    assert bench.manager.effective.settings.auto_lock is Toggle.OFF
    bench.see(supply=Supply.AC)
    assert bench.manager.effective.settings.auto_lock is Toggle.ON


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[Actuator]:
    """The pins that were decided for since the test last emptied it, in order."""
    found: list[Actuator] = []

    def decide_for(state: State, actuator: Actuator) -> Decision:
        found.append(actuator)
        return deciding.decide_for(state, actuator)

    monkeypatch.setattr(manager, "decide_for", decide_for)
    return found


def lock_and_unlock(bench: Bench, decided: list[Actuator]) -> list[int]:
    """Lock and unlock the car twice; return how often something was decided each time."""
    counts = []
    for value in (CarLock.LOCKED, CarLock.UNLOCKED) * 2:
        decided.clear()
        bench.see(car_lock=value)
        bench.run(10 * S)
        assert bench.rule() == ("car_locked" if value is CarLock.LOCKED else "car_unlocked")
        counts.append(len(decided))
    return counts


def test_what_was_decided_on_the_same_grounds_is_not_decided_again(
    decided: list[Actuator],
) -> None:
    bench = plugged(car_lock=CarLock.UNLOCKED)
    lock_and_unlock(bench, decided)
    assert lock_and_unlock(bench, decided) == [0, 0, 0, 0]


def test_no_more_decisions_are_kept_than_have_room(
    decided: list[Actuator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manager, "KNOWN_MAX", 1)
    bench = plugged(car_lock=CarLock.UNLOCKED)
    lock_and_unlock(bench, decided)
    assert 0 not in lock_and_unlock(bench, decided)
