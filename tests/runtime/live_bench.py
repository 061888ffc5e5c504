"""A live service on a bench: virtual time, a socket that stands in for a CAN socket, and a car.

Time stands still while anything can be read or run, and then jumps to the next timer. So a drive of
a minute takes a second, and every run is the same.
"""

from __future__ import annotations

import asyncio
import errno
import os
import selectors
import socket
import sys
from collections.abc import Callable, Coroutine, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from vehicle.core.inputs import Requested
from vehicle.core.memory import Memory
from vehicle.core.names import Request, Source
from vehicle.core.outputs import Entry
from vehicle.core.settings import Settings
from vehicle.core.settings_read import parse
from vehicle.replay.beside import events_beside
from vehicle.replay.recording import open_recording
from vehicle.replay.run import Replay
from vehicle.runtime.can_socket import (
    CAN_RAW_FILTER,
    SOL_CAN_RAW,
    CanSocket,
    build_frame,
    parse_frame,
)
from vehicle.runtime.clock import LiveClock
from vehicle.runtime.journal import is_entry, start_line, to_line
from vehicle.runtime.orders import Step
from vehicle.runtime.ports import Port
from vehicle.runtime.recorder import Recorder
from vehicle.runtime.service import Service
from vehicle.runtime.sift import Sift
from vehicle.runtime.simulated_car import CAR_STEPS, SimulatedCar
from vehicle.runtime.story import Story
from vehicle.runtime.wiring import Wiring
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile
from vehicle.wire.reader import Judge

EPOCH_US = 1_700_000_000_000_000


SPINS_MAX = 100_000
"""Whoever runs so often without anything to read or any time passing would never end."""


class _Selector:
    """Waits in virtual time."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now_us = 0
        self.waits = 0
        """How often anybody slept."""
        self.late_us: Callable[[], int] = lambda: 0
        """By how much more a wait takes than was asked for."""
        self._spins = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def select(self, timeout: float | None = None) -> list[Any]:
        events = self._real.select(0)
        if events or timeout == 0:
            self._spins = 0 if events else self._spins + 1
            assert self._spins < SPINS_MAX, "something is always due and never done"
            return events
        self.waits, self._spins = self.waits + 1, 0
        if timeout is None:
            return self._real.select(10)
        self.now_us += max(1, round(timeout * 1e6)) + self.late_us()
        return self._real.select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to whatever comes next."""

    def __init__(self) -> None:
        self.virtual = _Selector()
        super().__init__(self.virtual)  # type: ignore[arg-type]

    def time(self) -> float:
        return self.virtual.now_us / 1e6

    @property
    def now_us(self) -> int:
        return self.virtual.now_us

    @property
    def timers(self) -> list[asyncio.TimerHandle]:
        """The timers that are set."""
        return [handle for handle in self._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]


def in_virtual_time(main: Callable[[VirtualTimeLoop], Coroutine[Any, Any, Any]]) -> Any:
    """Run ``main`` to its end; an exception in a callback fails the test."""
    loop = VirtualTimeLoop()
    raised: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: raised.append(context))
    try:
        result = loop.run_until_complete(main(loop))
    finally:
        loop.close()
    assert raised == [], raised[0].get("exception") or raised[0]["message"]
    return result


class Wire:
    """One channel: what the car's side sends is what the service's socket receives."""

    def __init__(self, channel: str = "can0") -> None:
        self.channel = channel
        self.up = True
        self.full = False
        """Our frames find no room."""
        self.stamp: Callable[[], int] | None = None
        """What the kernel stamps frames with, microseconds; None: nothing."""
        self.sent: list[Frame] = []
        """What the service sent."""
        self.filters: list[list[tuple[int, int]]] = []
        """What the kernel was told to pass, as (identifier, mask) with flag bits."""
        self.on_sent: Callable[[Frame], None] = lambda _: None
        self._down_told = True
        self._ours: socket.socket | None = None
        self._theirs: socket.socket | None = None

    # ---- the car's side -------------------------------------------------------------------------

    def put(self, frame: Frame) -> None:
        """Put a frame on the bus."""
        self.put_bytes(build_frame(frame))

    def put_bytes(self, data: bytes) -> None:
        """Put a kernel's frame on the bus."""
        if self.up and self._theirs is not None:
            self._theirs.send(data)

    def set_up(self, up: bool) -> None:
        """Take the interface down, or up again."""
        self.up = up
        if not up:
            self._down_told = False
            if self._theirs is not None:
                # A socket that has an error to tell is readable; who reads it in C hears its end.
                self._theirs.shutdown(socket.SHUT_WR)

    # ---- the service's side: a raw socket ------------------------------------------------------

    def open(self) -> Wire:
        self._down_told = True
        self._theirs, self._ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        return self

    def fileno(self) -> int:
        return self._ours.fileno() if self._ours is not None else -1

    def setblocking(self, flag: bool) -> None:
        assert self._ours is not None
        self._ours.setblocking(flag)

    def getsockopt(self, level: int, option: int) -> int:
        return 0 if self.up else errno.ENETDOWN

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        if (level, option) == (SOL_CAN_RAW, CAN_RAW_FILTER):
            words = [
                int.from_bytes(value[at : at + 4], sys.byteorder) for at in range(0, len(value), 4)
            ]
            self.filters.append(list(zip(words[::2], words[1::2], strict=True)))

    def recv_into(self, buffer: bytearray) -> int:
        assert self._ours is not None
        if not self._down_told:
            self._down_told = True
            raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))
        return self._ours.recv_into(buffer)

    def send(self, data: bytes) -> int:
        if not self.up:
            raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))
        if self.full:
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        frame = parse_frame(memoryview(data), self.channel)
        assert frame is not None
        self.sent.append(frame)
        self.on_sent(frame)
        return len(data)

    def close(self) -> None:
        for each in (self._ours, self._theirs):
            if each is not None:
                each.close()
        self._ours = self._theirs = None


