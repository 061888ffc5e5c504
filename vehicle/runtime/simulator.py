"""The closed loop in virtual time: simulated car, wire, lock manager, and back over the bus.

Knows: the order in which things happen, and what a logger on the bus would have recorded.
Refuses to know: wall time, files, and what is right: the story's expectations and the safety watch
judge.

At each moment, in this order: the story's steps and other events, the car's frames, the deadlines
of the loop, our own frames. That is the order in which a replay of the recording sees the same
moment, so it gives the very same journal.

A restart of the lock manager is a new segment: it forgets everything but what its service keeps,
where that does, and while it is down neither hears, records nor sends. A story that begins with
other settings than the defaults says so in an event at time 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vehicle.core.inputs import (
    BusFailed,
    BusRestored,
    InputEvent,
    Observed,
    Requested,
    SegmentStarted,
    SettingsChanged,
)
from vehicle.core.manager import LockManager
from vehicle.core.memory import Memory
from vehicle.core.names import Authenticity, Request, Source
from vehicle.core.outputs import Output
from vehicle.core.restart import aged, surviving
from vehicle.core.settings import Settings
from vehicle.core.settings_read import parse
from vehicle.core.signals import Hour
from vehicle.runtime.journal import is_entry, start_line, to_line
from vehicle.runtime.loop import Loop, LoopMemory, Sink
from vehicle.runtime.orders import Step
from vehicle.runtime.safety_watch import SafetyWatch
from vehicle.runtime.sender import Transmitter
from vehicle.runtime.side_events import Judged, Recalled
from vehicle.runtime.simulated_car import CAR_STEPS, SimulatedCar
from vehicle.runtime.story import Story
from vehicle.runtime.telematics import verifier_of
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile
from vehicle.wire.translator import Translator

CHANNEL = "can0"
"""The channel that recorded frames name."""
BUS = "main"
"""The profile's name of the one bus."""


@dataclass(frozen=True)
class StoryResult:
    """What became of a story."""

    journal: tuple[str, ...]
    """The journal's lines, the start line first, without line ends."""
    frames: tuple[tuple[int, Frame], ...]
    """(microseconds, frame) as a logger on the bus saw them, ours included. The first is at 0."""
    events: tuple[tuple[int, InputEvent | Judged | Recalled], ...]
    """What else reached the lock manager, for the events file beside the recording."""
    failures: tuple[str, ...]
    """What the story expected and did not get, and what must never happen and did."""
    profile: Profile
    """The profile that it ran with, the story's ``[car]`` included."""
    truths: tuple[tuple[int, Mapping[str, str]], ...]
    """How the car truly stood, each time that changed."""


