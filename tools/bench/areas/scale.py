"""Scale: the same replay of ever longer recordings, to see what time and memory grow with.

Knows: how long they are. Refuses to know: how a process is measured, and what reads a file.

The longest takes 4.5 GB of disk, and the figures mean most where it fits into the page cache.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

from tools.bench.areas.replay import COMPILED, GREP, LINES, NUMPY, Runs
from tools.bench.gateway import make_environment
from tools.bench.plan import Aim, Area, Column, Contender, Group, Ratio, Size
from tools.bench.replay.bus import make_frames, write_car
from tools.bench.replay.files import repeated, write_text

FRAMES, FRAMES_SMALL = 1_000_000, 5_000
TIMES = (1, 10, 100)
PEAK_MB = 68
"""60 MB more than the interpreter takes for itself."""


@contextlib.contextmanager
def _groups(size: Size) -> Iterator[Iterator[Group]]:
    folder = size.scratch / "scale"
    folder.mkdir()
    yield _one_after_the_other(size)
    shutil.rmtree(folder)


def _one_after_the_other(size: Size) -> Iterator[Group]:
    """Yield the groups; each has its file only until the next one is asked for."""
    folder = size.scratch / "scale"
    bin_folder = make_environment(folder / "environment", "replay")
    car = write_car(folder)
    frames = make_frames(FRAMES_SMALL if size.small else FRAMES, size.seed)
    for times in TIMES:
        count = times * len(frames.ids)
        runs = Runs(bin_folder, car, write_text(folder / "log.log", repeated(frames, times)), count)
        commands = {**runs.floor(), **runs.ours(COMPILED, NUMPY)}
        contenders = tuple(Contender(name, run) for name, run in commands.items())
        aims = (Aim(COMPILED, "peak MB", PEAK_MB), Aim(NUMPY, "peak MB", PEAK_MB))
        yield Group(f"candump, {count:,} frames", contenders, aims, rounds_max=3)


AREA = Area(
    "scale",
    "Scale",
    (
        Column("wall_ms", "ms"),
        Column("cpu_ms", "processor ms"),
        Column("million_per_s", "M frames/s", 2),
        Column("peak_mb", "peak MB"),
        Ratio("wall_ms", LINES, f"x {LINES}"),
        Ratio("wall_ms", GREP, f"x {GREP}"),
    ),
    _groups,
    ("Whole commands, start-up included, from the page cache as far as it reaches.",),
)
