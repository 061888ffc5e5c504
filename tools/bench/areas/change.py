"""One change: a frame whose lock bit has turned, decoded, decided upon and written down.

Knows: what is done with one frame, by us and by the usual service.
Refuses to know: buses and files.

Ours translates the frame, lets the manager decide, and spells the journal's lines; the peer decodes
the frame with cantools and fires one trigger of a machine of two states. Both run warm, in this
process, one frame after the other.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cantools
from transitions import Machine

from tools.bench.plan import Aim, Area, Column, Contender, Figures, Group, Ratio, Size
from tools.bench.replay.bus import CAR, protected, write_car
from vehicle.core.outputs import Output
from vehicle.core.settings import Settings
from vehicle.replay.walk import Walk
from vehicle.runtime.journal import is_entry, to_line
from vehicle.wire.frame import Frame
from vehicle.wire.profile import Profile, load_profile

CHANGES, CHANGES_SMALL = 20_000, 200
APART_US = 20
"""So near that no message that is not sent again is lost before the end."""

BELIEVED = 4
"""Protected frames in a row after which a message is surely believed."""

OURS = "chargelock: decode, observe, decide, journal"
USUAL = "cantools decode + one transitions trigger"

_IDS = {sent.name: sent.can_id for sent in CAR}
_TURNS = (bytes(8), bytes((0, 0, 2 << 2, 0, 0, 0, 0, 0)))
"""The doors' payload, unlocked and locked."""


def _frames(changes: int) -> list[tuple[int, Frame]]:
    """Return a car with a connector in its inlet, and then a turn of the locks each time."""
    first = [
        Frame(_IDS[name], payload)
        for name, state in (("VehicleMotion", 0), ("GearState", 0), ("InletStatus", 1 << 2))
        for payload in protected(state, BELIEVED)
    ]
    first += [Frame(_IDS["LockCommand"], bytes(4)), Frame(_IDS["ChargeSession"], bytes(8))]
    turns = [Frame(_IDS["BodyDoors"], _TURNS[number % 2]) for number in range(changes)]
    return [(number * APART_US, frame) for number, frame in enumerate([*first, *turns])]


def ours(profile: Profile, changes: int) -> Figures:
    """Decide on all changes, as the car's own controller moves the pin."""
    lines: list[str] = []

    def note(now_us: int, output: Output) -> None:
        if is_entry(output):
            lines.append(to_line(now_us, output))

    walk = Walk(profile, None, Settings(), note, shadow=True, channels={})
    frames = _frames(changes)
    began_s = time.process_time()
    walk.through(frames, None, live=False)
    took_s = time.process_time() - began_s
    return {"us": took_s / changes * 1e6, "lines": len(lines) / changes}


def usual(database: Any, changes: int) -> Figures:
    """Decode every frame, and fire the trigger that it calls for."""
    machine: Any = Machine(
        states=["released", "engaged"],
        initial="released",
        transitions=[["lock", "released", "engaged"], ["unlock", "engaged", "released"]],
        ignore_invalid_triggers=True,
    )
    frames = _frames(changes)[-changes:]
    began_s = time.process_time()
    for _, frame in frames:
        decoded = database.decode_message(frame.can_id, frame.data, decode_choices=False)
        if decoded["State"] >= 2:
            machine.lock()
        else:
            machine.unlock()
    took_s = time.process_time() - began_s
    return {"us": took_s / changes * 1e6, "lines": 0}


@contextlib.contextmanager
def _groups(size: Size) -> Iterator[list[Group]]:
    changes = CHANGES_SMALL if size.small else CHANGES
    path: Path = write_car(size.scratch)
    database = cantools.database.load_file(path.with_suffix(".dbc"))
    runs = {
        USUAL: partial(usual, database, changes),
        OURS: partial(ours, load_profile(path), changes),
    }
    contenders = tuple(Contender(name, run) for name, run in runs.items())
    yield [Group("a turn of the locks", contenders, (Aim(OURS, f"x {USUAL}", 0.25),))]


AREA = Area(
    "change",
    "One change",
    (
        Column("us", "processor us", 1),
        Column("lines", "journal lines", 1),
        Ratio("us", USUAL, f"x {USUAL}"),
    ),
    _groups,
    ("Warm, in one process: the same few functions again and again, as in a replay.",),
)
