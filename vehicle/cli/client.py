"""Talks to the running service over its control socket.

Knows: how to call a method and follow a stream, and what the command's exit code is for each way it
can fail. Refuses to know: what the methods mean, and how anything is printed.

It starts quickly on purpose: the standard library's socket and json, and nothing of the service.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

INTERFACE = "org.chargelock"
_REPLY_BYTES_MAX = 16 * 1024 * 1024
_READ_BYTES = 64 * 1024


class ClientError(Exception):
    """A call that did not work out. The message is for people; ``exit_code`` for scripts."""

    exit_code = 1


class ServiceUnreachableError(ClientError):
    """No service answers on the socket."""

    exit_code = 4


class ServiceNotReadyError(ClientError):
    """The service has just started and has not heard the car yet."""

    exit_code = 4


class DeniedError(ClientError):
    """The caller may not do that."""

    exit_code = 3


class UnsafeError(ClientError):
    """Refused as unsafe; nothing was moved."""

    exit_code = 5


class FailedError(ClientError):
    """It was tried and failed."""

    exit_code = 6


class BadSettingError(ClientError):
    """No such settings key or value."""

    exit_code = 2


class BadGuestError(ClientError):
    """No such guest, or a name or validity that cannot be."""

    exit_code = 2


class CodeRefusedError(ClientError):
    """A guest's code was not taken; nothing was moved."""

    exit_code = 3


class ServiceError(ClientError):
    """The service refused the call itself: it does not know the method, or a parameter."""


_ERRORS: Mapping[str, tuple[type[ClientError], str]] = {
    f"{INTERFACE}.Denied": (DeniedError, "not allowed; this needs {needed}"),
    f"{INTERFACE}.Unsafe": (UnsafeError, "refused: {reason}\n{advice}"),
    f"{INTERFACE}.Failed": (FailedError, "failed: {reason}\n{advice}"),
    f"{INTERFACE}.BadSetting": (BadSettingError, "{message}"),
    f"{INTERFACE}.BadGuest": (BadGuestError, "{message}"),
    f"{INTERFACE}.CodeRefused": (CodeRefusedError, "refused: {reason}\n{advice}"),
    f"{INTERFACE}.NotReady": (
        ServiceNotReadyError,
        "the service has just started and has not heard the car yet; ask again",
    ),
    "org.varlink.service.InterfaceNotFound": (
        ServiceError,
        "the service does not know {interface}; is it another service, or another version?",
    ),
    "org.varlink.service.MethodNotFound": (
        ServiceError,
        "the service does not know {method}; restart it if it is older than this command",
    ),
    "org.varlink.service.MethodNotImplemented": (
        ServiceError,
        "the service does not offer {method} on this car",
    ),
    "org.varlink.service.InvalidParameter": (
        ServiceError,
        "the service does not take this value for {parameter}",
    ),
}
"""Error reply -> exception, and what to tell people, with the reply's own parameters."""


class _Blank(dict[str, object]):
    """Reply parameters, with a question mark for one that is not there."""

    def __missing__(self, key: str) -> str:
        return "?"


class Client:
    """One connection to the service. Calls are answered in order."""

    def __init__(self, path: str, *, timeout_s: float | None = 10.0) -> None:
        """Connect to the socket at ``path``. ``timeout_s``: longest wait for one reply of ``call``.

        Raises ServiceUnreachableError, saying what to look at.
        """
        self._path = path
        self._timeout_s = timeout_s
        self._buffer = bytearray()
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.settimeout(timeout_s)
        try:
            self._sock.connect(path)
        except OSError as error:
            self._sock.close()
            raise ServiceUnreachableError(_no_service(path, error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; a stream ends."""
        self._sock.close()

    def call(self, method: str, parameters: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call a method and return its reply. ``Status`` means ``org.chargelock.Status``.

        Raises ServiceUnreachableError where the service goes away or does not answer in time, and
        the ClientError that stands for an error reply.
        """
        self._send(method, parameters, more=False)
        self._sock.settimeout(self._timeout_s)
        return self._reply()[0]

    def stream(
        self,
        method: str,
        parameters: Mapping[str, object] | None = None,
        *,
        quiet_s: float | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Call a method that replies many times, and give each reply as it comes.

        ``quiet_s``: longest wait for the next reply; for a stream with heartbeats some multiple of
        theirs. Raises as ``call``. Close the client to end a stream early.
        """
        self._send(method, parameters, more=True)
        self._sock.settimeout(quiet_s)
        continues = True
        while continues:
            parameters_back, continues = self._reply()
            yield parameters_back

    # ---- the wire -------------------------------------------------------------------------------

    def _send(self, method: str, parameters: Mapping[str, object] | None, *, more: bool) -> None:
        if "." not in method:
            method = f"{INTERFACE}.{method}"
        call: dict[str, object] = {"method": method, "parameters": dict(parameters or {})}
        if more:
            call["more"] = True
        try:
            self._sock.sendall(json.dumps(call).encode("ascii") + b"\0")
        except OSError as error:
            raise ServiceUnreachableError(_gone(self._path, error)) from error

    def _reply(self) -> tuple[dict[str, Any], bool]:
        try:
            reply = json.loads(self._message())
        except (ValueError, RecursionError):
            reply = None
        parameters = (reply.get("parameters") or {}) if isinstance(reply, dict) else None
        if not isinstance(reply, dict) or not isinstance(parameters, dict):
            raise ServiceUnreachableError(
                f"{self._path}: what answers there does not speak Varlink; check the socket's path"
            )
        if reply.get("error") is not None:
            raise _error(str(reply["error"]), parameters)
        return parameters, reply.get("continues") is True

    def _message(self) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\0", searched)) < 0:
            searched = len(self._buffer)
            if searched > _REPLY_BYTES_MAX:
                raise ServiceUnreachableError(
                    f"{self._path}: a reply of more than {_REPLY_BYTES_MAX} bytes; check what"
                    " answers on this socket"
                )
            try:
                data = self._sock.recv(_READ_BYTES)
            except OSError as error:
                raise ServiceUnreachableError(_gone(self._path, error)) from error
            if not data:
                raise ServiceUnreachableError(_gone(self._path, None))
            self._buffer += data
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return message


def _error(name: str, parameters: Mapping[str, object]) -> ClientError:
    kind, words = _ERRORS.get(name, (ServiceError, f"the service answered {name}"))
    return kind(words.format_map(_Blank(parameters)))


def _no_service(path: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return f"{path}: no service is running there; start it with: chargelock run"
    if isinstance(error, PermissionError):
        return f"{path}: you may not connect; become a member of the socket's group, or root"
    if isinstance(error, BlockingIOError | TimeoutError):
        return f"{path}: the service does not accept connections; it may hang: see its journal"
    return f"{path}: cannot connect ({error.strerror or error})"


def _gone(path: str, error: OSError | None) -> str:
    if isinstance(error, TimeoutError):
        return f"{path}: the service does not answer in time; it may hang: see its journal"
    return (
        f"{path}: the service closed the connection: it is stopping, or has too many clients;"
        " try again"
    )
