"""A memory in which much is remembered, and a file to keep it in."""

from __future__ import annotations

from pathlib import Path

from vehicle.core.car import Car
from vehicle.core.memory import Flag, Memory, Timer
from vehicle.core.names import Demand, FaultName
from vehicle.core.pin import PinMemory, Tries
from vehicle.core.restart import surviving
from vehicle.core.signals import Occupant, Session
from vehicle.runtime.memory_file import MemoryFile
from vehicle.runtime.outage import SET_US_MIN, Moment

S = 1_000_000
THEN = Moment("boot", 1000 * S, SET_US_MIN + 1000 * S)
CAR = Car()


def later(seconds: float) -> Moment:
    """Return the moment so many seconds after THEN, in the same boot."""
    passed_us = round(seconds * S)
    return Moment("boot", THEN.boottime_us + passed_us, THEN.wall_us + passed_us)


def remembering(hold_s: float = 290) -> Memory:
    """Return the memory of an interrupted session with a pin that jammed."""
    memory = Memory(
        last_session=Session.NONE,
        last_occupant=Occupant.CONNECTOR,
        flags=frozenset({Flag.INTERRUPTED, Flag.RELEASED_ADAPTER}),
        timers=((Timer.POWER_CUT_HOLD, round(hold_s * S)),),
        faults=frozenset({(FaultName.FAILED_TO_ENGAGE, None)}),
        latch=PinMemory(
            rest_ends_in_us=30 * S, before=Tries(Demand.ENGAGE, "car_locked", 3, True, True)
        ),
    )
    return surviving(memory, CAR)


def file_in(folder: Path, profile: str = "reference") -> MemoryFile:
    return MemoryFile(folder / "memory.json", profile, CAR)
