"""A corpus on many processes and on a real cluster: the same bytes, whoever dies in the middle."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import COMMAND, chargelock, environment
from corpus_jobs import KILLER, run, try_log
from corpus_logs import contents, threads, write_logs
from drives import write_car

from vehicle.replay.corpus import tables, totals
from vehicle.replay.corpus.find import Log, Task
from vehicle.replay.corpus.order import Order
from vehicle.replay.corpus.run import CorpusRun
from vehicle.replay.corpus.runner import Job, Runner
from vehicle.replay.corpus.workers import (
    LOCAL_CLUSTER,
    LOOPBACK,
    cluster_workers,
    local_workers,
)
from vehicle.wire.profile import load_profile

LOGS = 2_000

pytestmark = pytest.mark.slow
needs_cluster = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="Dask is not here: pip install 'chargelock[cluster]'",
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small car and 2,000 logs of it, 100 of them damaged; we stand beside them."""
    folder = tmp_path_factory.mktemp("fleet")
    write_car(folder)
    write_logs(folder / "logs", LOGS)
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)


def order_of(base: Path, out: str, places: tuple[str, ...] = ("logs",)) -> Order:
    car = load_profile(base / "small.toml")
    return Order(places=places, out=out, base=base, profiles=(car,), reports=False)


@pytest.fixture(scope="module")
def alone(base: Path) -> dict[str, bytes]:
    """What one worker leaves of all logs."""
    with local_workers(1) as workers:
        done = CorpusRun(order_of(base, "alone")).go(workers, lambda _: None)
    assert done.logs == LOGS
    assert done.replayed == LOGS * 95 // 100
    return contents(base / "alone")


def test_two_workers_leave_the_same_bytes(base: Path, alone: dict[str, bytes]) -> None:
    with local_workers(2) as workers:
        CorpusRun(order_of(base, "two")).go(workers, lambda _: None)
    assert contents(base / "two") == alone


@needs_cluster
def test_a_cluster_leaves_the_same_bytes_though_a_worker_is_killed(
    base: Path, alone: dict[str, bytes]
) -> None:
    from distributed import LocalCluster

    killed = threading.Event()
    with LocalCluster(n_workers=2, threads_per_worker=1, **LOOPBACK) as cluster:

        def kill_one(_: int) -> None:
            if not killed.is_set():
                killed.set()
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

        address = cluster.scheduler_address
        assert re.match(r"tcp://127\.0\.0\.1:", address)
        with cluster_workers(address, None) as workers:
            assert workers.width == 2
            CorpusRun(order_of(base, "cluster")).go(workers, kill_one)
    assert killed.is_set()
    assert contents(base / "cluster") == alone


@needs_cluster
def test_the_command_moves_to_a_cluster_by_one_option(tmp_path: Path) -> None:
    write_car(tmp_path)
    write_logs(tmp_path / "logs", 12)
    how = ("--profile", "small.toml", "--no-reports")
    for out, where in (("here", ("--workers", "1")), ("there", ("--cluster", LOCAL_CLUSTER))):
        done = chargelock("corpus", "logs", "--out", out, *how, *where, cwd=tmp_path)
        # On a slow machine Dask says that its workers take long to end.
        assert (done.returncode, "error" in done.stderr) == (0, False), done.stderr
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


@needs_cluster
def test_no_cluster_is_a_clear_line(tmp_path: Path) -> None:
    write_car(tmp_path)
    write_logs(tmp_path / "logs", 1)
    nobody = ("--cluster", "tcp://127.0.0.1:1")
    done = chargelock(
        "corpus", "logs", "--out", "out", "--profile", "small.toml", *nobody, cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: --cluster tcp://127.0.0.1:1: ")
    assert done.stderr.count("\n") == 1


def test_a_log_that_kills_its_worker_each_time_is_a_failed_log_and_not_a_failed_run() -> None:
    names = ["ab", "cd", f"e{KILLER}f", "gh", f"{KILLER}", "ij"]
    tasks = [
        Task(number, tuple(Log(name, 1, "") for name in task)) for number, task in enumerate(names)
    ]
    with local_workers(2) as workers:
        done = {task.number: task for task in Runner(workers, Job(run, try_log)).through(tasks)}
    assert done.keys() == set(range(6))
    failed = {number: [place for place, _ in task.failed] for number, task in done.items()}
    assert failed == {0: [], 1: [], 2: [1], 3: [], 4: [0], 5: []}
    assert done[2].failed[0][1].startswith("it ends the process that reads it")


# ---- stopping -----------------------------------------------------------------------------------

SOME = ("logs/car00", "logs/car01", "logs/car02")
HOW = ("--profile", "small.toml", "--no-reports", "--workers", "2", "--out")


@pytest.fixture(scope="module")
def unstopped(base: Path) -> dict[str, bytes]:
    """What is left of 300 logs where nobody interferes."""
    with local_workers(2) as workers:
        CorpusRun(order_of(base, "unstopped", SOME)).go(workers, lambda _: None)
    return contents(base / "unstopped")


def started(base: Path, out: str) -> subprocess.Popen[str]:
    """Start the command, and wait until its first task is done."""
    process = subprocess.Popen(
        [*COMMAND, "corpus", *SOME, *HOW, out],
        cwd=base,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    tasks, wait = base / out / "tasks", threading.Event()
    while not (tasks.is_dir() and any(tasks.glob("*.json"))):
        assert process.poll() is None, process.communicate()
        wait.wait(0.01)
    return process


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until_gone(pids: list[int]) -> None:
    wait, tries = threading.Event(), 0
    while any(_lives(pid) for pid in pids):
        tries += 1
        assert tries < 6_000, f"{pids} live on"
        wait.wait(0.01)


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_after_a_kill_nobody_is_left_and_the_same_command_goes_on(
    base: Path, unstopped: dict[str, bytes]
) -> None:
    process = started(base, "killed")
    workers = children(process.pid)
    process.kill()
    process.communicate()
    wait_until_gone(workers)
    assert not (base / "killed/summary.csv").exists(), "it was killed in the middle"
    again = chargelock("corpus", *SOME, *HOW, "killed", cwd=base)
    assert (again.returncode, again.stderr) == (0, "")
    assert contents(base / "killed") == unstopped


def test_ctrl_c_says_how_to_go_on(base: Path, unstopped: dict[str, bytes]) -> None:
    process = started(base, "stopped")
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    told = r"error: interrupted after \d+ of 300 files; the same command goes on from there\n"
    assert re.fullmatch(told, error) is not None, error
    assert chargelock("corpus", *SOME, *HOW, "stopped", cwd=base).returncode == 0
    assert contents(base / "stopped") == unstopped


# ---- memory -------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_number_of_logs(
    base: Path, alone: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the process that hands out and gathers; the bounds of what it holds are made small."""
    monkeypatch.setattr(totals, "ROWS_SHOWN", 40)
    monkeypatch.setattr(tables, "SUMMARY_GROUP_ROWS", 40)

    def peak(order: Order) -> int:
        with threads() as workers:
            CorpusRun(order).go(workers, lambda _: None)
            tracemalloc.start()
            CorpusRun(order).go(workers, lambda _: None)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    few = peak(order_of(base, "few", SOME[:1]))
    many = peak(order_of(base, "alone"))
    assert many < few + (1 << 18), "twenty times as many logs"
