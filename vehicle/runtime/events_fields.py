"""The fields of one line of an events file, each read by the book, and what is wrong with one.

Knows: what a field must hold. Refuses to know: which event has which fields (``events_file``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vehicle.wire.findings import did_you_mean


class EventsFileError(ValueError):
    """A line of an events file cannot be used. The message names file, line and what to do."""


class CutLineError(EventsFileError):
    """A line is not JSON: it may have been cut as it was written."""


def text(fields: Mapping[str, Any], key: str) -> str:
    """Return a text. Raises EventsFileError."""
    value = fields.get(key)
    if not isinstance(value, str):
        raise EventsFileError(f"{key} = {value!r} must be a text")
    return value


def word(fields: Mapping[str, Any], key: str, valid: Iterable[str]) -> str:
    """Return one of the ``valid`` words. Raises EventsFileError."""
    value, words = text(fields, key), [str(word) for word in valid]
    if value not in words:
        raise EventsFileError(f'{key} does not know "{value}"; {did_you_mean(value, words)}')
    return value


def text_or_none(fields: Mapping[str, Any], key: str) -> str | None:
    """Return a text, or None where there is none. Raises EventsFileError."""
    return None if fields.get(key) is None else text(fields, key)


def truth(fields: Mapping[str, Any], key: str) -> bool:
    """Return true or false. Raises EventsFileError."""
    value = fields.get(key)
    if not isinstance(value, bool):
        raise EventsFileError(f"{key} = {value!r} must be true or false")
    return value


def names(fields: Mapping[str, Any], key: str) -> tuple[tuple[str, str], ...]:
    """Return a table of names as pairs; empty where there is none. Raises EventsFileError."""
    value = fields.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise EventsFileError(f"{key} = {value!r} must be a table of names")
    return tuple(value.items())
