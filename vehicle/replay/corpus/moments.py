"""The moments that tell most of what would be otherwise with other settings.

Knows: which difference tells more than another. Refuses to know: how differences are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from vehicle.core.record import record
from vehicle.replay.compare import Difference

MOMENTS = 10
"""So many are shown, and so many are kept of each log."""


_HELD = ("engage", "engaging", "engaged")


@record
class Moment:
    """A difference of the outcome, and where it is."""

    log: str
    report: str | None
    profile: str
    from_us: int
    to_us: int
    what: str
    values: tuple[str | None, str | None]
    """With the settings of now, and with the others."""
    reasons: tuple[str | None, str | None]

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def moment_of(plain: dict[str, Any]) -> Moment:
    """Return the moment that ``plain`` was made of, also by way of JSON."""
    pairs = {name: tuple(plain[name]) for name in ("values", "reasons")}
    return Moment(**{**plain, **pairs})


def moments(
    log: str, report: str | None, profile: str, differences: Iterable[Difference]
) -> list[Moment]:
    """Return the most telling of one log's differences."""
    found = [
        Moment(log, report, profile, each.from_us, each.to_us, each.what, each.values, each.reasons)
        for each in differences
        if each.outcome
    ]
    return sorted(found, key=_rank)[:MOMENTS]


def most_telling(found: Iterable[Moment]) -> list[Moment]:
    """Return the most telling moments: of each kind one, of each log one, then whatever is left.

    Ten logs in which the same happens tell less than ten things that happen.
    """
    left = sorted(found, key=_rank)
    chosen: list[Moment] = []
    for what in (_kind, _log, None):
        seen = {what(each) for each in chosen} if what else set()
        for each in [*left]:
            if what is not None:
                if what(each) in seen:
                    continue
                seen.add(what(each))
            chosen.append(each)
            left.remove(each)
    return sorted(chosen[:MOMENTS], key=_rank)


def _kind(moment: Moment) -> object:
    return moment.what, moment.values, moment.reasons


def _log(moment: Moment) -> object:
    return moment.log


def _rank(moment: Moment) -> tuple[int, int, str, int, str]:
    """Order by what a person at the car would notice most, then by how long, then by place."""
    return (
        _notice(moment.what, moment.values),
        moment.from_us - moment.to_us,
        moment.log,
        moment.from_us,
        moment.what,
    )


def _notice(what: str, values: Sequence[str | None]) -> int:
    """0: held here and not there. 1: power here and none there. 2: something else."""
    held = [(value or "").removesuffix("-assumed") in _HELD for value in values]
    if held[0] != held[1]:
        return 0
    return 1 if what == "permit" and "none" in values else 2
