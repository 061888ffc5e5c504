"""The demonstration's car: each action does what its label says, and nothing makes it unsafe."""

from __future__ import annotations

import pytest
from demo_hands import Hands
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, FaultName, PinState
from vehicle.core.settings import Toggle
from vehicle.core.signals import CarLock, Inlet, KeyZone, Occupant, Session, Supply, Temperature
from vehicle.core.snapshot import OPTIONAL, SIGNALS
from vehicle.runtime.demo_actions import ACTIONS, BY_KEY, ZONES
from vehicle.runtime.demo_car import AWAKE_US, DemoCar
from vehicle.runtime.orders import FaultOrder, Orders

LATCH, ADAPTER = Actuator.LATCH, Actuator.ADAPTER


# ---- the car at the beginning -------------------------------------------------------------------


def test_the_car_begins_unlocked_and_empty_with_everything_known() -> None:
    car = DemoCar()
    seen = car.manager.snapshot
    assert car.now_us == AWAKE_US
    assert (seen.car_lock, seen.key, seen.occupant) == (
        CarLock.UNLOCKED,
        KeyZone.NEAR,
        Occupant.EMPTY,
    )
    unknown = {name for name in SIGNALS if getattr(seen, name) == "unknown"}
    assert unknown - OPTIONAL == {"supply_limit"}  # no supply, no limit
    assert {car.manager.pin(each).state for each in Actuator} == {PinState.RELEASED}
    assert car.reach(LATCH) == 0


def test_time_never_runs_backwards() -> None:
    car = DemoCar()
    car.advance(4_000_000)
    car.advance(3_000_000)
    assert car.now_us == 4_000_000


@pytest.mark.whole
def test_the_same_keys_at_the_same_times_tell_the_same_story() -> None:
    first, second = Hands("pale9lurd"), Hands("pale9lurd")
    assert first.story.rows == second.story.rows
    assert first.came == second.came


@pytest.mark.whole
def test_how_finely_time_is_cut_changes_nothing() -> None:
    coarse, fine = Hands(), Hands()
    for hands, step_us in ((coarse, 5_000_000), (fine, 7_001)):
        hands.car.act(BY_KEY["a"].do)
        end_us = hands.car.now_us + 5_000_000
        while hands.car.now_us < end_us:
            hands.car.advance(min(end_us, hands.car.now_us + step_us))
    assert coarse.story.rows == fine.story.rows


# ---- the keys -----------------------------------------------------------------------------------


def test_every_key_is_one_letter_of_its_own_and_says_what_it_does() -> None:
    assert len(BY_KEY) == len(ACTIONS)
    assert all(len(action.key) == 1 and action.key.islower() for action in ACTIONS)
    assert "q" not in BY_KEY
    assert all(action.name and action.says for action in ACTIONS)


def test_doors_locks_and_unlocks() -> None:
    hands = Hands("l")
    assert hands.car.manager.snapshot.car_lock is CarLock.LOCKED
    hands.hit("l")
    assert hands.car.manager.snapshot.car_lock is CarLock.UNLOCKED
    assert hands.came == ["lock the car", "unlock the car"]


def test_key_goes_round_through_every_zone() -> None:
    hands = Hands()
    seen = []
    for _ in ZONES:
        hands.hit("k")
        seen.append(hands.car.manager.snapshot.key)
    assert seen[-1] is KeyZone.NEAR
    assert set(seen) == set(ZONES)


def test_plug_in_and_unplug_with_nothing_held() -> None:
    hands = Hands("a3s")
    assert hands.car.manager.snapshot.occupant is Occupant.CONNECTOR
    assert hands.hit("6u") == "pull the connector: it is out"
    assert hands.car.manager.snapshot.occupant is Occupant.EMPTY


def test_a_connector_waiting_to_charge_is_held_and_does_not_come_out() -> None:
    hands = Hands("p2")
    assert hands.car.manager.snapshot.session is Session.WAITING
    assert hands.car.manager.pin(LATCH).state is PinState.ENGAGED
    assert hands.hit("u") == "pull the connector: it does not come out, a pin holds it"
    assert hands.car.plant.connector


def test_ac_plugs_in_and_charges_once_the_latch_is_engaged() -> None:
    hands = Hands("a3")
    assert hands.car.manager.snapshot.session is Session.CHARGING
    assert hands.car.manager.snapshot.supply is Supply.AC
    assert hands.car.manager.snapshot.inlet is Inlet.ENERGISED
    assert hands.car.manager.permit is Charge.AC
    assert hands.car.plant.charger.current_a == 32


