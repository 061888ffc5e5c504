"""The clock of ``chargelock play``: exact waiting, and the keys of whoever watches.

Knows: the monotonic clock, the terminal's keys, and the line that shows how far it has come.
Refuses to know: what is played.

A sleep ends some 60 to 100 us too late, so the last stretch of each wait is spent looking at the
clock. That costs a core as much as the frames are dense, and only while frames are due.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import sys
import termios
import time
import tty
from collections.abc import Iterator

import click

from vehicle.replay.playback import Key, Where, Wish

SPIN_NS = 200_000
"""The last stretch of a wait. Twice what a sleep oversleeps on a machine that is not loaded."""
_SHOW_EVERY_NS = 200_000_000
_SHOW_TAKES_NS = 5_000_000
"""Room that the line needs before the next frame."""

KEYS: dict[bytes, Wish] = {
    b" ": Key.PAUSE,
    b"q": Key.END,
    b"\x1b[C": 10_000_000,
    b"\x1b[D": -10_000_000,
    b"\x1b[A": 60_000_000,
    b"\x1b[B": -60_000_000,
}
"""What a terminal sends -> what is wanted; the arrow keys as ECMA-48 has them."""
KEYS_TOLD = "space: pause, left/right: 10 s, up/down: 60 s, q: end"


class MonotonicClock:
    """The clock where nobody presses keys."""

    def now_ns(self) -> int:
        """Return the monotonic clock's time."""
        return time.monotonic_ns()

    def wait(self, until_ns: int | None, where: Where, *, paused: bool) -> Wish | None:
        """Wait until then; nobody ever wants anything, so None, for good, is never asked for."""
        del where, paused
        assert until_ns is not None
        left_ns = until_ns - time.monotonic_ns()
        if left_ns > SPIN_NS:
            time.sleep((left_ns - SPIN_NS) / 1e9)
        while time.monotonic_ns() < until_ns:
            pass
        return None


class KeyClock(MonotonicClock):
    """The clock at a terminal: it shows how far it has come, and waits for keys as well."""

    def __init__(self, descriptor: int) -> None:
        """``descriptor``: of the terminal that keys are read from, one by one."""
        self._keys = descriptor
        self._pressed = b""
        self._shown_ns = 0
        self._paused = False

    def wait(self, until_ns: int | None, where: Where, *, paused: bool) -> Wish | None:
        """Wait until then, or until a key is pressed that means something."""
        while True:
            wish = self._wish()
            if wish is not None:
                return wish
            now_ns = time.monotonic_ns()
            left_ns = None if until_ns is None else until_ns - now_ns
            self._show(now_ns, left_ns, where, paused=paused)
            # A look at the keyboard costs 2 us: frames that are due wait for no more than that.
            if not select.select([self._keys], [], [], _sleep_s(left_ns))[0]:
                if left_ns is None or left_ns > _SHOW_EVERY_NS:
                    continue
                return super().wait(until_ns, where, paused=paused)
            read = os.read(self._keys, 64)
            if not read:
                return Key.END  # the terminal is gone
            self._pressed += read

    def _wish(self) -> Wish | None:
        """Return what the next key that was pressed wants; None while there is none."""
        while self._pressed:
            for key, wish in KEYS.items():
                if self._pressed.startswith(key):
                    self._pressed = self._pressed[len(key) :]
                    return wish
            if any(key.startswith(self._pressed) for key in KEYS):
                return None  # the rest of the key is on its way
            self._pressed = self._pressed[1:]
        return None

    def _show(self, now_ns: int, left_ns: int | None, where: Where, *, paused: bool) -> None:
        roomy = left_ns is None or left_ns > _SHOW_TAKES_NS
        late = now_ns - self._shown_ns >= _SHOW_EVERY_NS
        if not (late and roomy) and paused == self._paused:
            return
        self._shown_ns, self._paused = now_ns, paused
        how = "paused" if paused else "playing"
        line = f"{how} {where(now_ns) / 1e6:10.1f} s   {KEYS_TOLD}"
        click.echo(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K", err=True, nl=False)


def _sleep_s(left_ns: int | None) -> float | None:
    """Return how long to sleep; None, for good, in a pause. The line moves on in a long wait."""
    if left_ns is None:
        return None
    return min(_SHOW_EVERY_NS, max(0, left_ns - SPIN_NS)) / 1e9


@contextlib.contextmanager
def clock_here() -> Iterator[MonotonicClock]:
    """Give a clock with keys where a terminal is on both sides, else one without.

    Within the block the terminal hands over each key at once and shows none; Ctrl-C stays Ctrl-C.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        yield MonotonicClock()
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield KeyClock(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        click.echo("\r\x1b[K", err=True, nl=False)
