"""The live service under a bus's load, beside a bare echo and the service that most would write.

Knows: who is compared at which load, and what is aimed at.
Refuses to know: how a load is played, and what a contender is made of.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tools.bench.live.car import BUSES, Traffic, write_profile
from tools.bench.live.drive import Load, drive
from tools.bench.plan import Aim, Area, Column, Contender, Figures, Group, Ratio, Size
from vehicle.wire.profile import load_profile

OURS = "chargelock"
FILTERED = "chargelock, kernel filters"
USUAL = "Notifier + cantools + transitions"
ECHO = "bare socket echo"

RATES = (4_000, 20_000)
"""Frames per second on one bus: a busy one at 500 kbit/s, and more than 1 Mbit/s can carry."""
FULL_RATE = 9_000
"""Frames of 8 bytes, as these are, at 100 % of 1 Mbit/s: 7,407 to 9,009 by their stuffing."""


def _run(module: str, words: tuple[str, ...], mapping: Path, load: Load, buses: bool) -> Figures:
    profile = load_profile(mapping)
    order = ("body", "charge", "port") if buses else (None,)
    traffics = [Traffic(profile, load.seed + n, bus) for n, bus in enumerate(order)]
    played = Load(load.frames_per_s, load.seconds, traffics, load.seed)
    return drive(module, words, played)


def _single(rate: int, seconds: float, mapping: Path, seed: int) -> Group:
    load = Load(rate, seconds, (), seed)
    runs = {
        ECHO: partial(_run, "echo", (), mapping, load, False),
        USUAL: partial(_run, "usual", (str(mapping),), mapping, load, False),
        OURS: partial(_run, "ours", (str(mapping), "unfiltered"), mapping, load, False),
        FILTERED: partial(_run, "ours", (str(mapping), "filtered"), mapping, load, False),
    }
    return Group(
        f"{rate:,} frames/s",
        tuple(Contender(name, run) for name, run in runs.items()),
        (
            Aim(OURS, "p50 x usual", 0.4),
            Aim(OURS, "core x usual", 0.35),
            Aim(OURS, "p99 us", 1000),
            Aim(FILTERED, "core %", 3),
        ),
        rounds_max=3,
    )


def _three_buses(seconds: float, rate: int, mapping: Path, seed: int) -> Group:
    load = Load(rate, seconds, (), seed)
    words = (str(mapping), "unfiltered")
    return Group(
        f"{len(set(BUSES.values()))} buses, {rate:,} frames/s each, {seconds:g} s",
        (Contender(OURS, partial(_run, "ours", words, mapping, load, True)),),
        (Aim(OURS, "lost", 0), Aim(OURS, "p99 us", 1000)),
        rounds_max=1,
    )


@contextlib.contextmanager
def _groups(size: Size) -> Iterator[list[Group]]:
    mappings = []
    for name, buses in (("one", False), ("three", True)):
        folder = size.scratch / name
        folder.mkdir()
        mappings.append(write_profile(folder, buses=buses))
    seconds = 0.5 if size.small else 12.0
    groups = [
        _single(rate, seconds, mappings[0], size.seed)
        for rate in (RATES[:1] if size.small else RATES)
    ]
    seconds, rate = (0.5, 2_000) if size.small else (60.0, FULL_RATE)
    yield [*groups, _three_buses(seconds, rate, mappings[1], size.seed)]


AREA = Area(
    "live",
    "Live: from the deciding frame to the command",
    (
        Column("p50_us", "p50 us"),
        Column("p99_us", "p99 us"),
        Column("max_us", "max us"),
        Column("core_percent", "core %", 1),
        Column("lost", "lost"),
        Ratio("p50_us", USUAL, "p50 x usual"),
        Ratio("core_percent", USUAL, "core x usual"),
        Column("frames_per_s", "frames/s"),
        Column("answered", "answered"),
        Column("missed", "missed"),
    ),
    _groups,
    (
        "UDP sockets stand in for CAN sockets, a BPF program for their kernel filters.",
        "One frame of twenty is the car's; its door locks turn every 100 to 120 ms, each time the"
        " latch is commanded anew.",
        "The latency ends with the kernel's stamp on the command.",
        "Lost: frames of the car that were sent and not taken in. Missed: turns that no command"
        " followed within the 10 ms that the bench's latch takes.",
    ),
)
