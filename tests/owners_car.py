"""A lock manager on a simulated car in virtual time, with its control socket, for owners' tests.

``OwnersCar`` is what ``control`` needs of a live service: the same loop, translator, manager and
sender, fed by the simulated car's frames. Its time moves only when it is told to, so a fault that
takes half a minute takes no time, and nothing depends on how fast the machine is. While it moves,
coverage looks at those who listen only: the car and its loop go the same ways again and again.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from vehicle.cli.control_socket import control_socket
from vehicle.core.inputs import InputEvent, SettingsChanged
from vehicle.core.manager import LockManager
from vehicle.core.settings import Settings
from vehicle.runtime.journal import is_entry
from vehicle.runtime.loop import Loop
from vehicle.runtime.orders import FaultOrder, Step
from vehicle.runtime.plant import StartState
from vehicle.runtime.sender import Transmitter
from vehicle.runtime.settings_store import SettingsStore
from vehicle.runtime.simulated_car import SimulatedCar
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile
from vehicle.wire.translator import Translator

CHANNEL = "can0"
FOREVER_US = 2**60
PUMP_US = 20_000
"""How much time passes in one turn of the event loop while time flies."""

CHARGING = StartState(
    doors="locked",
    connector=True,
    latch="engaged",
    supply="ac",
    limit_a=32,
    amps=32,
    session="charging",
)
"""Somebody's car at a public post."""
PARKED = StartState(
    doors="locked", connector=True, latch="engaged", supply="ac", session="complete"
)
ADAPTER = StartState(
    doors="locked", adapter=True, connector=True, adapter_lock="engaged", supply="ac", limit_a=16
)


@cache
def _reference() -> Profile:
    return load_profile("reference")


def fault(what: str, from_s: float = 0, to_s: float | None = None, **values: object) -> FaultOrder:
    """Order a fault."""
    to_us = FOREVER_US if to_s is None else int(to_s * 1e6)
    return FaultOrder(int(from_s * 1e6), to_us, what, values)


class OwnersCar:
    """The service and its car. ``advance`` lets time pass."""

    def __init__(
        self,
        start: StartState = CHARGING,
        *faults: FaultOrder,
        settings: Settings | None = None,
        dry_run: bool = False,
        can_wake: bool = True,
        jitter_us: int = 0,
    ) -> None:
        reference = _reference()
        self.profile = replace(reference, car=replace(reference.car, can_wake=can_wake))
        self.variant = None
        self.now = 0
        self.clock = SimpleNamespace(now_us=lambda: self.now)
        self.car = SimulatedCar(reference, start, faults, jitter_us=jitter_us)
        self.manager = LockManager(self.profile.car, settings or Settings(), shadow=dry_run)
        self.translator = Translator(self.profile)
        self.ports = (SimpleNamespace(channel=CHANNEL, up=True),)
        self.foreign_senders: set[int] = set()
        self.journal: deque = deque(maxlen=1000)
        self._listeners: list[Callable] = []
        self._tracer: Callable | None = None
        self._transmitter = Transmitter(self.profile, CHANNEL)
        self._loop = Loop(self.manager, self.translator, self._sink)
        self._loop.start(0)
        self._moment()

    # ---- what control asks of a service ---------------------------------------------------------

    def channels_of(self, bus: str) -> tuple[str, ...]:
        return (CHANNEL,)

    def listen(self, listener: Callable) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def give(self, event: InputEvent) -> None:
        self._loop.give(self.now, event)

    def change_settings(self, settings: Settings, source: str) -> None:
        self.give(SettingsChanged(settings, source))

    def _sink(self, now_us: int, output: object) -> None:
        self._transmitter.take(now_us, output)
        if is_entry(output):
            self.journal.append((now_us, output))
            paused = self._tracer is not None
            if paused:
                sys.settrace(self._tracer)
            for listener in tuple(self._listeners):
                listener(now_us, output)
            if paused:
                sys.settrace(None)

    # ---- time -----------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Let everything happen in the next ``seconds``."""
        until = self.now + int(seconds * 1e6)
        self._tracer = sys.gettrace()
        sys.settrace(None)
        try:
            while (due := self._next_us()) is not None and due <= until:
                self.now = due
                self._moment()
        finally:
            sys.settrace(self._tracer)
            self._tracer = None
        self.now = until

    def _next_us(self) -> int | None:
        times = (self.car.deadline_us, self._loop.deadline_us, self._transmitter.deadline_us)
        return min((max(us, self.now + 1) for us in times if us is not None), default=None)

    def _moment(self) -> None:
        self.car.advance(self.now)
        for frame in self.car.frames(self.now):
            self._transmitter.heard(self.now)
            self._loop.feed(self.now, frame)
        self._loop.run_until(self.now)
        for frame in self._transmitter.due(self.now):
            self.car.hear(self.now, frame)

    def do(self, what: str, **values: object) -> None:
        """Let a person do something to the car, now."""
        self.now += 1
        self.car.advance(self.now)
        self.car.do(self.now, Step(self.now, what, values))

    @property
    def plant(self):
        """The car as it truly is."""
        return self.car.plant


class Served:
    """A car with its control socket and its settings on disk, served by a thread."""

    def __init__(self, folder: Path, car: OwnersCar) -> None:
        self.folder = folder
        self.path = folder / "control.sock"
        self.car = car
        self.store = SettingsStore(folder / "settings.toml")
        self.car.change_settings(self.store.load(), "start")
        self.loop = asyncio.new_event_loop()
        self._flying = False
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self._socket = control_socket(self.car, self.store, self.path, everybody_reads=True)
        self.do(self._socket.__enter__)

    def do(self, what: Callable[[], object]) -> object:
        """Do something to the car in its own thread, and return what came of it."""
        done = threading.Event()
        result: list[object] = []

        def run() -> None:
            try:
                result.append(what())
            finally:
                done.set()

        self.loop.call_soon_threadsafe(run)
        assert done.wait(60)
        return result[0]

    @contextmanager
    def time_flies(self) -> Iterator[None]:
        """Let time pass as fast as the machine can, for a client that waits."""
        self._flying = True
        self.loop.call_soon_threadsafe(self._pump)
        try:
            yield
        finally:
            self._flying = False

    def _pump(self) -> None:
        if self._flying:
            self.car.advance(PUMP_US / 1e6)
            self.loop.call_soon(self._pump)

    def close(self) -> None:
        self._flying = False
        self.do(lambda: self._socket.__exit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.store.close()


@contextmanager
def served(car: OwnersCar | None = None) -> Iterator[Served]:
    """Serve a car that has been awake for a second, in a folder that every user may enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if car is None:
            car = OwnersCar()
        car.advance(1)
        bench = Served(folder, car)
        try:
            yield bench
        finally:
            bench.close()
