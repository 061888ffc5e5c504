"""The charge permit, over all of its inputs, against S2, S3, S10 and A10."""

from __future__ import annotations

from itertools import product

import pytest

from vehicle.core.actuator import DrivenPin
from vehicle.core.car import Actuator, Car, Pin
from vehicle.core.memory import HEARD, MANUAL, Flag
from vehicle.core.names import Charge, Demand, PinState
from vehicle.core.permit import PERMITS, Grip, PermitRow, charge_permit, grip_of, permit_of
from vehicle.core.pin import PinMemory, Step
from vehicle.core.policy import RULES
from vehicle.core.rule import Decision
from vehicle.core.settings import Settings
from vehicle.core.signals import Feedback, Fitted, Occupant, Supply
from vehicle.core.situation import Asked, guarding_pin
from vehicle.core.snapshot import Snapshot
from vehicle.core.state import State

pytestmark = pytest.mark.fast

TABLE = """
               | ac         | dc   | unknown    | none
withdrawn      | none       | none | none       | none
nothing        | none       | none | none       | none
moving         | none       | none | none       | none
confirmed      | ac         | dc   | ac         | none
no-pin         | ac         | none | ac         | none
self-locking   | ac         | dc   | ac         | none
loose          | ac-limited | none | ac-limited | none
"""


def test_each_grip_and_supply_permits_what_the_table_says() -> None:
    head, *rows = [line.split("|") for line in TABLE.strip("\n").splitlines()]
    assert {Grip(row[0].strip()) for row in rows} == set(Grip) == set(PERMITS)
    assert {word.strip() for word in head[1:]} == set(Supply)
    for grip, *cells in rows:
        for supply, cell in zip(head[1:], cells, strict=True):
            permit = charge_permit(Grip(grip.strip()), Supply(supply.strip()))
            assert permit is Charge(cell.strip())


def test_a_row_permits_nothing_without_a_supply_unless_it_says_so() -> None:
    row = PermitRow(ac=Charge.AC, dc=Charge.DC, unknown=Charge.AC)
    assert row.none is Charge.NONE


def state_of(*, sensor: bool = True, locks_itself: bool = False) -> State:
    car = Car(
        latch=Pin(feedback=sensor),
        adapter=Pin(feedback=sensor),
        connector_locks_itself=locks_itself,
    )
    pins = {actuator: DrivenPin(actuator, car.pin(actuator)) for actuator in Actuator}
    return State(car, Settings(), pins)  # type: ignore[arg-type]


SEATED = Snapshot(
    occupant=Occupant.CONNECTOR,
    supply=Supply.DC,
    latch_fitted=Fitted.FITTED,
    adapter_lock_fitted=Fitted.FITTED,
)
HOLDING = PinMemory(state=PinState.ENGAGED)


def held_state() -> State:
    """Return a state in which DC is permitted."""
    state = state_of()
    state.seen = SEATED
    state.pins[Actuator.LATCH].restore(HOLDING, 0)
    assert permit_of(state) is Charge.DC
    return state


@pytest.mark.parametrize("actuator", Actuator)
def test_a_manual_release_withdraws_the_permit(actuator: Actuator) -> None:
    state = held_state()
    state.flags.add(MANUAL[actuator])
    assert grip_of(state) is Grip.WITHDRAWN
    assert permit_of(state) is Charge.NONE


@pytest.mark.parametrize("flag", Flag)
def test_only_a_stop_an_error_and_a_manual_release_withdraw_the_permit(flag: Flag) -> None:
    state = held_state()
    state.flags.add(flag)
    stops = {Flag.STOPPED, Flag.INTERNAL_ERROR, Flag.MANUAL_LATCH, Flag.MANUAL_ADAPTER}
    assert (permit_of(state) is Charge.NONE) is (flag in stops)


def test_a_lost_bus_withdraws_the_permit_and_a_sleeping_one_does_not() -> None:
    state = held_state()
    state.asleep.add("chassis")
    assert permit_of(state) is Charge.DC
    state.lost.add("chassis")
    assert grip_of(state) is Grip.WITHDRAWN


def test_an_unlatch_that_is_asked_for_withdraws_the_permit_and_a_latch_does_not() -> None:
    state = held_state()
    state.asked = Asked.LATCH
    assert permit_of(state) is Charge.DC
    state.asked = Asked.UNLATCH
    assert grip_of(state) is Grip.WITHDRAWN
    assert permit_of(state) is Charge.NONE


