"""A live service that is killed again and again while a car goes on living beside it.

    python live_kills.py FOLDER LIVES SEED

The car speaks over a datagram socket that stands in for a CAN socket, in real time and without a
pause. The service lives in a process of its own: it records, keeps a journal, settings and its
memory, and is asked and changed all the time. It is killed at a random moment; then what it left is
looked at, and the next one begins with that. Prints what happened in all as one JSON object.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from live_bench import Wire, WirePort, reference, replayed
from settings_bench import look

from vehicle.core.inputs import Requested
from vehicle.core.names import Request, Source
from vehicle.runtime.can_socket import build_frame, parse_frame
from vehicle.runtime.journal import start_line, to_line
from vehicle.runtime.journal_log import JournalLog
from vehicle.runtime.memory_file import MemoryFile
from vehicle.runtime.memory_keeper import MemoryKeeper
from vehicle.runtime.orders import Step
from vehicle.runtime.outage import this_moment
from vehicle.runtime.plant import StartState
from vehicle.runtime.recorder import Recorder
from vehicle.runtime.service import Service
from vehicle.runtime.settings_store import SettingsStore
from vehicle.runtime.simulated_car import SimulatedCar
from vehicle.wire.frame import Frame

DEEDS = (
    ("lock_car", {}),
    ("unlock_car", {"doors": "unlocked"}),
    ("plug", {"supply": "ac", "limit_a": 32, "amps": 32, "charge": True}),
    ("plug", {"supply": "dc", "limit_a": 0, "amps": 100, "charge": True}),
    ("unplug", {"force": False}),
    ("charge", {"amps": 16}),
    ("complete", {}),
    ("power_cut", {}),
    ("power_back", {}),
    ("screen", {"request": "unlatch", "for_ms": 400}),
)

LIFE_S_MAX = (0.05, 0.5, 1.0, 1.5)
"""A service lives for a random part of one of these: a stroke takes half a second."""


# ---- the service: a process of its own ----------------------------------------------------------


class GivenWire(Wire):
    """A channel whose other end is another process."""

    def __init__(self, ours: socket.socket) -> None:
        super().__init__()
        self._ours = ours

    def open(self) -> Wire:
        return self

    def send(self, data: bytes) -> int:
        assert self._ours is not None
        with suppress(BlockingIOError):
            return self._ours.send(data)
        return 0


async def serve(ours: socket.socket, folder: Path, life: int, tell: int) -> None:
    """Live until killed."""
    profile, chance = reference(), random.Random(life)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failed(tell, context.get("exception")))
    with SettingsStore(folder / "settings.toml") as store:
        settings = store.load()
        kept = MemoryFile(folder / "memory.json", profile.name, profile.car)
        found = kept.read(this_moment())
        for note in found.notes:
            failed(tell, note)
        port = WirePort(GivenWire(ours), profile)
        service = Service(
            profile,
            [port],
            settings,
            recorder=Recorder(folder / "bus.log", pieces=1),
            memory=found.memory,
            say=lambda words: failed(tell, words),
        )
        keeper = MemoryKeeper(
            kept,
            profile.car,
            lambda: service.clock.look().now_us,
            lambda words: failed(tell, words),
        )
        service.on_memory = keeper.note
        log = JournalLog(folder / "journal.jsonl", pieces=1)
        log.write(
            start_line(
                profile=profile.name,
                variant=None,
                shadow=False,
                epoch_us=service.clock.epoch_us,
                settings=settings.words(),
            )
        )
        service.listen(lambda now_us, entry: log.write(to_line(now_us, entry)))
        port.open()
        service.start()
        os.write(tell, b"begun\n")
        while True:
            value = chance.choice(["on", "off"])
            changed = await asyncio.to_thread(
                store.change, "auto-lock", value, who="ann", when_s=life
            )
            service.change_settings(changed, "cli")
            request = chance.choice([Request.UNLATCH, Request.LATCH])
            service.give(Requested(request, Source.CLI))
            await asyncio.sleep(chance.random() * 0.2)


def failed(tell: int, why: object) -> None:
    os.write(tell, f"failed: {why}\n".encode())


def begin(folder: Path, life: int) -> tuple[int, socket.socket, int]:
    """Start a service; return its process, the car's end of the bus, and what it tells."""
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    told, tell = os.pipe()
    process = os.fork()
    if process == 0:
        theirs.close()
        os.close(told)
        try:
            asyncio.run(serve(ours, folder, life, tell))
        finally:
            failed(tell, repr(sys.exception()))
            os._exit(1)
    ours.close()
    os.close(tell)
    theirs.setblocking(False)
    return process, theirs, told


