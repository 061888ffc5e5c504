"""The names that decisions are told in: requests, demands, states, faults, events, results.

Knows: each name and what it stands for. Refuses to know: when it is said, and with which details.

Rules of this file:
1. The values are the words of the journal, of stories and of what people ask for: lower case,
   stable. Renaming one is a changelog entry.
2. What a fault or a result is in an owner's words stands in ``words.py``, an event in
   ``events_told.py``, and what to do about a fault in ``ladder.py``.
"""

from __future__ import annotations

from enum import StrEnum


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
    CAR_UNLOCK = "car-unlock"
    GUEST = "guest"
    """Someone with a code of the owner's."""


class Proof(StrEnum):
    """What shows that a request is meant: how it came in, and what was checked on the way."""

    LOCAL = "local"
    """Not from the bus: whoever let it in has judged who asks (the control socket does)."""
    AUTHENTIC = "authentic"
    """A frame with a fresh message authentication code of the car's own key (SecOC)."""
    INTACT = "intact"
    """A frame with the right checksum and counter: no accident, but anyone can make one."""
    NONE = "none"
    """A frame that carries neither."""


class Authenticity(StrEnum):
    """What became of a message's authentication code, where a key is there to check it with."""

    GENUINE = "genuine"
    FORGED = "forged"
    """The code fits no freshness that could be."""
    STALE = "stale"
    """The code is right, for a freshness that was used or passed over already."""
    UNCHECKED = "unchecked"
    """Not looked at: after failures the next try has to wait, or freshness cannot be kept."""


class Demand(StrEnum):
    """What the policy wants of a pin, and what a command asks. HOLD starts no new stroke."""

    ENGAGE = "engage"
    RELEASE = "release"
    HOLD = "hold"


class PinState(StrEnum):
    """Where a pin is in its lifecycle."""

    UNKNOWN = "unknown"
    RELEASED = "released"
    ENGAGING = "engaging"
    ENGAGED = "engaged"
    RELEASING = "releasing"
    JAMMED = "jammed"


class Charge(StrEnum):
    """The charge permit: what the charger may do."""

    NONE = "none"
    AC_LIMITED = "ac-limited"
    AC = "ac"
    DC = "dc"


class MessageState(StrEnum):
    """What became of a message."""

    LOST = "lost"
    BACK = "back"
    INVALID = "invalid"
    ASLEEP = "asleep"


class FaultName(StrEnum):
    """What can go wrong, each with next steps for the owner in ``ladder.py``."""

    FAILED_TO_ENGAGE = "failed_to_engage"
    FAILED_TO_RELEASE = "failed_to_release"
    UNEXPECTED_OPEN = "unexpected_open"
    UNEXPECTED_CLOSE = "unexpected_close"
    FEEDBACK_LOST = "feedback_lost"
    ENERGY_UNKNOWN = "energy_unknown"
    STOP_NOT_CONFIRMED = "stop_not_confirmed"
    CONTACTORS_WELDED = "contactors_welded"
    BUS_ASLEEP = "bus_asleep"
    BUS_LOST = "bus_lost"
    INTERNAL_ERROR = "internal_error"
    SUPPLY_LOW = "supply_low"


class EventName(StrEnum):
    """What people are told when it happens."""

    CONNECTOR_REMOVED_WHILE_ENGAGED = "connector_removed_while_engaged"
    UNPLUGGED_DURING_CHARGE = "unplugged_during_charge"
    NOT_SECURED = "not_secured"
    ADAPTER_LEFT_BEHIND = "adapter_left_behind"
    JAMMED = "jammed"
    MANUAL_RELEASE_PULLED = "manual_release_pulled"
    RELEASED_WHEN_FULL = "released_when_full"
    PILOT_LOST_WHILE_ENGAGED = "pilot_lost_while_engaged"
    WELD_RESULT_MISSING = "weld_result_missing"
    REQUEST_REFUSED = "request_refused"
    SETTINGS_CHANGED = "settings_changed"
    COMMAND_VETOED = "command_vetoed"
    AUTHENTICATION_FAILED = "authentication_failed"
    WAKING_BUS = "waking_bus"
    HEATING_INLET = "heating_inlet"
    NEW_SEGMENT = "new_segment"


class Result(StrEnum):
    """What became of a request."""

    ACCEPTED = "accepted"
    ALREADY_PENDING = "already-pending"
    RELEASED = "released"
    ENGAGED = "engaged"
    CONNECTOR_OUT = "connector-out"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    FAILED_TO_ENGAGE = "failed-to-engage"
    FAILED_TO_RELEASE = "failed-to-release"
    FEEDBACK_LOST = "feedback-lost"
    ENERGY_UNKNOWN = "energy-unknown"
    CONTACTORS_WELDED = "contactors-welded"
    MANUAL_RELEASE_PULLED = "manual-release-pulled"
    SUPPLY_TOO_LOW = "supply-too-low"
    PIN_UNKNOWN = "pin-unknown"
    INTERNAL_ERROR = "internal-error"
    REFUSED_UNPROTECTED = "refused-unprotected"
    REFUSED_KEY_NOT_AT_PORT = "refused-key-not-at-port"
    REFUSED_KEY_NOT_HEARD = "refused-key-not-heard"
    REFUSED_CAR_NOT_UNLOCKED = "refused-car-not-unlocked"
    REFUSED_JUST_CHANGED = "refused-just-changed"
    REFUSED_TOO_OFTEN = "refused-too-often"
    REFUSED_CODE = "refused-code"
    REFUSED_INLET_EMPTY = "refused-inlet-empty"
    REFUSED_OCCUPANT_UNKNOWN = "refused-occupant-unknown"
    REFUSED_NO_PIN = "refused-no-pin"
