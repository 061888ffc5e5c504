"""The charge permit as a table: what the charger may do, given how the connector is held.

Knows: lock before power (DC, and AC above 16 A, only on a confirmed engagement).
Refuses to know: strokes in detail, settings, and how the permit is sent.
"""

from __future__ import annotations

from enum import StrEnum

from vehicle.core.interlock import veto_permit
from vehicle.core.memory import HEARD, Flag
from vehicle.core.names import Charge, PinState
from vehicle.core.pin import PinControl
from vehicle.core.record import record
from vehicle.core.signals import Fitted, Supply
from vehicle.core.situation import Asked, fitted, guarding_pin
from vehicle.core.state import State


class Grip(StrEnum):
    """How the guarding pin holds what is seated."""

    WITHDRAWN = "withdrawn"
    """Charging is stopped on purpose: asked for, manual release, lost bus, internal error."""
    NOTHING = "nothing"
    """Nothing is seated, or it is not known what is, or the pin's sensor was never heard."""
    MOVING = "moving"
    """A stroke runs, or is about to."""
    CONFIRMED = "confirmed"
    """Engaged, says the sensor."""
    NO_PIN = "no-pin"
    """This car has no powered pin there."""
    SELF_LOCKING = "self-locking"
    """This car has no powered pin there, and its DC connectors lock themselves."""
    LOOSE = "loose"
    """Not held, or not known to be: failed to engage, no sensor, sensor lost, or by choice."""


@record
class PermitRow:
    """The permit for each kind of supply."""

    ac: Charge
    dc: Charge
    unknown: Charge
    none: Charge = Charge.NONE


PERMITS: dict[Grip, PermitRow] = {
    Grip.WITHDRAWN: PermitRow(ac=Charge.NONE, dc=Charge.NONE, unknown=Charge.NONE),
    Grip.NOTHING: PermitRow(ac=Charge.NONE, dc=Charge.NONE, unknown=Charge.NONE),
    Grip.MOVING: PermitRow(ac=Charge.NONE, dc=Charge.NONE, unknown=Charge.NONE),
    Grip.CONFIRMED: PermitRow(ac=Charge.AC, dc=Charge.DC, unknown=Charge.AC),
    Grip.NO_PIN: PermitRow(ac=Charge.AC, dc=Charge.NONE, unknown=Charge.AC),
    Grip.SELF_LOCKING: PermitRow(ac=Charge.AC, dc=Charge.DC, unknown=Charge.AC),
    Grip.LOOSE: PermitRow(ac=Charge.AC_LIMITED, dc=Charge.NONE, unknown=Charge.AC_LIMITED),
}
"""An unknown supply may be given AC where AC is safe; never DC."""


def charge_permit(grip: Grip, supply: Supply) -> Charge:
    """Return what the charger may do."""
    row = PERMITS[grip]
    return {
        Supply.AC: row.ac,
        Supply.DC: row.dc,
        Supply.UNKNOWN: row.unknown,
        Supply.NONE: row.none,
    }[supply]


def grip_of(state: State) -> Grip:
    """Return how the guarding pin holds what is seated now."""
    seen = state.seen
    if state.manual_release or state.lost or state.asked is Asked.UNLATCH:
        return Grip.WITHDRAWN
    if not state.flags.isdisjoint({Flag.STOPPED, Flag.INTERNAL_ERROR}):
        return Grip.WITHDRAWN
    guard = guarding_pin(seen)
    if guard is None:
        return Grip.NOTHING
    if fitted(seen, guard) is Fitted.ABSENT:
        return Grip.SELF_LOCKING if state.car.connector_locks_itself else Grip.NO_PIN
    return _grip_of_pin(state, state.pins[guard])


def _grip_of_pin(state: State, pin: PinControl) -> Grip:
    if pin.confirmed_engaged:
        return Grip.CONFIRMED
    if pin.stroking or (pin.ready_to_engage and state.will_engage(pin.actuator)):
        return Grip.MOVING
    never_heard = not pin.assumed and HEARD[pin.actuator] not in state.flags
    if pin.state is PinState.UNKNOWN and never_heard:
        return Grip.NOTHING
    return Grip.LOOSE


def permit_of(state: State) -> Charge:
    """Return the charge permit that may be given now, past the interlock."""
    charge = charge_permit(grip_of(state), state.seen.supply)
    guard = guarding_pin(state.seen)
    confirmed = guard is not None and state.pins[guard].confirmed_engaged
    why = veto_permit(state.car, state.seen, charge, guard=guard, confirmed=confirmed)
    return charge if why is None else Charge.NONE
