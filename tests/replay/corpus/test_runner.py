"""Tasks through an executor: all of them once, and what becomes of those that go wrong."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest
from corpus_jobs import DEAF, DEAF_S, FAULT, GUILTY, run, try_log
from corpus_logs import threads

from vehicle.replay.corpus.errors import OutputFolderError, WorkersError
from vehicle.replay.corpus.find import Log, Task
from vehicle.replay.corpus.runner import AHEAD, Job, Runner
from vehicle.replay.corpus.workers import Workers, local_workers

JOB = Job(run, try_log)


def tasks(*names: str) -> list[Task]:
    """Tasks whose logs have these names, a letter each."""
    return [
        Task(number, tuple(Log(name, 1, "") for name in task)) for number, task in enumerate(names)
    ]


def test_every_task_is_done_once() -> None:
    with threads(3) as workers:
        done = list(Runner(workers, JOB).through(tasks(*["abc"] * 20)))
    assert sorted(task.number for task in done) == list(range(20))
    assert all(task.failed == () for task in done)


def test_no_more_tasks_are_handed_out_than_can_be_used() -> None:
    """So memory does not grow with their number."""
    taken, most = 0, 0

    def endless():
        nonlocal taken
        for task in tasks(*["a"] * 50):
            taken += 1
            yield task

    with threads(2) as workers:
        for done, _ in enumerate(Runner(workers, JOB).through(endless()), 1):
            most = max(most, taken - done)
    assert most <= AHEAD * 2


def test_a_fault_of_one_log_is_a_failed_log_and_not_a_failed_run() -> None:
    with threads(2) as workers:
        done = list(Runner(workers, JOB).through(tasks("ab", f"c{FAULT}d", "ef")))
    by_number = {task.number: task for task in done}
    assert by_number.keys() == {0, 1, 2}
    assert by_number[0].failed == by_number[2].failed == ()
    ((place, cause),) = by_number[1].failed
    assert place == 1
    assert cause == "a fault of ours: ValueError: no story; please report it"


@pytest.mark.whole
def test_a_log_whose_worker_had_to_be_ended_is_said_to_take_too_long() -> None:
    job = Job(run, try_log, lambda _: DEAF_S)
    with local_workers(1) as workers:
        (done,) = Runner(workers, job).through(tasks(f"a{DEAF}"))
    assert done.failed == ((1, "took longer than 0.2 s; give it more: --timeout"),)


def test_logs_that_fail_only_together_all_fail() -> None:
    with threads(1) as workers:
        (done,) = Runner(workers, JOB).through(tasks(GUILTY + GUILTY))
    assert [place for place, _ in done.failed] == [0, 1]
    assert all(cause.startswith("with others of its task") for _, cause in done.failed)


def test_an_output_that_cannot_be_written_ends_the_run() -> None:
    def full(task: Task) -> int:
        raise OutputFolderError(f"--out out: task {task.number}: no space left")

    with pytest.raises(OutputFolderError, match="no space left"), threads() as workers:
        list(Runner(workers, Job(full, try_log)).through(tasks("a", "b")))


def test_workers_that_are_gone_end_the_run() -> None:
    class Gone(ThreadPoolExecutor):
        def submit(self, *arguments, **more) -> Future:
            future: Future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with Gone(1) as executor:
        workers = Workers(1, lambda: executor)
        with pytest.raises(WorkersError, match="the same command goes on from there"):
            list(Runner(workers, JOB).through(tasks("a")))


def test_who_stops_leaves_nothing_under_way() -> None:
    started, may_end = threading.Event(), threading.Event()

    def slow(task: Task) -> int:
        started.set()
        may_end.wait(60)
        return task.number

    executor: Executor = ThreadPoolExecutor(1)
    running = Runner(Workers(1, lambda: executor), Job(slow, try_log))

    def then_stop():
        yield tasks("a")[0]
        started.wait(60)
        yield Task(1, (Log("b", 1, ""),))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(running.through(then_stop()))
    may_end.set()
    executor.shutdown()
    with pytest.raises(RuntimeError):
        executor.submit(print)
