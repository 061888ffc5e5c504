"""The contract of a journal line: every kind, key and name that may stand in one, as JSON schema.

Knows: the stable names. Refuses to know: how a line is written (``journal``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.events_told import Severity
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
