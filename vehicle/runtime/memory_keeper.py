"""Keeps the memory on disk up to date without ever delaying a decision.

Knows: when something has changed that a restart takes up, how often the disk may be written, and
that a thread writes while the service goes on. Refuses to know: what is remembered, and the file.

Compared, and written, is only what survives a restart, with its times as moments: so a signal that
gets older, or a key that comes and goes, writes nothing. A change is written at once; while one is
being written, and where there were many of late, the next waits, and only the latest is written. A
disk that fails costs the memory and nothing else: that is said once, and tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vehicle.core.car import Car
from vehicle.core.memory import Memory
from vehicle.core.restart import aged, surviving
from vehicle.runtime.memory_file import MemoryFile
from vehicle.runtime.outage import Moment, this_moment

EVERY_S = 10.0
"""How often the memory is written where it never stops changing: 8,640 times a day."""
BURST = 20
"""How many changes beyond that are written at once: a charge with every stroke has about ten."""
AGAIN_S = 60.0
"""How long a disk that failed is left alone."""


class MemoryKeeper:
    """One service's memory. Tell it what is remembered whenever that may have changed."""

    def __init__(
        self,
        file: MemoryFile,
        car: Car,
        now_us: Callable[[], int],
        say: Callable[[str], None],
        moment: Callable[[], Moment] = this_moment,
    ) -> None:
        """Prepare in a running event loop.

        Args:
            file: where the memory is kept.
            car: the car that it is about.
            now_us: the present moment, microseconds on the clock of what is remembered.
            say: told, once, that the memory cannot be kept, and once that it can again.
            moment: the same present moment on the clocks that a later process can read.
        """
        self._file = file
        self._car = car
        self._now_us = now_us
        self._moment = moment
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._wanted: Memory | None = None
        self._written: Memory | None = None
        self._writing: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._allowed_s = 0.0
        """When the next write would be due if they came evenly."""
        self._failing = False
        self.writes = 0
        """How often the disk was written."""

    def note(self, memory: Memory) -> None:
        """Take what is remembered now, its times on the clock itself: relative to its zero."""
        wanted = surviving(memory, self._car)
        if wanted != self._wanted:
            self._wanted = wanted
            self._write_on()

    async def close(self) -> None:
        """Write what is not written yet, however much was written of late."""
        self._stop_waiting()
        self._allowed_s = 0.0
        self._write_on()
        while (writing := self._writing) is not None:
            await asyncio.wait([writing])
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _write_on(self) -> None:
        """Write what is wanted, now or when it may be."""
        wanted = self._wanted
        if wanted is None or wanted == self._written or self._writing or self._timer:
            return
        now_s = self._loop.time()
        wait_s = self._allowed_s - now_s - BURST * EVERY_S
        if wait_s > 0:
            self._timer = self._loop.call_later(wait_s, self._waited)
        else:
            self._allowed_s = max(self._allowed_s, now_s) + EVERY_S
            self._begin(wanted)

    def _waited(self) -> None:
        self._timer = None
        self._write_on()

    def _begin(self, wanted: Memory) -> None:
        now_us, moment = self._now_us(), self._moment()

        def write() -> None:
            self._file.write(aged(wanted, now_us), moment)

        self.writes += 1
        self._writing = self._loop.run_in_executor(None, write)
        self._writing.add_done_callback(lambda done: self._wrote(wanted, done))

    def _wrote(self, wanted: Memory, done: asyncio.Future[None]) -> None:
        self._writing = None
        error = done.exception()
        if error is None:
            self._written = wanted
            if self._failing:
                self._failing = False
                self._say(f"{self._file.path}: what is remembered is kept again")
        elif isinstance(error, OSError):
            if not self._failing:
                self._failing = True
                self._say(
                    f"{self._file.path}: what is remembered of the connector is not kept"
                    f" ({error.strerror}); make room, or make the folder writable"
                )
            self._allowed_s = max(self._allowed_s, self._loop.time() + BURST * EVERY_S + AGAIN_S)
        else:
            raise error
        self._write_on()
