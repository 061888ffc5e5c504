"""The simulated car as a process of its own on a channel, driven from a test.

    python car_process.py CHANNEL

Each line on standard input is a step as JSON, such as {"do": "lock_car"}; it answers with how the
car truly stands then. An empty step only asks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from bus_bench import PATIENCE_S
from live_process_bench import Car


class CarProcess:
    """The car's process, and how to tell it what happens."""

    def __init__(self, channel: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, channel],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> CarProcess:
        self.truth()  # it lives
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait(PATIENCE_S)

    def do(self, do: str, **values: Any) -> dict[str, str]:
        """Let something happen to the car now; return how it truly stands then."""
        return self._ask({"do": do, **values})

    def truth(self) -> dict[str, str]:
        """Return how the car truly stands."""
        return self._ask({})

    def until(self, **true: str) -> None:
        """Wait until the car truly stands so."""
        until(lambda: true.items() <= self.truth().items(), self.truth)

    def _ask(self, step: dict[str, Any]) -> dict[str, str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(step), file=self._process.stdin, flush=True)
        truth: dict[str, str] = json.loads(self._process.stdout.readline())
        return truth


def until(true: Callable[[], bool], told: Callable[[], object] = lambda: "") -> None:
    """Wait for what must come; ``told`` says how things stand if it does not."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up_s, told()
        time.sleep(0.05)


def main(channel: str) -> None:
    """Live on ``channel`` until standard input ends."""
    with Car(channel) as car:
        for line in sys.stdin:
            step = json.loads(line)
            if step:
                car.do(step.pop("do"), **step)
            print(json.dumps(car.truth()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
