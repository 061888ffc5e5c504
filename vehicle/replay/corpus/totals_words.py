"""What a corpus comes to in words, for a terminal or a page.

Knows: which lines there are, their names and their order. Refuses to know: how they are counted,
and how a line is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vehicle.replay.corpus.moments import Moment
from vehicle.replay.corpus.order import Order
from vehicle.replay.corpus.rows import Outcome
from vehicle.replay.corpus.totals import Totals
from vehicle.replay.timeline import Tone

Line = tuple[str, str, Tone]
"""A name, words, and how they are shown."""

OUTCOME_WORDS: Mapping[str, str] = {
    Outcome.REPLAYED: "replayed",
    Outcome.UNREADABLE: "unreadable",
    Outcome.NO_PROFILE: "without a profile that fits",
    Outcome.FAILED: "failed",
}


def total_lines(order: Order, totals: Totals) -> Iterator[Line]:
    """Yield the lines: what was read, what came of it, and what it was compared with."""
    yield from _read(totals)
    yield from _outcome(totals)
    if order.shadow:
        yield from _shadow(totals)
    if order.against is not None:
        yield from _against(totals)


def _read(totals: Totals) -> Iterator[Line]:
    sums = totals.sums
    outcomes = ", ".join(
        f"{totals.outcomes[outcome]:,} {words}"
        for outcome, words in OUTCOME_WORDS.items()
        if totals.outcomes[outcome]
    )
    whole = totals.replayed == totals.logs
    yield "logs", f"{totals.logs:,}: {outcomes}", Tone.SENSED if whole else Tone.TOLD
    if totals.others:
        yield (
            "other",
            f"{plural(totals.others, 'file')} in the folders that are no logs",
            Tone.QUIET,
        )
    profiles = (f"{name} {count:,}" for name, count in sorted(totals.profiles.items()))
    yield "profiles", ", ".join(profiles) or "none", Tone.SENSED
    yield "recorded", long_words(sums["duration_s"]), Tone.SENSED
    yield "frames", f"{sums['frames_read']:,} read, {sums['frames_used']:,} used", Tone.SENSED
    if sums["frames_skipped"]:
        yield "skipped", f"{plural(sums['frames_skipped'], 'piece')} that are damaged", Tone.TOLD


def _outcome(totals: Totals) -> Iterator[Line]:
    sums = totals.sums
    yield "sessions", f"{sums['sessions']:,}, with {plural(sums['cables'], 'cable')}", Tone.SENSED
    yield "strokes", f"{sums['strokes']:,}", Tone.SENSED
    yield "events", f"{sums['events']:,}", Tone.SENSED
    faults = (f"{name} in {plural(count, 'log')}" for name, count in sorted(totals.faults.items()))
    words = f"{sums['faults']:,}: {', '.join(faults)}" if sums["faults"] else "none"
    yield "faults", words, Tone.TROUBLE if sums["faults"] else Tone.SENSED
    if totals.logs_degraded:
        words = f"{plural(totals.logs_degraded, 'log')} whose messages could not tell all"
        yield "degraded", words, Tone.QUIET


def _shadow(totals: Totals) -> Iterator[Line]:
    sums = totals.sums
    agreed, differed = long_words(sums["agreed_s"]), long_words(sums["differed_s"])
    stretches = plural(sums["disagreements"], "stretch", "stretches")
    yield "agreement", f"{agreed} with the cars' own latches", Tone.SENSED
    yield "differed", f"{differed} against them, in {stretches}", Tone.TOLD
    if sums["defects"]:
        words = f"{plural(sums['defects'], 'release')} while the inlet did not read safe"
        yield "DEFECT", words, Tone.TROUBLE


def _against(totals: Totals) -> Iterator[Line]:
    sums = totals.sums
    if not sums["against_differences"]:
        yield "against", "nothing would be otherwise", Tone.SENSED
        return
    words = (
        f"{sums['against_sessions']:,} of {plural(sums['sessions'], 'session')} and"
        f" {sums['against_cables']:,} of {plural(sums['cables'], 'cable')} would go otherwise,"
        f" for {sums['against_s'] / 60:,.1f} min, in {plural(totals.logs_differing, 'log')}"
    )
    yield "against", words, Tone.TOLD


def moment_words(moment: Moment) -> str:
    """Return what would be otherwise then, and why."""
    sides = zip(("now", "instead"), moment.values, moment.reasons, strict=True)
    said = (
        f"{name}: {value or 'nothing'}" + (f" ({why.removesuffix('.')})" if why else "")
        for name, value, why in sides
    )
    return f"{moment.what}, {'; '.join(said)}"


def plural(count: int, word: str, words: str = "") -> str:
    """Return a count with its word."""
    return f"{count:,} {word if count == 1 else words or word + 's'}"


def long_words(seconds: float) -> str:
    """Return a length of time in the unit that suits it."""
    if seconds < 600:
        return f"{seconds:,.1f} s"
    return f"{seconds / 60:,.1f} min" if seconds < 36_000 else f"{seconds / 3600:,.1f} h"