class WireSocket(CanSocket):
    """A wire's socket, whose stamps are the wire's."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        super().__init__(wire, wire.channel)  # type: ignore[arg-type]

    def stamp_us(self) -> int | None:
        return None if self._wire.stamp is None else self._wire.stamp()


class WirePort(Port):
    """A SocketCAN port on a wire."""

    def __init__(self, wire: Wire, profile: Profile, wiring: Wiring | None = None) -> None:
        ids = profile.receive_ids | profile.transmit_ids
        super().__init__("socketcan", wire.channel, wiring.ids_on(wire.channel) if wiring else ids)
        self._wire = wire

    def _open_socket(self) -> Any:
        return self._wire.open()

    def _can_socket(self, sock: Any) -> CanSocket:
        return WireSocket(sock)


class Bench:
    """One service on wires, in virtual time."""

    def __init__(
        self,
        loop: VirtualTimeLoop,
        profile: Profile,
        wires: Iterable[Wire],
        *,
        record: Path | None = None,
        named: dict[str, str] | None = None,
        settings: Settings | None = None,
        dry_run: bool = False,
        memory: Memory | None = None,
        piece_bytes: int = 1 << 30,
        pieces: int = 100,
        clock: LiveClock | None = None,
        judge: Judge | None = None,
        sift: Sift | None = None,
    ) -> None:
        self.loop = loop
        self.profile = profile
        self.wires = list(wires)
        self.said: list[str] = []
        self.clock = clock or LiveClock(
            lambda: loop.now_us * 1000, lambda: (EPOCH_US + loop.now_us) * 1000
        )
        wiring = Wiring(profile, [wire.channel for wire in self.wires], named)
        self.ports = [WirePort(wire, profile, wiring) for wire in self.wires]
        self.recorder = None
        if record is not None:
            self.recorder = Recorder(
                record, piece_bytes=piece_bytes, pieces=pieces, trouble=self.said.append
            )
        self.service = Service(
            profile,
            self.ports,
            settings or Settings(),
            wiring=wiring,
            clock=self.clock,
            recorder=self.recorder,
            dry_run=dry_run,
            memory=memory,
            judge=judge,
            sift=sift,
            say=self.said.append,
        )
        self.journal = [
            start_line(
                profile=profile.name,
                variant=None,
                shadow=dry_run,
                epoch_us=self.clock.epoch_us,
                settings=(settings or Settings()).words(),
            )
        ]
        self.service.listen(self._note)

    def _note(self, now_us: int, entry: Entry) -> None:
        self.journal.append(to_line(now_us, entry))

    def start(self) -> None:
        for port, wire in zip(self.ports, self.wires, strict=True):
            if wire.up:
                port.open()
            else:
                port.open_later()
        self.service.start()

    async def until(self, moment_us: int) -> None:
        """Let time pass up to a moment of the loop's clock."""
        while self.loop.now_us < moment_us:
            await asyncio.sleep((moment_us - self.loop.now_us) / 1e6)


class CarOnWires:
    """A simulated car that speaks on wires and hears what the service says there."""

    def __init__(self, bench: Bench, story: Story, seed: int = 0) -> None:
        self._bench = bench
        self._story = story
        self._car = SimulatedCar(bench.profile, story.start, story.faults, seed, story.jitter_us)
        self._heard: list[Frame] = []
        for wire in bench.wires:
            wire.on_sent = self._heard.append

    async def drive(self, end_us: int | None = None) -> None:
        """Play the story's steps and let the car speak, up to the story's end."""
        steps = list(self._story.steps)
        end_us = self._story.end_us if end_us is None else end_us
        loop = self._bench.loop
        while True:
            now_us = loop.now_us
            self._car.advance(now_us)
            while steps and steps[0].at_us <= now_us:
                self._do(now_us, steps.pop(0))
            heard, self._heard[:] = list(self._heard), []
            for frame in heard:
                self._car.hear(now_us, frame)
            for frame in self._car.frames(now_us):
                for wire in self._bench.wires:
                    wire.put(frame)
            times = [end_us, self._car.deadline_us, now_us + 5_000]
            times += [step.at_us for step in steps[:1]]
            next_us = min(time_us for time_us in times if time_us is not None)
            if now_us >= end_us:
                return
            await asyncio.sleep(max(1, next_us - now_us) / 1e6)

    def _do(self, now_us: int, step: Step) -> None:
        service = self._bench.service
        if step.do in CAR_STEPS:
            self._car.do(now_us, step)
        elif step.do == "request":
            request, source = step.values["request"], step.values["source"]
            service.give(Requested(Request(str(request)), Source(str(source))))
        elif step.do == "set":
            words = {**service.manager.settings.words(), **step.settings}
            service.change_settings(parse(words), str(step.values["by"]))


@cache
def reference() -> Profile:
    """The reference car."""
    return load_profile("reference")


def replayed(profile: Profile, *logs: Path) -> list[str]:
    """Return the journal of a replay of a live recording."""
    recording = open_recording(logs)
    replay = Replay(recording, profile, shadow=False, events=events_beside(recording))
    lines = [
        start_line(
            profile=profile.name,
            variant=replay.variant,
            shadow=replay.shadow,
            epoch_us=replay.epoch_us,
            settings=replay.settings.words(),
        )
    ]
    replay.run(lambda now_us, out: lines.append(to_line(now_us, out)) if is_entry(out) else None)
    return lines
