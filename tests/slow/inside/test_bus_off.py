"""A real can-dev interface goes from error to error up to bus-off, and comes back.

A virtual interface has no error states. So the kernel's driver for serial CAN adapters is given a
pseudo terminal, and the test plays the adapter at its other end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import queue
import select
import struct
import termios
import threading
import time
import tty

import can
import pytest
from bus_bench import PATIENCE_S, bus, classic, link, link_details

pytestmark = pytest.mark.slow

SLCAN_LINE_DISCIPLINE = 17
SIOCGIFNAME = 0x8910
NAME_BYTES = 16

CONTROLLER = 0x004
BUS_OFF = 0x040
"""Classes of error frames (linux/can/error.h)."""
TX_WARNING = 0x08
TX_PASSIVE = 0x20
"""Byte 1 of a controller's error frame."""


class SerialAdapter:
    """The serial CAN adapter, as Lawicel's protocol has it.

    It reads in a thread of its own: the kernel brings the interface up only while somebody takes
    what it says.
    """

    def __init__(self) -> None:
        self._adapter_fd, self._line_fd = pty.openpty()
        tty.setraw(self._adapter_fd)
        tty.setraw(self._line_fd)
        fcntl.ioctl(self._line_fd, termios.TIOCSETD, struct.pack("i", SLCAN_LINE_DISCIPLINE))
        name = bytearray(NAME_BYTES)
        fcntl.ioctl(self._line_fd, SIOCGIFNAME, name)
        self.channel = name.split(b"\0")[0].decode()
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.takes = threading.Event()
        """Cleared, the adapter takes nothing any more of what the kernel says."""
        self.takes.set()
        self._stop_fd, self._stopping_fd = os.pipe()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def close(self) -> None:
        """Pull the adapter out: its interface is gone."""
        self.takes.set()
        os.close(self._stopping_fd)
        self._reader.join()
        for fd in (self._stop_fd, self._adapter_fd, self._line_fd):
            os.close(fd)

    def _read(self) -> None:
        begun = b""
        while True:
            self.takes.wait()
            ready, _, _ = select.select([self._adapter_fd, self._stop_fd], [], [])
            if self._stop_fd in ready:
                return
            *lines, begun = (begun + os.read(self._adapter_fd, 4096)).split(b"\r")
            for line in lines:
                self._said.put(line.decode())

    def tell(self, line: str) -> None:
        """Say one line to the kernel."""
        os.write(self._adapter_fd, line.encode() + b"\r")

    def said(self, timeout: float) -> str | None:
        """Return the next line that the kernel says, or None after ``timeout`` seconds."""
        try:
            return self._said.get(timeout=timeout)
        except queue.Empty:
            return None

    def asked(self, line: str) -> list[str]:
        """Return what the kernel says up to ``line``, which must come."""
        said: list[str] = []
        while line not in said:
            said.append(self._said.get(timeout=PATIENCE_S))
        return said


@pytest.fixture
def adapter():
    with contextlib.closing(SerialAdapter()) as each:
        link(each.channel, "type", "can", "bitrate", "500000")
        link(each.channel, "up")
        each.asked("O")
        yield each
        link(each.channel, "down")


def state(adapter: SerialAdapter) -> str:
    return link_details(adapter.channel)["linkinfo"]["info_data"]["state"]


def error_frame(opened: can.BusABC) -> can.Message:
    heard = opened.recv(PATIENCE_S)
    assert heard is not None
    assert heard.is_error_frame
    return heard


def drive_to_bus_off(adapter: SerialAdapter, opened: can.BusABC) -> None:
    adapter.tell("sb000255")
    while not error_frame(opened).arbitration_id & BUS_OFF:
        pass


def test_frames_cross_a_serial_adapter_both_ways(adapter):
    with bus(adapter.channel) as opened:
        assert state(adapter) == "ERROR-ACTIVE"
        opened.send(classic(0x321, b"\x11\x22"))
        adapter.asked("t32121122")
        adapter.tell("t1552AABB")
        heard = opened.recv(PATIENCE_S)
        assert (heard.arbitration_id, heard.data) == (0x155, b"\xaa\xbb")


def test_error_states_reach_the_listener_as_error_frames(adapter):
    with bus(adapter.channel) as opened:
        adapter.tell("sw020096")
        warning = error_frame(opened)
        assert warning.arbitration_id & CONTROLLER
        assert warning.data[1] & TX_WARNING
        assert state(adapter) == "ERROR-WARNING"
        adapter.tell("sp020128")
        passive = error_frame(opened)
        assert passive.arbitration_id & CONTROLLER
        assert passive.data[1] & TX_PASSIVE
        assert state(adapter) == "ERROR-PASSIVE"


def test_bus_off_is_told_by_an_error_frame_and_by_the_missing_carrier(adapter):
    with bus(adapter.channel) as opened:
        drive_to_bus_off(adapter, opened)
        assert state(adapter) == "BUS-OFF"
        give_up_s = time.monotonic() + PATIENCE_S
        while "NO-CARRIER" not in link_details(adapter.channel)["flags"]:
            assert time.monotonic() < give_up_s


def test_bus_off_ends_when_the_interface_goes_down_and_up(adapter):
    with bus(adapter.channel) as opened:
        drive_to_bus_off(adapter, opened)
        link(adapter.channel, "down")
        link(adapter.channel, "up")
        assert state(adapter) == "ERROR-ACTIVE"
    with bus(adapter.channel) as opened:
        opened.send(classic(0x322, b"\x33"))
        adapter.asked("t322133")


def test_sending_in_bus_off_raises_nothing_so_only_the_error_frame_tells(adapter):
    with bus(adapter.channel) as opened:
        drive_to_bus_off(adapter, opened)
        opened.send(classic(0x321, b"\x11\x22"))
        assert opened.recv(0) is None
        assert state(adapter) == "BUS-OFF"
