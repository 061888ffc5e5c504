"""One client's socket: reads calls, one at a time, and sends replies, never more than fits.

Knows: non-blocking reading and writing, half-closed and vanished clients, and how much may wait.
Refuses to know: what a method does and who may call it; whose turn it is.

Rules of this file:
1. It reads only while no whole message waits, so a flood stays in its sender's own socket.
2. The next call is taken only when the last one is over and not much waits to be sent.
3. A client is cut off when a stream outruns it, when it reads nothing for a while although
   something waits for it, and when what it sends is no request.
"""

from __future__ import annotations

import asyncio
import select
import socket
from typing import Protocol

from vehicle.core.record import record
from vehicle.runtime.varlink_access import Peer
from vehicle.runtime.varlink_call import Call
from vehicle.runtime.varlink_wire import (
    MESSAGE_BYTES_MAX,
    BadMessageError,
    Framer,
    VarlinkError,
    parse_request,
)

_READ_BYTES = 8 * 1024
_WRITE_BYTES = 64 * 1024


@record
class Limits:
    """How much of everything a client may have."""

    message_bytes_max: int = MESSAGE_BYTES_MAX
    clients_max: int = 64
    readers_max: int = 48
    """How many of the clients may be people who may not change: they cannot shut the owner out."""
    backlog_bytes_max: int = 256 * 1024
    """How much may wait to be sent to one client."""
    stall_s: float = 10.0
    """How long a client may read nothing while something waits for it."""
    turn_messages_max: int = 4
    """How many messages are handled in one turn of the event loop, over all clients."""


class Server(Protocol):
    """What a connection needs of its server."""

    def ready(self, connection: Connection) -> None:
        """The connection has a message to take: give it a turn."""

    def dispatch(self, call: Call) -> None:
        """Run one call's method. Raises VarlinkError to end it with an error."""

    def forget(self, connection: Connection) -> None:
        """The connection is closed."""


class Connection:
    """One connected client."""

    def __init__(self, sock: socket.socket, peer: Peer, server: Server, limits: Limits) -> None:
        """Serve ``sock``, connected and non-blocking. Needs a running event loop."""
        self.peer = peer
        self.closed = False
        self._sock = sock
        self._server = server
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._framer = Framer(limits.message_bytes_max)
        self._call: Call | None = None
        self._outgoing = bytearray()
        self._stall: asyncio.TimerHandle | None = None
        self._reading = False
        self._ended = False
        self._read(True)

    # ---- reading --------------------------------------------------------------------------------

    def _read(self, wanted: bool) -> None:
        if wanted and not self._reading:
            self._loop.add_reader(self._sock, self._readable)
        elif self._reading and not wanted:
            self._loop.remove_reader(self._sock)
        self._reading = wanted

    def _readable(self) -> None:
        try:
            data = self._sock.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        if data:
            self._framer.feed(data)
        elif _hung_up(self._sock):
            self.close()
        else:
            self._ended = True
        self._review()

    def _review(self) -> None:
        """Do what has become possible: ask for a turn, read on, or close after the last reply."""
        if self.closed:
            return
        if self._framer.waiting:
            self._read(False)
            if self._call is None and len(self._outgoing) <= self._limits.backlog_bytes_max:
                self._server.ready(self)
        elif not self._ended:
            self._read(True)
        else:
            self._read(False)
            if self._call is None and not self._outgoing:
                self.close()

    def take_turn(self) -> None:
        """Take one message and start its call. For the server, in answer to ``ready``."""
        if self.closed or self._call is not None or not self._framer.waiting:
            return
        try:
            request = parse_request(self._framer.take())
        except BadMessageError:
            self.close()
            return
        call = self._call = Call(request, self.peer, self)
        whole = False
        try:
            self._server.dispatch(call)
            whole = True
        except VarlinkError as error:
            call.fail(error)
            whole = True
        finally:
            if not whole:  # a mistake in the method: it goes up, but leaves nothing behind
                self.close()
        self._review()

    # ---- replies --------------------------------------------------------------------------------

    def send(self, message: bytes) -> None:
        """Send one message. One of any length is taken, but only while little else waits."""
        if self.closed:
            return
        if len(self._outgoing) > self._limits.backlog_bytes_max:
            self.close()
            return
        waited = bool(self._outgoing)
        self._outgoing += message
        if not waited:
            self._flush()

    def finish(self, call: Call) -> None:
        """Let go of the call, so that the next one may come."""
        if self._call is call:
            self._call = None
            call.end()
            self._review()

    def _flush(self) -> None:
        try:
            sent = self._sock.send(self._outgoing[:_WRITE_BYTES], socket.MSG_NOSIGNAL)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.close()
            return
        del self._outgoing[:sent]
        if not self._outgoing:
            self._watch(False)
        elif sent or self._stall is None:
            self._watch(True)

    def _writable(self) -> None:
        self._flush()
        self._review()

    def _watch(self, wanted: bool) -> None:
        """Wait for the client to read on, from now for as long as it may take; or no longer."""
        if self._stall is not None:
            self._stall.cancel()
        elif wanted:
            self._loop.add_writer(self._sock, self._writable)
        if wanted:
            self._stall = self._loop.call_later(self._limits.stall_s, self.close)
        elif self._stall is not None:
            self._loop.remove_writer(self._sock)
            self._stall = None

    # ---- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Cut the client off. What waits to be read or sent is lost."""
        if self.closed:
            return
        self.closed = True
        self._read(False)
        self._watch(False)
        self._sock.close()
        self._outgoing.clear()
        self._server.forget(self)
        call, self._call = self._call, None
        if call is not None:
            call.end()


def _hung_up(sock: socket.socket) -> bool:
    """Return whether the other end is gone, and not only done with sending."""
    poll = select.poll()
    poll.register(sock, 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
