"""What would release a pin and what would lock it: what is told works, and nothing smaller does.

The proof lets real managers run: from states that random stories reach, each way that is told is
brought about by events that are written down here anew, and so is every part of it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import pytest
from core_bench import AC_16, DC, MIN, Bench, S, charging, plugged, stop_to

from vehicle.core.car import Actuator, Car
from vehicle.core.manager import LockManager
from vehicle.core.memory import Memory
from vehicle.core.messages import DeadlinePassed, InputEvent, Observed, Requested, SettingsChanged
from vehicle.core.names import Demand, Request, Source
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.core.settings_read import parse
from vehicle.core.signals import (
    BoardSupply,
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    KeyZone,
    Occupant,
    Place,
    Session,
    Supply,
    SupplyLimit,
    Temperature,
    Weld,
)
from vehicle.core.situation import SEATED
from vehicle.core.way import CHANGE_WORDS, Change, Way
from vehicle.core.whatif import HORIZON_US, ways

LATCH = Actuator.LATCH


def told(bench: Bench, demand: Demand = Demand.RELEASE) -> list[Way]:
    return list(ways(bench.manager, LATCH, demand, bench.now_us))


def changes(bench: Bench, demand: Demand = Demand.RELEASE) -> list[tuple[Change, ...]]:
    return [way.changes for way in told(bench, demand) if not way.setting]


def settings(bench: Bench, demand: Demand = Demand.RELEASE) -> list[str]:
    return [way.setting for way in told(bench, demand) if way.setting]


# ---- what is told, in a few known places --------------------------------------------------------


@pytest.mark.fast
def test_while_charging_the_end_of_the_energy_and_a_request_or_an_unlock_are_told() -> None:
    bench = charging(car_lock=CarLock.LOCKED)
    assert changes(bench) == [
        (Change.ASK, Change.SAFE),
        (Change.UNLOCK, Change.SESSION_OVER, Change.SAFE),
    ]
    bench.unlatch()
    assert changes(bench) == [(Change.SAFE,)]
    assert settings(bench) == []


@pytest.mark.fast
def test_in_a_parked_car_a_request_an_unlock_or_another_choice_is_told() -> None:
    bench = plugged(car_lock=CarLock.LOCKED)
    assert changes(bench) == [(Change.ASK,), (Change.UNLOCK,)]
    assert settings(bench) == ["auto-lock=off", "latch-mode=while-charging", "latch-mode=off"]
    assert told(bench)[1].words == "the car is unlocked"
    assert told(bench)[0].brief == "someone asks for it"


@pytest.mark.fast
def test_a_time_that_will_pass_is_told_with_how_long_it_takes() -> None:
    owner = Settings(release_when_full=Toggle.ON, release_grace_min=10)
    bench = charging(settings=owner, car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(3 * MIN + 30 * S)
    (passing,) = [way for way in told(bench) if way.changes == (Change.TIME,)]
    assert passing.after_us == 6 * MIN + 30 * S
    assert passing.words == "6 min 30 s pass"


@pytest.mark.fast
def test_a_full_battery_is_told_only_where_the_owner_wants_it() -> None:
    wanted = Settings(release_when_full=Toggle.ON)
    bench = plugged(wanted, session=Session.WAITING, car_lock=CarLock.LOCKED)
    assert (Change.FULL,) in changes(bench)
    bench = plugged(session=Session.WAITING, car_lock=CarLock.LOCKED)
    assert all(Change.FULL not in way for way in changes(bench))


@pytest.mark.fast
def test_after_a_power_cut_the_end_of_the_hold_is_told() -> None:
    bench = charging(settings=Settings(latch_mode=Mode.WHILE_CHARGING), car_lock=CarLock.LOCKED)
    bench.see(session=Session.NONE, inlet=Inlet.SAFE)
    bench.run(MIN)
    (passing,) = [way for way in told(bench) if way.changes == (Change.TIME,)]
    assert passing.words == "4 min pass"


@pytest.mark.fast
def test_a_pulled_manual_release_and_an_unknown_occupant_have_ways_of_their_own() -> None:
    bench = charging()
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    stop_to(bench)
    assert changes(bench) == [(Change.TAKE_OUT,)]
    assert changes(bench, Demand.ENGAGE) == [(Change.PLUG_AGAIN, Change.SESSION_BEGINS)] + [
        way
        for way in changes(bench, Demand.ENGAGE)
        if way != (Change.PLUG_AGAIN, Change.SESSION_BEGINS)
    ]
    unknown = plugged(occupant=Occupant.UNKNOWN, car_lock=CarLock.UNLOCKED)
    assert (Change.OCCUPANT_KNOWN,) in changes(unknown)


@pytest.mark.fast
def test_nothing_is_told_where_nothing_helps() -> None:
    bench = charging()
    bench.see(weld=Weld.WELDED)
    assert told(bench) == []
    assert list(ways(bench.manager, Actuator.ADAPTER, Demand.RELEASE, bench.now_us)) == []


@pytest.mark.fast
def test_what_would_lock_a_cable_that_was_released_is_told() -> None:
    bench = plugged(Settings(), car_lock=CarLock.LOCKED)
    bench.unlatch()
    bench.run(20 * S)
    found = {way.changes: way for way in told(bench, Demand.ENGAGE)}
    assert set(found) == {
        (Change.PLUG_AGAIN,),
        (Change.LOCK_AGAIN,),
        (Change.ASK_TO_HOLD,),
        (Change.TIME,),
    }
    assert 39 * S < found[(Change.TIME,)].after_us < 41 * S
    empty = Bench(car_lock=CarLock.LOCKED)
    assert changes(empty, Demand.ENGAGE)[0] == (Change.PLUG_IN,)


@pytest.mark.fast
def test_the_override_that_holds_now_is_the_choice_that_is_told() -> None:
    owner = parse({"auto-lock": "off", "overrides": "auto-lock=on when place=away"})
    bench = plugged(owner, place=Place.AWAY, car_lock=CarLock.LOCKED)
    assert settings(bench)[0] == "auto-lock=off when place=away"
    (first, *_) = [way for way in told(bench) if way.setting]
    assert first.words == "the owner chooses auto-lock=off when place=away"


@pytest.mark.fast
def test_a_time_is_told_in_whole_seconds_and_never_too_short() -> None:
    said = {us: Way((Change.TIME,), us).words for us in (1, 2 * S, 2 * S + 1, 59 * S, 60 * S)}
    assert said == {
        1: "1 s pass",
        2 * S: "2 s pass",
        2 * S + 1: "3 s pass",
        59 * S: "59 s pass",
        60 * S: "1 min pass",
    }


@pytest.mark.fast
def test_a_weld_result_that_is_owed_is_part_of_a_safe_inlet_unless_no_weld_test_is_heard() -> None:
    car = Car(reports_weld_test=True)
    bench = charging(DC, car=car, weld=Weld.TESTING)
    bench.unlatch()
    assert changes(bench) == [(Change.SAFE,)]
    silent = charging(DC, car=car, weld=Weld.UNKNOWN)
    silent.unlatch()
    silent.see(session=Session.COMPLETE)
    assert (Change.SAFE,) not in changes(silent)


@pytest.mark.fast
def test_an_end_of_the_session_is_told_once_and_leaves_other_ways_alone() -> None:
    """A full battery is one of its ends; that time passes is none."""
    owner = Settings(release_when_full=Toggle.ON, waiting_counts=Toggle.OFF)
    bench = plugged(owner, session=Session.WAITING)
    found = changes(bench)
    assert (Change.SESSION_OVER,) in found
    assert (Change.TIME,) in found
    assert (Change.FULL,) not in found


@pytest.mark.fast
def test_the_longest_grace_time_is_waited_for_and_a_time_that_never_ends_is_not() -> None:
    owner = Settings(release_when_full=Toggle.ON, release_grace_min=1440)
    bench = charging(settings=owner, car_lock=CarLock.LOCKED)
    bench.see(inlet=Inlet.SAFE)
    (full,) = [way for way in told(bench) if way.changes == (Change.FULL,)]
    assert full.after_us == HORIZON_US
    bench = charging(settings=Settings(release_when_full=Toggle.ON), car_lock=CarLock.LOCKED)
    assert (Change.FULL,) not in changes(bench)


@pytest.mark.fast
def test_a_choice_by_one_override_leaves_the_others_as_they_are() -> None:
    here = "auto-lock=on when place=away", "latch-mode=off when place=away"
    owner = parse({"auto-lock": "off", "overrides": "; ".join(here)})
    bench = plugged(owner, place=Place.AWAY, car_lock=CarLock.LOCKED)
    assert "latch-mode=always when place=away" in settings(bench, Demand.ENGAGE)


@pytest.mark.fast
def test_in_a_shadow_a_request_is_over_when_its_stop_is_not_confirmed() -> None:
    """As it is there: the request was another controller's."""
    owner = Settings(waiting_counts=Toggle.OFF)
    bench = Bench(settings=owner, shadow=True)
    bench.see(**{**AC_16, "session": Session.WAITING})
    bench.unlatch()
    (passing,) = [w for w in told(bench, Demand.ENGAGE) if w.changes == (Change.TIME,)]
    assert passing.after_us == 30 * S


