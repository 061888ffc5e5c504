"""Which evidence each way of asking needs: every source, proof, key zone, door and history."""

from __future__ import annotations

from itertools import product

import pytest
from core_bench import MS, Bench, S, plugged

from vehicle.core.consent import EVIDENCE, NEEDED, SETTLED_US, Evidence
from vehicle.core.inputs import NotAuthentic, Requested
from vehicle.core.names import Authenticity, EventName, Proof, Request, Result, Source
from vehicle.core.outputs import Event
from vehicle.core.patience import FREE_FAILURES
from vehicle.core.signals import CarLock, KeyZone, Occupant

pytestmark = pytest.mark.fast

UNLOCKED, INSIDE, AT_PORT = CarLock.UNLOCKED, KeyZone.INSIDE, KeyZone.AT_PORT
HEARD = (KeyZone.FAR, KeyZone.NEAR, KeyZone.AT_PORT, KeyZone.INSIDE)
NEVER_ON_THE_BUS = (Source.CLI, Source.GUEST, Source.CAR_UNLOCK)

Case = tuple[Source, Proof, KeyZone, CarLock, bool, bool]
"""Source, proof, key, doors, and whether key and doors have said so for a while."""


def may(case: Case) -> bool:
    """What the requirements (P3, S7) say, in other words than the table's."""
    source, proof, key, doors, key_old, doors_old = case
    if source is Source.PORT_BUTTON and (key, doors, key_old) != (AT_PORT, UNLOCKED, True):
        return False
    if proof is Proof.LOCAL:
        return True
    if source in NEVER_ON_THE_BUS or proof is Proof.NONE:
        return False
    if proof is Proof.AUTHENTIC:
        return True
    unlocked = doors is UNLOCKED and doors_old
    heard = key in HEARD and key_old
    return {
        Source.REMOTE: heard and unlocked,
        Source.PORT_BUTTON: key_old and doors_old,
        Source.FOB: heard,
        Source.SCREEN: unlocked or (key is INSIDE and key_old),
        Source.CAR: unlocked,
    }[source]


def stand(bench: Bench, key: KeyZone, doors: CarLock, key_old: bool, doors_old: bool) -> None:
    """Let key and doors say this only just now, or for long."""
    other_key = KeyZone.ABSENT if key is not KeyZone.ABSENT else KeyZone.FAR
    other_doors = CarLock.LOCKED if doors is not CarLock.LOCKED else CarLock.UNKNOWN
    bench.see(key=key if key_old else other_key, car_lock=doors if doors_old else other_doors)
    bench.run(SETTLED_US)
    bench.see(key=key, car_lock=doors)
    bench.clear()


@pytest.fixture(scope="module", name="answers")
def _answers() -> dict[Case, Result]:
    """The first answer in every case."""
    found: dict[Case, Result] = {}
    bench = plugged()
    first = bench.manager.memory_at(bench.now_us)
    for key, doors, key_old, doors_old in product(KeyZone, CarLock, *[(False, True)] * 2):
        bench.manager.restore(first, bench.now_us)
        stand(bench, key, doors, key_old, doors_old)
        memory = bench.manager.memory_at(bench.now_us)
        for source, proof in product(Source, Proof):
            bench.clear()
            bench.manager.restore(memory, bench.now_us)
            bench.give(Requested(Request.UNLATCH, source, proof))
            found[source, proof, key, doors, key_old, doors_old] = bench.results()[0]
    return found


@pytest.mark.whole
def test_a_release_needs_what_the_requirements_say_in_every_case(
    answers: dict[Case, Result],
) -> None:
    accepted = {case for case, result in answers.items() if result is Result.ACCEPTED}
    assert accepted == {case for case in answers if may(case)}
    assert len(answers) == len(Source) * len(Proof) * len(KeyZone) * len(CarLock) * 4


def test_every_row_and_every_evidence_decides_some_case(answers: dict[Case, Result]) -> None:
    assert set(NEEDED) == set(Source)
    used = {each for row in NEEDED.values() for needed in row.values() for each in needed or ()}
    assert used == set(EVIDENCE) == set(Evidence)
    refusals = set(answers.values()) - {Result.ACCEPTED}
    assert refusals == {result for _, result in EVIDENCE.values()} | {Result.REFUSED_UNPROTECTED}


def test_a_refusal_is_told_with_its_reason() -> None:
    bench = plugged()
    stand(bench, KeyZone.ABSENT, UNLOCKED, True, True)
    bench.give(Requested(Request.UNLATCH, Source.FOB, Proof.INTACT))
    assert bench.results() == [Result.REFUSED_KEY_NOT_HEARD]
    assert bench.event(EventName.REQUEST_REFUSED) == {
        "request": "unlatch",
        "source": "fob",
        "why": "refused-key-not-heard",
    }


def test_evidence_counts_from_the_very_moment_it_is_settled() -> None:
    for wait_us, result in ((SETTLED_US - 1, "refused-just-changed"), (SETTLED_US, "accepted")):
        bench = plugged(key=KeyZone.ABSENT)
        bench.run(5 * S)
        bench.see(key=KeyZone.NEAR)
        bench.run(wait_us)
        bench.give(Requested(Request.UNLATCH, Source.FOB, Proof.INTACT))
        assert bench.results()[0] == result


