"""One call in progress: its replies, its end, and the heartbeat of a quiet stream.

Knows: that a call has replies in order and exactly one last one, or a client that has gone.
Refuses to know: sockets, and what is replied.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from vehicle.runtime.varlink_access import Peer
from vehicle.runtime.varlink_wire import Request, VarlinkError, error_bytes, reply_bytes

Reply = Mapping[str, Any]


class Wire(Protocol):
    """What a call needs of its connection."""

    @property
    def closed(self) -> bool:
        """Whether the client is gone."""

    def send(self, message: bytes) -> None:
        """Send one message, now or when the client reads on."""

    def finish(self, call: Call) -> None:
        """The call has had its last reply."""


class AlreadyAnsweredError(RuntimeError):
    """A call was answered after its last reply: a mistake in the method."""


class Call:
    """One call. A method answers with ``reply`` or ``fail``, at once or whenever it can."""

    def __init__(self, request: Request, peer: Peer, wire: Wire) -> None:
        self.method = request.method
        self.parameters: Mapping[str, Any] = request.parameters
        """As received; once the method sees them, checked against its signature and complete."""
        self.more = request.more
        """Whether the client takes replies with ``continues``."""
        self.oneway = request.oneway
        self.peer = peer
        self.on_gone: list[Callable[[], None]] = []
        """Called once when the call has ended or its client is gone: lets go of a stream."""
        self._wire = wire
        self._ended = False

    @property
    def gone(self) -> bool:
        """Whether nobody listens any more."""
        return self._ended or self._wire.closed

    def reply(self, parameters: Reply, *, continues: bool = False) -> None:
        """Send one reply; without ``continues`` it is the last one of this call.

        Replies with ``continues`` go only to a client that asked for more; one that did not gets
        the last reply alone. Nothing happens where the client is gone. Raises AlreadyAnsweredError
        after the last reply.
        """
        if not self._open() or (continues and not self.more):
            return
        if not self.oneway:
            self._wire.send(reply_bytes(parameters, continues=continues))
        if not continues:
            self._wire.finish(self)

    def fail(self, error: VarlinkError) -> None:
        """End the call with an error. Raises AlreadyAnsweredError after the last reply."""
        if not self._open():
            return
        if not self.oneway:
            self._wire.send(error_bytes(error))
        self._wire.finish(self)

    def _open(self) -> bool:
        if self._wire.closed:
            return False
        if self._ended:
            raise AlreadyAnsweredError(
                f"{self.method} has had its last reply; answer each call once"
            )
        return True

    def end(self) -> None:
        """For the connection: the call is over, one way or the other."""
        self._ended = True
        while self.on_gone:
            self.on_gone.pop()()


class Heartbeat:
    """Replies to a quiet stream every so often, and so finds out that nobody reads it.

    It lives as long as its call. There is no timer where nobody asked for a stream.
    """

    def __init__(self, call: Call, every_s: float, parameters: Reply) -> None:
        """Reply ``parameters`` to ``call`` every ``every_s`` seconds, more than 0."""
        self._call = call
        self._every_s = every_s
        self._parameters = parameters
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(every_s, self._beat)
        call.on_gone.append(self.stop)

    def stop(self) -> None:
        """Beat no more. Comes by itself when the call is over."""
        self._timer.cancel()

    def _beat(self) -> None:
        self._timer = self._loop.call_later(self._every_s, self._beat)
        self._call.reply(self._parameters, continues=True)
