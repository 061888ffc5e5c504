"""Who is at the other end of the control socket, and what they may do.

Knows: the credentials that the kernel vouches for, and two levels of access: read and change.
Refuses to know: what a method does, and how its call arrived.
"""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from collections.abc import Iterable
from enum import StrEnum

from vehicle.core.record import record

GROUP = "chargelock"
"""Whose members may change, besides root and the user that the service runs as."""

_SO_PEERGROUPS = 59
"""asm-generic/socket.h, since Linux 4.13; Python's socket module has no name for it."""
_CREDENTIALS = struct.Struct("3i")
_GROUPS_BYTES_MAX = 1024
"""Longest answer that Python's getsockopt takes: 256 groups."""


class Needs(StrEnum):
    """What a method asks of its caller."""

    READ = "read"
    CHANGE = "change"


@record
class Peer:
    """Who is at the other end: the process as it was when it connected."""

    pid: int
    uid: int
    gids: frozenset[int]
    """Its main group and all others that it really has (not those of the user database)."""

    @property
    def user(self) -> str:
        """The user's name, or ``uid N`` where it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return f"uid {self.uid}"


@record
class Access:
    """Who may change: root, the user the service runs as, and members of the change groups."""

    change_uids: frozenset[int]
    change_gids: frozenset[int]
    read_all: bool = True
    """Whether everybody else may read. The socket's mode must let them connect as well."""
    change_words: str = "root"
    """Who may change, in words, for those who may not."""

    def allows(self, peer: Peer, needs: Needs) -> bool:
        """Return whether ``peer`` may call a method that asks for ``needs``."""
        return may(
            peer,
            needs,
            change_uids=self.change_uids,
            change_gids=self.change_gids,
            read_all=self.read_all,
        )


def may(
    peer: Peer,
    needs: Needs,
    *,
    change_uids: frozenset[int],
    change_gids: frozenset[int],
    read_all: bool,
) -> bool:
    """Return whether ``peer`` may do what ``needs`` says. Who may change may read as well."""
    changes = peer.uid in change_uids or not peer.gids.isdisjoint(change_gids)
    return changes or (needs is Needs.READ and read_all)


def access_for(change_groups: Iterable[str] = (GROUP,), *, read_all: bool = True) -> Access:
    """Return the access rules of this machine. A group that does not exist has no members.

    The user the service runs as may change: it could write the settings file just as well.
    """
    names = tuple(change_groups)
    gids = set()
    for name in names:
        try:
            gids.add(grp.getgrnam(name).gr_gid)
        except KeyError:
            continue
    return Access(
        change_uids=frozenset({0, os.geteuid()}),
        change_gids=frozenset(gids),
        read_all=read_all,
        change_words=" or ".join(("root", *(f"a member of group {name}" for name in names))),
    )


def peer_of(sock: socket.socket) -> Peer:
    """Return who connected ``sock``, a Unix socket. Raises OSError where the kernel cannot say."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(raw)
    return Peer(pid, uid, frozenset({gid, *_other_groups(sock, uid, gid)}))


def _other_groups(sock: socket.socket, uid: int, gid: int) -> list[int]:
    """Return the peer's groups; the user database answers for a kernel that does not."""
    try:
        raw = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _GROUPS_BYTES_MAX)
    except OSError:
        try:
            return os.getgrouplist(pwd.getpwuid(uid).pw_name, gid)
        except KeyError:
            return []
    return [item for (item,) in struct.iter_unpack("I", raw)]
