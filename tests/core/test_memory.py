"""The manager's memory: whole, hashable, relative in time, and the same after a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from core_bench import AC_32, ADAPTER, DC, LATCH, MIN, MS, Bench, S, charging, plugged, stop_to

from vehicle.core.car import Car
from vehicle.core.inputs import BusFailed, BusQuiet, DeadlinePassed, Observed
from vehicle.core.manager import LockManager
from vehicle.core.memory import LASTING, Flag, Memory, Settled, Timer
from vehicle.core.names import Charge, FaultName, PinState, Source
from vehicle.core.outputs import ActuatorChanged, Decided, Fault, Output, Permit, SignalChanged
from vehicle.core.patience import Patience
from vehicle.core.pin import PinMemory
from vehicle.core.plain import from_plain, to_plain
from vehicle.core.settings import Settings, Toggle
from vehicle.core.signals import (
    BoardSupply,
    Cabin,
    Cable,
    CarLock,
    Feedback,
    Fitted,
    Hour,
    Inlet,
    KeyZone,
    Occupant,
    Pilot,
    Place,
    Session,
    Supply,
    SupplyLimit,
    Temperature,
    Weld,
)
from vehicle.core.situation import Asked
from vehicle.core.snapshot import SIGNALS, Snapshot

pytestmark = pytest.mark.fast

LOCKED: dict[str, Any] = {"car_lock": CarLock.LOCKED}


def engaging() -> Bench:
    """Return a bench in the middle of an engage stroke."""
    bench = plugged()
    bench.see(**LOCKED)
    bench.run(50 * MS)
    return bench


def debouncing() -> Bench:
    """Return a bench whose sensor has just begun to say something else."""
    bench = engaging()
    bench.run(120 * MS)
    return bench


def releasing() -> Bench:
    """Return a bench in the middle of a requested release."""
    bench = plugged(**LOCKED)
    bench.unlatch()
    bench.run(300 * MS)
    return bench


def retrying() -> Bench:
    """Return a bench between the tries of a stuck pin."""
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(2 * S)
    return bench


def recovering() -> Bench:
    """Return a bench in the reverse pulse before the last try."""
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(10_900 * MS)
    return bench


def jammed() -> Bench:
    """Return a bench whose pin has given up."""
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(40 * S)
    return bench


def cooling_down() -> Bench:
    """Return a bench whose pin rests after a jam, with a new demand waiting."""
    bench = jammed()
    bench.see(session=Session.WAITING)
    return bench


def stopping() -> Bench:
    """Return a bench that waits for a stop that does not come."""
    bench = charging()
    bench.unlatch()
    bench.run(35 * S)
    return bench


def energy_unknown() -> Bench:
    """Return a bench that waits for the energy to become known."""
    bench = charging()
    bench.see(inlet=Inlet.UNKNOWN)
    bench.unlatch()
    bench.run(S)
    return bench


def weld_test() -> Bench:
    """Return a bench that waits for a weld test's result."""
    bench = charging(DC, car=Car(reports_weld_test=True), weld=Weld.UNKNOWN)
    bench.unlatch()
    bench.see(inlet=Inlet.SAFE, session=Session.STOPPING)
    bench.run(S)
    return bench


def interrupted() -> Bench:
    """Return a bench within the hold after a power cut."""
    bench = charging()
    stop_to(bench, Session.NONE)
    bench.run(4 * S)
    return bench


def in_grace() -> Bench:
    """Return a bench within the grace time of a full charge."""
    settings = Settings(release_when_full=Toggle.ON, release_grace_min=5)
    bench = charging(settings=settings, **LOCKED)
    stop_to(bench)
    bench.run(MIN)
    return bench


def manual() -> Bench:
    """Return a bench whose manual release was pulled."""
    bench = charging(**LOCKED)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    return bench


def released() -> Bench:
    """Return a bench that remembers a release."""
    bench = plugged(**LOCKED)
    bench.unlatch()
    bench.run(2 * S)
    return bench


def sensor_lost() -> Bench:
    """Return a bench whose sensor fell silent a second ago."""
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.run(S)
    return bench


def asleep() -> Bench:
    """Return a bench whose bus sleeps while an unlatch waits."""
    bench = plugged(**LOCKED)
    bench.give(BusQuiet("main", ("Body",), ()))
    bench.unlatch()
    bench.run(S)
    return bench


def lost() -> Bench:
    """Return a bench whose bus is lost."""
    bench = charging()
    bench.give(BusFailed("main"))
    return bench


def dead_cable() -> Bench:
    """Return a bench that has just lost its pilot."""
    bench = charging(**LOCKED)
    bench.see(pilot=type(bench.manager.snapshot.pilot)("absent"))
    bench.run(S)
    return bench


def latch_pending() -> Bench:
    """Return a bench with a latch request that nothing answers."""
    bench = plugged()
    bench.see(latch=Feedback.UNKNOWN)
    bench.latch()
    bench.run(S)
    return bench


def unsettled() -> Bench:
    """Every flickering signal has just changed."""
    bench = charging()
    bench.see(
        key=KeyZone.AT_PORT,
        cabin=Cabin.OCCUPIED,
        temperature=Temperature.COLD,
        board_supply=BoardSupply.LOW,
    )
    return bench


