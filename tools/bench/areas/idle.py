"""The idle service: what it does while the car's bus sleeps.

Knows: how a bus falls asleep, and where the kernel counts how often a process was woken.
Refuses to know: why the service sleeps.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tools.bench import process
from tools.bench.live.car import Traffic, write_profile
from tools.bench.live.drive import open_sockets, running
from tools.bench.plan import Aim, Area, Column, Contender, Figures, Group, Size
from vehicle.wire.profile import load_profile

AWAKE_S = 2.0
"""The car speaks for so long, and falls silent."""
SETTLED_S = 12.0
"""After so much silence the bus sleeps, and nothing that the car said before is due any more."""
PAUSE_S = 0.000_5


def sleep_beside(seconds: float, mapping: Path, seed: int) -> Figures:
    """Let a bus fall asleep; count the service's wake-ups over ``seconds`` of its sleep."""
    with contextlib.ExitStack() as stack:
        sockets = stack.enter_context(open_sockets(1))
        words = (str(mapping), "filtered")
        service = stack.enter_context(running("ours", words, sockets))
        traffic = Traffic(load_profile(mapping), seed)
        end_s = time.monotonic() + AWAKE_S
        while time.monotonic() < end_s:
            sockets[0].send(traffic.next())
            time.sleep(PAUSE_S)
        time.sleep(SETTLED_S)
        switches, cpu_s = process.switches(service.pid), process.cpu_s(service.pid)
        time.sleep(seconds)
        return {
            "seconds": seconds,
            "wake_ups": process.switches(service.pid) - switches,
            "cpu_ms": (process.cpu_s(service.pid) - cpu_s) * 1e3,
        }


@contextlib.contextmanager
def _groups(size: Size) -> Iterator[list[Group]]:
    seconds = 0.5 if size.small else 60.0
    mapping = write_profile(size.scratch)
    name = "chargelock"
    yield [
        Group(
            "the bus sleeps, nothing is due",
            (Contender(name, partial(sleep_beside, seconds, mapping, size.seed)),),
            (Aim(name, "wake-ups", 0),),
            rounds_max=1,
        )
    ]


AREA = Area(
    "idle",
    "Idle",
    (Column("seconds", "s", 1), Column("wake_ups", "wake-ups"), Column("cpu_ms", "cpu ms", 1)),
    _groups,
    ("Wake-ups: context switches of all of its threads, as the kernel counts them.",),
)
