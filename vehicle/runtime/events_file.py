"""What reached the lock manager beside the frames, as JSON lines next to a recording.

Knows: every event that is no frame, and how it is written. Refuses to know: frames and the journal.

A recording of frames cannot hold a request from the command line or a change of settings. They
stand in ``<recording>.events.jsonl``, one line each, in time order: ``t`` is microseconds since the
recording's first frame, ``event`` the name below. At the same microsecond an event comes before a
frame. Replaying both gives the very same journal.

::

    {"event":"requested","request":"unlatch","source":"cli","t":4000000}
    {"event":"settings_changed","settings":{"auto-lock":"off"},"source":"cli","t":5000000}
    {"event":"segment_started","t":6000000}
    {"channel":"main","event":"bus_failed","t":7000000}
    {"channel":"main","event":"bus_restored","t":8000000}
    {"event":"internal_error","t":9000000,"what":"..."}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from vehicle.core.messages import (
    BusFailed,
    BusRestored,
    InputEvent,
    InternalError,
    Request,
    Requested,
    SegmentStarted,
    SettingsChanged,
    Source,
)
from vehicle.core.settings import SettingsError, parse
from vehicle.wire.findings import did_you_mean

SUFFIX = ".events.jsonl"
"""Appended to the recording's name."""


class EventsFileError(ValueError):
    """A line of an events file cannot be used. The message names file, line and what to do."""


def _request(fields: Mapping[str, Any]) -> Requested:
    return Requested(
        Request(_word(fields, "request", Request)), Source(_word(fields, "source", Source))
    )


def _settings(fields: Mapping[str, Any]) -> SettingsChanged:
    settings = fields.get("settings")
    if not isinstance(settings, dict):
        raise EventsFileError("settings must be a table of settings keys and values")
    return SettingsChanged(parse(settings), _text(fields, "source"))


_READ: dict[str, Callable[[Mapping[str, Any]], InputEvent]] = {
    "requested": _request,
    "settings_changed": _settings,
    "segment_started": lambda _: SegmentStarted(),
    "bus_failed": lambda fields: BusFailed(_text(fields, "channel")),
    "bus_restored": lambda fields: BusRestored(_text(fields, "channel")),
    "internal_error": lambda fields: InternalError(_text(fields, "what")),
}

_WRITE: dict[type[Any], tuple[str, Callable[[Any], dict[str, Any]]]] = {
    Requested: ("requested", lambda e: {"request": e.request, "source": e.source}),
    SettingsChanged: (
        "settings_changed",
        lambda e: {"settings": e.settings.words(), "source": e.source},
    ),
    SegmentStarted: ("segment_started", lambda _: {}),
    BusFailed: ("bus_failed", lambda e: {"channel": e.channel}),
    BusRestored: ("bus_restored", lambda e: {"channel": e.channel}),
    InternalError: ("internal_error", lambda e: {"what": e.what}),
}


def events_path(recording: Path) -> Path:
    """Return where the events beside ``recording`` stand."""
    return recording.with_name(recording.name + SUFFIX)


def write_event(now_us: int, event: InputEvent) -> str:
    """Return one line, without a line end.

    Raises:
        TypeError: the event comes from a frame, or from silence, and is in the recording already.
    """
    if type(event) not in _WRITE:
        raise TypeError(f"{type(event).__name__} follows from the frames and is not written")
    name, fields = _WRITE[type(event)]
    line = {"t": now_us, "event": name, **fields(event)}
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write_events(path: Path, events: Iterable[tuple[int, InputEvent]]) -> None:
    """Write a whole events file, in the order given."""
    text = "".join(write_event(now_us, event) + "\n" for now_us, event in events)
    path.write_text(text, encoding="utf-8")


def read_events(path: Path) -> list[tuple[int, InputEvent]]:
    """Return the events of a file in time order, as (microseconds since the first frame, event).

    Raises:
        EventsFileError: the file or a line cannot be used; it names the file and the line.
        OSError: the file cannot be opened.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise EventsFileError(f"{path}: not UTF-8 ({error.reason}); record it again") from error
    found: list[tuple[int, InputEvent]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            now_us, event = read_event(line)
            if found and now_us < found[-1][0]:
                raise EventsFileError(f"t = {now_us} lies before {found[-1][0]}; sort the lines")
        except EventsFileError as error:
            raise EventsFileError(f"{path}:{number}: {error}") from error
        found.append((now_us, event))
    return found


def read_event(line: str) -> tuple[int, InputEvent]:
    """Return the time and event of one line.

    Raises:
        EventsFileError: the line cannot be used; the message says why.
    """
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise EventsFileError(f"not JSON ({error.msg}); remove or mend the line") from error
    if not isinstance(fields, dict):
        raise EventsFileError("not a JSON object; remove or mend the line")
    now_us = fields.get("t")
    if isinstance(now_us, bool) or not isinstance(now_us, int) or now_us < 0:
        raise EventsFileError(f"t = {now_us!r} must be whole microseconds from 0")
    try:
        return now_us, _READ[_word(fields, "event", _READ)](fields)
    except SettingsError as error:
        raise EventsFileError(str(error)) from error


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise EventsFileError(f"{key} = {value!r} must be a text")
    return value


def _word(fields: Mapping[str, Any], key: str, valid: Iterable[str]) -> str:
    value, words = _text(fields, key), [str(word) for word in valid]
    if value not in words:
        raise EventsFileError(f'{key} does not know "{value}"; {did_you_mean(value, words)}')
    return value
