"""Standard output of a service that must not wait for whoever reads it.

Knows: lines, a thread that writes them, and when to give up. Refuses to know: what a line holds.

A pager that stands still, or a terminal after Ctrl-S, takes no more once its pipe is full. A thread
does the waiting then; the decisions go on, and where too many lines wait the output ends, and that
is said once. The thread writes to the descriptor itself: a stream's lock, held while it waits,
would keep the process from ending.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable

LINES_MAX = 10_000
"""How many lines may wait: some hours of a quiet car, or some 3 MB."""
LAST_WORDS_S = 2.0
"""How long the end waits for a reader: systemd allows 5 s for all of it."""


class LiveOutput:
    """Lines to standard output, as long as it takes them. Make it in a running event loop."""

    def __init__(self, name: str, trouble: Callable[[str], None]) -> None:
        """``trouble`` is told, once, why no more lines of ``name`` are written."""
        self._name = name
        self._trouble = trouble
        self._loop = asyncio.get_running_loop()
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_MAX)
        self._over = False
        self._failed = ""
        """Why the thread writes no more, where it failed."""
        sys.stdout.flush()
        self._thread = threading.Thread(
            target=self._write_all, args=(sys.stdout.fileno(),), daemon=True, name="output"
        )
        self._thread.start()

    def write(self, line: str) -> None:
        """Write one line, sooner or later."""
        if self._over:
            return
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._end("nobody reads it")

    def close(self) -> None:
        """Write what waits, if somebody reads it soon."""
        if self._over:
            return
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(LAST_WORDS_S)
        if self._failed:  # just now: the event loop, which was to tell it, does no more
            self._end(self._failed)
        self._over = True

    def _end(self, why: str) -> None:
        if not self._over:
            self._over = True
            self._trouble(f"{self._name}: it has ended ({why})")

    def _write_all(self, descriptor: int) -> None:
        """Run in a thread: write lines until there are no more, or none are taken."""
        while (line := self._lines.get()) is not None:
            data = (line + "\n").encode("utf-8")
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
            except OSError as error:
                self._failed = error.strerror or "it failed"
                with contextlib.suppress(RuntimeError):  # the event loop has ended
                    self._loop.call_soon_threadsafe(self._end, self._failed)
                return
