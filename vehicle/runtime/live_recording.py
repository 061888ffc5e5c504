"""A service's recording: what each of its pieces begins with, and when the next one begins.

Knows: the car, its settings and its channels as they are now. Refuses to know: what is recorded
in between, and how it is written (``recorder``).
"""

from __future__ import annotations

from vehicle.core.manager import LockManager
from vehicle.runtime.clock import LiveClock
from vehicle.runtime.hearing import Hearing
from vehicle.runtime.loop import LoopMemory
from vehicle.runtime.recorder import Recorder
from vehicle.runtime.side_events import Started
from vehicle.runtime.wiring import Wiring


class LiveRecording:
    """One service's recorder, and what it must know of the service."""

    def __init__(
        self,
        recorder: Recorder,
        clock: LiveClock,
        manager: LockManager,
        wiring: Wiring,
        hearing: Hearing,
    ) -> None:
        self.recorder = recorder
        self._clock = clock
        self._manager = manager
        self._wiring = wiring
        self._hearing = hearing

    def begin(self, now_us: int, memory: LoopMemory) -> None:
        """Begin the first piece. Raises OSError where it cannot be written."""
        self.recorder.begin(now_us, self._started(memory, continues=False))

    def due_before(self, due_us: int | None) -> bool:
        """Return whether it wants something before ``due_us``; None: before eternity."""
        recorder = self.recorder
        if recorder.due_us is None:
            return False
        return recorder.full or due_us is None or recorder.due_us < due_us

    def mind(self) -> None:
        """Write out what is due, or begin the next piece where this one is full."""
        recorder, loop = self.recorder, self._hearing.loop
        if recorder.full:
            now_us = self._hearing.moment()
            loop.run_until(now_us)
            recorder.next_piece(now_us, self._started(loop.memory(now_us), continues=True))
        elif recorder.due_us is not None and recorder.due_us <= self._clock.look().now_us:
            recorder.flush()

    def _started(self, memory: LoopMemory, *, continues: bool) -> Started:
        return Started(
            epoch_us=self._clock.epoch_us,
            profile=self._hearing.profile.name,
            variant=self._hearing.variant,
            shadow=self._manager.shadow,
            settings=self._manager.settings,
            memory=memory,
            continues=continues,
            channels=tuple(sorted(self._wiring.named.items())),
        )
