"""Replay: whole commands on one long recording in each format, beside what people use.

Knows: which commands read which file. Refuses to know: how a process is measured.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from tools.bench import process
from tools.bench.gateway import make_environment
from tools.bench.plan import Aim, Area, Column, Contender, Figures, Group, Ratio, Size
from tools.bench.replay.bus import CAR, make_frames, write_car
from tools.bench.replay.files import TEXTS, in_pieces, repeated, write_blf, write_mf4, write_text

FRAMES, FRAMES_SMALL = 5_000_000, 20_000
LONGER = 10
"""How many times as long the long recording is."""
SHORTER = 5
"""How many times shorter the shortest is, to see what time and memory grow with."""

GREP = "grep -cE, the car's identifiers"
LINES = "wc -l"
INFLATE = "inflating its containers with zlib"
PEER = "python-can + cantools decode, nothing decided"
EXTRACT = "asammdf, extract_bus_logging"
COMPILED, NUMPY, PLAIN = (f"chargelock replay, {name}" for name in ("compiled", "NumPy", "plain"))
KERNELS = {COMPILED: "compiled", NUMPY: "numpy", PLAIN: "plain"}
BARE = "chargelock replay, compiled, no extra installed"

HERE = Path(__file__).resolve().parents[1] / "replay"
_NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C"}
"""NumPy's algebra, which nobody here uses, would start a thread for every processor."""


class Runs:
    """Runs commands on one file, and says how much of it they read in a second."""

    def __init__(self, bin_folder: Path, car: Path, path: Path, frames: int) -> None:
        self._bin = bin_folder
        self._car = car
        self._path = path
        self._frames = frames

    def _run(self, *command: str) -> Figures:
        figures = process.run(command, environment=_NO_THREADS)
        seconds = figures["wall_ms"] / 1e3
        size_mb = self._path.stat().st_size / 1e6
        return {
            **figures,
            "million_per_s": self._frames / 1e6 / seconds,
            "mb_per_s": size_mb / seconds,
        }

    def floor(self) -> dict[str, partial[Figures]]:
        """What reads the file's bytes and does nothing with them."""
        path = str(self._path)
        if self._path.suffix == ".blf":
            script = str(HERE / "inflate.py")
            return {INFLATE: partial(self._run, str(self._bin / "python"), script, path)}
        ids = "|".join(f"{sent.can_id:03X}" for sent in CAR)
        return {
            LINES: partial(self._run, "wc", "-l", path),
            GREP: partial(self._run, "grep", "-cE", f"[ ,0]({ids})[x#, ]", path),
        }

    def peer(self) -> dict[str, partial[Figures]]:
        """What people do today."""
        return {PEER: self._script("peer.py")}

    def extract(self) -> dict[str, partial[Figures]]:
        """What they do with MF4."""
        return {EXTRACT: self._script("extract.py")}

    def _script(self, name: str) -> partial[Figures]:
        command = [str(self._bin / "python"), str(HERE / name), str(self._path)]
        return partial(self._run, *command, str(self._car.with_suffix(".dbc")))

    def ours(self, *names: str) -> dict[str, partial[Figures]]:
        """The whole command, from its start to its summary, with each of these kernels."""
        command = [str(self._bin / "chargelock"), "replay", str(self._path)]
        command += ["--profile", str(self._car), "--json"]
        return {name: partial(self._run, *command, "--kernel", KERNELS[name]) for name in names}

    def bare(self) -> dict[str, partial[Figures]]:
        """The same with what its folder of commands has, under a name of its own."""
        return {BARE: self.ours(COMPILED)[COMPILED]}


def _group(title: str, runs: Mapping[str, partial[Figures]], *aims: Aim, most: int = 5) -> Group:
    contenders = tuple(Contender(name, run) for name, run in runs.items())
    return Group(title, contenders, aims, rounds_max=most)


