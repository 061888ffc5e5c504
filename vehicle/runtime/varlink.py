"""A Varlink server on a Unix socket that hostile local clients cannot wedge.

Knows: how many clients there may be, whose turn it is, which methods exist and who may call them.
Refuses to know: what any method does.

Rules of this file:
1. Clients take turns. One turn of the event loop handles a few messages, each of another client
   where several wait, so a flood of one delays neither the others nor the rest of the service.
2. Everything is bounded, and what is over the bound is refused at once.
3. Nothing that a client does can raise into the loop. A mistake in a method can, and should: the
   loop's exception handler decides then.

Protocol: https://varlink.org/Wire-Protocol
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field

from vehicle.core.record import record
from vehicle.runtime.varlink_access import Access, Needs, peer_of
from vehicle.runtime.varlink_call import Call, Reply
from vehicle.runtime.varlink_connection import Connection, Limits
from vehicle.runtime.varlink_methods import (
    SERVICE,
    SERVICE_SIGNATURES,
    Replies,
    Signature,
    checked,
    denied,
    description_of,
    expected_more,
    interface_not_found,
    method_not_found,
    method_not_implemented,
)

Handler = Callable[[Call], Reply | None]
"""A method: returns its only reply, or None where it answers through the call."""

_ACCEPTS_MAX = 16
"""Clients accepted in one turn of the loop."""
_ACCEPT_PAUSE_S = 1.0
_OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


@record
class Interface:
    """One interface as served. A signature without a handler answers MethodNotImplemented."""

    name: str
    description: str
    signatures: Mapping[str, Signature]
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    """Method name without the interface -> function."""

    def __post_init__(self) -> None:
        stray = sorted(set(self.handlers) - set(self.signatures))
        if stray:
            raise ValueError(f"{self.name}: no such method: {', '.join(stray)}; see its signatures")


class VarlinkServer:
    """Serves interfaces, and ``org.varlink.service``, to the clients of one socket."""

    def __init__(
        self,
        interfaces: Iterable[Interface],
        access: Access,
        *,
        version: str = "",
        limits: Limits | None = None,
    ) -> None:
        """``version`` is what GetInfo tells. Nothing happens before ``start`` or ``adopt``."""
        self._access = access
        self._version = version
        self._limits = limits or Limits()
        own = Interface(
            SERVICE,
            description_of(SERVICE),
            SERVICE_SIGNATURES,
            {"GetInfo": self._get_info, "GetInterfaceDescription": self._get_description},
        )
        self._interfaces = {interface.name: interface for interface in (*interfaces, own)}
        self._clients: set[Connection] = set()
        self._ready: deque[Connection] = deque()
        self._listener: socket.socket | None = None
        self._accept_again: asyncio.TimerHandle | None = None
        self._turn_due = False
        self.turns = 0
        """Turns taken so far: measures delay where wall time would measure the machine."""

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    # ---- clients come and go --------------------------------------------------------------------

    def start(self, listener: socket.socket) -> None:
        """Accept clients of ``listener``, bound, listening and non-blocking, from now on."""
        self._listener = listener
        asyncio.get_running_loop().add_reader(listener, self._accept)

    def stop(self) -> None:
        """Accept no more and cut every client off. The listener stays open: it is not ours."""
        if self._accept_again is not None:
            self._accept_again.cancel()
            self._accept_again = None
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener = None
        for client in tuple(self._clients):
            client.close()

    def adopt(self, sock: socket.socket) -> bool:
        """Serve one connected Unix socket; return False, and close it, where there is no room."""
        try:
            peer = peer_of(sock)
        except OSError:
            sock.close()
            return False
        changes = self._access.allows(peer, Needs.CHANGE)
        if len(self._clients) >= self._limits.clients_max or (
            not changes and self._readers() >= self._limits.readers_max
        ):
            sock.close()
            return False
        sock.setblocking(False)
        self._clients.add(Connection(sock, peer, self, self._limits))
        return True

    def _readers(self) -> int:
        return sum(not self._access.allows(one.peer, Needs.CHANGE) for one in self._clients)

    def _accept(self) -> None:
        assert self._listener is not None
        for _ in range(_ACCEPTS_MAX):
            try:
                sock, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _OUT_OF_RESOURCES:
                    raise
                self._rest(self._listener)
                return
            self.adopt(sock)

    def _rest(self, listener: socket.socket) -> None:
        """No descriptor is left: try again in a while, instead of spinning."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(listener)
        self._accept_again = loop.call_later(_ACCEPT_PAUSE_S, self._accept_on)

    def _accept_on(self) -> None:
        self._accept_again = None
        if self._listener is not None:
            self.start(self._listener)

    def forget(self, connection: Connection) -> None:
        """For a connection: it is closed."""
        self._clients.discard(connection)

    # ---- turns ----------------------------------------------------------------------------------

    def ready(self, connection: Connection) -> None:
        """For a connection: it has a message to take. It gets its turn, once per message."""
        if connection not in self._ready:
            self._ready.append(connection)
        self._schedule()

    def _schedule(self) -> None:
        if not self._turn_due and self._ready:
            self._turn_due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._turn_due = False
        self.turns += 1
        try:
            for _ in range(min(self._limits.turn_messages_max, len(self._ready))):
                self._ready.popleft().take_turn()
        finally:
            self._schedule()

    # ---- methods --------------------------------------------------------------------------------

    def dispatch(self, call: Call) -> None:
        """Run one call's method. Raises VarlinkError where it must not, cannot or did fail."""
        name, _, method = call.method.rpartition(".")
        interface = self._interfaces.get(name)
        if interface is None:
            raise interface_not_found(name)
        signature = interface.signatures.get(method)
        if signature is None:
            raise method_not_found(call.method)
        if not self._access.allows(call.peer, signature.needs):
            raise denied(self._access.change_words)
        handler = interface.handlers.get(method)
        if handler is None:
            raise method_not_implemented(call.method)
        if signature.replies is Replies.STREAM and (call.oneway or not call.more):
            raise expected_more()
        call.parameters = checked(signature, call.parameters)
        reply = handler(call)
        if reply is not None:
            call.reply(reply)

    def _get_info(self, _: Call) -> Reply:
        return {
            "vendor": "chargelock",
            "product": "chargelock",
            "version": self._version,
            "url": "",
            "interfaces": sorted(self._interfaces),
        }

    def _get_description(self, call: Call) -> Reply:
        interface = self._interfaces.get(call.parameters["interface"])
        if interface is None:
            raise interface_not_found(call.parameters["interface"])
        return {"description": interface.description}
