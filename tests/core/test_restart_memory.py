"""What a restart makes of one memory, field by field and for either pin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vehicle.core.car import Actuator, Car, Pin, StrokeLimits
from vehicle.core.memory import RELEASED, Flag, Memory, Timer
from vehicle.core.names import Demand, FaultName, PinState
from vehicle.core.pin import PinMemory, Step, Tries
from vehicle.core.restart import aged, surviving
from vehicle.core.signals import Cable, Occupant, Place, Session, Supply
from vehicle.core.situation import Asked

pytestmark = pytest.mark.fast

S = 1_000_000
LIMITS = StrokeLimits(on_time_us=100, settle_us=50, tries=2, pause_factor=9, cool_down_us=7_000)
OTHER = StrokeLimits(on_time_us=300, settle_us=50, tries=3, pause_factor=8, cool_down_us=9_000)
PINS = pytest.mark.parametrize("actuator", Actuator)


def kept(actuator: Actuator, pin: PinMemory, **rest: object) -> tuple[Memory, PinMemory]:
    """Return what survives of a memory, and of its pin ``actuator``, which has LIMITS."""
    latch = actuator is Actuator.LATCH
    car = Car(latch=Pin(limits=LIMITS if latch else OTHER))
    car = replace(car, adapter=Pin(limits=OTHER if latch else LIMITS))
    memory = Memory(**{"latch" if latch else "adapter": pin, **rest})  # type: ignore[arg-type]
    after = surviving(memory, car)
    return after, after.latch if latch else after.adapter


def stroke(step: Step, goal: Demand = Demand.RELEASE, attempt: int = 1) -> PinMemory:
    return PinMemory(
        step=step,
        goal=goal,
        reason="why",
        attempt=attempt,
        recovered=True,
        step_ends_in_us=40,
        rest_ends_in_us=60,
        confirmed=PinState.ENGAGED,
        unsettled=True,
    )


@PINS
@pytest.mark.parametrize("step", [Step.DRIVE, Step.RECOVER])
def test_a_pulse_that_ran_has_earned_its_whole_pause(actuator: Actuator, step: Step) -> None:
    _, pin = kept(actuator, stroke(step))
    tries = Tries(Demand.RELEASE, "why", 1, recovered=True, gave_up=False)
    assert pin == PinMemory(rest_ends_in_us=60 + 9 * 100, before=tries, unsettled=True)


@PINS
def test_a_stroke_whose_last_try_was_cut_off_is_used_up_and_cools_down(actuator: Actuator) -> None:
    after, pin = kept(actuator, stroke(Step.SETTLE, Demand.ENGAGE, attempt=2))
    assert pin.rest_ends_in_us == 40 + 7_000
    assert pin.before == Tries(Demand.ENGAGE, "why", 2, recovered=True, gave_up=True)
    assert after.faults == {(FaultName.FAILED_TO_ENGAGE, actuator)}


@PINS
def test_a_stroke_that_waits_for_no_end_cools_down_as_it_did(actuator: Actuator) -> None:
    waits = replace(stroke(Step.PAUSE, attempt=2), step_ends_in_us=None)
    after, pin = kept(actuator, waits)
    assert pin.rest_ends_in_us == 60
    assert after.faults == {(FaultName.FAILED_TO_RELEASE, actuator)}


@PINS
def test_a_pin_at_rest_stays_confirmed_unless_a_release_was_asked_for(actuator: Actuator) -> None:
    rests = PinMemory(state=PinState.ENGAGED, confirmed=PinState.ENGAGED)
    assert kept(actuator, rests)[1] == PinMemory(confirmed=PinState.ENGAGED)
    assert kept(actuator, rests, asked=Asked.LATCH)[1].confirmed is PinState.ENGAGED
    assert kept(actuator, rests, asked=Asked.UNLATCH)[1].confirmed is None


@PINS
def test_a_release_that_ran_counts_as_made_but_for_one_after_a_power_cut(
    actuator: Actuator,
) -> None:
    ran = stroke(Step.PAUSE)
    made = {RELEASED[actuator]}
    assert kept(actuator, ran)[0].flags == made
    assert kept(actuator, ran, last_occupant=Occupant.EMPTY)[0].flags == set()
    cut = frozenset({Flag.INTERRUPTED})
    assert kept(actuator, ran, flags=cut)[0].flags == cut
    assert kept(actuator, stroke(Step.PAUSE, Demand.ENGAGE))[0].flags == set()
    jammed = PinMemory(state=PinState.JAMMED, goal=Demand.RELEASE, attempt=2, gave_up=True)
    assert kept(actuator, jammed)[0].flags == set()


@pytest.mark.parametrize("session", Session)
def test_of_the_session_stays_what_it_was_and_of_a_charge_that_it_may_be_over(
    session: Session,
) -> None:
    memory = Memory(last_session=session, last_occupant=Occupant.ADAPTER)
    after = surviving(memory, Car())
    assert after.last_session is (Session.WAITING if session is Session.CHARGING else session)
    assert after.last_occupant is Occupant.ADAPTER


def test_where_and_by_what_the_car_charged_is_kept() -> None:
    """What is plugged in holds the car where it is, whoever restarts."""
    where = {"last_place": Place.HOME, "last_supply": Supply.AC, "last_cable": Cable.SOCKET}
    after = surviving(Memory(**where), Car())  # type: ignore[arg-type]
    assert after == Memory(**where)  # type: ignore[arg-type]


def test_time_passes_for_both_pins_and_every_timer_and_never_below_now() -> None:
    memory = Memory(
        timers=((Timer.GRACE, 5 * S), (Timer.POWER_CUT_HOLD, 2 * S)),
        latch=PinMemory(rest_ends_in_us=2 * S, confirmed=PinState.ENGAGED),
        adapter=PinMemory(rest_ends_in_us=4 * S),
    )
    assert aged(memory, 3 * S) == Memory(
        timers=((Timer.GRACE, 2 * S), (Timer.POWER_CUT_HOLD, 0)),
        latch=PinMemory(confirmed=PinState.ENGAGED),
        adapter=PinMemory(rest_ends_in_us=1 * S),
    )
