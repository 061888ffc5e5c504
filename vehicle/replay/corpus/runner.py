"""Hands tasks to an executor and takes them back, as many at a time as it can use.

Knows: which task is under way, and what to make of one whose worker died or was ended.
Refuses to know: what a task does, and which executor it is.

A worker that dies takes down what ran beside it: a broken process pool fails all it was given. So
nobody is blamed at first. When all else is done each such task is tried again with nothing beside
it. Where it fails again its logs are tried one by one, the guilty ones are marked as failed, and
the task is done once more without them. That a function of ours raises is treated alike: a fault
that one log brings out must not end the run for all others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import replace
from typing import Any

from vehicle.core.record import record
from vehicle.replay.corpus.errors import CorpusError, WorkersError
from vehicle.replay.corpus.find import Task
from vehicle.replay.corpus.time_limit import took_too_long
from vehicle.replay.corpus.workers import Workers

AHEAD = 2
"""Tasks handed out for each that can run: a worker that is done finds its next one waiting."""


@record
class Job:
    """What is done with a task. Both must be functions that another process can import."""

    run: Callable[[Task], int]
    """Do it; return its number."""
    try_log: Callable[[Task, int], None]
    """Do one of its logs, by its place, without results."""
    seconds_for: Callable[[int], float | None] = lambda _: None
    """How long a log of so many bytes may take before its worker is ended; None: for ever."""


class Runner:
    """Call ``through`` once."""

    def __init__(self, workers: Workers, job: Job) -> None:
        """``job`` is what the workers do."""
        self._workers = workers
        self._job = job
        self._executor: Executor | None = None
        self._waiting: dict[Future[int], tuple[Task, Executor]] = {}
        self._suspects: list[Task] = []

    def through(self, tasks: Iterable[Task]) -> Iterator[Task]:
        """Do all tasks; yield each when it is done, with the logs that failed marked.

        Raises: a CorpusError that a task raised, and WorkersError where all workers are gone. What
        is under way then is left to end.
        """
        try:
            for task in tasks:
                while len(self._waiting) >= AHEAD * self._workers.width:
                    yield from self._take_back()
                future, executor = self._submit(self._job.run, task)
                self._waiting[future] = task, executor
            while self._waiting:
                yield from self._take_back()
            for task in self._suspects:
                yield self._alone(task)
        finally:
            for future in self._waiting:
                future.cancel()
            if self._executor is not None:
                self._executor.shutdown(wait=False)

    def _submit(
        self, function: Callable[..., int | None], *arguments: object
    ) -> tuple[Future[Any], Executor]:
        if self._executor is None:
            self._executor = self._workers.open()
        try:
            return self._executor.submit(function, *arguments), self._executor
        except BrokenExecutor:
            # It broke while nobody looked; its tasks will tell when they are taken back.
            self._executor = self._workers.open()
            return self._executor.submit(function, *arguments), self._executor

    def _take_back(self) -> Iterator[Task]:
        done, _ = wait(self._waiting, return_when=FIRST_COMPLETED)
        for future in done:
            task, executor = self._waiting.pop(future)
            if self._trouble(future, executor) is None:
                yield task
            else:
                self._suspects.append(task)

    def _trouble(self, future: Future[Any], executor: Executor) -> str | None:
        """Return what went wrong with a task, in words; None where nothing did."""
        wait([future])
        if future.cancelled():
            raise WorkersError(
                "the workers are gone; what is done is kept: the same command goes on from there"
            )
        error = future.exception()
        if isinstance(error, CorpusError):
            raise error
        if isinstance(error, ImportError):
            raise WorkersError(
                f"a worker cannot do it: {error}; install chargelock[corpus] on all of them"
            ) from error
        if isinstance(error, BrokenExecutor) and executor is self._executor:
            self._executor = None
        return None if error is None else _words(error)

    def _by_itself(self, function: Callable[..., int | None], *arguments: object) -> str | None:
        """Let the workers do one thing and nothing else; return what went wrong, in words."""
        return self._trouble(*self._submit(function, *arguments))

    def _try_log(self, task: Task, place: int) -> str | None:
        """Return what goes wrong with one log, in words."""
        began_s = time.monotonic()
        words = self._by_itself(self._job.try_log, task, place)
        limit_s = self._job.seconds_for(task.logs[place].size_bytes)
        if words is None or limit_s is None or time.monotonic() - began_s < limit_s:
            return words
        return took_too_long(limit_s)  # its worker was ended, and could not say why

    def _alone(self, task: Task) -> Task:
        if self._by_itself(self._job.run, task) is None:
            return task
        troubles = {place: self._try_log(task, place) for place in range(len(task.logs))}
        failed = tuple((place, words) for place, words in troubles.items() if words is not None)
        without = replace(task, failed=failed)
        words = self._by_itself(self._job.run, without)
        if words is None:
            return without
        together = f"with others of its task: {words}"
        nothing = replace(task, failed=tuple((place, together) for place in range(len(task.logs))))
        words = self._by_itself(self._job.run, nothing)
        if words is not None:
            raise CorpusError(f"task {task.number} cannot be written down: {words}; see its logs")
        return nothing


def _words(error: BaseException) -> str:
    """Say what went wrong. Dask's word for a worker that died again and again is known by name."""
    name = type(error).__name__
    if isinstance(error, BrokenExecutor) or name == "KilledWorker":
        return "it ends the process that reads it; look at it with chargelock replay"
    return f"a fault of ours: {name}: {' '.join(str(error).split())}; please report it"
