"""The events as people are told of them: how grave each is, what it says, what the owner can do.

Knows: a severity, a sentence and an advice for every event, and its details in words.
Refuses to know: when an event happens, and how it reaches anybody. A test holds each name to a row.

Which event is told how often is decided where it is told, by one rule: not again while its cause
stands, and again after that has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from vehicle.core.names import Authenticity, Demand, EventName, Result
from vehicle.core.record import record
from vehicle.core.signals import Occupant
from vehicle.core.words import PIN_WORDS, RESULT_WORDS


class Severity(StrEnum):
    """How grave an event is. The order is from the least to the gravest."""

    INFO = "info"
    """Worth knowing to whoever looks closer."""
    NOTICE = "notice"
    """Something was done, or was not, as somebody wanted."""
    WARNING = "warning"
    """Something is not as it should be; the owner may want to act."""
    ALARM = "alarm"
    """Somebody may be taking the cable at this moment."""


TO_ACT_ON = (Severity.WARNING, Severity.ALARM)
"""Severities that the owner may want to act on."""


@record
class Told:
    """One row: what is said of an event, and what the owner can do."""

    severity: Severity
    sentence: str
    """Without a full stop, so that details can follow it."""
    advice: str


EVENTS: dict[EventName, Told] = {
    EventName.CONNECTOR_REMOVED_WHILE_ENGAGED: Told(
        Severity.ALARM,
        "it was removed although it was locked",
        "Look after the car: the cable is gone, or its lock is broken.",
    ),
    EventName.PILOT_LOST_WHILE_ENGAGED: Told(
        Severity.ALARM,
        "the cable went dead while its car end is locked",
        "Look at the wall end: the cable may have been cut or pulled there.",
    ),
    EventName.UNPLUGGED_DURING_CHARGE: Told(
        Severity.WARNING,
        "unplugged during the charge",
        "If it was not you, look after the cable; plug it in again to go on.",
    ),
    EventName.NOT_SECURED: Told(
        Severity.WARNING,
        "the car is locked, but what is plugged in is not held",
        "What would lock it is in chargelock why; or take it with you.",
    ),
    EventName.ADAPTER_LEFT_BEHIND: Told(
        Severity.WARNING,
        "the handle is gone, the adapter is still in the inlet",
        "Take the adapter with you: unlock the car, or chargelock unlatch.",
    ),
    EventName.JAMMED: Told(
        Severity.WARNING,
        "the pin did not move in any of its tries",
        "The steps that free it are in chargelock status.",
    ),
    EventName.MANUAL_RELEASE_PULLED: Told(
        Severity.WARNING,
        "the manual release was pulled, and the charge is stopped",
        "Take the connector out once; the lock works again after that.",
    ),
    EventName.COMMAND_VETOED: Told(
        Severity.WARNING,
        "the interlock vetoed a command",
        "Nothing moved. If it comes again and again, have the car looked at.",
    ),
    EventName.AUTHENTICATION_FAILED: Told(
        Severity.WARNING,
        "a frame on the bus claims to be the car's own, and is not",
        "Nothing it asks for is done. Have the car's wiring looked at if it was not a workshop.",
    ),
    EventName.RELEASED_WHEN_FULL: Told(
        Severity.NOTICE,
        "released because the charge is complete",
        "Take your cable, or lock it again: chargelock latch.",
    ),
    EventName.HEATING_INLET: Told(
        Severity.NOTICE,
        "a pin may be frozen in: the inlet is heated for 10 min at most, then it is tried again",
        "Wait, or free the inlet of snow and ice; do not pull.",
    ),
    EventName.REQUEST_REFUSED: Told(
        Severity.NOTICE,
        "the request was refused",
        "The reason says what is missing; ask again once it is there.",
    ),
    EventName.SETTINGS_CHANGED: Told(
        Severity.NOTICE,
        "the settings changed",
        "What holds now, and who chose it, is in chargelock settings show.",
    ),
    EventName.WELD_RESULT_MISSING: Told(
        Severity.NOTICE,
        "no weld test result within 10 s; measured safe suffices",
        "Nothing now. If it comes after every fast charge, have the car looked at.",
    ),
    EventName.WAKING_BUS: Told(
        Severity.INFO,
        "waking the car's bus for the release",
        "Wait some seconds; a car that does not wake needs an open door or the fob.",
    ),
    EventName.NEW_SEGMENT: Told(
        Severity.INFO,
        "time jumped; everything is unknown again",
        "Nothing: what holds is heard again within seconds.",
    ),
}
"""Event -> its row, the gravest first."""

Details = Iterable[tuple[str, str | int]]


def sentence(event: EventName, details: Details) -> str:
    """Return what happened in one sentence without its full stop, with its details in words."""
    said = [
        _DETAILS[name](value) if name in _DETAILS else _plain(name, value)
        for name, value in details
    ]
    return EVENTS[event].sentence + (f" ({', '.join(said)})" if said else "")


def _plain(name: str, value: str | int) -> str:
    return f"{name.replace('_', ' ')} {value}"


def _word(words: Mapping[str, str]) -> Callable[[str | int], str]:
    """Return a function that gives a known value its words, and leaves any other as it is."""
    return lambda value: words.get(str(value), str(value))


def _energy(value: str | int) -> str:
    if isinstance(value, str):
        return f"energy {value}"
    return f"{value} Wh so far" if value < 1000 else f"{value / 1000:.1f} kWh so far"


_DETAILS: dict[str, Callable[[str | int], str]] = {
    "actuator": _word({str(pin): words for pin, words in PIN_WORDS.items()}),
    "occupant": _word(
        {
            str(Occupant.CONNECTOR): "the connector",
            str(Occupant.ADAPTER): "the adapter",
            str(Occupant.ADAPTER_AND_CONNECTOR): "the adapter with its connector",
        }
    ),
    "command": _word({str(Demand.ENGAGE): "to engage", str(Demand.RELEASE): "to release"}),
    "why": _word(
        {str(each): RESULT_WORDS[each].removeprefix("refused: ") for each in Result}
        | {
            str(Authenticity.FORGED): "its code is wrong",
            str(Authenticity.STALE): "its code was used before",
            str(Authenticity.UNCHECKED): "its code was not looked at",
        }
    ),
    "energy_wh": _energy,
    "source": lambda value: f"by {value}",
    "request": lambda value: f"to {value}",
    "asks": lambda value: f"it asks for {value}",
    "attempts": lambda value: f"number {value}",
    "message": lambda value: f"message {value}",
}
"""Detail -> how its value is said."""
