"""A log that would hold its worker for ever is given up after a time.

Knows: how long a log may take, and how to get out of whatever it is at.
Refuses to know: what that is, and what becomes of the log.

The time is the wall clock's: a worker that waits for a dead disk uses no processor. It is meant to
end what never ends, so it is generous: the slowest log that we have seen, MF4 through asammdf,
takes a second for each megabyte.

A signal interrupts what Python does, and whatever waits. Code of a library that listens to neither
is ended with its process, by a watchdog of Python's own (``faulthandler``) that needs nobody's
consent. Both need a main thread to themselves, as a process pool's workers have.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
from collections.abc import Iterator
from types import FrameType

from vehicle.core.record import record

BASE_S = 120.0
S_PER_MB = 20.0
"""What a log may take, and besides for each million bytes of it, unless the owner says otherwise:
twenty times what the slowest takes, for a slow machine with much else to do."""
KILL_AFTER_S = 10.0
"""How long after the signal the process is ended."""


class TookTooLongError(Exception):
    """A log's time is over. ``str()`` says how long that was."""

    def __init__(self, seconds: float) -> None:
        super().__init__(took_too_long(seconds))


@record
class TimeLimit:
    """How long a log may take. Part of what is asked of workers, not of what results depend on."""

    fixed_s: float | None = None
    """The same for each log, in seconds, more than 0; None: by its size."""

    def seconds(self, size_bytes: int) -> float:
        """Return how long a log of ``size_bytes`` may take."""
        if self.fixed_s is not None:
            return self.fixed_s
        return BASE_S + S_PER_MB * size_bytes / 1e6


def took_too_long(seconds: float) -> str:
    """Return what is said of a log that took longer than ``seconds``."""
    return f"took longer than {seconds:g} s; give it more: --timeout"


@contextlib.contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """Let the body run for so long; None: as long as it takes. Only in a process's main thread.

    Raises: TookTooLongError in the middle of it. Where that is not heard the process ends.
    """
    if seconds is None:
        yield
        return

    def over(_: int, __: FrameType | None) -> None:
        raise TookTooLongError(seconds)

    before = signal.signal(signal.SIGALRM, over)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # where the watchdog's last words go
        faulthandler.dump_traceback_later(seconds + KILL_AFTER_S, exit=True, file=nowhere)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)
            finally:  # the signal may come at this very moment, and the watchdog would stay
                faulthandler.cancel_dump_traceback_later()
                signal.signal(signal.SIGALRM, before)
