"""What owners complained of in public, each by its number in the list that was gathered of it.

A complaint is answered where, in the same situation, this manager does what its owner asked for.
Some were written down as stories before: they are named, and played by ``test_stories``.
"""

from __future__ import annotations

import json

import pytest
from owners_car import fault
from owners_life import AC, AC_LATER, DC, FREE, HELD, Life
from played import PATHS

from vehicle.core.car import Actuator
from vehicle.core.ladder import steps
from vehicle.core.names import Demand, PinState, Result
from vehicle.core.outputs import Answered, Decided
from vehicle.core.settings_read import parse
from vehicle.core.signals import Occupant
from vehicle.core.whatif import ways
from vehicle.core.words import what_is_held
from vehicle.runtime.journal import fields_of

pytestmark = pytest.mark.whole

STORIES = {
    3: "empty_inlet_is_never_latched",
    4: "frozen_in_and_melted",
    13: "thread_no_lock_where_the_post_locks",
    24: "fob_flicker",
    25: "ac_waiting_for_the_sun",
    36: "cable_cut_at_the_wall",
}
"""Number -> the story that answers it."""


@pytest.mark.parametrize("number", STORIES)
def test_a_complaint_that_is_answered_by_a_story_has_that_story(number) -> None:
    assert STORIES[number] in PATHS


def held(life: Life) -> str:
    """Return what the owner is told of what is held."""
    manager = life.car.manager
    states = {actuator: manager.pin(actuator).state for actuator in Actuator}
    return what_is_held(manager.snapshot, states, assumed=False)


def test_01_the_adapter_is_locked_and_the_handle_cannot_be_and_the_owner_is_told_so() -> None:
    life = Life()
    life.all("insert_adapter", AC, "lock_car")
    assert "The adapter is locked to the car." in held(life)
    assert "The handle in it cannot be locked" in held(life)


def test_02_the_button_at_the_port_asks_for_the_key_at_the_port_and_not_at_the_door() -> None:
    life = Life("street")
    life.all(AC, "complete", "key zone=near", "button")
    assert life.latch == HELD
    life.all("key zone=at-port", "wait 10", "button")
    assert life.latch == FREE


def test_05_in_the_cold_a_cable_is_freed_beside_its_owner_and_never_silently() -> None:
    life = Life("street")
    life.all("weather celsius=-8", AC, "lock_car", "key zone=absent", "complete", "wait 90")
    assert life.latch == HELD
    attended = Life("street")
    attended.all("weather celsius=-8", AC, "complete", "wait 90")
    assert attended.latch == FREE
    assert attended.car.manager.decision(Actuator.LATCH).rule.name == "frost_threatens"


def test_06_a_released_latch_is_not_taken_for_an_unplugged_cable() -> None:
    life = Life()
    life.all(AC, "ask remote")
    assert life.latch == FREE
    assert life.car.manager.snapshot.occupant is Occupant.CONNECTOR


def test_07_at_a_home_by_the_road_the_cable_is_held_although_the_car_is_open() -> None:
    life = Life("street")
    life.all("drive place=home", AC_LATER)
    assert life.latch == HELD
    life.go("unplug")
    assert life.car.plant.truth()["connector"] == "in"


def test_08_a_cable_that_is_forced_out_of_the_lock_is_an_alarm() -> None:
    life = Life()
    life.all(AC, "lock_car", "unplug force=true")
    assert "connector_removed_while_engaged" in life.events


def test_09_a_stranger_who_takes_the_handle_out_of_the_adapter_is_told_of_at_once() -> None:
    life = Life()
    life.all("insert_adapter", AC, "lock_car", "unplug")
    assert "unplugged_during_charge" in life.events


def test_10_being_unplugged_is_told_with_the_energy_so_far() -> None:
    life = Life("home-garage")
    life.all(AC, "wait 60", "unplug")
    assert life.events["unplugged_during_charge"]["energy_wh"] not in (None, "")


def test_11_held_under_load_whoever_asks_and_freed_when_a_public_charge_is_done() -> None:
    life = Life(parse({"release-when-full": "on", "release-grace-min": 1}))
    life.all(DC, "lock_car", "unplug")
    assert life.car.plant.truth()["connector"] == "in"
    life.go("complete")
    assert life.latch == HELD
    life.go("wait 61")
    assert life.latch == FREE


def test_12_and_26_whether_full_means_free_is_the_owners_choice() -> None:
    for choice, pin in (("on", FREE), ("off", HELD)):
        life = Life(parse({"release-when-full": choice}))
        life.all(AC, "lock_car", "complete")
        assert life.latch == pin


def test_14_free_at_home_and_held_elsewhere() -> None:
    for place, pin in (("home", FREE), ("away", HELD)):
        life = Life(parse({"overrides": ["auto-lock=off when place=home"]}))
        life.all(f"drive place={place}", AC, "lock_car")
        assert life.latch == pin


