"""Where a live journal goes: nowhere, to a file that is bounded, or to standard output.

Knows: its first line, and when it ends. Refuses to know: what a line holds.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from vehicle.cli.console import fail
from vehicle.cli.live_output import LiveOutput
from vehicle.core.outputs import Entry
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
    if path is None:
        yield
        return
    log = _opened(path, trouble)
    log.write(
        start_line(
            profile=service.profile.name,
            variant=service.variant,
            shadow=service.manager.shadow,
            epoch_us=service.clock.epoch_us,
            settings=service.manager.settings.words(),
        )
    )

    def listen(now_us: int, entry: Entry) -> None:
        log.write(to_line(now_us, entry))

    silence = service.listen(listen)
    try:
        yield
    finally:
        silence()
        log.close()


def _opened(path: str, trouble: Callable[[str], None]) -> JournalLog | LiveOutput:
    if path == "-":
        return LiveOutput("--journal -", trouble)
    try:
        return JournalLog(Path(path), trouble=trouble)
    except OSError as error:
        fail(f"--journal {path}: cannot be written ({error.strerror}); name another file", 2)