@pytest.mark.fast
def test_asking_changes_nothing() -> None:
    bench = charging(car_lock=CarLock.LOCKED)
    before = bench.manager.memory
    told(bench)
    told(bench, Demand.ENGAGE)
    assert bench.manager.memory == before


@pytest.mark.fast
def test_every_change_has_words() -> None:
    assert set(CHANGE_WORDS) == set(Change)


# ---- from everywhere ----------------------------------------------------------------------------

OWNERS = (
    Settings(),
    parse({"latch-mode": "while-charging", "release-when-full": "on", "release-grace-min": 5}),
    parse({"latch-mode": "always", "waiting-counts": "off", "adapter-mode": "always"}),
    parse({"auto-lock": "off", "overrides": "auto-lock=on when place=away"}),
    parse({"unlock-while-charging-frees": "on", "relock-window-s": 15, "cold-release": "always"}),
)
MOVES = {
    "car_lock": tuple(CarLock),
    "occupant": tuple(Occupant),
    "session": tuple(Session),
    "supply": tuple(Supply),
    "supply_limit": tuple(SupplyLimit),
    "inlet": (Inlet.SAFE, Inlet.SAFE, Inlet.ENERGISED, Inlet.UNKNOWN),
    "weld": (Weld.NONE, Weld.TESTING, Weld.PASSED, Weld.UNKNOWN),
    "latch": tuple(Feedback),
    "place": tuple(Place),
    "temperature": (Temperature.COLD, Temperature.MILD),
    "board_supply": (BoardSupply.LOW, BoardSupply.GOOD),
    "key": (KeyZone.NEAR, KeyZone.FAR),
}


