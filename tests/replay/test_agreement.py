"""Shadow comparison on hand-made outputs: who agreed with whom, and for how long."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.outputs import Command, Decided, Output, SignalChanged
from vehicle.core.signals import Feedback, Fitted, Inlet, SignalValue
from vehicle.replay.agreement import Agreement, Interval

ENGAGE, RELEASE, HOLD = Demand.ENGAGE, Demand.RELEASE, Demand.HOLD


def demand(which: Demand, actuator: Actuator = Actuator.LATCH) -> Decided:
    return Decided(actuator, which, "otherwise", ())


def sees(signal: str, value: SignalValue, was: SignalValue | None = None) -> SignalChanged:
    return SignalChanged(signal, value, was)


HERE = (0, sees("latch_fitted", Fitted.FITTED))


def compared(*outputs: tuple[int, Output], end_us: int) -> Agreement:
    agreement = Agreement()
    for now_us, output in outputs:
        agreement.note(now_us, output)
    agreement.finish(end_us)
    return agreement


def times(agreement: Agreement) -> tuple[int, int, int]:
    fields = agreement.fields()
    return fields["agreed_us"], fields["differed_us"], fields["unknown_us"]


@pytest.mark.parametrize(
    ("wanted", "position", "verdict"),
    [
        (ENGAGE, Feedback.ENGAGED, "agreed"),
        (ENGAGE, Feedback.RELEASED, "differed"),
        (ENGAGE, Feedback.MOVING, "unknown"),
        (ENGAGE, Feedback.BLOCKING, "unknown"),
        (ENGAGE, Feedback.UNKNOWN, "unknown"),
        (RELEASE, Feedback.RELEASED, "agreed"),
        (RELEASE, Feedback.ENGAGED, "differed"),
        (RELEASE, Feedback.MOVING, "unknown"),
        (RELEASE, Feedback.BLOCKING, "unknown"),
        (RELEASE, Feedback.UNKNOWN, "unknown"),
        *((HOLD, position, "agreed") for position in Feedback),
    ],
)
def test_each_demand_agrees_with_its_own_position_and_hold_with_any(
    wanted: Demand, position: Feedback, verdict: str
) -> None:
    """Neither end, or not known, is no disagreement."""
    assert Interval(Actuator.LATCH, 0, 1, wanted, position).verdict == verdict


def test_a_late_car_costs_the_time_that_it_was_late() -> None:
    """We wanted it engaged at 1 s; the car did it at 3 s."""
    agreement = compared(
        HERE,
        (0, sees("latch", Feedback.RELEASED)),
        (1_000_000, demand(ENGAGE)),
        (3_000_000, sees("latch", Feedback.ENGAGED, Feedback.RELEASED)),
        end_us=10_000_000,
    )
    assert agreement.intervals == [
        Interval(Actuator.LATCH, 0, 1_000_000, HOLD, Feedback.RELEASED),
        Interval(Actuator.LATCH, 1_000_000, 3_000_000, ENGAGE, Feedback.RELEASED),
        Interval(Actuator.LATCH, 3_000_000, 10_000_000, ENGAGE, Feedback.ENGAGED),
    ]
    assert times(agreement) == (8_000_000, 2_000_000, 0)


def test_intervals_are_told_in_the_words_of_the_contract() -> None:
    """Keys and values of the summary."""
    agreement = compared(HERE, (0, sees("latch", Feedback.ENGAGED)), end_us=5)
    assert agreement.fields() == {
        "intervals": [
            {"actuator": "latch", "from_us": 0, "to_us": 5, "demand": "hold", "latch": "engaged"}
        ],
        "agreed_us": 5,
        "differed_us": 0,
        "unknown_us": 0,
        "releases_while_not_safe": 0,
        "car_released_while_not_safe": 0,
    }


def test_another_rule_with_the_same_demand_makes_no_new_interval() -> None:
    """What is compared is the demand, not the reason."""
    agreement = compared(
        HERE, (0, demand(ENGAGE)), (5, demand(ENGAGE)), (7, demand(ENGAGE)), end_us=9
    )
    assert [(each.from_us, each.to_us) for each in agreement.intervals] == [(0, 9)]


def test_two_changes_at_one_time_leave_no_empty_interval() -> None:
    """An interval of no length says nothing."""
    agreement = compared(
        HERE, (0, demand(ENGAGE)), (0, demand(RELEASE)), (4, demand(HOLD)), end_us=4
    )
    assert [(each.demand, each.to_us) for each in agreement.intervals] == [(RELEASE, 4)]


def test_a_demand_that_comes_back_within_one_moment_joins_the_intervals() -> None:
    """Engage, hold and engage again at 5 us: nothing was different for any time."""
    agreement = compared(
        HERE, (0, demand(ENGAGE)), (5, demand(HOLD)), (5, demand(ENGAGE)), end_us=9
    )
    assert [(each.from_us, each.to_us) for each in agreement.intervals] == [(0, 9)]


def test_a_pin_that_the_car_has_not_is_left_out() -> None:
    """Absent, or never known to be there, is not compared."""
    absent = (0, sees("latch_fitted", Fitted.ABSENT))
    assert compared(absent, (0, demand(RELEASE)), end_us=9).intervals == []
    assert compared((0, demand(RELEASE)), end_us=9).intervals == []
    retracted = compared(HERE, (3, sees("latch_fitted", Fitted.ABSENT)), end_us=9)
    assert retracted.intervals == []


def test_a_pin_that_is_not_heard_of_again_after_a_break_in_time_stays_compared() -> None:
    gone = (50, sees("latch_fitted", Fitted.UNKNOWN, Fitted.FITTED))
    agreement = compared(HERE, (0, demand(ENGAGE)), (10, demand(HOLD)), gone, end_us=100)
    assert times(agreement) == (90, 0, 10)


def test_both_pins_are_compared_each_with_its_own_sensor() -> None:
    """The intervals of both come in order of their beginning; their times add up."""
    agreement = compared(
        HERE,
        (0, sees("adapter_lock_fitted", Fitted.FITTED)),
        (0, sees("adapter_lock", Feedback.ENGAGED)),
        (0, sees("latch", Feedback.RELEASED)),
        (2, demand(RELEASE, Actuator.ADAPTER)),
        (3, demand(ENGAGE)),
        end_us=10,
    )
    assert [(each.actuator, each.from_us, each.verdict) for each in agreement.intervals] == [
        (Actuator.ADAPTER, 0, "agreed"),
        (Actuator.LATCH, 0, "agreed"),
        (Actuator.ADAPTER, 2, "differed"),
        (Actuator.LATCH, 3, "differed"),
    ]
    assert times(agreement) == (5, 15, 0)


@pytest.mark.parametrize("inlet", Inlet)
def test_our_release_counts_as_a_defect_unless_the_inlet_reads_safe(inlet: Inlet) -> None:
    """Unknown is not safe."""
    agreement = compared(
        (0, sees("inlet", inlet)),
        (1, Command(Actuator.LATCH, RELEASE, 1)),
        (2, Command(Actuator.LATCH, ENGAGE, 1)),
        end_us=3,
    )
    assert agreement.releases_while_not_safe == (inlet is not Inlet.SAFE)


def test_a_release_before_anything_is_known_of_the_inlet_is_a_defect() -> None:
    """Never heard is not safe either."""
    assert compared((0, Command(Actuator.LATCH, RELEASE, 1)), end_us=1).releases_while_not_safe == 1


@pytest.mark.parametrize("inlet", Inlet)
def test_the_car_that_lets_go_while_not_safe_is_noted(inlet: Inlet) -> None:
    """It is the car's doing, not ours: a note, not a defect."""
    agreement = compared(
        (0, sees("inlet", inlet)),
        (0, sees("latch", Feedback.ENGAGED)),
        (1, sees("latch", Feedback.UNKNOWN, Feedback.ENGAGED)),
        (2, sees("latch", Feedback.RELEASED, Feedback.UNKNOWN)),
        (3, sees("latch", Feedback.ENGAGED, Feedback.RELEASED)),
        (4, sees("latch", Feedback.RELEASED, Feedback.ENGAGED)),
        end_us=5,
    )
    assert agreement.car_released_while_not_safe == (inlet is not Inlet.SAFE)
    assert agreement.releases_while_not_safe == 0


