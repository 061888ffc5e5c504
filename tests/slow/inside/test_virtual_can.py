"""The guest's own promise: virtual CAN interfaces that behave as SocketCAN does."""

from __future__ import annotations

import time

import can
import pytest
from bus_bench import PATIENCE_S, bus, classic, link_details

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("channel", "mtu"), [("vcan0", 72), ("vcan1", 72), ("vcan2", 16)])
def test_a_virtual_interface_is_up_with_its_mtu(channel, mtu):
    details = link_details(channel)
    assert details["linkinfo"]["info_kind"] == "vcan"
    assert "UP" in details["flags"]
    assert details["mtu"] == mtu


@pytest.mark.parametrize("channel", ["vcan0", "vcan1", "vcan2"])
def test_a_classic_frame_reaches_every_other_socket_of_its_interface(channel):
    with bus(channel) as sender, bus(channel) as one, bus(channel) as other:
        sender.send(classic(0x210, b"\x01\x02\x03"))
        for receiver in (one, other):
            heard = receiver.recv(PATIENCE_S)
            assert (heard.arbitration_id, heard.data, heard.is_fd) == (0x210, b"\x01\x02\x03", 0)


def test_a_can_fd_frame_of_64_bytes_arrives_whole():
    payload = bytes(range(64))
    with bus("vcan0", fd=True) as sender, bus("vcan0", fd=True) as receiver:
        sender.send(can.Message(arbitration_id=0x210, data=payload, is_fd=True))
        heard = receiver.recv(PATIENCE_S)
        assert heard.is_fd
        assert heard.data == payload


def test_an_interface_of_the_classic_mtu_refuses_can_fd():
    with bus("vcan2", fd=True) as sender, pytest.raises(can.CanOperationError):
        sender.send(can.Message(arbitration_id=0x210, data=bytes(64), is_fd=True))


def test_interfaces_do_not_hear_each_other():
    with bus("vcan0") as sender, bus("vcan1") as elsewhere, bus("vcan0") as receiver:
        sender.send(classic(0x210))
        assert receiver.recv(PATIENCE_S) is not None
        assert elsewhere.recv(0) is None


def test_a_frame_bears_the_time_of_its_arrival_and_not_of_its_reading():
    with bus("vcan0") as sender, bus("vcan0") as receiver:
        before_s = time.time()
        sender.send(classic(0x210))
        after_s = time.time()
        # The clock must have moved before the frame is read, or nothing would be shown.
        while time.time() <= after_s:
            pass
        assert before_s <= receiver.recv(PATIENCE_S).timestamp <= after_s
