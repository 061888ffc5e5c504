"""Buses and interfaces inside the guest, for the tests of this folder."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import can

PATIENCE_S = 90.0
"""How long anything that must come is waited for. Never how long anything takes."""


@contextlib.contextmanager
def bus(channel: str, **options: Any) -> Iterator[can.BusABC]:
    """Open a SocketCAN bus as python-can gives it, and close it again."""
    with can.Bus(channel=channel, interface="socketcan", **options) as opened:
        yield opened


def classic(can_id: int, data: bytes = b"", *, extended: bool = False) -> can.Message:
    """Return a classic frame to send."""
    return can.Message(arbitration_id=can_id, data=data, is_extended_id=extended)


def link(*words: str) -> None:
    """Set an interface: ``link("vcan1", "down")``."""
    subprocess.run(["ip", "link", "set", *words], check=True, capture_output=True, text=True)


def link_details(channel: str) -> dict[str, Any]:
    """Return what the kernel tells about an interface."""
    shown = subprocess.run(
        ["ip", "-json", "-details", "link", "show", channel],
        check=True,
        capture_output=True,
        text=True,
    )
    details: dict[str, Any] = json.loads(shown.stdout)[0]
    return details
