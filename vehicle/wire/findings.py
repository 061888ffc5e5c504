"""What is wrong with a profile, and where.

Knows: one fault's place and words, and how many of them become one error. Refuses to know: what
makes a profile right.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from vehicle.core.record import record


class Severity(StrEnum):
    """ERROR: the profile is not used. NOTE: worth knowing, the profile works."""

    ERROR = "error"
    NOTE = "note"


@record
class Finding:
    """One fault of a profile. ``str()`` is the line people read."""

    file: str
    """The TOML or DBC file."""
    line: int
    """Line in that file, from 1; 0 where no line can be named."""
    signal: str
    """The canonical or DBC signal, message, or option concerned; empty for the whole file."""
    text: str
    """What is wrong, and what to do."""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f" {self.signal}:" if self.signal else ""
        return f"{place}: {self.severity}:{subject} {self.text}"


class ProfileError(ValueError):
    """A profile cannot be used. ``findings`` holds every fault, errors first."""

    def __init__(self, name: str, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings, key=lambda f: f.severity is Severity.NOTE))
        errors = [str(f) for f in self.findings if f.severity is Severity.ERROR]
        super().__init__(f"profile {name} cannot be used:\n  " + "\n  ".join(errors))


class WireError(ValueError):
    """A frame cannot be written or understood as asked; the message names message and signal."""


def line_named(error: str) -> int:
    """Return the line that a parser's words name ("... at line 7, column 2"), or 0."""
    _, found, rest = error.partition("at line ")
    number = rest.split(",")[0]
    return int(number) if found and number.isdigit() else 0


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """Return what to do about an unknown word: the nearest valid one, or all of them."""
    from difflib import get_close_matches

    choices = sorted(valid)
    near = get_close_matches(word, choices, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"use one of: {', '.join(choices)}" if choices else "none is possible here"
