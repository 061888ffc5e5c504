"""The place and the hour as they are told: how long they hold, and that nothing is told in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from owners_car import PARKED, OwnersCar

from vehicle.core.inputs import SettingsChanged
from vehicle.core.outputs import SignalChanged
from vehicle.core.settings import Settings
from vehicle.core.settings_read import parse
from vehicle.core.signals import Hour, Place
from vehicle.runtime import surroundings
from vehicle.runtime.surroundings import Surroundings

AT_NIGHT = parse({"overrides": ["latch-mode=always when hours=22-6"]})
NOON_S = 1_800_014_400.0


@pytest.fixture(autouse=True)
def greenwich(monkeypatch):
    """Local time is Universal Time."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def told(car: OwnersCar, signal: str) -> list[str]:
    """Return every value that ``signal`` took."""
    return [
        str(entry.value)
        for _, entry in car.journal
        if isinstance(entry, SignalChanged) and entry.signal == signal and entry.was is not None
    ]


async def until(holds: Callable[[], bool]) -> None:
    """Wait until ``holds`` does."""
    while not holds():
        await asyncio.sleep(0.001)


def lived(story: Callable, car: OwnersCar, wall: Callable[[], float] = lambda: NOON_S) -> None:
    async def run() -> None:
        around = Surroundings(car, wall)
        try:
            await story(around)
        finally:
            around.stop()

    car.advance(1)
    asyncio.run(run())
    assert car.listeners == 0


def test_a_place_is_told_once_and_again_where_it_changes() -> None:
    car = OwnersCar(PARKED)

    async def story(around):
        for place in (Place.HOME, Place.HOME, Place.AWAY):
            around.tell_place(place)
        assert around.place is Place.AWAY

    lived(story, car)
    assert told(car, "place") == ["home", "away"]


def test_a_place_that_nobody_tells_any_more_is_unknown_but_a_plugged_in_car_has_not_moved(
    monkeypatch,
) -> None:
    monkeypatch.setattr(surroundings, "PLACE_STALE_S", 0.01)
    car = OwnersCar(PARKED)
    car.change_settings(parse({"overrides": ["auto-lock=off when place=home"]}), "test")

    async def story(around):
        around.tell_place(Place.HOME)
        await until(lambda: around.place is Place.UNKNOWN)
        assert car.manager.circumstance.place is Place.HOME
        car.do("unlock_car", doors="unlocked")
        car.advance(5)
        car.do("unplug", force=False)
        car.advance(5)
        assert car.manager.circumstance.place is Place.UNKNOWN

    lived(story, car)


def test_the_hour_is_told_only_while_an_override_asks_for_it() -> None:
    car = OwnersCar(PARKED)

    async def story(_):
        assert car.manager.snapshot.hour is Hour.UNKNOWN
        car.give(SettingsChanged(AT_NIGHT, "test"))
        await until(lambda: car.manager.snapshot.hour is Hour.H12)
        car.give(SettingsChanged(Settings(), "test"))
        await until(lambda: car.manager.snapshot.hour is Hour.UNKNOWN)

    lived(story, car)
    assert told(car, "hour") == ["12", "unknown"]


def test_the_next_hour_is_told_when_it_begins() -> None:
    car = OwnersCar(PARKED)
    car.change_settings(AT_NIGHT, "test")
    now_s = [NOON_S + 3599.99]

    async def story(_):
        assert car.manager.snapshot.hour is Hour.H12
        now_s[0] += 0.02
        await until(lambda: car.manager.snapshot.hour is Hour.H13)

    lived(story, car, lambda: now_s[0])


def test_a_clock_that_is_set_is_noticed_with_the_next_thing_that_happens() -> None:
    car = OwnersCar(PARKED)
    car.change_settings(AT_NIGHT, "test")
    now_s = [100.0]

    async def story(_):
        assert car.manager.snapshot.hour is Hour.UNKNOWN, "the clock was never set"
        now_s[0] = NOON_S
        car.do("unlock_car", doors="unlocked")
        car.advance(2)
        await until(lambda: car.manager.snapshot.hour is Hour.H12)

    lived(story, car, lambda: now_s[0])
