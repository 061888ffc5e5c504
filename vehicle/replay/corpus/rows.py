"""The summary's row for one log: its columns, and what each of them means.

Knows: names, types and meanings; the Parquet and CSV tables and their documentation are made of
them. Refuses to know: how a figure is found, and where the tables are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

Kind = str
"""``words``, ``count``, ``time`` (whole microseconds) or ``seconds``."""


class Outcome(StrEnum):
    """How it went with one log."""

    REPLAYED = "replayed"
    UNREADABLE = "unreadable"
    """Not one frame of it can be had."""
    NO_PROFILE = "no-profile"
    """No profile fits it, or more than one does."""
    FAILED = "failed"
    """It could not be fetched, ended the process that read it, or brought out a fault of ours. The
    next start tries it again."""


def _column(kind: Kind, meaning: str, default: Any = None) -> Any:
    return field(default=default, metadata={"kind": kind, "meaning": meaning})


@dataclass(slots=True)
class LogRow:
    """One log. Field names are the columns, in their order; None: not known, or does not apply."""

    log: str = _column("words", "its path or address", "")
    outcome: str = _column("words", "`replayed`, `unreadable`, `no-profile` or `failed`", "")
    cause: str | None = _column("words", "why it was not replayed, or what of it is damaged")
    report: str | None = _column("words", "its page, from the output folder on")
    profile: str | None = _column("words", "the car")
    variant: str | None = _column("words", "the car's software version")
    format: str | None = _column("words", "the format found in it")
    size_bytes: int = _column("count", "its size as it lies on the disk", 0)
    epoch_us: int | None = _column("time", "when it begins, since 1970, where it tells")
    duration_s: float | None = _column("seconds", "from its first frame to its last")
    frames_read: int | None = _column("count", "frames that could be read")
    frames_used: int | None = _column("count", "of these, frames of the profile")
    frames_skipped: int | None = _column("count", "pieces that could not be read")
    segments: int | None = _column("count", "stretches without a break in time")
    sessions: int | None = _column("count", "charging sessions")
    cables: int | None = _column("count", "times that something was plugged in")
    strokes: int | None = _column("count", "commands to a pin; in shadow, those that we wanted")
    events: int | None = _column("count", "events that people are told")
    faults: int | None = _column("count", "faults that began")
    fault_names: str | None = _column("words", "each fault with how often it began")
    first_fault_us: int | None = _column("time", "when the first fault began")
    degraded: int | None = _column("count", "things that the car's messages could not tell")
    degraded_words: str | None = _column("words", "what they are")
    agreed_s: float | None = _column("seconds", "shadow: our demand agreed with the car's pin")
    differed_s: float | None = _column("seconds", "shadow: it did not")
    disagreements: int | None = _column("count", "shadow: stretches in which it did not")
    longest_disagreement_us: int | None = _column("time", "shadow: when the longest of them began")
    defects: int | None = _column("count", "shadow: releases while the inlet did not read safe")
    against_differences: int | None = _column("count", "against: what would be otherwise")
    against_s: float | None = _column("seconds", "against: how long the outcome would differ")
    longest_difference_us: int | None = _column("time", "against: when the longest stretch began")
    against_sessions: int | None = _column("count", "against: sessions in which it would")
    against_cables: int | None = _column("count", "against: plugged-in times in which it would")

    def plain(self) -> dict[str, Any]:
        """Return the row as plain data, without what is not known."""
        pairs = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in pairs if value is not None}


def columns() -> Iterator[tuple[str, Kind, str]]:
    """Yield each column's name, kind and meaning, in order."""
    for each in fields(LogRow):
        yield each.name, each.metadata["kind"], each.metadata["meaning"]


def row_of(plain: dict[str, Any]) -> LogRow:
    """Return the row that ``plain`` was made of."""
    return LogRow(**plain)
