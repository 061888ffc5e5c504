"""Every event has a row, says its details in words, and is told once for each cause."""

from __future__ import annotations

import pytest
from core_bench import AC_32, LATCH, MIN, Bench, S, charging, plugged, stop_to

from vehicle.core.events_told import EVENTS, TO_ACT_ON, Severity, _word, sentence
from vehicle.core.names import EventName
from vehicle.core.settings import Settings, Toggle
from vehicle.core.signals import CarLock, Feedback, Occupant, Session

pytestmark = pytest.mark.fast

ALARM, WARNING, NOTICE, INFO = Severity.ALARM, Severity.WARNING, Severity.NOTICE, Severity.INFO


# ---- the table ----------------------------------------------------------------------------------


def test_every_event_has_a_row_of_its_own_and_the_gravest_come_first() -> None:
    assert set(EVENTS) == set(EventName)
    assert len({told.sentence for told in EVENTS.values()}) == len(EVENTS)
    assert len({told.advice for told in EVENTS.values()}) == len(EVENTS)
    order = list(Severity)
    ranks = [order.index(told.severity) for told in EVENTS.values()]
    assert ranks == sorted(ranks, reverse=True)
    assert order == [INFO, NOTICE, WARNING, ALARM]


@pytest.mark.parametrize("event", EventName)
def test_an_event_says_what_happened_and_what_can_be_done(event: EventName) -> None:
    told = EVENTS[event]
    assert told.sentence[0].islower()
    assert not told.sentence.endswith(".")
    assert told.advice[0].isupper()
    assert told.advice.endswith(".")


@pytest.mark.parametrize(
    ("severity", "events"),
    [
        (
            ALARM,
            {EventName.CONNECTOR_REMOVED_WHILE_ENGAGED, EventName.PILOT_LOST_WHILE_ENGAGED},
        ),
        (
            WARNING,
            {
                EventName.UNPLUGGED_DURING_CHARGE,
                EventName.NOT_SECURED,
                EventName.ADAPTER_LEFT_BEHIND,
                EventName.JAMMED,
                EventName.MANUAL_RELEASE_PULLED,
                EventName.COMMAND_VETOED,
                EventName.AUTHENTICATION_FAILED,
            },
        ),
        (
            NOTICE,
            {
                EventName.RELEASED_WHEN_FULL,
                EventName.HEATING_INLET,
                EventName.REQUEST_REFUSED,
                EventName.SETTINGS_CHANGED,
                EventName.WELD_RESULT_MISSING,
            },
        ),
        (INFO, {EventName.WAKING_BUS, EventName.NEW_SEGMENT}),
    ],
)
def test_an_event_is_as_grave_as_what_may_be_lost(
    severity: Severity, events: set[EventName]
) -> None:
    assert {name for name, told in EVENTS.items() if told.severity is severity} == events
    assert (severity in TO_ACT_ON) == (severity in (ALARM, WARNING))


@pytest.mark.parametrize(
    ("event", "details", "words"),
    [
        (EventName.NEW_SEGMENT, (), "time jumped; everything is unknown again"),
        (
            EventName.UNPLUGGED_DURING_CHARGE,
            (("energy_wh", 4240),),
            "unplugged during the charge (4.2 kWh so far)",
        ),
        (
            EventName.UNPLUGGED_DURING_CHARGE,
            (("energy_wh", "unknown"),),
            "unplugged during the charge (energy unknown)",
        ),
        (
            EventName.UNPLUGGED_DURING_CHARGE,
            (("energy_wh", 999),),
            "unplugged during the charge (999 Wh so far)",
        ),
        (
            EventName.UNPLUGGED_DURING_CHARGE,
            (("energy_wh", 1000),),
            "unplugged during the charge (1.0 kWh so far)",
        ),
        (
            EventName.UNPLUGGED_DURING_CHARGE,
            (("energy_wh", 100_000),),
            "unplugged during the charge (100.0 kWh so far)",
        ),
        (
            EventName.JAMMED,
            (("actuator", "latch"), ("command", "engage")),
            "the pin did not move in any of its tries (charge-port latch, to engage)",
        ),
        (
            EventName.JAMMED,
            (("actuator", "adapter"), ("command", "release")),
            "the pin did not move in any of its tries (adapter lock, to release)",
        ),
        (
            EventName.NOT_SECURED,
            (("actuator", "latch"), ("occupant", "connector")),
            "the car is locked, but what is plugged in is not held"
            " (charge-port latch, the connector)",
        ),
        (
            EventName.REQUEST_REFUSED,
            (("request", "unlatch"), ("source", "fob"), ("why", "refused-key-not-heard")),
            "the request was refused (to unlatch, by fob, the key is not heard)",
        ),
        (
            EventName.AUTHENTICATION_FAILED,
            (("message", "Remote"), ("why", "forged"), ("asks", "unlatch"), ("attempts", 3)),
            "a frame on the bus claims to be the car's own, and is not"
            " (message Remote, its code is wrong, it asks for unlatch, number 3)",
        ),
        (
            EventName.COMMAND_VETOED,
            (("why", "the contactors are welded"), ("session_time", 7)),
            "the interlock vetoed a command (the contactors are welded, session time 7)",
        ),
    ],
)
def test_details_are_told_in_words(
    event: EventName, details: tuple[tuple[str, str | int], ...], words: str
) -> None:
    assert sentence(event, details) == words


