"""Runs a live command on a terminal of its own, hits keys, and reads the screen back."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import pyte
from command_line import COMMAND, environment

PATIENCE_S = 60
"""How long something may take on a machine that is busy; only a failing test waits so long."""


class LiveTerminal:
    """The command on a terminal of so many columns and lines."""

    def __init__(
        self,
        columns: int,
        lines: int,
        command: list[str] = COMMAND,
        words: Sequence[str | Path] = ("demo",),
        **changes: str,
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self._leader, self._follower = pty.openpty()
        fcntl.ioctl(self._follower, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._before = termios.tcgetattr(self._follower)
        self.process = subprocess.Popen(
            [*command, *map(str, words)],
            stdin=self._follower,
            stdout=self._follower,
            stderr=self._follower,
            env=environment(TERM="xterm-256color", **changes),
            start_new_session=True,
        )

    def __enter__(self) -> LiveTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._leader >= 0:
            self.close()

    def close(self) -> None:
        """Close the terminal, as its window's cross does."""
        os.close(self._follower)
        os.close(self._leader)
        self._leader = self._follower = -1

    # ---- hands ----------------------------------------------------------------------------------

    def hit(self, keys: str) -> None:
        """Type keys."""
        os.write(self._leader, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        self._screen.resize(lines, columns)
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._follower, termios.TIOCSWINSZ, size)
        self.process.send_signal(signal.SIGWINCH)

    # ---- eyes -----------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def colours(self) -> set[str]:
        """Every colour that is on the screen; "default" is the terminal's own."""
        cells = [cell for line in self._screen.buffer.values() for cell in line.values()]
        return {cell.fg for cell in cells} | {cell.bg for cell in cells}

    def see(self, *words: str) -> str:
        """Wait until all of ``words`` stand on the screen at once; return the screen."""
        return self._until(lambda: all(each in self.text for each in words), ", ".join(words))

    def left(self) -> int:
        """Wait for the command's end; return its exit code."""
        self._until(lambda: self.process.poll() is not None, "the end")
        self._read()
        return self.process.returncode

    @property
    def modes_restored(self) -> bool:
        """Whether the terminal treats keys as it did."""
        return termios.tcgetattr(self._follower) == self._before

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was: modes, main screen, cursor."""
        modes = self.modes_restored
        main_screen = self.raw.rfind(b"\x1b[?1049l") > self.raw.rfind(b"\x1b[?1049h") >= 0
        cursor = self.raw.rfind(b"\x1b[?25h") > self.raw.rfind(b"\x1b[?25l")
        return modes and main_screen and cursor

    def _until(self, there: Callable[[], bool], what: str) -> str:
        give_up_s = time.monotonic() + PATIENCE_S
        while not there():
            assert time.monotonic() < give_up_s, f"never seen: {what}\n{self.text}"
            assert self._read() or there() or self.process.poll() is None, (
                f"ended without: {what}\n{self.text}"
            )
        return self.text

    def _read(self) -> bool:
        """Take what was written; wait for it a moment. Returns whether there was any."""
        got = False
        while select.select([self._leader], [], [], 0 if got else 0.05)[0]:
            piece = os.read(self._leader, 65536)
            self.raw += piece
            self._stream.feed(piece)
            got = True
        return got
