"""Tells systemd that the service is ready, alive or stopping.

Knows: one datagram socket, the watchdog's interval and whom to ask whether all is well.
Refuses to know: what "well" means.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping


def notify(*states: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send ``states`` (such as ``READY=1``) to the service manager; False where there is none.

    Source: sd_notify(3). A lost notification is no reason to stop, so errors are not raised.
    """
    address = environment.get("NOTIFY_SOCKET", "")
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


def watchdog_us(environment: Mapping[str, str] = os.environ) -> int | None:
    """Return how often systemd wants a sign of life, in microseconds, or None if it does not."""
    limit = environment.get("WATCHDOG_USEC", "")
    ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(limit) if limit.isdecimal() and int(limit) and ours else None


class Watchdog:
    """Gives systemd a sign of life twice per interval, as long as all is well.

    Without systemd's wish for it, no timer runs.
    """

    def __init__(
        self,
        alive: Callable[[], bool],
        limit_us: int | None,
        feed: Callable[[], object] = lambda: notify("WATCHDOG=1"),
    ) -> None:
        """Prepare; ``alive`` is asked each time, ``feed`` gives the sign."""
        self._alive = alive
        self._limit_us = limit_us
        self._feed = feed
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, with a first look at once."""
        if self._limit_us is not None:
            self._look(self._limit_us / 2e6)

    def _look(self, wait_s: float) -> None:
        if self._alive():
            self._feed()
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._look, wait_s)

    def stop(self) -> None:
        """Give no more signs."""
        if self._timer is not None:
            self._timer.cancel()
