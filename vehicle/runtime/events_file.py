"""What reached the lock manager beside the frames, as JSON lines next to a recording.

Knows: how every event that is no frame (``side_events``) is written and read.
Refuses to know: frames and the journal.

A recording of frames cannot hold a request from the command line or a change of settings. They
stand in ``<recording>.events.jsonl``, one line each, in time order: ``t`` is microseconds since the
recording's first frame, ``event`` the name below. At the same microsecond an event comes before a
frame. Replaying both gives the very same journal. A last line without a line end was cut, and is
left out unless it is whole.

A live recording begins with ``started``. Its ``t`` runs from the moment that ``epoch_us`` names
(microseconds since 1970), for events and frames alike, so a later piece of it goes on where the one
before ended. ``memory`` is what the piece begins with (``LoopMemory`` as plain data), ``continues``
whether that is in the middle of a run. ``judged``: where the service has the car's key, what it
found of a message's authentication codes, told when that changes; so a replay needs no key.
``recalled``: what a simulated service kept over the restart before it (``Memory`` as plain data).
``ended``: every deadline up to then was met.

::

    {"event":"requested","request":"unlatch","source":"cli","t":4000000}
    {"event":"settings_changed","settings":{"auto-lock":"off"},"source":"cli","t":5000000}
    {"event":"refused","request":"unlatch","source":"guest","t":5200000,"why":"refused-code"}
    {"event":"told","signals":{"hour":"22","place":"home"},"t":5500000}
    {"event":"segment_started","t":6000000}
    {"event":"recalled","memory":{...},"t":6900000}
    {"channel":"main","event":"bus_failed","t":7000000}
    {"channel":"main","event":"bus_restored","t":8000000}
    {"event":"internal_error","t":9000000,"what":"..."}
    {"channels":{"main":"can0"},"continues":false,"epoch_us":1700000000000000,"event":"started",
     "memory":{...},"profile":"reference","settings":{...},"shadow":false,"t":120,"variant":null}
    {"event":"variant_picked","t":10000000,"variant":"2019"}
    {"channel":"can0","event":"send_failed","t":11000000,"what":"No buffer space available"}
    {"event":"judged","message":"RemoteRequest","outcome":"genuine","t":11500000}
    {"event":"ended","t":12000000}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from vehicle.core.inputs import (
    BusFailed,
    BusRestored,
    InternalError,
    Observed,
    Refused,
    Requested,
    SegmentStarted,
    SettingsChanged,
)
from vehicle.core.memory import Memory
from vehicle.core.names import Authenticity, Request, Result, Source
from vehicle.core.plain import NotPlainError, from_plain, to_plain
from vehicle.core.settings_read import SettingsError, parse
from vehicle.core.snapshot import SIGNALS
from vehicle.runtime.events_fields import (
    CutLineError,
    EventsFileError,
    names,
    text,
    text_or_none,
    truth,
    word,
)
from vehicle.runtime.loop import LoopMemory
from vehicle.runtime.side_events import (
    Ended,
    Judged,
    Recalled,
    SendFailed,
    SideEvent,
    Started,
    VariantPicked,
)
from vehicle.wire.findings import did_you_mean

M = TypeVar("M", Memory, LoopMemory)

SUFFIX = ".events.jsonl"
"""Appended to the recording's name."""


def _request(fields: Mapping[str, Any]) -> Requested:
    return Requested(
        Request(word(fields, "request", Request)), Source(word(fields, "source", Source))
    )


TOLD = ("place", "hour")
"""The signals that come from no frame: they are told."""


def _refused(fields: Mapping[str, Any]) -> Refused:
    asked = _request(fields)
    return Refused(asked.request, asked.source, Result(word(fields, "why", Result)))


def _told(fields: Mapping[str, Any]) -> Observed:
    signals = fields.get("signals")
    if not isinstance(signals, dict):
        raise EventsFileError("signals must be a table of signals and values")
    values = []
    for name in signals:
        if name not in TOLD:
            raise EventsFileError(f'signals does not know "{name}"; {did_you_mean(name, TOLD)}')
        kind: Any = SIGNALS[name]
        values.append((name, kind(word(signals, name, kind))))
    return Observed(tuple(values))


def _settings(fields: Mapping[str, Any]) -> SettingsChanged:
    settings = fields.get("settings")
    if not isinstance(settings, dict):
        raise EventsFileError("settings must be a table of settings keys and values")
    return SettingsChanged(parse(settings), text(fields, "source"))


def _started(fields: Mapping[str, Any]) -> Started:
    settings, epoch_us = fields.get("settings"), fields.get("epoch_us")
    if not isinstance(settings, dict):
        raise EventsFileError("settings must be a table of settings keys and values")
    if isinstance(epoch_us, bool) or not isinstance(epoch_us, int):
        raise EventsFileError(f"epoch_us = {epoch_us!r} must be whole microseconds since 1970")
    return Started(
        epoch_us=epoch_us,
        profile=text(fields, "profile"),
        variant=text_or_none(fields, "variant"),
        shadow=truth(fields, "shadow"),
        settings=parse(settings),
        memory=_memory(fields, LoopMemory),
        continues=truth(fields, "continues"),
        channels=names(fields, "channels"),
    )


