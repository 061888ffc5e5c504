"""What an owner can do about a fault, step by step, on this very car.

Knows: the order of the steps for each fault, what each says, and which of them this car offers.
Refuses to know: which fault stands, and how steps reach anybody.

Rules of this file:
1. Where a fault may keep a cable in, its ladder ends in where this car's manual release is, or in
   the words that it has none. It never begins there: a manual release that is pulled ends the lock
   until the connector has been out.
2. Welded contactors have no such end: nobody is to pull that connector.
3. A step that this car does not offer is left out, never told as if it were there.
4. The first step of a ladder is the same on every car, so that it can be told without one.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from vehicle.core.car import Car
from vehicle.core.heating import HEATING_US, HEATINGS_MAX
from vehicle.core.names import FaultName, Source
from vehicle.core.record import record


class Rung(StrEnum):
    """The name of a step."""

    PUSH_HOME = "push-home"
    PUSH_IN = "push-in"
    ASK_AGAIN = "ask-again"
    ASK_OTHERWISE = "ask-otherwise"
    UNLOCK = "unlock"
    STOP_STATION = "stop-station"
    STOP_AND_WAIT = "stop-and-wait"
    HEAT = "heat"
    WARM = "warm"
    CHECK_BY_HAND = "check-by-hand"
    TAKE_OUT_ONCE = "take-out-once"
    WAKE_CAR = "wake-car"
    SWITCH_ON = "switch-on"
    CHARGE_BATTERY = "charge-battery"
    WAIT_FOR_RESTART = "wait-for-restart"
    LATCH_SERVICE = "latch-service"
    SENSOR_SERVICE = "sensor-service"
    DO_NOT_PULL = "do-not-pull"
    MANUAL_RELEASE = "manual-release"


@record
class Step:
    """One step for the owner, in full sentences."""

    rung: Rung
    words: str


ASKED_BY: dict[Source, str] = {
    Source.PORT_BUTTON: "the button beside the inlet",
    Source.FOB: "the fob",
    Source.SCREEN: "the screen in the car",
    Source.REMOTE: "the app",
    Source.CAR: "the car's own button",
}
"""Ways to ask over the car's bus -> what an owner calls them, the nearest to the cable first."""


def _ask_again(car: Car) -> str:
    if car.takes_commands:
        return "Ask for the release again: chargelock unlatch."
    return "Ask the car for the release again, in its own way."


def _ask_otherwise(car: Car) -> str:
    ways = [words for source, words in ASKED_BY.items() if source in car.asked_by]
    if not ways:
        return ""
    *others, last = ways
    either = f"{', '.join(others)} or {last}" if others else last
    return f"Ask in another way: by {either}."


def _heat(car: Car) -> str:
    minutes = HEATING_US * HEATINGS_MAX // 60_000_000
    words = (
        f"In frost ask, and wait: the inlet is heated and the pin tried again, for {minutes} min."
    )
    return words if car.can_heat else ""


def _warm(car: Car) -> str:
    words = (
        "In frost warm the inlet, for half an hour if need be: heat the car, clear the ice away."
    )
    return "" if car.can_heat else words


def _manual_release(car: Car) -> str:
    if not car.manual_release:
        return "This car has no manual release: call for roadside help."
    return f"Last of all, and only while no charge runs. {car.manual_release}"


