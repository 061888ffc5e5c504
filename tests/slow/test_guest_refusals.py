"""What the guest's runner refuses, and what it makes of a kernel that fails, without a real one."""

from __future__ import annotations

import os
import subprocess

import pytest
from guest_bench import UNAVAILABLE, command


def answer_to(*words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **({} if path is None else {"PATH": path})}
    return subprocess.run(command(*words), capture_output=True, text=True, check=False, env=env)


@pytest.fixture
def kernel(tmp_path):
    """Return a function that puts a shell script in the kernel's place and tells the PATH to it."""

    def place(script: str) -> str:
        for name in ("linux.uml", "modprobe", "ip"):
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
        return f"{tmp_path}:{os.environ['PATH']}"

    return place


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "no command; name one after the options"),
        (("-t", "0", "true"), "-t 0: must be more than 0 seconds"),
        (("-m", "64", "true"), "-m 64: the guest needs 128 MiB or more"),
        (("-w", "/no/such/folder", "true"), "-w /no/such/folder: is no folder; make it first"),
    ],
)
def test_a_wrong_command_line_is_named_with_exit_status_2(words, complaint):
    answer = answer_to(*words)
    assert answer.returncode == 2
    assert answer.stderr.splitlines()[-1] == f"tools/guest/run: error: {complaint}"


def test_more_memory_than_the_machine_has_is_named():
    answer = answer_to("-m", "999999999", "true")
    assert answer.returncode == UNAVAILABLE
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith("guest: ")


def test_a_kernel_that_cannot_boot_here_is_told_apart_with_its_last_words(kernel):
    path = kernel("echo 'ptrace: Operation not permitted' >&2; exit 1")
    answer = answer_to("-m", "128", "true", path=path)
    words = "the guest kernel does not boot here; its last words: ptrace: Operation not permitted"
    assert (answer.returncode, answer.stderr) == (UNAVAILABLE, f"guest: {words}\n")


def test_a_guest_that_boots_and_then_fails_is_no_reason_to_skip(kernel):
    path = kernel("echo guest: entered; echo guest: no modules; echo reboot: Power down")
    for words in (("-m", "128", "true"), ("-m", "128", "--check")):
        answer = answer_to(*words, path=path)
        told = "guest: ended before the command did; its last words: no modules\n"
        assert (answer.returncode, answer.stderr) == (125, told)


def test_a_kernel_that_hangs_is_ended_at_the_time_limit(kernel):
    answer = answer_to("-m", "128", "-t", "0.5", "true", path=kernel("sleep 600"))
    told = "guest: the time limit of 0.5 s has passed\n"
    assert (answer.returncode, answer.stderr) == (124, told)
