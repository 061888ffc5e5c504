"""Wires a live service to what it remembered before a restart, and to the file that keeps it.

Knows: which folder, when nothing is kept, and that the last word is written before the end.
Refuses to know: what is remembered, and how the file is written.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from vehicle.core.memory import Memory
from vehicle.runtime.memory_file import MemoryFile
from vehicle.runtime.memory_keeper import MemoryKeeper
from vehicle.runtime.outage import this_moment
from vehicle.runtime.service import Service
from vehicle.wire.loaded import Profile

FILE = "memory.json"


def memory_file(folder: Path | None, profile: Profile, *, dry_run: bool) -> MemoryFile | None:
    """Return where the memory of this car is kept in ``folder``; None where it is not.

    A dry run keeps none: it moves nothing, and what it would have done is no history.
    """
    if folder is None or dry_run:
        return None
    return MemoryFile(folder / FILE, profile.name, profile.car)


def remembered(file: MemoryFile | None, say: Callable[[str], None]) -> Memory:
    """Return what to begin with, and say what people should know of it."""
    if file is None:
        return Memory()
    found = file.read(this_moment())
    for note in found.notes:
        say(note)
    return found.memory


@contextlib.asynccontextmanager
async def memory_kept(
    file: MemoryFile | None, service: Service, say: Callable[[str], None]
) -> AsyncIterator[None]:
    """Keep what ``service`` remembers up to date until the block ends, its last word included."""
    if file is None:
        yield
        return
    keeper = MemoryKeeper(file, service.profile.car, lambda: service.clock.look().now_us, say)
    service.on_memory = keeper.note
    try:
        yield
    finally:
        await keeper.close()
