"""What hands can do to the demonstration's car: one table of keys, names and deeds.

Knows: each action's key, its short name, what it does in words, and how to say what came of it.
Refuses to know: keyboards and screens, and what the lock manager makes of it.

The help line, the key bindings and the list in the README come from ``ACTIONS``. What an action
says of its outcome is the metal's answer: a connector that a pin holds does not come out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vehicle.core.car import Actuator
from vehicle.core.names import Request, Source
from vehicle.core.record import record
from vehicle.core.settings import Toggle
from vehicle.core.signals import KeyZone
from vehicle.core.words import PIN_WORDS
from vehicle.runtime.charger import Phase
from vehicle.runtime.demo_car import DemoCar

AC_AMPS = 32
"""Above the 16 A from which safety wants the connector held."""
DC_AMPS = 150
ICE_TRAVEL_MS = 900
"""A frozen pin's travel: more than one pulse of 600 ms, less than two."""
FROST_C, ORDINARY_C = -15, 20
"""Degrees outside, in the cold and otherwise."""
BOARD_MV = {"": 12_600, "LOW": 11_000, "EMPTY": 8_500}
"""The 12 V battery's way, in millivolts: good, too weak to engage with, too weak for any stroke."""
PRESS_MS = 300
"""How long a button is held, as in a story."""

ZONES = (KeyZone.ABSENT, KeyZone.FAR, KeyZone.NEAR, KeyZone.AT_PORT, KeyZone.INSIDE)
"""The key's way; after the last comes the first."""
_ZONE_WORDS = {
    KeyZone.ABSENT: "away from the car",
    KeyZone.FAR: "far from the car",
    KeyZone.NEAR: "near the car",
    KeyZone.AT_PORT: "to the charge port",
    KeyZone.INSIDE: "into the car",
}


def _no_state(_: DemoCar) -> str:
    return ""


@record
class Action:
    """One thing that hands can do."""

    key: str
    """A letter, as it is typed."""
    name: str
    """A word or two for the help line."""
    says: str
    """What it does, for the documentation."""
    do: Callable[[DemoCar], str]
    """Does it, to be given to ``DemoCar.act``; returns what was done and what came of it."""
    state: Callable[[DemoCar], str] = _no_state
    """How it stands, in one word, where it stands otherwise than at the beginning."""


# ---- the owner ----------------------------------------------------------------------------------


def _doors(car: DemoCar) -> str:
    if car.plant.doors == "locked":
        car.step("unlock_car", doors="unlocked")
        return "unlock the car"
    car.step("lock_car")
    return "lock the car"


def _key(car: DemoCar) -> str:
    here = ZONES.index(KeyZone(car.plant.key.zone))
    zone = ZONES[(here + 1) % len(ZONES)]
    car.step("key", zone=str(zone))
    return f"move the key {_ZONE_WORDS[zone]}"


def _phone(car: DemoCar) -> str:
    car.ask(Request.UNLATCH, Source.REMOTE)
    return "ask for the release, on the phone"


def _button(car: DemoCar) -> str:
    car.step("button", for_ms=PRESS_MS)
    return "press the button at the charge port"


def _auto_lock(car: DemoCar) -> str:
    now = Toggle.ON if _auto_lock_off(car) else Toggle.OFF
    car.choose(replace(car.manager.settings, auto_lock=now))
    return f"set auto-lock {now}"


def _auto_lock_off(car: DemoCar) -> bool:
    return car.manager.settings.auto_lock is Toggle.OFF


def _auto_lock_state(car: DemoCar) -> str:
    return "OFF" if _auto_lock_off(car) else ""


# ---- connector and adapter ----------------------------------------------------------------------


def _push_in(car: DemoCar, supply: str, amps: int, charge: bool) -> str:
    limit_a = amps if supply == "ac" else 0  # the control pilot tells a limit for AC alone
    car.step("plug", supply=supply, limit_a=limit_a, amps=amps, charge=charge)
    if not car.plant.connector:
        return "it does not go in: a pin stands in the opening"
    return "it is in the adapter" if car.plant.adapter else "it is in"


def _plug(car: DemoCar) -> str:
    if car.plant.connector:
        return "plug in: there is a connector already"
    came = _push_in(car, "ac", AC_AMPS, charge=False)
    return f"plug in the AC cable, to charge later: {came}"


def _unplug(car: DemoCar) -> str:
    if not car.plant.connector:
        return "pull the connector: there is none"
    car.step("unplug", force=False)
    return f"pull the connector: {_came(car.plant.connector)}"


def _came(still_in: bool) -> str:
    return "it does not come out, a pin holds it" if still_in else "it is out"


def _adapter(car: DemoCar) -> str:
    if car.plant.adapter:
        car.step("remove_adapter", force=False)
        return f"pull the adapter: {_came(car.plant.adapter)}"
    if car.plant.connector:
        return "push the adapter in: a connector is in its place"
    car.step("insert_adapter")
    came = "it is in" if car.plant.adapter else "it does not go in: a pin stands in the opening"
    return f"push the adapter in: {came}"


