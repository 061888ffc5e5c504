"""One loop for live, replay and simulation: events in time order, deadlines at their own time.

Knows: the order of things, as below. Refuses to know: where frames come from, what time it is, and
what becomes of the outputs.

- Before anything that happens at T, every deadline that lies before T is fired at its own time.
- A deadline at T waits for what happens at T: a frame that comes at the last moment is in time, so
  its message is not lost. Where such a frame tells the manager something new, the manager first
  does what is due at T, then takes the news in.
- Of two deadlines at the same time the translator's comes first: knowledge before action.
"""

from __future__ import annotations

from collections.abc import Callable

from vehicle.core.manager import LockManager
from vehicle.core.messages import DeadlinePassed, InputEvent, Output, SegmentStarted
from vehicle.wire.frame import Frame
from vehicle.wire.translator import Translator

Sink = Callable[[int, Output], None]
"""Called with the time in microseconds and one output, in order."""


class Loop:
    """Feeds one LockManager."""

    def __init__(self, manager: LockManager, translator: Translator, sink: Sink) -> None:
        self._manager = manager
        self._translator = translator
        self._sink = sink

    def start(self, now_us: int) -> None:
        """Report the first state of everything at ``now_us``."""
        for output in self._manager.start(now_us):
            self._sink(now_us, output)

    def feed(self, now_us: int, frame: Frame) -> None:
        """Take a frame that arrived at ``now_us``."""
        self._fire_before(now_us)
        for event in self._translator.feed(now_us, frame):
            self._handle(now_us, event)

    def give(self, now_us: int, event: InputEvent) -> None:
        """Take an event that is not a frame."""
        self._fire_before(now_us)
        if isinstance(event, SegmentStarted):
            self._translator.reset()
        self._handle(now_us, event)

    def run_until(self, now_us: int) -> None:
        """Fire every deadline up to and including ``now_us``."""
        self._fire_before(now_us + 1)

    @property
    def deadline_us(self) -> int | None:
        """When something is next due, or None."""
        due = [self._translator.deadline_us, self._manager.deadline_us]
        return min((due_us for due_us in due if due_us is not None), default=None)

    def _fire_before(self, now_us: int) -> None:
        """Fire the deadlines before ``now_us``; the translator first, knowledge before action."""
        while (due_us := self.deadline_us) is not None and due_us < now_us:
            if self._translator.deadline_us == due_us:
                for event in self._translator.fire(due_us):
                    self._handle(due_us, event)
            else:
                self._handle(due_us, DeadlinePassed())

    def _handle(self, now_us: int, event: InputEvent) -> None:
        for output in self._manager.handle(event, now_us):
            self._sink(now_us, output)
