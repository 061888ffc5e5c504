"""A full disk or nobody behind standard output: one line or none, and a live service goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from command_line import COMMAND, chargelock, environment

from vehicle.cli import live_output
from vehicle.cli.client import Client, ServiceUnreachableError

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
        [*COMMAND, *RUN, f"a-{gone}", "--journal", "-", "--socket", str(path)],
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
    done = chargelock("settings", "set", "auto-lock", "off", CHARGELOCK_SOCKET=str(path))
    assert (done.returncode, done.stderr) == (0, "")
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()  # communicate() would lose what has been read ahead
    process.stderr.close()
    assert process.wait(60) == 0
    told = ["".join([*said, rest]).count("--journal -: it has ended ("), rest.count("Traceback")]
    assert told == [1, 0]


def test_a_reader_that_stands_still_stops_no_decision(tmp_path: Path) -> None:
    """A pager, or Ctrl-S: once its pipe is full the lines wait, and nothing else does."""
    path = tmp_path / "s"
    process = subprocess.Popen(
        [*COMMAND, *RUN, "c", "--journal", "-", "--socket", str(path)],
        env=environment(),
        stdout=subprocess.PIPE,
        pipesize=4096,
    )
    assert process.stdout is not None
    assert process.stdout.read1(1).startswith(b"{")
    listens = False
    while not listens:
        with suppress(subprocess.TimeoutExpired):
            assert process.wait(0.05) is None, "it ended"
        with suppress(ServiceUnreachableError), Client(str(path)):
            listens = True
    changes = [{"key": "auto-lock", "value": value} for value in ["off", "on"] * 10]
    with Client(str(path), timeout_s=60) as client:
        for change in changes:
            client.call("SetSetting", change)
        assert client.call("GetSettings")["settings"]
    process.send_signal(signal.SIGTERM)
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait(60) == 0
    assert rest.count(b'"kind":"settings"') == len(changes)


def test_lines_that_nobody_takes_end_the_output_and_not_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_output, "LINES_MAX", 5)
    monkeypatch.setattr(live_output, "LAST_WORDS_S", 0.01)
    reader, out = os.pipe()
    said: list[str] = []

    async def main() -> None:
        with os.fdopen(out, "w") as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            output = live_output.LiveOutput("it", said.append)
            for _ in range(20):
                output.write("x" * 65536)
            output.close()
            os.close(reader)
            output._thread.join(60)

    asyncio.run(main())
    assert said == ["it: it has ended (nobody reads it)"]


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