def _pull_release(car: DemoCar) -> str:
    pin = Actuator.ADAPTER if car.plant.adapter else Actuator.LATCH
    car.step("manual_release", pin=str(pin))
    return f"pull the manual release of the {PIN_WORDS[pin]}"


# ---- charging -----------------------------------------------------------------------------------


def _charge(supply: str, amps: int) -> Callable[[DemoCar], str]:
    kind = supply.upper()

    def charge(car: DemoCar) -> str:
        charger = car.plant.charger
        if not car.plant.connector:
            return f"plug in {kind} and charge: {_push_in(car, supply, amps, charge=True)}"
        if charger.supply != supply:
            return f"charge {kind}: the connector is {charger.supply.upper()}, pull it first"
        car.step("charge", amps=amps)
        return f"charge {kind}" + ("" if charger.powered else ": the wall side is dead")

    return charge


def _stop(car: DemoCar) -> str:
    return _end(car, "stop_station", "press stop at the EVSE")


def _full(car: DemoCar) -> str:
    return _end(car, "complete", "let the battery be full")


def _end(car: DemoCar, step: str, words: str) -> str:
    if car.plant.charger.phase in (Phase.IDLE, Phase.OVER):
        return f"{words}: no session runs"
    car.step(step)
    return words


def _wall(car: DemoCar) -> str:
    if not car.plant.connector:
        return "cut the wall side: there is no cable"
    if _wall_cut(car):
        car.step("power_back")
        return "give the wall side its supply back"
    car.step("power_cut")
    return "cut the cable's wall side"


def _wall_cut(car: DemoCar) -> bool:
    return car.plant.connector and not car.plant.charger.powered


def _wall_state(car: DemoCar) -> str:
    return "CUT" if _wall_cut(car) else ""


# ---- trouble ------------------------------------------------------------------------------------


def _ice(car: DemoCar) -> str:
    now = car.switch_fault("slow_pin", travel_ms=ICE_TRAVEL_MS)
    return "let it freeze: both pins are slow" if now else "let the ice thaw"


def _ice_state(car: DemoCar) -> str:
    return "ON" if car.has_fault("slow_pin") else ""


def _jam(car: DemoCar) -> str:
    now = car.switch_fault("stuck_pin")
    return "jam both pins: they do not move" if now else "free the jammed pins"


def _jam_state(car: DemoCar) -> str:
    return "ON" if car.has_fault("stuck_pin") else ""


def _cold(car: DemoCar) -> str:
    if _cold_state(car):
        car.step("weather", celsius=ORDINARY_C)
        return f"let it be {ORDINARY_C} °C again"
    car.step("weather", celsius=FROST_C)
    return f"let it be {FROST_C} °C; the car goes by that after a minute"


def _cold_state(car: DemoCar) -> str:
    return "ON" if car.plant.around.outside_c == FROST_C else ""


def _board_supply(car: DemoCar) -> str:
    states = tuple(BOARD_MV)
    state = states[(states.index(_board_supply_state(car)) + 1) % len(states)]
    car.step("board_supply", mv=BOARD_MV[state])
    return f"let the 12 V battery have {BOARD_MV[state] / 1000:.1f} V"


def _board_supply_state(car: DemoCar) -> str:
    return next(state for state, mv in BOARD_MV.items() if mv == car.plant.around.board_mv)


ACTIONS = (
    Action("l", "doors", "lock or unlock the car", _doors),
    Action("k", "key", "move the key to its next zone", _key),
    Action("p", "plug in", "plug in an AC cable that charges later", _plug),
    Action("u", "unplug", "pull the connector", _unplug),
    Action("e", "adapter", "push the adapter in, or pull it", _adapter),
    Action("a", "AC", f"charge AC with {AC_AMPS} A, plugging in first", _charge("ac", AC_AMPS)),
    Action("d", "DC", f"charge DC with {DC_AMPS} A, plugging in first", _charge("dc", DC_AMPS)),
    Action("s", "stop", "press stop at the EVSE", _stop),
    Action("f", "full", "let the battery be full", _full),
    Action("r", "release", "ask for the release, as from the phone", _phone),
    Action("b", "button", "press the button at the charge port", _button),
    Action("m", "manual release", "pull the manual release", _pull_release),
    Action("t", "auto-lock", "turn auto-lock off or on", _auto_lock, _auto_lock_state),
    Action("w", "wall side", "cut the cable's wall side, or mend it", _wall, _wall_state),
    Action("i", "ice", "let both pins freeze until they are slow, or thaw", _ice, _ice_state),
    Action("j", "jam", "jam both pins, or free them", _jam, _jam_state),
    Action("c", "cold", "let it be cold outside, or not", _cold, _cold_state),
    Action(
        "v",
        "12 V",
        "let the 12 V battery be weak, then empty, then good",
        _board_supply,
        _board_supply_state,
    ),
)
"""Everything that can be done, in the order of the help line."""

BY_KEY = {action.key: action for action in ACTIONS}
