"""What workers do in tests of the runner. A process that is started anew must find it here."""

from __future__ import annotations

import os
import signal

from vehicle.replay.corpus.find import Task

FAULT = "!"
"""The name of a log that brings out a fault."""
KILLER = "#"
"""The name of a log that ends the process that reads it, as a crash of a library does."""
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
    if name == KILLER:
        os.kill(os.getpid(), signal.SIGKILL)
