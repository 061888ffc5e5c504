"""What the requirements promise of every decision, in other words than the policy's own.

Knows: S1, S3, S4, S7, A1, A4, A10, A11, P1, P2, P5 and P6 as statements about sets of cases.
Refuses to know: rules, their names and their order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from policy_cases import ALL, FIELDS, Outcome, among, shifted, where

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.settings import Mode
from vehicle.core.situation import Asked, Doors, Energy, Need, Past, Phase, Plight, Seat

SAFE = where("energy", Energy.SAFE)
ENERGISED = where("energy", Energy.ENERGISED)
WELDED = where("energy", Energy.WELDED)
SEATED = where("seat", Seat.SEATED)
MAY_HOLD = among("seat", Seat.SEATED, Seat.OTHER_PIN, Seat.UNKNOWN)
PULLED = where("past", Past.MANUAL_RELEASE)
FREED = where("past", Past.RELEASED)
FRESH = where("past", Past.FRESH)
UNLATCH = where("asked", Asked.UNLATCH)
LATCH = where("asked", Asked.LATCH)
NOTHING_ASKED = where("asked", Asked.NOTHING)
ACTIVE = where("phase", Phase.ACTIVE)
FULL = where("phase", Phase.FULL)
OVER = among("phase", Phase.NONE, Phase.COMPLETE, Phase.FULL, Phase.FAULT)
CAR_OPEN = among("doors", Doors.UNLOCKED, Doors.OPENED)
OFF = where("mode", Mode.OFF)
WITH_CAR = where("mode", Mode.WITH_CAR)
ALWAYS = where("mode", Mode.ALWAYS)
WHILE_CHARGING = where("mode", Mode.WHILE_CHARGING)
WAITING = where("phase", Phase.WAITING)
RUNS_DOWN = where("plight", Plight.RUNS_DOWN)
FREEZES = where("plight", Plight.FREEZES)
MUST_LOCK = where("need", Need.LOCK)
NEEDS_NO_LOCK = where("need", Need.FREE)


@dataclass(frozen=True)
class Found:
    """A pin, and the cases in which it is told to engage, to release and to hold."""

    actuator: Actuator
    engage: int
    release: int
    hold: int


Promise = Callable[[Found], int]
"""Returns the cases that break the promise."""

PROMISES: dict[str, Promise] = {}


def _promise(check: Promise) -> Promise:
    PROMISES[check.__name__] = check
    return check


def broken(actuator: Actuator, outcome: Outcome) -> dict[str, int]:
    """Return every promise that ``outcome`` breaks, with the cases in which it does."""
    demands = [outcome.demands[demand] for demand in (Demand.ENGAGE, Demand.RELEASE, Demand.HOLD)]
    answer = Found(actuator, *demands)
    found = {"every_case_is_decided_once": outcome.undecided}
    found |= {name: check(answer) for name, check in PROMISES.items()}
    return {name: cases for name, cases in found.items() if cases}


def _freed_by_choice(actuator: Actuator) -> int:
    """Cases in which the owner wants the cable free, whatever the energy says."""
    opened = where("doors", Doors.OPENED)
    freed_by_mode = OFF | WHILE_CHARGING | WITH_CAR & CAR_OPEN | ALWAYS & opened
    freed = freed_by_mode & (OVER | WAITING & NEEDS_NO_LOCK) | OVER & (RUNS_DOWN | FREEZES)
    if actuator is Actuator.LATCH:
        freed |= FULL
    return freed


def _undisturbed() -> int:
    """Something is seated here, nobody asked for anything, and no old story counts."""
    return SEATED & NOTHING_ASKED & ~PULLED & ~WELDED


# ---- safety -------------------------------------------------------------------------------------


@_promise
def s1_release_only_where_the_inlet_is_safe(found: Found) -> int:
    return found.release & ~SAFE


@_promise
def s1_an_energised_inlet_that_must_be_locked_is(found: Found) -> int:
    return SEATED & ENERGISED & ~NEEDS_NO_LOCK & ~PULLED & ~found.engage


@_promise
def s1_an_energised_inlet_is_engaged_unless_auto_lock_is_off(found: Found) -> int:
    return SEATED & ENERGISED & ~PULLED & ~OFF & ~UNLATCH & ~found.engage


@_promise
def s1_unknown_energy_forbids_a_release_and_nothing_else(found: Found) -> int:
    wrong = 0
    for energy in (Energy.UNKNOWN, Energy.TESTING):
        here = where("energy", energy)
        like_safe = shifted(found.engage, "energy", Energy.SAFE, energy)
        waits = shifted(found.release | found.hold, "energy", Energy.SAFE, energy)
        wrong |= (here & found.engage) ^ like_safe
        wrong |= (here & found.hold) ^ waits
    return wrong


@_promise
def s3_dc_and_high_current_are_locked_during_a_session_in_every_mode(found: Found) -> int:
    return SEATED & (ACTIVE | WAITING) & MUST_LOCK & FRESH & ~UNLATCH & ~WELDED & ~found.engage


@_promise
def s3_auto_lock_off_engages_for_nothing_beyond_safety(found: Found) -> int:
    needed = MUST_LOCK & (ACTIVE | WAITING) | ENERGISED & ~NEEDS_NO_LOCK | LATCH
    return found.engage & OFF & ~needed


@_promise
def s3_auto_lock_off_frees_the_cable_when_the_session_is_over(found: Found) -> int:
    return OFF & OVER & SAFE & _undisturbed() & ~found.release


@_promise
def s4_welded_contactors_hold(found: Found) -> int:
    return WELDED & ~found.hold


@_promise
def s4_an_unlatch_releases_every_pin_that_may_hold_once_safe(found: Found) -> int:
    return UNLATCH & SAFE & MAY_HOLD & ~PULLED & ~found.release


@_promise
def s4_an_unlatch_that_waits_engages_only_for_safety(found: Found) -> int:
    return found.engage & UNLATCH & ~(ENERGISED & ~NEEDS_NO_LOCK)


@_promise
def s7_a_session_that_was_cut_off_is_released_only_on_request(found: Found) -> int:
    return found.release & SEATED & where("phase", Phase.INTERRUPTED) & ~UNLATCH


@_promise
def s7_a_running_or_unknown_session_is_released_only_on_request(found: Found) -> int:
    return found.release & SEATED & among("phase", Phase.ACTIVE, Phase.UNKNOWN) & ~UNLATCH


@_promise
def s7_a_complete_session_is_released_by_the_cars_unlock_or_the_owners_choice(found: Found) -> int:
    chosen = WHILE_CHARGING | OFF | FULL | RUNS_DOWN | FREEZES
    waits_uncounted = WAITING & NEEDS_NO_LOCK
    return found.release & SEATED & ~UNLATCH & ~waits_uncounted & ~(OVER & (CAR_OPEN | chosen))


# ---- what a pin holds ---------------------------------------------------------------------------


@_promise
def a1_a_pin_that_is_not_there_is_never_moved(found: Found) -> int:
    return where("seat", Seat.NO_PIN) & ~found.hold


@_promise
def a4_a_pin_engages_only_on_what_it_guards(found: Found) -> int:
    return found.engage & ~SEATED


@_promise
def a4_an_empty_inlet_is_opened(found: Found) -> int:
    return where("seat", Seat.EMPTY) & SAFE & ~PULLED & ~found.release


@_promise
def a4_an_empty_inlet_is_left_alone_where_the_profile_says_so(found: Found) -> int:
    return where("seat", Seat.EMPTY_LEAVE) & ~found.hold


@_promise
def a4_an_unknown_occupant_is_released_only_on_request(found: Found) -> int:
    return found.release & among("seat", Seat.UNKNOWN, Seat.OTHER_PIN) & ~UNLATCH


@_promise
def a10_the_manual_release_outranks_everything(found: Found) -> int:
    return PULLED & ~found.hold


@_promise
def a11_what_was_released_engages_only_for_energy_or_a_request(found: Found) -> int:
    return found.engage & FREED & ~ENERGISED & ~LATCH


# ---- the owner ----------------------------------------------------------------------------------


@_promise
def a_latch_request_engages_what_is_seated(found: Found) -> int:
    return LATCH & SEATED & ~PULLED & ~WELDED & ~found.engage


@_promise
def p1_p6_every_mode_but_off_engages_during_a_session_paused_or_not(found: Found) -> int:
    return _undisturbed() & FRESH & ACTIVE & ~OFF & ~found.engage


@_promise
def p2_with_car_engages_while_the_car_is_locked(found: Found) -> int:
    locked = WITH_CAR & where("doors", Doors.LOCKED)
    return _undisturbed() & FRESH & locked & ~_freed_by_choice(found.actuator) & ~found.engage


@_promise
def p2_with_car_engages_for_nothing_but_locked_doors_a_session_or_energy(found: Found) -> int:
    locked = where("doors", Doors.LOCKED)
    session = ACTIVE | WAITING & MUST_LOCK
    return found.engage & WITH_CAR & NOTHING_ASKED & ~(locked | session | ENERGISED)


@_promise
def p2_always_engages_until_the_car_is_opened(found: Found) -> int:
    return _undisturbed() & FRESH & ALWAYS & ~_freed_by_choice(found.actuator) & ~found.engage


@_promise
def p2_while_charging_engages_only_during_a_session(found: Found) -> int:
    session = ACTIVE | WAITING & MUST_LOCK
    return found.engage & WHILE_CHARGING & NOTHING_ASKED & ~(session | ENERGISED)


@_promise
def p2_p5_what_the_owner_wants_free_is_released(found: Found) -> int:
    return _undisturbed() & SAFE & _freed_by_choice(found.actuator) & ~found.release


@_promise
def p2_p5_nothing_else_is_released(found: Found) -> int:
    return found.release & SEATED & ~UNLATCH & ~_freed_by_choice(found.actuator)


@_promise
def p5_for_an_adapter_full_is_no_more_than_complete(found: Found) -> int:
    wrong = 0
    for demand in (found.engage, found.release, found.hold):
        moved = shifted(demand, "phase", Phase.COMPLETE, Phase.FULL)
        wrong |= (demand & FULL) ^ moved
    return wrong if found.actuator is Actuator.ADAPTER else 0


@_promise
def p6_a_wait_that_does_not_count_holds_what_safety_or_the_mode_holds_without_a_session(
    found: Found,
) -> int:
    """Nothing is engaged for the sake of a wait that does not count, but where safety needs it."""
    like_none = shifted(found.engage, "phase", Phase.NONE, Phase.WAITING)
    # Without a session a plight and a mode may free it; a wait of unknown need is held by the mode.
    by_mode = WITH_CAR & where("doors", Doors.LOCKED) | ALWAYS
    return found.engage & WAITING & ~like_none & ~MUST_LOCK & ~by_mode


@_promise
def p11_p12_a_plight_matters_only_where_no_session_is_active(found: Found) -> int:
    wrong = 0
    for demand in (found.engage, found.release, found.hold):
        for plight in (Plight.FREEZES, Plight.RUNS_DOWN):
            moved = shifted(demand, "plight", Plight.NONE, plight)
            wrong |= ((demand & where("plight", plight)) ^ moved) & ~OVER
    return wrong


@_promise
def p11_p12_what_may_soon_be_stuck_is_released_in_time(found: Found) -> int:
    asked_to_hold = LATCH | ENERGISED
    here = (FREEZES | RUNS_DOWN) & OVER & SAFE & SEATED & ~PULLED & ~asked_to_hold
    return here & ~found.release


@_promise
def settings_count_only_where_something_is_seated_and_no_release_is_asked(found: Found) -> int:
    elsewhere = ALL & ~(SEATED & ~UNLATCH)
    wrong = 0
    for demand in (found.engage, found.release, found.hold):
        for field in ("mode",):
            first, *others = FIELDS[field]
            for other in others:
                moved = shifted(demand, field, first, other)
                wrong |= ((demand & where(field, other)) ^ moved) & elsewhere
    return wrong
