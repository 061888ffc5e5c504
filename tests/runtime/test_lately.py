"""The status names the latest events that an owner may want to act on, and no others."""

from __future__ import annotations

import pytest

from vehicle.core.car import Actuator
from vehicle.core.names import EventName, FaultName
from vehicle.core.outputs import Event, Fault
from vehicle.runtime.lately import EVENTS_MAX, LATELY_US, Lately

pytestmark = pytest.mark.fast

LEFT = Event(EventName.ADAPTER_LEFT_BEHIND)
STOLEN = Event(EventName.CONNECTOR_REMOVED_WHILE_ENGAGED, (("actuator", Actuator.LATCH),))


def names(lately: Lately, now_us: int) -> list[str]:
    return [each["event"] for each in lately.told(now_us)]


def test_alarms_and_warnings_are_told_with_their_words_and_their_age() -> None:
    lately = Lately()
    lately.take(1_000_000, STOLEN)
    assert lately.told(4_000_000) == [
        {
            "event": "connector_removed_while_engaged",
            "severity": "alarm",
            "words": "it was removed although it was locked (charge-port latch)",
            "advice": "Look after the car: the cable is gone, or its lock is broken.",
            "age_us": 3_000_000,
        }
    ]


def test_the_newest_come_first_and_only_a_few_are_told() -> None:
    lately = Lately()
    for now_us in range(EVENTS_MAX + 2):
        lately.take(now_us, LEFT)
    lately.take(9, STOLEN)
    told = names(lately, 9)
    assert told == [STOLEN.event, *[LEFT.event] * (EVENTS_MAX - 1)]


def test_what_nobody_has_to_act_on_pushes_nothing_out() -> None:
    lately = Lately()
    lately.take(0, LEFT)
    for _ in range(2 * EVENTS_MAX):
        lately.take(1, Event(EventName.SETTINGS_CHANGED))
        lately.take(1, Fault(FaultName.BUS_LOST, True))
    assert names(lately, 1) == [LEFT.event]


def test_after_a_day_it_is_not_lately_any_more() -> None:
    lately = Lately()
    lately.take(0, LEFT)
    assert names(lately, LATELY_US) == [LEFT.event]
    assert names(lately, LATELY_US + 1) == []
