"""What people can bring about, over all of the policy: where a release or a lock can be had, some
of it leads there, never more than three at once, and no part of the smallest does.

``test_whatif`` lets managers run; here every case of ``decide`` is asked, one bit each.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from itertools import chain, combinations

import policy_cases
import pytest
from policy_cases import ALL, among, example, fold, shifted, where

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.policy import RULES
from vehicle.core.settings import Mode
from vehicle.core.situation import Asked, Doors, Energy, Need, Past, Phase, Plight, Seat
from vehicle.core.way import Change
from vehicle.core.whatif import TOGETHER_MAX

Moves = Mapping[str, Mapping[StrEnum, StrEnum]]
"""Field -> its value before -> its value after. Where a change cannot begin is left out."""

_UNSAFE = (Energy.UNKNOWN, Energy.TESTING, Energy.ENERGISED)
_OPENED = {
    Doors.LOCKED: Doors.OPENED,
    Doors.UNKNOWN: Doors.UNLOCKED,
}
_FREED = {Past.FRESH: Past.FRESH, Past.RELEASED: Past.FRESH}

RELEASING: dict[Change, Moves] = {
    Change.ASK: {"asked": dict.fromkeys(Asked, Asked.UNLATCH), "past": _FREED},
    Change.UNLOCK: {"doors": _OPENED},
    Change.OCCUPANT_KNOWN: {"seat": {Seat.UNKNOWN: Seat.SEATED}},
    Change.SESSION_OVER: {
        "phase": dict.fromkeys((Phase.ACTIVE, Phase.WAITING, Phase.UNKNOWN), Phase.NONE)
    },
    Change.SAFE: {"energy": dict.fromkeys(_UNSAFE, Energy.SAFE)},
    Change.TAKE_OUT: {
        "seat": {Seat.SEATED: Seat.EMPTY, Seat.OTHER_PIN: Seat.EMPTY},
        "past": {Past.MANUAL_RELEASE: Past.FRESH},
        "asked": dict.fromkeys(Asked, Asked.NOTHING),
    },
}
ENGAGING: dict[Change, Moves] = {
    Change.OCCUPANT_KNOWN: {"seat": {Seat.UNKNOWN: Seat.SEATED}},
    Change.PLUG_IN: {
        "seat": dict.fromkeys((Seat.EMPTY, Seat.EMPTY_LEAVE), Seat.SEATED),
        "past": dict.fromkeys(Past, Past.FRESH),
        "asked": dict.fromkeys(Asked, Asked.NOTHING),
    },
    Change.PLUG_AGAIN: {
        "seat": {Seat.SEATED: Seat.SEATED},
        "past": dict.fromkeys(Past, Past.FRESH),
        "asked": dict.fromkeys(Asked, Asked.NOTHING),
    },
    Change.SESSION_BEGINS: {
        "phase": dict.fromkeys(set(Phase) - {Phase.ACTIVE, Phase.WAITING}, Phase.ACTIVE)
    },
    Change.LOCK: {
        "doors": dict.fromkeys((Doors.UNLOCKED, Doors.OPENED, Doors.UNKNOWN), Doors.LOCKED)
    },
    Change.ASK_TO_HOLD: {"asked": dict.fromkeys(Asked, Asked.LATCH), "past": _FREED},
}
"""What each change does to the policy's input, in the words of the requirements."""


@cache
def demanded(actuator: Actuator, demand: Demand) -> int:
    """Return the cases in which ``demand`` is the answer."""
    outcome = fold((policy_cases.truth(rule), rule.wants(actuator)) for rule in RULES)
    return outcome.demands[demand]


def before(cases: int, moves: Moves) -> int:
    """Return the cases that ``moves`` turn into one of ``cases``."""
    for field, each in moves.items():
        found = 0
        for was, becomes in each.items():
            found |= shifted(cases, field, becomes, was)
        cases = found
    return cases


