"""What has happened in the demonstration, newest last: which rows are worth a place, and how.

Knows: the timeline's rows, whose hands come before what followed from them, and how to fit the
newest into a given room. Refuses to know: Textual, colours, and the car itself.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from vehicle.core.car import Actuator
from vehicle.core.outputs import Decided, Output, SettingsTook, SignalChanged
from vehicle.core.situation import guarding_pin
from vehicle.core.snapshot import Snapshot
from vehicle.replay.timeline import Row, Timeline, Tone

ROWS_MAX = 200
"""More than any terminal has lines; older rows are forgotten."""
YOU = "you"
"""What a row is about that tells what hands did."""

_SHOWN_ELSEWHERE = ("latch", "adapter_lock", "latch_fitted", "adapter_lock_fitted")
"""Signals that the pins' own panels show."""
_NARROW = 96
"""Below this width the words follow at once, and reasons come without their signals' ages."""
_WHAT_WIDTH = 15

Entry = tuple[str, Row]
"""A line of the log, and the row that it is of."""


class DemoLog:
    """Collects the rows; give ``take`` to the car as its listener."""

    def __init__(self) -> None:
        self._timeline = Timeline(shadow=False)
        self._seen: dict[str, object] = {}
        self.rows: list[Row] = []
        self.count = 0
        """How many rows there ever were, forgotten ones included."""

    def take(self, now_us: int, output: Output) -> None:
        """Take one output of the core."""
        if isinstance(output, SignalChanged):
            self._seen[output.signal] = output.value
        rows = list(self._timeline.rows(now_us, output))
        if self._worth(output):
            self._insert(rows, len(self.rows))

    def _worth(self, output: Output) -> bool:
        """Whether it says something that no panel shows; of a decision, the pin that counts."""
        if isinstance(output, SignalChanged):
            return output.signal not in _SHOWN_ELSEWHERE
        if isinstance(output, Decided):
            guard = guarding_pin(Snapshot(**self._seen))  # type: ignore[arg-type]
            return output.actuator is (guard or Actuator.LATCH)
        return not isinstance(output, SettingsTook)

    def hands(self, now_us: int, words: str, before: int) -> None:
        """Tell what hands did: it stands before the rows that followed from it.

        Args:
            now_us: when.
            words: what was done and what came of it.
            before: the ``count`` before hands did it.
        """
        place = max(0, len(self.rows) - (self.count - before))
        self._insert([Row(now_us, YOU, words, Tone.SENSED)], place)

    def _insert(self, rows: list[Row], place: int) -> None:
        self.rows[place:place] = rows
        self.count += len(rows)
        del self.rows[:-ROWS_MAX]

    def forget(self) -> None:
        """Forget the rows, not what is known: the bus has come up."""
        self.rows.clear()

    def lines(self, columns: int, height: int) -> list[Entry]:
        """Return at most ``height`` lines: the newest rows, each in its own order, oldest first.

        A row that does not fit whole loses its first lines, never its last.
        """
        lines: list[Entry] = []
        for row in reversed(self.rows):
            if len(lines) >= height:
                break
            lines[:0] = _row(row, columns)
        return lines[max(0, len(lines) - height) :]


def _row(row: Row, columns: int) -> Iterator[Entry]:
    stamp = f"{row.now_us / 1e6:7.1f} "
    words = row.words
    if columns < _NARROW:
        before, margin = f"{stamp}{row.what}: ", " " * len(stamp)
        if row.tone in (Tone.DECIDED, Tone.QUIET):
            words = words.partition(" (")[0]
    else:
        before = f"{stamp}{row.what:<{_WHAT_WIDTH}}"
        margin = " " * len(before)
    pieces = textwrap.wrap(
        words,
        max(columns, len(before) + 1),
        initial_indent=before,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for piece in pieces or [before]:
        yield piece, row
