"""Stories of a pin that is frozen in: heated for, tried again, named where that does not help."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from core_bench import ADAPTER, LATCH, MIN, MS, Bench, S, charging, plugged

from vehicle.core.car import Car, Pin, StrokeLimits
from vehicle.core.heating import HEATING_US, HEATINGS_MAX
from vehicle.core.inputs import BusFailed, InputEvent, InternalError, SegmentStarted
from vehicle.core.memory import Flag, Timer
from vehicle.core.names import EventName, FaultName, Request, Result
from vehicle.core.outputs import HeatInlet
from vehicle.core.restart import surviving
from vehicle.core.settings import Settings
from vehicle.core.signals import (
    BoardSupply,
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    Occupant,
    Temperature,
)

pytestmark = pytest.mark.fast

HEATED = Car(can_heat=True)
LOCKED: dict[str, Any] = {"car_lock": CarLock.LOCKED}
ON, OFF = [HeatInlet(True, 1)], HeatInlet(False, 0)
JAM = (FaultName.FAILED_TO_RELEASE, True)


def cold(car: Car = HEATED, temperature: Temperature = Temperature.COLD, **values: Any) -> Bench:
    """Return a bench with a held connector whose latch does not move any more, in the cold."""
    bench = plugged(car=car, settings=values.pop("settings", None), **{**LOCKED, **values})
    bench.see(temperature=temperature)
    bench.run(70 * S)
    bench.stuck.add(LATCH)
    bench.clear()
    return bench


def heating(car: Car = HEATED, **values: Any) -> Bench:
    """Return a bench that has just begun to heat for a release that was asked for."""
    bench = cold(car, **values)
    bench.unlatch()
    bench.run(MIN)
    assert Flag.HEATING in bench.manager.memory.flags
    return bench


def heats(bench: Bench) -> list[HeatInlet]:
    return bench.said(HeatInlet)


# ---- when it is heated --------------------------------------------------------------------------


def test_a_release_that_fails_in_the_cold_is_heated_for_and_no_fault_yet() -> None:
    bench = heating()
    assert heats(bench) == ON
    assert bench.event(EventName.HEATING_INLET) == {"actuator": "latch", "attempts": 1}
    assert bench.faults() == []
    assert bench.results() == [Result.ACCEPTED]
    assert len(bench.commands()) == 4, "three tries and a recovery pulse come first"


@pytest.mark.parametrize("temperature", [Temperature.MILD, Temperature.UNKNOWN])
def test_where_it_is_not_known_to_be_cold_nothing_is_heated(temperature: Temperature) -> None:
    bench = cold(temperature=temperature)
    bench.unlatch()
    bench.run(MIN)
    assert heats(bench) == []
    assert bench.faults() == [JAM]
    assert bench.results()[-1] is Result.FAILED_TO_RELEASE


def test_a_car_without_a_heater_is_promised_nothing() -> None:
    bench = cold(Car())
    bench.unlatch()
    bench.run(MIN)
    assert heats(bench) == []
    assert bench.faults() == [JAM]
    assert EventName.HEATING_INLET not in bench.events()
    assert bench.results()[-1] is Result.FAILED_TO_RELEASE


@pytest.mark.parametrize("supply", [BoardSupply.LOW])
def test_a_weak_12_v_supply_heats_nothing(supply: BoardSupply) -> None:
    bench = cold()
    bench.choose(low_supply_release="off")
    bench.see(board_supply=supply)
    bench.run(20 * S)
    bench.clear()
    bench.unlatch()
    bench.run(MIN)
    assert heats(bench) == []
    assert JAM in bench.faults()


def test_a_pin_that_does_not_engage_in_the_cold_is_not_heated_for() -> None:
    bench = plugged(car=HEATED)
    bench.see(temperature=Temperature.COLD)
    bench.run(70 * S)
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(MIN)
    assert heats(bench) == []
    assert (FaultName.FAILED_TO_ENGAGE, True) in bench.faults()


def test_a_release_that_nobody_asked_for_is_heated_for_too() -> None:
    bench = cold()
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(MIN)
    assert heats(bench) == ON
    bench.stuck.clear()
    bench.run(HEATING_US)
    assert bench.state == "released"
    assert bench.faults() == []


# ---- how long and how often ---------------------------------------------------------------------


def test_the_times_are_the_half_hour_that_freed_a_frozen_latch() -> None:
    assert HEATING_US * HEATINGS_MAX == 30 * MIN


def test_after_exactly_ten_minutes_it_is_tried_again_and_the_ice_has_melted() -> None:
    bench = heating()
    began_us = bench.when(HeatInlet(True, 1))
    bench.stuck.clear()
    bench.run(30 * MIN)
    assert bench.when(OFF) == began_us + 10 * MIN
    assert bench.results()[-1] is Result.RELEASED
    assert bench.faults() == []
    assert heats(bench) == [*ON, OFF]
    assert bench.manager.memory.heatings == 0
    assert Timer.HEATING not in bench.manager.waits_for


def test_three_times_are_enough_and_then_the_fault_is_named() -> None:
    bench = heating()
    bench.run(29 * MIN)
    assert bench.faults() == []
    bench.run(3 * MIN)
    assert heats(bench) == [each for time in (1, 2, 3) for each in (HeatInlet(True, time), OFF)]
    assert bench.faults() == [JAM]
    assert bench.event(EventName.JAMMED) == {"actuator": "latch", "command": "release"}
    assert bench.results()[-1] is Result.FAILED_TO_RELEASE
    assert [each["attempts"] for each in told(bench)] == [1, 2, 3]
    tries = len(bench.commands())
    assert tries == 16, "four efforts of three tries and a recovery pulse"
    bench.run(60 * MIN)
    assert len(bench.commands()) == tries
    assert len(heats(bench)) == 6


def told(bench: Bench) -> list[dict[str, str | int]]:
    from vehicle.core.outputs import Event

    events = [each for each in bench.said(Event) if each.event is EventName.HEATING_INLET]
    return [dict(each.details) for each in events]


def test_an_inlet_that_is_cold_no_longer_is_tried_at_once() -> None:
    bench = heating()
    bench.stuck.clear()
    bench.see(temperature=Temperature.MILD)
    bench.run(59 * S)
    assert OFF not in heats(bench)
    bench.run(2 * S)
    assert heats(bench) == [*ON, OFF]
    assert bench.results()[-1] is Result.RELEASED


def test_a_pin_that_is_stuck_in_a_warm_inlet_is_not_frozen() -> None:
    bench = heating()
    bench.see(temperature=Temperature.MILD)
    bench.run(2 * MIN)
    assert heats(bench) == [*ON, OFF]
    assert bench.faults() == [JAM]


def test_a_temperature_that_is_lost_while_it_heats_changes_nothing_until_the_time_is_over() -> None:
    bench = heating()
    bench.see(temperature=Temperature.UNKNOWN)
    bench.run(8 * MIN)
    assert heats(bench) == ON
    bench.run(3 * MIN)
    assert heats(bench) == [*ON, OFF]
    assert bench.faults() == [JAM], "nobody knows that it is cold any more"


def test_who_asks_again_is_heated_for_again() -> None:
    bench = heating()
    bench.run(32 * MIN)
    assert bench.results()[-1] is Result.FAILED_TO_RELEASE
    bench.clear()
    bench.unlatch()
    bench.run(2 * MIN)
    assert heats(bench) == ON
    bench.stuck.clear()
    bench.run(10 * MIN)
    assert bench.results()[-1] is Result.RELEASED
    assert bench.faults() == [(FaultName.FAILED_TO_RELEASE, False)]


def test_who_asks_while_it_is_heated_already_waits_for_the_heater() -> None:
    bench = cold()
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(MIN)
    tries = len(bench.commands())
    bench.unlatch()
    bench.run(5 * MIN)
    assert len(bench.commands()) == tries, "a new reason melts no ice"
    assert heats(bench) == ON
    bench.stuck.clear()
    bench.run(5 * MIN)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]
    assert heats(bench) == [*ON, OFF]


def test_a_heating_that_runs_when_somebody_asks_counts_as_the_first_for_who_asked() -> None:
    bench = cold()
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(15 * MIN)
    assert bench.manager.memory.heatings == 2
    bench.unlatch()
    assert bench.manager.memory.heatings == 1
    bench.run(35 * MIN)
    assert bench.results() == [Result.ACCEPTED, Result.FAILED_TO_RELEASE]
    numbers = [each.attempt for each in heats(bench) if each.active]
    assert numbers == [1, 2, 2, 3]


def test_a_demand_that_comes_again_by_itself_is_not_heated_for_again() -> None:
    bench = cold()
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(33 * MIN)
    assert len(heats(bench)) == 6
    bench.see(car_lock=CarLock.LOCKED)
    bench.run(MIN)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(5 * MIN)
    assert len(heats(bench)) == 6
    assert bench.faults() == [JAM]


def test_a_pin_that_came_out_is_heated_for_again_when_it_freezes_again() -> None:
    bench = heating()
    bench.stuck.clear()
    bench.run(11 * MIN)
    bench.latch()
    bench.run(2 * MIN)
    bench.stuck.add(LATCH)
    bench.clear()
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(2 * MIN)
    assert heats(bench) == ON


def test_a_rest_that_is_longer_than_the_heating_is_waited_for() -> None:
    slow = replace(HEATED, latch=Pin(limits=StrokeLimits(cool_down_us=15 * MIN)))
    bench = heating(slow)
    bench.stuck.clear()
    tries = len(bench.commands())
    bench.run(10 * MIN)
    assert OFF in heats(bench)
    assert len(bench.commands()) == tries
    assert bench.results() == [Result.ACCEPTED]
    bench.run(6 * MIN)
    assert bench.results()[-1] is Result.RELEASED


def test_a_pin_that_waits_for_its_rest_is_jammed_no_longer_once_it_is_wanted_elsewhere() -> None:
    slow = replace(HEATED, latch=Pin(limits=StrokeLimits(cool_down_us=15 * MIN)))
    bench = heating(slow)
    bench.run(10 * MIN)
    assert bench.state == "jammed"
    bench.see(inlet=Inlet.UNKNOWN)
    assert bench.state == "engaged"


# ---- what ends it -------------------------------------------------------------------------------


def test_a_supply_that_grows_weak_ends_it_with_the_fault_and_the_answer() -> None:
    bench = heating()
    bench.see(board_supply=BoardSupply.LOW)
    bench.run(9 * S)
    assert heats(bench) == ON
    bench.run(2 * S)
    assert heats(bench) == [*ON, OFF]
    assert JAM in bench.faults()
    assert bench.events().count(EventName.JAMMED) == 1
    assert bench.results()[-1] is Result.FAILED_TO_RELEASE


@pytest.mark.parametrize("event", [BusFailed("main"), InternalError("test")])
def test_nothing_is_heated_after_an_error_or_over_a_lost_bus(event: InputEvent) -> None:
    bench = heating()
    bench.clear()
    bench.give(event)
    assert heats(bench) == [OFF]
    assert JAM in bench.faults()
    assert not {Flag.HEATING, Flag.FROZEN_LATCH} & bench.manager.memory.flags
    assert Timer.HEATING not in bench.manager.waits_for


def test_a_new_segment_switches_the_heater_off() -> None:
    bench = heating()
    bench.clear()
    bench.give(SegmentStarted())
    assert heats(bench) == [OFF]
    assert bench.manager.memory.heatings == 0


@pytest.mark.parametrize(
    "change",
    [{"inlet": Inlet.UNKNOWN}, {"inlet": Inlet.ENERGISED}, {"occupant": Occupant.EMPTY}],
    ids=["unknown energy", "energy", "taken out"],
)
def test_a_pin_that_may_not_come_out_any_more_is_not_heated_for(change: dict[str, Any]) -> None:
    bench = heating()
    bench.clear()
    bench.see(**change)
    assert heats(bench) == [OFF]
    assert not {Flag.HEATING, Flag.FROZEN_LATCH} & bench.manager.memory.flags
    assert JAM not in bench.faults()


def test_who_wants_it_held_instead_ends_the_heating() -> None:
    bench = heating()
    bench.clear()
    bench.ask(Request.LATCH)
    assert heats(bench) == [OFF]
    assert bench.results() == [Result.SUPERSEDED, Result.ACCEPTED, Result.ENGAGED]
    assert bench.faults() == []


def test_a_pin_that_a_hand_has_moved_out_is_not_heated_for_any_more() -> None:
    bench = heating()
    bench.see(latch=Feedback.RELEASED)
    bench.run(100 * MS)
    assert heats(bench) == [*ON, OFF]
    assert bench.state == "released"
    assert bench.results()[-1] is Result.RELEASED


def test_a_new_connector_is_heated_for_anew() -> None:
    bench = heating()
    bench.run(11 * MIN)
    assert bench.manager.memory.heatings == 2
    bench.see(occupant=Occupant.EMPTY)
    assert bench.manager.memory.heatings == 0


def test_a_pin_whose_presence_is_not_told_for_a_while_is_not_forgotten() -> None:
    bench = cold()
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(MIN)
    bench.see(latch_fitted=Fitted.UNKNOWN)
    bench.run(MIN)
    assert heats(bench) == ON
    bench.see(latch_fitted=Fitted.FITTED)
    bench.stuck.clear()
    bench.run(10 * MIN)
    assert bench.faults() == []
    assert bench.state == "released"


# ---- two pins, restarts -------------------------------------------------------------------------


def two_pins() -> Bench:
    bench = plugged(
        car=HEATED,
        **LOCKED,
        adapter_lock_fitted=Fitted.FITTED,
        adapter_lock=Feedback.ENGAGED,
        temperature=Temperature.COLD,
    )
    bench.run(70 * S)
    bench.stuck |= {LATCH, ADAPTER}
    bench.clear()
    bench.unlatch()
    bench.run(MIN)
    return bench


def test_two_frozen_pins_share_one_heating_and_are_both_tried_again() -> None:
    bench = two_pins()
    assert heats(bench) == ON
    assert {Flag.FROZEN_LATCH, Flag.FROZEN_ADAPTER} <= bench.manager.memory.flags
    bench.stuck.clear()
    bench.run(10 * MIN)
    assert bench.results()[-1] is Result.RELEASED
    assert JAM not in bench.faults()


def test_the_heating_goes_on_for_the_pin_that_is_still_in() -> None:
    bench = two_pins()
    bench.see(adapter_lock=Feedback.RELEASED)
    bench.run(S)
    assert heats(bench) == ON
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert heats(bench) == [*ON, OFF]


def test_both_pins_are_named_where_it_cannot_go_on() -> None:
    bench = two_pins()
    bench.give(BusFailed("main"))
    about = {each for each in bench.manager.faults if each[0] is FaultName.FAILED_TO_RELEASE}
    assert {actuator for _, actuator in about} == {LATCH, ADAPTER}


def test_a_manager_that_goes_on_from_memory_goes_on_heating_and_says_so() -> None:
    bench = heating()
    bench.restart()
    assert HeatInlet(True, 1) in bench.manager.standing()
    bench.stuck.clear()
    bench.run(10 * MIN)
    assert bench.results()[-1] is Result.RELEASED
    assert OFF in heats(bench)
    assert not [each for each in bench.manager.standing() if isinstance(each, HeatInlet)]


def test_a_restart_finds_the_heater_off_and_names_the_pin_that_is_stuck() -> None:
    memory = surviving(heating().manager.memory, HEATED)
    assert not {Flag.HEATING, Flag.FROZEN_LATCH} & memory.flags
    assert Timer.HEATING not in dict(memory.timers)
    assert memory.heatings == 0
    assert (FaultName.FAILED_TO_RELEASE, LATCH) in memory.faults


def test_the_owner_who_charges_by_dc_in_the_cold_is_not_freed_by_heating() -> None:
    bench = charging(settings=Settings(), car=HEATED, **LOCKED)
    bench.see(temperature=Temperature.COLD)
    bench.run(70 * S)
    assert heats(bench) == []
    assert bench.state == "engaged"
