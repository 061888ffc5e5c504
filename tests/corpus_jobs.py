"""What workers do in tests of the runner. A process that is started anew must find it here."""

from __future__ import annotations

import os
import signal
import threading

from vehicle.replay.corpus import time_limit
from vehicle.replay.corpus.find import Task

FAULT = "!"
"""The name of a log that brings out a fault."""
KILLER = "#"
"""The name of a log that ends the process that reads it, as a crash of a library does."""
DEAF = "&"
"""The name of a log at which its worker hangs, and hears no signal, as in a library's loop."""
DEAF_S = 0.2
"""How long a log may take here."""
GUILTY = "?"
"""The name of a log that does so only beside others."""


def run(task: Task) -> int:
    """Do a task of which nothing is left behind."""
    failed = dict(task.failed)
    left = [log.name for place, log in enumerate(task.logs) if place not in failed]
    for name in left:
        _read(name)
    if left.count(GUILTY) > 1:
        raise MemoryError
    return task.number


def try_log(task: Task, place: int) -> None:
    """Do one log."""
    _read(task.logs[place].name)


def _read(name: str) -> None:
    if name == FAULT:
        raise ValueError("no story")
    if name == DEAF:
        time_limit.KILL_AFTER_S = 0.1
        with time_limit.limited(DEAF_S):
            signal.setitimer(signal.ITIMER_REAL, 0)
            threading.Event().wait()
    if name == KILLER:
        os.kill(os.getpid(), signal.SIGKILL)
