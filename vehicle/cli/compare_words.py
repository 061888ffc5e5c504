"""A comparison on a terminal, and as plain data. Refuses to know: how a difference is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from vehicle.cli.terminal import print_header, print_named, print_row
from vehicle.replay.compare import Difference, spans
from vehicle.replay.compare_side import ComparedSide
from vehicle.replay.compare_words import facts, rows, side_names


def comparison_fields(
    sides: Sequence[ComparedSide], differences: Sequence[Difference]
) -> dict[str, Any]:
    """Return the comparison as one JSON object."""
    apart = spans(differences)
    return {
        "sides": [
            {
                "name": side.name,
                "what": side.what,
                "profile": side.profile,
                "settings": side.settings.words(),
            }
            for side in sides
        ],
        "names": list(side_names(sides)),
        "differences": [each.fields() for each in differences],
        "intervals": [{"from_us": from_us, "to_us": to_us} for from_us, to_us in apart],
        "outcome_differs_us": sum(to_us - from_us for from_us, to_us in apart),
    }


def print_comparison(
    sides: Sequence[ComparedSide], differences: Sequence[Difference], columns: int
) -> None:
    """Print each difference, then what they come to."""
    if differences:
        print_header(columns, "what differs, and why on either side")
    for row in rows(sides, differences):
        print_row(row, columns)
    click.echo()
    for name, words in facts(sides, differences):
        print_named(name, words, columns)
