"""What stands against a request: one table, asked before a request is begun.

Knows: every condition on a request, in the order in which they are named to who asked; first of all
that a release is asked for by someone who may (``consent``).
Refuses to know: how a request is carried out, and how it ends; ``request.py`` does.
"""

from __future__ import annotations

from collections.abc import Callable

from vehicle.core.consent import refuse_release
from vehicle.core.memory import Flag
from vehicle.core.names import Proof, Request, Result, Source
from vehicle.core.pin import PinControl
from vehicle.core.record import record
from vehicle.core.signals import Fitted, Occupant
from vehicle.core.situation import fitted, guarding_pin
from vehicle.core.state import State


def broken(state: State) -> bool:
    """Return whether no pin can be moved any more until a restart."""
    return Flag.INTERNAL_ERROR in state.flags


def may_have_pin(state: State) -> bool:
    """Return whether the car has a pin, or has not told yet that it has none."""
    return any(fitted(state.seen, actuator) is not Fitted.ABSENT for actuator in state.pins)


def guard_is(state: State, there: Fitted) -> bool:
    """Return whether what is seated has a guarding pin, and whether the car has it is ``there``."""
    guard = guarding_pin(state.seen)
    return guard is not None and fitted(state.seen, guard) is there


def guards(state: State) -> list[PinControl]:
    """Return the guarding pin, where there is one and the car is known to have it."""
    guard = guarding_pin(state.seen)
    return [pin for pin in state.fitted_pins if pin.actuator is guard]


@record
class Check:
    """One condition on some requests: where it fails, the request ends with ``result``."""

    requests: tuple[Request, ...]
    passes: Callable[[State], bool]
    result: Result


_BOTH = tuple(Request)

CHECKS = (
    Check(_BOTH, lambda state: not broken(state), Result.INTERNAL_ERROR),
    Check(_BOTH, may_have_pin, Result.REFUSED_NO_PIN),
    Check(_BOTH, lambda state: bool(state.fitted_pins), Result.PIN_UNKNOWN),
    Check(_BOTH, lambda state: not state.manual_release, Result.MANUAL_RELEASE_PULLED),
    Check(
        _BOTH,
        lambda state: state.seen.occupant is not Occupant.EMPTY,
        Result.REFUSED_INLET_EMPTY,
    ),
    Check(
        (Request.LATCH,),
        lambda state: state.seen.occupant is not Occupant.UNKNOWN,
        Result.REFUSED_OCCUPANT_UNKNOWN,
    ),
    Check(
        (Request.LATCH,),
        lambda state: guard_is(state, Fitted.FITTED) or guard_is(state, Fitted.ABSENT),
        Result.PIN_UNKNOWN,
    ),
    Check(
        (Request.LATCH,),
        lambda state: guard_is(state, Fitted.FITTED),
        Result.REFUSED_NO_PIN,
    ),
)


def refusal(
    state: State, request: Request, source: Source, proof: Proof, now_us: int
) -> Result | None:
    """Return why ``request`` from ``source`` cannot be begun now, or None where it can."""
    if request is Request.UNLATCH:
        refused = refuse_release(state, source, proof, now_us)
        if refused is not None:
            return refused
    for check in CHECKS:
        if request in check.requests and not check.passes(state):
            return check.result
    return None
