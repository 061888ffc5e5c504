"""Logs that would hold their worker for ever: given up, and what was before is as it was."""

from __future__ import annotations

import faulthandler
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from corpus_logs import write_logs
from drives import write_car

from vehicle.replay.corpus import one_log
from vehicle.replay.corpus.find import Log, Task
from vehicle.replay.corpus.order import Order
from vehicle.replay.corpus.storage import store_at
from vehicle.replay.corpus.task import read_record, run_task
from vehicle.replay.corpus.time_limit import TimeLimit, TookTooLongError, limited
from vehicle.wire.profile import load_profile


def test_without_a_word_of_the_owner_a_large_log_may_take_longer_than_a_small_one() -> None:
    assert TimeLimit().seconds(0) == 120
    assert TimeLimit().seconds(64_000_000) == 1_400
    assert TimeLimit(7.5).seconds(64_000_000) == 7.5


def test_whatever_waits_is_interrupted_and_nothing_is_left_behind() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TookTooLongError, match=r"took longer than 0\.05 s"), limited(0.05):
        threading.Event().wait(60)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    with limited(3600):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    faulthandler.cancel_dump_traceback_later()


def test_a_time_that_is_over_as_the_log_ends_leaves_no_watchdog_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would end the worker ten seconds later, in the middle of another log."""
    before, cancelled = signal.getsignal(signal.SIGALRM), []
    set_timer, cancel = signal.setitimer, faulthandler.cancel_dump_traceback_later

    def set_in_the_last_moment(which: int, seconds: float) -> None:
        set_timer(which, seconds)
        if not seconds:
            signal.raise_signal(signal.SIGALRM)

    def note() -> None:
        cancelled.append(True)
        cancel()

    monkeypatch.setattr(signal, "setitimer", set_in_the_last_moment)
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", note)
    with pytest.raises(TookTooLongError), limited(3600):
        pass
    assert cancelled
    assert signal.getsignal(signal.SIGALRM) is before


def test_without_a_limit_nothing_is_touched() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with limited(None):
        assert signal.getsignal(signal.SIGALRM) is before


def test_who_does_not_listen_is_ended_with_its_process() -> None:
    """A loop in a library's code lets no signal through; here it is switched off."""
    deaf = (
        "import signal, threading\n"
        "from vehicle.replay.corpus import time_limit\n"
        "time_limit.KILL_AFTER_S = 0.05\n"
        "with time_limit.limited(0.05):\n"
        "    signal.setitimer(signal.ITIMER_REAL, 0)\n"
        "    threading.Event().wait()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", deaf], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_one_log_that_hangs_is_a_failed_row_and_the_others_of_its_task_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_car(tmp_path)
    logs = sorted(write_logs(tmp_path / "logs", 3).rglob("*.log"))
    replay = one_log._replay

    def hangs(desk, log, path, row, report):
        row.format = "half of it"
        if path == logs[1]:
            signal.raise_signal(signal.SIGALRM)  # as when its time is over
        return replay(desk, log, path, row, report)

    monkeypatch.setattr(one_log, "_replay", hangs)
    order = Order(
        places=("logs",),
        out=str(tmp_path / "out"),
        base=tmp_path,
        profiles=(load_profile(tmp_path / "small.toml"),),
        reports=False,
        time_limit=TimeLimit(3600.0),
    )
    task = Task(0, tuple(Log(str(path), path.stat().st_size, "") for path in logs))
    run_task(order, task)
    record = read_record(store_at(order.out, order.base), 0)
    assert record is not None
    assert not record.final
    assert [row.outcome for row in record.rows] == ["replayed", "failed", "replayed"]
    assert record.rows[1].cause == "took longer than 3600 s; give it more: --timeout"
    assert record.rows[1].format is None
