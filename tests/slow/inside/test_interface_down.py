"""An interface that goes down says so to whoever sends and hears, and works again afterwards."""

from __future__ import annotations

import errno

import can
import pytest
from bus_bench import PATIENCE_S, bus, classic, link

pytestmark = pytest.mark.slow

CHANNEL = "vcan1"


@pytest.fixture
def interface_down():
    """Take the interface down; it is up again after the test."""
    with bus(CHANNEL) as sender, bus(CHANNEL) as receiver:
        sender.send(classic(0x210))
        assert receiver.recv(PATIENCE_S) is not None
        link(CHANNEL, "down")
        yield sender, receiver
    link(CHANNEL, "up")


def test_sending_on_an_interface_that_is_down_fails_with_enetdown(interface_down):
    sender, _ = interface_down
    with pytest.raises(can.CanOperationError) as caught:
        sender.send(classic(0x210))
    assert caught.value.error_code == errno.ENETDOWN


def test_each_socket_is_told_once_that_its_interface_went_down(interface_down):
    for each in interface_down:
        with pytest.raises(can.CanOperationError) as caught:
            each.recv(PATIENCE_S)
        assert caught.value.error_code == errno.ENETDOWN
        assert each.recv(0) is None


def test_the_same_sockets_work_again_once_the_interface_is_up_and_each_was_told(interface_down):
    sender, receiver = interface_down
    link(CHANNEL, "up")
    with pytest.raises(can.CanOperationError):
        sender.send(classic(0x211))
    with pytest.raises(can.CanOperationError):
        receiver.recv(PATIENCE_S)
    sender.send(classic(0x212))
    assert receiver.recv(PATIENCE_S).arbitration_id == 0x212
