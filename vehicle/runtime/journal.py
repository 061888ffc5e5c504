"""The record of decisions: one JSON line each time something changes, and its schema.

Knows: how every output of the core is written, and the stable names in it.
Refuses to know: where the lines go, and what time of day it is.

A line is UTF-8 JSON with sorted keys and no spaces. ``t`` is microseconds since the first frame.
Later versions only add kinds and keys; readers ignore those that they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeGuard

from vehicle.core.car import Actuator
from vehicle.core.events_told import EVENTS, Severity
from vehicle.core.messages import (
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
from vehicle.core.policy import RULES
from vehicle.core.signals import Occupant, Session
from vehicle.core.snapshot import SIGNALS

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


# ---- schema -------------------------------------------------------------------------------------


def _one_of(names: Any) -> dict[str, Any]:
    return {"enum": [str(name) for name in names]}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_INTEGER = {"type": "integer"}
_TEXT = {"type": "string"}
_TRUTH = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 0}
_SETTINGS = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}


def _object(properties: Mapping[str, Any], optional: Mapping[str, Any]) -> dict[str, Any]:
    """An object that has all of ``properties``, and may have ``optional`` and unknown ones."""
    return {
        "type": "object",
        "required": sorted(properties),
        "properties": {**properties, **optional},
    }


def _signal_kind() -> dict[str, Any]:
    """A signal's line: each signal with its own values."""
    return {
        "oneOf": [
            {
                "properties": {
                    "signal": {"const": name},
                    "value": _one_of(values),
                    "was": _or_null(_one_of(values)),
                }
            }
            for name, values in SIGNALS.items()
        ]
    }


def _because() -> dict[str, Any]:
    ages = {
        name: _object({"value": _one_of(values), "age_us": _COUNT}, {})
        for name, values in SIGNALS.items()
    }
    return {"type": "object", "properties": ages, "propertyNames": _one_of(SIGNALS)}


_ACTUATOR = _one_of(Actuator)
_STATE = _one_of(PinState)
_CHARGE = _one_of(Charge)
_VALUE = _one_of(sorted({str(value) for kind in SIGNALS.values() for value in kind}))
_STROKE = _one_of((Demand.ENGAGE, Demand.RELEASE))

_REQUIRED: dict[str, dict[str, Any]] = {
    "start": {
        "schema": _COUNT,
        "profile": _TEXT,
        "variant": _or_null(_TEXT),
        "shadow": _TRUTH,
        "epoch_us": _or_null(_INTEGER),
        "settings": _SETTINGS,
    },
    "signal": {"signal": _one_of(SIGNALS), "value": _VALUE, "was": _or_null(_VALUE)},
    "decision": {
        "actuator": _ACTUATOR,
        "demand": _one_of(Demand),
        "rule": _one_of(rule.name for rule in RULES),
        "override": _or_null(_TEXT),
        "because": _because(),
    },
    "command": {"actuator": _ACTUATOR, "command": _STROKE, "try": _COUNT},
    "actuator": {
        "actuator": _ACTUATOR,
        "state": _STATE,
        "was": _or_null(_STATE),
        "assumed": _TRUTH,
    },
    "permit": {"charge": _CHARGE, "was": _or_null(_CHARGE)},
    "stop": {"active": _TRUTH, "try": _COUNT},
    "heat": {"active": _TRUTH, "try": _COUNT},
    "request": {"request": _one_of(Request), "source": _one_of(Source), "result": _one_of(Result)},
    "message": {"message": _TEXT, "state": _one_of(MessageState)},
    "event": {"event": _one_of(EventName)},
    "fault": {"fault": _one_of(FaultName), "active": _TRUTH},
    "settings": {"settings": _SETTINGS, "source": _TEXT},
}
"""Kind -> the keys that each of its lines has, and what they may hold."""

_OPTIONAL: dict[str, dict[str, Any]] = {
    "command": {"recovery": _TRUTH},
    "fault": {"actuator": _ACTUATOR},
    "event": {
        "actuator": _ACTUATOR,
        "asks": _TEXT,
        "attempts": _COUNT,
        "command": _STROKE,
        "energy_wh": {"anyOf": [_COUNT, {"const": "unknown"}]},
        "message": _TEXT,
        "occupant": _one_of(Occupant),
        "request": _one_of(Request),
        "session": _one_of(Session),
        "severity": _one_of(Severity),
        "source": _TEXT,
        "why": _TEXT,
    },
}
"""Kind -> the keys that only some of its lines have."""

_ALSO: dict[str, dict[str, Any]] = {"signal": _signal_kind()}
"""Kind -> what else holds for its lines."""


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of one journal line, with every name that may appear in it."""
    lines = [
        {
            "title": kind,
            **_object({"t": _COUNT, "kind": {"const": kind}, **keys}, _OPTIONAL.get(kind, {})),
            **_ALSO.get(kind, {}),
        }
        for kind, keys in _REQUIRED.items()
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "chargelock journal, one line",
        "oneOf": lines,
    }