@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, 50),
            st.one_of(st.sampled_from(Demand), st.sampled_from(Feedback)),
            st.sampled_from(Actuator),
        ),
        max_size=30,
    ),
    end_us=st.integers(50, 60),
)
def test_every_moment_is_counted_once_and_neighbours_differ(
    changes: list[tuple[int, Demand | Feedback, Actuator]], end_us: int
) -> None:
    """Per pin the intervals cover the recording without gap, overlap or needless cut."""
    agreement = Agreement()
    agreement.note(0, sees("latch_fitted", Fitted.FITTED))
    agreement.note(0, sees("adapter_lock_fitted", Fitted.FITTED))
    for now_us, value, actuator in sorted(changes, key=lambda change: change[0]):
        if isinstance(value, Demand):
            agreement.note(now_us, demand(value, actuator))
        else:
            name = "latch" if actuator is Actuator.LATCH else "adapter_lock"
            agreement.note(now_us, sees(name, value))
    agreement.finish(end_us)
    assert sum(times(agreement)) == 2 * end_us
    for actuator in Actuator:
        own = [each for each in agreement.intervals if each.actuator is actuator]
        assert [each.from_us for each in own] == [0, *(each.to_us for each in own[:-1])]
        assert own[-1].to_us == end_us
        for one, two in itertools.pairwise(own):
            assert (one.demand, one.latch) != (two.demand, two.latch)
