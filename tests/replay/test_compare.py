"""Two chronicles compared: what counts as a difference, from when to when, and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.car import Actuator
from vehicle.core.names import (
    Charge,
    Demand,
    FaultName,
    PinState,
    Request,
    Result,
    Source,
)
from vehicle.core.outputs import (
    ActuatorChanged,
    Answered,
    Command,
    Decided,
    Fault,
    HeatInlet,
    Output,
    Permit,
    SignalChanged,
    StopCharge,
)
from vehicle.core.signals import CarLock, Feedback
from vehicle.replay.agreement import Agreement, Interval
from vehicle.replay.compare import Difference, compare, compare_shadow, spans
from vehicle.replay.report.chronicle import Chronicle

LATCH = Actuator.LATCH


def engage(rule: str = "car_locked") -> Decided:
    return Decided(LATCH, Demand.ENGAGE, rule, ())


def hold() -> Decided:
    return Decided(LATCH, Demand.HOLD, "otherwise", ())


def chronicle(*outputs: tuple[int, Output], end_us: int = 100) -> Chronicle:
    made = Chronicle(shadow=False)
    for now_us, output in outputs:
        made.take(now_us, output)
    made.finish(end_us)
    return made


def test_two_equal_replays_differ_in_nothing() -> None:
    told: tuple[tuple[int, Output], ...] = (
        (0, engage()),
        (5, Command(LATCH, Demand.ENGAGE, 1)),
        (7, Permit(Charge.AC, None)),
    )
    assert compare(chronicle(*told), chronicle(*told)) == []


def test_another_demand_is_a_difference_of_the_outcome_with_both_reasons() -> None:
    one, other = chronicle((0, hold()), (10, engage())), chronicle((0, hold()), (30, engage()))
    assert compare(one, other) == [
        Difference(
            10,
            30,
            "latch demand",
            ("engage", "hold"),
            (
                "The car is locked and the owner wants the cable locked with it.",
                "No rule asks for a movement.",
            ),
            outcome=True,
        )
    ]


def test_another_rule_for_the_same_demand_is_no_difference_of_the_outcome() -> None:
    (found,) = compare(chronicle((0, engage("always"))), chronicle((0, engage("car_locked"))))
    assert (found.what, found.values, found.outcome) == (
        "latch rule",
        ("always", "car_locked"),
        False,
    )
    assert found.reasons[0] == "The owner wants whatever is plugged in held."
    assert (found.from_us, found.to_us) == (0, 100)


@pytest.mark.parametrize(
    ("output", "what", "values", "outcome"),
    [
        (Permit(Charge.AC, None), "permit", ("ac", None), True),
        (
            ActuatorChanged(LATCH, PinState.JAMMED, None, False),
            "latch state",
            ("jammed", None),
            True,
        ),
        (SignalChanged("car_lock", CarLock.LOCKED, None), "car lock", ("locked", None), False),
        (Fault(FaultName.BUS_LOST, True), "fault bus_lost", ("active", None), False),
        (StopCharge(True, 1), "stop", ("asked for", None), False),
        (HeatInlet(True, 1), "heat", ("on", None), False),
    ],
)
def test_whatever_holds_on_one_side_alone_is_a_difference(
    output: Output, what: str, values: tuple[str, None], outcome: bool
) -> None:
    (found,) = compare(chronicle((40, output)), chronicle())
    assert (found.what, found.values, found.outcome) == (what, values, outcome)
    assert (found.from_us, found.to_us) == (40, 100)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (Command(LATCH, Demand.ENGAGE, 1), "engage the charge-port latch"),
        (
            Answered(Request.UNLATCH, Source.CLI, Result.RELEASED),
            "unlatch from cli: done: released",
        ),
    ],
)
def test_what_happens_on_one_side_alone_differs_at_its_moment(output: Output, words: str) -> None:
    (found,) = compare(chronicle(), chronicle((40, output)))
    assert (found.from_us, found.to_us, found.values) == (40, 40, (None, words))


def test_the_reason_of_a_permit_is_where_the_pins_are() -> None:
    engaged = ActuatorChanged(LATCH, PinState.ENGAGED, None, False)
    one = chronicle((0, engaged), (5, Permit(Charge.AC, None)))
    other = chronicle((0, engaged), (5, Permit(Charge.NONE, None)))
    (found,) = compare(one, other)
    assert found.reasons == ("charge-port latch engaged", "charge-port latch engaged")


def test_differences_come_in_order_of_time() -> None:
    one = chronicle((30, Permit(Charge.AC, None)), (60, Fault(FaultName.BUS_LOST, True)))
    other = chronicle((10, SignalChanged("car_lock", CarLock.LOCKED, None)))
    assert [each.from_us for each in compare(one, other)] == [10, 30, 60]


def test_intervals_that_touch_are_one_and_only_the_outcome_counts() -> None:
    def differing(from_us: int, to_us: int, *, outcome: bool = True) -> Difference:
        return Difference(from_us, to_us, "permit", (None, None), (None, None), outcome)

    found = spans(
        [differing(5, 9), differing(0, 5), differing(20, 30), differing(40, 50, outcome=False)]
    )
    assert found == [(0, 9), (20, 30)]


def test_in_shadow_the_other_side_is_the_cars_own_pin() -> None:
    agreement = Agreement()
    agreement.intervals = [
        Interval(LATCH, 0, 10, Demand.ENGAGE, Feedback.ENGAGED),
        Interval(LATCH, 10, 20, Demand.ENGAGE, Feedback.RELEASED),
    ]
    (found,) = compare_shadow(chronicle((0, engage())), agreement)
    assert (found.from_us, found.to_us, found.values) == (10, 20, ("engage", "released"))
    assert found.reasons[1] is None
    assert found.outcome


_CHANGES = st.lists(st.tuples(st.integers(0, 20), st.sampled_from(list(Charge))), max_size=8)


@given(_CHANGES, _CHANGES)
def test_at_every_moment_a_difference_is_told_exactly_where_there_is_one(
    one: list[tuple[int, Charge]], other: list[tuple[int, Charge]]
) -> None:
    """Whatever the two permits do, and which way round they are compared."""
    sides = [
        chronicle(*((now_us, Permit(charge, None)) for now_us, charge in sorted(each)), end_us=25)
        for each in (one, other)
    ]
    found = compare(*sides)
    held: list[Callable[[int], str | None]] = [
        side.tracks["permit"].at if "permit" in side.tracks else lambda _: None for side in sides
    ]
    for now_us in range(25):
        told = [each.values for each in found if each.from_us <= now_us < each.to_us]
        values = held[0](now_us), held[1](now_us)
        assert told == ([values] if values[0] != values[1] else [])
    swapped = compare(sides[1], sides[0])
    assert [each.values for each in swapped] == [each.values[::-1] for each in found]