# ---- the car ------------------------------------------------------------------------------------


class Car:
    """One car, in real time, whoever listens."""

    def __init__(self, seed: int) -> None:
        self._car = SimulatedCar(
            reference(), StartState(connector=True, supply="ac", limit_a=32, session="waiting")
        )
        self._chance = random.Random(seed)
        self._began_ns = time.monotonic_ns()
        self._last_us = 0
        self.strokes = 0

    @property
    def now_us(self) -> int:
        return (time.monotonic_ns() - self._began_ns) // 1000

    def live(self, seconds: float, bus: socket.socket | None, until: int | None = None) -> None:
        """Speak and hear on ``bus`` for so long, or until something can be read from ``until``."""
        end_us = self.now_us + round(seconds * 1e6)
        while self.now_us < end_us:
            self._speak(bus)
            due_us = self._car.deadline_us or end_us
            wait_s = max(0, min(due_us, end_us) - self.now_us) / 1e6
            heard = [each for each in (bus, until) if each is not None]
            ready = select.select(heard, [], [], wait_s)[0]
            if until in ready:
                return
            if bus in ready and bus is not None:
                self._hear(bus)
            if self._chance.random() < 0.02:
                self._do()

    def _speak(self, bus: socket.socket | None) -> None:
        now_us = self.now_us
        while (due_us := self._car.deadline_us) is not None and due_us <= now_us:
            self._last_us = max(self._last_us + 1, due_us)
            self._car.advance(self._last_us)
            for frame in self._car.frames(self._last_us):
                if bus is not None:
                    with suppress(OSError):  # nobody reads, or nobody is there any more
                        bus.send(build_frame(frame))

    def _hear(self, bus: socket.socket) -> None:
        with suppress(BlockingIOError, ConnectionError):
            while data := bus.recv(128):
                frame = parse_frame(memoryview(data), "can0")
                assert isinstance(frame, Frame)
                self._car.hear(self._last_us, frame)

    def _do(self) -> None:
        do, values = self._chance.choice(DEEDS)
        self._last_us += 1
        self._car.advance(self._last_us)
        self._car.do(self._last_us, Step(self._last_us, do, values))


# ---- what is left -------------------------------------------------------------------------------


def look_at(folder: Path, told: str) -> dict[str, int]:
    """Check everything that a killed service left; return what there was of it."""
    assert "failed" not in told, told
    _, _, notes = look(folder)
    assert [note for note in notes if "torn last line" not in note] == [], notes
    memory = MemoryFile(folder / "memory.json", "reference", reference().car)
    assert memory.read(this_moment()).notes == ()
    whole = (folder / "journal.jsonl").read_text(encoding="utf-8").rpartition("\n")[0].split("\n")
    moved_blind(whole)
    frames = (folder / "bus.log").read_text(encoding="ascii").count("\n")
    if frames > 1:
        # What comes in is recorded before it is decided on, frames up to half a second after it.
        for line, told_line in zip(replayed(reference(), folder / "bus.log"), whole, strict=False):
            assert line == told_line
    strokes = sum('"kind":"command"' in line for line in whole)
    remembered = sum('"kind":"actuator"' in line and '"jammed"' in line for line in whole)
    return {"frames": frames, "lines": len(whole), "strokes": strokes, "jams": remembered}


def moved_blind(journal: list[str]) -> None:
    """Refuse a stroke of a pin whose sensor has told nothing in this life."""
    signals = {"latch": "latch", "adapter": "adapter_lock"}
    heard: set[str] = set()
    for line in map(json.loads, journal):
        if line["kind"] == "signal" and line["value"] != "unknown":
            heard.add(line["signal"])
        if line["kind"] == "command":
            assert signals[line["actuator"]] in heard, line


def main(folder: Path, lives: int, seed: int) -> dict[str, int]:
    """Let services live and be killed; return what happened in all."""
    chance, car = random.Random(seed), Car(seed)
    totals: dict[str, int] = {}
    gc.freeze()
    for life in range(lives):
        process, bus, told = begin(folder, life)
        car.live(60, bus, until=told)
        first = os.read(told, 4096).decode()
        assert first.startswith("begun"), first
        car.live(chance.choice(LIFE_S_MAX) * chance.random(), bus)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        with os.fdopen(told) as rest:
            left = look_at(folder, first + rest.read())
        bus.close()
        for name, count in left.items():
            totals[name] = totals.get(name, 0) + count
        car.live(0.001, None)
    audit = (folder / "audit.jsonl").read_text(encoding="utf-8").count("\n")
    return {**totals, "lives": lives, "settings": audit}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
