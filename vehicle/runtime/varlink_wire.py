"""Varlink's bytes: messages ended by a NUL, requests read out of them, replies written.

Knows: framing, the shape of a request and of a reply, and how long a message may be.
Refuses to know: sockets, who sent a message, and what any method does.

Everything that a stranger can send ends in a Request, a BadMessageError or nothing.
Protocol: https://varlink.org/Wire-Protocol
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from vehicle.core.record import record

MESSAGE_BYTES_MAX = 8 * 1024
"""Longest request. The longest that makes sense is a few hundred bytes; a reader of 8 KiB of the
slowest JSON costs the event loop about 0.2 ms."""

_END = b"\0"


class BadMessageError(ValueError):
    """What a client sent is no Varlink request. There is no reply to that: it is cut off."""


class VarlinkError(Exception):
    """An error reply: its full name and its parameters, as declared in the interface."""

    def __init__(self, name: str, **parameters: str | int) -> None:
        super().__init__(name, parameters)
        self.name = name
        self.parameters = parameters


@record
class Request:
    """One call as received. ``parameters`` are JSON values of any kind."""

    method: str
    """With its interface: ``org.varlink.service.GetInfo``."""
    parameters: Mapping[str, Any]
    more: bool = False
    """The client takes several replies."""
    oneway: bool = False
    """The client takes no reply at all, not even an error."""


class Framer:
    """Takes bytes as they come, gives messages one by one."""

    def __init__(self, message_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._limit = message_bytes_max
        self._buffer = bytearray()
        self._end = -1

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        begin = len(self._buffer)
        self._buffer += data
        if self._end < 0:
            self._end = self._buffer.find(_END, begin)

    @property
    def waiting(self) -> bool:
        """Whether ``take`` has something to say: a whole message, or one that is too long."""
        return self._end >= 0 or len(self._buffer) > self._limit

    def take(self) -> bytes:
        """Return the next message, without its end. Raises BadMessageError where it is too long.

        Call it only while ``waiting``.
        """
        if self._end < 0 or self._end > self._limit:
            raise BadMessageError(f"a message of more than {self._limit} bytes")
        message = bytes(self._buffer[: self._end])
        del self._buffer[: self._end + 1]
        self._end = self._buffer.find(_END)
        return message


def parse_request(message: bytes) -> Request:
    """Read one message. Raises BadMessageError, saying what is wrong, where it is no request."""
    try:
        fields = json.loads(message, parse_constant=_no_json)
    except (ValueError, RecursionError) as error:
        raise BadMessageError(f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise BadMessageError("not an object")
    method = fields.get("method")
    if not isinstance(method, str):
        raise BadMessageError("no method")
    parameters = fields.get("parameters")
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, dict):
        raise BadMessageError("parameters are not an object")
    if _flag(fields, "upgrade"):
        raise BadMessageError("upgrades are not supported")
    return Request(method, parameters, _flag(fields, "more"), _flag(fields, "oneway"))


def _flag(fields: Mapping[str, Any], name: str) -> bool:
    value = fields.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise BadMessageError(f"{name} is not a boolean")


def _no_json(constant: str) -> NoReturn:
    raise BadMessageError(f"{constant} is not JSON")


def reply_bytes(parameters: Mapping[str, Any], *, continues: bool = False) -> bytes:
    """Return one reply as sent. ``continues``: another one follows."""
    message: dict[str, Any] = {"parameters": parameters}
    if continues:
        message["continues"] = True
    return _sent(message)


def error_bytes(error: VarlinkError) -> bytes:
    """Return an error reply as sent."""
    return _sent({"error": error.name, "parameters": error.parameters})


def _sent(message: Mapping[str, Any]) -> bytes:
    # ASCII on purpose: half a surrogate pair in what a client sent is echoed, not tripped over.
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii") + _END
