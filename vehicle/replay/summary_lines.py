"""A replay's summary in words, for a terminal or a page.

Knows: which lines there are, their names and their order. Refuses to know: what was counted how,
and how a line is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.replay.agreement import Agreement
from vehicle.replay.summary import Summary
from vehicle.replay.timeline import Tone

Line = tuple[str, str, Tone]
"""A name, words, and how they are shown."""

KERNEL_WORDS = {
    "compiled": "the compiled kernel",
    "numpy": "the NumPy kernel; a C compiler at the time of installation makes it quicker",
    "plain": "the plain kernel; a C compiler at the time of installation makes it much quicker",
    "frames": "nothing but the readers, frame by frame",
}
"""Kernel -> what reads, and what the installation misses."""


def summary_lines(summary: Summary) -> Iterator[Line]:
    """Yield the summary's lines: what was read, what came of it, and what it was compared with."""
    yield from _recording(summary)
    yield from _outcome(summary)
    yield from _comparison(summary)


def _recording(summary: Summary) -> Iterator[Line]:
    """What was read."""
    report = summary.report
    variant = f", variant {summary.variant}" if summary.variant else ""
    formats = ", ".join(dict.fromkeys(report.formats.values()))
    yield "recording", f"{report.duration_us / 1e6:.1f} s, {formats}", Tone.SENSED
    yield "profile", f"{summary.profile}{variant}", Tone.SENSED
    frames = f"{report.frames_read:,} read, {summary.frames_used:,} used"
    yield "frames", frames, Tone.SENSED
    yield "read by", KERNEL_WORDS[summary.kernel], Tone.QUIET
    for cause, skipped in report.frames_skipped.items():
        where = ", ".join(skipped.positions)
        yield "skipped", f"{skipped.count:,}: {cause} (first at {where})", Tone.TOLD
    if report.clamped:
        stamps = _plural(report.clamped, "stamp")
        yield "clamped", f"{stamps} that stepped back by up to 1 s", Tone.TOLD
    if report.segments > 1:
        yield "segments", f"{report.segments}: time jumped between them", Tone.TOLD


def _outcome(summary: Summary) -> Iterator[Line]:
    """What was decided and found."""
    strokes = "; ".join(_strokes(summary)) or "none"
    if summary.agreement is not None and summary.commands:
        strokes += " (none was sent: another controller moved the pins)"
    yield "commands", strokes, Tone.SENSED
    yield "events", _counted(summary.events), Tone.TROUBLE if summary.events else Tone.SENSED
    yield "faults", _counted(summary.faults), Tone.TROUBLE if summary.faults else Tone.SENSED
    for words in summary.degraded:
        yield "degraded", words, Tone.QUIET


def _strokes(summary: Summary) -> Iterator[str]:
    for actuator in Actuator:
        counts = [
            f"{summary.commands[actuator, demand]} {demand}"
            for demand in (Demand.ENGAGE, Demand.RELEASE)
            if summary.commands[actuator, demand]
        ]
        if counts:
            yield f"{actuator} {', '.join(counts)}"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


def _comparison(summary: Summary) -> Iterator[Line]:
    """How our demands and the car's own controller agreed."""
    agreement = summary.agreement
    if agreement is None:
        return
    yield "agreement", _agreement(agreement), Tone.SENSED
    for each in agreement.intervals:
        if each.verdict == "differed":
            span = f"{each.from_us / 1e6:.3f} to {each.to_us / 1e6:.3f} s"
            words = f"{span}: {each.actuator} demand {each.demand}, the car's was {each.latch}"
            yield "differed", words, Tone.TOLD
    if agreement.car_released_while_not_safe:
        times = _plural(agreement.car_released_while_not_safe, "time")
        yield "note", f"the car let go {times} while the inlet did not read safe", Tone.TOLD
    if agreement.releases_while_not_safe:
        commands = _plural(agreement.releases_while_not_safe, "release command")
        yield "DEFECT", f"{commands} while the inlet did not read safe", Tone.TROUBLE


def _agreement(agreement: Agreement) -> str:
    if not agreement.intervals:
        return "nothing to compare: the car is not known to have a pin"
    agreed, differed, unknown = (
        agreement.time_us(verdict) / 1e6 for verdict in ("agreed", "differed", "unknown")
    )
    ours = f"{agreed:.1f} s with the car's own controller; {differed:.1f} s against it"
    return f"{ours}; {unknown:.1f} s not known"


def _plural(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
