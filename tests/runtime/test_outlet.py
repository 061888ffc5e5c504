"""Sending on a channel without an event loop, on python-can's virtual bus."""

from __future__ import annotations

import errno

import can
import pytest

from vehicle.runtime import outlet as outlet_module
from vehicle.runtime.outlet import Outlet
from vehicle.runtime.port_error import PortError
from vehicle.wire.frame import Frame

FRAMES = [
    Frame(0x123, b"\x01\x02"),
    Frame(0x18FF50E5, b"", extended=True),
    Frame(0x123, bytes(range(64)), fd=True),
    Frame(0x124, remote=True),
]


def test_every_kind_of_frame_arrives_as_it_was_sent() -> None:
    """Classic, extended, FD and remote."""
    with can.Bus(interface="virtual", channel="outlet") as other:
        outlet = Outlet("virtual", "outlet")
        for frame in FRAMES:
            assert outlet.send(frame) is None
        outlet.close()
        heard = [other.recv(10) for _ in FRAMES]
    assert [
        Frame(m.arbitration_id, bytes(m.data), "", m.is_extended_id, m.is_fd, m.is_remote_frame)
        for m in heard
        if m is not None
    ] == FRAMES


@pytest.mark.parametrize("interface", ["socketcan", "no-such-interface"])
def test_a_channel_that_cannot_be_opened_is_named_with_what_to_do(interface: str) -> None:
    """Whoever opens it."""
    with pytest.raises(PortError, match=f"channel nosuch0 of interface {interface}.*; see"):
        Outlet(interface, "nosuch0")


def _failing(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> Outlet:
    """Return an outlet whose next sends fail so; the hardware is what does not exist here."""
    left = list(numbers)
    real = outlet_module.send_message

    def send(bus: can.BusABC, frame: Frame) -> None:
        if left:
            number = left.pop(0)
            raise OSError(number, errno.errorcode[number])
        real(bus, frame)

    monkeypatch.setattr(outlet_module, "send_message", send)
    return Outlet("virtual", "outlet-failing")


def test_a_full_queue_is_waited_for_and_no_frame_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of the kernel's words for it."""
    with can.Bus(interface="virtual", channel="outlet-failing") as other:
        outlet = _failing(monkeypatch, errno.ENOBUFS, errno.EAGAIN, errno.ENOBUFS)
        assert outlet.send(FRAMES[0]) is None
        outlet.close()
        assert other.recv(10) is not None
    assert outlet.waits == 3


def test_a_queue_that_stays_full_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a bus where nobody acknowledges it is never emptied."""
    monkeypatch.setattr(outlet_module, "FULL_S_MAX", 0.0)
    outlet = _failing(monkeypatch, *[errno.ENOBUFS] * 1000)
    with pytest.raises(OSError, match="ENOBUFS"):
        outlet.send(FRAMES[0])
    outlet.close()


def test_a_frame_that_the_channel_cannot_carry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CAN FD frame on a classic interface, for one."""
    outlet = _failing(monkeypatch, errno.EINVAL)
    assert outlet.send(FRAMES[2]) == "EINVAL"
    outlet.close()


def test_a_channel_that_went_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As what it is."""
    outlet = _failing(monkeypatch, errno.ENETDOWN)
    with pytest.raises(OSError, match="ENETDOWN"):
        outlet.send(FRAMES[0])
    outlet.close()
