"""What every command needs of a terminal: width, colour, wrapping, one-line errors.

Knows: standard output and error, and who looks at them. Refuses to know: the car, and all that
takes long to import; quick commands stand on this alone.
"""

from __future__ import annotations

import errno
import os
import sys
import textwrap
from collections.abc import Mapping
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any, NoReturn

import click

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it: 128 + SIGINT."""

GOOD: Mapping[str, object] = {"fg": "green", "bold": True}
TOLD: Mapping[str, object] = {"fg": "yellow"}
BAD: Mapping[str, object] = {"fg": "red", "bold": True}
QUIET: Mapping[str, object] = {"dim": True}
"""Styles, for what deserves one."""

_NAME_WIDTH = 10


def wants_colour() -> bool:
    """Return whether to use colour: on a terminal, and NO_COLOR is not set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def width() -> int:
    """Return how many columns there are; without a terminal, lines are not wrapped."""
    if not sys.stdout.isatty():
        return 10_000
    import shutil

    return shutil.get_terminal_size().columns


def named_lines(
    name: str, words: str, columns: int, style: Mapping[str, object] | None = None
) -> list[str]:
    """Return one line of a summary: its name, and words wrapped to ``columns``."""
    before = f"{name:>{_NAME_WIDTH}}  "
    return wrapped(before, " " * len(before), words, columns, style or {})


def wrapped(
    before: str, margin: str, words: str, columns: int, style: Mapping[str, object]
) -> list[str]:
    """Return ``words`` after ``before``, wrapped to ``columns``; further lines after ``margin``."""
    lines = textwrap.wrap(
        words,
        max(columns, len(margin) + 1),
        initial_indent=before,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    styled = []
    for index, line in enumerate(lines or [before]):
        start = len(before if index == 0 else margin)
        text = line[start:]
        styled.append(line[:start] + (click.style(text, **style) if style else text))  # type: ignore[arg-type]
    return styled


def show(lines: list[str]) -> None:
    """Print lines, in colour where that is wanted."""
    for line in lines:
        click.echo(line, color=wants_colour())


class OutputError(OSError):
    """Standard output takes no more."""


class _Output(FileIO):
    """Standard output, whose failures can be told from those of every other file."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputError(error.errno, error.strerror) from error


def name_output_errors() -> None:
    """From now on let standard output fail with OutputError. Somebody else's is left alone."""
    now = sys.stdout
    if now is not sys.__stdout__ or not isinstance(now, TextIOWrapper):
        return
    now.flush()
    raw = _Output(now.fileno(), "w", closefd=False)
    sys.stdout = TextIOWrapper(
        BufferedWriter(raw),
        encoding=now.encoding,
        errors=now.errors,
        line_buffering=now.line_buffering,
        write_through=now.write_through,
    )


def give_output_up() -> None:
    """Let what waits for standard output go nowhere: the interpreter would try it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def fail(message: object, code: int = 1) -> NoReturn:
    """Print one line of error and end with ``code``."""
    click.echo(f"error: {' '.join(str(message).split())}", err=True)
    sys.exit(code)


def code_of(error: OSError) -> int:
    """Return the exit code for a channel that cannot be opened: 3 if not permitted, 2 otherwise."""
    return 3 if error.errno in (errno.EPERM, errno.EACCES) else 2
