"""``chargelock play`` on the kernel's own CAN: what it sends is heard, whole and in time."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import can
import pytest
from bus_bench import PATIENCE_S, bus, link
from live_process_bench import COMMAND

pytestmark = pytest.mark.slow

FRAMES = 160
"""No more than a socket keeps while nobody reads it."""
STEP_US = 2_500


def _recorded(path: Path) -> Path:
    """Write a moment of classic, extended and FD frames on two channels, and an error frame."""
    lines = ["(100.000000) can0 20000080#0000000000000000"]
    for number in range(FRAMES):
        kind = ("123#{:04X}", "18FF50E5#{:04X}", "124##1{:04X}", "125#{:04X}")[number % 4]
        channel = "can1" if number % 4 == 3 else "can0"
        lines.append(f"({100 + number * STEP_US / 1e6:.6f}) {channel} {kind.format(number)}")
    path.write_text("\n".join(lines) + "\n")
    return path


def _play(*words: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, "play", *map(str, words), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert "Traceback" not in done.stderr
    return done


def _heard(opened: can.BusABC) -> list[can.Message]:
    """Return what waits in a socket; what was sent to a vcan is there at once."""
    messages = []
    while (message := opened.recv(0)) is not None:
        messages.append(message)
    return messages


def _numbers(messages: list[can.Message]) -> list[int]:
    return [int.from_bytes(message.data[:2]) for message in messages]


def test_every_frame_is_heard_as_it_was_recorded_on_the_channel_it_was_sent_to(tmp_path):
    log = _recorded(tmp_path / "drive.log")
    with bus("vcan0", fd=True) as first, bus("vcan1") as second:
        done = _play(log, "--channel", "vcan0", "--map", "can1=vcan1", "--speed", "max")
        on_first, on_second = _heard(first), _heard(second)
    assert (done.returncode, done.stderr) == (0, "")
    assert _numbers(on_second) == list(range(3, FRAMES, 4))
    assert sorted(_numbers(on_first) + _numbers(on_second)) == list(range(FRAMES))
    kinds = {(m.arbitration_id, m.is_extended_id, m.is_fd) for m in on_first}
    assert kinds == {(0x123, False, False), (0x18FF50E5, True, False), (0x124, False, True)}


def test_at_its_own_speed_no_frame_is_early_and_the_errors_are_told(tmp_path):
    """How late frames are depends on the machine; that none is early does not."""
    log = _recorded(tmp_path / "drive.log")
    with bus("vcan0", fd=True) as opened:
        done = _play(log, "--channel", "vcan0")
        heard = _heard(opened)
    told: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, told["frames"]) == (0, FRAMES)
    assert 0 <= told["error_us"]["p50"] <= told["error_us"]["p99"] <= told["error_us"]["max"]
    if not told["stalls"]:
        begun_s = heard[-1].timestamp - (FRAMES - 1) * STEP_US / 1e6
        worst_s = (told["error_us"]["max"] * 1.01 + 1000) / 1e6
        assert begun_s <= heard[0].timestamp + worst_s


def test_can_fd_frames_are_refused_by_a_classic_interface_and_counted(tmp_path):
    log = _recorded(tmp_path / "drive.log")
    with bus("vcan2") as opened:
        done = _play(log, "--channel", "vcan2", "--speed", "max")
        heard = _heard(opened)
    told = json.loads(done.stdout)
    assert len(heard) == told["frames"] == FRAMES * 3 // 4
    assert sum(told["refused"].values()) == FRAMES // 4


def test_a_channel_that_is_down_or_missing_is_told_in_one_line(tmp_path):
    log = _recorded(tmp_path / "drive.log")
    link("vcan1", "down")
    try:
        down, missing = _play(log, "--channel", "vcan1"), _play(log, "--channel", "vcan9")
    finally:
        link("vcan1", "up")
    for done, remedy in ((down, "ip link set vcan1 up"), (missing, "ip link show type vcan")):
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
        assert remedy in done.stderr