def test_15_the_lock_policy_is_plain_data_for_automation() -> None:
    settings = parse({"overrides": ["latch-mode=always when hours=22-6"]})
    assert parse(json.loads(json.dumps(settings.words()))) == settings


@pytest.mark.parametrize("source", ["remote", "cli", "screen"])
def test_16_and_22_a_wall_button_or_an_app_frees_it_and_not_the_doors_alone(source) -> None:
    life = Life()
    life.all(AC, "lock_car", f"ask {source}")
    assert life.latch == FREE


@pytest.mark.parametrize(("window", "after_200_s"), [(15, HELD), (300, FREE), ("never", FREE)])
def test_17_how_long_a_release_may_go_unused_is_the_owners_choice(window, after_200_s) -> None:
    life = Life(parse({"relock-window-s": window}))
    life.all(AC, "lock_car", "ask remote")
    assert life.latch == FREE
    life.go("wait 200")
    assert life.latch == after_200_s


def test_18_and_19_one_action_stops_the_charge_then_releases_and_leaves_the_doors_locked() -> None:
    life = Life()
    life.all(DC, "lock_car", "ask remote", "wait 10")
    kinds = [fields_of(entry) for _, entry in life.car.journal]
    stop = next(i for i, each in enumerate(kinds) if each["kind"] == "stop" and each["active"])
    safe = next(
        i
        for i, each in enumerate(kinds)
        if i > stop and each["kind"] == "signal" and each["value"] == "safe"
    )
    release = next(i for i, each in enumerate(kinds) if each.get("command") == "release")
    assert stop < safe < release
    assert life.car.plant.truth()["doors"] == "locked"


def test_20_and_28_locked_is_said_only_where_the_sensor_says_so() -> None:
    life = Life("tesla", fault("stuck_pin", pin="latch"))
    life.all(AC, "lock_car")
    assert life.car.manager.pin(Actuator.LATCH).state is not PinState.ENGAGED
    assert "locked to the car" not in held(life)


def test_21_somebody_else_can_be_let_take_it_and_the_journal_says_who_asked() -> None:
    life = Life()
    life.all(AC, "lock_car", "ask guest")
    assert life.latch == FREE
    answers = [entry for _, entry in life.car.journal if isinstance(entry, Answered)]
    assert [(str(each.source), each.result) for each in answers][-1] == ("guest", Result.RELEASED)


def test_23_fetching_a_jacket_does_not_end_the_charge() -> None:
    life = Life()
    life.all(AC, "lock_car", "unlock_car")
    assert life.latch == HELD
    assert life.car.plant.truth()["amps"] == "16"


def test_27_every_decision_names_its_reason() -> None:
    life = Life()
    life.all(AC, "lock_car", "complete", "unlock_car")
    decisions = [entry for _, entry in life.car.journal if isinstance(entry, Decided)]
    assert len(decisions) > 4
    assert all(each.rule for each in decisions)


def test_29_30_and_37_a_stuck_pin_is_tried_again_and_ends_at_the_manual_release() -> None:
    life = Life("tesla", fault("stuck_pin", 6, pin="latch"))
    life.all(AC, "ask remote", "wait 30")
    car = life.car.profile.car
    ends = [steps(name, car)[-1] for name, _ in life.car.manager.faults]
    assert any(car.manual_release in end.words for end in ends)
    assert "jammed" in life.events


def test_31_a_cable_is_freed_while_the_12_v_battery_still_can() -> None:
    life = Life("street")
    life.all(AC, "lock_car", "complete", "board_supply mv=11200", "wait 15")
    assert life.latch == FREE
    life.go("board_supply mv=8000")
    assert ("supply_low", None) in life.car.manager.faults


def test_32_handle_first_or_adapter_first_one_question_frees_whatever_is_there() -> None:
    life = Life()
    life.all("insert_adapter", AC, "lock_car", "ask screen", "remove_adapter")
    assert life.car.plant.truth()["adapter"] == "out"


def test_33_how_long_a_released_cable_stays_free_is_said() -> None:
    life = Life("kia-always")
    life.all(AC, "lock_car", "ask remote")
    car = life.car
    told = [way.words for way in ways(car.manager, Actuator.LATCH, Demand.ENGAGE, car.now)]
    assert "11 s pass" in told


def test_34_every_disconnection_during_a_charge_is_told() -> None:
    life = Life(parse({"auto-lock": "off"}))
    life.all(AC, "unplug", AC, "unplug")
    told = [fields_of(entry) for _, entry in life.car.journal]
    assert [each.get("event") for each in told].count("unplugged_during_charge") == 2


def test_35_an_adapter_alone_stays_in_the_locked_car() -> None:
    life = Life()
    life.all("insert_adapter", "lock_car", "remove_adapter")
    assert life.car.plant.truth()["adapter"] == "in"
