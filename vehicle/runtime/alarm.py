"""One timer of an event loop, set for what is due first.

Knows: when it is to ring, and that it need not be set anew for what is put off.
Refuses to know: what is due, and what is done then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vehicle.runtime.clock import LiveClock


class Alarm:
    """Rings when something is due, or a little before: what was put off moves no timer."""

    def __init__(self, clock: LiveClock, ring: Callable[[], None]) -> None:
        self.due_us: int | None = None
        """When something is due; None: never."""
        self._clock = clock
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None
        self._timer_us = 0
        """When it rings: not later than ``due_us``."""

    def holds(self, now_us: int) -> bool:
        """Return whether nothing is due at ``now_us``, and it rings in time for what will be."""
        return self.due_us is None or (self._timer is not None and now_us < self.due_us)

    def set(self, due_us: int | None) -> None:
        """Ring at ``due_us`` at the latest; None: not at all."""
        self.due_us = due_us
        if self._timer is not None and (due_us is None or due_us < self._timer_us):
            self.stop()
        if self._timer is None and due_us is not None:
            self._timer_us = due_us
            wait_s = max(0, due_us - self._clock.look().now_us) / 1e6
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._rings)

    def stop(self) -> None:
        """Do not ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rings(self) -> None:
        self._timer = None
        self._ring()
