"""The overview of a corpus: one page that leads to the pages of its logs.

Knows: what stands on it, and where each link leads. Refuses to know: how a log's page looks, and
where the overview is written. Nothing on it is loaded from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from vehicle.core.record import record
from vehicle.core.settings import Settings
from vehicle.replay.corpus.moments import Moment
from vehicle.replay.corpus.order import Order
from vehicle.replay.corpus.rows import LogRow, Outcome
from vehicle.replay.corpus.totals import ROWS_SHOWN, Totals
from vehicle.replay.corpus.totals_words import (
    OUTCOME_WORDS,
    long_words,
    moment_words,
    plural,
    total_lines,
)
from vehicle.replay.report.privacy import all_told
from vehicle.replay.report.shelf import ours


@record
class Cell:
    """One cell of the table."""

    words: str
    value: float | None = None
    """What a number is sorted by."""
    link: str = ""
    tone: str = ""
    hint: str = ""


_HEADS = {
    "log": "log",
    "profile": "profile",
    "recorded": "recorded",
    "sessions": "sessions",
    "strokes": "strokes",
    "faults": "faults",
    "degraded": "degraded",
    "car": "against the car",
    "other": "would differ",
}
"""Column -> its title; the last two only where there is something to compare with."""


def overview(order: Order, totals: Totals) -> bytes:
    """Return the page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    rows = totals.shown()
    keys = list(_columns(order))
    told = all_told(
        {
            "title": f"{plural(totals.logs, 'log')}: {', '.join(order.places)}",
            "facts": [(name, words) for name, words, _ in total_lines(order, totals)],
            "notes": list(_notes(totals)),
            "orders": list(_orders(order)),
            "moments": [_moment(each, order) for each in totals.moments],
            "compared": order.against is not None,
            "outcomes": [(str(name), words) for name, words in OUTCOME_WORDS.items()],
        }
    )
    return (
        environment.from_string(_ours("overview.html"))
        .render(
            **told,
            heads=[(key, _HEADS[key]) for key in keys],
            rows=[
                {
                    "outcome": row.outcome,
                    "cause": all_told(row.cause or ""),
                    "worth": _is_worth_a_look(row),
                    "cells": [
                        _told(_log(row, order) if key == "log" else _CELLS[key](row))
                        for key in _filled(row, keys)
                    ],
                }
                for row in rows
            ],
            versions=f"chargelock {order.version}",
            style=Markup(ours("page.css") + _ours("overview.css")),
            script=Markup(_ours("overview.js")),
        )
        .encode()
    )


def _ours(name: str) -> str:
    return files("vehicle.replay.corpus").joinpath(name).read_text(encoding="utf-8")


def _columns(order: Order) -> Iterator[str]:
    for key in _HEADS:
        if (key == "car" and not order.shadow) or (key == "other" and order.against is None):
            continue
        yield key


def _notes(totals: Totals) -> Iterator[str]:
    if totals.logs > ROWS_SHOWN:
        yield (
            f"Shown are the {ROWS_SHOWN:,} logs that are most worth a look;"
            f" all {totals.logs:,} are in summary.parquet and summary.csv."
        )


def _orders(order: Order) -> Iterator[tuple[str, str]]:
    """Yield what was asked for."""
    yield "profiles", ", ".join(profile.name for profile in order.profiles)
    yield "settings", _settings(order.settings)
    if order.against is not None:
        yield "against", _settings(order.against)
    if order.shadow:
        yield "mode", "shadow: another controller moved the pins"


def _settings(settings: Settings | None) -> str:
    if settings is None:
        return "those that a recording tells, or the defaults"
    usual = Settings().words()
    own = [f"{key} {value}" for key, value in settings.words().items() if value != usual[key]]
    return ", ".join(own) or "the defaults"


def _named(log: str, order: Order) -> str:
    """Return a log's name within the one folder that was asked for; else its whole name."""
    return log.removeprefix(f"{order.places[0].rstrip('/')}/") if len(order.places) == 1 else log


def _moment(moment: Moment, order: Order) -> dict[str, str]:
    link = "" if moment.report is None else f"{moment.report}#t={moment.from_us}"
    return {
        "log": _named(moment.log, order),
        "link": link,
        "when": f"{moment.from_us / 1e6:,.3f} s",
        "long": long_words((moment.to_us - moment.from_us) / 1e6),
        "words": moment_words(moment),
    }


def _filled(row: LogRow, keys: Sequence[str]) -> Sequence[str]:
    """Return the columns that a row fills; in the others stands why it was not replayed."""
    return keys if row.outcome == Outcome.REPLAYED else keys[:1]


# ---- cells --------------------------------------------------------------------------------------


def _told(cell: Cell) -> Cell:
    return Cell(all_told(cell.words), cell.value, cell.link, cell.tone, all_told(cell.hint))


def _is_worth_a_look(row: LogRow) -> bool:
    return bool(row.faults or row.disagreements or row.against_s or row.defects)


def _at(row: LogRow, moment_us: int | None) -> str:
    """Return where a moment of a log is shown; empty where nowhere."""
    return "" if row.report is None or moment_us is None else f"{row.report}#t={moment_us}"


def _count(value: int | None, link: str = "", tone: str = "", hint: str = "") -> Cell:
    if not value:
        return Cell("" if value is None else "0", value)
    return Cell(f"{value:,}", value, link, tone, hint)


def _log(row: LogRow, order: Order) -> Cell:
    return Cell(_named(row.log, order), link=row.report or "")


def _profile(row: LogRow) -> Cell:
    words = row.profile or ""
    return Cell(f"{words} {row.variant}" if row.variant else words)


def _recorded(row: LogRow) -> Cell:
    if row.duration_s is None:
        return Cell("", None)
    hint = f"{row.frames_read or 0:,} frames read, {row.frames_used or 0:,} used"
    return Cell(long_words(row.duration_s), row.duration_s, hint=hint)


def _faults(row: LogRow) -> Cell:
    return _count(row.faults, _at(row, row.first_fault_us), "trouble", row.fault_names or "")


def _degraded(row: LogRow) -> Cell:
    return _count(row.degraded, hint=row.degraded_words or "")


def _car(row: LogRow) -> Cell:
    if row.differed_s is None:
        return Cell("", None)
    link = _at(row, row.longest_disagreement_us)
    if row.defects:
        return Cell(plural(row.defects, "DEFECT"), row.differed_s, link, "trouble")
    return Cell(long_words(row.differed_s) if row.differed_s else "0", row.differed_s, link, "told")


def _other(row: LogRow) -> Cell:
    if row.against_s is None:
        return Cell("", None)
    hint = (
        f"{row.against_sessions or 0} of {plural(row.sessions or 0, 'session')},"
        f" {row.against_cables or 0} of {plural(row.cables or 0, 'cable')}"
    )
    words = long_words(row.against_s) if row.against_s else "0"
    return Cell(words, row.against_s, _at(row, row.longest_difference_us), "told", hint)


_CELLS: Mapping[str, Any] = {
    "profile": _profile,
    "recorded": _recorded,
    "sessions": lambda row: _count(row.sessions, hint=plural(row.cables or 0, "cable")),
    "strokes": lambda row: _count(row.strokes),
    "faults": _faults,
    "degraded": _degraded,
    "car": _car,
    "other": _other,
}
"""Column -> its cell of a row; a log's name depends on what was asked for, too."""

assert {"log", *_CELLS} == set(_HEADS), "every column has its cells"
assert set(OUTCOME_WORDS) == set(Outcome), "every outcome has its words"
