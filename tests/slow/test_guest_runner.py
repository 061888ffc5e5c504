"""The guest's runner: streams, exit status, folders, limits, and that nothing stays behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from guest_bench import LIMIT_S, ROOT, command, in_guest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("guest")]

LINES = 20_000
"""Enough to fill every pipe and terminal on the way several times."""


def left_behind(runner: subprocess.Popen[str]) -> list[str]:
    """Return folders and processes of a runner's guest that are still there."""
    mark = f"guest-{runner.pid}-"
    found = [str(path) for path in Path("/tmp").glob(f"{mark}*")]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if mark in words:
            found.append(words)
    return found


def begun(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )


@pytest.fixture(scope="module")
def one_run(tmp_path_factory):
    """Boot once, and do in there what the tests ask about."""
    written = tmp_path_factory.mktemp("a folder's name")
    shadowed = tmp_path_factory.mktemp("shadowed")
    (shadowed / "old").write_text("old")
    script = f"""
        echo "$GREETING"; pwd; seq {LINES}
        echo complaint >&2
        echo kept > "$1/kept"
        echo new > "$2/old"; echo new > "$2/new"; cat "$2/new"
        read -r && echo "standard input is not empty"
        exit 7
    """
    words = ("-w", written, "bash", "-c", script, "bash", written, shadowed)
    return in_guest(*words, env={"GREETING": 'it\'s "quoted" $HOME'}), written, shadowed


def test_the_commands_exit_status_is_passed_on(one_run):
    assert one_run[0].returncode == 7


def test_both_streams_are_passed_on_whole_and_apart(one_run):
    counted = [str(number) for number in range(1, LINES + 1)]
    expected = ['it\'s "quoted" $HOME', str(ROOT), *counted, "new"]
    assert one_run[0].stdout.splitlines() == expected
    assert one_run[0].stderr == "complaint\n"


def test_a_named_folder_is_really_written(one_run):
    assert (one_run[1] / "kept").read_text() == "kept\n"


def test_what_the_guest_writes_elsewhere_is_gone(one_run):
    shadowed = one_run[2]
    assert (shadowed / "old").read_text() == "old"
    assert [path.name for path in shadowed.iterdir()] == ["old"]


def test_a_guest_reads_more_files_than_its_runner_was_meant_to_open():
    folder = Path(os.__file__).parent
    words = command("bash", "-c", f"find {folder} -name '*.py' | head -400 | xargs cat | wc -c")
    limited = ["bash", "-c", 'ulimit -Sn 128; exec "$@"', "bash", *words]
    ended = subprocess.run(limited, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) > 0


def test_two_guests_at_once_do_not_meet(tmp_path):
    runners = [begun("-w", tmp_path, "bash", "-c", f"echo {n} > {tmp_path}/{n}") for n in (1, 2)]
    for runner in runners:
        _, complaint = runner.communicate(timeout=LIMIT_S)
        assert (runner.returncode, complaint) == (0, "")
        assert left_behind(runner) == []
    assert {path.read_text() for path in tmp_path.iterdir()} == {"1\n", "2\n"}


def test_the_time_limit_ends_a_guest_with_124_and_leaves_nothing():
    runner = begun("-t", "8", "bash", "-c", "echo up; while :; do :; done")
    said, complaint = runner.communicate(timeout=LIMIT_S)
    assert (runner.returncode, complaint) == (124, "guest: the time limit of 8 s has passed\n")
    assert said in ("up\n", "")
    assert left_behind(runner) == []


def test_a_kernel_that_dies_is_told_with_125_and_its_last_words():
    runner = begun("-t", str(LIMIT_S), "bash", "-c", "echo c > /proc/sysrq-trigger; sleep 600")
    _, complaint = runner.communicate(timeout=LIMIT_S)
    assert runner.returncode == 125
    assert complaint.startswith("guest: ended before the command did; its last words: Kernel panic")
    assert complaint.count("\n") == 1
    assert left_behind(runner) == []


def test_a_runner_that_is_terminated_takes_its_guest_along():
    runner = begun("-t", str(LIMIT_S), "bash", "-c", "echo up; while :; do :; done")
    assert runner.stdout is not None
    assert runner.stdout.readline() == "up\n"
    assert left_behind(runner) != []
    runner.terminate()
    runner.communicate(timeout=LIMIT_S)
    assert runner.returncode == 128 + 15
    assert left_behind(runner) == []


def test_a_reader_that_goes_away_ends_the_guest():
    runner = begun("-t", str(LIMIT_S), "bash", "-c", "while :; do echo again; done")
    assert runner.stdout is not None
    assert runner.stdout.readline() == "again\n"
    runner.stdout.close()
    assert runner.wait(timeout=LIMIT_S) == 128 + 13
    assert runner.stderr is not None
    assert runner.stderr.read() == ""
    runner.stderr.close()
    assert left_behind(runner) == []