class Simulation:
    """One run of one story. Call ``run`` once."""

    def __init__(self, story: Story, seed: int, profile: Profile, listen: Sink | None) -> None:
        self._listen = listen
        self._profile = replace(profile, car=story.car.apply(profile.car))
        self._story = story
        self._car = SimulatedCar(self._profile, story.start, story.faults, seed, story.jitter_us)
        self._watch = SafetyWatch(
            self._car.plant,
            self._car.orders,
            connector_locks_itself=self._profile.car.connector_locks_itself,
        )
        self._manager = LockManager(self._profile.car)
        verifier = verifier_of(story.start.remote)
        judge = None if verifier is None else verifier.judge
        translator = Translator(self._profile, judge=judge, judged=self._judged)
        self._loop = Loop(self._manager, translator, self._sink)
        self._transmitter = Transmitter(self._profile, CHANNEL)
        self._steps = list(story.steps)
        self._down_until_us: int | None = None
        self._hour = Hour.UNKNOWN
        self._kept: Memory | None = None
        """What the service kept over the restart, as old as it will be at its end."""
        self._bus_down = False
        self._journal: list[str] = []
        self._frames: list[tuple[int, Frame]] = []
        self._events: list[tuple[int, InputEvent | Judged | Recalled]] = []
        self._truths: list[tuple[int, Mapping[str, str]]] = []

    def _judged(self, now_us: int, message: str, outcome: Authenticity) -> None:
        self._events.append((now_us, Judged(message, outcome)))

    def _sink(self, now_us: int, output: Output) -> None:
        if is_entry(output):
            self._journal.append(to_line(now_us, output))
        self._transmitter.take(now_us, output)
        self._watch.take(now_us, output)
        if self._listen is not None:
            self._listen(now_us, output)

    def run(self) -> StoryResult:
        """Play the story to its end and judge it."""
        story = self._story
        words = Settings().words()
        self._journal.append(
            start_line(
                profile=self._profile.name,
                variant=None,
                shadow=False,
                epoch_us=None,
                settings=words,
            )
        )
        self._loop.start(0)
        if story.settings != Settings():
            self._give(0, SettingsChanged(story.settings, "story"))
        now_us: int | None = 0
        while now_us is not None and now_us <= story.end_us:
            self._moment(now_us)
            now_us = self._next_us(now_us)
        self._loop.run_until(story.end_us)
        return self._result()

    def _next_us(self, now_us: int) -> int | None:
        times = [self._car.deadline_us, self._loop.deadline_us, self._down_until_us]
        if self._steps:
            times.append(self._steps[0].at_us)
        if self._down_until_us is None:
            times.append(self._transmitter.deadline_us)
        due = [max(time_us, now_us + 1) for time_us in times if time_us is not None]
        return min(due, default=None)

    # ---- one moment -----------------------------------------------------------------------------

    def _moment(self, now_us: int) -> None:
        self._car.advance(now_us)
        self._watch.see(now_us)
        if self._down_until_us is not None and self._down_until_us <= now_us:
            self._down_until_us = None
            self._recall(now_us)
            self._strike(now_us)
        self._mind_interface(now_us)
        while self._steps and self._steps[0].at_us <= now_us:
            self._do(now_us, self._steps.pop(0))
        for frame in self._car.frames(now_us):
            if self._listening:
                self._frames.append((now_us, frame))
                self._transmitter.heard(now_us)
                self._loop.feed(now_us, frame)
        self._loop.run_until(now_us)
        if self._down_until_us is None:
            for frame in self._transmitter.due(now_us):
                if self._listening:
                    self._frames.append((now_us, frame))
                    self._car.hear(now_us, frame)
        truth = self._car.plant.truth()
        if not self._truths or self._truths[-1][1] != truth:
            self._truths.append((now_us, truth))

    @property
    def _listening(self) -> bool:
        return self._down_until_us is None and not self._bus_down

    def _mind_interface(self, now_us: int) -> None:
        down = self._car.orders.find("bus_down", now_us) is not None
        if down is not self._bus_down:
            self._bus_down = down
            self._give(now_us, BusFailed(BUS) if down else BusRestored(BUS))

    def _give(self, now_us: int, event: InputEvent) -> None:
        self._events.append((now_us, event))
        self._loop.give(now_us, event)

    def _do(self, now_us: int, step: Step) -> None:
        if step.do in CAR_STEPS:
            self._car.do(now_us, step)
        elif step.do == "request":
            request, source = step.values["request"], step.values["source"]
            self._give(now_us, Requested(Request(str(request)), Source(str(source))))
        elif step.do == "set":
            settings = parse({**self._manager.settings.words(), **step.settings})
            self._give(now_us, SettingsChanged(settings, str(step.values["by"])))
        elif step.do == "hour":
            self._hour = Hour(f"{int(step.values['hour']):02}")
            self._strike(now_us)
        else:
            self._restart(now_us, step)

    def _strike(self, now_us: int) -> None:
        """Tell the hour, as a service's clock does whenever it begins, and it lasts so long."""
        if self._hour is not Hour.UNKNOWN and self._down_until_us is None:
            self._give(now_us, Observed((("hour", self._hour),)))

    def _restart(self, now_us: int, step: Step) -> None:
        down_us = int(step.values["down_ms"]) * 1000
        if step.values.get("remembers"):
            memory = surviving(self._manager.memory_at(now_us), self._profile.car)
            self._kept = aged(memory, down_us)
        self._give(now_us, SegmentStarted())
        self._transmitter.reset()
        self._down_until_us = now_us + down_us

    def _recall(self, now_us: int) -> None:
        if self._kept is not None:
            self._events.append((now_us, Recalled(self._kept)))
            self._loop.begin(LoopMemory(manager=self._kept), now_us)
            self._kept = None

    # ---- the end --------------------------------------------------------------------------------

    def _result(self) -> StoryResult:
        lines: list[Mapping[str, Any]] = [json.loads(line) for line in self._journal]
        told = (
            expectation.failure(lines, self._truths) for expectation in self._story.expectations
        )
        failures = [failure for failure in told if failure is not None]
        failures += self._watch.finish(self._story.end_us)
        return StoryResult(
            tuple(self._journal),
            tuple(self._frames),
            tuple(self._events),
            tuple(failures),
            self._profile,
            tuple(self._truths),
        )


def run_story(
    story: Story, seed: int = 0, listen: Sink | None = None, profile: Profile | None = None
) -> StoryResult:
    """Play ``story``; equal story and seed give an equal result.

    Args:
        story: what happens.
        seed: decides jitter and lost frames.
        listen: called with (microseconds, output) for each of the core's outputs, as they come.
        profile: the story's, where the caller has loaded it already.

    Raises:
        ProfileError: the story's profile cannot be used.
        WireError: it is no profile of the reference bus.
    """
    return Simulation(story, seed, profile or load_profile(story.profile), listen).run()
