"""The last veto, over all of its inputs, against S1, S2, A4, A7 and A10 in other words."""

from __future__ import annotations

from itertools import product

import pytest

from vehicle.core.car import Actuator, Car, WhenEmpty
from vehicle.core.interlock import veto_permit, veto_stroke
from vehicle.core.names import Charge, Demand
from vehicle.core.signals import BoardSupply, Fitted, Inlet, Occupant, Weld
from vehicle.core.snapshot import Snapshot

pytestmark = pytest.mark.fast

DIRECTIONS = (Demand.ENGAGE, Demand.RELEASE)


def veto(
    seen: Snapshot,
    direction: Demand,
    *,
    actuator: Actuator = Actuator.LATCH,
    car: Car | None = None,
    awaited: bool = False,
    pulled: bool = False,
    board: BoardSupply = BoardSupply.GOOD,
) -> str | None:
    return veto_stroke(
        car or Car(),
        seen,
        actuator,
        direction,
        weld_result_awaited=awaited,
        manual_release_pulled=pulled,
        board_supply=board,
    )


def test_a_pulse_leaves_only_where_no_requirement_forbids_it() -> None:
    cases = product(
        Actuator, Fitted, DIRECTIONS, WhenEmpty, Inlet, Occupant, Weld, (False, True), (False, True)
    )
    for actuator, there, direction, when_empty, inlet, occupant, weld, awaited, pulled in cases:
        own, other = there, Fitted.UNKNOWN if there is Fitted.FITTED else Fitted.FITTED
        latch, adapter = (own, other) if actuator is Actuator.LATCH else (other, own)
        seen = Snapshot(
            inlet=inlet,
            occupant=occupant,
            weld=weld,
            latch_fitted=latch,
            adapter_lock_fitted=adapter,
        )
        allowed = there is Fitted.FITTED and not pulled
        if direction is Demand.RELEASE:
            allowed &= inlet is Inlet.SAFE and weld is not Weld.WELDED and not awaited
            allowed &= not (occupant is Occupant.EMPTY and when_empty is WhenEmpty.LEAVE)
        else:
            allowed &= occupant not in (Occupant.EMPTY, Occupant.UNKNOWN)
        car = Car(when_empty=when_empty)
        why = veto(seen, direction, actuator=actuator, car=car, awaited=awaited, pulled=pulled)
        assert (why is None) is allowed, (seen, direction, why)


@pytest.mark.parametrize("board", BoardSupply)
def test_a_low_12_v_supply_begins_no_engage_stroke_and_a_lower_one_none_at_all(board) -> None:
    engage = veto(SEATED, Demand.ENGAGE, board=board)
    release = veto(SEATED, Demand.RELEASE, board=board)
    assert (engage is not None) is (board in (BoardSupply.LOW, BoardSupply.TOO_LOW))
    assert (release is not None) is (board is BoardSupply.TOO_LOW)
    assert all("12 V supply" in why for why in (engage, release) if why is not None)


SEATED = Snapshot(
    occupant=Occupant.CONNECTOR,
    inlet=Inlet.SAFE,
    latch_fitted=Fitted.FITTED,
    adapter_lock_fitted=Fitted.FITTED,
)


@pytest.mark.parametrize(
    ("why", "seen", "direction", "awaited", "pulled"),
    [
        ("the car is not known to have this pin", Snapshot(), Demand.ENGAGE, True, True),
        ("the manual release was pulled", SEATED, Demand.RELEASE, True, True),
        ("the weld test's result is awaited", SEATED, Demand.RELEASE, True, False),
        (
            "the inlet is energised, not safe",
            Snapshot(inlet=Inlet.ENERGISED, latch_fitted=Fitted.FITTED, weld=Weld.WELDED),
            Demand.RELEASE,
            True,
            False,
        ),
        (
            "the inlet is unknown, not safe",
            Snapshot(latch_fitted=Fitted.FITTED),
            Demand.RELEASE,
            False,
            False,
        ),
        (
            "the contactors are welded",
            Snapshot(inlet=Inlet.SAFE, latch_fitted=Fitted.FITTED, weld=Weld.WELDED),
            Demand.RELEASE,
            True,
            False,
        ),
        (
            "the occupant is empty: nothing is known to be seated",
            Snapshot(occupant=Occupant.EMPTY, latch_fitted=Fitted.FITTED),
            Demand.ENGAGE,
            True,
            False,
        ),
        (
            "the occupant is unknown: nothing is known to be seated",
            Snapshot(latch_fitted=Fitted.FITTED),
            Demand.ENGAGE,
            False,
            False,
        ),
    ],
)
def test_a_veto_says_why_and_names_the_gravest_reason_first(
    why: str, seen: Snapshot, direction: Demand, awaited: bool, pulled: bool
) -> None:
    assert veto(seen, direction, awaited=awaited, pulled=pulled) == why


def test_a_veto_for_want_of_voltage_says_so() -> None:
    ready = Snapshot(occupant=Occupant.CONNECTOR, inlet=Inlet.SAFE, latch_fitted=Fitted.FITTED)
    told = {
        (supply, direction): veto(ready, direction, board=supply)
        for supply in (BoardSupply.LOW, BoardSupply.TOO_LOW)
        for direction in (Demand.ENGAGE, Demand.RELEASE)
    }
    assert told == {
        (BoardSupply.LOW, Demand.ENGAGE): (
            "the 12 V supply is low: the pin might never be released again"
        ),
        (BoardSupply.LOW, Demand.RELEASE): None,
        (BoardSupply.TOO_LOW, Demand.ENGAGE): "the 12 V supply is too low for any stroke",
        (BoardSupply.TOO_LOW, Demand.RELEASE): "the 12 V supply is too low for any stroke",
    }


def test_a_veto_of_a_release_into_the_empty_inlet_says_so() -> None:
    seen = Snapshot(occupant=Occupant.EMPTY, inlet=Inlet.SAFE, latch_fitted=Fitted.FITTED)
    leave = Car(when_empty=WhenEmpty.LEAVE)
    why = veto(seen, Demand.RELEASE, car=leave)
    assert why == "on this car a release would push the pin into the empty inlet"


def test_a_permit_needs_a_confirmed_engagement_unless_there_is_no_pin_to_engage() -> None:
    for charge, guard, confirmed, there, itself in product(
        Charge, (None, *Actuator), (False, True), Fitted, (False, True)
    ):
        other = Fitted.UNKNOWN if there is Fitted.ABSENT else Fitted.ABSENT
        latch, adapter = (there, other) if guard is Actuator.LATCH else (other, there)
        seen = Snapshot(latch_fitted=latch, adapter_lock_fitted=adapter)
        car = Car(connector_locks_itself=itself)
        why = veto_permit(car, seen, charge, guard=guard, confirmed=confirmed)
        no_pin = guard is not None and there is Fitted.ABSENT
        allowed = {
            Charge.NONE: True,
            Charge.AC_LIMITED: True,
            Charge.AC: confirmed or no_pin,
            Charge.DC: confirmed or (no_pin and itself),
        }[charge]
        assert (why is None) is allowed, (charge, guard, confirmed, there, itself, why)


def test_a_vetoed_permit_says_what_it_lacks() -> None:
    nothing = veto_permit(Car(), SEATED, Charge.AC, guard=None, confirmed=False)
    assert nothing == "nothing is known to be held"
    loose = veto_permit(Car(), SEATED, Charge.DC, guard=Actuator.LATCH, confirmed=False)
    assert loose == "dc needs the latch engaged, and its sensor does not say so"
