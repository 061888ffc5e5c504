"""The words that go in and out of the lock manager.

Knows: events (what happened) and outputs (what is to be done, and what is worth telling).
Refuses to know: what follows from an event, and how an output is sent, shown or stored.

Rules of this file:
1. Everything is frozen and made of enums, integers and names, so it can be compared and stored.
2. Times are integer microseconds and never part of an event: they travel beside it.
3. Every output with a ``kind`` is one line of the journal; the names here are its stable contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vehicle.core.signals import (
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    KeyZone,
    Occupant,
    Pilot,
    Session,
    Supply,
    SupplyLimit,
    Weld,
)

SignalValue = (
    CarLock
    | KeyZone
    | Occupant
    | Session
    | Supply
    | SupplyLimit
    | Pilot
    | Inlet
    | Weld
    | Feedback
    | Fitted
)


class Request(StrEnum):
    """What someone may ask for."""

    UNLATCH = "unlatch"
    LATCH = "latch"


class Source(StrEnum):
    """Who asked. The ways to release are independent: if one fails the others still work."""

    CLI = "cli"
    REMOTE = "remote"
    PORT_BUTTON = "port-button"
    FOB = "fob"
    SCREEN = "screen"
    CAR = "car"


# ---- events -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Observed:
    """Signals whose value changed, UNKNOWN included, as (snapshot field, value) pairs."""

    values: tuple[tuple[str, SignalValue], ...] = ()
    energy_wh: int | None = None
    """Energy delivered in this session so far, where the car tells it."""


@dataclass(frozen=True, slots=True)
class MessageLost:
    """A message was not heard for its stale limit. Its signals follow as Observed."""

    message: str


@dataclass(frozen=True, slots=True)
class MessageBack:
    """A lost or invalid message is heard and valid again. Its signals follow as Observed."""

    message: str


@dataclass(frozen=True, slots=True)
class MessageInvalid:
    """A message fails its checksum or counter. Its signals follow as Observed UNKNOWN."""

    message: str


@dataclass(frozen=True, slots=True)
class BusQuiet:
    """All messages of a channel stopped within 2 s of each other and 2 s have passed.

    Bus sleep or bus loss: the core decides by ``frozen``, the signals' values from before the
    first of these messages went stale.
    """

    channel: str
    messages: tuple[str, ...]
    frozen: tuple[tuple[str, SignalValue], ...]
    interface_up: bool = True


@dataclass(frozen=True, slots=True)
class BusHeard:
    """The first valid frame on a channel after BusQuiet."""

    channel: str


@dataclass(frozen=True, slots=True)
class Requested:
    """Someone asks for something."""

    request: Request
    source: Source


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The moment that ``deadline_us`` named has come."""
