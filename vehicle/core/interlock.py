"""The last veto before a command leaves: the few things that must never happen.

Knows: the raw snapshot, the settled 12 V supply, what is remembered of this connector, and the
direction of the pulse.
Refuses to know: rules, settings and demands. It repeats in other words what S1 to S4 and A4 of the
requirements forbid, so that a mistake in the policy alone cannot free or trap anything.
"""

from __future__ import annotations

from vehicle.core.car import Actuator, Car, WhenEmpty
from vehicle.core.names import Charge, Demand
from vehicle.core.signals import BoardSupply, Fitted, Inlet, Occupant, Weld
from vehicle.core.snapshot import Snapshot


def veto_stroke(
    car: Car,
    seen: Snapshot,
    actuator: Actuator,
    direction: Demand,
    *,
    weld_result_awaited: bool,
    manual_release_pulled: bool,
    board_supply: BoardSupply,
) -> str | None:
    """Return why this pulse must not be driven, or None where nothing forbids it."""
    pin = seen.latch_fitted if actuator is Actuator.LATCH else seen.adapter_lock_fitted
    if pin is not Fitted.FITTED:
        return "the car is not known to have this pin"
    if manual_release_pulled:
        return "the manual release was pulled"
    if board_supply is BoardSupply.TOO_LOW:
        return "the 12 V supply is too low for any stroke"
    empty = seen.occupant is Occupant.EMPTY
    if direction is Demand.RELEASE:
        if seen.inlet is not Inlet.SAFE:
            return f"the inlet is {seen.inlet}, not safe"
        if seen.weld is Weld.WELDED:
            return "the contactors are welded"
        if weld_result_awaited:
            return "the weld test's result is awaited"
        if empty and car.when_empty is WhenEmpty.LEAVE:
            return "on this car a release would push the pin into the empty inlet"
        return None
    if board_supply is BoardSupply.LOW:
        return "the 12 V supply is low: the pin might never be released again"
    if empty or seen.occupant is Occupant.UNKNOWN:
        return f"the occupant is {seen.occupant}: nothing is known to be seated"
    return None


def veto_permit(
    car: Car, seen: Snapshot, charge: Charge, *, guard: Actuator | None, confirmed: bool
) -> str | None:
    """Return why this charge permit must not be given, or None where nothing forbids it.

    ``confirmed``: the sensor of the guarding pin says engaged.
    """
    if charge in (Charge.NONE, Charge.AC_LIMITED) or confirmed:
        return None
    if guard is None:
        return "nothing is known to be held"
    pin = seen.latch_fitted if guard is Actuator.LATCH else seen.adapter_lock_fitted
    if pin is Fitted.ABSENT and (charge is Charge.AC or car.connector_locks_itself):
        return None
    return f"{charge} needs the {guard} engaged, and its sensor does not say so"
