"""Runs contenders in turn and keeps the medians.

Knows: the order of runs, and how figures of several rounds become one.
Refuses to know: what is run, and how it is printed.

The first round warms caches up and is not counted. A ratio is taken within each round, and then the
median of the ratios: machines that others use too drift by more between two rounds than within one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from tools.bench.plan import SPOILT, Area, BenchError, Column, Figures, Group, Ratio

Cells = dict[str, dict[str, float]]
"""Contender -> a column's title -> its median; under SPOILT, how many of its runs were."""


def measure(area: Area, group: Group, rounds: int, say: Callable[[str], None]) -> Cells:
    """Run a group ``rounds`` times, and once before to warm up; return every column's median.

    Raises BenchError where a contender failed.
    """
    counted = min(rounds, group.rounds_max or rounds)
    runs: dict[str, list[Figures]] = {contender.name: [] for contender in group.contenders}
    for number in range(0 if counted > 1 else 1, counted + 1):
        for contender in group.contenders:
            word = f"round {number} of {counted}" if number else "warming up"
            say(f"{area.name}: {group.title}: {contender.name}, {word}")
            try:
                figures = contender.run()
            except BenchError as error:
                raise BenchError(f"{group.title}: {contender.name}: {error}") from error
            if number:
                runs[contender.name].append(figures)
    return {
        name: {
            column.title: value
            for column in area.columns
            if (value := _median(column, name, runs)) is not None
        }
        | {SPOILT: sum(1 for run in runs[name] if run.get(SPOILT))}
        for name in runs
    }


def _median(column: Column | Ratio, name: str, runs: dict[str, list[Figures]]) -> float | None:
    own = _values(runs[name], column.figure)
    if own is None:
        return None
    if isinstance(column, Column):
        return median(own)
    theirs = runs.get(column.against, [])
    other = _values(theirs, column.figure)
    if other is None:
        return None
    sound = [
        mine / peer
        for mine, peer, run, beside in zip(own, other, runs[name], theirs, strict=True)
        if peer and not run.get(SPOILT) and not beside.get(SPOILT)
    ]
    return median(sound) if sound else None


def _values(runs: Sequence[Figures], figure: str) -> list[float] | None:
    """Return one figure of all rounds; None where the contender does not have it."""
    values = [run[figure] for run in runs if figure in run]
    return values if runs and len(values) == len(runs) else None
