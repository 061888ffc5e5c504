"""A comparison in words, and what its page tells.

Knows: how a difference is said, and what its sides are called.
Refuses to know: how it was found, and where its words and its page go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vehicle.replay.compare import Difference, spans
from vehicle.replay.compare_side import ComparedSide
from vehicle.replay.report.facts import recording_name
from vehicle.replay.timeline import Row, Tone

if TYPE_CHECKING:
    from vehicle.replay.report.page import Contents

_SHADOW_NAMES = ("ours", "the car's")


def side_names(sides: Sequence[ComparedSide]) -> tuple[str, str]:
    """Return what the two sides are called; a shadow replay's other side is the car."""
    return (sides[0].name, sides[1].name) if len(sides) == 2 else _SHADOW_NAMES


def rows(sides: Sequence[ComparedSide], differences: Sequence[Difference]) -> list[Row]:
    """Return a row for each difference, in order of time."""
    names = side_names(sides)
    return [Row(each.from_us, each.what, _words(each, names), _tone(each)) for each in differences]


def _tone(difference: Difference) -> Tone:
    if difference.outcome:
        return Tone.TROUBLE
    return Tone.DONE if difference.from_us == difference.to_us else Tone.QUIET


def _words(difference: Difference, names: tuple[str, str]) -> str:
    sides = zip(names, difference.values, difference.reasons, strict=True)
    said = "; ".join(f"{name}: {value or 'nothing'}{_because(why)}" for name, value, why in sides)
    if difference.from_us == difference.to_us:
        return said
    return f"{said} (until {difference.to_us / 1e6:.3f} s)"


def _because(why: str | None) -> str:
    return "" if why is None else f" ({why.removesuffix('.')})"


def facts(
    sides: Sequence[ComparedSide], differences: Sequence[Difference]
) -> Iterator[tuple[str, str]]:
    """Yield the names and words that sum the comparison up."""
    for side in sides:
        yield side.name, f"{side.what}, profile {side.profile}"
    if len(sides) == 1:
        yield _SHADOW_NAMES[1], "the position of the car's own pins"
    end_us = max(side.chronicle.end_us for side in sides)
    yield "recording", f"{end_us / 1e6:.1f} s"
    apart = spans(differences)
    if not differences:
        yield "differ", "in nothing"
        return
    yield "differ", f"in {_plural(len(differences), 'thing')}"
    together_s = sum(to_us - from_us for from_us, to_us in apart) / 1e6
    if apart:
        yield "outcome", f"differs for {together_s:.3f} s, in {_plural(len(apart), 'interval')}"
    else:
        yield "outcome", "the same throughout"
    for from_us, to_us in apart:
        yield "interval", f"{from_us / 1e6:.3f} to {to_us / 1e6:.3f} s"


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def page_of(
    logs: Sequence[Path], sides: Sequence[ComparedSide], differences: Sequence[Difference]
) -> Contents:
    """Return what the page of a comparison tells: both sides, lane beside lane."""
    from vehicle.replay.report.page import Contents, Differing, Side

    told = [fact for fact in facts(sides, differences) if fact[0] != "interval"]
    alone = len(sides) == 1
    return Contents(
        title=f"{recording_name(logs)}: {' and '.join(side_names(sides))}",
        facts=told,
        sides=[
            Side("" if alone else side.name, side.chronicle, side.settings.words())
            for side in sides
        ],
        differing=Differing(rows(sides, differences), spans(differences)),
        epoch_us=next((side.summary.epoch_us for side in sides if side.summary is not None), None),
    )
