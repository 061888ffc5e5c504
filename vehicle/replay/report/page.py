"""Puts chronicles on one page: what the template and the script are given, and the whole text.

Knows: the page's data, and that nothing in it may be read as markup or lead to the network.
Refuses to know: how a lane is drawn (``page.js``), and where the page is written.

The data are plain lists: times as steps in microseconds from the one before, values as indices into
the words beside them. So a page with 100,000 changes stays some megabytes small.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from vehicle import VERSION
from vehicle.core.car import Actuator
from vehicle.core.policy import RULES
from vehicle.core.record import record
from vehicle.core.settings import Settings
from vehicle.core.signals import Fitted
from vehicle.core.snapshot import FITTED_SIGNAL, SIGNALS
from vehicle.core.words import PIN_WORDS, SIGNAL_WORDS
from vehicle.replay.report.chronicle import NO_TRACK, Chronicle, Track
from vehicle.replay.report.lanes import Lane, demand_key, lanes, tone_of
from vehicle.replay.report.privacy import all_told
from vehicle.replay.report.shelf import ours, uplot
from vehicle.replay.timeline import Row, Tone
from vehicle.runtime.journal import SCHEMA_VERSION

Fact = tuple[str, str]
"""A name and its words, as they stand at the top."""


@record
class Side:
    """One replay on the page. A page has one, or two to compare."""

    name: str
    """What tells it from the other; empty where it is alone."""
    chronicle: Chronicle
    settings: Mapping[str, str | int]
    facts: Sequence[Fact] = ()


@record
class Differing:
    """What two sides differ in, for a page that compares."""

    rows: Sequence[Row] = ()
    spans_us: Sequence[tuple[int, int]] = ()
    """From, to: the outcome differs there."""


@record
class Contents:
    """All that a page tells."""

    title: str
    facts: Sequence[Fact]
    sides: Sequence[Side]
    differing: Differing | None = None
    epoch_us: int | None = None
    """Wall-clock microseconds since 1970 at time 0, where that is known."""
    notes: Sequence[str] = ()
    """What must be known of the page as a whole."""


def page(contents: Contents) -> str:
    """Return the whole page. Raises ReportPartError where a part of it is not installed."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    told = all_told(
        {
            "title": contents.title,
            "facts": [*contents.facts, ("versions", _versions())],
            "sides": [
                {
                    "name": side.name,
                    "facts": side.facts,
                    "settings": list(_settings(side.settings)),
                }
                for side in contents.sides
            ],
            "notes": contents.notes,
        }
    )
    return environment.from_string(ours("page.html")).render(
        **told,
        compares=contents.differing is not None,
        style=Markup(uplot("uplot.min.css") + ours("page.css")),
        uplot=Markup(uplot("uplot.iife.min.js")),
        script=Markup(ours("page.js")),
        data=Markup(_as_script(all_told(data(contents)))),
    )