def reachable(seed: int, count: int) -> Iterator[tuple[LockManager, int]]:
    """Yield ``count`` states that random stories reach; each story begins in a parked car."""
    chance = random.Random(seed)
    while count:
        bench = Bench(
            Car(reports_weld_test=chance.random() < 0.3),
            chance.choice(OWNERS),
            adapter_lock_fitted=chance.choice(list(Fitted)),
        )
        bench.see(occupant=Occupant.CONNECTOR, car_lock=chance.choice(list(CarLock)))
        for _ in range(12):
            roll = chance.random()
            if roll < 0.1:
                bench.ask(chance.choice(list(Request)))
            elif roll < 0.35:
                bench.run(chance.choice((S, 10 * S, 70 * S, 6 * MIN)))
            else:
                name = chance.choice(list(MOVES))
                bench.see(**{name: chance.choice(MOVES[name])})
        if count:
            count -= 1
            yield bench.manager, bench.now_us


def brought_about(change: Change, manager: LockManager) -> list[InputEvent]:
    """The events of one change, in other words than the search has for them."""
    occupant, session = manager.snapshot.occupant, manager.snapshot.session

    def sees(name: str, *values: str) -> list[InputEvent]:
        kind = type(getattr(manager.snapshot, name))
        return [Observed(((name, kind(value)),)) for value in values]

    weld = sees("weld", "none") if manager.snapshot.weld is not Weld.UNKNOWN else []
    return {
        Change.OCCUPANT_KNOWN: sees("occupant", "connector"),
        Change.PLUG_IN: sees("occupant", "connector"),
        Change.PLUG_AGAIN: sees("occupant", "empty", occupant) if occupant in SEATED else [],
        Change.SESSION_BEGINS: sees("session", "waiting"),
        Change.SESSION_OVER: sees("session", "stopping", "none"),
        Change.FULL: sees("session", "complete") if session is not Session.COMPLETE else [],
        Change.SAFE: [*sees("inlet", "safe"), *weld],
        Change.UNLOCK: sees("car_lock", "unlocked"),
        Change.LOCK: sees("car_lock", "locked"),
        Change.LOCK_AGAIN: sees("car_lock", "unlocked", "locked"),
        Change.ASK: [Requested(Request.UNLATCH, Source.SCREEN)],
        Change.ASK_TO_HOLD: [Requested(Request.LATCH, Source.SCREEN)],
        Change.TAKE_OUT: sees("occupant", "empty"),
        Change.TIME: [],
    }[change]


