"""Makes the control socket: one live server to a path, with the right mode before anyone connects.

Knows: paths, locks, stale sockets, modes and groups.
Refuses to know: what is served on the socket.
"""

from __future__ import annotations

import fcntl
import grp
import os
import socket
import stat
from pathlib import Path

SOCKET_PATH = "/run/chargelock/control.sock"
"""Where the service listens unless told otherwise, and where the command line looks for it."""

_BACKLOG = 128
_PATH_BYTES_MAX = 107
"""unix(7): sun_path holds 108 bytes with its NUL."""


class ListenError(OSError):
    """The control socket cannot be made. The message says why and what to do."""


class SocketInUseError(ListenError):
    """Another server lives on this path."""


class Listener:
    """A socket that listens, and the lock that keeps others off its path."""

    def __init__(self, sock: socket.socket, path: Path, lock: int, notes: tuple[str, ...]) -> None:
        self.sock = sock
        self.path = path
        self.notes = notes
        """What could not be done as asked, in words."""
        self._lock = lock
        self._inode = path.lstat().st_ino

    def close(self) -> None:
        """Listen no more and remove the socket, if it is still ours. The lock file stays."""
        if self._lock < 0:
            return
        self.sock.close()
        try:
            if self.path.lstat().st_ino == self._inode:
                self.path.unlink()
        except FileNotFoundError:
            pass
        os.close(self._lock)
        self._lock = -1


def listen(path: Path, *, mode: int = 0o660, group: str | None = "chargelock") -> Listener:
    """Listen on ``path``; a socket left behind by a dead server is replaced.

    ``mode``: who may connect: 0o660 the group, 0o666 everybody. ``group`` is given the socket
    where it exists and we may give; otherwise ``notes`` of the listener says so.
    Raises SocketInUseError where another server lives there, ListenError for anything else.
    """
    if len(os.fsencode(path)) > _PATH_BYTES_MAX:
        raise ListenError(f"{path}: longer than {_PATH_BYTES_MAX} bytes; choose a shorter path")
    lock = -1
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        lock = _lock(path)
        _clear(path)
        sock.bind(str(path))
        # Nobody can connect before listen(), so nobody meets the mode that bind() gave.
        path.chmod(mode)
        notes = _give_to(path, group)
        sock.listen(_BACKLOG)
        return Listener(sock, path, lock, notes)
    except OSError as error:
        sock.close()
        if lock >= 0:
            os.close(lock)
        if isinstance(error, ListenError):
            raise
        raise ListenError(
            f"{path}: cannot listen there ({error.strerror}); the folder must exist and be"
            " writable for the service"
        ) from error


def _lock(path: Path) -> int:
    """Take the lock beside the socket: two servers that start at once cannot both go on."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise _in_use(path) from error
    except OSError:
        os.close(lock)
        raise
    return lock


def _in_use(path: Path) -> SocketInUseError:
    return SocketInUseError(
        f"{path}: another service listens there; stop it or choose another path"
    )


def _clear(path: Path) -> None:
    """Remove a dead server's socket, and nothing else."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise ListenError(f"{path}: is there and is no socket; remove it or choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        except BlockingIOError as error:  # it lives, and is too busy to answer
            raise _in_use(path) from error
        else:
            raise _in_use(path)


def _give_to(path: Path, group: str | None) -> tuple[str, ...]:
    if group is None:
        return ()
    try:
        gid = grp.getgrnam(group).gr_gid
        if path.stat().st_gid != gid:  # a sandbox may forbid even what changes nothing
            os.chown(path, -1, gid)
    except KeyError:
        return (
            f"{path}: there is no group {group}, so nobody gets in by it; create it with:"
            f" groupadd --system {group}",
        )
    except PermissionError:
        return (f"{path}: may not be given to group {group}; run the service as a member of it",)
    return ()
