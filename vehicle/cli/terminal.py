"""How a timeline, a summary and the progress of long work look on a terminal.

Knows: columns, which tone has which colour, and when progress is worth a line.
Refuses to know: what a row says, and why.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable, Mapping

import click

from vehicle.cli.console import BAD, GOOD, QUIET, TOLD, named_lines, show, width, wrapped
from vehicle.core.outputs import Output
from vehicle.replay.timeline import Row, Timeline, Tone

_STYLES: dict[Tone, Mapping[str, object]] = {
    Tone.SENSED: {},
    Tone.DECIDED: {"fg": "cyan"},
    Tone.DONE: GOOD,
    Tone.TOLD: TOLD,
    Tone.TROUBLE: BAD,
    Tone.QUIET: QUIET,
}

_TIME_WIDTH = 10
_WHAT_WIDTH = 16
_WORDS_WIDTH_MIN = 40
"""With less room for the words than this, a row is not set in columns."""


def print_header(columns: int, words: str = "what was sensed, decided and done") -> None:
    """Print what the columns of the timeline are; ``words``: of the last of them."""
    _print_columns("seconds", "about", words, columns, {})


def print_row(row: Row, columns: int, stamp: str = "") -> None:
    """Print one timeline row: when, what it is about, and words wrapped to ``columns``.

    On a narrow terminal the words follow at once, and their next lines begin below the first.
    ``stamp`` stands in place of the seconds.
    """
    when = stamp or f"{row.now_us / 1e6:.3f}"
    _print_columns(when, row.what, row.words, columns, _STYLES[row.tone])


def _print_columns(
    when: str, what: str, words: str, columns: int, style: Mapping[str, object]
) -> None:
    stamp = f"{when:>{_TIME_WIDTH}}  "
    before = f"{stamp}{what:<{_WHAT_WIDTH}} "
    if columns - len(before) >= _WORDS_WIDTH_MIN:
        show(wrapped(before, " " * len(before), words, columns, style))
    else:
        show(wrapped(f"{stamp}{what}: ", " " * len(stamp), words, columns, style))


def print_named(name: str, words: str, columns: int, tone: Tone = Tone.SENSED) -> None:
    """Print one line of a summary: its name, and words wrapped to ``columns``."""
    show(named_lines(name, words, columns, _STYLES[tone]))


PROGRESS_AFTER_S = 1.0
"""Work that is done sooner shows no progress."""
PROGRESS_EVERY_S = 0.2


class Progress:
    """How far long work has come, how fast it goes and how long it will take, on one line.

    The line is on a terminal and gives way to other output. Work is counted in bytes.

    Nothing is shown where standard error is no terminal.
    """

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._total = max(1, total)
        self._looked_at = sys.stderr.isatty()
        self._shown = False
        self._begun_s = time.monotonic()
        self._next_s = self._begun_s + PROGRESS_AFTER_S

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
        line = f"{self._label} [{bar:<30}] {share:>4.0%}{self._pace(done, now_s)}"
        # A line that wraps could not be taken away again.
        click.echo(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K", err=True, nl=False)

    def _pace(self, done: int, now_s: float) -> str:
        """Return how fast it goes and how long it will take, where that can be told."""
        spent_s = now_s - self._begun_s
        if not 0 < done < self._total or spent_s <= 0:
            return ""
        left_s = round(spent_s * (self._total - done) / done)
        left = f"{left_s} s" if left_s < 120 else f"{left_s // 60} min"
        return f"  {done / spent_s / 1e6:,.1f} MB/s, {left} left"

    def clear(self) -> None:
        """Take the line away, so that something else can be printed there."""
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._shown = False


class TimelinePrinter:
    """Prints the timeline as it comes; tells what is held once all of a moment is known."""

    def __init__(self, *, shadow: bool, progress: Progress | None = None) -> None:
        """``shadow``: another controller acts. ``progress`` gives way to each row."""
        self._timeline = Timeline(shadow=shadow)
        self._progress = progress
        self._columns = width()
        self._now_us = 0
        self._begun = False

    def take(self, now_us: int, output: Output) -> None:
        """Print the rows of one output."""
        if now_us != self._now_us:
            self.finish()
        self._now_us = now_us
        self._print(self._timeline.rows(now_us, output))

    def finish(self) -> None:
        """Print what is still to be said of the last moment."""
        self._print(self._timeline.held(self._now_us))

    def _print(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if self._progress is not None:
                self._progress.clear()
            if not self._begun:
                self._begun = True
                print_header(self._columns)
            print_row(row, self._columns)