@contextlib.contextmanager
def _groups(size: Size) -> Iterator[list[Group]]:
    folder = size.scratch / "replay"
    folder.mkdir()
    bin_folder = make_environment(folder / "environment", "replay")
    bare_folder = make_environment(folder / "bare")
    mf4_folder = make_environment(folder / "mf4", "replay", "mf4")
    car = write_car(folder)
    frames = make_frames(FRAMES_SMALL if size.small else FRAMES, size.seed)
    count = len(frames.ids)
    groups = []

    def runs(path: Path, held: int, at: Path = bin_folder) -> Runs:
        return Runs(at, car, path, held)

    log_path = write_text(folder / "log.log", in_pieces(frames))
    log = runs(log_path, count)
    groups.append(
        _group(
            f"candump, {count:,} frames",
            {**log.floor(), **log.ours(COMPILED, NUMPY, PLAIN)},
            Aim(COMPILED, f"x {GREP}", 0.6),
            Aim(NUMPY, f"x {GREP}", 1.6),
            Aim(PLAIN, f"x {GREP}", 3),
        )
    )
    times = 2 if size.small else LONGER
    longer = runs(write_text(folder / "long.log", repeated(frames, times)), times * count)
    groups.append(
        _group(
            f"candump, {times * count:,} frames",
            {**longer.floor(), **longer.ours(COMPILED, NUMPY)},
            Aim(COMPILED, f"x {GREP}", 0.3),
            Aim(NUMPY, f"x {GREP}", 1.3),
            most=3,
        )
    )
    few = next(in_pieces(frames, count // SHORTER))
    short = runs(write_text(folder / "short.log", [few]), len(few.ids))
    groups.append(
        _group(f"candump, {len(few.ids):,} frames", {**short.floor(), **short.ours(COMPILED)})
    )
    groups.append(
        _group(
            f"candump, {count:,} frames, beside python-can",
            {**log.peer(), **log.ours(COMPILED, NUMPY)},
            Aim(COMPILED, f"x {PEER}", round(1 / 150, 4)),
            Aim(NUMPY, f"x {PEER}", 1 / 50),
            most=1,
        )
    )
    for extension in [each for each in TEXTS if each != "log"]:
        text = runs(write_text(folder / f"log.{extension}", in_pieces(frames)), count)
        groups.append(
            _group(
                f".{extension}, {count:,} frames",
                {**text.floor(), **text.ours(COMPILED)},
                Aim(COMPILED, f"x {GREP}", 0.6),
            )
        )
    blf_path = write_blf(folder / "log.blf", frames)
    blf, bare = runs(blf_path, count), runs(blf_path, count, bare_folder)
    groups.append(
        _group(
            f".blf, {count:,} frames",
            {**blf.floor(), **bare.bare(), **blf.ours(COMPILED, NUMPY)},
            Aim(BARE, f"x {INFLATE}", 1.5),
            Aim(COMPILED, f"x {INFLATE}", 1),
            Aim(NUMPY, f"x {INFLATE}", 2.3),
        )
    )
    mf4 = runs(write_mf4(folder / "log.mf4", frames), count, mf4_folder)
    groups.append(
        _group(
            f".mf4, {count:,} frames",
            {**mf4.extract(), **mf4.ours(COMPILED)},
            Aim(COMPILED, f"x {EXTRACT}", 0.6),
            Aim(COMPILED, f"MB x {EXTRACT}", 0.5),
        )
    )
    yield groups
    shutil.rmtree(folder)


AREA = Area(
    "replay",
    "Replay",
    (
        Column("wall_ms", "ms"),
        Column("cpu_ms", "processor ms"),
        Column("million_per_s", "M frames/s", 2),
        Column("mb_per_s", "MB/s"),
        Column("peak_mb", "peak MB"),
        Ratio("wall_ms", GREP, f"x {GREP}"),
        Ratio("wall_ms", INFLATE, f"x {INFLATE}"),
        Ratio("wall_ms", PEER, f"x {PEER}", 4),
        Ratio("wall_ms", EXTRACT, f"x {EXTRACT}"),
        Ratio("peak_mb", EXTRACT, f"MB x {EXTRACT}"),
    ),
    _groups,
    (
        "Whole commands, start-up included; `chargelock replay` decides and prints its summary.",
        "All of a group read the same file, in turn, from the page cache.",
        "With the extra `replay` installed, so isal inflates, where it is not said otherwise.",
    ),
)
