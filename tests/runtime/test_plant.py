"""The simulated car itself: metal, motor, charger and sensors, without any bus."""

from __future__ import annotations

from typing import Any

import pytest

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, Demand
from vehicle.runtime.orders import STEPS, FaultOrder, Orders, Step
from vehicle.runtime.plant import START_SESSIONS, Plant, StartState
from vehicle.runtime.simulated_pin import TRAVEL_US

FOREVER_US = 1_000_000_000
LATCH = Actuator.LATCH


def fault(what: str, to_us: int = FOREVER_US, **values: Any) -> FaultOrder:
    return FaultOrder(0, to_us, what, values)


def car(*faults: FaultOrder, weld: bool = True, **start: Any) -> Plant:
    return Plant(StartState(**start), Orders(faults), reports_weld_test=weld)


def do(plant: Plant, word: str, **values: Any) -> None:
    defaults = {
        key: parameter.default  # type: ignore[union-attr]
        for key, parameter in STEPS[word].parameters.items()
    }
    plant.do(Step(0, word, {**defaults, **values}))


def run(plant: Plant, to_us: int, permit: Charge | None = None, stop: bool = False) -> None:
    """Let the plant live up to ``to_us``, from deadline to deadline."""
    if permit is not None:
        plant.charger.hear(permit, stop)
        plant.advance(plant.now_us)
    while (due_us := plant.deadline_us) is not None and due_us < to_us:
        plant.advance(max(due_us, plant.now_us + 1))
    plant.advance(to_us)


# ---- pins ---------------------------------------------------------------------------------------


