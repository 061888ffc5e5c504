"""What a corpus comes to on a terminal. Refuses to know: what its lines say."""

from __future__ import annotations

from vehicle.cli.terminal import print_named
from vehicle.replay.corpus.order import Order
from vehicle.replay.corpus.totals import Totals
from vehicle.replay.corpus.totals_words import moment_words, total_lines
from vehicle.replay.timeline import Tone


def print_totals(order: Order, totals: Totals, columns: int) -> None:
    """Print the totals, the most telling moments, and where to look."""
    for name, words, tone in total_lines(order, totals):
        print_named(name, words, columns, tone)
    for moment in totals.moments:
        words = f"{moment.log} at {moment.from_us / 1e6:.3f} s: {moment_words(moment)}"
        print_named("moment", words, columns, Tone.QUIET)
    print_named("look at", f"{order.out.rstrip('/')}/overview.html", columns)
