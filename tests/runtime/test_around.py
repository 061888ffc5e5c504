"""What is around the simulated car reaches the lock manager as the words of its signals."""

from __future__ import annotations

import pytest
from owners_car import OwnersCar, fault

from vehicle.core.snapshot import OPTIONAL
from vehicle.runtime.plant import StartState

TELLS = StartState(surroundings=True)


@pytest.mark.parametrize(
    ("do", "values", "signal", "word"),
    [
        ("weather", {"celsius": 5}, "temperature", "mild"),
        ("weather", {"celsius": 4}, "temperature", "cold"),
        ("weather", {"celsius": -40}, "temperature", "cold"),
        ("board_supply", {"mv": 11_500}, "board_supply", "good"),
        ("board_supply", {"mv": 11_480}, "board_supply", "low"),
        ("board_supply", {"mv": 9_000}, "board_supply", "low"),
        ("board_supply", {"mv": 8_980}, "board_supply", "too-low"),
        ("board_supply", {"mv": 0}, "board_supply", "too-low"),
        ("cabin", {"is": "occupied"}, "cabin", "occupied"),
        ("cabin", {"is": "unknown"}, "cabin", "unknown"),
        ("drive", {"place": "home"}, "place", "home"),
        ("drive", {"place": "work"}, "place", "work"),
        ("drive", {"place": "away"}, "place", "away"),
    ],
)
def test_what_is_around_the_car_is_sensed(do: str, values: dict, signal: str, word: str) -> None:
    car = OwnersCar(TELLS)
    car.advance(2)
    car.do(do, **values)
    car.advance(2)
    assert getattr(car.manager.snapshot, signal) == word


@pytest.mark.parametrize("station", ["tethered", "portable", "socket"])
def test_the_stations_kind_is_known_while_its_cable_is_plugged_in(station: str) -> None:
    car = OwnersCar(TELLS)
    plug = {"supply": "ac", "limit_a": 16, "amps": 16, "charge": True, "station": station}
    car.do("plug", **plug)
    car.advance(3)
    assert car.manager.snapshot.cable == station
    car.do("unplug", force=True)
    car.advance(3)
    assert car.manager.snapshot.cable == "unknown"


def test_a_car_that_does_not_tell_its_surroundings_leaves_them_unknown() -> None:
    car = OwnersCar(StartState())
    car.do("weather", celsius=-10)
    car.advance(5)
    assert {getattr(car.manager.snapshot, name) for name in OPTIONAL} == {"unknown"}


def test_a_surrounding_that_is_no_longer_told_is_unknown() -> None:
    car = OwnersCar(TELLS, fault("silent_message", 4, message="BodyState"))
    car.advance(4)
    assert car.manager.snapshot.temperature == "mild"
    car.advance(10)
    assert car.manager.snapshot.temperature == "unknown"
