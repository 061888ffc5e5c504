"""What may be called on the control socket, by whom, with what; and the named ways it can fail.

Knows: every method's signature as a table, the interface files beside this one, and their errors.
Refuses to know: what a method does. Tests hold the tables to the interface files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum, auto
from pathlib import Path
from typing import Any

from vehicle.core.circumstance import DIMENSIONS
from vehicle.core.record import record
from vehicle.core.strain import STRAINS
from vehicle.runtime.varlink_access import Needs
from vehicle.runtime.varlink_wire import VarlinkError

CHARGELOCK = "org.chargelock"
SERVICE = "org.varlink.service"

TEXT_CHARACTERS_MAX = 1024
"""Longest text parameter; the longest that makes sense is a settings key."""


class Kind(Enum):
    """What a parameter may hold."""

    TEXT = auto()
    TEXT_OR_NONE = auto()
    COUNT = auto()
    COUNT_OR_NONE = auto()
    TRUTH = auto()
    NUMBER = auto()
    TEXTS_OR_NONE = auto()
    """A table of texts."""


COUNT_MAX = 1_000_000
"""Largest whole number in a parameter; counts run from 1."""


class Replies(Enum):
    """How many replies a method gives."""

    ONE = auto()
    PROGRESS = auto()
    """Steps, to a client that asked for more, and then the last reply to everybody."""
    STREAM = auto()
    """Replies until the client goes: ExpectedMore for one that did not ask for more."""


@record
class Signature:
    """One method as declared."""

    needs: Needs = Needs.READ
    parameters: Mapping[str, Kind] = field(default_factory=dict)
    replies: Replies = Replies.ONE


SERVICE_SIGNATURES: Mapping[str, Signature] = {
    "GetInfo": Signature(),
    "GetInterfaceDescription": Signature(parameters={"interface": Kind.TEXT}),
}

_KEY = {"key": Kind.TEXT}
_WHEN = {"when": Kind.TEXT_OR_NONE}
_POSITION = {"latitude_deg": Kind.NUMBER, "longitude_deg": Kind.NUMBER}

CHARGELOCK_SIGNATURES: Mapping[str, Signature] = {
    "Status": Signature(),
    "Why": Signature(parameters={"actuator": Kind.TEXT_OR_NONE}),
    "Events": Signature(parameters={"heartbeat_s": Kind.COUNT_OR_NONE}, replies=Replies.STREAM),
    "Journal": Signature(parameters={"count": Kind.COUNT}),
    "Unlatch": Signature(needs=Needs.CHANGE, replies=Replies.PROGRESS),
    "Latch": Signature(needs=Needs.CHANGE, replies=Replies.PROGRESS),
    "GetSettings": Signature(),
    "PreviewSetting": Signature(
        parameters={**_KEY, "value": Kind.TEXT_OR_NONE, **_WHEN, "also": Kind.TEXTS_OR_NONE}
    ),
    "SetSetting": Signature(
        needs=Needs.CHANGE,
        parameters={**_KEY, "value": Kind.TEXT, **_WHEN, "also": Kind.TEXTS_OR_NONE},
    ),
    "UnsetSetting": Signature(needs=Needs.CHANGE, parameters={**_KEY, **_WHEN}),
    "PreviewPreset": Signature(parameters={"name": Kind.TEXT}),
    "TakePreset": Signature(needs=Needs.CHANGE, parameters={"name": Kind.TEXT}),
    "TrySettings": Signature(
        parameters={
            **dict.fromkeys((*DIMENSIONS, *STRAINS), Kind.TEXT_OR_NONE),
            "limit_a": Kind.COUNT_OR_NONE,
        }
    ),
    "GetPlace": Signature(),
    "TellPlace": Signature(needs=Needs.CHANGE, parameters={"place": Kind.TEXT}),
    "TellPosition": Signature(needs=Needs.CHANGE, parameters=_POSITION),
    "SetZone": Signature(
        needs=Needs.CHANGE,
        parameters={"zone": Kind.TEXT, **_POSITION, "radius_m": Kind.COUNT_OR_NONE},
    ),
    "UnsetZone": Signature(needs=Needs.CHANGE, parameters={"zone": Kind.TEXT}),
    "AddGuest": Signature(
        needs=Needs.CHANGE,
        parameters={"whom": Kind.TEXT, "valid_s": Kind.COUNT, "once": Kind.TRUTH},
    ),
    "ListGuests": Signature(needs=Needs.CHANGE),
    "RevokeGuest": Signature(needs=Needs.CHANGE, parameters={"whom": Kind.TEXT}),
    "AllowGuests": Signature(needs=Needs.CHANGE),
    "UseGuestCode": Signature(parameters={"code": Kind.TEXT}, replies=Replies.PROGRESS),
}
"""Method -> who may call it, with what, for how many replies."""


def description_of(interface: str) -> str:
    """Return an interface's own file: what introspection tells."""
    file = Path(__file__).with_name(f"{interface}.varlink")
    return file.read_text(encoding="utf-8")


