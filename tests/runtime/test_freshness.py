"""What was used once stays used: over kills, failing calls, power cuts and damaged files."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from settings_bench import at_call, disk_full

from vehicle.runtime.freshness import AHEAD, FILE, FreshnessStore

KEY = "0011223344556677"


def store(folder: Path, key: str = KEY, *, keep: bool = True) -> tuple[FreshnessStore, list[str]]:
    said: list[str] = []
    return FreshnessStore(folder, key, keep=keep, say=said.append), said


def used(folder: Path) -> int:
    """What a start finds now; it must have nothing to complain of."""
    found, said = store(folder)
    assert said == []
    return found.used("main")


def child(body: Callable[[int], None]) -> tuple[int, int]:
    """Run ``body`` in a process of its own, with a descriptor to tell on; return both."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(told)
            body(tell)
        finally:
            os._exit(0)
    os.close(tell)
    return pid, told


def heard(told: int) -> int:
    """Return the last value that the process said it accepted; -1 where none."""
    with os.fdopen(told) as lines:
        values = [int(line) for line in lines if line.endswith("\n")]
    return values[-1] if values else -1


def test_nothing_is_used_in_the_beginning(tmp_path: Path) -> None:
    assert used(tmp_path) == -1
    assert not (tmp_path / FILE).exists()


def test_no_frame_costs_a_write_but_one_in_so_many(tmp_path: Path) -> None:
    ours, _ = store(tmp_path)
    with at_call(0, disk_full) as made:
        for value in range(1000, 1000 + 10 * (AHEAD + 1)):
            assert ours.use("main", value)
    assert made.count("write") == 10
    assert made[:5] == ["open", "write", "fsync", "replace", "open"]


