"""The process of a live service: what it says, how it ends, and memory that stays out of the way.

Knows: signals, the event loop's uncaught exceptions, and the garbage collector.
Refuses to know: what the service does.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from typing import Any

import click

GARBAGE_MIN = 20_000
"""Objects that must have been added before garbage is looked for: some MB. Python's own 700 come
together in a handful of decisions."""


def say(line: str) -> None:
    """Tell people at the console, or in the system's journal; who cannot be told is not."""
    with contextlib.suppress(OSError):
        click.echo(line, err=True)


class Ended:
    """Waits for the end: a signal, or an exception that nobody was there to catch."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._code: asyncio.Future[int] = self._loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._signalled)
        self._loop.set_exception_handler(self._raised)

    async def wait(self) -> int:
        """Return the exit code once the end has come."""
        return await self._code

    def broken(self) -> None:
        """End with a failure: the exception that is under way is told by the event loop."""
        if not self._code.done():
            self._code.set_result(1)

    def _signalled(self) -> None:
        if not self._code.done():
            self._code.set_result(0)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.remove_signal_handler(number)  # the next one ends the process at once

    def _raised(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        say("internal error: nothing is commanded any more; please report the lines above")
        self.broken()


def settle_memory() -> None:
    """Keep what was loaded out of the garbage collector's way: its pauses would delay frames.

    It was off until now, and nothing is collected first: loading leaves hardly any garbage, and
    looking for it took 34 ms of a start that took some 400 ms. What is made later hardly ever
    refers to itself, so it is looked through seldom.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE_MIN)
    gc.enable()
