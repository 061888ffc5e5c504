"""The live service where much, nothing or too much goes on: load, silence, sleep, a full queue.

The first test lets one service fall asleep, the last looks at it a minute later: what lies between
takes most of that time.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import can
import pytest
from bus_bench import link
from bus_load import BusLoad
from car_process import CarProcess, until
from live_process_bench import Car, Running, running
from test_bus_off import SerialAdapter
from test_live_on_vcan import replayed

from vehicle.runtime.plant import StartState
from vehicle.runtime.simulated_car import SimulatedCar
from vehicle.wire.profile import load_profile

pytestmark = pytest.mark.slow

SLEEPS_ON = "vcan7"
SLEEP_S = 60
SETTLED_S = 4.0
"""Longer than anything that is still due when a bus has fallen asleep."""
LOAD_FRAMES = 6000


def wake_ups(process: subprocess.Popen[str]) -> int:
    """Return how often a process has been given the processor so far, all its threads together."""
    count = 0
    for path in Path("/proc", str(process.pid), "task").glob("*/status"):
        for line in path.read_text().splitlines():
            name, _, value = line.partition(":")
            count += int(value) if name.endswith("ctxt_switches") else 0
    return count


class Sleeper:
    """A service whose car has gone to sleep, and how often it had been woken by then."""

    def __init__(self, service: Running) -> None:
        self.service = service
        self.count = -1
        self.since_s = 0.0
        until(self._settled)

    def _settled(self) -> bool:
        count = wake_ups(self.service.process)
        if count != self.count:
            self.count, self.since_s = count, time.monotonic()
        return time.monotonic() - self.since_s > SETTLED_S


@pytest.fixture(scope="module")
def sleeper(tmp_path_factory) -> Iterator[Sleeper]:
    folder = tmp_path_factory.mktemp("sleeper")
    words = ("--channel", SLEEPS_ON, "--record", folder / "drive.log", "--socket", folder / "s")
    subprocess.run(["ip", "link", "add", "dev", SLEEPS_ON, "type", "vcan"], check=True)
    link(SLEEPS_ON, "up")
    with running(*words, folder=folder) as service:
        with Car(SLEEPS_ON) as car:
            for signal, value in (("occupant", "empty"), ("inlet", "safe"), ("key", "near")):
                service.until(lambda s=signal, v=value: service.told(signal=s, value=v))
            car.do("sleep")
            service.until(lambda: service.told(message="ChargePortState", state="asleep"))
        yield Sleeper(service)


def test_a_service_settles_when_the_bus_has_fallen_asleep(sleeper):
    assert sleeper.count > 0


def counters(record: Path) -> dict[int, list[int]]:
    """Return the alive counters of a recording's frames, by identifier."""
    found: dict[int, list[int]] = {}
    for line in record.read_text().splitlines():
        can_id, data = line.split()[2].split("#")
        found.setdefault(int(can_id, 16), []).append(int(data[4:6], 16))
    return found


def said_by_a_car() -> set[int]:
    """Return the identifiers that the simulated car sends."""
    car = SimulatedCar(load_profile("reference"), StartState())
    return {frame.can_id for ms in range(1000) for frame in car.frames(ms * 1000)}


def test_no_frame_of_the_car_is_lost_under_all_the_load_that_the_kernel_carries(tmp_path):
    record = tmp_path / "drive.log"
    words = ("--channel", "vcan0", "--record", record)
    with running(*words, folder=tmp_path) as service, CarProcess("vcan0") as car:
        service.until(lambda: service.told(signal="occupant", value="empty"))
        with BusLoad("vcan0") as load:
            car.do("plug", supply="ac", limit_a=32, amps=16)
            service.until(lambda: service.told(actuator="latch", state="engaged"))
            service.until(lambda: service.told(charge="ac"))
            car.do("complete")
            service.until(lambda: service.told(signal="session", value="complete"))
            service.until(lambda: load.sent > LOAD_FRAMES)
            service.until(lambda: service.told(actuator="latch", state="released", was="releasing"))
        assert service.stop() == 0
    heard = counters(record)
    assert set(heard) == said_by_a_car()
    for each in heard.values():
        first = each[0]
        assert each == [(first + number) % 256 for number in range(len(each))]
    assert replayed(record) == service.lines


