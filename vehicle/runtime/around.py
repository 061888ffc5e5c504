"""What is around the simulated car, and which messages tell it: weather, 12 V, cabin, post, place.

Knows: how things stand there, who changes them, and the reference bus's messages about them, which
only some cars send. Refuses to know: pins, charging, and what follows from any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vehicle.runtime.orders import Step

Signals = Mapping[str, int | float | str]

MILLIVOLTS_MAX = 20_000
"""More than any 12 V supply has, and less than its message can tell."""

_CABIN = {"unknown": "SNA", "empty": "Empty", "occupied": "Occupied"}
_STATIONS = {"unknown": "SNA", "tethered": "Tethered", "portable": "Portable", "socket": "Socket"}
_PLACES = {"unknown": "SNA", "home": "Home", "work": "Work", "away": "Away"}


@dataclass(slots=True)
class Around:
    """How things stand around one car."""

    outside_c: int
    board_mv: int
    cabin: str
    place: str
    station: str = "unknown"
    """The kind of the station whose cable is plugged in."""


def _body_state(around: Around) -> Signals:
    temperature = float(around.outside_c)
    return {"OutsideTemperature": temperature, "CabinOccupancy": _CABIN[around.cabin]}


AROUND_MESSAGES: dict[str, Callable[[Around], Signals]] = {
    "BodyState": _body_state,
    "BoardSupplyState": lambda around: {"BoardVoltage": around.board_mv // 20 / 50},
    "StationState": lambda around: {"StationKind": _STATIONS[around.station]},
    "NavigationState": lambda around: {"Zone": _PLACES[around.place]},
}
"""What a car sends that tells its surroundings, and what each message says."""


def _weather(around: Around, step: Step) -> None:
    around.outside_c = int(step.values["celsius"])


def _board_supply(around: Around, step: Step) -> None:
    around.board_mv = int(step.values["mv"])


def _cabin_now(around: Around, step: Step) -> None:
    around.cabin = str(step.values["is"])


def _drive(around: Around, step: Step) -> None:
    around.place = str(step.values["place"])


AROUND_DEEDS: dict[str, Callable[[Around, Step], None]] = {
    "weather": _weather,
    "board_supply": _board_supply,
    "cabin": _cabin_now,
    "drive": _drive,
}
"""Step -> what it changes around the car."""
