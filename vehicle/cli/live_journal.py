"""Where a live journal goes: nowhere, to a file that is bounded, or to standard output.

Knows: its first line, and when it ends. Refuses to know: what a line holds.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from vehicle.cli.console import fail, give_output_up
from vehicle.core.messages import Entry
from vehicle.runtime.journal import start_line, to_line
from vehicle.runtime.journal_log import JournalLog
from vehicle.runtime.service import Service


@contextlib.contextmanager
def journal_written(
    path: str | None, service: Service, trouble: Callable[[str], None]
) -> Iterator[None]:
    """Write the service's journal to a file, to standard output ("-") or nowhere (None).

    ``trouble`` is told, in words, when a file cannot be written any more. Ends the command with
    code 2 where it cannot be written at all.
    """
    log: JournalLog | None = None
    if path is None:
        yield
        return
    write: Callable[[str], None] = _Printer(trouble).print
    if path != "-":
        try:
            log = JournalLog(Path(path), trouble=trouble)
        except OSError as error:
            _refuse_journal(path, error)
        write = log.write
    write(
        start_line(
            profile=service.profile.name,
            variant=service.variant,
            shadow=service.manager.shadow,
            epoch_us=service.clock.epoch_us,
            settings=service.manager.settings.words(),
        )
    )

    def listen(now_us: int, entry: Entry) -> None:
        write(to_line(now_us, entry))

    silence = service.listen(listen)
    try:
        yield
    finally:
        silence()
        if log is not None:
            log.close()


def _refuse_journal(path: str, error: OSError) -> NoReturn:
    fail(f"--journal {path}: cannot be written ({error.strerror}); name another file", 2)


class _Printer:
    """Standard output, as long as it takes anything: a decision comes first."""

    def __init__(self, trouble: Callable[[str], None]) -> None:
        self._trouble = trouble
        self._over = False

    def print(self, line: str) -> None:
        """Print one line; say once why there are no more."""
        if self._over:
            return
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except OSError as error:
            self._over = True
            give_output_up()
            self._trouble(f"--journal -: the journal has ended ({error.strerror})")