def test_a_channel_that_comes_and_goes_in_a_session_is_used_again_beside_silent_ones(tmp_path):
    record = tmp_path / "drive.log"
    words = [word for name in ("vcan0", "vcan1", "vcan2") for word in ("--channel", name)]
    with (
        running(*words, "--record", record, folder=tmp_path) as service,
        Car("vcan1") as car,
        BusLoad("vcan0", rate=200) as load,
    ):
        service.until(lambda: service.told(signal="occupant", value="empty"))
        car.do("plug", supply="ac", limit_a=32, amps=16)
        service.until(lambda: service.told(signal="session", value="charging"))
        link("vcan1", "down")
        try:
            service.until(lambda: service.told(fault="bus_lost", active=True))
        finally:
            link("vcan1", "up")
        service.until(lambda: service.told(fault="bus_lost", active=False))
        lost = len(service.lines)
        service.until(lambda: service.told(since=lost, charge="ac"))
        service.until(lambda: service.told(since=lost, signal="session", value="charging"))
        assert car.truth()["latch"] == "engaged"
        service.until(lambda: load.sent > 0)
        assert service.stop() == 0
    assert [line for line in service.said if "vcan0" in line or "vcan2" in line][1:] == []
    assert replayed(record) == service.lines


class SerialWire:
    """A simulated car's side of a serial adapter, in Lawicel's words."""

    def __init__(self, adapter: SerialAdapter) -> None:
        self._adapter = adapter

    def send(self, message: can.Message) -> None:
        data = bytes(message.data).hex().upper()
        self._adapter.tell(f"t{message.arbitration_id:03X}{len(message.data)}{data}")

    def recv(self, timeout: float) -> can.Message | None:
        line = self._adapter.said(timeout)
        if line is None or not line.startswith("t"):
            return None
        return can.Message(
            arbitration_id=int(line[1:4], 16),
            data=bytes.fromhex(line[5:]),
            is_extended_id=False,
        )


def test_a_full_queue_is_told_and_what_waits_in_it_harms_nothing_once_it_moves_again(tmp_path):
    record = tmp_path / "drive.log"
    with contextlib.closing(SerialAdapter()) as adapter:
        link(adapter.channel, "type", "can", "bitrate", "500000")
        link(adapter.channel, "up")
        adapter.asked("O")
        words = ("--channel", adapter.channel, "--record", record)
        with (
            running(*words, folder=tmp_path) as service,
            Car(adapter.channel, wire=SerialWire(adapter)) as car,
        ):
            service.until(lambda: service.told(signal="occupant", value="empty"))
            adapter.takes.clear()
            full = f"{adapter.channel}: our frames do not get out: No buffer space available"
            service.until(lambda: full in service.said)
            adapter.takes.set()
            car.do("plug", supply="ac", limit_a=32, amps=16)
            service.until(lambda: service.told(actuator="latch", state="engaged"))
            service.until(lambda: service.told(signal="session", value="charging"))
            assert service.stop() == 0
        link(adapter.channel, "down")
    assert not any(line.endswith("is gone: No buffer space available") for line in service.said)
    assert replayed(record) == service.lines


def test_a_minute_of_a_sleeping_bus_costs_not_one_wake_up(sleeper):
    service = sleeper.service
    time.sleep(max(0, sleeper.since_s + SLEEP_S - time.monotonic()))
    assert wake_ups(service.process) == sleeper.count
    with Car(SLEEPS_ON) as car:
        car.do("plug", supply="ac", limit_a=32, amps=16)
        service.until(lambda: service.told(actuator="latch", state="engaged"))
        assert service.stop() == 0