RUNGS: dict[Rung, str | Callable[[Car], str]] = {
    Rung.PUSH_HOME: "Push the connector fully home and try again; charging is limited.",
    Rung.PUSH_IN: "Push the connector in and hold it there while its release is asked for again.",
    Rung.ASK_AGAIN: _ask_again,
    Rung.ASK_OTHERWISE: _ask_otherwise,
    Rung.UNLOCK: "Unlock the car with its key, and keep the key at the charge port.",
    Rung.STOP_STATION: "Stop the charge at the station, or switch the supply off.",
    Rung.STOP_AND_WAIT: (
        "Stop the charge at the station; the connector is released as soon as the inlet is safe."
    ),
    Rung.HEAT: _heat,
    Rung.WARM: _warm,
    Rung.CHECK_BY_HAND: "Check by hand what is held: the pin may have moved all the same.",
    Rung.TAKE_OUT_ONCE: "Take the connector out once; the lock works again after that.",
    Rung.WAKE_CAR: "Open a door or press the fob to wake the car; the release follows.",
    Rung.SWITCH_ON: "Switch the car on; if it repeats, have it serviced.",
    Rung.CHARGE_BATTERY: (
        "Charge the 12 V battery, or drive. Take the cable out while it is released."
    ),
    Rung.WAIT_FOR_RESTART: "It restarts by itself; until then the pins stay where they are.",
    Rung.LATCH_SERVICE: "If it repeats, have the latch looked at.",
    Rung.SENSOR_SERVICE: "If it stays so, have the sensor checked.",
    Rung.DO_NOT_PULL: "Do not pull the connector. The car needs service.",
    Rung.MANUAL_RELEASE: _manual_release,
}
"""Step -> what it says; empty on a car that does not offer it."""

LADDERS: dict[FaultName, tuple[Rung, ...]] = {
    FaultName.CONTACTORS_WELDED: (Rung.DO_NOT_PULL,),
    FaultName.INTERNAL_ERROR: (Rung.WAIT_FOR_RESTART, Rung.MANUAL_RELEASE),
    FaultName.BUS_LOST: (Rung.SWITCH_ON, Rung.MANUAL_RELEASE),
    FaultName.BUS_ASLEEP: (Rung.WAKE_CAR, Rung.SWITCH_ON, Rung.MANUAL_RELEASE),
    FaultName.STOP_NOT_CONFIRMED: (Rung.STOP_AND_WAIT, Rung.MANUAL_RELEASE),
    FaultName.ENERGY_UNKNOWN: (
        Rung.STOP_STATION,
        Rung.SWITCH_ON,
        Rung.ASK_AGAIN,
        Rung.MANUAL_RELEASE,
    ),
    FaultName.SUPPLY_LOW: (Rung.CHARGE_BATTERY, Rung.ASK_AGAIN, Rung.MANUAL_RELEASE),
    FaultName.FAILED_TO_RELEASE: (
        Rung.PUSH_IN,
        Rung.ASK_AGAIN,
        Rung.ASK_OTHERWISE,
        Rung.UNLOCK,
        Rung.STOP_STATION,
        Rung.HEAT,
        Rung.WARM,
        Rung.MANUAL_RELEASE,
    ),
    FaultName.FEEDBACK_LOST: (
        Rung.CHECK_BY_HAND,
        Rung.SENSOR_SERVICE,
        Rung.ASK_AGAIN,
        Rung.MANUAL_RELEASE,
    ),
    FaultName.UNEXPECTED_CLOSE: (Rung.PUSH_IN, Rung.LATCH_SERVICE, Rung.MANUAL_RELEASE),
    FaultName.UNEXPECTED_OPEN: (Rung.TAKE_OUT_ONCE,),
    FaultName.FAILED_TO_ENGAGE: (Rung.PUSH_HOME,),
}
"""Fault -> its steps in order. The faults stand with the one first that the others wait for."""


def steps(fault: FaultName, car: Car) -> tuple[Step, ...]:
    """Return what the owner of ``car`` can do about ``fault``, in order."""
    said = ((rung, words_of(rung, car)) for rung in LADDERS[fault])
    return tuple(Step(rung, words) for rung, words in said if words)


def first_step(fault: FaultName) -> str:
    """Return what the owner of any car can do first."""
    return steps(fault, Car())[0].words


def advice(fault: FaultName, car: Car) -> str:
    """Return all steps as text: one line each, numbered where they are several."""
    found = [step.words for step in steps(fault, car)]
    if len(found) == 1:
        return found[0]
    return "\n".join(f"{number}. {words}" for number, words in enumerate(found, 1))


def words_of(rung: Rung, car: Car) -> str:
    """Return what a step says on ``car``; empty where that car does not offer it."""
    says = RUNGS[rung]
    return says if isinstance(says, str) else says(car)