def _as_script(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _versions() -> str:
    return f"chargelock {VERSION}, journal schema {SCHEMA_VERSION}"


def _settings(settings: Mapping[str, str | int]) -> Iterator[tuple[str, str, bool]]:
    """Yield key, value, and whether it is another than the default."""
    usual = Settings().words()
    for key, value in settings.items():
        if value != "":
            yield key, str(value), value != usual.get(key)


# ---- data ---------------------------------------------------------------------------------------


def data(contents: Contents) -> dict[str, Any]:
    """Return what the page's script draws from."""
    sides, tracks = contents.sides, _Tracks()
    return {
        "end": max((side.chronicle.end_us for side in sides), default=0),
        "epoch": contents.epoch_us,
        "rules": {rule.name: [rule.sentence, rule.signals] for rule in RULES},
        "sides": [_side(side, tracks) for side in sides],
        "lanes": list(_lanes(sides, tracks)),
        "tracks": tracks.data,
        "rows": _rows(
            contents.differing.rows
            if contents.differing is not None
            else [row for side in sides for row in side.chronicle.rows]
        ),
        "spans": [] if contents.differing is None else contents.differing.spans_us,
    }


def steps(times_us: Iterable[int]) -> list[int]:
    """Return the first time and then each step, as the page's script reads times."""
    times = [0, *times_us]
    return [later - earlier for earlier, later in pairwise(times)]


class _Tracks:
    """Every track once, however often it is shown; elsewhere its number stands for it."""

    def __init__(self) -> None:
        self.data: list[dict[str, Any]] = []
        self._numbers: dict[int, int] = {}

    def number(self, track: Track) -> int:
        """Return the number of ``track``, which must outlive this."""
        if id(track) not in self._numbers:
            self._numbers[id(track)] = len(self.data)
            told = {"t": steps(track.times_us), "v": track.values, "names": list(track.names)}
            self.data.append(told)
        return self._numbers[id(track)]


def _side(side: Side, tracks: _Tracks) -> dict[str, Any]:
    chronicle = side.chronicle
    marks = chronicle.marks
    return {
        "name": side.name,
        "pins": [
            {
                "name": PIN_WORDS[actuator],
                "demand": tracks.number(chronicle.tracks.get(demand_key(actuator), NO_TRACK)),
                "rule": tracks.number(why.rule),
                "override": tracks.number(why.override),
                "releases": tracks.number(why.releases),
            }
            for actuator, why in chronicle.whys.items()
            if has_pin(chronicle, actuator)
        ],
        "signals": {
            name: {
                "track": tracks.number(chronicle.tracks[name]),
                "words": [SIGNAL_WORDS[name][value] for value in chronicle.tracks[name].names],
            }
            for name in SIGNALS
            if name in chronicle.tracks
        },
        "marks": {
            "t": steps(mark.now_us for mark in marks),
            "kinds": [mark.kind for mark in marks],
            "words": [mark.words for mark in marks],
        },
    }


def has_pin(chronicle: Chronicle, actuator: Actuator) -> bool:
    """Return whether the car was ever known to have ``actuator``."""
    track = chronicle.tracks.get(FITTED_SIGNAL[actuator], NO_TRACK)
    return Fitted.FITTED in track.names


def _lanes(sides: Sequence[Side], tracks: _Tracks) -> Iterator[dict[str, Any]]:
    """Yield every lane that is drawn, from the top down; where all sides agree it stands once."""
    shadow = any(side.chronicle.shadow for side in sides)
    for lane in lanes(shadow=shadow):
        shown = [(side, side.chronicle.tracks.get(lane.key, NO_TRACK)) for side in sides]
        shown = [(side, track) for side, track in shown if _shown(lane, side, track)]
        alike = len(shown) == len(sides) and all(_same(shown[0][1], each) for _, each in shown)
        for side, track in shown[:1] if alike else shown:
            named = f" {side.name}" if side.name and not alike else ""
            yield {
                "track": tracks.number(track),
                "title": lane.title + named,
                "words": [lane.words[value] for value in track.names],
                "tones": [str(tone_of(value)) for value in track.names],
            }


def _shown(lane: Lane, side: Side, track: Track) -> bool:
    if lane.needs is not None and not has_pin(side.chronicle, lane.needs):
        return False
    return not lane.optional or any(name != "unknown" for name in track.names)


def _same(one: Track, other: Track) -> bool:
    def values(track: Track) -> list[str]:
        names = list(track.names)
        return [names[value] for value in track.values]

    return one.times_us == other.times_us and values(one) == values(other)


def _rows(rows: Sequence[Row]) -> dict[str, Any]:
    """Return rows as columns, in order of time; the words that repeat stand once."""
    ordered = sorted(rows, key=lambda row: row.now_us)
    tones = {tone: number for number, tone in enumerate(Tone)}
    whats: dict[str, int] = {}
    words: dict[str, int] = {}
    return {
        "t": steps(row.now_us for row in ordered),
        "what": [whats.setdefault(row.what, len(whats)) for row in ordered],
        "words": [words.setdefault(row.words, len(words)) for row in ordered],
        "tone": [tones[row.tone] for row in ordered],
        "tones": list(tones),
        "whats": list(whats),
        "texts": list(words),
    }