def test_ac_begins_the_charge_that_plugging_in_left_for_later() -> None:
    hands = Hands("p2")
    assert hands.car.plant.charger.current_a == 0
    hands.hit("a2")
    assert hands.car.plant.charger.current_a == 32


def test_dc_charges_with_the_dc_permit_and_stop_ends_it_safely() -> None:
    hands = Hands("d5")
    assert hands.car.manager.permit is Charge.DC
    assert hands.car.plant.charger.current_a == 150
    hands.hit("s5")
    assert not hands.car.plant.charger.energised
    assert hands.car.manager.snapshot.session is Session.NONE
    assert hands.car.reach(LATCH) == 0


def test_full_completes_the_session_and_a_locked_car_goes_on_holding() -> None:
    hands = Hands("la3f2")
    assert hands.car.manager.snapshot.session is Session.COMPLETE
    assert hands.car.manager.pin(LATCH).state is PinState.ENGAGED


def test_adapter_goes_in_and_out() -> None:
    hands = Hands("e")
    assert hands.car.manager.snapshot.occupant is Occupant.ADAPTER
    assert hands.hit("2e") == "pull the adapter: it is out"
    assert hands.car.manager.snapshot.occupant is Occupant.EMPTY


def test_in_a_locked_car_the_adapter_is_held_and_the_handle_in_it_is_not() -> None:
    hands = Hands("ela3s2")
    assert hands.car.manager.snapshot.occupant is Occupant.ADAPTER_AND_CONNECTOR
    assert hands.car.manager.pin(ADAPTER).state is PinState.ENGAGED
    assert hands.hit("e") == "pull the adapter: it does not come out, a pin holds it"
    assert hands.hit("u") == "pull the connector: it is out"
    assert hands.car.manager.snapshot.occupant is Occupant.ADAPTER


def test_release_as_from_the_phone_stops_the_charge_and_frees_the_connector() -> None:
    hands = Hands("la3r4")
    assert hands.told("request") == [
        "unlatch from remote: accepted",
        "unlatch from remote: done: released",
    ]
    assert hands.car.manager.snapshot.car_lock is CarLock.LOCKED
    assert hands.hit("u") == "pull the connector: it is out"


@pytest.mark.parametrize(
    ("keys", "ends"),
    [
        ("pb2", "unlatch from port-button: refused: the key is not at the charge port"),
        ("pk2b4", "unlatch from port-button: done: released"),
    ],
)
def test_button_frees_only_with_the_key_at_the_port(keys: str, ends: str) -> None:
    assert Hands(keys).told("request")[-1] == ends


def test_manual_release_pulls_the_pin_that_holds() -> None:
    hands = Hands("la3")
    assert hands.hit("m") == "pull the manual release of the charge-port latch"
    assert hands.car.reach(LATCH) == 0
    assert "the manual release was pulled" in " ".join(hands.told("warning"))
    assert Hands("elm").came[-1] == "pull the manual release of the adapter lock"


def test_auto_lock_off_leaves_a_connector_free_that_needs_no_lock() -> None:
    hands = Hands("t")
    assert hands.car.manager.settings.auto_lock is Toggle.OFF
    assert BY_KEY["t"].state(hands.car) == "OFF"
    hands.hit("a3s6l3")
    assert hands.car.reach(LATCH) == 0
    hands.hit("t2")
    assert BY_KEY["t"].state(hands.car) == ""
    assert hands.car.manager.pin(LATCH).state is PinState.ENGAGED


def test_wall_side_cut_ends_the_current_and_mended_begins_anew() -> None:
    hands = Hands("la3w2")
    assert BY_KEY["w"].state(hands.car) == "CUT"
    assert hands.car.plant.charger.current_a == 0
    assert hands.car.manager.snapshot.supply is Supply.NONE
    assert hands.car.manager.pin(LATCH).state is PinState.ENGAGED
    hands.hit("w4")
    assert BY_KEY["w"].state(hands.car) == ""
    assert hands.car.plant.charger.current_a == 32


def test_ice_makes_a_stroke_need_a_second_try() -> None:
    hands = Hands("i")
    assert BY_KEY["i"].state(hands.car) == "ON"
    hands.hit("p9")
    assert "engage the charge-port latch, try 2" in hands.told("latch command")
    assert hands.car.manager.pin(LATCH).state is PinState.ENGAGED
    hands.hit("i")
    assert BY_KEY["i"].state(hands.car) == ""


@pytest.mark.whole
def test_cold_makes_a_failed_release_heat_the_inlet() -> None:
    hands = Hands("cp")
    assert BY_KEY["c"].state(hands.car) == "ON"
    hands.wait(70)
    assert hands.car.manager.snapshot.temperature is Temperature.COLD
    hands.hit("jr")
    hands.wait(30)
    assert any("heat" in words for words in hands.told("notice"))
    assert hands.hit("c") == "let it be 20 °C again"
    assert BY_KEY["c"].state(hands.car) == ""


