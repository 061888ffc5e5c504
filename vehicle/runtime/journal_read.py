"""Reads journal lines back into the entries that they were written from.

Knows: the inverse of how ``journal`` writes. Refuses to know: where a line came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.names import (
    Charge,
    Demand,
    EventName,
    FaultName,
    MessageState,
    PinState,
    Request,
    Result,
    Source,
)
from vehicle.core.outputs import (
    ActuatorChanged,
    Answered,
    Because,
    Command,
    Decided,
    Entry,
    Event,
    Fault,
    HeatInlet,
    MessageChanged,
    Permit,
    SettingsTook,
    SignalChanged,
    StopCharge,
)
from vehicle.core.signals import SignalValue
from vehicle.core.snapshot import SIGNALS

Line = Mapping[str, Any]


class UnknownEntryError(ValueError):
    """A journal line that this version does not know: of a later one, or none at all."""


def entry_of(line: Line) -> Entry:
    """Return the entry that ``line`` was written from.

    Raises UnknownEntryError for a start line, and for a kind, a name or a key that is not known.
    """
    try:
        return _READ[line["kind"]](line)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise UnknownEntryError(f"not a journal entry known here: {dict(line)!r}") from error


def _value(signal: str, word: str) -> SignalValue:
    value: Any = SIGNALS[signal](word)
    return value  # type: ignore[no-any-return]


def _signal(line: Line) -> SignalChanged:
    name, was = line["signal"], line["was"]
    return SignalChanged(
        name, _value(name, line["value"]), None if was is None else _value(name, was)
    )


def _decision(line: Line) -> Decided:
    because = tuple(
        (name, Because(_value(name, why["value"]), why["age_us"]))
        for name, why in line["because"].items()
    )
    actuator, demand = Actuator(line["actuator"]), Demand(line["demand"])
    return Decided(actuator, demand, line["rule"], because, line["override"])


def _command(line: Line) -> Command:
    actuator, command = Actuator(line["actuator"]), Demand(line["command"])
    return Command(actuator, command, line["try"], line.get("recovery", False))


def _actuator(line: Line) -> ActuatorChanged:
    was = None if line["was"] is None else PinState(line["was"])
    return ActuatorChanged(
        Actuator(line["actuator"]), PinState(line["state"]), was, line["assumed"]
    )


def _permit(line: Line) -> Permit:
    was = None if line["was"] is None else Charge(line["was"])
    return Permit(Charge(line["charge"]), was)


def _request(line: Line) -> Answered:
    return Answered(Request(line["request"]), Source(line["source"]), Result(line["result"]))


def _event(line: Line) -> Event:
    details = {key: line[key] for key in line if key not in ("t", "kind", "event", "severity")}
    return Event(EventName(line["event"]), tuple(details.items()))


def _fault(line: Line) -> Fault:
    actuator = Actuator(line["actuator"]) if "actuator" in line else None
    return Fault(FaultName(line["fault"]), line["active"], actuator)


_READ: dict[str, Callable[[Line], Entry]] = {
    "signal": _signal,
    "decision": _decision,
    "command": _command,
    "actuator": _actuator,
    "permit": _permit,
    "stop": lambda line: StopCharge(line["active"], line["try"]),
    "heat": lambda line: HeatInlet(line["active"], line["try"]),
    "request": _request,
    "message": lambda line: MessageChanged(line["message"], MessageState(line["state"])),
    "event": _event,
    "fault": _fault,
    "settings": lambda line: SettingsTook(tuple(line["settings"].items()), line["source"]),
}
"""Kind -> what reads it. The start line is none of the core's."""
