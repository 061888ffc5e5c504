"""What an owner can do about a fault: in order, as far as the car offers it, to the very end."""

from __future__ import annotations

import pytest

from vehicle.core.car import Car
from vehicle.core.ladder import (
    ASKED_BY,
    LADDERS,
    RUNGS,
    Rung,
    advice,
    first_step,
    steps,
    words_of,
)
from vehicle.core.names import FaultName, Source

pytestmark = pytest.mark.fast

BARE = Car(takes_commands=False)
FULL = Car(can_heat=True, asked_by=tuple(ASKED_BY), manual_release="Pull the loop.")
NO_MANUAL_RELEASE = Car(manual_release="")

STUCK = set(FaultName) - {
    FaultName.CONTACTORS_WELDED,
    FaultName.UNEXPECTED_OPEN,
    FaultName.FAILED_TO_ENGAGE,
}
"""Faults that may keep a cable in which may be taken out."""


def rungs(fault: FaultName, car: Car) -> list[Rung]:
    return [step.rung for step in steps(fault, car)]


def test_every_fault_has_steps_and_every_step_is_used_and_says_something_of_its_own() -> None:
    assert set(LADDERS) == set(FaultName)
    assert {rung for ladder in LADDERS.values() for rung in ladder} == set(Rung) == set(RUNGS)
    assert all(len(set(ladder)) == len(ladder) for ladder in LADDERS.values())
    said = [words_of(rung, car) for rung in Rung for car in (FULL, BARE)]
    assert len({words for words in said if words}) == len(Rung) + 2


@pytest.mark.parametrize("rung", Rung)
@pytest.mark.parametrize("car", [FULL, BARE, NO_MANUAL_RELEASE], ids=["full", "bare", "none"])
def test_a_step_is_told_in_full_sentences_or_not_at_all(rung: Rung, car: Car) -> None:
    words = words_of(rung, car)
    assert words == "" or (words[0].isupper() and words.endswith("."))


@pytest.mark.parametrize("fault", FaultName)
def test_only_a_stuck_cable_ends_at_the_manual_release(fault: FaultName) -> None:
    for car in (FULL, BARE, NO_MANUAL_RELEASE):
        assert (rungs(fault, car)[-1] is Rung.MANUAL_RELEASE) == (fault in STUCK)
        assert Rung.MANUAL_RELEASE not in rungs(fault, car)[:-1]
    end = steps(fault, NO_MANUAL_RELEASE)[-1].words
    assert end.startswith("This car has no manual release") == (fault in STUCK)
    assert steps(fault, FULL)[-1].words.endswith("Pull the loop.") == (fault in STUCK)


@pytest.mark.parametrize("fault", FaultName)
def test_the_first_step_is_the_same_on_every_car(fault: FaultName) -> None:
    assert {steps(fault, car)[0].words for car in (FULL, BARE)} == {first_step(fault)}


def test_a_stuck_pin_has_the_steps_that_its_car_offers_and_no_others() -> None:
    assert rungs(FaultName.FAILED_TO_RELEASE, FULL) == [
        Rung.PUSH_IN,
        Rung.ASK_AGAIN,
        Rung.ASK_OTHERWISE,
        Rung.UNLOCK,
        Rung.STOP_STATION,
        Rung.HEAT,
        Rung.MANUAL_RELEASE,
    ]
    assert rungs(FaultName.FAILED_TO_RELEASE, BARE) == [
        Rung.PUSH_IN,
        Rung.ASK_AGAIN,
        Rung.UNLOCK,
        Rung.STOP_STATION,
        Rung.WARM,
        Rung.MANUAL_RELEASE,
    ]


def test_the_command_is_named_only_where_the_car_takes_commands() -> None:
    assert "chargelock unlatch" in words_of(Rung.ASK_AGAIN, FULL)
    assert "chargelock" not in words_of(Rung.ASK_AGAIN, BARE)


@pytest.mark.parametrize(
    ("rung", "car", "words"),
    [
        (Rung.ASK_AGAIN, FULL, "Ask for the release again: chargelock unlatch."),
        (Rung.ASK_AGAIN, BARE, "Ask the car for the release again, in its own way."),
        (
            Rung.HEAT,
            FULL,
            "In frost ask, and wait: the inlet is heated and the pin tried again, for 30 min.",
        ),
        (
            Rung.WARM,
            BARE,
            "In frost warm the inlet, for half an hour if need be: heat the car, clear the ice"
            " away.",
        ),
        (
            Rung.MANUAL_RELEASE,
            FULL,
            "Last of all, and only while no charge runs. Pull the loop.",
        ),
        (
            Rung.MANUAL_RELEASE,
            NO_MANUAL_RELEASE,
            "This car has no manual release: call for roadside help.",
        ),
    ],
)
def test_a_step_that_depends_on_the_car_says_this(rung: Rung, car: Car, words: str) -> None:
    assert words_of(rung, car) == words


def test_the_other_ways_to_ask_are_those_that_are_heard_the_nearest_first() -> None:
    some = Car(asked_by=(Source.SCREEN, Source.PORT_BUTTON))
    assert words_of(Rung.ASK_OTHERWISE, some) == (
        "Ask in another way: by the button beside the inlet or the screen in the car."
    )
    assert words_of(Rung.ASK_OTHERWISE, Car(asked_by=(Source.FOB,))).endswith(": by the fob.")
    assert words_of(Rung.ASK_OTHERWISE, FULL).endswith(
        "inlet, the fob, the screen in the car, the app or the car's own button."
    )
    assert words_of(Rung.ASK_OTHERWISE, Car()) == ""


def test_the_heating_is_promised_for_as_long_as_it_is_done() -> None:
    assert "for 30 min" in words_of(Rung.HEAT, FULL)


def test_nobody_is_told_to_pull_at_welded_contactors() -> None:
    assert advice(FaultName.CONTACTORS_WELDED, FULL) == (
        "Do not pull the connector. The car needs service."
    )


def test_several_steps_are_numbered_one_line_each() -> None:
    lines = advice(FaultName.BUS_LOST, FULL).splitlines()
    assert lines == [
        "1. Switch the car on; if it repeats, have it serviced.",
        "2. Last of all, and only while no charge runs. Pull the loop.",
    ]
