"""python-can as it is used here: its import, its messages as frames, and reading it in a thread.

Knows: ``can.Message``, python-can's errors, and interfaces without file descriptor.
Refuses to know: when a channel is opened or closed, and what a frame means.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from vehicle.wire.frame import Frame
from vehicle.wire.lean import without

if TYPE_CHECKING:
    import can

_SILENCE = logging.NullHandler()

READ_WAIT_S = 0.25
"""How long a reading thread waits for a frame before it looks whether it is still wanted."""

BEAT_S_MAX = 2.0
"""A reading thread that has not come round for so long does not read any more."""


class Arrived(NamedTuple):
    """A frame and its stamp."""

    stamp_us: int | None
    """Wall clock at its arrival, microseconds since 1970; None where nobody tells."""
    frame: Frame


def import_can() -> Any:
    """Return python-can, imported without asammdf: nothing here reads MF4 files.

    What python-can logs besides raising it is kept off the console.
    """
    logging.getLogger("can").addHandler(_SILENCE)
    with without("asammdf"):
        import can

    return can


def errors_of(interface: str) -> tuple[type[Exception], ...]:
    """Return what reading, writing or closing an interface raises when it fails."""
    return (OSError,) if interface == "socketcan" else (OSError, import_can().CanError)


def from_message(message: can.Message, channel: str) -> Arrived:
    """Return a python-can message as a frame; its stamp is used where it is wall-clock time."""
    arrived_us = int(message.timestamp * 1e6) if message.timestamp > 1e9 else None
    frame = Frame(
        message.arbitration_id,
        b"" if message.is_remote_frame else bytes(message.data or b""),
        channel,
        message.is_extended_id,
        message.is_fd,
        message.is_remote_frame,
        message.is_error_frame,
    )
    return Arrived(arrived_us, frame)


def send_message(bus: can.BusABC, frame: Frame) -> None:
    """Send a frame without waiting. Raises OSError; ENOBUFS where there is no room for it."""
    python_can = import_can()
    message = python_can.Message(
        arbitration_id=frame.can_id,
        is_extended_id=frame.extended,
        data=frame.data,
        is_fd=frame.fd,
        is_remote_frame=frame.remote,
    )
    try:
        bus.send(message, timeout=0)
    except python_can.CanTimeoutError as error:
        raise OSError(errno.ENOBUFS, str(error)) from error
    except python_can.CanError as error:
        raise OSError(getattr(error, "error_code", None) or errno.EIO, str(error)) from error


def reason(error: BaseException) -> str:
    """Return what went wrong, in the system's own words where it has some."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


class BusReader:
    """A thread that reads an interface without file descriptor and hands frames over."""

    def __init__(
        self,
        bus: can.BusABC,
        channel: str,
        loop: asyncio.AbstractEventLoop,
        ready: Callable[[], None],
    ) -> None:
        self.arrived: deque[Arrived] = deque()
        self.told = False
        """The event loop knows that there is something, and has not looked yet."""
        self.over: str | None = None
        """Why the thread ended; None while it runs."""
        self._bus = bus
        self._channel = channel
        self._loop = loop
        self._ready = ready
        self._wanted = True
        self._beat_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"read {channel}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait for it as long as it may take."""
        self._wanted = False
        if self._thread is not threading.current_thread():
            self._thread.join(4 * READ_WAIT_S)

    @property
    def lives(self) -> bool:
        """Whether the thread still comes round."""
        return self._thread.is_alive() and time.monotonic() - self._beat_s < BEAT_S_MAX

    def _run(self) -> None:
        failed = (OSError, import_can().CanError)
        why = "its reader ended"
        try:
            while self._wanted:
                self._beat_s = time.monotonic()
                message = self._bus.recv(READ_WAIT_S)
                if message is not None:
                    self.arrived.append(from_message(message, self._channel))
                    self._tell()
        except failed as error:
            why = reason(error)
        finally:
            with contextlib.suppress(*failed):
                self._bus.shutdown()
            self.over = why
            self.told = False
            self._tell()

    def _tell(self) -> None:
        if not self.told and self._wanted:
            self.told = True
            with contextlib.suppress(RuntimeError):  # the event loop has ended
                self._loop.call_soon_threadsafe(self._ready)