def checked(signature: Signature, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``parameters`` complete: each one declared is there, None where it was left out.

    Raises InvalidParameter for one that is not declared, missing, or not of its kind.
    """
    for name in parameters:
        if name not in signature.parameters:
            raise invalid_parameter(name)
    return {name: _value(name, kind, parameters) for name, kind in signature.parameters.items()}


def _value(name: str, kind: Kind, parameters: Mapping[str, Any]) -> Any:
    value = parameters.get(name)
    if value is None and kind in (Kind.TEXT_OR_NONE, Kind.COUNT_OR_NONE, Kind.TEXTS_OR_NONE):
        return None
    if not _FITS[kind](value):
        raise invalid_parameter(name)
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= TEXT_CHARACTERS_MAX


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= COUNT_MAX


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, (*value, *value.values())))


_FITS: Mapping[Kind, Callable[[object], bool]] = {
    Kind.TEXT: _is_text,
    Kind.TEXT_OR_NONE: _is_text,
    Kind.COUNT: _is_count,
    Kind.COUNT_OR_NONE: _is_count,
    Kind.TRUTH: lambda value: isinstance(value, bool),
    Kind.TEXTS_OR_NONE: _is_texts,
    Kind.NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


# ---- errors of org.varlink.service --------------------------------------------------------------


def interface_not_found(interface: str) -> VarlinkError:
    """The service has no such interface."""
    return VarlinkError(f"{SERVICE}.InterfaceNotFound", interface=interface)


def method_not_found(method: str) -> VarlinkError:
    """The interface has no such method."""
    return VarlinkError(f"{SERVICE}.MethodNotFound", method=method)


def method_not_implemented(method: str) -> VarlinkError:
    """The interface has the method, this service does not offer it."""
    return VarlinkError(f"{SERVICE}.MethodNotImplemented", method=method)


def invalid_parameter(parameter: str) -> VarlinkError:
    """The parameter is not declared, missing, or not of its kind."""
    return VarlinkError(f"{SERVICE}.InvalidParameter", parameter=parameter)


def expected_more() -> VarlinkError:
    """The method streams, and the client did not ask for more than one reply."""
    return VarlinkError(f"{SERVICE}.ExpectedMore")


# ---- errors of org.chargelock -------------------------------------------------------------------


def denied(needed: str) -> VarlinkError:
    """The caller may not do that. ``needed`` says in words who may."""
    return VarlinkError(f"{CHARGELOCK}.Denied", needed=needed)


def unsafe(reason: str, advice: str) -> VarlinkError:
    """Refused as unsafe: ``reason`` says why in words, ``advice`` what to do."""
    return VarlinkError(f"{CHARGELOCK}.Unsafe", reason=reason, advice=advice)


def failed(reason: str, advice: str) -> VarlinkError:
    """It was tried and failed: ``reason`` says what in words, ``advice`` what to do."""
    return VarlinkError(f"{CHARGELOCK}.Failed", reason=reason, advice=advice)


def bad_setting(message: str) -> VarlinkError:
    """No such settings key or value; ``message`` names the nearest."""
    return VarlinkError(f"{CHARGELOCK}.BadSetting", message=message)


def bad_guest(message: str) -> VarlinkError:
    """No such guest, or no such name or validity; ``message`` names what fits."""
    return VarlinkError(f"{CHARGELOCK}.BadGuest", message=message)


def code_refused(verdict: str, reason: str, advice: str, wait_s: int) -> VarlinkError:
    """A guest's code was refused: ``reason`` says why in words, ``advice`` what to do.

    ``wait_s``: seconds until the next try is looked at.
    """
    return VarlinkError(
        f"{CHARGELOCK}.CodeRefused", verdict=verdict, reason=reason, advice=advice, wait_s=wait_s
    )


def not_ready() -> VarlinkError:
    """The service has just started and knows nothing of the car yet."""
    return VarlinkError(f"{CHARGELOCK}.NotReady")
