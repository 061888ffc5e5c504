"""The recording's clock over columns: recorded stamps become ``now_us`` in place.

Knows: the steps that are taken, raised or broken off at. Refuses to know: what follows from a break
in time, and how several files become one (``recording``, whose docstring has the rules).
"""

from __future__ import annotations

from array import array

from vehicle.replay.readers.fields import DAY_US
from vehicle.replay.scan.columns import Columns

CLAMP_US_MAX = 1_000_000
"""The largest step back that is taken for jitter between buses or clocks."""
AHEAD_US_MAX = DAY_US
"""The largest gap that is taken for one: a car parked for a day. Beyond it the clock was set."""

_LAST, _NOW, _CLAMPED, _SHIFT = range(4)


class Clock:
    """One pass's clock. ``state`` is laid out so that a compiled kernel can keep it too."""

    __slots__ = ("state",)

    def __init__(self, shift_us: int = 0) -> None:
        """``shift_us`` is added to every ``now_us`` that is handed out."""
        self.state = array("q", [0, 0, 0, shift_us])

    @property
    def now_us(self) -> int:
        """Microseconds since the first frame."""
        return self.state[_NOW]

    @property
    def shifted_us(self) -> int:
        """The latest ``now_us`` as handed out."""
        return self.state[_NOW] + self.state[_SHIFT]

    @property
    def clamped(self) -> int:
        """Frames whose stamp stood up to 1 s before its predecessor's."""
        return self.state[_CLAMPED]

    def begin(self, stamp_us: int) -> int:
        """A segment begins with this stamp; return how far the clock jumped."""
        step_us = stamp_us - self.state[_LAST]
        self.state[_LAST] = stamp_us
        return step_us

    def shift(self, step_us: int) -> None:
        """Hand out times later by ``step_us`` from here on."""
        self.state[_SHIFT] += step_us


def run_clock(columns: Columns, first: int, state: array[int]) -> int:
    """Turn stamps from row ``first`` on into ``now_us``; return the row where time breaks, if any.

    Without a break that is the number of frames. The row that breaks is left as it is.
    """
    stamps = columns.stamps_us
    last_us, now_us, clamped, shift_us = state
    row = columns.frames
    for row in range(first, columns.frames):
        stamp_us = stamps[row]
        step_us = stamp_us - last_us
        if step_us >= 0:
            if step_us > AHEAD_US_MAX:
                break
            now_us += step_us
            last_us = stamp_us
        elif step_us < -CLAMP_US_MAX:
            break
        else:
            clamped += 1
        stamps[row] = now_us + shift_us
    else:
        row = columns.frames
    state[_LAST], state[_NOW], state[_CLAMPED] = last_us, now_us, clamped
    return row
