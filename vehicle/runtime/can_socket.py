"""SocketCAN: a raw socket's frames as bytes, and the stamps that the kernel keeps of them.

Knows: ``can_frame``, ``canfd_frame``, and the options of a raw CAN socket.
Refuses to know: when a channel is opened or closed, clocks, and what a frame means.

In Python a frame is read with one plain ``recv_into``, and its stamp asked for only where somebody
wants the frame: control messages would cost each of them, wanted or not, more than reading it does.
Once a sift is given, C reads the socket, several frames at a time, and their stamps with them.

The standard library makes and binds these sockets. python-can would do no more here, and importing
it costs 7 MB of resident memory (``make bench``: 39.7 MB with it, 32.5 MB without).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Callable, Collection, Mapping
from functools import partial

from vehicle.runtime.python_can import Arrived
from vehicle.runtime.sift import Lane, Passed, Sift, error_of
from vehicle.wire.frame import (
    CLASSIC_BYTES_MAX,
    EXTENDED_ID_MAX,
    FD_LENGTHS,
    STANDARD_ID_MAX,
    Frame,
)
from vehicle.wire.layout import CanId

CLASSIC_SIZE = 16
FD_SIZE = 72
_SIZES = (CLASSIC_SIZE, FD_SIZE)
BUS_OFF = 0x40
RESTARTED = 0x100
"""Classes of an error frame. Source: linux/can/error.h."""

SO_RCVBUFFORCE = 33
"""Source: asm-generic/socket.h. Python has no name for it."""

SO_TIMESTAMPNS = 35
"""Source: the same."""

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
"""What a socket may hold while nobody reads, as far as the kernel grants it."""

SOL_CAN_RAW = 101
CAN_RAW_FILTER = 1
FILTERS_MAX = 512
"""Source: linux/can/raw.h. Python has names for them only where it was built with SocketCAN."""

_FILTER = struct.Struct("=II")
_EXTENDED_FLAG = 0x8000_0000
_REMOTE_FLAG = 0x4000_0000
_ERROR_FLAG = 0x2000_0000
_HEAD = struct.Struct("=IB3x")
_WORD = struct.Struct("=I").unpack_from
_TIMESPEC = struct.Struct("@ll")

_arrived: Callable[[tuple[int | None, Frame]], Arrived] = partial(tuple.__new__, Arrived)
_frame: Callable[[tuple[int, bytes, str, bool, bool, bool, bool]], Frame]
_frame = partial(tuple.__new__, Frame)
"""Named tuples, made without a Python function: two for each frame that is wanted."""

_SIOCGSTAMPNS = 0x8907
"""Asks for the stamp of the frame that was read last. Source: asm-generic/sockios.h."""
_CAN_RAW_ERR_FILTER = 2
_CAN_RAW_FD_FRAMES = 5
"""Source: linux/can/raw.h."""
_EVERY_ERROR = 0x1FFF_FFFF


def first_word(can_id: CanId) -> int:
    """Return what a data frame of an identifier begins with."""
    number, extended = can_id
    return number | (_EXTENDED_FLAG if extended else 0)


def open_raw(channel: str, *, fd: bool) -> socket.socket:
    """Return a raw socket on one interface, with error frames.

    ``fd``: CAN FD frames too, as far as the interface has them. Raises OSError where there is no
    such interface, no permission, or no SocketCAN in this kernel.
    """
    if not hasattr(socket, "AF_CAN"):
        raise OSError(errno.EAFNOSUPPORT, "this Python was built without SocketCAN")
    sock = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
    try:
        sock.setsockopt(SOL_CAN_RAW, _CAN_RAW_ERR_FILTER, _EVERY_ERROR)
        if fd:
            with contextlib.suppress(OSError):
                sock.setsockopt(SOL_CAN_RAW, _CAN_RAW_FD_FRAMES, 1)
        sock.bind((channel,))
    except OSError:
        sock.close()
        raise
    return sock


class CanSocket:
    """A bound raw socket, read and written without waiting."""

    def __init__(self, sock: socket.socket, channel: str) -> None:
        """Take the socket over. Raises OSError where its interface is down."""
        self._received = 0
        self._sift: Sift | None = None
        self._lane: Lane | None = None
        self._socket = sock
        self._channel = channel
        self._buffer = bytearray(FD_SIZE + 1)  # so that what is longer than a frame is none
        self._view = memoryview(self._buffer)
        self._wanted: frozenset[int] | None = None
        """First words of the frames that are wanted; None: all are."""
        sock.setblocking(False)
        # An interface that is down lets itself be bound and tells by this.
        down = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if down:
            raise OSError(down, os.strerror(down))
        self._stamp = bytearray(_TIMESPEC.size)
        self.stamp_us()  # the first question makes the kernel keep stamps
        for option in (SO_RCVBUFFORCE, socket.SO_RCVBUF):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, option, RECEIVE_BUFFER_BYTES)
                break

    def hear_only(self, ids: Collection[CanId]) -> None:
        """Let the kernel pass data frames of ``ids``, and error frames, and nothing else.

        With masks like these it finds an identifier in one step. It takes no more than 512 of
        them. Whatever it lets through, for that or because it was received before, is left out
        here, before it costs more than reading it.
        """
        self._wanted = frozenset(map(first_word, ids))
        if len(ids) > FILTERS_MAX:
            return
        filters = b"".join(
            _FILTER.pack(
                first_word(can_id),
                (EXTENDED_ID_MAX if can_id[1] else STANDARD_ID_MAX) | _EXTENDED_FLAG | _REMOTE_FLAG,
            )
            for can_id in sorted(ids)
        )
        self._socket.setsockopt(SOL_CAN_RAW, CAN_RAW_FILTER, filters)

    def sift_by(self, sift: Sift | None, routes: Mapping[int, int]) -> None:
        """Pass over what tells nothing new, once only what is wanted is heard; None: nothing.

        ``routes``: the frames' first words, and the numbers of their rules. What was passed over
        before is to be told before (``passed``).
        """
        if self._sift is not None and self._lane is not None:
            self._received += self._lane.state[0]
            self._sift.remove(self._lane)
        self._sift, self._lane = sift, None
        if sift is not None and self._wanted is not None:
            self._lane = sift.add(self._socket.fileno(), self._wanted, routes)
        # A batch has its stamps in control messages; while it has, the kernel keeps no other.
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, self._lane is not None)

    def passed(self) -> list[Passed]:
        """Return what was passed over and not told yet."""
        if self._sift is None or self._lane is None:
            return []
        return self._sift.flush(self._lane)

    def close(self) -> None:
        """Close the socket."""
        self.sift_by(None, {})
        self._socket.close()

    @property
    def received(self) -> int:
        """Frames that were read, wanted or not."""
        return self._received + (self._lane.state[0] if self._lane is not None else 0)

    def unread_us(self) -> int:
        """Return how long a frame lay unread at most before it was passed over.

        That is in microseconds, since it was last asked; 0 where none did.
        """
        if self._lane is None:
            return 0
        waited_us, self._lane.state[1] = self._lane.state[1], 0
        return waited_us

    def fileno(self) -> int:
        """Return the descriptor that is readable when there is something to read."""
        return self._socket.fileno()

    def read(self, batch: list[Arrived | Passed], limit: int, enough: int) -> bool:
        """Append what has arrived to ``batch``; return whether that was all there is.

        No more than ``limit`` frames are read, whether wanted or not, and no more than ``enough``
        that are. Raises OSError where the interface fails; what was read before stays in ``batch``.
        """
        if self._lane is not None:
            return self._read_lane(self._lane, batch, limit, enough)
        receive, buffer, wanted = self._socket.recv_into, self._buffer, self._wanted
        unwanted, before = 0, len(batch)
        full = before + enough
        try:
            for _ in range(limit):
                size = receive(buffer)
                if not size:
                    raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
                if wanted is not None and size in _SIZES:
                    (word,) = _WORD(buffer)
                    if word not in wanted and not word & _ERROR_FLAG:
                        unwanted += 1
                        continue
                frame = parse_frame(self._view[:size], self._channel)
                if frame is not None:
                    batch.append(_arrived((self.stamp_us(), frame)))
                    if len(batch) == full:
                        break
        except (BlockingIOError, InterruptedError):
            return True
        finally:
            self._received += unwanted + len(batch) - before
        return False

    def _read_lane(
        self, lane: Lane, batch: list[Arrived | Passed], limit: int, enough: int
    ) -> bool:
        """Read as ``read`` does; what was passed over stands before what followed it."""
        assert self._sift is not None
        drained = False
        if len(lane.caught) < enough:
            drained = self._sift.read(lane, limit, enough)
        for each in lane.caught:
            if len(each) == 5:
                batch.append(Passed(*each))
                continue
            stamp_us, data = each
            frame = parse_frame(memoryview(data), self._channel)
            if frame is not None:
                batch.append(_arrived((stamp_us if stamp_us >= 0 else None, frame)))
        lane.caught.clear()
        failed = error_of(lane)
        if failed is not None:
            raise failed
        return drained

    def stamp_us(self) -> int | None:
        """Return when the frame that was read last arrived; None where the kernel does not tell.

        That is the kernel's stamp, in microseconds since 1970.
        """
        try:
            fcntl.ioctl(self._socket.fileno(), _SIOCGSTAMPNS, self._stamp)
        except OSError:  # no frame was read yet, or this kind of socket keeps no stamps
            return None
        seconds, nanoseconds = _TIMESPEC.unpack(self._stamp)
        return int(seconds) * 1_000_000 + int(nanoseconds) // 1000

    def send(self, frame: Frame) -> None:
        """Send one frame. Raises OSError: ENOBUFS and EAGAIN where there is no room for it."""
        self._socket.send(build_frame(frame))


def parse_frame(data: memoryview, channel: str) -> Frame | None:
    """Return the frame in a ``can_frame`` or ``canfd_frame``; None if it is neither."""
    size = len(data)
    if size not in _SIZES:
        return None
    word, length = _HEAD.unpack_from(data)
    if length > CLASSIC_BYTES_MAX and (size == CLASSIC_SIZE or length not in FD_LENGTHS):
        return None
    remote = bool(word & _REMOTE_FLAG)
    return _frame(
        (
            word & EXTENDED_ID_MAX,
            b"" if remote else bytes(data[8 : 8 + length]),
            channel,
            bool(word & _EXTENDED_FLAG),
            size == FD_SIZE,
            remote,
            bool(word & _ERROR_FLAG),
        )
    )


def build_frame(frame: Frame) -> bytes:
    """Return ``frame`` as a ``can_frame`` or ``canfd_frame``."""
    word = frame.can_id | (_EXTENDED_FLAG if frame.extended else 0)
    if frame.remote:
        word |= _REMOTE_FLAG
    room = 64 if frame.fd else CLASSIC_BYTES_MAX
    return _HEAD.pack(word, len(frame.data)) + frame.data.ljust(room, b"\0")
