"""A simulated car and our lock manager on one in-process bus, driven by hand.

Knows: the closed loop of car, wire, decisions and our frames, advanced to whatever time it is told,
and how a person's hands reach into it.
Refuses to know: what time it is, which key was pressed, and how anything is shown.

At each moment the order is that of a story (``simulator``): hands and events, the car's frames, the
deadlines of the loop, our own frames. What hands do has a moment of its own, one microsecond after
the last, so that it never meets half of another.
"""

from __future__ import annotations

from collections.abc import Callable

from vehicle.core.car import Actuator
from vehicle.core.inputs import InputEvent, Requested, SettingsChanged
from vehicle.core.manager import LockManager
from vehicle.core.names import Request, Source
from vehicle.core.outputs import Output
from vehicle.core.settings import Settings
from vehicle.runtime.loop import Loop, Sink
from vehicle.runtime.orders import FaultOrder, Step, Value
from vehicle.runtime.plant import Plant, StartState
from vehicle.runtime.safety_watch import SafetyWatch
from vehicle.runtime.sender import Transmitter
from vehicle.runtime.simulated_car import SimulatedCar
from vehicle.runtime.simulated_pin import TRAVEL_US
from vehicle.runtime.simulator import CHANNEL
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile
from vehicle.wire.translator import Translator

JITTER_US = 2_000
"""Each frame of the car is late by up to this, as in a story."""
AWAKE_US = 2_100_000
"""By when every message of the reference bus was heard: its slowest cycle is 2 s."""
UNTIL_TOLD_US = 2**62
"""The end of a fault that holds until it is ended by hand."""


class DemoCar:
    """The car, its bus and its lock manager. Begins unlocked, with an empty inlet, all known."""

    def __init__(
        self, listen: Sink | None = None, seed: int = 0, profile: Profile | None = None
    ) -> None:
        """Start at 0 and let the bus come up.

        Args:
            listen: called with (microseconds, output) for each of the core's outputs.
            seed: decides the frames' jitter.
            profile: the reference car's, where the caller has loaded it already.
        """
        profile = profile or load_profile("reference")
        self.now_us = 0
        self._listen = listen
        self._car = SimulatedCar(profile, StartState(surroundings=True), (), seed, JITTER_US)
        self._watch = SafetyWatch(
            self._car.plant,
            self._car.orders,
            connector_locks_itself=profile.car.connector_locks_itself,
        )
        self.manager = LockManager(profile.car)
        self._loop = Loop(self.manager, Translator(profile), self._sink)
        self._transmitter = Transmitter(profile, CHANNEL)
        self._loop.start(0)
        self._moment(0)
        self.advance(AWAKE_US)

    def _sink(self, now_us: int, output: Output) -> None:
        self._transmitter.take(now_us, output)
        self._watch.take(now_us, output)
        if self._listen is not None:
            self._listen(now_us, output)

    # ---- time -----------------------------------------------------------------------------------

    def advance(self, until_us: int) -> None:
        """Let everything happen up to and including ``until_us``; the past is left as it is."""
        while (due_us := self._next_us()) is not None and due_us <= until_us:
            self._moment(due_us)
        self.now_us = max(self.now_us, until_us)

    def _next_us(self) -> int | None:
        times = (self._car.deadline_us, self._loop.deadline_us, self._transmitter.deadline_us)
        due = [max(time_us, self.now_us + 1) for time_us in times if time_us is not None]
        return min(due, default=None)

    def _moment(self, now_us: int, hands: Callable[[], str] | None = None) -> str:
        self.now_us = now_us
        self._car.advance(now_us)
        self._watch.see(now_us)
        words = "" if hands is None else hands()
        for frame in self._car.frames(now_us):
            self._transmitter.heard(now_us)
            self._loop.feed(now_us, frame)
        self._loop.run_until(now_us)
        for frame in self._transmitter.due(now_us):
            self._car.hear(now_us, frame)
        return words

    # ---- hands ----------------------------------------------------------------------------------

    def act(self, hands: Callable[[DemoCar], str]) -> str:
        """Let ``hands`` do something now, and return what they say came of it."""
        return self._moment(self.now_us + 1, lambda: hands(self))

    def step(self, do: str, **values: Value) -> None:
        """Do one of the simulated car's steps; only within ``act``."""
        self._car.do(self.now_us, Step(self.now_us, do, values))

    def ask(self, request: Request, source: Source) -> None:
        """Ask the lock manager for something; only within ``act``."""
        self._give(Requested(request, source))

    def choose(self, settings: Settings) -> None:
        """Replace the owner's settings; only within ``act``."""
        self._give(SettingsChanged(settings, "demo"))

    def switch_fault(self, what: str, **values: Value) -> bool:
        """Begin a fault, or end it where it holds; return whether it holds now."""
        if self.has_fault(what):
            self._car.orders.end(what, self.now_us)
            return False
        self._car.orders.begin(FaultOrder(self.now_us, UNTIL_TOLD_US, what, values))
        return True

    def _give(self, event: InputEvent) -> None:
        self._loop.give(self.now_us, event)

    # ---- the truth, which the lock manager never sees -------------------------------------------

    @property
    def plant(self) -> Plant:
        """The car as it truly is, to be looked at."""
        return self._car.plant

    def has_fault(self, what: str) -> bool:
        """Return whether the ordered fault ``what`` holds now."""
        return self._car.orders.find(what, self.now_us) is not None

    def reach(self, actuator: Actuator) -> float:
        """Return how far a pin truly stands out: 0 is pulled back, 1 is fully out."""
        return self.plant.pins[actuator].reach_us / TRAVEL_US

    def judged(self) -> list[str]:
        """Return what must never happen and did, as the safety watch saw it."""
        return self._watch.failures
