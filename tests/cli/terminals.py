"""Runs a command on a terminal of its own, and says what stands on it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path
from typing import NamedTuple

from command_line import COMMAND, environment

_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Shown(NamedTuple):
    """What a command did on its terminal."""

    returncode: int
    raw: str
    """Everything it wrote, escapes and all."""

    @property
    def plain(self) -> str:
        """What it wrote, without colours and progress bars, in lines."""
        text = self.raw.replace("\r\n", "\n")
        lines = [line.rpartition("\r")[2] for line in text.split("\n")]
        return _ESCAPES.sub("", "\n".join(lines))


def on_terminal(
    *arguments: str | Path, columns: int, command: list[str] = COMMAND, **changes: str
) -> Shown:
    """Run ``chargelock`` with both outputs on a terminal of so many columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [*command, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
        env=environment(TERM="xterm-256color", **changes),
    )
    os.close(follower)
    read = b""
    while piece := _read(leader):
        read += piece
    os.close(leader)
    return Shown(process.wait(timeout=60), read.decode())


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # the last holder of the other end has closed it
        return b""
