"""How things look on a terminal: columns, colours, wrapping, and one-line errors.

Knows: width, colour and whether anybody is looking. Refuses to know: what is shown.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import time
from typing import NoReturn

import click

from vehicle.replay.timeline import Row, Tone

_STYLES: dict[Tone, dict[str, object]] = {
    Tone.SENSED: {},
    Tone.DECIDED: {"fg": "cyan"},
    Tone.DONE: {"fg": "green", "bold": True},
    Tone.TOLD: {"fg": "yellow"},
    Tone.TROUBLE: {"fg": "red", "bold": True},
    Tone.QUIET: {"dim": True},
}
INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it: 128 + SIGINT."""

_TIME_WIDTH = 10
_WHAT_WIDTH = 16
_NAME_WIDTH = 10
_WORDS_WIDTH_MIN = 40
"""With less room for the words than this, a row is not set in columns."""


def wants_colour() -> bool:
    """Return whether to use colour: on a terminal, and NO_COLOR is not set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def width() -> int:
    """Return how many columns there are; without a terminal, lines are not wrapped."""
    if not sys.stdout.isatty():
        return 10_000
    return shutil.get_terminal_size().columns


def print_header(columns: int) -> None:
    """Print what the columns of the timeline are."""
    before = f"{'seconds':>{_TIME_WIDTH}}  {'about':<{_WHAT_WIDTH}} "
    if columns - len(before) < _WORDS_WIDTH_MIN:
        before = f"{'seconds':>{_TIME_WIDTH}}  about: "
    _print_wrapped(before, "", "what was sensed, decided and done", columns, {})


def print_row(row: Row, columns: int) -> None:
    """Print one timeline row: seconds, what it is about, and words wrapped to ``columns``.

    On a narrow terminal the words follow at once, and their next lines begin below the first.
    """
    seconds = f"{row.now_us / 1e6:>{_TIME_WIDTH}.3f}  "
    before = f"{seconds}{row.what:<{_WHAT_WIDTH}} "
    margin = " " * len(before)
    if columns - len(before) < _WORDS_WIDTH_MIN:
        before = f"{seconds}{row.what}: "
        margin = " " * len(seconds)
    _print_wrapped(before, margin, row.words, columns, _STYLES[row.tone])


def print_named(name: str, words: str, columns: int, tone: Tone = Tone.SENSED) -> None:
    """Print one line of a summary: its name, and words wrapped to ``columns``."""
    before = f"{name:>{_NAME_WIDTH}}  "
    _print_wrapped(before, " " * len(before), words, columns, _STYLES[tone])


def _print_wrapped(
    before: str, margin: str, words: str, columns: int, style: dict[str, object]
) -> None:
    lines = textwrap.wrap(
        words,
        max(columns, len(before) + 1),
        initial_indent=before,
        subsequent_indent=margin,
        break_on_hyphens=False,
    )
    for index, line in enumerate(lines or [before]):
        start = len(before if index == 0 else margin)
        text = line[start:]
        styled = click.style(text, **style) if style else text  # type: ignore[arg-type]
        click.echo(line[:start] + styled, color=wants_colour())


PROGRESS_AFTER_S = 1.0
"""Work that is done sooner shows no progress."""
PROGRESS_EVERY_S = 0.2


class Progress:
    """How far long work has come, on one line of a terminal that gives way to other output.

    Nothing is shown where standard error is no terminal.
    """

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._total = max(1, total)
        self._looked_at = sys.stderr.isatty()
        self._shown = False
        self._next_s = time.monotonic() + PROGRESS_AFTER_S

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def show(self, done: int) -> None:
        """Show ``done`` of the total, some times a second at most."""
        now_s = time.monotonic()
        if not self._looked_at or now_s < self._next_s:
            return
        self._next_s = now_s + PROGRESS_EVERY_S
        self._shown = True
        share = min(1.0, done / self._total)
        bar = "#" * round(share * 30)
        click.echo(f"\r{self._label} [{bar:<30}] {share:>4.0%}", err=True, nl=False)

    def clear(self) -> None:
        """Take the line away, so that something else can be printed there."""
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._shown = False


def fail(message: object, code: int = 1) -> NoReturn:
    """Print one line of error and end with ``code``."""
    click.echo(f"error: {' '.join(str(message).split())}", err=True)
    sys.exit(code)
