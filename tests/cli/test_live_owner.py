"""The owner's commands against a real process: a live service on a bus, a car in real time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import chargelock, environment

pytestmark = pytest.mark.whole

SCRIPT = Path(__file__).resolve().parents[1] / "live_process.py"


class Live:
    """The process, and the commands that talk to it."""

    def __init__(self, folder: Path, start: str) -> None:
        self.path = folder / "control.sock"
        self.process = subprocess.Popen(
            [sys.executable, SCRIPT, self.path, folder / "settings.toml", start],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return chargelock(*arguments, CHARGELOCK_SOCKET=str(self.path))

    def do(self, what: str, **values: object) -> None:
        """Do something to the car, and forget about it."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": what, **values}) + "\n")
        self.process.stdin.flush()

    def until(self, signal_name: str, value: str) -> None:
        """Wait until a signal has a value."""
        subprocess.run(
            [sys.executable, "-c", FOLLOW, str(self.path), signal_name, value],
            env=environment(),
            timeout=60,
            check=True,
        )

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(60)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        return code


FOLLOW = """
import sys
from vehicle.cli.client import Client
path, name, value = sys.argv[1:]
with Client(path) as stream, Client(path) as client:
    for _ in stream.stream("Events", {"heartbeat_s": 1}, quiet_s=30):
        signals = {each["signal"]: each["value"] for each in client.call("Status")["signals"]}
        if signals[name] == value:
            break
"""


@contextmanager
def living(folder: Path, start: str) -> Iterator[Live]:
    live = Live(folder, start)
    try:
        yield live
    finally:
        if live.process.poll() is None:
            live.end(signal.SIGKILL)


def test_plugging_in_charging_and_unlatching_in_real_time(tmp_path) -> None:
    with living(tmp_path, "empty") as live:
        assert live.ask("status").stdout.startswith("Nothing is plugged in.")
        live.do("plug", supply="ac", limit_a=32, amps=32, charge=True)
        live.until("session", "charging")
        live.until("latch", "engaged")
        done = live.ask("unlatch", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        told = iter(json.loads(line)["step"] for line in done.stdout.splitlines())
        for step in ("asked", "stop_requested", "current_gone", "releasing", "released", "done"):
            assert step in told, "a machine that stalls may add steps, but this is their order"
        live.until("latch", "released")
        assert live.end(signal.SIGTERM) == 0
        assert not live.path.exists()


def test_settings_survive_a_service_that_is_killed(tmp_path) -> None:
    with living(tmp_path, "charging") as live:
        assert live.ask("settings", "set", "release-grace-min", "15").returncode == 0
        live.end(signal.SIGKILL)
        assert live.ask("status").returncode == 4
    with living(tmp_path, "charging") as live:
        told = json.loads(live.ask("settings", "show", "--json").stdout)
        assert told["owner"] == {"release-grace-min": "15"}
        assert told["settings"]["release-grace-min"] == "15"
        assert live.end(signal.SIGTERM) == 0


def test_a_service_that_stops_tells_those_who_wait(tmp_path) -> None:
    with living(tmp_path, "charging") as live:
        follower = subprocess.Popen(
            [sys.executable, "-c", FOLLOW, str(live.path), "session", "fault"],
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        live.until("session", "charging")
        live.end(signal.SIGTERM)
        _, errors = follower.communicate(timeout=60)
    assert follower.returncode == 1
    assert "closed the connection" in errors or "no service is running there" in errors
