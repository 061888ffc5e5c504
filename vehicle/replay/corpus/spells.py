"""Sessions and cables of a log: when each began and ended, and in which of them something differs.

Knows: what counts as one session and as one plugged-in time. Refuses to know: what was decided.

A session begins when it waits, charges or stops, and goes on through complete, fault and unknown
until there is none, or nothing is plugged in. What is plugged in stays so until the inlet is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from vehicle.core.outputs import Output, SignalChanged
from vehicle.core.signals import Occupant, Session

Span = tuple[int, int]
"""From, to: microseconds since the log's first frame."""

_BEGINS = (Session.WAITING, Session.CHARGING, Session.STOPPING)
_SEATED = (Occupant.CONNECTOR, Occupant.ADAPTER, Occupant.ADAPTER_AND_CONNECTOR)


@dataclass(slots=True)
class Spells:
    """Give every output to ``note``, then call ``finish``."""

    sessions: list[Span] = field(default_factory=list)
    cables: list[Span] = field(default_factory=list)
    _session_us: int | None = None
    _cable_us: int | None = None

    def note(self, now_us: int, output: Output) -> None:
        """Take one output."""
        if not isinstance(output, SignalChanged):
            return
        value = output.value
        if value in _BEGINS and self._session_us is None:
            self._session_us = now_us
        elif value in _SEATED and self._cable_us is None:
            self._cable_us = now_us
        elif value is Session.NONE:
            self._end_session(now_us)
        elif value is Occupant.EMPTY:
            self._end_session(now_us)
            self._end_cable(now_us)

    def finish(self, now_us: int) -> None:
        """End what still goes on at the end of the log."""
        self._end_session(now_us)
        self._end_cable(now_us)

    def _end_session(self, now_us: int) -> None:
        if self._session_us is not None:
            self.sessions.append((self._session_us, now_us))
            self._session_us = None

    def _end_cable(self, now_us: int) -> None:
        if self._cable_us is not None:
            self.cables.append((self._cable_us, now_us))
            self._cable_us = None


def touched(spells: Sequence[Span], spans: Iterable[Span]) -> int:
    """Return how many of ``spells`` have a moment in common with one of ``spans``."""
    found = list(spans)
    return sum(
        any(from_us < spell[1] and to_us > spell[0] for from_us, to_us in found) for spell in spells
    )
