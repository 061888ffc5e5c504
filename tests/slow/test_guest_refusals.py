"""What the guest's runner refuses, in one line, before any kernel is started."""

from __future__ import annotations

import os
import subprocess

import pytest
from guest_bench import UNAVAILABLE, command


def refused(*words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **({} if path is None else {"PATH": path})}
    return subprocess.run(command(*words), capture_output=True, text=True, check=False, env=env)


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
    answer = refused(*words)
    assert answer.returncode == 2
    assert answer.stderr.splitlines()[-1] == f"tools/guest/run: error: {complaint}"


def test_more_memory_than_the_machine_has_is_named():
    answer = refused("-m", "999999999", "true")
    assert answer.returncode == UNAVAILABLE
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith("guest: ")
