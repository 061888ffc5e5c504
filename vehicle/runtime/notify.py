"""Tells systemd that the service is ready, alive or stopping. Knows one datagram socket."""

from __future__ import annotations

import os
import socket


def notify(*states: str) -> bool:
    """Send ``states`` (such as ``READY=1``) to the service manager; False where there is none.

    Source: sd_notify(3). A lost notification is no reason to stop, so errors are not raised.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            sock.connect(address)
            sock.sendall("\n".join(states).encode())
        except OSError:
            return False
    return True


def watchdog_us() -> int | None:
    """Return how often systemd wants a sign of life, in microseconds, or None if it does not."""
    limit = os.environ.get("WATCHDOG_USEC", "")
    for_us = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(limit) if limit.isdecimal() and for_us else None
