"""One of the two sides of a comparison, whatever it came from. Knows no difference."""

from __future__ import annotations

from vehicle.core.record import record
from vehicle.core.settings import Settings
from vehicle.replay.report.chronicle import Chronicle
from vehicle.replay.summary import Summary


@record
class ComparedSide:
    """What one side is, and what came of it."""

    name: str
    """"A", "B" or "ours"."""
    what: str
    """What makes it a side of its own."""
    profile: str
    settings: Settings
    chronicle: Chronicle
    summary: Summary | None = None
    """Of its replay; a journal has none."""
