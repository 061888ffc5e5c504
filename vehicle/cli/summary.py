"""A replay's summary on a terminal. Refuses to know: what its lines say."""

from __future__ import annotations

import click

from vehicle.cli.terminal import print_named
from vehicle.replay.summary import Summary
from vehicle.replay.summary_lines import summary_lines


def print_summary(summary: Summary, columns: int) -> None:
    """Print the summary, wrapped to ``columns``."""
    click.echo()
    for name, words, tone in summary_lines(summary):
        print_named(name, words, columns, tone)
