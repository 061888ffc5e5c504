"""What comes into the lock manager: the events that it handles, one at a time.

Knows: everything that may happen to the core, and what is known of it when it does.
Refuses to know: what follows from an event, and who hears, reads or makes it.

Rules of this file:
1. Everything is frozen and made of enums, integers and names, so it can be compared and stored.
2. Times are integer microseconds and never part of an event: they travel beside it.
"""

from __future__ import annotations

from vehicle.core.names import Authenticity, Proof, Request, Result, Source
from vehicle.core.record import record
from vehicle.core.settings import Settings
from vehicle.core.signals import SignalValue


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
