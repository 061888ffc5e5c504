"""The watch over every story sees what must never happen, and is quiet where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, Demand, FaultName, Request, Result, Source
from vehicle.core.outputs import Answered, Command, Fault, Output, Permit, SignalChanged
from vehicle.core.signals import CarLock, Feedback
from vehicle.runtime.orders import FaultOrder, Orders
from vehicle.runtime.plant import Plant, StartState
from vehicle.runtime.safety_watch import EMPTY_KNOWN_US, SafetyWatch

ENGAGE = Command(Actuator.LATCH, Demand.ENGAGE, 1)
RELEASE = Command(Actuator.LATCH, Demand.RELEASE, 1)
SEATED = {"connector": True, "supply": "ac"}
CHARGING = {**SEATED, "session": "charging", "latch": "engaged"}


def failures(
    *outputs: Output, lying: bool = False, locks_itself: bool = False, **start: Any
) -> list[str]:
    """Return what the watch says of ``outputs``, one a second, the last look before them at 0."""
    orders = Orders([FaultOrder(0, 1, "lying_feedback")] if lying else [])
    plant = Plant(StartState(**start), orders, reports_weld_test=True)
    watch = SafetyWatch(plant, orders, connector_locks_itself=locks_itself)
    for second, output in enumerate(outputs, start=1):
        watch.see(second * 1_000_000)
        watch.take(second * 1_000_000, output)
    return watch.finish(60_000_000)


def answer(result: Result) -> Answered:
    return Answered(Request.UNLATCH, Source.CLI, result)


UNSAFE: list[tuple[list[Output], dict[str, Any], str]] = [
    ([RELEASE], CHARGING, "1 s: the latch is released while the inlet is energised"),
    ([ENGAGE], {}, "the latch is driven into an empty inlet"),
    ([Permit(Charge.DC, None)], SEATED, "dc is permitted, and the latch holds nothing"),
    ([Permit(Charge.AC, None)], SEATED, "ac is permitted, and the latch holds nothing"),
    (
        [Permit(Charge.AC, None)],
        {**SEATED, "adapter": True, "latch": "engaged"},
        "ac is permitted, and the adapter holds nothing",
    ),
    (
        [Permit(Charge.DC, None)],
        {**SEATED, "latch_fitted": False},
        "dc is permitted, and the latch holds nothing",
    ),
    ([ENGAGE, ENGAGE], SEATED, "2 s: the latch is driven to engage again for no new reason"),
    (
        [ENGAGE, SignalChanged("latch", Feedback.ENGAGED, None), ENGAGE],
        SEATED,
        "again for no new reason",
    ),
    ([answer(Result.ACCEPTED)], SEATED, "request of 1 s has neither ended nor a fault"),
    (
        [
            answer(Result.ACCEPTED),
            Fault(FaultName.BUS_LOST, True),
            Fault(FaultName.BUS_LOST, False),
        ],
        SEATED,
        "neither ended nor a fault",
    ),
]


@pytest.mark.parametrize(("outputs", "start", "says"), UNSAFE)
def test_what_must_never_happen_is_seen(
    outputs: list[Output], start: dict[str, Any], says: str
) -> None:
    found = failures(*outputs, **start)
    assert len(found) == 1
    assert says in found[0]


SAFE: list[tuple[list[Output], dict[str, Any]]] = [
    ([RELEASE], {**SEATED, "latch": "engaged"}),
    ([RELEASE], {}),
    ([ENGAGE], SEATED),
    ([ENGAGE], {"adapter": True}),
    ([Permit(Charge.AC_LIMITED, None), Permit(Charge.NONE, None)], SEATED),
    ([Permit(Charge.AC, None)], CHARGING),
    ([Permit(Charge.AC, None)], {**SEATED, "latch_fitted": False}),
    ([Permit(Charge.AC, None)], {**SEATED, "lying": True}),
    ([Permit(Charge.DC, None)], {**SEATED, "latch_fitted": False, "locks_itself": True}),
    ([Permit(Charge.AC, None)], {**SEATED, "adapter": True, "adapter_lock": "engaged"}),
    ([ENGAGE, RELEASE], SEATED),
    ([ENGAGE, SignalChanged("car_lock", CarLock.LOCKED, None), ENGAGE], SEATED),
    ([ENGAGE, Command(Actuator.LATCH, Demand.ENGAGE, 2)], SEATED),
    ([answer(Result.ACCEPTED), answer(Result.RELEASED)], SEATED),
    ([answer(Result.ACCEPTED), answer(Result.ALREADY_PENDING), answer(Result.RELEASED)], SEATED),
    ([answer(Result.ACCEPTED), Fault(FaultName.STOP_NOT_CONFIRMED, True)], SEATED),
]


@pytest.mark.parametrize(("outputs", "start"), SAFE)
def test_what_may_happen_is_no_failure(outputs: list[Output], start: dict[str, Any]) -> None:
    assert failures(*outputs, **start) == []


def test_an_inlet_is_empty_only_once_the_car_could_have_said_so() -> None:
    orders = Orders([])
    plant = Plant(StartState(connector=True, supply="ac"), orders, reports_weld_test=True)
    watch = SafetyWatch(plant, orders, connector_locks_itself=False)
    watch.see(0)
    plant.connector = False
    watch.see(EMPTY_KNOWN_US)
    watch.take(EMPTY_KNOWN_US, ENGAGE)
    assert watch.failures == []