@cache
def smallest(actuator: Actuator, demand: Demand) -> dict[frozenset[Change], int]:
    """Return each set of changes with the cases in which it, and no part of it, is a way."""
    changes = RELEASING if demand is Demand.RELEASE else ENGAGING
    target = demanded(actuator, demand)
    led: dict[frozenset[Change], int] = {frozenset(): target}
    found: dict[frozenset[Change], int] = {}
    for size in range(1, len(changes) + 1):
        for chosen in combinations(changes, size):
            cases = target
            for change in reversed(chosen):  # the last of them leads to the demand
                cases = before(cases, changes[change])
            led[frozenset(chosen)] = cases
            parts = chain.from_iterable(combinations(chosen, less) for less in range(size))
            for part in parts:
                cases &= ~led[frozenset(part)]
            found[frozenset(chosen)] = cases
    return found


PINS = tuple(Actuator)
STROKES = (Demand.RELEASE, Demand.ENGAGE)


@pytest.mark.parametrize("actuator", PINS)
@pytest.mark.parametrize("demand", STROKES)
def test_wherever_people_can_bring_it_about_at_all_three_changes_do(
    actuator: Actuator, demand: Demand
) -> None:
    had = demanded(actuator, demand)
    few = many = had
    for chosen, cases in smallest(actuator, demand).items():
        many |= cases
        few |= cases if len(chosen) <= TOGETHER_MAX else 0
    assert few == many, example(many & ~few)


@pytest.mark.parametrize("actuator", PINS)
def test_a_release_can_be_had_everywhere_but_where_only_service_or_nothing_helps(
    actuator: Actuator,
) -> None:
    reached = demanded(actuator, Demand.RELEASE)
    for cases in smallest(actuator, Demand.RELEASE).values():
        reached |= cases
    no_pin = where("seat", Seat.NO_PIN)
    welded = where("energy", Energy.WELDED)
    left_in_the_empty_inlet = where("seat", Seat.EMPTY_LEAVE)
    pulled_from_nothing = where("past", Past.MANUAL_RELEASE) & where("seat", Seat.EMPTY)
    never = no_pin | welded | left_in_the_empty_inlet | pulled_from_nothing
    assert reached == ALL & ~never, example(reached ^ (ALL & ~never))


@pytest.mark.parametrize("actuator", PINS)
def test_a_lock_can_be_had_by_asking_wherever_something_is_seated_or_can_be(
    actuator: Actuator,
) -> None:
    reached = demanded(actuator, Demand.ENGAGE)
    for cases in smallest(actuator, Demand.ENGAGE).values():
        reached |= cases
    none = among("seat", Seat.NO_PIN, Seat.OTHER_PIN)
    welded = where("energy", Energy.WELDED)
    unknown_and_pulled = where("past", Past.MANUAL_RELEASE) & where("seat", Seat.UNKNOWN)
    never = none | welded
    missing = (ALL & ~never) & ~reached
    assert missing & ~unknown_and_pulled == 0, example(missing & ~unknown_and_pulled)
    assert reached & never == demanded(actuator, Demand.ENGAGE) & never, "nothing helps there"


@pytest.mark.parametrize("actuator", PINS)
@pytest.mark.parametrize("demand", STROKES)
def test_each_change_is_part_of_some_smallest_way(actuator: Actuator, demand: Demand) -> None:
    changes = RELEASING if demand is Demand.RELEASE else ENGAGING
    few = {
        chosen: cases
        for chosen, cases in smallest(actuator, demand).items()
        if cases and len(chosen) <= TOGETHER_MAX
    }
    assert set().union(*few) == set(changes)


def test_while_charging_asking_needs_the_end_of_the_energy_and_unlocking_that_of_the_session() -> (
    None
):
    charging = (
        where("seat", Seat.SEATED)
        & where("doors", Doors.LOCKED)
        & where("phase", Phase.ACTIVE)
        & where("energy", Energy.ENERGISED)
        & where("need", Need.LOCK)
        & where("asked", Asked.NOTHING)
        & where("past", Past.FRESH)
        & where("plight", Plight.NONE)
        & where("mode", Mode.WITH_CAR)
    )
    found = {
        chosen
        for chosen, cases in smallest(Actuator.LATCH, Demand.RELEASE).items()
        if cases & charging == charging
    }
    assert found == {
        frozenset({Change.ASK, Change.SAFE}),
        frozenset({Change.UNLOCK, Change.SESSION_OVER, Change.SAFE}),
    }