def test_a_value_without_words_of_its_own_is_told_as_it_is() -> None:
    said = _word({"1": "one"})
    assert [said("1"), said(1), said("two"), said(2)] == ["one", "one", "two", "2"]


@pytest.mark.parametrize(
    ("occupant", "words"),
    [("adapter", "the adapter"), ("adapter-and-connector", "the adapter with its connector")],
)
def test_what_was_taken_is_named(occupant: str, words: str) -> None:
    details = (("actuator", "adapter"), ("occupant", occupant))
    told = sentence(EventName.CONNECTOR_REMOVED_WHILE_ENGAGED, details)
    assert told.endswith(f"(adapter lock, {words})")


@pytest.mark.parametrize(("why", "words"), [("stale", "used before"), ("unchecked", "not looked")])
def test_a_code_that_was_not_taken_says_why(why: str, words: str) -> None:
    assert words in sentence(EventName.AUTHENTICATION_FAILED, (("why", why),))


# ---- not again while the cause stands, again after that -----------------------------------------


def count(bench: Bench, event: EventName) -> int:
    return bench.events().count(event)


def test_a_jam_is_told_once_however_often_it_is_tried_and_again_after_it_came_free() -> None:
    bench = plugged(car_lock=CarLock.LOCKED)
    for _ in range(2):
        bench.stuck.add(LATCH)
        bench.clear()
        for _ in range(3):
            bench.unlatch()
            bench.run(3 * MIN)
        assert count(bench, EventName.JAMMED) == 1
        bench.stuck.clear()
        bench.unlatch()
        bench.run(2 * MIN)
        assert bench.state == "released"
        bench.latch()
        bench.run(MIN)
        assert bench.state == "engaged"


def test_a_manual_release_is_told_once_for_each_connector() -> None:
    bench = charging(car_lock=CarLock.LOCKED)
    for _ in range(3):
        bench.see(latch=Feedback.RELEASED)
        bench.run(S)
        bench.see(latch=Feedback.ENGAGED)
        bench.run(S)
    assert count(bench, EventName.MANUAL_RELEASE_PULLED) == 1
    bench.see(occupant=Occupant.EMPTY)
    bench.run(2 * MIN)
    bench.see(**AC_32)
    bench.run(MIN)
    assert bench.state == "engaged"
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert count(bench, EventName.MANUAL_RELEASE_PULLED) == 2


def test_a_release_when_full_is_told_once_for_each_charge() -> None:
    bench = charging(settings=Settings(release_when_full=Toggle.ON), car_lock=CarLock.LOCKED)
    stop_to(bench)
    bench.run(MIN)
    for _ in range(3):
        bench.see(latch=Feedback.ENGAGED)
        bench.run(2 * MIN)
    assert bench.state == "released"
    assert count(bench, EventName.RELEASED_WHEN_FULL) == 1
    bench.see(occupant=Occupant.EMPTY, session=Session.NONE)
    bench.run(MIN)
    bench.see(**AC_32)
    bench.run(MIN)
    stop_to(bench)
    bench.run(MIN)
    assert count(bench, EventName.RELEASED_WHEN_FULL) == 2


def test_what_is_not_secured_is_told_once_and_again_after_the_next_lock() -> None:
    bench = plugged(Settings(auto_lock=Toggle.OFF))
    for times in (1, 2):
        bench.see(car_lock=CarLock.LOCKED)
        for session in (Session.WAITING, Session.COMPLETE, Session.NONE):
            bench.see(session=session)
            bench.run(MIN)
        assert count(bench, EventName.NOT_SECURED) == times
        bench.see(car_lock=CarLock.UNLOCKED)


def test_a_pin_that_jams_on_its_way_out_still_holds_what_is_plugged_in() -> None:
    bench = plugged(car_lock=CarLock.LOCKED)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(2 * MIN)
    assert count(bench, EventName.JAMMED) == 1
    assert count(bench, EventName.NOT_SECURED) == 0


def test_each_adapter_that_is_left_behind_is_told() -> None:
    bench = plugged(car_lock=CarLock.LOCKED, occupant=Occupant.ADAPTER_AND_CONNECTOR)
    for times in (1, 2):
        for occupant in (Occupant.ADAPTER, Occupant.UNKNOWN, Occupant.ADAPTER):
            bench.see(occupant=occupant)
            bench.run(S)
        assert count(bench, EventName.ADAPTER_LEFT_BEHIND) == times
        bench.see(occupant=Occupant.ADAPTER_AND_CONNECTOR)


def test_each_theft_is_told_once_whatever_the_sensor_says_in_between() -> None:
    bench = charging(car_lock=CarLock.LOCKED)
    for occupant in (Occupant.EMPTY, Occupant.UNKNOWN, Occupant.EMPTY):
        bench.see(occupant=occupant)
        bench.run(S)
    assert count(bench, EventName.CONNECTOR_REMOVED_WHILE_ENGAGED) == 1
    assert count(bench, EventName.UNPLUGGED_DURING_CHARGE) == 1
