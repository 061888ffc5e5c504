"""Silence alone: which message is due when, and which silence is sleep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.wire.layout import MessageSpec
from vehicle.wire.supervision import QUIET_US, SLOW_US, BusWatch, Supervision, Watch

S = 1_000_000


def spec(
    name: str, stale_us: int | None, cycle_us: int | None = None, bus: str = "main"
) -> MessageSpec:
    return MessageSpec(name, 1, False, 8, bus, stale_us, cycle_us)


def hear(supervision: Supervision, name: str, now_us: int) -> None:
    watch = supervision.watches[name]
    watch.hear(now_us)
    watch.bus.last_us = now_us


def due(supervision: Supervision) -> tuple[int, str] | None:
    found = supervision.next_due()
    if found is None:
        return None
    when, what = found
    return when, what.spec.name if isinstance(what, Watch) else f"bus {what.name}"


def test_nothing_is_due_before_anything_was_heard() -> None:
    supervision = Supervision([spec("a", S)])
    assert due(supervision) is None


def test_a_message_comes_before_its_bus_at_the_same_time() -> None:
    supervision = Supervision([spec("a", QUIET_US, 100_000)])
    hear(supervision, "a", 5)
    assert due(supervision) == (5 + QUIET_US, "a")
    supervision.watches["a"].lose(5 + QUIET_US)
    assert due(supervision) == (5 + QUIET_US, "bus main")


def test_an_event_is_never_due_and_its_bus_neither() -> None:
    supervision = Supervision([spec("e", None)])
    hear(supervision, "e", 0)
    assert due(supervision) is None


def test_an_events_frame_keeps_its_bus_awake() -> None:
    supervision = Supervision([spec("a", 60 * S, 100_000), spec("e", None)])
    hear(supervision, "a", 0)
    hear(supervision, "e", S)
    assert due(supervision) == (S + QUIET_US, "bus main")


@pytest.mark.parametrize(
    ("cycle_us", "waited_us"),
    [
        (None, 5 * S),  # half of the stale limit stands in for an unknown cycle
        (100_000, 0),
        (SLOW_US, 0),
        (SLOW_US + 1, SLOW_US + 1),
        (4 * S, 4 * S),
    ],
)
def test_a_bus_is_quiet_two_seconds_after_its_messages_were_alive(
    cycle_us: int | None, waited_us: int
) -> None:
    supervision = Supervision([spec("a", 10 * S, cycle_us)])
    hear(supervision, "a", 7)
    assert due(supervision) == (7 + waited_us + QUIET_US, "bus main")


@pytest.mark.parametrize(("apart_us", "together"), [(QUIET_US, True), (QUIET_US + 1, False)])
def test_messages_stop_together_within_two_seconds(apart_us: int, together: bool) -> None:
    supervision = Supervision([spec("a", 60 * S, 100_000), spec("b", 60 * S, 100_000)])
    hear(supervision, "a", 0)
    hear(supervision, "b", apart_us)
    bus = supervision.buses["main"]
    assert [watch.spec.name for watch in bus.stopped_together()] == (["a", "b"] if together else [])
    assert bus.due_us == (apart_us + QUIET_US if together else None)


def test_buses_fall_quiet_each_by_itself() -> None:
    supervision = Supervision([spec("a", 60 * S, 1000), spec("b", 60 * S, 1000, "other")])
    hear(supervision, "a", 0)
    hear(supervision, "b", 90 * S)
    assert due(supervision) == (QUIET_US, "bus main")
    quiet = supervision.buses["main"].fall_quiet()
    assert [watch.spec.name for watch in quiet] == ["a"]
    assert due(supervision) == (92 * S, "bus other")


def test_waking_gives_every_message_its_whole_limit() -> None:
    supervision = Supervision([spec("a", S, 1000), spec("b", 9 * S, 1000), spec("c", S, 1000)])
    hear(supervision, "a", 0)
    hear(supervision, "b", 0)
    supervision.watches["a"].lose(S)
    bus = supervision.buses["main"]
    bus.fall_quiet()
    assert due(supervision) is None
    bus.wake(100 * S)
    assert supervision.watches["a"].due_us == 101 * S
    assert supervision.watches["b"].due_us == 109 * S
    assert supervision.watches["c"].due_us is None, "it was never heard"


@given(
    heard=st.dictionaries(
        st.sampled_from("abcdef"), st.tuples(st.integers(0, 20 * S), st.integers(1, 20 * S))
    )
)
def test_the_next_due_is_the_earliest_of_all(heard: dict[str, tuple[int, int]]) -> None:
    supervision = Supervision([spec(name, stale, 1000) for name, (_, stale) in heard.items()])
    for name, (when, _) in sorted(heard.items(), key=lambda item: item[1]):
        hear(supervision, name, when)
    expected = [when + stale for when, stale in heard.values()]
    quiet = [bus.due_us for bus in supervision.buses.values() if bus.due_us is not None]
    found = supervision.next_due()
    assert (found[0] if found else None) == (min(expected + quiet) if expected else None)


def test_a_bus_is_undecided_from_a_loss_after_its_last_frame_until_its_next_would_be_a_first() -> (
    None
):
    supervision = Supervision([spec("a", 5 * S, 100_000), spec("b", 9 * S, 100_000)])
    hear(supervision, "a", 0)
    hear(supervision, "b", 4 * S)
    supervision.watches["a"].lose(5 * S)
    assert due(supervision) == (13 * S, "b")
    assert supervision.undecided_us(5 * S) == supervision.undecided_us(6 * S) == 6 * S
    assert supervision.undecided_us(6 * S + 1) is None
    hear(supervision, "b", 6 * S)
    assert due(supervision) == (6 * S + QUIET_US, "bus main")
    assert supervision.undecided_us(6 * S) is None


def test_a_bus_that_nothing_can_make_due_is_not_undecided() -> None:
    """It tells events only, or is quiet already."""
    supervision = Supervision([spec("e", None)])
    hear(supervision, "e", 0)
    assert due(supervision) is None
    assert supervision.undecided_us(0) is None
    supervision = Supervision([spec("a", 60 * S, 100_000)])
    hear(supervision, "a", 0)
    supervision.buses["main"].fall_quiet()
    assert due(supervision) is None
    assert supervision.undecided_us(0) is None


def test_a_bus_without_frames_is_not_quiet() -> None:
    assert BusWatch("main").due_us is None
    assert BusWatch("main").stopped_together() == []