def test_a_driven_pin_travels_and_stays_where_it_arrives() -> None:
    plant = car()
    plant.drive(LATCH, Demand.ENGAGE)
    seen = []
    for now_us in (0, TRAVEL_US // 2, TRAVEL_US, 2 * TRAVEL_US):
        plant.advance(now_us)
        seen.append(plant.pins[LATCH].sensed)
    assert seen == ["released", "moving", "engaged", "engaged"]
    plant.drive(LATCH, Demand.HOLD)
    plant.advance(FOREVER_US)
    assert plant.pins[LATCH].position == "engaged"


def test_a_pin_stops_half_way_where_the_drive_ends() -> None:
    plant = car()
    plant.drive(LATCH, Demand.ENGAGE)
    plant.advance(TRAVEL_US // 4)
    plant.drive(LATCH, Demand.HOLD)
    plant.advance(FOREVER_US)
    assert plant.pins[LATCH].position == "moving"
    assert not plant.pins[LATCH].holds


def test_a_frozen_pin_stays_until_the_inlet_was_heated_for_long_enough() -> None:
    frozen = car(fault("frozen_pin", pin="latch", melts_s=10), latch="engaged")
    frozen.drive(LATCH, Demand.RELEASE)
    frozen.advance(20_000_000)
    assert frozen.pins[LATCH].position == "engaged"
    assert frozen.truth()["heater"] == "off"
    frozen.heater = True
    frozen.advance(29_999_999)
    assert frozen.truth()["heater"] == "on"
    assert frozen.pins[LATCH].position == "engaged"
    frozen.heater = False
    frozen.advance(50_000_000)
    assert frozen.pins[LATCH].position == "engaged"
    frozen.heater = True
    frozen.advance(50_000_001)
    frozen.advance(50_600_001)
    assert frozen.pins[LATCH].position == "released"


def test_a_stuck_pin_stays_and_a_slow_pin_is_late() -> None:
    stuck = car(fault("stuck_pin", pin="latch"), latch="engaged")
    stuck.drive(LATCH, Demand.RELEASE)
    stuck.advance(600_000)
    assert stuck.pins[LATCH].position == "engaged"
    slow = car(fault("slow_pin", pin="latch", travel_ms=900))
    slow.drive(LATCH, Demand.ENGAGE)
    slow.advance(600_000)
    assert slow.pins[LATCH].position == "moving"
    slow.advance(900_000)
    assert slow.pins[LATCH].position == "engaged"


def test_a_lying_sensor_tells_its_lie_and_the_metal_is_unmoved() -> None:
    plant = car(fault("lying_feedback", pin="latch", says="released"), latch="engaged")
    plant.advance(1)
    assert plant.pins[LATCH].sensed == "released"
    assert plant.truth()["latch"] == "engaged"
    assert plant.pins[Actuator.ADAPTER].sensed == "released"


def test_a_pin_that_is_not_fitted_neither_moves_nor_speaks() -> None:
    plant = car(latch_fitted=False)
    plant.drive(LATCH, Demand.ENGAGE)
    plant.advance(FOREVER_US)
    assert plant.pins[LATCH].sensed == "unknown"
    assert not plant.pins[LATCH].holds


# ---- the inlet ----------------------------------------------------------------------------------


def test_a_held_connector_comes_out_only_by_force() -> None:
    plant = car(connector=True, latch="engaged", supply="ac")
    do(plant, "unplug")
    assert plant.connector
    do(plant, "unplug", force=True)
    assert not plant.connector


def test_a_pin_in_the_empty_opening_blocks_plugging_in() -> None:
    plant = car(latch="engaged")
    do(plant, "plug")
    assert not plant.connector


def test_the_manual_release_frees_the_connector() -> None:
    plant = car(connector=True, latch="engaged", supply="ac")
    do(plant, "manual_release")
    do(plant, "unplug")
    assert not plant.connector


def test_nothing_of_the_car_holds_a_handle_in_an_adapter() -> None:
    plant = car(connector=True, adapter=True, latch="engaged", adapter_lock="engaged", supply="ac")
    do(plant, "unplug")
    assert (plant.connector, plant.adapter) == (False, True)


@pytest.mark.parametrize("pin", ["latch", "adapter_lock"])
def test_either_pin_holds_an_adapter(pin: str) -> None:
    plant = car(adapter=True, **{pin: "engaged"})
    do(plant, "remove_adapter")
    assert plant.adapter
    do(plant, "remove_adapter", force=True)
    assert not plant.adapter


def test_an_adapter_takes_its_connector_along() -> None:
    plant = car(connector=True, adapter=True, supply="ac")
    do(plant, "remove_adapter")
    assert (plant.connector, plant.adapter) == (False, False)


def test_an_adapter_goes_only_into_a_free_inlet() -> None:
    for start in ({"connector": True, "supply": "ac"}, {"adapter_lock": "engaged"}):
        plant = car(**start)
        do(plant, "insert_adapter")
        assert not plant.adapter


def test_a_pressed_button_is_shown_for_its_time() -> None:
    plant = car()
    do(plant, "button", for_ms=300)
    assert plant.pulsed("button") == "pressed"
    plant.advance(299_999)
    assert plant.pulsed("button") == "pressed"
    plant.advance(300_000)
    assert plant.pulsed("button") is None


def test_a_flickering_key_is_here_and_there_by_turns() -> None:
    plant = car(fault("key_flicker", zone="at-port", period_ms=400), key="far")
    seen = []
    for now_us in range(0, 800_000, 100_000):
        plant.advance(now_us)
        seen.append(plant.key.found(plant.now_us))
    assert seen == ["far", "far", "at-port", "at-port"] * 2


# ---- the charger --------------------------------------------------------------------------------


def sessions(plant: Plant, to_us: int) -> list[str]:
    """Return the session's words, each once, up to ``to_us``."""
    words = [plant.charger.session]
    while plant.now_us < to_us:
        due_us = plant.deadline_us
        now_us = to_us if due_us is None else min(to_us, max(due_us, plant.now_us + 1))
        plant.advance(now_us)
        if plant.charger.session != words[-1]:
            words.append(plant.charger.session)
    return words


def test_an_ac_session_waits_for_its_permit_flows_and_stops() -> None:
    plant = car()
    do(plant, "plug", limit_a=32, amps=20)
    assert sessions(plant, 2_000_000) == ["None", "Waiting"]
    run(plant, plant.now_us, Charge.AC)
    assert sessions(plant, 4_000_000) == ["Waiting", "Charging"]
    assert plant.truth()["amps"] == "20"
    run(plant, plant.now_us, Charge.AC, stop=True)
    assert sessions(plant, 6_000_000) == ["Stopping", "None"]
    assert not plant.charger.energised


@pytest.mark.parametrize(
    ("permit", "limit_a", "amps"),
    [(Charge.AC, 32, 30), (Charge.AC, 10, 10), (Charge.AC_LIMITED, 32, 16), (Charge.DC, 32, 0)],
)
def test_no_more_ac_flows_than_asked_offered_and_permitted(
    permit: Charge, limit_a: int, amps: int
) -> None:
    plant = car()
    do(plant, "plug", limit_a=limit_a, amps=30)
    run(plant, 3_000_000, permit)
    assert plant.charger.current_a == amps


def test_a_withdrawn_permit_stops_and_a_new_one_resumes() -> None:
    plant = car()
    do(plant, "plug")
    run(plant, 3_000_000, Charge.AC)
    run(plant, 4_000_000, Charge.NONE)
    assert (plant.charger.session, plant.charger.current_a) == ("Waiting", 0)
    run(plant, 6_000_000, Charge.AC)
    assert plant.charger.session == "Charging"


def test_a_session_that_was_stopped_begins_anew_once_permitted_again() -> None:
    plant = car()
    do(plant, "plug")
    run(plant, 3_000_000, Charge.AC)
    run(plant, 5_000_000, Charge.NONE, stop=True)
    run(plant, 6_000_000, Charge.NONE)
    assert plant.charger.session == "None"
    run(plant, plant.now_us, Charge.AC)
    assert sessions(plant, 9_000_000) == ["None", "Waiting", "Charging"]


def test_a_complete_session_begins_again_only_when_asked() -> None:
    plant = car()
    do(plant, "plug")
    run(plant, 3_000_000, Charge.AC)
    do(plant, "complete")
    assert sessions(plant, 5_000_000) == ["Stopping", "Complete"]
    run(plant, 9_000_000, Charge.AC)
    assert plant.charger.session == "Complete"
    do(plant, "charge", amps=8)
    run(plant, 12_000_000)
    assert plant.charger.current_a == 8


def dc(*faults: FaultOrder, weld: bool = True) -> Plant:
    """Return a car that has charged on DC for a while."""
    plant = car(*faults, weld=weld)
    do(plant, "plug", supply="dc", amps=100)
    run(plant, 5_000_000, Charge.DC)
    assert plant.charger.contactors_closed
    assert plant.charger.current_a == 100
    return plant


def test_dc_stops_in_order_current_contactors_test_voltage() -> None:
    plant = dc()
    charger = plant.charger
    charger.hear(Charge.NONE, True)
    gone: dict[str, int] = {}
    for now_us in range(5_000_000, 9_000_000, 10_000):
        plant.advance(now_us)
        signs = {
            "current": charger.current_a == 0,
            "contactors": not charger.contactors_closed,
            "test": charger.weld == "Passed",
            "voltage": charger.volts < 60,
        }
        for name, is_gone in signs.items():
            if is_gone:
                gone.setdefault(name, now_us)
    assert list(gone) == ["current", "contactors", "test", "voltage"]
    assert charger.session == "None"


def test_dc_needs_the_dc_permit() -> None:
    plant = car()
    do(plant, "plug", supply="dc", amps=100)
    run(plant, 9_000_000, Charge.AC)
    assert plant.charger.session == "Waiting"
    assert not plant.charger.energised


def test_a_dc_start_that_is_broken_off_leaves_no_voltage() -> None:
    plant = car()
    do(plant, "plug", supply="dc", amps=100)
    run(plant, 1_000_000, Charge.DC)
    assert plant.charger.energised
    assert not plant.charger.contactors_closed
    run(plant, 5_000_000, Charge.NONE)
    assert not plant.charger.energised


def test_welded_contactors_stay_closed_and_are_found() -> None:
    plant = dc(fault("welded_contactors"))
    run(plant, 20_000_000, Charge.NONE, stop=True)
    assert plant.charger.weld == "Welded"
    assert plant.charger.contactors_closed
    assert plant.charger.energised


def test_voltage_that_stays_decays_once_the_fault_is_over() -> None:
    plant = dc(fault("voltage_stays", to_us=15_000_000))
    run(plant, 14_900_000, Charge.NONE, stop=True)
    assert plant.charger.volts >= 60
    run(plant, 17_000_000)
    assert plant.charger.volts == 0


def test_a_weld_test_without_result_keeps_testing() -> None:
    plant = dc(fault("no_weld_result"))
    run(plant, 20_000_000, Charge.NONE, stop=True)
    assert plant.charger.weld == "Testing"
    assert not plant.charger.energised


def test_a_car_without_weld_test_tells_none() -> None:
    plant = dc(weld=False)
    run(plant, 20_000_000, Charge.NONE, stop=True)
    assert plant.charger.weld == "None"


def test_a_deaf_station_delivers_until_it_hears() -> None:
    plant = dc(fault("station_ignores_stop", to_us=12_000_000))
    run(plant, 11_900_000, Charge.NONE, stop=True)
    assert (plant.charger.session, plant.charger.current_a) == ("Stopping", 100)
    run(plant, 16_000_000)
    assert not plant.charger.energised


def test_a_silent_station_never_ends_the_session_though_the_energy_goes() -> None:
    plant = dc(fault("station_never_answers"))
    run(plant, 20_000_000, Charge.NONE, stop=True)
    assert plant.charger.session == "Stopping"
    assert not plant.charger.energised


def test_a_power_cut_ends_everything_at_once_and_power_back_begins_anew() -> None:
    plant = car()
    do(plant, "plug")
    run(plant, 3_000_000, Charge.AC)
    do(plant, "power_cut")
    assert (plant.charger.session, plant.charger.current_a, plant.charger.powered) == (
        "None",
        0,
        False,
    )
    do(plant, "power_back")
    run(plant, 6_000_000)
    assert plant.charger.session == "Charging"


@pytest.mark.parametrize("word", ["power_cut", "unplug"])
def test_an_ac_session_that_is_cut_leaves_no_energy_and_dc_decays(word: str) -> None:
    ac = car()
    do(ac, "plug")
    run(ac, 3_000_000, Charge.AC)
    do(ac, word)
    assert (ac.charger.volts, ac.charger.energised) == (0, False)
    plant = dc()
    do(plant, word)
    assert not plant.charger.contactors_closed
    assert plant.charger.volts > 60
    run(plant, 8_000_000)
    assert plant.charger.volts == 0


def test_energy_given_counts_as_energy() -> None:
    plant = car()
    do(plant, "plug", limit_a=32, charge=False)
    run(plant, 2_000_000, Charge.AC)
    assert plant.charger.session == "Waiting"
    do(plant, "v2g", amps=20)
    run(plant, 4_000_000)
    assert plant.charger.current_a == -20
    assert plant.charger.energised


def test_the_energy_of_the_session_is_counted() -> None:
    plant = car()
    do(plant, "plug", limit_a=16, amps=10)
    run(plant, 800_000, Charge.AC)
    run(plant, 800_000 + 3_600_000_000)
    assert plant.charger.energy_wh == pytest.approx(2300, abs=1)


@pytest.mark.parametrize("supply", ["ac", "dc"])
@pytest.mark.parametrize("session", START_SESSIONS)
def test_a_story_can_begin_in_every_session(supply: str, session: str) -> None:
    plant = car(connector=True, latch="engaged", supply=supply, session=session)
    assert plant.charger.session == session.capitalize()
    assert plant.charger.energised is (session in ("charging", "stopping"))
    run(plant, 30_000_000, Charge.NONE)
    assert not plant.charger.energised
