"""What all logs of a corpus come to, and which of them are worth a look first.

Knows: sums, and which row tells more than another. Refuses to know: how they are shown.

However many logs there are, this holds ``ROWS_SHOWN`` rows and ``MOMENTS`` moments at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from vehicle.replay.corpus.moments import Moment, most_telling
from vehicle.replay.corpus.rows import LogRow, Outcome
from vehicle.replay.corpus.task import Record

ROWS_SHOWN = 2_000
"""So many rows a browser sorts at once without a pause; all of them are in the tables."""

_SUMS = (
    *("size_bytes", "duration_s", "frames_read", "frames_used", "frames_skipped"),
    *("sessions", "cables", "strokes", "events", "faults"),
    *("agreed_s", "differed_s", "disagreements", "defects"),
    *("against_differences", "against_s", "against_sessions", "against_cables"),
)
"""The columns that are summed up."""


@dataclass(slots=True)
class Totals:
    """Give every record, in order, to ``add``."""

    logs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    profiles: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    """Fault -> logs in which it began."""
    sums: Counter[str] = field(default_factory=Counter)
    logs_degraded: int = 0
    logs_differing: int = 0
    """Against: logs in which the outcome would differ."""
    others: int = 0
    """Files that are no logs."""
    moments: list[Moment] = field(default_factory=list)
    rows: list[tuple[int, LogRow]] = field(default_factory=list)
    """(place among all logs, row) of those worth a look first; ``shown`` puts them in order."""

    def add(self, record: Record) -> None:
        """Take in what a task left behind."""
        for row in record.rows:
            self.rows.append((self.logs, row))
            self.logs += 1
            self._count(row)
        self.others += record.others
        self.moments = most_telling([*self.moments, *record.moments])
        if len(self.rows) >= 2 * ROWS_SHOWN:
            self._leave_out()

    def _count(self, row: LogRow) -> None:
        self.outcomes[row.outcome] += 1
        if row.profile is not None:
            self.profiles[row.profile] += 1
        for name in _SUMS:
            self.sums[name] += getattr(row, name) or 0
        for fault in (row.fault_names or "").split(", "):
            if fault:
                self.faults[fault.partition(" ")[2]] += 1
        self.logs_degraded += bool(row.degraded)
        self.logs_differing += bool(row.against_s)

    def _leave_out(self) -> None:
        self.rows = sorted(self.rows, key=lambda each: _rank(*each))[:ROWS_SHOWN]

    def shown(self) -> Sequence[LogRow]:
        """Return the rows to show, in the order of the logs."""
        self._leave_out()
        return [row for _, row in sorted(self.rows, key=lambda each: each[0])]

    @property
    def replayed(self) -> int:
        """How many logs were replayed."""
        return self.outcomes[Outcome.REPLAYED]

    def fields(self) -> dict[str, Any]:
        """Return them as one JSON object."""
        return {
            "logs": self.logs,
            "outcomes": {outcome: self.outcomes[outcome] for outcome in Outcome},
            "other_files": self.others,
            "profiles": dict(sorted(self.profiles.items())),
            "logs_with_fault": dict(sorted(self.faults.items())),
            "logs_degraded": self.logs_degraded,
            "logs_differing": self.logs_differing,
            **{name: round(self.sums[name], 6) for name in _SUMS},
            "moments": [moment.plain() for moment in self.moments],
        }


def _rank(place: int, row: LogRow) -> tuple[object, ...]:
    """Defects first, then what would differ, what failed, faults, disagreements; then in order."""
    return (
        -(row.defects or 0),
        -(row.against_s or 0),
        row.outcome != Outcome.FAILED,
        -(row.faults or 0),
        -(row.differed_s or 0),
        row.outcome == Outcome.REPLAYED,
        place,
    )
