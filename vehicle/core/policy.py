"""The policy: one ordered table that says what each pin should do, and why.

Knows: the rules, their order and the sentence that explains each.
Refuses to know: time, strokes, messages, and how a situation came about.

Rules of this file:
1. First match wins, per column. None means the row has no opinion on that pin. The last row always
   matches.
2. A predicate's name is the reason's public name; its docstring is the sentence shown to people.
3. A predicate reads only the fields that its row lists in ``reads``.
4. Rows above the owner's line ignore the owner's settings.
"""

from __future__ import annotations

from functools import lru_cache

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.resolve import Resolved
from vehicle.core.rule import Decision, Rule
from vehicle.core.settings import Mode
from vehicle.core.situation import (
    Asked,
    Doors,
    Energy,
    Need,
    Past,
    Phase,
    Plight,
    Seat,
    Situation,
)

ENGAGE, RELEASE, HOLD = Demand.ENGAGE, Demand.RELEASE, Demand.HOLD

OVER = (Phase.NONE, Phase.COMPLETE, Phase.FULL, Phase.FAULT)
"""Phases in which no session is active and none was cut off."""


# ---- safety rows: no setting overrides them -----------------------------------------------------


def no_pin_here(now: Situation, _: Resolved) -> bool:
    """This car has no such pin, so nothing is commanded."""
    return now.seat is Seat.NO_PIN


def manual_release_pulled(now: Situation, _: Resolved) -> bool:
    """The manual release was pulled; the pin rests until the connector has been out."""
    return now.past is Past.MANUAL_RELEASE


def inlet_energised(now: Situation, _: Resolved) -> bool:
    """Dangerous voltage may be on the inlet, and this supply must be locked."""
    return now.seat is Seat.SEATED and now.energy is Energy.ENERGISED and now.need is not Need.FREE


def contactors_welded(now: Situation, _: Resolved) -> bool:
    """The contactors are welded: the battery may be on the inlet. Service is needed."""
    return now.energy is Energy.WELDED


def release_requested(now: Situation, _: Resolved) -> bool:
    """Someone entitled asked for the release, and the inlet is safe."""
    return (
        now.asked is Asked.UNLATCH
        and now.energy is Energy.SAFE
        and now.seat in (Seat.SEATED, Seat.OTHER_PIN, Seat.UNKNOWN)
    )


def requested_release_waits(now: Situation, _: Resolved) -> bool:
    """A release was asked for; it waits until the charge has stopped and the inlet is safe."""
    return now.asked is Asked.UNLATCH and now.seat in (Seat.SEATED, Seat.OTHER_PIN, Seat.UNKNOWN)


def occupant_unknown(now: Situation, _: Resolved) -> bool:
    """Nobody knows what is in the inlet, so nothing moves."""
    return now.seat is Seat.UNKNOWN


def inlet_empty(now: Situation, _: Resolved) -> bool:
    """The inlet is empty: a pin in its opening would block plugging in."""
    return now.seat is Seat.EMPTY and now.energy is Energy.SAFE


def nothing_to_hold(now: Situation, _: Resolved) -> bool:
    """This pin has nothing to hold."""
    return now.seat in (Seat.EMPTY, Seat.EMPTY_LEAVE, Seat.OTHER_PIN)


# ---- owner settings apply below this line -------------------------------------------------------
# From here on something is seated that this pin guards, and no release was asked for.


def lock_requested(now: Situation, _: Resolved) -> bool:
    """Someone asked to hold the cable."""
    return now.asked is Asked.LATCH


def energy_flows(now: Situation, owner: Resolved) -> bool:
    """Energy is on the inlet, and auto-lock is on."""
    return now.energy is Energy.ENERGISED and owner.mode is not Mode.OFF


def full_and_freed(now: Situation, _: Resolved) -> bool:
    """The charge is complete, the grace time is over, and the owner wants the cable freed then."""
    return now.phase is Phase.FULL


def auto_lock_off(now: Situation, owner: Resolved) -> bool:
    """Auto-lock is off and no session is active."""
    return owner.mode is Mode.OFF and now.phase in OVER


def charge_over(now: Situation, owner: Resolved) -> bool:
    """No session is active, and the owner wants the cable held only while charging."""
    return owner.mode is Mode.WHILE_CHARGING and now.phase in OVER


def wait_does_not_count(now: Situation, owner: Resolved) -> bool:
    """The session only waits, and the owner does not want the cable held for that."""
    held_by_mode = {
        Mode.WITH_CAR: now.doors not in (Doors.UNLOCKED, Doors.OPENED),
        Mode.ALWAYS: now.doors is not Doors.OPENED,
        Mode.WHILE_CHARGING: False,
        Mode.OFF: False,
    }
    waits = now.phase is Phase.WAITING and now.need is Need.FREE
    return waits and not held_by_mode[owner.mode]


def supply_runs_down(now: Situation, _: Resolved) -> bool:
    """The 12 V battery will soon be too weak to move the pin, and no session is active."""
    return now.plight is Plight.RUNS_DOWN and now.phase in OVER


def frost_threatens(now: Situation, _: Resolved) -> bool:
    """The pin may freeze, no session is active, and the owner wants it released before that."""
    return now.plight is Plight.FREEZES and now.phase in OVER


