"""The record of decisions: one JSON line each time something changes.

Knows: how every output of the core is written.
Refuses to know: where the lines go, what time of day it is, and which words there are
(``journal_schema``).

A line is UTF-8 JSON with sorted keys and no spaces. ``t`` is microseconds since the first frame.
Later versions only add kinds and keys; readers ignore those that they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeGuard

from vehicle.core.events_told import EVENTS
from vehicle.core.outputs import (
    ActuatorChanged,
    Answered,
    Command,
    Decided,
    Entry,
    Event,
    Fault,
    HeatInlet,
    MessageChanged,
    Output,
    Permit,
    SettingsTook,
    SignalChanged,
    StopCharge,
)

SCHEMA_VERSION = 1


def _decision(output: Decided) -> dict[str, Any]:
    return {
        "actuator": output.actuator,
        "demand": output.demand,
        "rule": output.rule,
        "override": output.override,
        "because": {
            signal: {"value": why.value, "age_us": why.age_us} for signal, why in output.because
        },
    }


def _command(output: Command) -> dict[str, Any]:
    fields = {"actuator": output.actuator, "command": output.command, "try": output.attempt}
    return {**fields, "recovery": True} if output.recovery else fields


def _fault(output: Fault) -> dict[str, Any]:
    fields = {"fault": output.fault, "active": output.active}
    return fields if output.actuator is None else {**fields, "actuator": output.actuator}


_FIELDS: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    SignalChanged: lambda o: {"signal": o.signal, "value": o.value, "was": o.was},
    Decided: _decision,
    Command: _command,
    ActuatorChanged: lambda o: {
        "actuator": o.actuator,
        "state": o.state,
        "was": o.was,
        "assumed": o.assumed,
    },
    Permit: lambda o: {"charge": o.charge, "was": o.was},
    StopCharge: lambda o: {"active": o.active, "try": o.attempt},
    HeatInlet: lambda o: {"active": o.active, "try": o.attempt},
    Answered: lambda o: {"request": o.request, "source": o.source, "result": o.result},
    MessageChanged: lambda o: {"message": o.message, "state": o.state},
    Event: lambda o: {
        **dict(o.details),
        "event": o.event,
        "severity": EVENTS[o.event].severity,
    },
    Fault: _fault,
    SettingsTook: lambda o: {"settings": dict(o.settings), "source": o.source},
}


def is_entry(output: Output) -> TypeGuard[Entry]:
    """Return whether ``output`` is a journal line (motor power off and wake frames are not)."""
    return type(output) in _FIELDS


def fields_of(output: Entry) -> dict[str, Any]:
    """Return the fields of one journal line, without ``t``."""
    return {"kind": output.kind, **_FIELDS[type(output)](output)}


def to_line(now_us: int, output: Entry) -> str:
    """Return ``output`` as one journal line, without a line end."""
    if isinstance(output, Decided):
        return _decision_line(now_us, output)
    head, tail = _around(output)
    return f"{head}{now_us}{tail}"


_SOME_TIME = -(1 << 62)
"""A time that no line has."""


@lru_cache(maxsize=1024)
def _around(output: Entry) -> tuple[str, str]:
    """Return what stands before and after a line's time: the same few things happen for years."""
    head, _, tail = _dump({"t": _SOME_TIME, **fields_of(output)}).partition(str(_SOME_TIME))
    return head, tail


def _decision_line(now_us: int, output: Decided) -> str:
    """Return a decision's line. Its ages make it a new one each time, so it is put together here.

    Signals, values and rules are names of our own, with nothing in them to be escaped; a rule's
    signals are in alphabetical order.
    """
    because = ",".join(
        f'"{signal}":{{"age_us":{why.age_us},"value":"{why.value}"}}'
        for signal, why in output.because
    )
    override = _dump(output.override)
    return (
        f'{{"actuator":"{output.actuator}","because":{{{because}}},"demand":"{output.demand}",'
        f'"kind":"decision","override":{override},"rule":"{output.rule}","t":{now_us}}}'
    )


def start_line(
    *,
    profile: str,
    variant: str | None,
    shadow: bool,
    epoch_us: int | None,
    settings: Mapping[str, str | int],
) -> str:
    """Return the journal's first line. ``epoch_us``: wall clock of the first frame, if known."""
    return _dump(
        {
            "t": 0,
            "kind": "start",
            "schema": SCHEMA_VERSION,
            "profile": profile,
            "variant": variant,
            "shadow": shadow,
            "epoch_us": epoch_us,
            "settings": dict(settings),
        }
    )


_dump = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
