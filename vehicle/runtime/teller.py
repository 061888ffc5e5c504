"""What was decided, kept until it may be told, and told to whoever listens.

Knows: who listens, and the latest journal entries. Refuses to know: when the moment to tell has
come, and what is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from vehicle.core.outputs import Entry, Output
from vehicle.runtime.journal import is_entry

JOURNAL_LINES_MAX = 1000
"""How many of the latest journal entries are kept at hand."""

Listener = Callable[[int, Entry], None]
"""Told of a journal entry and its time in microseconds."""


class Teller:
    """One service's listeners, and what they have not been told yet."""

    def __init__(self) -> None:
        self.journal: deque[tuple[int, Entry]] = deque(maxlen=JOURNAL_LINES_MAX)
        """What was told last."""
        self.untold: list[tuple[int, Output]] = []
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` for every journal entry; return how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self) -> None:
        """Tell what was decided, in order."""
        untold, self.untold = self.untold, []
        for now_us, output in untold:
            if is_entry(output):
                self.journal.append((now_us, output))
                for listener in tuple(self._listeners):
                    listener(now_us, output)