def waiting_long() -> Bench:
    """The session waits, and that will soon count no more."""
    bench = charging(settings=Settings(waiting_counts=Toggle.OFF))
    bench.see(session=Session.WAITING, inlet=Inlet.SAFE)
    bench.run(20 * S)
    return bench


def window() -> Bench:
    """A release that was asked for may still be used."""
    bench = plugged(Settings(), car_lock=CarLock.LOCKED)
    bench.unlatch()
    bench.run(20 * S)
    return bench


def heating() -> Bench:
    """The inlet is heated for a latch that is frozen in."""
    bench = plugged(car=Car(can_heat=True), temperature=Temperature.COLD, **LOCKED)
    bench.run(MIN)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(2 * MIN)
    return bench


MIDDLES = [
    engaging,
    debouncing,
    releasing,
    retrying,
    recovering,
    jammed,
    cooling_down,
    stopping,
    energy_unknown,
    weld_test,
    interrupted,
    in_grace,
    manual,
    released,
    sensor_lost,
    asleep,
    lost,
    dead_cable,
    latch_pending,
    unsettled,
    waiting_long,
    window,
    heating,
]


def follow(manager: LockManager, now_us: int) -> list[tuple[int, Output]]:
    """Let ten minutes pass, then let the car open, end its session and lose its connector."""
    said: list[tuple[int, Output]] = []
    until_us = now_us + 10 * MIN
    while (due_us := manager.deadline_us) is not None and due_us <= until_us:
        said += [(due_us, each) for each in manager.handle(DeadlinePassed(), due_us)]
    changes = (
        Observed((("car_lock", CarLock.UNLOCKED),)),
        Observed((("session", Session.COMPLETE), ("inlet", Inlet.SAFE))),
        Observed((("occupant", Occupant.EMPTY),)),
    )
    for event in changes:
        said += [(until_us, each) for each in manager.handle(event, until_us)]
    return said


@pytest.mark.parametrize("middle", MIDDLES)
def test_a_restart_in_the_middle_goes_on_as_if_nothing_had_happened(
    middle: Callable[[], Bench],
) -> None:
    bench = middle()
    old, now_us = bench.manager, bench.now_us
    plain = to_plain(old.memory_at(now_us))
    new = LockManager(bench.car, old.settings)
    new.restore(from_plain(Memory, plain), now_us, old.vetoed)
    assert new.memory == old.memory_at(now_us)
    assert new.deadline_us == old.deadline_us
    assert (new.permit, new.faults, new.snapshot) == (old.permit, old.faults, old.snapshot)
    assert follow(new, now_us) == follow(old, now_us)


def test_the_benches_are_where_they_say() -> None:
    """Each middle is reached: a pin in each step, and each timer somewhere."""
    memories = [middle().manager.memory for middle in MIDDLES]
    steps = {memory.latch.step.value for memory in memories}
    assert steps == {"rest", "drive", "pause", "recover"}
    timers = {timer for memory in memories for timer, _ in memory.timers}
    assert timers == set(Timer) - {Timer.FEEDBACK_ADAPTER}
    assert any(memory.latch.candidate is not None for memory in memories)
    assert any(memory.latch.waits_for_rest for memory in memories)


def test_memory_is_hashable_and_compares_by_value() -> None:
    first, second = stopping().manager.memory, stopping().manager.memory
    assert first == second
    assert len({first, second, Memory()}) == 2


WHOLE = Memory(
    snapshot=Snapshot(
        car_lock=CarLock.LOCKED,
        key=KeyZone.FAR,
        occupant=Occupant.ADAPTER_AND_CONNECTOR,
        session=Session.STOPPING,
        supply=Supply.DC,
        supply_limit=SupplyLimit.UP_TO_16_A,
        pilot=Pilot.PRESENT,
        inlet=Inlet.ENERGISED,
        weld=Weld.TESTING,
        latch=Feedback.RELEASED,
        adapter_lock=Feedback.ENGAGED,
        latch_fitted=Fitted.FITTED,
        adapter_lock_fitted=Fitted.FITTED,
        place=Place.HOME,
        hour=Hour.H07,
        cabin=Cabin.EMPTY,
        cable=Cable.SOCKET,
        temperature=Temperature.COLD,
        board_supply=BoardSupply.LOW,
    ),
    settled=Settled(
        key=KeyZone.NEAR,
        cabin=Cabin.OCCUPIED,
        temperature=Temperature.MILD,
        board_supply=BoardSupply.GOOD,
    ),
    ages_us=tuple(range(1, len(SIGNALS) + 1)),
    last_session=Session.CHARGING,
    last_inlet=Inlet.SAFE,
    last_place=Place.HOME,
    last_supply=Supply.AC,
    last_cable=Cable.SOCKET,
    last_occupant=Occupant.CONNECTOR,
    energy_wh=7_000,
    failed_attempts=3,
    patience=((Source.FOB, Patience(4, S)),),
    asked=Asked.UNLATCH,
    asked_by=Source.PORT_BUTTON,
    stop_attempt=2,
    heatings=1,
    flags=frozenset({Flag.STOPPED, Flag.WELDED}),
    timers=((Timer.STOP_LIMIT, 20 * S), (Timer.STOP_REPEAT, 4 * S)),
    faults=frozenset({(FaultName.BUS_LOST, None), (FaultName.FEEDBACK_LOST, ADAPTER)}),
    asleep=frozenset({"body"}),
    lost=frozenset({"main"}),
    latch=PinMemory(state=PinState.RELEASED, rest_ends_in_us=3 * S, feedback=Feedback.RELEASED),
    adapter=PinMemory(state=PinState.ENGAGED, rest_ends_in_us=2 * S, feedback=Feedback.ENGAGED),
)
"""A memory in which nothing has its initial value."""


