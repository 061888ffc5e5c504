"""Folds what is sensed and remembered into the few words that the policy decides on.

Knows: what a snapshot, the car's pins and the memory of this session mean for one pin.
Refuses to know: what the owner wants, and what should follow.

Rules of this file:
1. Every fold is a small total function of a few inputs, tested over all of them.
2. An unknown input stays UNKNOWN; it never becomes the harmless value.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from vehicle.core.car import Actuator, WhenEmpty
from vehicle.core.settings import ColdRelease, HighCurrent, Settings, Toggle
from vehicle.core.signals import (
    BoardSupply,
    CarLock,
    Fitted,
    Inlet,
    KeyZone,
    Occupant,
    Session,
    Supply,
    SupplyLimit,
    Temperature,
    Weld,
)
from vehicle.core.snapshot import Snapshot


class Seat(StrEnum):
    """What one pin has to hold."""

    UNKNOWN = "unknown"
    NO_PIN = "no-pin"
    EMPTY = "empty"
    EMPTY_LEAVE = "empty-leave"
    SEATED = "seated"
    OTHER_PIN = "other-pin"


class Doors(StrEnum):
    """The car's doors; OPENED means unlocked after having been locked with something seated."""

    UNKNOWN = "unknown"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    OPENED = "opened"


class Phase(StrEnum):
    """The session as the policy sees it.

    WAITING has waited so long that the owner no longer counts it as a session. FULL is complete,
    the grace time over, and the owner wants the cable freed then. INTERRUPTED is a session that
    ended without being complete or asked to stop, until the power-cut hold is over.
    """

    UNKNOWN = "unknown"
    NONE = "none"
    ACTIVE = "active"
    WAITING = "waiting"
    COMPLETE = "complete"
    FULL = "full"
    FAULT = "fault"
    INTERRUPTED = "interrupted"


class Energy(StrEnum):
    """Whether a release would meet energy. TESTING: safe, but the weld test's result is awaited."""

    UNKNOWN = "unknown"
    SAFE = "safe"
    TESTING = "testing"
    WELDED = "welded"
    ENERGISED = "energised"


class Need(StrEnum):
    """Whether safety needs a lock for the supply that is there: DC, and AC above 16 A."""

    UNKNOWN = "unknown"
    FREE = "free"
    LOCK = "lock"


class Asked(StrEnum):
    """The standing request."""

    NOTHING = "nothing"
    UNLATCH = "unlatch"
    LATCH = "latch"


class Past(StrEnum):
    """What this pin remembers of the connector that is seated now."""

    FRESH = "fresh"
    RELEASED = "released"
    MANUAL_RELEASE = "manual-release"


class Plight(StrEnum):
    """What may soon keep a pin from moving, where the owner wants it released before that.

    FREEZES: it is cold. RUNS_DOWN: the 12 V supply is low.
    """

    NONE = "none"
    FREEZES = "freezes"
    RUNS_DOWN = "runs-down"


class Situation(NamedTuple):
    """Everything the policy looks at for one pin, besides the owner's settings."""

    seat: Seat = Seat.UNKNOWN
    doors: Doors = Doors.UNKNOWN
    phase: Phase = Phase.UNKNOWN
    energy: Energy = Energy.UNKNOWN
    need: Need = Need.UNKNOWN
    asked: Asked = Asked.NOTHING
    past: Past = Past.FRESH
    plight: Plight = Plight.NONE


SIGNALS_BEHIND: dict[str, tuple[str, ...]] = {
    "seat": ("occupant",),
    "doors": ("car_lock",),
    "phase": ("session",),
    "energy": ("inlet", "weld"),
    "need": ("supply", "supply_limit"),
    "asked": (),
    "past": (),
    "plight": ("board_supply", "temperature", "car_lock", "key"),
}
"""Field of Situation -> the signals it is folded from, for explanations."""

ACTIVE = (Session.WAITING, Session.CHARGING, Session.STOPPING)
"""A session is active while it waits, charges or stops."""

WITH_ADAPTER = (Occupant.ADAPTER, Occupant.ADAPTER_AND_CONNECTOR)
WITH_CONNECTOR = (Occupant.CONNECTOR, Occupant.ADAPTER_AND_CONNECTOR)
SEATED = (Occupant.CONNECTOR, Occupant.ADAPTER, Occupant.ADAPTER_AND_CONNECTOR)


def fitted(snapshot: Snapshot, actuator: Actuator) -> Fitted:
    """Return whether the car has ``actuator``."""
    if actuator is Actuator.LATCH:
        return snapshot.latch_fitted
    return snapshot.adapter_lock_fitted