def test_the_next_bound_is_written_by_a_thread_while_values_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the very first value waits for the disk."""
    flushed_by: list[int] = []
    really = os.fsync

    def fsync(descriptor: int) -> None:
        flushed_by.append(threading.get_ident())
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with ThreadPoolExecutor(1) as writer:
        ours = FreshnessStore(tmp_path, KEY, say=pytest.fail, writer=writer)
        assert ours.use("main", 1000)
        assert set(flushed_by) == {threading.get_ident()}
        flushed_by.clear()
        for value in range(1001, 1000 + 10 * AHEAD):
            assert ours.use("main", value)
            writer.submit(int).result()  # what it was given before is done
            assert used(tmp_path) >= value
        assert flushed_by
        assert threading.get_ident() not in flushed_by
        ours.close()
    assert used(tmp_path) == 1000 + 10 * AHEAD - 1


def test_a_value_beyond_the_bound_waits_for_the_thread_and_a_failure_is_said(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    go_on = threading.Event()
    with ThreadPoolExecutor(1) as writer:
        ours = FreshnessStore(tmp_path, KEY, say=said.append, writer=writer)
        assert ours.use("main", 1000)
        writer.submit(go_on.wait)
        assert ours.use("main", 1000 + AHEAD)  # the thread has this to do next
        threading.Timer(0.05, go_on.set).start()
        assert ours.use("main", 1001 + AHEAD)
        assert used(tmp_path) == 1000 + 2 * AHEAD
        with at_call(1, disk_full, on=True):
            assert ours.use("main", 1000 + 2 * AHEAD)
            writer.submit(int).result()
            assert not ours.use("main", 1001 + 2 * AHEAD)
        assert len(said) == 1
        assert ours.use("main", 1001 + 2 * AHEAD)


def test_an_orderly_end_keeps_the_exact_value(tmp_path: Path) -> None:
    ours, _ = store(tmp_path)
    ours.use("main", 1234)
    ours.use("other", 7)
    ours.close()
    again, _ = store(tmp_path)
    assert (again.used("main"), again.used("other")) == (1234, 7)
    assert not again.doubtful("main", 1234)
    with at_call(1, disk_full):
        again.close()  # nothing has changed, so nothing is written


def test_a_crash_leaves_everything_up_to_the_bound_used(tmp_path: Path) -> None:
    ours, _ = store(tmp_path)
    ours.use("main", 1000)
    ours.use("main", 1005)
    again, _ = store(tmp_path)
    assert again.used("main") == 1000 + AHEAD
    assert again.doubtful("main", 1001)
    assert again.doubtful("main", 1000 + AHEAD)
    assert not again.doubtful("main", 1000)
    assert not again.doubtful("other", 1001)


def test_ending_the_process_at_any_call_never_forgets_a_value(tmp_path: Path) -> None:
    """Killed before each call of a write in turn, and in the midst of using values."""
    number, calls = 0, 0
    while True:
        number += 1
        before = used(tmp_path)

        def use(tell: int, at: int = number, first: int = before + 1) -> None:
            ours, _ = store(tmp_path)
            with at_call(at, lambda: os.kill(os.getpid(), signal.SIGKILL)):
                for value in range(first, first + 3):
                    assert ours.use("main", value)
                    os.writev(tell, [b"%d\n" % value])

        pid, told = child(use)
        _, status = os.waitpid(pid, 0)
        assert used(tmp_path) >= max(before, heard(told)), number
        if os.waitstatus_to_exitcode(status) == 0:
            break
        calls += 1
    assert calls == 6


def test_a_kill_at_any_moment_never_lets_a_value_count_twice(tmp_path: Path) -> None:
    random = Random(5)
    last = -1
    for _ in range(30):

        def use(tell: int) -> None:
            ours, _ = store(tmp_path)
            value = ours.used("main")
            while True:
                value += 1
                if ours.use("main", value):
                    os.write(tell, b"%d\n" % value)

        pid, told = child(use)
        first = os.read(told, 1)
        for _ in range(random.randrange(20_000)):  # at no particular point
            pass
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with os.fdopen(told) as lines:
            values = [int(line) for line in (first.decode() + lines.read()).split()[:-1]]
        assert values == sorted(set(values))
        assert not values or values[0] > last
        last = max([last, *values])
        assert used(tmp_path) >= last


@pytest.mark.parametrize("number", range(1, 7))
def test_what_cannot_be_written_does_not_count_and_counts_once_it_can(
    tmp_path: Path, number: int
) -> None:
    ours, said = store(tmp_path)
    with at_call(number, disk_full, on=True) as made:
        found = [ours.use("main", 5), ours.use("main", 5)]
    assert len(made) >= number
    assert found == [False, False]
    assert len(said) == 1
    assert "make room" in said[0]
    assert ours.used("main") == -1
    assert ours.use("main", 6)
    assert used(tmp_path) >= 6


@pytest.mark.parametrize(
    "content", [b"", b"freshness 1 crc32 00000000\n{}", b"{}", b"freshness 1 crc32 zz\n"]
)
def test_a_damaged_file_is_never_guessed_at(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    ours, said = store(tmp_path)
    assert "its checksum does not fit" in said[0]
    assert "provision a new key" in said[0]
    assert not ours.use("main", 1 << 40)
    ours.close()
    assert (tmp_path / FILE).read_bytes() == content


def test_every_cut_and_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    ours, _ = store(tmp_path)
    ours.use("main", 77)
    whole = (tmp_path / FILE).read_bytes()
    for at in range(len(whole)):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            (tmp_path / FILE).write_bytes(damaged)
            assert store(tmp_path)[1], at


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    ours, said = store(tmp_path)
    assert "Is a directory" in said[0]
    assert not ours.use("main", 1)


def test_a_new_key_begins_anew_and_says_so(tmp_path: Path) -> None:
    ours, _ = store(tmp_path)
    ours.use("main", 900)
    again, said = store(tmp_path, "8899aabbccddeeff")
    assert again.used("main") == -1
    assert "the SecOC key is a new one" in said[0]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    ours, _ = store(tmp_path, keep=False)
    assert ours.use("main", 5)
    assert ours.used("main") == 5
    ours.close()
    assert list(tmp_path.iterdir()) == []
