"""The live clock: microseconds that never run backwards, whatever the wall clock does.

Knows: the monotonic clock, and how old a frame is by the kernel's stamp on it.
Refuses to know: the time of day, other than to give a recording its date.

A frame's time is the moment it was read, less its age: the difference between the kernel's stamp
and the wall clock at that moment. So the spacing of frames is the kernel's, however late they are
read. A frame cannot have come before everything that came earlier was read, nor after it was read
itself; a stamp that says so was made with a wall clock that has been set since, and is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic_ns, time_ns
from typing import NamedTuple

EPOCH_US_MIN = 631_152_000_000_000
"""1990-01-01. A wall clock before it was never set; recordings are dated from here on then, since
stamps before 1990 are read as a logger's uptime."""

EARLY_US_MAX = 10_000
"""How far a stamp may lie before the latest moment given out: the kernel stamps a frame a little
before it can be read."""


def wall_us() -> int:
    """Return the wall clock in microseconds since 1970."""
    return time_ns() // 1000


class Look(NamedTuple):
    """Both clocks at one moment."""

    now_us: int
    """Microseconds since the live clock's zero."""
    wall_us: int
    """Microseconds since 1970."""


class LiveClock:
    """One clock for all buses of one service. Its zero is the moment it was made."""

    def __init__(
        self, monotonic: Callable[[], int] = monotonic_ns, wall: Callable[[], int] = time_ns
    ) -> None:
        """Begin. Both clocks are asked for nanoseconds, the wall clock for those since 1970."""
        self._monotonic = monotonic
        self._wall = wall
        self.real = monotonic is monotonic_ns and wall is time_ns
        """Whether it is the machine's time that is told."""
        self.began_us = monotonic() // 1000
        """The monotonic clock's microseconds at this clock's zero."""
        self.epoch_us = max(wall() // 1000, EPOCH_US_MIN)
        """Wall-clock microseconds since 1970 at this clock's zero; 1990 where it was never set."""
        self._last_us = 0

    @property
    def given_us(self) -> int:
        """The latest moment that was given out."""
        return self._last_us

    def look(self) -> Look:
        """Return the present moment, without giving it out."""
        now_us = self._monotonic() // 1000 - self.began_us
        if now_us < self._last_us:
            now_us = self._last_us
        return Look(now_us, self._wall() // 1000)

    def now_us(self) -> int:
        """Return the present moment, never before any moment given out already."""
        return self.give_out(self._monotonic() // 1000 - self.began_us)

    def give_out(self, moment_us: int) -> int:
        """Return ``moment_us``, raised to the last one given out; later ones follow."""
        if moment_us > self._last_us:
            self._last_us = moment_us
        return self._last_us

    def arrived_us(self, look: Look, stamp_us: int | None) -> int:
        """Return when a frame arrived that was read by ``look`` and bears ``stamp_us``, if any.

        Nothing is given out. The result lies between the last moment given out and ``look``.
        """
        if stamp_us is None:
            return look.now_us
        arrived_us = look.now_us - (look.wall_us - stamp_us)
        if not self._last_us - EARLY_US_MAX <= arrived_us <= look.now_us:
            return look.now_us
        return max(self._last_us, arrived_us)
