"""The order of things: deadlines at their own time, knowledge before action."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.inputs import (
    BusHeard,
    DeadlinePassed,
    InputEvent,
    MessageLost,
    Requested,
    SegmentStarted,
)
from vehicle.core.manager import LockManager
from vehicle.core.names import EventName, Request, Source
from vehicle.core.outputs import Event, Output
from vehicle.runtime.loop import Loop
from vehicle.wire.frame import Frame
from vehicle.wire.translator import Translator, WireEvent

FRAME = Frame(0x100, b"\x01")


class FakeTranslator:
    """Has deadlines, and an event for each frame."""

    def __init__(self, log: list[Any], deadlines: Iterable[int] = ()) -> None:
        self.log = log
        self.deadlines = sorted(deadlines)

    @property
    def deadline_us(self) -> int | None:
        return self.deadlines[0] if self.deadlines else None

    def due_before(self, now_us: int) -> int | None:
        return next((due_us for due_us in self.deadlines if due_us < now_us), None)

    def feed(self, now_us: int, frame: Frame) -> list[WireEvent]:
        self.log.append((now_us, "frame"))
        return [BusHeard(frame.channel)]

    def fire(self, now_us: int) -> list[WireEvent]:
        self.log.append((now_us, "translator"))
        self.deadlines = [due_us for due_us in self.deadlines if due_us > now_us]
        return [MessageLost("Body")]

    def reset(self) -> None:
        self.log.append((None, "reset"))
        self.deadlines = []


class FakeManager:
    """Has deadlines, and one output for each event."""

    def __init__(self, log: list[Any], deadlines: Iterable[int] = ()) -> None:
        self.log = log
        self.deadlines = sorted(deadlines)

    @property
    def deadline_us(self) -> int | None:
        return self.deadlines[0] if self.deadlines else None

    def start(self, now_us: int) -> list[Output]:
        return [Event(EventName.NEW_SEGMENT), Event(EventName.JAMMED)]

    def handle(self, event: InputEvent, now_us: int) -> list[Output]:
        self.log.append((now_us, type(event).__name__))
        self.deadlines = [due_us for due_us in self.deadlines if due_us > now_us]
        return [Event(EventName.WAKING_BUS, (("event", type(event).__name__),))]


class Bench:
    """A loop between the two, and the order in which things came."""

    def __init__(self, translator: Iterable[int] = (), manager: Iterable[int] = ()) -> None:
        self.log: list[Any] = []
        self.told: list[tuple[int, Output]] = []
        self.translator = FakeTranslator(self.log, translator)
        self.manager = FakeManager(self.log, manager)
        self.loop = Loop(
            cast(LockManager, self.manager),
            cast(Translator, self.translator),
            lambda now_us, output: self.told.append((now_us, output)),
        )


def test_a_deadline_before_a_frame_fires_first_and_at_its_own_time() -> None:
    """The frame of 9 us finds done what was due at 5 us."""
    bench = Bench(manager=[5])
    bench.loop.feed(9, FRAME)
    assert bench.log == [(5, "DeadlinePassed"), (9, "frame"), (9, "BusHeard")]


def test_a_frame_at_the_deadline_itself_is_in_time() -> None:
    """A message that comes at its stale limit exactly is not lost."""
    bench = Bench(translator=[9])
    bench.loop.feed(9, FRAME)
    assert bench.log == [(9, "frame"), (9, "BusHeard")]


def test_an_event_at_the_deadline_itself_comes_before_it() -> None:
    """A request that comes as a timer ends is not told of the timer first by the loop."""
    bench = Bench(manager=[9])
    bench.manager.deadlines = [9, 10]
    bench.loop.give(9, Requested(Request.UNLATCH, Source.CLI))
    bench.loop.give(11, Requested(Request.LATCH, Source.CLI))
    assert bench.log == [(9, "Requested"), (10, "DeadlinePassed"), (11, "Requested")]


def test_at_one_time_the_translator_fires_before_the_manager() -> None:
    """Knowledge before action: what is lost at T is known when the manager acts at T."""
    bench = Bench(translator=[5], manager=[5, 6])
    bench.loop.run_until(6)
    assert bench.log[:2] == [(5, "translator"), (5, "MessageLost")]
    assert bench.log[2:] == [(6, "DeadlinePassed")]


def test_deadlines_of_both_fire_in_order_of_their_times() -> None:
    """Neither side waits for the other."""
    bench = Bench(translator=[2, 8], manager=[1, 4, 9])
    bench.loop.feed(9, FRAME)
    fired = [entry for entry in bench.log if entry[1] in ("translator", "DeadlinePassed")]
    assert fired == [
        (1, "DeadlinePassed"),
        (2, "translator"),
        (4, "DeadlinePassed"),
        (8, "translator"),
    ]


def test_run_until_includes_its_own_time() -> None:
    """The last frame's time is still within the recording."""
    bench = Bench(manager=[7])
    bench.loop.run_until(6)
    assert bench.log == []
    bench.loop.run_until(7)
    assert bench.log == [(7, "DeadlinePassed")]


def test_outputs_leave_in_order_each_with_the_time_of_its_cause() -> None:
    """A deadline's outputs carry the deadline's time, not that of the frame behind it."""
    bench = Bench(translator=[3], manager=[5])
    bench.loop.start(0)
    bench.loop.feed(9, FRAME)
    told = [
        (now_us, output.event if not output.details else output.details[0][1])
        for now_us, output in bench.told
        if isinstance(output, Event)
    ]
    assert told == [
        (0, EventName.NEW_SEGMENT),
        (0, EventName.JAMMED),
        (3, "MessageLost"),
        (5, "DeadlinePassed"),
        (9, "BusHeard"),
    ]


def test_a_new_segment_empties_the_translator_before_the_manager_hears_of_it() -> None:
    """What was heard before the jump of time cannot be lost after it."""
    bench = Bench(translator=[3, 20])
    bench.loop.give(5, SegmentStarted())
    bench.loop.run_until(50)
    assert bench.log == [
        (3, "translator"),
        (3, "MessageLost"),
        (None, "reset"),
        (5, "SegmentStarted"),
    ]


@pytest.mark.parametrize(
    ("translator", "manager", "due_us"),
    [((), (), None), ((5,), (), 5), ((), (6,), 6), ((5,), (6,), 5), ((7,), (6,), 6)],
)
def test_the_deadline_is_the_earlier_of_the_two(
    translator: tuple[int, ...], manager: tuple[int, ...], due_us: int | None
) -> None:
    """None where nothing is due: an idle bus costs nothing."""
    assert Bench(translator, manager).loop.deadline_us == due_us


@given(
    translator=st.lists(st.integers(0, 30), max_size=6),
    manager=st.lists(st.integers(0, 30), max_size=6),
    frames=st.lists(st.integers(0, 30), max_size=6),
)
def test_time_never_runs_back_and_no_deadline_is_missed(
    translator: list[int], manager: list[int], frames: list[int]
) -> None:
    """Whatever comes when, everything due has happened by the end, in order."""
    bench = Bench(translator, manager)
    for now_us in sorted(frames):
        bench.loop.feed(now_us, FRAME)
    bench.loop.run_until(30)
    times = [now_us for now_us, _ in bench.log]
    assert times == sorted(times)
    assert bench.loop.deadline_us is None
    assert {now_us for now_us, what in bench.log if what == "translator"} == set(translator)
    passed = {now_us for now_us, what in bench.log if what != "translator"}
    assert set(manager) <= passed
    assert DeadlinePassed.__name__ in {what for _, what in bench.log} or set(manager) <= {
        *frames,
        *translator,
    }
