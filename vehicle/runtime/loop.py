"""One loop for live, replay and simulation: events in time order, deadlines at their own time.

Knows: the order of things, as below. Refuses to know: where frames come from, what time it is, and
what becomes of the outputs.

- Before anything that happens at T, every deadline that lies before T is fired at its own time.
- A deadline at T waits for what happens at T: a frame that comes at the last moment is in time, so
  its message is not lost. Where such a frame tells the manager something new, the manager first
  does what is due at T, then takes the news in.
- Of two deadlines at the same time the translator's comes first: knowledge before action.
- A bus that falls quiet while its interface is down is lost, not asleep. One that slept before its
  interface went down sleeps on when the interface is back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace

from vehicle.core.car import Actuator
from vehicle.core.inputs import (
    BusFailed,
    BusQuiet,
    BusRestored,
    DeadlinePassed,
    InputEvent,
    SegmentStarted,
)
from vehicle.core.manager import LockManager
from vehicle.core.memory import Memory
from vehicle.core.names import Authenticity, Demand
from vehicle.core.outputs import Output
from vehicle.core.record import record
from vehicle.wire.frame import Frame
from vehicle.wire.memory import WireMemory
from vehicle.wire.translator import Translator, WireEvent

Sink = Callable[[int, Output], None]
"""Called with the time in microseconds and one output, in order."""


@record
class LoopMemory:
    """Everything that decides what comes next, settings aside. Times are relative."""

    manager: Memory = field(default_factory=Memory)
    vetoed: tuple[tuple[Actuator, Demand, str], ...] = ()
    wire: WireMemory = field(default_factory=WireMemory)
    down: frozenset[str] = frozenset()
    """Buses whose interface is down."""
    slept: frozenset[str] = frozenset()
    """Those of them that were quiet before."""


class Loop:
    """Feeds one LockManager."""

    def __init__(self, manager: LockManager, translator: Translator, sink: Sink) -> None:
        self._manager = manager
        self._translator = translator
        self._sink = sink
        self._down: set[str] = set()
        self._slept: set[str] = set()
        self.cause: Frame | None = None
        """While outputs are handed over: the frame that they follow from, if it is one."""
        self.told = True
        """The manager was told something since somebody last set this to False: what it remembers
        may have changed."""

    def memory(self, now_us: int) -> LoopMemory:
        """Return everything remembered at ``now_us``; no deadline before it may still be due."""
        return LoopMemory(
            self._manager.memory_at(now_us),
            tuple((*way, why) for way, why in self._manager.vetoed.items()),
            self._translator.memory(now_us),
            frozenset(self._down),
            frozenset(self._slept),
        )

    def resume(self, memory: LoopMemory, now_us: int) -> None:
        """Go on from ``memory`` at ``now_us``, telling nothing of what it holds.

        Raises:
            ValueError: the memory names something that does not exist.
        """
        self._manager.restore(
            memory.manager, now_us, {(pin, way): why for pin, way, why in memory.vetoed}
        )
        self._translator.resume(memory.wire, now_us)
        self._down, self._slept = set(memory.down), set(memory.slept)

    def take_over(self, now_us: int, translator: Translator) -> None:
        """Read frames with another translator of the same car from ``now_us`` on."""
        self._fire_before(now_us)
        before, self._translator = self._translator, translator
        for event in translator.resume(before.memory(now_us), now_us, before.layout):
            self._handle(now_us, event)

    def begin(self, memory: LoopMemory, now_us: int, *, continues: bool = False) -> None:
        """Begin at ``now_us`` with ``memory``; ``continues``: what it holds was reported already.

        Raises:
            ValueError: the memory names something that does not exist.
        """
        if memory != LoopMemory():
            self.resume(memory, now_us)
        if not continues:
            self.start(now_us)

    def start(self, now_us: int) -> None:
        """Report the first state of everything at ``now_us``."""
        for output in self._manager.start(now_us):
            self._sink(now_us, output)

    def feed(self, now_us: int, frame: Frame) -> None:
        """Take a frame that arrived at ``now_us``."""
        manager_us = self._manager.deadline_us
        if (manager_us is not None and manager_us < now_us) or (
            self._translator.due_before(now_us) is not None
        ):
            self._fire_before(now_us)
        for event in self._translator.feed(now_us, frame):
            self.cause = frame
            self._handle(now_us, event)
            self.cause = None

    def give(self, now_us: int, event: InputEvent) -> None:
        """Take an event that is not a frame."""
        self._fire_before(now_us)
        if isinstance(event, SegmentStarted):
            self._translator.reset()
            self._down.clear()
            self._slept.clear()
        elif isinstance(event, BusFailed) and event.channel not in self._down:
            self._down.add(event.channel)
            if self._translator.still_quiet(event.channel) is not None:
                self._slept.add(event.channel)
        self._handle(now_us, event)
        if isinstance(event, BusRestored):
            self._restored(now_us, event.channel)

    def _restored(self, now_us: int, channel: str) -> None:
        self._down.discard(channel)
        if channel in self._slept:
            self._slept.discard(channel)
            quiet = self._translator.still_quiet(channel)
            if quiet is not None:
                self._handle(now_us, quiet)

    def hold_for(self, now_us: int, message: str, outcome: Authenticity) -> None:
        """From ``now_us`` on take a message's frames for what the holder of the key found."""
        self._fire_before(now_us)
        self._translator.hold_for(message, outcome)

    def run_until(self, now_us: int) -> None:
        """Fire every deadline up to and including ``now_us``."""
        self._fire_before(now_us + 1)

    @property
    def deadline_us(self) -> int | None:
        """When something is next due, or None."""
        wire_us, manager_us = self._translator.deadline_us, self._manager.deadline_us
        if wire_us is None or manager_us is None:
            return manager_us if wire_us is None else wire_us
        return min(wire_us, manager_us)

    def _fire_before(self, now_us: int) -> None:
        """Fire the deadlines before ``now_us``; the translator first, knowledge before action."""
        while (due_us := self.deadline_us) is not None and due_us < now_us:
            if self._translator.deadline_us == due_us:
                for event in self._translator.fire(due_us):
                    self._handle(due_us, self._judged(event))
            else:
                self._handle(due_us, DeadlinePassed())

    def _judged(self, event: WireEvent) -> WireEvent:
        """Say of a bus that fell quiet whether its interface is down."""
        if isinstance(event, BusQuiet) and event.channel in self._down:
            return replace(event, interface_up=False)
        return event

    def _handle(self, now_us: int, event: InputEvent) -> None:
        self.told = True
        for output in self._manager.handle(event, now_us):
            self._sink(now_us, output)
