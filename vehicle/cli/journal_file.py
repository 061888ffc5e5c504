"""Where journal lines go: nowhere, to a file, or to standard output.

Knows: the file, its encoding, and what to say when it cannot be written. Refuses to know: what a
line holds.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn, TextIO

import click

from vehicle.cli.console import fail

WriteLine = Callable[[str], None]


@contextlib.contextmanager
def journal_lines(path: str | None, logs: Sequence[Path]) -> Iterator[WriteLine | None]:
    """Give a function that writes one line to ``path``: "-" is standard output, None is nowhere.

    Lines are UTF-8 whatever the locale. Ends the command with one line of error: code 2 where the
    file cannot be opened or is one of ``logs``, code 1 where the disk fills up later.
    """
    if path is None:
        yield None
    elif path == "-":
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        yield lambda line: click.echo(line)
    else:
        file = _open(path, logs)
        try:
            yield lambda line: _write(file, path, line)
        finally:
            _close(file, path)


def _open(path: str, logs: Sequence[Path]) -> TextIO:
    if any(_same(Path(path), log) for log in logs):
        fail(f"--journal {path}: is the recording itself; name another file", 2)
    try:
        return Path(path).open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        fail(f"--journal {path}: cannot be written ({error.strerror}); name another file", 2)


def _same(path: Path, log: Path) -> bool:
    return path.exists() and log.exists() and path.samefile(log)


def _write(file: TextIO, path: str, line: str) -> None:
    try:
        file.write(line + "\n")
    except OSError as error:
        with contextlib.suppress(OSError):
            file.close()
        _failed(path, error)


def _close(file: TextIO, path: str) -> None:
    try:
        file.close()
    except OSError as error:
        _failed(path, error)


def _failed(path: str, error: OSError) -> NoReturn:
    fail(f"--journal {path}: could not be written whole ({error.strerror}); make room for it")
