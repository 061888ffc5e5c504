"""A channel that frames are only sent on: no event loop, no reading, no reopening.

Knows: SocketCAN and python-can's interfaces, and waiting for room where a queue is full.
Refuses to know: when a frame is due, and what it means.
"""

from __future__ import annotations

import contextlib
import errno
import time

from vehicle.runtime.can_socket import CanSocket, open_raw
from vehicle.runtime.port_error import not_opened, see_interface
from vehicle.runtime.python_can import errors_of, import_can, reason, send_message
from vehicle.wire.frame import Frame

FULL_S_MAX = 2.0
"""A queue that has no room for so long is never emptied: nobody on the bus acknowledges."""
_FULL_WAIT_S = 0.0002
"""A frame takes this long on a bus of 500 kbit/s."""

_FULL = (errno.ENOBUFS, errno.EAGAIN)
_NOT_THIS_FRAME = (errno.EINVAL, errno.EMSGSIZE)


class Outlet:
    """One channel, open until it is closed."""

    def __init__(self, interface: str, channel: str, *, fd: bool | None = None) -> None:
        """Open it.

        Args:
            interface: python-can's name, such as ``socketcan``.
            channel: the interface's name of the channel, such as ``vcan0``.
            fd: whether CAN FD frames are sent, too; None: where that costs nothing (SocketCAN).

        Raises PortError where it cannot be opened.
        """
        self.channel = channel
        self.waits = 0
        """How often a frame had to wait for room in the queue."""
        self._errors = errors_of(interface)
        fd = interface == "socketcan" if fd is None else fd
        # python-can tells of unknown interfaces and options by ValueError and TypeError.
        errors: tuple[type[Exception], ...] = (ValueError, TypeError, *self._errors)
        try:
            if interface == "socketcan":
                see_interface(channel)
                self._to = CanSocket(open_raw(channel, fd=fd), channel)
                self._to.hear_only(())  # or what is received would fill its buffer
                self._bus = None
            else:
                self._bus = import_can().Bus(interface=interface, channel=channel, fd=fd)
        except errors as error:
            raise not_opened(interface, channel, error) from error

    def send(self, frame: Frame) -> str | None:
        """Send a frame; return why the channel does not take such a frame, None if it has.

        Waits while the queue is full. Raises OSError where the channel is gone, or its queue stays
        full for ``FULL_S_MAX``.
        """
        give_up_s = 0.0
        while True:
            try:
                if self._bus is None:
                    self._to.send(frame)
                else:
                    send_message(self._bus, frame)
                return None
            except OSError as error:
                if error.errno in _NOT_THIS_FRAME:
                    return reason(error)
                now_s = time.monotonic()
                give_up_s = give_up_s or now_s + FULL_S_MAX
                if error.errno not in _FULL or now_s > give_up_s:
                    raise
                self.waits += 1
                time.sleep(_FULL_WAIT_S)
            except ValueError as error:  # python-can, of a frame that this bus cannot carry
                return str(error)

    def close(self) -> None:
        """Close it."""
        if self._bus is None:
            self._to.close()
            return
        with contextlib.suppress(*self._errors):
            self._bus.shutdown()