@pytest.mark.parametrize(("itself", "grip"), [(False, Grip.NO_PIN), (True, Grip.SELF_LOCKING)])
def test_without_a_pin_it_counts_whether_the_connector_locks_itself(
    itself: bool, grip: Grip
) -> None:
    state = state_of(locks_itself=itself)
    state.seen = SEATED._replace(latch_fitted=Fitted.ABSENT)
    assert grip_of(state) is grip


def test_a_car_decides_for_itself_unless_it_is_a_shadow() -> None:
    assert not state_of().shadow


WANTS = (None, *(next(r for r in RULES if r.latch is demand) for demand in Demand))


def expected_grip(
    car: Car, seen: Snapshot, guard: Actuator | None, pin: PinMemory, wanted: bool, heard: bool
) -> Grip:
    """Say in words of S2 how the guarding pin holds what is seated."""
    if guard is None:
        return Grip.NOTHING
    there = {
        Actuator.LATCH: seen.latch_fitted,
        Actuator.ADAPTER: seen.adapter_lock_fitted,
    }[guard]
    if there is Fitted.ABSENT:
        return Grip.SELF_LOCKING if car.connector_locks_itself else Grip.NO_PIN
    sensor = car.pin(guard).feedback
    if sensor and pin.state is PinState.ENGAGED:
        return Grip.CONFIRMED
    if pin.step is not Step.REST:
        return Grip.MOVING
    on_the_way = pin.unsettled and pin.feedback in (Feedback.RELEASED, Feedback.MOVING)
    if wanted and (
        pin.state is PinState.RELEASED or (pin.state is PinState.UNKNOWN and on_the_way)
    ):
        return Grip.MOVING
    never_heard = sensor and not heard and pin.state is PinState.UNKNOWN
    return Grip.NOTHING if never_heard else Grip.LOOSE


@pytest.mark.whole
@pytest.mark.parametrize("sensor", [True, False])
@pytest.mark.parametrize("locks_itself", [True, False])
def test_power_is_permitted_as_the_guarding_pin_holds(sensor: bool, locks_itself: bool) -> None:
    state = state_of(sensor=sensor, locks_itself=locks_itself)
    memories = [PinMemory(state=at, step=step) for at in PinState for step in Step]
    memories += [
        PinMemory(state=at, feedback=feedback, unsettled=True)
        for at in (PinState.RELEASED, PinState.UNKNOWN)
        for feedback in Feedback
    ]
    quiet = PinMemory(state=PinState.RELEASED)
    for occupant, latch, adapter in product(Occupant, Fitted, Fitted):
        seen = Snapshot(occupant=occupant, latch_fitted=latch, adapter_lock_fitted=adapter)
        guard = guarding_pin(seen)
        for pin, rule, heard in product(memories if guard else [quiet], WANTS, (False, True)):
            for actuator in Actuator:
                state.pins[actuator].restore(pin if actuator is guard else quiet, 0)
            state.decisions = {}
            state.flags = set()
            if guard is not None and rule is not None:
                state.decisions[guard] = Decision(rule.latch or Demand.HOLD, rule)
            if guard is not None and heard:
                state.flags.add(HEARD[guard])
            wanted = rule is not None and rule.latch is Demand.ENGAGE
            grip = expected_grip(state.car, seen, guard, pin, wanted, heard)
            for supply in Supply:
                state.seen = seen._replace(supply=supply)
                assert permit_of(state) is charge_permit(grip, supply), (seen, pin, rule, heard)
            assert grip_of(state) is grip


def test_a_pin_without_a_sensor_permits_limited_ac_and_no_dc_before_its_first_stroke() -> None:
    state = state_of(sensor=False)
    for supply, charge in ((Supply.AC, Charge.AC_LIMITED), (Supply.DC, Charge.NONE)):
        state.seen = SEATED._replace(supply=supply)
        assert permit_of(state) is charge


def test_the_interlock_has_the_last_word_on_a_permit(monkeypatch: pytest.MonkeyPatch) -> None:
    state = held_state()
    row = PermitRow(ac=Charge.AC, dc=Charge.DC, unknown=Charge.AC)
    monkeypatch.setitem(PERMITS, Grip.LOOSE, row)
    state.pins[Actuator.LATCH].restore(PinMemory(state=PinState.JAMMED, gave_up=True), 0)
    assert permit_of(state) is Charge.NONE
    state.seen = SEATED._replace(supply=Supply.AC)
    assert permit_of(state) is Charge.NONE
    state.seen = SEATED._replace(occupant=Occupant.UNKNOWN)
    monkeypatch.setitem(PERMITS, Grip.NOTHING, row)
    assert permit_of(state) is Charge.NONE
