"""A replay as one table: a row for each moment at which something changed.

Knows: the columns, and what stands in them. Refuses to know: files.

``t_us`` and ``t_s`` are the time since the recording's first frame. Every track (a signal, a pin's
demand, rule and state, the permit, a fault) has a column with its word at that moment; all but the
rules have ``_code`` beside it, the word's place among its values, for tools that draw numbers.
Words are the journal's; a cell is empty before its track began. ``happened`` says what happened
then: commands, requests, events, and faults that began or ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vehicle.core.names import Charge, Demand, PinState
from vehicle.core.record import record
from vehicle.core.snapshot import SIGNALS
from vehicle.replay.report.chronicle import HEAT, STOP, Chronicle, Track
from vehicle.replay.report.lanes import ASSUMED, PERMIT
from vehicle.replay.report.privacy import told_to_all

Cell = int | float | str | None

_CODES: Mapping[str, Sequence[str]] = {
    **{name: [str(value) for value in values] for name, values in SIGNALS.items()},
    "demand": [str(value) for value in Demand],
    "state": [f"{value}{how}" for how in ("", ASSUMED) for value in PinState],
    PERMIT: [str(value) for value in Charge],
    "fault": ["over", "active"],
    STOP: ["not asked for", "asked for"],
    HEAT: ["off", "on"],
}
"""Signal, or kind of track -> its words, each at the place that is its code."""


@record
class Column:
    """One column: ``kind`` is "time", "seconds", "code" or "words"."""

    name: str
    kind: str
    cells: Sequence[Cell]


def columns(chronicle: Chronicle) -> list[Column]:
    """Return the table's columns, from the left."""
    happened: dict[int, list[str]] = {}
    for mark in chronicle.marks:
        words = told_to_all(mark.words)
        happened.setdefault(mark.now_us, []).append(f"{mark.kind}: {words}")
    tracks = all_tracks(chronicle)
    times = sorted({*happened, *(now_us for track in tracks.values() for now_us in track.times_us)})
    found = [
        Column("t_us", "time", times),
        Column("t_s", "seconds", [now_us / 1e6 for now_us in times]),
    ]
    for key, track in tracks.items():
        found += _of_track(key, track, times)
    said = ["; ".join(happened[now_us]) if now_us in happened else None for now_us in times]
    return [*found, Column("happened", "words", said)]


def all_tracks(chronicle: Chronicle) -> dict[str, Track]:
    """Return every track by its key, in an order that depends on nothing but the keys."""
    rules = {f"rule:{actuator}": why.rule for actuator, why in chronicle.whys.items()}
    together = {**chronicle.tracks, **rules}
    return {key: together[key] for key in sorted(together) if together[key].times_us}


def column_name(key: str) -> str:
    """Return a track's key as a column is called: "demand:latch" is "latch_demand"."""
    kind, _, about = key.partition(":")
    if not about:
        return key
    return f"fault_{about.replace(':', '_')}" if kind == "fault" else f"{about}_{kind}"


def code_of(key: str, word: str) -> int | None:
    """Return the place of ``word`` among the values of a track; None for a rule, which has none."""
    words = _CODES.get(key) or _CODES.get(key.partition(":")[0])
    return None if words is None else words.index(word)


def _of_track(key: str, track: Track, times: Sequence[int]) -> Iterator[Column]:
    held, cells, changes = None, [], dict(zip(track.times_us, track.values, strict=True))
    names = list(track.names)
    for now_us in times:
        if now_us in changes:
            held = names[changes[now_us]]
        cells.append(held)
    yield Column(column_name(key), "words", cells)
    codes = {name: code_of(key, name) for name in names}
    if None not in codes.values():
        numbers = [None if cell is None else codes[cell] for cell in cells]
        yield Column(f"{column_name(key)}_code", "code", numbers)
