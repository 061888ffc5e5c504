"""What stands at the top of a replay's page: its recording's name, and its summary in words.

Knows: which facts. Refuses to know: how a page looks, and where it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from vehicle.replay.run import Replay
from vehicle.replay.summary import Summary
from vehicle.replay.summary_lines import summary_lines


def recording_name(logs: Sequence[Path]) -> str:
    """Return what a page calls a recording: its files' names, without their folders."""
    first = logs[0].name
    return first if len(logs) == 1 else f"{first} and {len(logs) - 1} more"


def facts(run: Replay, summary: Summary) -> Iterator[tuple[str, str]]:
    """Yield the names and words that stand at the top of a page."""
    if summary.epoch_us is not None:
        begun = datetime.fromtimestamp(summary.epoch_us / 1e6, tz=UTC)
        yield "begins", f"{begun:%Y-%m-%d %H:%M:%S} UTC"
    for name, words, _ in summary_lines(summary):
        yield name, words
    if run.shadow:
        yield "mode", "shadow: another controller moved the pins"
