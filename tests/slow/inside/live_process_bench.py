"""The live service as a process on the guest's buses, and a simulated car that it talks to."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import can
from bus_bench import PATIENCE_S, bus

from vehicle.runtime.orders import STEPS, Anything, Step
from vehicle.runtime.plant import StartState
from vehicle.runtime.simulated_car import SimulatedCar
from vehicle.wire.frame import Frame
from vehicle.wire.profile import load_profile

COMMAND = [sys.executable, "-m", "vehicle.cli"]


class Running:
    """``chargelock run`` and what it has told so far."""

    def __init__(self, *words: str | Path, folder: Path) -> None:
        self.lines: list[dict[str, Any]] = []
        self.said: list[str] = []
        environment = {**os.environ, "STATE_DIRECTORY": str(folder)}
        self.process = subprocess.Popen(
            [*COMMAND, "run", "--profile", "reference", "--journal", "-", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._readers = [
            threading.Thread(target=self._read_journal, daemon=True),
            threading.Thread(target=self._read_words, daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self.until(lambda: any("end with Ctrl-C" in line for line in self.said))

    def _read_journal(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def _read_words(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.rstrip("\n"))

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for what must come."""
        give_up_s = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < give_up_s, self._state()
            assert self.process.poll() is None, self._state()
            time.sleep(0.01)

    def _state(self) -> str:
        """Return what it said, and the end of its journal."""
        return "\n".join([*self.said, *map(json.dumps, self.lines[-20:])])

    def told(self, *, since: int = 0, **fields: Any) -> bool:
        """Whether a journal line holds all these; the first ``since`` lines do not count."""
        return any(fields.items() <= line.items() for line in self.lines[since:])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        for reader in self._readers:
            reader.join(PATIENCE_S)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code


@contextlib.contextmanager
def running(*words: str | Path, folder: Path) -> Iterator[Running]:
    """Run the service, and end it however the test ends."""
    service = Running(*words, folder=folder)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.stop()


class Wire(Protocol):
    """What a simulated car speaks on: a bus of python-can's is one."""

    def send(self, message: can.Message) -> None:
        """Send a frame. Raises can.CanError where it cannot."""

    def recv(self, timeout: float) -> can.Message | None:
        """Return the next frame, or None after ``timeout`` seconds."""


class Car:
    """A simulated car that lives on a channel in real time, in a thread of its own.

    A machine that stands still makes it fall silent, as it would any control unit: a message may
    be lost, a stroke may need a second try. So a test waits for what must come of it in the end.
    """

    def __init__(
        self, channel: str, start: StartState | None = None, wire: Wire | None = None
    ) -> None:
        """Prepare; ``wire``: what it speaks on instead of a socket of the channel."""
        self.channel = channel
        self._wire = wire
        self._car = SimulatedCar(load_profile("reference"), start or StartState())
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._began_s = time.monotonic()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Car:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(PATIENCE_S)

    def do(self, what: str, **values: Any) -> None:
        """Let something happen to the car now; what is not given is as in a story."""
        defaults = {
            name: parameter.default
            for name, parameter in STEPS[what].parameters.items()
            if not isinstance(parameter, Anything)
        }
        with self._lock:
            now_us = self._now_us()
            self._car.advance(now_us)
            self._car.do(now_us, Step(now_us, what, {**defaults, **values}))

    def truth(self) -> dict[str, str]:
        """Return how the car truly stands."""
        with self._lock:
            return self._car.plant.truth()

    def _now_us(self) -> int:
        return int((time.monotonic() - self._began_s) * 1e6)

    def _live(self) -> None:
        with (
            bus(self.channel) if self._wire is None else contextlib.nullcontext(self._wire) as wire
        ):
            while not self._ended.is_set():
                with contextlib.suppress(can.CanError):  # the interface is down
                    self._turn(wire)

    def _turn(self, wire: Wire) -> None:
        with self._lock:
            now_us = self._now_us()
            self._car.advance(now_us)
            frames = self._car.frames(now_us)
        for frame in frames:
            wire.send(
                can.Message(
                    arbitration_id=frame.can_id, data=frame.data, is_extended_id=frame.extended
                )
            )
        message = wire.recv(0.002)
        while message is not None:
            if not message.is_error_frame:
                with self._lock:
                    self._car.hear(now_us, Frame(message.arbitration_id, bytes(message.data)))
            message = wire.recv(0)