def car_unlocked(now: Situation, owner: Resolved) -> bool:
    """The car is unlocked and no session is active."""
    return (
        owner.mode is Mode.WITH_CAR
        and now.doors in (Doors.UNLOCKED, Doors.OPENED)
        and now.phase in OVER
    )


def car_opened(now: Situation, owner: Resolved) -> bool:
    """The owner unlocked the car after locking it, and no session is active."""
    return owner.mode is Mode.ALWAYS and now.doors is Doors.OPENED and now.phase in OVER


def released_earlier(now: Situation, _: Resolved) -> bool:
    """This connector was released already; it stays free until it was out or its time is over."""
    return now.past is Past.RELEASED


def charge_needs_lock(now: Situation, _: Resolved) -> bool:
    """DC, or AC above 16 A, is charged only with the connector locked."""
    return now.phase in (Phase.ACTIVE, Phase.WAITING) and now.need is Need.LOCK


def session_active(now: Situation, owner: Resolved) -> bool:
    """A session is active: waiting, charging or stopping."""
    return now.phase is Phase.ACTIVE and owner.mode is not Mode.OFF


def car_locked(now: Situation, owner: Resolved) -> bool:
    """The car is locked and the owner wants the cable locked with it."""
    return owner.mode is Mode.WITH_CAR and now.doors is Doors.LOCKED


def always(_: Situation, owner: Resolved) -> bool:
    """The owner wants whatever is plugged in held."""
    return owner.mode is Mode.ALWAYS


def session_interrupted(now: Situation, _: Resolved) -> bool:
    """The session was cut off, not ended; the pin stays as it is until the hold time is over."""
    return now.phase is Phase.INTERRUPTED


def otherwise(_: Situation, __: Resolved) -> bool:
    """No rule asks for a movement."""
    return True


RELEASES = (
    Rule(full_and_freed, RELEASE, None, ("phase",)),
    Rule(auto_lock_off, RELEASE, RELEASE, ("phase",)),
    Rule(charge_over, RELEASE, RELEASE, ("phase",)),
    Rule(wait_does_not_count, RELEASE, RELEASE, ("phase", "need", "doors")),
    Rule(car_unlocked, RELEASE, RELEASE, ("doors", "phase")),
    Rule(car_opened, RELEASE, RELEASE, ("doors", "phase")),
    Rule(
        supply_runs_down, RELEASE, RELEASE, ("plight", "phase"), ("temperature", "car_lock", "key")
    ),
    Rule(frost_threatens, RELEASE, RELEASE, ("plight", "phase"), ("board_supply",)),
)
"""The owner's reasons to release. They count only once the inlet is safe."""


def full_waits_for_safe(now: Situation, _: Resolved) -> bool:
    """The charge is complete and the cable is free to go, but the inlet is not known to be safe."""
    return now.energy is not Energy.SAFE and now.phase is Phase.FULL


def release_waits_for_safe(now: Situation, owner: Resolved) -> bool:
    """The cable is free to go, but the inlet is not known to be safe yet."""
    return now.energy is not Energy.SAFE and any(
        rule.when(now, owner) for rule in RELEASES if rule.when is not full_and_freed
    )


SAFETY = (
    Rule(no_pin_here, HOLD, HOLD, ("seat",)),
    Rule(manual_release_pulled, HOLD, HOLD, ("past",)),
    Rule(inlet_energised, ENGAGE, ENGAGE, ("seat", "energy", "need")),
    Rule(contactors_welded, HOLD, HOLD, ("energy",)),
    Rule(release_requested, RELEASE, RELEASE, ("asked", "energy", "seat")),
    Rule(requested_release_waits, HOLD, HOLD, ("asked", "energy", "seat")),
    Rule(occupant_unknown, HOLD, HOLD, ("seat",)),
    Rule(inlet_empty, RELEASE, RELEASE, ("seat", "energy")),
    Rule(nothing_to_hold, HOLD, HOLD, ("seat",)),
)

OWNER = (
    Rule(lock_requested, ENGAGE, ENGAGE, ("asked",)),
    Rule(energy_flows, ENGAGE, ENGAGE, ("energy",)),
    Rule(full_waits_for_safe, HOLD, None, ("energy", "phase")),
    Rule(release_waits_for_safe, HOLD, HOLD, ("energy", "phase", "doors", "need", "plight")),
    *RELEASES,
    Rule(released_earlier, HOLD, HOLD, ("past",)),
    Rule(charge_needs_lock, ENGAGE, ENGAGE, ("phase", "need")),
    Rule(session_active, ENGAGE, ENGAGE, ("phase",)),
    Rule(car_locked, ENGAGE, ENGAGE, ("doors",)),
    Rule(always, ENGAGE, ENGAGE, ()),
    Rule(session_interrupted, HOLD, HOLD, ("phase",)),
    Rule(otherwise, HOLD, HOLD, ()),
)

RULES = SAFETY + OWNER


@lru_cache(maxsize=4096)
def decide(now: Situation, owner: Resolved, actuator: Actuator) -> Decision:
    """Return what ``actuator`` should do: the first row that matches and has an opinion."""
    return next(
        Decision(demand, rule)
        for rule in RULES
        if (demand := rule.wants(actuator)) is not None and rule.when(now, owner)
    )
