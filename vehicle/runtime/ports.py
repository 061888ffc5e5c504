"""One CAN channel: opened, read, written and opened again, on any python-can interface.

Knows: when an interface is opened, and how it fails and comes back.
Refuses to know: what a frame means, when something is to be sent, and what a loss leads to.

A SocketCAN channel is a socket of our own, which is read here as soon as it is readable: its
owner is told only where somebody may want what came, for most of a bus is no business of ours.
Other interfaces are python-can's (``can_bus``). The port's owner is told when there is something,
and fetches it (``poll``).

A channel is down from the moment that its interface fails or its controller goes bus-off. A failed
interface is opened again and again. Bus-off ends by itself where the interface restarts; the frame
that says so, or any other, shows it.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from vehicle.runtime.can_bus import CanBus, open_bus
from vehicle.runtime.can_socket import BUS_OFF, RESTARTED, CanSocket, open_raw
from vehicle.runtime.port_error import PortError, not_opened, see_interface
from vehicle.runtime.python_can import Arrived, errors_of, reason
from vehicle.runtime.sift import BATCH_MAX, Passed, Sift
from vehicle.wire.frame import Frame
from vehicle.wire.layout import CanId

if TYPE_CHECKING:
    import can

REOPEN_S_MIN = 0.05
REOPEN_S_MAX = 0.5
"""How long a lost channel waits before it is tried again: it must be back within 1 s."""

_BACKLOG_FULL = (errno.ENOBUFS, errno.EAGAIN)


class Change(NamedTuple):
    """A channel came up or went down."""

    up: bool
    why: str


class Port:
    """One channel. Open it, then ``poll`` it whenever ``on_ready`` is called."""

    def __init__(
        self, interface: str, channel: str, ids: Iterable[CanId], *, fd: bool | None = None
    ) -> None:
        """Prepare one channel.

        Args:
            interface: python-can's name, such as ``socketcan``.
            channel: the interface's name of the channel, such as ``can0``.
            ids: the identifiers that are heard once ``narrow`` was called.
            fd: whether CAN FD frames are wanted; None: where that costs nothing (SocketCAN).
        """
        self.interface = interface
        self.channel = channel
        self.up = False
        self.drained = True
        """Whether the latest ``poll`` took everything there was."""
        self._received = 0
        """Frames that were read, but for those of the present socket."""
        self.send_error: str | None = None
        """Why the latest frame was not sent; None: it was."""
        self.on_ready: Callable[[], None] = lambda: None
        """Called in the event loop when there is something to ``poll`` or a change to take."""
        self._fd = interface == "socketcan" if fd is None else fd
        self._ids = sorted(ids)
        self._wide = True
        self._bus: CanBus | None = None
        self._socket: CanSocket | None = None
        self._held: list[Arrived | Passed] = []
        """Frames that were read and not fetched yet."""
        self.changes: list[Change] = []
        """What is there for ``take_changes``."""
        self._bus_off = False
        self._wait_s = REOPEN_S_MIN
        self._retry: asyncio.TimerHandle | None = None

    # ---- opening and closing --------------------------------------------------------------------

    def open(self) -> None:
        """Open the channel. Raises PortError where it cannot be opened."""
        # python-can tells of unknown interfaces and options by ValueError and TypeError.
        errors: tuple[type[Exception], ...] = (ValueError, TypeError, *errors_of(self.interface))
        try:
            if self.interface == "socketcan":
                self._watch_socket(self._open_socket())
            else:
                self._bus = CanBus(self._open_bus(), self.interface, self.channel, self._ready)
        except errors as error:
            self._shut()
            raise not_opened(self.interface, self.channel, error) from error
        self._wait_s = REOPEN_S_MIN
        self._bus_off = False
        self.up = True

    def _open_socket(self) -> socket.socket:
        see_interface(self.channel)
        return open_raw(self.channel, fd=self._fd)

    def _open_bus(self) -> can.BusABC:
        ids = None if self._wide else self._ids
        return open_bus(self.interface, self.channel, ids, fd=self._fd)

    def _can_socket(self, sock: socket.socket) -> CanSocket:
        return CanSocket(sock, self.channel)

    def _watch_socket(self, sock: socket.socket) -> None:
        try:
            self._socket = self._can_socket(sock)
        except OSError:
            sock.close()
            raise
        if not self._wide:
            self._socket.hear_only(self._ids)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)

    def _ready(self) -> None:
        self.on_ready()

    def close(self) -> None:
        """Close the channel for good."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._shut()

    def _shut(self) -> None:
        bus, self._bus = self._bus, None
        sock, self._socket = self._socket, None
        self.up = False
        if sock is not None:
            self._held += sock.passed()
            self._received += sock.received
            asyncio.get_running_loop().remove_reader(sock.fileno())
            sock.close()
        elif bus is not None:
            bus.close()

    def open_later(self) -> None:
        """Begin without the channel: it is tried until it is there."""
        self._retry = asyncio.get_running_loop().call_later(self._wait_s, self._reopen)
        self._wait_s = min(REOPEN_S_MAX, self._wait_s * 2)

    def _reopen(self) -> None:
        self._retry = None
        try:
            self.open()
        except PortError:
            self.open_later()
            return
        self._change(True, "open")

    def _lost(self, why: str) -> None:
        """The interface failed: say so, and try to open it again until it is back."""
        if self._bus is None and self._socket is None:
            return
        was_up = self.up
        self._shut()
        if was_up:
            self._change(False, why)
        self.open_later()

    def _change(self, up: bool, why: str) -> None:
        self.up = up
        self.changes.append(Change(up, why))
        asyncio.get_running_loop().call_soon(self._ready)

    def take_changes(self) -> list[Change]:
        """Return and forget what has become of the channel since the last call, in order."""
        changes, self.changes = self.changes, []
        return changes

    def narrow(self) -> None:
        """From now on hear only the identifiers that are wanted."""
        self._wide = False
        if self._socket is not None:
            self._socket.hear_only(self._ids)
        elif self._bus is not None:
            self._bus.hear_only(self._ids)

    def sift_by(self, sift: Sift, routes: Mapping[int, int]) -> None:
        """Pass over frames that tell nothing new, until the channel goes down.

        ``routes``: the first words of frames, and the numbers of their messages' rules. A channel
        that is down, or not SocketCAN's, goes on handing over all.
        """
        if self._socket is not None and self.up:
            self._socket.sift_by(sift, routes)

    def unread_us(self) -> int:
        """Return how long a frame lay unread that was passed over since that was last asked."""
        return 0 if self._socket is None else self._socket.unread_us()

    # ---- reading --------------------------------------------------------------------------------

    def _passed(self) -> list[Passed]:
        return [] if self._socket is None else self._socket.passed()

    def at_hand(self) -> list[Arrived | Passed]:
        """Return the frames that were read already. Whatever else has come is told of anew."""
        held, self._held = self._held, []
        return held

    def poll(self, limit: int) -> list[Arrived | Passed]:
        """Return up to ``limit`` frames that have arrived, in order. Never waits.

        Besides, what was passed over before the last of them and after.
        """
        if self._socket is not None or self._held:
            self._read_socket(limit - len(self._held), limit)
            return [*self.at_hand(), *self._passed()]
        batch: list[Arrived] = []
        over = None if self._bus is None else self._bus.read(batch, limit)
        if over is not None:
            self._lost(over)
        self.drained = len(batch) < limit
        self._received += len(batch)
        return [*batch]

    @property
    def frames_received(self) -> int:
        """Frames that were read, also those that nobody here wants."""
        return self._received + (0 if self._socket is None else self._socket.received)

    @property
    def reads(self) -> bool:
        """Whether whatever reads this channel is known to live, silence or not."""
        return self._bus is None or self._bus.reads

    def _readable(self) -> None:
        """Read up to the first frame that somebody may want.

        Mostly it is the only one: to find that out would take a read that fails, and that costs as
        much as one that does not. If there are more, the descriptor stays readable.
        """
        self._read_socket(BATCH_MAX, 1)
        if self._held:
            self.on_ready()

    def _read_socket(self, limit: int, enough: int) -> None:
        sock = self._socket
        self.drained = True
        if sock is None:
            return
        held, before = self._held, len(self._held)
        try:
            self.drained = sock.read(held, limit, enough)
        except OSError as error:
            self._lost(reason(error))
        for each in held[before:]:
            if isinstance(each, Arrived) and (each.frame.error or self._bus_off):
                self._mind_errors(each.frame)

    def _mind_errors(self, frame: Frame) -> None:
        if frame.error and frame.can_id & BUS_OFF:
            if not self._bus_off:
                self._bus_off = True
                if self._socket is not None:
                    self._held += self._socket.passed()
                    self._socket.sift_by(None, {})
                self._change(False, "its controller is bus-off")
        elif self._bus_off and (not frame.error or frame.can_id & RESTARTED):
            self._bus_off = False
            self._change(True, "its controller works again")

    # ---- writing --------------------------------------------------------------------------------

    def send(self, frame: Frame) -> bool:
        """Send one frame; False where the queue is full or the channel is down.

        Nothing is repeated here: every frame of ours is sent again at its next cycle.
        """
        if not self.up:
            return False
        try:
            if self._socket is not None:
                self._socket.send(frame)
            elif self._bus is not None:
                self._bus.send(frame)
            else:
                return False
        except OSError as error:
            self.send_error = reason(error)
            if error.errno not in _BACKLOG_FULL:
                self._lost(self.send_error)
            return False
        self.send_error = None
        return True
