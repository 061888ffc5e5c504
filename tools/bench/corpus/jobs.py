"""Jobs that do nothing, for workers that import them by name."""

from __future__ import annotations

from vehicle.replay.corpus.find import Task


def do_nothing(task: Task) -> int:
    """Return the task's number."""
    return task.number


def try_nothing(task: Task, place: int) -> None:
    """Try no log."""
