"""Why a channel cannot be opened, in words that say what to do.

Knows: what the kernel and python-can say of channels. Refuses to know: what is done on one.
"""

from __future__ import annotations

import errno
import os
import socket

from vehicle.runtime.python_can import reason


class PortError(OSError):
    """A channel cannot be opened. The message says why and what to do; ``errno`` may be None."""


def not_opened(interface: str, channel: str, error: BaseException) -> PortError:
    """Return ``error`` of opening a channel as one that says what to do."""
    number = getattr(error, "errno", None) or getattr(error, "error_code", None)
    return PortError(
        number,
        f"channel {channel} of interface {interface} cannot be opened:"
        f" {reason(error)}; {_remedy(number, interface, channel)}",
    )


def see_interface(channel: str) -> None:
    """Raise OSError where there is no such interface, before a socket is made in vain."""
    try:
        socket.if_nametoindex(channel)
    except OSError as error:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from error


def _remedy(number: int | None, interface: str, channel: str) -> str:
    if number in (errno.ENODEV, errno.ENXIO) and interface == "socketcan":
        return f"see `ip link show type {'vcan' if channel.startswith('vcan') else 'can'}`"
    if number in (errno.EPERM, errno.EACCES):
        return "run it as root, or as the service that `chargelock service install` sets up"
    if number == errno.EAFNOSUPPORT:
        return "this kernel has no SocketCAN; load the module can-raw or use another interface"
    if interface == "socketcan":
        return f"bring it up: sudo ip link set {channel} up"
    return "see python-can's documentation of this interface"
