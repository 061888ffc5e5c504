"""Every signal the manager senses, as an enum that has UNKNOWN.

Knows: which facts about a car matter to the lock, and their possible values.
Refuses to know: which message, bit or bus a fact comes from, and how old it is.

Rules of this file:
1. Unknown is a value of its own. It is never the last value and never a default.
2. Values are the words that appear in the journal and in settings: lower case, stable. Renaming
   one is a changelog entry.
3. Related facts are folded into one enum, so that the policy's input space stays finite.
"""

from __future__ import annotations

from enum import StrEnum


class CarLock(StrEnum):
    """The car's doors. A car with only the driver's door unlocked counts as unlocked."""

    UNKNOWN = "unknown"
    LOCKED = "locked"
    UNLOCKED = "unlocked"


class KeyZone(StrEnum):
    """Where the owner's key is. Advisory: a relay can fake it, so it never releases anything."""

    UNKNOWN = "unknown"
    ABSENT = "absent"
    FAR = "far"
    NEAR = "near"
    AT_PORT = "at-port"
    INSIDE = "inside"


class Occupant(StrEnum):
    """What sits in the inlet."""

    UNKNOWN = "unknown"
    EMPTY = "empty"
    CONNECTOR = "connector"
    ADAPTER = "adapter"
    ADAPTER_AND_CONNECTOR = "adapter-and-connector"


class Session(StrEnum):
    """The charging session as car and EVSE see it. FAULT is a session that ended in an error."""

    UNKNOWN = "unknown"
    NONE = "none"
    WAITING = "waiting"
    CHARGING = "charging"
    STOPPING = "stopping"
    COMPLETE = "complete"
    FAULT = "fault"


class Supply(StrEnum):
    """The kind of supply that is connected."""

    UNKNOWN = "unknown"
    NONE = "none"
    AC = "ac"
    DC = "dc"


class SupplyLimit(StrEnum):
    """Whether an AC supply offers more than 16 A, above which a lock is mandatory.

    Source: GB/T 18487.1-2023 Annex I.
    """

    UNKNOWN = "unknown"
    UP_TO_16_A = "up-to-16-a"
    ABOVE_16_A = "above-16-a"


class Inlet(StrEnum):
    """Energy at the inlet, in either direction.

    SAFE: AC under 1 A or charger confirmed off; DC contactors confirmed open and under 60 V.
    """

    UNKNOWN = "unknown"
    SAFE = "safe"
    ENERGISED = "energised"


class Weld(StrEnum):
    """The DC contactors' weld test. NONE: this car or this session reports no weld test."""

    UNKNOWN = "unknown"
    NONE = "none"
    TESTING = "testing"
    PASSED = "passed"
    WELDED = "welded"


class Pilot(StrEnum):
    """The control pilot at the inlet: PRESENT while an EVSE drives it (IEC 61851-1 B to D)."""

    UNKNOWN = "unknown"
    ABSENT = "absent"
    PRESENT = "present"


class Place(StrEnum):
    """Where the car stands: one of the owner's zones by name, or AWAY, outside of them all.

    No position is known here: zones are matched outside, and only the name comes in.
    """

    UNKNOWN = "unknown"
    HOME = "home"
    WORK = "work"
    AWAY = "away"


class Hour(StrEnum):
    """The local hour of the day. The core has no clock: the hour is told to it like any signal."""

    UNKNOWN = "unknown"
    H00 = "00"
    H01 = "01"
    H02 = "02"
    H03 = "03"
    H04 = "04"
    H05 = "05"
    H06 = "06"
    H07 = "07"
    H08 = "08"
    H09 = "09"
    H10 = "10"
    H11 = "11"
    H12 = "12"
    H13 = "13"
    H14 = "14"
    H15 = "15"
    H16 = "16"
    H17 = "17"
    H18 = "18"
    H19 = "19"
    H20 = "20"
    H21 = "21"
    H22 = "22"
    H23 = "23"


class Cabin(StrEnum):
    """Whether someone sits in the car."""

    UNKNOWN = "unknown"
    EMPTY = "empty"
    OCCUPIED = "occupied"


class Cable(StrEnum):
    """The station's kind, which tells whose cable it is.

    TETHERED: the cable belongs to the station. PORTABLE: the owner's own portable EVSE. SOCKET: a
    public socket, into which the owner's own cable is plugged.
    """

    UNKNOWN = "unknown"
    TETHERED = "tethered"
    PORTABLE = "portable"
    SOCKET = "socket"


class Temperature(StrEnum):
    """The cold at the inlet. COLD: a pin may freeze; a profile says from where (Tesla: 5 °C)."""

    UNKNOWN = "unknown"
    COLD = "cold"
    MILD = "mild"


class BoardSupply(StrEnum):
    """The 12 V supply that moves the pins. A profile says where the two borders are.

    LOW: below ``engage_min_v``, where an engaged pin might never be released again. TOO_LOW: below
    ``stroke_min_v``, where no stroke can be relied on.
    """

    UNKNOWN = "unknown"
    TOO_LOW = "too-low"
    LOW = "low"
    GOOD = "good"


class Feedback(StrEnum):
    """The sensed position of a locking pin.

    BLOCKING: the pin stands in the opening without holding anything (Tesla's CP_latchState 3).
    """

    UNKNOWN = "unknown"
    RELEASED = "released"
    ENGAGED = "engaged"
    MOVING = "moving"
    BLOCKING = "blocking"


class Fitted(StrEnum):
    """Whether the car has a powered pin there at all (a Type 1 inlet has no latch motor)."""

    UNKNOWN = "unknown"
    FITTED = "fitted"
    ABSENT = "absent"


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
    | Place
    | Hour
    | Cabin
    | Cable
    | Temperature
    | BoardSupply
)
"""Any value of any signal."""
