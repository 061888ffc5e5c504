"""A full disk or nobody behind standard output: one line or none, and a live service goes on."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from command_line import COMMAND, chargelock, environment

pytestmark = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no /dev/full"
)

FULL = "error: standard output cannot be written (No space left on device); make room for it\n"
RUN = ("run", "--interface", "virtual", "--profile", "reference", "--channel")


def into_a_full_disk(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    with Path("/dev/full").open("w") as full:
        return subprocess.run(
            [*COMMAND, *arguments],
            env=environment(**changes),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "words", ["--help", "profile list", "simulate demo"], ids=["help", "short", "long"]
)
def test_a_full_disk_behind_the_output_is_one_line(words: str, unbuffered: str) -> None:
    done = into_a_full_disk(*words.split(), PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr) == (1, FULL)


def test_a_file_that_cannot_be_written_is_not_taken_for_the_output(tmp_path: Path) -> None:
    done = chargelock("simulate", "demo", "--record", "/dev/full")
    assert done.returncode == 2
    assert done.stderr == "error: /dev/full: cannot be written: No space left on device\n"


def test_a_reader_of_a_story_that_goes_away_ends_it_quietly() -> None:
    process = subprocess.Popen(
        [*COMMAND, "simulate", "demo"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 1


@pytest.mark.parametrize("gone", ["full", "closed"])
def test_a_live_service_goes_on_without_its_output(gone: str, tmp_path: Path) -> None:
    """Its journal ends, and that is told once; it still decides and answers."""
    if gone == "full":
        out = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, out = os.pipe()
        os.close(reader)
    path = tmp_path / "s"
    process = subprocess.Popen(
        [*COMMAND, *RUN, "a", "--journal", "-", "--socket", str(path)],
        env=environment(),
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(out)
    assert process.stderr is not None
    said: list[str] = []
    while not said or "end with Ctrl-C" not in said[-1]:
        said.append(process.stderr.readline())
        assert said[-1], "it ended"
    assert len([line for line in said if line.startswith("--journal -: the journal has")]) == 1
    done = chargelock("settings", "set", "auto-lock", "off", CHARGELOCK_SOCKET=str(path))
    assert (done.returncode, done.stderr) == (0, "")
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "")


def test_a_live_service_goes_on_though_nobody_can_be_told_anything(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(
            [*COMMAND, *RUN, "b", "--socket", str(path)], env=environment(), stderr=full
        )
        while not path.exists():
            with suppress(subprocess.TimeoutExpired):
                assert process.wait(0.05) is None, "it ended"
        done = chargelock("settings", "show", CHARGELOCK_SOCKET=str(path))
    assert (done.returncode, done.stderr) == (0, "")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
