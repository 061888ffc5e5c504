"""The live service on the kernel's own CAN: recording, filters, losses, FD, floods and kills."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import can
import pytest
from bus_bench import PATIENCE_S, bus, link
from live_process_bench import COMMAND, Car, running
from test_bus_off import SerialAdapter

from vehicle.wire.codec import Encoder
from vehicle.wire.profile import load_profile

pytestmark = pytest.mark.slow

GONE_S = 10.0
"""How long an interface is down: longer than a stroke with all its tries."""
EVERYTHING = -1
"""A filter that is not for one identifier."""


def replayed(recording: Path) -> list[dict[str, Any]]:
    """Return the journal that ``chargelock replay`` writes of a recording."""
    journal = recording.with_suffix(".replayed")
    subprocess.run(
        [*COMMAND, "replay", recording, "--profile", "reference", "--journal", journal, "--json"],
        check=True,
        capture_output=True,
    )
    return [json.loads(line) for line in journal.read_text().splitlines()]


def test_a_live_process_holds_a_connector_and_its_recording_replays_to_its_journal(tmp_path):
    record = tmp_path / "drive.log"
    words = ("--channel", "vcan0", "--record", record)
    with running(*words, folder=tmp_path) as service, Car("vcan0") as car:
        service.until(lambda: service.told(signal="occupant", value="empty"))
        car.do("plug", supply="ac", limit_a=32, amps=16, charge=True)
        service.until(lambda: service.told(actuator="latch", state="engaged"))
        service.until(lambda: service.told(charge="ac"))
        car.do("lock_car")
        service.until(lambda: service.told(signal="car_lock", value="locked"))
        car.do("complete")
        service.until(lambda: service.told(signal="session", value="complete"))
        locked = len(service.lines)
        car.do("unlock_car")
        service.until(lambda: service.told(actuator="latch", state="released", since=locked))
        assert service.stop() == 0
    assert replayed(record) == service.lines


def recorded_until_us(record: Path, epoch_us: int) -> int:
    """Return the journal time of the last whole line of a recording that is being written."""
    lines = record.read_text().split("\n")[:-1]
    return round(float(lines[-1].split()[0].strip("()")) * 1e6) - epoch_us if lines else -1


def test_a_killed_process_leaves_a_recording_that_replays_to_what_is_on_disk(tmp_path):
    record = tmp_path / "drive.log"
    words = ("--channel", "vcan0", "--record", record)
    engaged = {"actuator": "latch", "state": "engaged"}
    with running(*words, folder=tmp_path) as service, Car("vcan0") as car:
        car.do("plug", supply="ac", limit_a=32, amps=16, charge=True)
        service.until(lambda: service.told(**engaged))
        epoch_us = service.lines[0]["epoch_us"]
        told_us = next(line["t"] for line in service.lines if engaged.items() <= line.items())
        service.until(lambda: recorded_until_us(record, epoch_us) > told_us)
        assert service.stop(signal.SIGKILL) == -signal.SIGKILL
    lines = replayed(record)
    assert lines == service.lines[: len(lines)]
    assert any(engaged.items() <= line.items() for line in lines)


def test_the_kernel_filters_for_exactly_the_profiles_identifiers(tmp_path):
    def filters() -> set[int]:
        found = set()
        for name in ("rcvlist_sff", "rcvlist_all", "rcvlist_fil", "rcvlist_inv"):
            for line in Path("/proc/net/can", name).read_text().splitlines():
                words = line.split()
                if words[:1] == ["vcan1"] and words[-1] == "raw":
                    found.add(int(words[1], 16) if name == "rcvlist_sff" else EVERYTHING)
        return found

    profile = load_profile("reference")
    with running("--channel", "vcan1", folder=tmp_path) as service:
        assert filters() == {EVERYTHING}
        with Car("vcan1"):
            service.until(lambda: service.told(signal="occupant", value="empty"))
        ids = profile.receive_ids | profile.transmit_ids | profile.position_ids
        assert filters() == {can_id for can_id, _ in ids}
        assert service.stop() == 0


def test_an_interface_that_is_down_for_10_s_in_a_stroke_ends_it_and_is_back_with_it(tmp_path):
    """That it is back within a second is proven in virtual time (``test_live_service``)."""
    record = tmp_path / "drive.log"
    words = ("--channel", "vcan1", "--record", record)
    with running(*words, folder=tmp_path) as service, Car("vcan1") as car:
        service.until(lambda: service.told(signal="occupant", value="empty"))
        car.do("plug", supply="ac", limit_a=32, amps=16, charge=True)
        service.until(lambda: service.told(kind="command", command="engage"))
        link("vcan1", "down")
        try:
            service.until(lambda: service.told(fault="bus_lost", active=True))
            told, up_s = len(service.lines), time.monotonic() + GONE_S
            service.until(lambda: time.monotonic() >= up_s)
            assert not service.told(kind="command", since=told)
            assert not service.told(fault="bus_lost", active=False)
        finally:
            link("vcan1", "up")
        service.until(lambda: service.told(fault="bus_lost", active=False))
        service.until(lambda: service.told(actuator="latch", state="engaged"))
        assert service.stop() == 0
    assert service.said[-2:] == ["vcan1 is gone: Network is down", "vcan1 is back: open"]
    lost = next(n for n, line in enumerate(service.lines) if line.get("fault") == "bus_lost")
    permits = [line["charge"] for line in service.lines[lost:] if line["kind"] == "permit"]
    assert "none" in permits[:1] or service_permit(service.lines[:lost]) == "none"
    assert replayed(record) == service.lines


def service_permit(lines: list[dict[str, Any]]) -> str:
    return [line["charge"] for line in lines if line["kind"] == "permit"][-1]


def test_fd_frames_and_error_frames_between_the_cars_own_change_nothing(tmp_path):
    record = tmp_path / "drive.log"
    can_id, _ = min(load_profile("reference").receive_ids)
    words = ("--channel", "vcan1", "--record", record)
    with (
        running(*words, folder=tmp_path) as service,
        Car("vcan1"),
        bus("vcan1", fd=True) as other,
    ):
        service.until(lambda: service.told(signal="occupant", value="empty"))
        told = len(service.lines)
        for _ in range(50):
            other.send(
                can.Message(arbitration_id=0x7F0, data=bytes(64), is_fd=True, is_extended_id=False)
            )
            error = can.Message(arbitration_id=0x4, data=bytes(8), is_error_frame=True)
            other.send(error)
        fd = can.Message(arbitration_id=can_id, data=bytes(48), is_fd=True, is_extended_id=False)
        other.send(fd)
        service.until(lambda: "##0" in record.read_text())
        assert not any(line["kind"] in ("fault", "command") for line in service.lines[told:])
        assert service.stop() == 0
    assert replayed(record) == service.lines


def test_a_flood_of_the_cars_own_frames_is_received_whole(tmp_path):
    record = tmp_path / "drive.log"
    words = ("--channel", "vcan0", "--record", record)
    with running(*words, folder=tmp_path) as service, bus("vcan0") as sender:
        encoder, sent = Encoder(load_profile("reference")), 3000
        for number in range(sent):
            frame = encoder.encode("DoorLockState", {"CarLock": 1 + number % 2})
            sender.send(
                can.Message(
                    arbitration_id=frame.can_id, data=frame.data, is_extended_id=frame.extended
                )
            )
        service.until(lambda: record.read_text().count("\n") == sent)
        assert service.stop() == 0
    assert replayed(record) == service.lines


def test_a_channel_that_comes_into_being_later_is_used_from_then_on(tmp_path):
    with running("--channel", "vcan8", "--wait", folder=tmp_path) as service:
        assert service.told(fault="bus_lost", active=True)
        subprocess.run(["ip", "link", "add", "dev", "vcan8", "type", "vcan"], check=True)
        try:
            link("vcan8", "up")
            service.until(lambda: service.told(fault="bus_lost", active=False))
            with Car("vcan8"):
                service.until(lambda: service.told(signal="occupant", value="empty"))
        finally:
            subprocess.run(["ip", "link", "del", "vcan8"], check=True)
        service.until(lambda: any(line.startswith("vcan8 is gone") for line in service.said))
        assert service.stop() == 0


def test_bus_off_withdraws_everything_until_the_interface_works_again(tmp_path):
    adapter = SerialAdapter()
    try:
        link(adapter.channel, "type", "can", "bitrate", "500000")
        link(adapter.channel, "up")
        adapter.asked("O")
        with running("--channel", adapter.channel, folder=tmp_path) as service:
            adapter.tell("sb000255")
            service.until(lambda: service.told(fault="bus_lost", active=True))
            service.until(lambda: any("bus-off" in line for line in service.said))
            link(adapter.channel, "down")
            link(adapter.channel, "up")
            service.until(lambda: service.told(fault="bus_lost", active=False))
            assert service.stop() == 0
        link(adapter.channel, "down")
    finally:
        adapter.close()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--channel", "vcan9"), 2, "No such device; see `ip link show type vcan`"),
        (("--channel", "lo"), 2, "channel lo of interface socketcan cannot be opened"),
        (("--channel", "body=vcan0"), 2, 'has no bus "body"'),
    ],
)
def test_a_channel_that_cannot_be_used_is_one_line_and_the_right_code(words, code, says, tmp_path):
    ended = subprocess.run(
        [*COMMAND, "run", "--profile", "reference", *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == code
    assert says in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_second_instance_on_a_channel_is_refused_and_a_dry_run_is_not(tmp_path):
    with running("--channel", "vcan0", folder=tmp_path / "first") as service:
        second = subprocess.run(
            [*COMMAND, "run", "--profile", "reference", "--channel", "vcan0"],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert second.returncode == 1
        assert f"(process {service.process.pid}) already runs on vcan0" in second.stderr
        with running("--channel", "vcan0", "--dry-run", folder=tmp_path / "dry") as dry:
            assert dry.stop(signal.SIGINT) == 0
        assert service.stop() == 0
