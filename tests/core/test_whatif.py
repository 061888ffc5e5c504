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
from core_bench import AC_16, DC, MIN, MS, Bench, S, charging, plugged, stop_to

from vehicle.core.car import Actuator, Car
from vehicle.core.inputs import (
    BusFailed,
    BusHeard,
    BusQuiet,
    DeadlinePassed,
    InputEvent,
    InternalError,
    Observed,
    Requested,
    SettingsChanged,
)
from vehicle.core.manager import LockManager
from vehicle.core.memory import Memory
from vehicle.core.names import Demand, PinState, Request, Source
from vehicle.core.outputs import Command, Output, WakeBus
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
    assert told(bench)[1].words == told(bench)[1].brief == "the car is unlocked"
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
def test_where_no_weld_test_is_heard_of_and_none_is_owed_a_safe_inlet_is_enough() -> None:
    bench = charging(weld=Weld.UNKNOWN)
    bench.unlatch()
    assert changes(bench) == [(Change.SAFE,)]


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
def test_with_a_weak_battery_nothing_is_said_to_lock_because_no_pulse_would_leave() -> None:
    bench = plugged(Settings(low_supply_release=Toggle.OFF))
    assert (Change.LOCK,) in changes(bench, Demand.ENGAGE)
    bench.see(board_supply=BoardSupply.LOW)
    bench.run(MIN)
    assert told(bench, Demand.ENGAGE) == []
    bench.see(car_lock=CarLock.LOCKED)
    assert bench.state == "released"


@pytest.mark.fast
def test_while_the_sensor_is_lost_only_a_request_is_said_to_release() -> None:
    """A pin that nobody sees rests, unless someone asks."""
    bench = plugged(car_lock=CarLock.LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    assert [way.changes for way in told(bench)] == [(Change.ASK,)]
    assert told(bench, Demand.ENGAGE) == []


@pytest.mark.fast
def test_while_the_bus_sleeps_a_request_releases_and_none_locks_until_the_car_wakes() -> None:
    bench = plugged(car_lock=CarLock.LOCKED, car=Car(can_wake=True))
    bench.give(BusQuiet("can0", (), ()))
    assert changes(bench) == [(Change.ASK,), (Change.UNLOCK,)]
    assert settings(bench) == ["auto-lock=off", "latch-mode=while-charging", "latch-mode=off"]
    free = plugged(car_lock=CarLock.UNLOCKED)
    free.give(BusQuiet("can0", (), ()))
    assert (Change.ASK_TO_HOLD,) not in changes(free, Demand.ENGAGE)
    assert (Change.ASK_TO_HOLD, Change.HEARD) in changes(free, Demand.ENGAGE)
    assert (Change.LOCK,) in changes(free, Demand.ENGAGE)


@pytest.mark.fast
def test_a_pin_that_only_rests_from_its_last_stroke_is_said_to_go() -> None:
    bench = plugged(car_lock=CarLock.LOCKED)
    bench.unlatch()
    bench.run(S)
    assert bench.manager.memory.latch.rest_ends_in_us > S
    assert (Change.LOCK_AGAIN,) in changes(bench, Demand.ENGAGE)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.see(car_lock=CarLock.LOCKED)
    assert bench.state == "released"
    bench.run(10 * S)
    assert bench.state == "engaged"


@pytest.mark.fast
def test_an_engaged_pin_that_is_left_alone_is_held_by_what_asks_for_that_even_in_weakness() -> None:
    """No pulse is needed for it."""
    bench = plugged(Settings(low_supply_release=Toggle.OFF), car_lock=CarLock.LOCKED)
    bench.see(board_supply=BoardSupply.LOW, car_lock=CarLock.UNKNOWN)
    bench.run(MIN)
    assert bench.state == "engaged"
    assert (Change.LOCK,) in changes(bench, Demand.ENGAGE)


@pytest.mark.fast
def test_with_a_weak_battery_a_stroke_that_runs_to_the_other_end_is_no_lock() -> None:
    bench = plugged(Settings(low_supply_release=Toggle.OFF), car_lock=CarLock.LOCKED)
    bench.see(board_supply=BoardSupply.LOW)
    bench.run(MIN)
    bench.unlatch()
    assert bench.state == "releasing"
    assert told(bench, Demand.ENGAGE) == []


@pytest.mark.fast
def test_after_an_internal_error_nothing_is_said_to_move_a_pin() -> None:
    bench = plugged(car_lock=CarLock.LOCKED)
    bench.give(InternalError("test"))
    assert told(bench) == []


@pytest.mark.fast
def test_on_a_lost_bus_what_the_car_tells_is_enough_and_a_request_needs_the_bus_besides() -> None:
    bench = plugged(car_lock=CarLock.LOCKED)
    bench.give(BusFailed("can0"))
    assert changes(bench) == [(Change.UNLOCK,), (Change.ASK, Change.HEARD)]
    assert settings(bench) == []
    (_, asked) = [way for way in told(bench) if not way.setting]
    assert asked.brief == "someone asks for it and the car's bus is heard again"


@pytest.mark.fast
def test_in_a_shadow_what_we_would_veto_is_not_told() -> None:
    bench = Bench(settings=Settings(low_supply_release=Toggle.OFF), shadow=True)
    bench.see(occupant=Occupant.CONNECTOR)
    bench.run(S)
    assert (Change.LOCK,) in changes(bench, Demand.ENGAGE)
    bench.see(board_supply=BoardSupply.LOW)
    bench.run(MIN)
    assert told(bench, Demand.ENGAGE) == []


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
            Car(reports_weld_test=chance.random() < 0.3, can_wake=chance.random() < 0.5),
            chance.choice(OWNERS),
            adapter_lock_fitted=chance.choice(list(Fitted)),
        )
        bench.see(occupant=Occupant.CONNECTOR, car_lock=chance.choice(list(CarLock)))
        for _ in range(12):
            roll = chance.random()
            if roll < 0.1:
                bench.ask(chance.choice(list(Request)))
            elif roll < 0.13:
                bench.give(BusQuiet("can0", (), ()))
            elif roll < 0.35:
                bench.run(chance.choice((S, 10 * S, 70 * S, 6 * MIN)))
            else:
                bench.give(BusHeard("can0"))
                name = chance.choice(list(MOVES))
                bench.see(**{name: chance.choice(MOVES[name])})
                bench.run(100 * MS if name == "latch" else 0)  # so that its word counts
        if count:
            count -= 1
            yield bench.manager, bench.now_us


