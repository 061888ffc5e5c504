"""The way of columns into the loop: what the sieve keeps as frames, the rest as heard.

Knows: the sieve of one translator, and the order in which its records take effect.
Refuses to know: where columns come from, and events that are no frames.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from vehicle.replay.scan.columns import Columns, Wanted
from vehicle.replay.scan.kernels import Scan
from vehicle.replay.scan.sieve import Record
from vehicle.runtime.loop import Loop
from vehicle.wire.translator import Translator
from vehicle.wire.unchanged import Rule, rules_of


class Passage:
    """One loop's way in. Tell it of a new translator, and of every reset."""

    def __init__(self, loop: Loop, translator: Translator, scan: Scan) -> None:
        self._loop = loop
        self._scan = scan
        self.now_us = 0
        """The time of the latest frame that took effect."""
        self.read_with(translator)

    def read_with(self, translator: Translator) -> None:
        """Another translator reads from here on. Flush first."""
        self._translator = translator
        self._rules = rules_of(translator)
        self._sieve = self._scan.kernel.sieve(self._rules)
        self._routes: list[list[int]] = []

    def take(self, columns: Columns, first: int, last: int) -> None:
        """Let the wanted frames from ``first`` up to ``last``, exclusive, take effect."""
        if len(self._routes) < len(columns.wanted.channels):
            self._routes = routes_of(self._translator, self._rules, columns.wanted)
        self._follow(self._sieve.take(columns, first, last, self._routes), columns)

    def take_before(self, columns: Columns, first: int, last: int, until_us: int) -> int:
        """The same with the frames before ``until_us``; return the first that is not before it."""
        stamps = columns.stamps_us
        end = bisect_left(columns.rows, until_us, first, last, key=stamps.__getitem__)
        self.take(columns, first, end)
        return end

    def flush(self) -> None:
        """Let the translator know how far each message was heard."""
        self._follow(self._sieve.flush(), None)

    def forget(self) -> None:
        """The translator was reset. Flush first."""
        self._sieve.forget()

    def _follow(self, records: Iterable[Record], columns: Columns | None) -> None:
        feed, pass_over, rules = self._loop.feed, self._translator.pass_over, self._rules
        for kept, message, passed, now_us, data in records:
            if kept < 0 or columns is None:
                pass_over(rules[message].name, passed, now_us, data)
            else:
                self.now_us = columns.stamps_us[columns.rows[kept]]
                feed(self.now_us, columns.frame(kept))


def routes_of(translator: Translator, rules: Sequence[Rule], wanted: Wanted) -> list[list[int]]:
    """Return for each channel met so far, and each wanted identifier, the rule's index or -1."""
    index = {rule.name: number for number, rule in enumerate(rules)}
    return [
        [
            -1
            if (reader := translator.routes.reader_of(channel, *can_id)) is None
            else index[reader.name]
            for can_id in wanted.ids
        ]
        for channel in wanted.channels
    ]
