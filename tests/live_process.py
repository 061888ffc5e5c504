"""A live service and a simulated car in real time, as a process of its own: run, ask, kill, repeat.

    python live_process.py SOCKET SETTINGS charging|empty

It says "ready" once the car was heard. Each line on standard input is a step of the simulated car's
as JSON, such as {"do": "lock_car"}. Ctrl-C and SIGTERM end it in good order.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

from vehicle.cli.control_socket import control_socket
from vehicle.runtime.orders import Step
from vehicle.runtime.plant import StartState
from vehicle.runtime.ports import Port
from vehicle.runtime.python_can import import_can
from vehicle.runtime.service import Service
from vehicle.runtime.settings_store import SettingsStore
from vehicle.runtime.simulated_car import SimulatedCar
from vehicle.runtime.wiring import Wiring
from vehicle.wire.frame import Frame
from vehicle.wire.profile import load_profile

CHANNEL = "live"
PUMP_S = 0.002
STARTS = {
    "charging": StartState(
        doors="locked", connector=True, latch="engaged", supply="ac", limit_a=32, session="charging"
    ),
    "empty": StartState(),
}


class Pump:
    """Lets the car live in real time on a bus of python-can's."""

    def __init__(self, car: SimulatedCar) -> None:
        self._can = import_can()
        self._bus = self._can.Bus(interface="virtual", channel=CHANNEL)
        self._car = car
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        self._last_us = 0

    @property
    def now_us(self) -> int:
        return int((self._loop.time() - self._began_s) * 1e6)

    def turn(self) -> None:
        """Do everything that is due, and come back."""
        now_us = self.now_us
        while (message := self._bus.recv(0)) is not None:
            self._car.hear(self._last_us, Frame(message.arbitration_id, bytes(message.data)))
        due_us = self._car.deadline_us
        while due_us is not None and due_us <= now_us:
            self._last_us = max(self._last_us + 1, due_us)
            self._moment()
            due_us = self._car.deadline_us
        self._timer = self._loop.call_later(PUMP_S, self.turn)

    def do(self, do: str, **values: object) -> None:
        """Let a person do something to the car."""
        self._last_us = max(self._last_us + 1, self.now_us)
        self._car.advance(self._last_us)
        self._car.do(self._last_us, Step(self._last_us, do, values))

    def _moment(self) -> None:
        self._car.advance(self._last_us)
        for frame in self._car.frames(self._last_us):
            self._bus.send(
                self._can.Message(
                    arbitration_id=frame.can_id, data=frame.data, is_extended_id=frame.extended
                )
            )

    def close(self) -> None:
        self._timer.cancel()
        self._bus.shutdown()


async def main(socket_path: Path, settings_path: Path, start: str) -> None:
    profile = load_profile("reference")
    pump = Pump(SimulatedCar(profile, STARTS[start]))
    port = Port("virtual", CHANNEL, Wiring(profile, [CHANNEL]).ids_on(CHANNEL))
    port.open()
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    loop.add_reader(sys.stdin, lambda: pump.do(**json.loads(sys.stdin.readline())))
    loop.set_exception_handler(
        lambda loop, about: (loop.default_exception_handler(about), over.set())
    )
    with SettingsStore(settings_path) as store:
        service = Service(profile, [port], store.load())
        service.start()
        pump.turn()
        with control_socket(service, store, socket_path, everybody_reads=True):
            while service.manager.snapshot.car_lock == "unknown":
                await asyncio.sleep(0.01)
            print("ready", flush=True)
            await over.wait()
        service.stop()
    pump.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