def brought_about(change: Change, manager: LockManager) -> list[InputEvent]:
    """The events of one change, in other words than the search has for them."""
    occupant, session = manager.snapshot.occupant, manager.snapshot.session

    silent = manager.memory.asleep | manager.memory.lost

    def sees(name: str, *values: str) -> list[InputEvent]:
        kind = type(getattr(manager.snapshot, name))
        seen = [Observed(((name, kind(value)),)) for value in values]
        return [*(BusHeard(each) for each in silent), *seen]

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
        Change.HEARD: [BusHeard(each) for each in silent],
    }[change]


END = {Demand.ENGAGE: PinState.ENGAGED, Demand.RELEASE: PinState.RELEASED}


def goes(
    demand: Demand,
    manager: LockManager,
    now_us: int,
    chosen: tuple[Change, ...] = (),
    wait_us: int = 0,
    owner: Settings | None = None,
) -> bool:
    """Whether the latch goes where ``demand`` wants it, for that very demand: it is there, or a
    pulse leaves for it, once ``chosen`` has happened, ``wait_us`` and the motor's rest have passed.
    A release also counts where the sleeping bus is woken for it.
    """
    memory: Memory = manager.memory_at(now_us)
    run = LockManager(manager.car, manager.settings)
    run.restore(memory, now_us)
    goal = memory.latch.goal
    outputs: list[Output] = []
    for change in chosen:
        for event in brought_about(change, manager):
            outputs += run.handle(event, now_us)
    if owner is not None:
        outputs += run.handle(SettingsChanged(owner, "test"), now_us)

    def let_pass(until_us: int) -> None:
        while (due_us := run.deadline_us) is not None and due_us <= until_us:
            outputs.extend(run.handle(DeadlinePassed(), due_us))

    let_pass(now_us + wait_us)
    if run.decision(LATCH).demand is not demand:
        return False
    runs = goal is demand and run.pin(LATCH).goal is demand  # since before
    let_pass(now_us + wait_us + run.memory.latch.rest_ends_in_us)
    driven = any(
        isinstance(each, Command)
        and (each.actuator, each.command, each.recovery) == (LATCH, demand, False)
        for each in outputs
    )
    woken = demand is Demand.RELEASE and any(isinstance(each, WakeBus) for each in outputs)
    return run.pin(LATCH).state is END[demand] or driven or runs or woken


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
                    works = goes(demand, manager, now_us, owner=owner)
                    assert works, (way, manager.memory_at(now_us))
                    checked["settings"] += 1
                    continue
                checked[f"{len(way.changes)} together"] += 1
                works = goes(demand, manager, now_us, way.changes, way.after_us)
                assert works, (way, manager.memory_at(now_us))
                for size in range(len(way.changes)):
                    for part in combinations(way.changes, size):
                        waits = Change.TIME in part or Change.FULL in part
                        wait_us = way.after_us if waits else 0
                        less = goes(demand, manager, now_us, part, wait_us)
                        assert not less, (way, part, manager.memory_at(now_us))
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