def test_doors_count_from_the_very_moment_they_are_settled() -> None:
    for wait_us, result in ((SETTLED_US - 1, "refused-just-changed"), (SETTLED_US, "accepted")):
        bench = plugged(car_lock=CarLock.LOCKED)
        bench.run(5 * S)
        bench.see(car_lock=CarLock.UNLOCKED)
        bench.run(wait_us)
        bench.clear()
        bench.give(Requested(Request.UNLATCH, Source.CAR, Proof.INTACT))
        assert bench.results()[0] == result


def test_a_key_that_flickers_never_settles() -> None:
    bench = plugged(key=KeyZone.ABSENT)
    for _ in range(10):
        bench.see(key=KeyZone.NEAR)
        bench.run(900 * MS)
        bench.see(key=KeyZone.UNKNOWN)
        bench.run(100 * MS)
    bench.see(key=KeyZone.NEAR)
    bench.give(Requested(Request.UNLATCH, Source.FOB, Proof.INTACT))
    assert bench.results() == [Result.REFUSED_JUST_CHANGED]


def test_to_hold_needs_no_evidence() -> None:
    """Nothing is given up by it, and whoever asks may be a passer-by who means well."""
    bench = plugged(key=KeyZone.ABSENT, car_lock=CarLock.UNKNOWN)
    bench.give(Requested(Request.LATCH, Source.FOB, Proof.NONE))
    assert bench.results()[0] is Result.ACCEPTED


def test_in_shadow_the_cars_own_release_is_news_and_not_a_request() -> None:
    bench = Bench(shadow=True, occupant=Occupant.CONNECTOR, car_lock=CarLock.LOCKED)
    bench.give(Requested(Request.UNLATCH, Source.CAR, Proof.NONE))
    assert bench.results()[0] is Result.ACCEPTED
    bench.give(Requested(Request.UNLATCH, Source.FOB, Proof.NONE))
    assert bench.results()[-1] is Result.REFUSED_UNPROTECTED


# ---- failures -----------------------------------------------------------------------------------


def fail(bench: Bench, source: Source, times: int) -> None:
    for _ in range(times):
        bench.give(Requested(Request.UNLATCH, source, Proof.NONE))


def test_failures_slow_their_own_source_down_and_nobody_else() -> None:
    """P3: if one way fails the others still work."""
    bench = plugged(key=AT_PORT)
    bench.run(5 * S)
    fail(bench, Source.FOB, 5)
    assert bench.results()[3:] == [Result.REFUSED_UNPROTECTED, Result.REFUSED_TOO_OFTEN]
    memory = bench.manager.memory_at(bench.now_us)
    for source, proof in product(Source, Proof):
        bench.clear()
        bench.manager.restore(memory, bench.now_us)
        bench.give(Requested(Request.UNLATCH, source, proof))
        slowed = bench.results() == []
        assert slowed is (source is Source.FOB and proof in (Proof.INTACT, Proof.NONE))


def test_whoever_floods_the_bus_does_not_flood_the_journal() -> None:
    """In a minute of requests, three are free and then two lines come with each wait."""
    bench = plugged(key=KeyZone.NEAR)
    bench.run(5 * S)
    for _ in range(600):
        fail(bench, Source.FOB, 1)
        bench.run(100 * MS)
    waits = bench.results().count(Result.REFUSED_TOO_OFTEN)
    assert 8 <= waits <= 10
    assert len(bench.results()) == FREE_FAILURES + 2 * waits


def test_tries_while_waiting_do_not_lengthen_the_wait() -> None:
    bench = plugged(key=KeyZone.NEAR)
    bench.run(5 * S)
    fail(bench, Source.FOB, 50)
    bench.run(1 * S)
    bench.clear()
    bench.give(Requested(Request.UNLATCH, Source.FOB, Proof.INTACT))
    assert bench.results()[0] is Result.ACCEPTED


def test_failures_are_remembered_over_the_memory_and_forgotten_in_the_end() -> None:
    bench = plugged(key=KeyZone.NEAR)
    bench.run(5 * S)
    fail(bench, Source.FOB, 4)
    bench.restart()
    bench.clear()
    bench.give(Requested(Request.UNLATCH, Source.FOB, Proof.INTACT))
    assert bench.results() == [Result.REFUSED_TOO_OFTEN]
    assert dict(bench.manager.memory.patience)[Source.FOB].failures == 4
    bench.run(62 * S)
    assert bench.manager.memory_at(bench.now_us).patience == ()


def test_frames_that_fail_their_authentication_are_counted_and_told() -> None:
    bench = plugged()
    bench.give(NotAuthentic("Remote", Authenticity.FORGED, (Request.UNLATCH,)))
    bench.give(NotAuthentic("Remote", Authenticity.STALE))
    bench.give(NotAuthentic("Remote", Authenticity.FORGED, (Request.LATCH, Request.UNLATCH)))
    told = [dict(event.details) for event in bench.said(Event)]
    assert told == [
        {"message": "Remote", "why": "forged", "asks": "unlatch", "attempts": 1},
        {"message": "Remote", "why": "stale", "asks": "nothing", "attempts": 2},
        {"message": "Remote", "why": "forged", "asks": "latch, unlatch", "attempts": 3},
    ]
    assert bench.results() == []
    assert bench.manager.memory.failed_attempts == 3
