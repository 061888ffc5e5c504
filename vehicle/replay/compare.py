"""Two replays of one recording, or a replay and the car's own controller: where they differ.

Knows: what counts as a difference, and which differences are of the outcome.
Refuses to know: what made the two differ (settings, profiles, versions), and how it is shown.

Rules of this file:
1. What holds (signals, demands, rules, states, permit, faults) is compared over time: a difference
   has a beginning and an end. What happens (commands, requests, events) has a moment.
2. The outcome is what a person at the car would notice: a demand, a pin's state, the permit.
   Another rule for the same demand is a difference, but not of the outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.policy import RULES
from vehicle.core.record import record
from vehicle.core.words import PIN_WORDS
from vehicle.replay.agreement import Agreement
from vehicle.replay.report.chronicle import NO_TRACK, Chronicle, Track
from vehicle.replay.report.lanes import ASSUMED, PERMIT, demand_key, state_key

Pair = tuple[str | None, str | None]
"""Of either side; None where it says nothing."""

_SENTENCES = {rule.name: rule.sentence for rule in RULES}
_POINTS = ("event", "request", "command")


@record
class Difference:
    """One thing in which two sides differ, from a moment to another; at a moment both are equal."""

    from_us: int
    to_us: int
    what: str
    values: Pair
    reasons: Pair
    outcome: bool
    """A demand, a pin's state or the permit differs."""

    def fields(self) -> dict[str, Any]:
        """Return the difference as it stands in ``--json``."""
        return {
            "from_us": self.from_us,
            "to_us": self.to_us,
            "what": self.what,
            "values": list(self.values),
            "reasons": list(self.reasons),
            "outcome": self.outcome,
        }


def compare(one: Chronicle, other: Chronicle) -> list[Difference]:
    """Return every difference, in order of its beginning."""
    end_us = max(one.end_us, other.end_us)
    found = [*_holding(one, other, end_us), *_happening(one, other)]
    return sorted(found, key=lambda each: (each.from_us, not each.outcome, each.what, each.to_us))


def compare_shadow(chronicle: Chronicle, agreement: Agreement) -> list[Difference]:
    """Return where our demand and the position of the car's own pin differ."""
    return [
        Difference(
            each.from_us,
            each.to_us,
            f"{each.actuator} demand",
            (str(each.demand), str(each.latch)),
            (reason(chronicle, each.actuator, each.from_us), None),
            outcome=True,
        )
        for each in agreement.intervals
        if each.verdict == "differed"
    ]


def spans(differences: Iterable[Difference]) -> list[tuple[int, int]]:
    """Return the intervals in which the outcome differs, joined where they touch, in order."""
    joined: list[tuple[int, int]] = []
    for from_us, to_us in sorted(
        (each.from_us, each.to_us) for each in differences if each.outcome
    ):
        if joined and from_us <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], to_us))
        else:
            joined.append((from_us, to_us))
    return joined


def reason(chronicle: Chronicle, actuator: Actuator, now_us: int) -> str | None:
    """Return the sentence of the rule that decides for ``actuator`` at ``now_us``."""
    rule = chronicle.whys[actuator].rule.at(now_us)
    return None if rule is None else _SENTENCES.get(rule, rule)


# ---- what holds ---------------------------------------------------------------------------------


def _holding(one: Chronicle, other: Chronicle, end_us: int) -> Iterator[Difference]:
    for key in sorted(one.tracks.keys() | other.tracks.keys()):
        pair = one.tracks.get(key, NO_TRACK), other.tracks.get(key, NO_TRACK)
        for from_us, to_us, values in _apart(*pair, end_us):
            reasons = _reason(one, key, from_us), _reason(other, key, from_us)
            yield Difference(from_us, to_us, _title(key), values, reasons, _is_outcome(key))
    for actuator in Actuator:
        yield from _rules(one, other, actuator, end_us)


def _rules(
    one: Chronicle, other: Chronicle, actuator: Actuator, end_us: int
) -> Iterator[Difference]:
    """Yield where one demand has two rules; where the demands differ, their reasons say so."""
    key = demand_key(actuator)
    pair = one.whys[actuator].rule, other.whys[actuator].rule
    for from_us, to_us, values in _apart(*pair, end_us):
        demands = [side.tracks.get(key, NO_TRACK).at(from_us) for side in (one, other)]
        if demands[0] == demands[1]:
            reasons = reason(one, actuator, from_us), reason(other, actuator, from_us)
            yield Difference(from_us, to_us, f"{actuator} rule", values, reasons, outcome=False)


def _apart(one: Track, other: Track, end_us: int) -> Iterator[tuple[int, int, Pair]]:
    """Yield from, to, and both values, for each stretch in which two tracks differ."""
    times = sorted({*one.times_us, *other.times_us})
    ours, theirs = _held(one, times), _held(other, times)
    for index, now_us in enumerate(times):
        if ours[index] != theirs[index]:
            then_us = times[index + 1] if index + 1 < len(times) else end_us
            yield now_us, then_us, (ours[index], theirs[index])


def _held(track: Track, times: list[int]) -> list[str | None]:
    """Return what a track says at each of ``times``, which are in order and hold all of its own."""
    names, held, changes = list(track.names), None, 0
    found: list[str | None] = []
    for now_us in times:
        if changes < len(track.times_us) and track.times_us[changes] == now_us:
            held = names[track.values[changes]]
            changes += 1
        found.append(held)
    return found


_OUTCOME = {PERMIT, *map(demand_key, Actuator), *map(state_key, Actuator)}


def _is_outcome(key: str) -> bool:
    return key in _OUTCOME


def _title(key: str) -> str:
    """Return a track's key as people read it: "demand:latch" is the latch's demand."""
    kind, _, about = key.partition(":")
    if not about:
        return kind.replace("_", " ")
    return f"{about} {kind}" if kind in ("demand", "state") else f"fault {about}"


def _reason(chronicle: Chronicle, key: str, now_us: int) -> str | None:
    """Return why a track holds what it holds: a rule for a pin, the pins for the permit."""
    kind, _, about = key.partition(":")
    if kind in ("demand", "state"):
        return reason(chronicle, Actuator(about), now_us)
    if key == PERMIT:
        states = (
            (actuator, chronicle.tracks.get(state_key(actuator), NO_TRACK).at(now_us))
            for actuator in Actuator
        )
        known = [
            f"{PIN_WORDS[pin]} {state}"
            for pin, state in states
            if state is not None and state.removesuffix(ASSUMED) != "unknown"
        ]
        return "; ".join(known) or None
    return None


# ---- what happens -------------------------------------------------------------------------------


def _happening(one: Chronicle, other: Chronicle) -> Iterator[Difference]:
    ours, theirs = _points(one), _points(other)
    for (now_us, kind, words), count in sorted((ours - theirs).items()):
        for _ in range(count):
            yield Difference(now_us, now_us, kind, (words, None), (None, None), outcome=False)
    for (now_us, kind, words), count in sorted((theirs - ours).items()):
        for _ in range(count):
            yield Difference(now_us, now_us, kind, (None, words), (None, None), outcome=False)


def _points(chronicle: Chronicle) -> Counter[tuple[int, str, str]]:
    return Counter(
        (mark.now_us, mark.kind, mark.words) for mark in chronicle.marks if mark.kind in _POINTS
    )