def _memory(fields: Mapping[str, Any], kind: type[M]) -> M:
    try:
        return from_plain(kind, fields.get("memory"), "memory")
    except NotPlainError as error:
        raise EventsFileError(f"{error}; it was written by another version") from error


def _started_fields(event: Started) -> dict[str, Any]:
    return {
        "epoch_us": event.epoch_us,
        "profile": event.profile,
        "variant": event.variant,
        "shadow": event.shadow,
        "settings": event.settings.words(),
        "memory": to_plain(event.memory),
        "continues": event.continues,
        "channels": dict(event.channels),
    }


_READ: dict[str, Callable[[Mapping[str, Any]], SideEvent]] = {
    "requested": _request,
    "told": _told,
    "refused": _refused,
    "settings_changed": _settings,
    "segment_started": lambda _: SegmentStarted(),
    "bus_failed": lambda fields: BusFailed(text(fields, "channel")),
    "bus_restored": lambda fields: BusRestored(text(fields, "channel")),
    "internal_error": lambda fields: InternalError(text(fields, "what")),
    "started": _started,
    "variant_picked": lambda fields: VariantPicked(text_or_none(fields, "variant")),
    "send_failed": lambda fields: SendFailed(text(fields, "channel"), text(fields, "what")),
    "judged": lambda fields: Judged(
        text(fields, "message"), Authenticity(word(fields, "outcome", Authenticity))
    ),
    "ended": lambda _: Ended(),
    "recalled": lambda fields: Recalled(_memory(fields, Memory)),
}

_WRITE: dict[type[Any], tuple[str, Callable[[Any], dict[str, Any]]]] = {
    Observed: ("told", lambda e: {"signals": dict(e.values)}),
    Requested: ("requested", lambda e: {"request": e.request, "source": e.source}),
    Refused: (
        "refused",
        lambda e: {"request": e.request, "source": e.source, "why": e.why},
    ),
    SettingsChanged: (
        "settings_changed",
        lambda e: {"settings": e.settings.words(), "source": e.source},
    ),
    SegmentStarted: ("segment_started", lambda _: {}),
    BusFailed: ("bus_failed", lambda e: {"channel": e.channel}),
    BusRestored: ("bus_restored", lambda e: {"channel": e.channel}),
    InternalError: ("internal_error", lambda e: {"what": e.what}),
    Started: ("started", _started_fields),
    VariantPicked: ("variant_picked", lambda e: {"variant": e.variant}),
    SendFailed: ("send_failed", lambda e: {"channel": e.channel, "what": e.what}),
    Judged: ("judged", lambda e: {"message": e.message, "outcome": e.outcome}),
    Ended: ("ended", lambda _: {}),
    Recalled: ("recalled", lambda e: {"memory": to_plain(e.memory)}),
}


def events_path(recording: Path) -> Path:
    """Return where the events beside ``recording`` stand."""
    return recording.with_name(recording.name + SUFFIX)


def write_event(now_us: int, event: SideEvent) -> str:
    """Return one line, without a line end.

    Raises:
        TypeError: the event comes from a frame, or from silence, and is in the recording already.
    """
    if type(event) not in _WRITE:
        raise TypeError(f"{type(event).__name__} follows from the frames and is not written")
    name, fields = _WRITE[type(event)]
    line = {"t": now_us, "event": name, **fields(event)}
    return json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write_events(path: Path, events: Iterable[tuple[int, SideEvent]]) -> None:
    """Write a whole events file, in the order given."""
    content = "".join(write_event(now_us, event) + "\n" for now_us, event in events)
    path.write_text(content, encoding="utf-8")


def read_events(path: Path) -> list[tuple[int, SideEvent]]:
    """Return the events of a file in time order, as (microseconds, event).

    Raises:
        EventsFileError: the file or a line cannot be used; it names the file and the line.
        OSError: the file cannot be opened.
    """
    try:
        content = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise EventsFileError(f"{path}: not UTF-8 ({error.reason}); record it again") from error
    found: list[tuple[int, SideEvent]] = []
    lines = content.split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            now_us, event = read_event(line)
            if found and now_us < found[-1][0]:
                raise EventsFileError(f"t = {now_us} lies before {found[-1][0]}; sort the lines")
        except CutLineError as error:
            if number == len(lines):
                break
            raise EventsFileError(f"{path}:{number}: {error}") from error
        except EventsFileError as error:
            raise EventsFileError(f"{path}:{number}: {error}") from error
        found.append((now_us, event))
    return found


def read_event(line: str) -> tuple[int, SideEvent]:
    """Return the time and event of one line.

    Raises:
        EventsFileError: the line cannot be used; the message says why.
    """
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise CutLineError(f"not JSON ({error.msg}); remove or mend the line") from error
    if not isinstance(fields, dict):
        raise EventsFileError("not a JSON object; remove or mend the line")
    now_us = fields.get("t")
    if isinstance(now_us, bool) or not isinstance(now_us, int) or now_us < 0:
        raise EventsFileError(f"t = {now_us!r} must be whole microseconds from 0")
    try:
        return now_us, _READ[word(fields, "event", _READ)](fields)
    except SettingsError as error:
        raise EventsFileError(str(error)) from error