def demand_after(
    manager: LockManager, now_us: int, chosen: tuple[Change, ...], wait_us: int, owner: Settings
) -> Demand:
    """What is demanded of the latch once ``chosen`` has happened and ``wait_us`` have passed."""
    memory: Memory = manager.memory_at(now_us)
    run = LockManager(manager.car, manager.settings)
    run.restore(memory, now_us)
    for change in chosen:
        for event in brought_about(change, manager):
            run.handle(event, now_us)
    if owner != manager.settings:
        run.handle(SettingsChanged(owner, "test"), now_us)
    while (due_us := run.deadline_us) is not None and due_us <= now_us + wait_us:
        run.handle(DeadlinePassed(), due_us)
    return run.decision(LATCH).demand


def chosen(settings: Settings, words: str) -> Settings:
    """The settings after an owner has done what a way says, in a settings file's words."""
    document = settings.words()
    key, value = words.split("=", 1)
    if " when " in words:
        when = words.partition(" when ")[2]
        texts = str(document["overrides"]).split("; ")
        mine = [text for text in texts if text.startswith(f"{key}=") and text.endswith(when)]
        return parse({**document, "overrides": [words if t in mine else t for t in texts]})
    return parse({**document, key: value})


def prove(seed: int, count: int) -> Counter[str]:
    """Check every way from ``count`` states; return how much of what was checked."""
    checked: Counter[str] = Counter()
    for manager, now_us in reachable(seed, count):
        for demand in (Demand.RELEASE, Demand.ENGAGE):
            for way in ways(manager, LATCH, demand, now_us):
                checked[demand] += 1
                if way.setting:
                    owner = chosen(manager.settings, way.setting)
                    got = demand_after(manager, now_us, (), 0, owner)
                    assert got is demand, (way, manager.memory_at(now_us))
                    checked["settings"] += 1
                    continue
                checked[f"{len(way.changes)} together"] += 1
                got = demand_after(manager, now_us, way.changes, way.after_us, manager.settings)
                assert got is demand, (way, manager.memory_at(now_us))
                for size in range(len(way.changes)):
                    for part in combinations(way.changes, size):
                        waits = Change.TIME in part or Change.FULL in part
                        wait_us = way.after_us if waits else 0
                        less = demand_after(manager, now_us, part, wait_us, manager.settings)
                        assert less is not demand, (way, part, manager.memory_at(now_us))
                checked["waits"] += bool(way.after_us)
    return checked


@pytest.mark.whole
def test_from_sampled_states_what_is_told_works_and_nothing_smaller_does() -> None:
    checked = prove(seed=1, count=60)
    assert min(checked["release"], checked["engage"]) > 40
    assert checked["2 together"] > 10
    assert checked["settings"] > 10
    assert checked["waits"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_from_10_000_sampled_states_what_is_told_works_and_nothing_smaller_does(seed: int) -> None:
    checked = prove(seed, count=2_500)
    assert checked["3 together"] > 25
    assert checked["settings"] > 500