@pytest.mark.whole
def test_a_12_v_battery_goes_from_good_to_weak_to_empty_and_back() -> None:
    hands = Hands("v")
    assert BY_KEY["v"].state(hands.car) == "LOW"
    hands.wait(11)
    assert (FaultName.SUPPLY_LOW, None) in hands.car.manager.faults
    hands.hit("p5")
    assert hands.car.reach(LATCH) == 0, "no engage stroke is begun with a weak battery"
    hands.hit("v")
    assert BY_KEY["v"].state(hands.car) == "EMPTY"
    hands.hit("v")
    assert BY_KEY["v"].state(hands.car) == ""
    hands.wait(70)
    assert (FaultName.SUPPLY_LOW, None) not in hands.car.manager.faults
    assert hands.car.manager.pin(LATCH).state is PinState.ENGAGED


@pytest.mark.whole
def test_jam_ends_in_a_fault_and_freed_pins_move_again() -> None:
    hands = Hands("p2jr")
    for _ in range(30):
        hands.wait(1)
    assert (FaultName.FAILED_TO_RELEASE, LATCH) in hands.car.manager.faults
    assert hands.told("request")[-1].endswith("failed: the pin could not be released")
    hands.hit("jr")
    for _ in range(70):
        hands.wait(1)
    assert hands.car.reach(LATCH) == 0
    assert hands.hit("u") == "pull the connector: it is out"


@pytest.mark.parametrize(
    ("keys", "came"),
    [
        ("u", "pull the connector: there is none"),
        ("pp", "plug in: there is a connector already"),
        ("pe", "push the adapter in: a connector is in its place"),
        ("ad", "charge DC: the connector is AC, pull it first"),
        ("pwa", "charge AC: the wall side is dead"),
        ("ea", "plug in AC and charge: it is in the adapter"),
        ("w", "cut the wall side: there is no cable"),
        ("s", "press stop at the EVSE: no session runs"),
        ("f", "let the battery be full: no session runs"),
        ("jlpulj", "free the jammed pins"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(keys: str, came: str) -> None:
    hands = Hands(keys)
    assert hands.came[-1] == came
    assert hands.car.judged() == []


def test_nothing_goes_into_an_inlet_that_a_pin_blocks() -> None:
    """A jam that begins while the connector leaves keeps the pin out in the opening."""
    hands = Hands("la3j")
    hands.car.act(lambda car: (car.step("unplug", force=True), "tear it out")[1])
    hands.wait(1)
    assert hands.hit("p").endswith("it does not go in: a pin stands in the opening")
    assert hands.hit("e").endswith("it does not go in: a pin stands in the opening")


# ---- safety -------------------------------------------------------------------------------------


@pytest.mark.whole
@settings(max_examples=40, deadline=None)
@example([("e", 1_000_000), ("l", 1_000_000), ("p", 0), ("m", 0)])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([action.key for action in ACTIONS]),
            st.sampled_from([0, 1, 20_000, 300_000, 1_000_000, 6_000_000]),
        ),
        max_size=25,
    )
)
def test_no_keys_in_any_order_make_anything_happen_that_must_never_happen(
    hits: list[tuple[str, int]],
) -> None:
    """The safety watch knows the truth, and none of the rules."""
    car = DemoCar()
    for key, then_us in hits:
        car.act(BY_KEY[key].do)
        car.advance(car.now_us + then_us)
    car.advance(car.now_us + 3_000_000)
    assert car.judged() == []


# ---- faults by hand -----------------------------------------------------------------------------


def test_a_fault_by_hand_holds_from_its_beginning_to_its_end() -> None:
    orders = Orders(())
    orders.begin(FaultOrder(10, 1000, "stuck_pin", {"pin": "latch"}))
    assert orders.find("stuck_pin", 9) is None
    assert orders.find("stuck_pin", 10, pin="latch") is not None
    assert orders.find("stuck_pin", 10, pin="adapter") is None
    orders.end("stuck_pin", 20)
    assert orders.find("stuck_pin", 19) is not None
    assert orders.find("stuck_pin", 20) is None
    assert orders.next_change_us(10) == 20


def test_faults_that_are_over_are_forgotten_once_another_begins() -> None:
    orders = Orders(())
    for at_us in range(0, 1000, 10):
        orders.begin(FaultOrder(at_us, 10**9, "slow_pin"))
        orders.end("slow_pin", at_us + 5)
    assert orders.find("slow_pin", 994) is not None
    assert orders.find("slow_pin", 984) is None
