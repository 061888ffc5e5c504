"""Only one service commands a car's pins: each channel is claimed before it is used.

Knows: a name in the kernel's abstract socket namespace, which goes with the process that holds it.
Refuses to know: channels' contents. A dry run claims nothing, since it sends nothing.
"""

from __future__ import annotations

import socket
import struct

_CREDENTIALS = struct.Struct("3i")


class AlreadyRunningError(Exception):
    """Another service holds the channel. The message names its process and what to do."""


def claim(interface: str, channel: str) -> socket.socket:
    """Claim a channel for as long as the returned socket is open.

    Raises AlreadyRunningError.
    """
    name = f"\0chargelock/{interface}/{channel}"
    held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        held.bind(name)
        held.listen(1)
    except OSError as error:
        held.close()
        raise AlreadyRunningError(
            f"another chargelock{_process_of(name)} already runs on {channel}; stop it first"
            " (systemctl stop chargelock), or watch beside it with --dry-run"
        ) from error
    return held


def _process_of(name: str) -> str:
    """Return who holds ``name``, in words; nothing where that cannot be told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as asking:
        asking.setblocking(False)
        try:
            asking.connect(name)
            answer = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            return ""
    process, _, _ = _CREDENTIALS.unpack(answer)
    return f" (process {process})" if process else ""
