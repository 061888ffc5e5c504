"""No word of the journal is dead: each fault, event and result is said by one of these stories.

And every fault that comes up goes away again, once its cause has gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from core_bench import (
    AC_16,
    AC_32,
    DC,
    LATCH,
    MIN,
    Bench,
    S,
    charging,
    plugged,
    stop_to,
)

from vehicle.core.car import Car
from vehicle.core.inputs import (
    BusFailed,
    BusHeard,
    BusQuiet,
    BusRestored,
    InternalError,
    NotAuthentic,
    Refused,
    Requested,
    SegmentStarted,
)
from vehicle.core.names import (
    Authenticity,
    EventName,
    FaultName,
    Proof,
    Request,
    Result,
    Source,
)
from vehicle.core.settings import Settings, Toggle
from vehicle.core.signals import (
    BoardSupply,
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    KeyZone,
    Occupant,
    Pilot,
    Session,
    Temperature,
    Weld,
)

pytestmark = pytest.mark.fast

LOCKED: dict[str, Any] = {"car_lock": CarLock.LOCKED}


def _stuck_engage() -> Bench:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.latch()
    bench.run(30 * S)
    bench.see(occupant=Occupant.EMPTY)
    return bench


def _stuck_release() -> Bench:
    bench = plugged(**LOCKED)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(30 * S)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    return bench


def _manual_release() -> Bench:
    bench = charging(**LOCKED)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    bench.unlatch()
    bench.see(occupant=Occupant.EMPTY)
    return bench


def _closes_by_itself() -> Bench:
    bench = plugged()
    bench.see(latch=Feedback.ENGAGED)
    bench.run(10 * S)
    return bench


def _sensor_lost() -> Bench:
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(10 * S)
    bench.see(latch=Feedback.RELEASED)
    return bench


def _energy_unknown() -> Bench:
    bench = charging()
    bench.see(inlet=Inlet.UNKNOWN)
    bench.unlatch()
    bench.run(6 * S)
    bench.see(inlet=Inlet.SAFE)
    return bench


def _stop_not_confirmed() -> Bench:
    bench = charging()
    bench.unlatch()
    bench.unlatch(Source.SCREEN)
    bench.run(31 * S)
    bench.see(inlet=Inlet.SAFE)
    return bench


def _welded() -> Bench:
    bench = charging(DC, weld=Weld.WELDED)
    bench.unlatch()
    bench.see(weld=Weld.PASSED)
    return bench


def _no_weld_result() -> Bench:
    bench = charging(DC, car=Car(reports_weld_test=True), weld=Weld.UNKNOWN)
    stop_to(bench)
    bench.run(11 * S)
    return bench


def _asleep() -> Bench:
    bench = plugged(car=Car(can_wake=True), **LOCKED)
    bench.give(BusQuiet("main", ("Body",), ()))
    bench.unlatch()
    bench.run(6 * S)
    bench.give(BusHeard("main"))
    bench.run(S)
    return bench


def _lost() -> Bench:
    bench = charging()
    bench.give(BusFailed("main"))
    bench.give(BusRestored("main"))
    return bench


def _internal_error_and_a_segment() -> Bench:
    bench = charging()
    bench.unlatch()
    bench.give(InternalError("test"))
    bench.give(SegmentStarted())
    return bench


def _a_segment_in_an_unlatch() -> Bench:
    bench = charging()
    bench.unlatch()
    bench.give(SegmentStarted())
    return bench


def _stolen() -> Bench:
    bench = charging(**LOCKED)
    bench.see(occupant=Occupant.EMPTY)
    return bench


def _wall_end_cut() -> Bench:
    bench = charging(**LOCKED)
    bench.see(pilot=Pilot.ABSENT)
    bench.run(3 * S)
    return bench


def _orphan_adapter() -> Bench:
    bench = charging({**AC_16, "occupant": Occupant.ADAPTER_AND_CONNECTOR}, **LOCKED)
    bench.see(occupant=Occupant.ADAPTER)
    return bench


def _full() -> Bench:
    bench = charging(AC_32, Settings(release_when_full=Toggle.ON), **LOCKED)
    stop_to(bench)
    bench.run(S)
    return bench


def _settings_and_a_veto() -> Bench:
    bench = plugged()
    bench.choose(auto_lock="on", latch_mode="always")
    bench.run(10 * S)
    bench.clear()
    bench.choose(latch_mode="with-car")
    bench.run(10 * S)
    bench.stuck.add(LATCH)
    bench.see(inlet=Inlet.ENERGISED)
    bench.run(30 * S)
    return bench


def _refused() -> Bench:
    bench = Bench(key=KeyZone.FAR)
    bench.unlatch()
    bench.unlatch(Source.PORT_BUTTON)
    bench.see(key=KeyZone.AT_PORT, **LOCKED)
    bench.run(S)
    bench.unlatch(Source.PORT_BUTTON)
    bench.see(occupant=Occupant.UNKNOWN)
    bench.latch()
    bench.see(latch_fitted=Fitted.UNKNOWN)
    bench.unlatch()
    bench.see(latch_fitted=Fitted.ABSENT)
    bench.unlatch()
    return bench


def _asked_over_the_bus() -> Bench:
    """Without a proof, and then with too little that speaks for it, again and again."""
    bench = plugged(key=KeyZone.ABSENT)
    bench.give(Requested(Request.UNLATCH, Source.FOB, Proof.NONE))
    bench.give(NotAuthentic("Remote", Authenticity.FORGED, (Request.UNLATCH,)))
    bench.give(Refused(Request.UNLATCH, Source.GUEST, Result.REFUSED_CODE))
    for zone in (KeyZone.ABSENT, KeyZone.NEAR, KeyZone.NEAR, KeyZone.NEAR):
        bench.see(key=zone)
        bench.give(Requested(Request.UNLATCH, Source.FOB, Proof.INTACT))
    return bench


def _changed_minds() -> Bench:
    bench = plugged(session=Session.WAITING, inlet=Inlet.UNKNOWN)
    bench.unlatch()
    bench.latch()
    bench.unlatch()
    bench.see(occupant=Occupant.EMPTY)
    return bench


def _empty_battery() -> Bench:
    bench = plugged(**LOCKED)
    bench.see(board_supply=BoardSupply.TOO_LOW)
    bench.run(11 * S)
    bench.unlatch()
    bench.run(S)
    bench.see(board_supply=BoardSupply.GOOD)
    bench.run(70 * S)
    return bench


def _frozen() -> Bench:
    bench = plugged(car=Car(can_heat=True), temperature=Temperature.COLD, **LOCKED)
    bench.run(MIN)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(2 * MIN)
    bench.see(board_supply=BoardSupply.LOW)
    bench.run(11 * S)
    bench.see(board_supply=BoardSupply.GOOD)
    bench.run(70 * S)
    return bench


STORIES: list[Callable[[], Bench]] = [
    _stuck_engage,
    _stuck_release,
    _manual_release,
    _closes_by_itself,
    _sensor_lost,
    _energy_unknown,
    _stop_not_confirmed,
    _welded,
    _no_weld_result,
    _asleep,
    _lost,
    _internal_error_and_a_segment,
    _a_segment_in_an_unlatch,
    _stolen,
    _wall_end_cut,
    _orphan_adapter,
    _full,
    _settings_and_a_veto,
    _refused,
    _asked_over_the_bus,
    _changed_minds,
    _empty_battery,
    _frozen,
]


def test_every_fault_event_and_result_is_said_by_some_story() -> None:
    faults: set[FaultName] = set()
    events: set[EventName] = set()
    results: set[Result] = set()
    for story in STORIES:
        bench = story()
        faults |= {name for name, _ in bench.faults()}
        events |= set(bench.events())
        results |= set(bench.results())
    assert faults == set(FaultName)
    assert events == set(EventName)
    assert results == set(Result)


@pytest.mark.parametrize("story", STORIES)
def test_every_fault_goes_when_its_cause_has_gone(story: Callable[[], Bench]) -> None:
    bench = story()
    bench.stuck.clear()
    bench.see(occupant=Occupant.EMPTY, inlet=Inlet.SAFE, session=Session.NONE)
    bench.run(5 * MIN)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert bench.manager.faults == frozenset()