def test_everything_that_is_remembered_is_restored_and_saved() -> None:
    first = Memory()
    for item in fields(Memory):
        assert getattr(WHOLE, item.name) != getattr(first, item.name), item.name
    manager = LockManager(Car())
    manager.restore(WHOLE, 100 * S)
    assert manager.memory == WHOLE
    later = manager.memory_at(101 * S)
    assert later.ages_us == tuple(age_us + S for age_us in WHOLE.ages_us)
    assert later.timers == ((Timer.STOP_LIMIT, 19 * S), (Timer.STOP_REPEAT, 3 * S))
    assert later.patience == ((Source.FOB, Patience(4, 0)),)
    assert (later.latch.rest_ends_in_us, later.adapter.rest_ends_in_us) == (2 * S, S)


def test_a_manager_that_has_heard_nothing_remembers_nothing() -> None:
    assert LockManager(Car()).memory == Memory()


def test_a_memory_that_lacks_the_age_of_a_signal_is_not_taken() -> None:
    with pytest.raises(ValueError, match="shorter"):
        LockManager(Car()).restore(replace(WHOLE, ages_us=(0,)), 0)


def test_memory_is_relative_to_the_moment_it_is_asked_for() -> None:
    bench = charging()
    bench.unlatch()
    now = dict(bench.manager.memory.timers)
    later = dict(bench.manager.memory_at(bench.now_us + 3 * S).timers)
    assert {timer: us - 3 * S for timer, us in now.items()} == later


def test_ages_are_forgotten_on_request_only() -> None:
    bench = charging()
    memory = bench.manager.memory_at(bench.now_us + MIN)
    assert min(memory.ages_us) >= MIN
    assert set(memory.without_ages().ages_us) == {0}
    assert memory.without_ages().snapshot == memory.snapshot


def test_a_restart_tells_nothing() -> None:
    bench = charging()
    bench.restart()
    assert bench.give(DeadlinePassed()) == []


def test_memory_of_a_release_survives_a_restart() -> None:
    bench = released()
    bench.clear()
    bench.restart()
    bench.run(60 * MIN)
    assert bench.commands() == []
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.see(car_lock=CarLock.LOCKED)
    bench.run(S)
    assert bench.commands() == [("latch", "engage")]


def test_memory_of_a_manual_release_survives_a_restart() -> None:
    bench = manual()
    bench.clear()
    bench.restart()
    bench.see(session=Session.WAITING)
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert bench.manager.permit is Charge.NONE


def test_memory_of_a_jam_survives_a_restart() -> None:
    bench = jammed()
    bench.clear()
    bench.restart()
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert (FaultName.FAILED_TO_ENGAGE, LATCH) in bench.manager.faults


def test_a_start_after_a_restart_reports_everything_once_and_no_more() -> None:
    bench = jammed()
    memory = bench.manager.memory
    fresh = LockManager(bench.car)
    first = fresh.start(bench.now_us)
    bench.restart(memory)
    again = bench.manager.start(bench.now_us)
    for kind in (SignalChanged, ActuatorChanged, Decided, Permit):
        count = len([each for each in first if isinstance(each, kind)])
        assert len([each for each in again if isinstance(each, kind)]) == count
    assert [each for each in again if isinstance(each, Fault)] == [
        Fault(FaultName.FAILED_TO_ENGAGE, True, LATCH)
    ]
    assert bench.run(MIN) == []


def test_what_lasts_beyond_a_connector_is_listed() -> None:
    bench = charging(DC, weld=Weld.WELDED, adapter_lock_fitted=Fitted.FITTED)
    bench.see(adapter_lock=Feedback.RELEASED)
    bench.see(occupant=Occupant.EMPTY)
    assert bench.manager.memory.flags <= LASTING
    assert {Flag.WELDED, Flag.HEARD_LATCH, Flag.HEARD_ADAPTER} <= bench.manager.memory.flags


def test_nothing_but_what_lasts_is_left_when_the_connector_is_out() -> None:
    for middle in MIDDLES:
        bench = middle()
        bench.see(occupant=Occupant.EMPTY)
        assert bench.manager.memory.flags <= LASTING, middle.__name__
        assert bench.manager.memory.asked.value == "nothing", middle.__name__
    assert AC_32["occupant"] is Occupant.CONNECTOR