def guarding_pin(snapshot: Snapshot) -> Actuator | None:
    """Return the pin that holds the present occupant; None if none does or it is not known.

    Connector: the latch. Adapter, with or without connector: the adapter lock, or the latch on a
    car without one. The pin returned may still be one that is not fitted.
    """
    if snapshot.occupant is Occupant.CONNECTOR:
        return Actuator.LATCH
    if snapshot.occupant in WITH_ADAPTER:
        if snapshot.adapter_lock_fitted is Fitted.UNKNOWN:
            return None
        fitted_there = snapshot.adapter_lock_fitted is Fitted.FITTED
        return Actuator.ADAPTER if fitted_there else Actuator.LATCH
    return None


def seat_of(snapshot: Snapshot, actuator: Actuator, when_empty: WhenEmpty) -> Seat:
    """Return what ``actuator`` has to hold."""
    if fitted(snapshot, actuator) is Fitted.ABSENT:
        return Seat.NO_PIN
    if snapshot.occupant is Occupant.UNKNOWN:
        return Seat.UNKNOWN
    if snapshot.occupant is Occupant.EMPTY:
        return Seat.EMPTY_LEAVE if when_empty is WhenEmpty.LEAVE else Seat.EMPTY
    guard = guarding_pin(snapshot)
    if guard is None:
        return Seat.UNKNOWN
    return Seat.SEATED if guard is actuator else Seat.OTHER_PIN


def doors_of(car_lock: CarLock, locked_since_seated: bool) -> Doors:
    """Return the doors' state, given whether they were locked since something was seated."""
    if car_lock is CarLock.UNLOCKED:
        return Doors.OPENED if locked_since_seated else Doors.UNLOCKED
    return Doors.LOCKED if car_lock is CarLock.LOCKED else Doors.UNKNOWN


def phase_of(session: Session, *, interrupted: bool, full: bool, waited: bool) -> Phase:
    """Return the session's phase, given what is remembered of it and what the owner wants.

    ``full``: complete means that the cable is to be freed now. ``waited``: a session that waits
    counts as none by now.
    """
    if session is Session.WAITING and waited:
        return Phase.WAITING
    if session in ACTIVE:
        return Phase.ACTIVE
    if session is Session.UNKNOWN:
        return Phase.UNKNOWN
    if session is Session.COMPLETE:
        return Phase.FULL if full else Phase.COMPLETE
    if interrupted:
        return Phase.INTERRUPTED
    return Phase.FAULT if session is Session.FAULT else Phase.NONE


NEARBY = (KeyZone.NEAR, KeyZone.AT_PORT, KeyZone.INSIDE)
"""Where the key is while its owner attends to the car."""


def plight_of(
    board: BoardSupply, temperature: Temperature, car_lock: CarLock, key: KeyZone, owner: Settings
) -> Plight:
    """Return what a pin had better be released before. An empty battery outranks the cold."""
    if board in (BoardSupply.LOW, BoardSupply.TOO_LOW) and owner.low_supply_release is Toggle.ON:
        return Plight.RUNS_DOWN
    attended = car_lock is CarLock.UNLOCKED and key in NEARBY
    wanted = owner.cold_release is ColdRelease.ALWAYS or (
        attended and owner.cold_release is ColdRelease.ATTENDED
    )
    return Plight.FREEZES if temperature is Temperature.COLD and wanted else Plight.NONE


def energy_of(inlet: Inlet, weld: Weld, weld_result_awaited: bool) -> Energy:
    """Return whether a release would meet energy. Welded contactors outrank a safe reading."""
    if weld is Weld.WELDED:
        return Energy.WELDED
    if inlet is Inlet.SAFE:
        return Energy.TESTING if weld_result_awaited else Energy.SAFE
    return Energy.ENERGISED if inlet is Inlet.ENERGISED else Energy.UNKNOWN


def need_of(supply: Supply, limit: SupplyLimit, settings: Settings) -> Need:
    """Return whether safety needs a lock for this supply.

    AC of unknown limit needs none: its permit stays limited to 16 A while the pin is out.
    """
    if supply is Supply.UNKNOWN:
        return Need.UNKNOWN
    if supply is Supply.DC:
        return Need.LOCK
    if supply is Supply.AC and limit is SupplyLimit.ABOVE_16_A:
        return Need.FREE if settings.high_current is HighCurrent.LIMIT else Need.LOCK
    return Need.FREE
