"""What comes out of the lock manager: what is to be done, and what is worth telling.

Knows: every output there is, and which of them are lines of the journal.
Refuses to know: what led to an output, and how it is sent, shown or stored.

Rules of this file:
1. Everything is frozen and made of enums, integers and names, so it can be compared and stored.
2. The time of an output travels beside it, in integer microseconds; within it are only ages.
3. Every output with a ``kind`` is one line of the journal, whose words are in ``names.py``.
"""

from __future__ import annotations

from typing import ClassVar

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
from vehicle.core.record import record
from vehicle.core.signals import SignalValue


@record
class SignalChanged:
    """A field of the snapshot changed; ``was`` is None the first time."""

    signal: str
    value: SignalValue
    was: SignalValue | None
    kind: ClassVar[str] = "signal"


@record
class Because:
    """One input of a decision and how long it has had its value."""

    value: SignalValue
    age_us: int


@record
class Decided:
    """The demand on a pin, or the rule behind it, changed."""

    actuator: Actuator
    demand: Demand
    rule: str
    because: tuple[tuple[str, Because], ...]
    override: str | None = None
    kind: ClassVar[str] = "decision"


@record
class Command:
    """Drive a pin, one per stroke. ``recovery`` marks the reverse pulse before the last try."""

    actuator: Actuator
    command: Demand
    attempt: int
    recovery: bool = False
    kind: ClassVar[str] = "command"


@record
class DriveOff:
    """Stop driving a pin: the pulse is over."""

    actuator: Actuator


@record
class ActuatorChanged:
    """A pin's lifecycle moved. ``assumed``: without a sensor, or without its word."""

    actuator: Actuator
    state: PinState
    was: PinState | None
    assumed: bool
    kind: ClassVar[str] = "actuator"


@record
class Permit:
    """The charge permit changed."""

    charge: Charge
    was: Charge | None
    kind: ClassVar[str] = "permit"


@record
class StopCharge:
    """The request to stop the charge was raised (``attempt`` counts repeats) or withdrawn (0)."""

    active: bool
    attempt: int
    kind: ClassVar[str] = "stop"


@record
class HeatInlet:
    """The inlet is to be heated (``attempt`` counts how often), or no longer (0)."""

    active: bool
    attempt: int
    kind: ClassVar[str] = "heat"


@record
class WakeBus:
    """Send the profile's wake frame."""


@record
class Answered:
    """What became of a request: once when it is received, once more when it has ended."""

    request: Request
    source: Source
    result: Result
    kind: ClassVar[str] = "request"


@record
class MessageChanged:
    """A message was lost, came back, failed its protection, or sleeps with its bus."""

    message: str
    state: MessageState
    kind: ClassVar[str] = "message"


@record
class Event:
    """Something people are told, with its details."""

    event: EventName
    details: tuple[tuple[str, str | int], ...] = ()
    kind: ClassVar[str] = "event"


@record
class Fault:
    """A fault came up or went away. ``actuator`` is None where it concerns no single pin."""

    fault: FaultName
    active: bool
    actuator: Actuator | None = None
    kind: ClassVar[str] = "fault"


@record
class SettingsTook:
    """The settings that hold from now on, whole."""

    settings: tuple[tuple[str, str | int], ...]
    source: str
    kind: ClassVar[str] = "settings"


Entry = (
    SignalChanged
    | Decided
    | Command
    | ActuatorChanged
    | Permit
    | StopCharge
    | HeatInlet
    | Answered
    | MessageChanged
    | Event
    | Fault
    | SettingsTook
)
"""Outputs that are journal lines."""

Output = Entry | DriveOff | WakeBus
