"""A loop goes on from another's memory; buses behind an interface that is down."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehicle.core.inputs import BusFailed, BusRestored, InputEvent, Requested
from vehicle.core.manager import LockManager
from vehicle.core.names import MessageState, Request, Source
from vehicle.core.outputs import Command, MessageChanged, Output
from vehicle.core.plain import from_plain, to_plain
from vehicle.core.settings import Settings
from vehicle.core.signals import Occupant
from vehicle.core.snapshot import SIGNALS
from vehicle.runtime.journal import is_entry, to_line
from vehicle.runtime.loop import Loop, LoopMemory
from vehicle.runtime.simulator import run_story
from vehicle.runtime.story import read_story
from vehicle.wire.codec import Encoder
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile
from vehicle.wire.translator import Translator

pytestmark = pytest.mark.whole

STORIES = Path(__file__).resolve().parents[1] / "stories"
NAMES = (
    "bus_sleep_is_no_loss",
    "interface_down_during_a_release",
    "stuck_pin_on_engage",
    "unlatch_meets_a_bus_that_stays_asleep",
)

Items = tuple[tuple[int, int, Frame | InputEvent], ...]


@cache
def reference() -> Profile:
    return load_profile("reference")


@cache
def items(name: str) -> Items:
    """Everything that reached the loop in a story, in order."""
    result = run_story(read_story(STORIES / f"{name}.toml"), 0, profile=reference())
    beside = [(now_us, 0, event) for now_us, event in result.events]
    frames = [(now_us, 1, frame) for now_us, frame in result.frames]
    return tuple(sorted([*beside, *frames], key=lambda each: each[:2]))


class Run:
    """One loop and its journal."""

    def __init__(self, owner: Settings | None = None) -> None:
        self.lines: list[str] = []
        self.outputs: list[Output] = []
        self.manager = LockManager(reference().car, owner or Settings())
        self.translator = Translator(reference())
        self.loop = Loop(self.manager, self.translator, self._sink)

    def _sink(self, now_us: int, output: Output) -> None:
        self.outputs.append(output)
        if is_entry(output):
            self.lines.append(to_line(now_us, output))

    def take(self, some: Items) -> None:
        for now_us, _, item in some:
            if isinstance(item, Frame):
                self.loop.feed(now_us, item)
            else:
                self.loop.give(now_us, item)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8, deadline=None)
@given(share=st.floats(0, 1))
def test_a_loop_that_resumes_tells_what_the_first_one_would_have_told(
    name: str, share: float
) -> None:
    """Strokes, faults, sleep and losses go on as if nothing had happened, to the microsecond."""
    story = items(name)
    cut = round(share * (len(story) - 1))
    first = Run()
    first.loop.begin(LoopMemory(), 0)
    first.take(story[:cut])
    at_us = story[cut][0]
    first.loop.run_until(at_us)
    memory = from_plain(LoopMemory, json.loads(json.dumps(to_plain(first.loop.memory(at_us)))))
    second = Run(first.manager.settings)
    second.loop.begin(memory, at_us, continues=True)
    assert second.lines == []
    assert second.loop.memory(at_us) == memory
    told = len(first.lines)
    end_us = story[-1][0] + 60_000_000
    for run in (first, second):
        run.take(story[cut:])
        run.loop.run_until(end_us)
    assert second.lines == first.lines[told:]


def test_a_run_that_begins_with_a_memory_reports_what_it_holds() -> None:
    """After a restart the journal's head is as whole as ever."""
    first = Run()
    first.loop.begin(LoopMemory(), 0)
    story = items("bus_sleep_is_no_loss")[:400]
    first.take(story)
    second = Run()
    at_us = story[-1][0]
    first.loop.run_until(at_us)
    second.loop.begin(first.loop.memory(at_us), 5)
    kinds = [json.loads(line)["kind"] for line in second.lines]
    assert kinds.count("signal") == len(SIGNALS)
    assert kinds.count("decision") == kinds.count("actuator") == 2
    assert kinds.count("permit") == 1
    assert {json.loads(line)["t"] for line in second.lines} == {5}


# ---- an interface that is down ------------------------------------------------------------------


class Parked:
    """A locked car that holds a connector, on a bus that may fall silent."""

    def __init__(self) -> None:
        self.run = Run()
        self.run.loop.begin(LoopMemory(), 0)
        self.now_us = 0
        self._encoder = Encoder(reference())

    def speak(self, seconds: float) -> None:
        body = {"CarLock": 1}
        port = {
            "ConnectorPresent": 2,
            "AdapterPresent": 1,
            "LatchPosition": 2,
            "AdapterLockPosition": 1,
            "LatchFitted": 2,
            "AdapterLockFitted": 2,
        }
        charge = {"Session": 1, "Supply": 1, "ChargerOff": 2, "Pilot": 1}
        direct = {"Contactors": 1, "WeldTest": 1}
        for _ in range(round(seconds * 20)):
            self.now_us += 50_000
            for message, values in (
                ("DoorLockState", body),
                ("ChargePortState", port),
                ("ChargeState", charge),
                ("DcState", direct),
            ):
                self.run.loop.feed(self.now_us, self._encoder.encode(message, values))

    def silent(self, seconds: float) -> None:
        self.now_us += round(seconds * 1e6)
        self.run.loop.run_until(self.now_us)

    def give(self, event: InputEvent) -> None:
        self.run.loop.give(self.now_us, event)

    def asleep(self) -> int:
        return sum(
            isinstance(out, MessageChanged) and out.state is MessageState.ASLEEP
            for out in self.run.outputs
        )


def test_a_bus_that_falls_quiet_behind_a_dead_interface_is_lost_and_no_value_is_kept() -> None:
    """A stroke must never be begun on what was frozen there."""
    car = Parked()
    car.speak(2)
    car.give(BusFailed("main"))
    car.silent(5)
    assert car.asleep() == 0
    assert car.run.manager.snapshot.occupant is Occupant.UNKNOWN
    car.give(BusRestored("main"))
    car.give(Requested(Request.UNLATCH, Source.CLI))
    car.silent(5)
    assert not any(isinstance(out, Command) for out in car.run.outputs)
    car.speak(1)
    assert car.run.manager.snapshot.occupant is Occupant.CONNECTOR


def test_a_bus_that_slept_sleeps_on_when_its_interface_is_back() -> None:
    """Its values stay frozen, and nothing is driven on them until it is awake."""
    car = Parked()
    car.speak(2)
    car.silent(5)
    slept = car.asleep()
    assert slept > 0
    car.give(BusFailed("main"))
    car.silent(1)
    car.give(BusFailed("main"))
    car.give(BusRestored("main"))
    assert car.asleep() == 2 * slept
    assert car.run.manager.snapshot.occupant is Occupant.CONNECTOR
    car.give(Requested(Request.UNLATCH, Source.CLI))
    car.silent(1)
    assert not any(isinstance(out, Command) for out in car.run.outputs)
    car.speak(1)
    assert any(isinstance(out, Command) for out in car.run.outputs)


def test_a_bus_that_wakes_before_its_interface_is_told_to_be_back_is_awake() -> None:
    """A frame is a frame."""
    car = Parked()
    car.speak(2)
    car.silent(5)
    slept = car.asleep()
    car.give(BusFailed("main"))
    car.speak(1)
    car.give(BusRestored("main"))
    assert car.asleep() == slept
