"""A corpus: one worker beside two, and what handing out a task costs.

Knows: which logs are replayed, and which tasks do nothing. Refuses to know: how tasks are cut.
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from tools.bench import process
from tools.bench.corpus.jobs import do_nothing, try_nothing
from tools.bench.gateway import make_environment
from tools.bench.plan import Aim, Area, Column, Contender, Figures, Group, Ratio, Size
from tools.bench.replay.bus import make_frames, write_car
from tools.bench.replay.files import in_pieces, write_text
from vehicle.replay.corpus.find import Log, Task
from vehicle.replay.corpus.runner import Job, Runner
from vehicle.replay.corpus.workers import LOCAL_CLUSTER, Workers, cluster_workers, local_workers

LOGS, LOGS_SMALL = 200, 4
FRAMES, FRAMES_SMALL = 250_000, 2_000
"""In one log: a minute of a full bus."""
TASKS, TASKS_SMALL = 2_000, 40

ONE, TWO = "chargelock corpus, 1 worker", "chargelock corpus, 2 workers"
POOL, DASK = "processes, 2 workers", "Dask on this machine, 2 workers"


def _replay(
    bin_folder: Path, folder: Path, car: Path, logs: int, frames: int, count: int
) -> Figures:
    """Replay all logs with ``count`` workers into a new folder."""
    out = folder / "out"
    command = [str(bin_folder / "chargelock"), "corpus", str(folder / "logs"), "--no-reports"]
    command += ["--profile", str(car), "--workers", str(count), "--out", str(out)]
    figures = process.run(command, environment={"OPENBLAS_NUM_THREADS": "1"})
    shutil.rmtree(out)
    seconds = figures["wall_ms"] / 1e3
    return {**figures, "logs_per_s": logs / seconds, "million_per_s": logs * frames / 1e6 / seconds}


def _hand_out(workers: Callable[[], AbstractContextManager[Workers]], count: int) -> Figures:
    """Hand out tasks that do nothing, once the workers are there."""
    logs = tuple(Log(f"logs/car00/drive{number:05}.log", 1_000_000, "0") for number in range(50))
    tasks = [Task(number, logs) for number in range(count)]
    with workers() as ready:
        runner = Runner(ready, Job(do_nothing, try_nothing))
        done = runner.through(tasks)
        for _ in range(count // 2):  # the first half warms up
            next(done)
        began_ns = time.perf_counter_ns()
        left = sum(1 for _ in done)
        return {"us_per_task": (time.perf_counter_ns() - began_ns) / 1e3 / left}


@contextlib.contextmanager
def _groups(size: Size) -> Iterator[list[Group]]:
    folder = size.scratch / "corpus"
    (folder / "logs").mkdir(parents=True)
    bin_folder = make_environment(folder / "environment", "corpus", "replay")
    car = write_car(folder)
    logs = LOGS_SMALL if size.small else LOGS
    frames = make_frames(FRAMES_SMALL if size.small else FRAMES, size.seed)
    first = write_text(folder / "logs" / "00000.log", in_pieces(frames))
    for number in range(1, logs):
        (folder / "logs" / f"{number:05}.log").hardlink_to(first)
    held = len(frames.ids)
    run = partial(_replay, bin_folder, folder, car, logs, held)
    tasks = TASKS_SMALL if size.small else TASKS
    idle = [Contender(POOL, partial(_hand_out, partial(local_workers, 2), tasks))]
    if importlib.util.find_spec("distributed") is not None:
        cluster = partial(cluster_workers, LOCAL_CLUSTER, 2)
        idle.append(Contender(DASK, partial(_hand_out, cluster, tasks)))
    yield [
        Group(
            f"{logs:,} logs of {held:,} frames",
            (Contender(ONE, partial(run, 1)), Contender(TWO, partial(run, 2))),
            (Aim(TWO, f"x {ONE}", 0.6),),
            rounds_max=3,
        ),
        Group(f"{tasks:,} tasks that do nothing", tuple(idle), rounds_max=3),
    ]
    shutil.rmtree(folder)


AREA = Area(
    "corpus",
    "Corpus",
    (
        Column("wall_ms", "ms"),
        Column("cpu_ms", "cpu ms"),
        Column("logs_per_s", "logs/s", 1),
        Column("million_per_s", "M frames/s", 2),
        Column("peak_mb", "peak MB"),
        Ratio("wall_ms", ONE, f"x {ONE}"),
        Column("us_per_task", "us a task"),
    ),
    _groups,
    (
        "Whole commands, start-up included, without reports; a task is 50 logs or 64 MB.",
        "Peak MB is that of the largest process.",
        "A task that does nothing carries 50 logs' names.",
    ),
)
