"""The words that go in and out of the lock manager.

Knows: events (what happened) and outputs (what is to be done, and what is worth telling).
Refuses to know: what follows from an event, and how an output is sent, shown or stored.

Rules of this file:
1. Everything is frozen and made of enums, integers and names, so it can be compared and stored.
2. Times are integer microseconds and never part of an event: they travel beside it.
3. Every output with a ``kind`` is one line of the journal, whose words are in ``names.py``.
"""

from __future__ import annotations

from typing import ClassVar

from vehicle.core.car import Actuator
from vehicle.core.names import (
    Authenticity,
    Charge,
    Demand,
    EventName,
    FaultName,
    MessageState,
    PinState,
    Proof,
    Request,
    Result,
    Source,
)
from vehicle.core.record import record
from vehicle.core.settings import Settings
from vehicle.core.signals import SignalValue

# ---- events -------------------------------------------------------------------------------------


@record
class Observed:
    """Signals whose value changed, UNKNOWN included, as (snapshot field, value) pairs."""

    values: tuple[tuple[str, SignalValue], ...] = ()
    energy_wh: int | None = None
    """Energy delivered in this session so far, where the car tells it."""


@record
class MessageLost:
    """A message was not heard for its stale limit. Its signals follow as Observed."""

    message: str


@record
class MessageBack:
    """A lost or invalid message is heard and valid again. Its signals follow as Observed."""

    message: str


@record
class MessageInvalid:
    """A message fails its checksum or counter, or has two senders. Its signals follow as Observed
    UNKNOWN.
    """

    message: str


@record
class BusQuiet:
    """All messages of a channel stopped within 2 s of each other and 2 s have passed.

    Bus sleep or bus loss: the core decides by ``frozen``, the signals' values from before the
    first of these messages went stale.
    """

    channel: str
    messages: tuple[str, ...]
    frozen: tuple[tuple[str, SignalValue], ...]
    interface_up: bool = True


@record
class BusHeard:
    """The first valid frame on a channel after BusQuiet."""

    channel: str


@record
class Requested:
    """Someone asks for something."""

    request: Request
    source: Source
    proof: Proof = Proof.LOCAL


@record
class Refused:
    """A request was refused before it came here, by whoever judges who asks. Nothing is done."""

    request: Request
    source: Source
    why: Result


@record
class NotAuthentic:
    """A frame failed its authentication: nothing in it is believed, and nothing it asks is done."""

    message: str
    why: Authenticity
    asks: tuple[Request, ...] = ()
    """What it would have asked for."""


@record
class SettingsChanged:
    """The owner's settings are replaced whole."""

    settings: Settings
    source: str


@record
class BusFailed:
    """The interface to a channel is gone or in an error state: nothing can be sent or heard."""

    channel: str


@record
class BusRestored:
    """The interface to a channel works again."""

    channel: str


@record
class InternalError:
    """Something around the core failed; actuation stops until a restart."""

    what: str


@record
class SegmentStarted:
    """Time jumped: what was known before says nothing about now."""


@record
class DeadlinePassed:
    """The moment that ``deadline_us`` named has come."""


InputEvent = (
    Observed
    | MessageLost
    | MessageBack
    | MessageInvalid
    | BusQuiet
    | BusHeard
    | BusFailed
    | BusRestored
    | Requested
    | Refused
    | NotAuthentic
    | SettingsChanged
    | InternalError
    | SegmentStarted
    | DeadlinePassed
)


# ---- outputs ------------------------------------------------------------------------------------


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
