"""Which software version of a car is speaking.

Knows: a variant's plausibility checks, and how to judge them on the first frames. Refuses to know:
what the signals mean, and how many frames are enough.
"""

from __future__ import annotations

from collections.abc import Iterable

from vehicle.wire.fields import Field
from vehicle.wire.frame import Frame
from vehicle.wire.layout import CanId, Plausible, Variant
from vehicle.wire.rules import holds, to_slots


class _Judge:
    """One variant's checks, with the last raw value of each of their fields."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.refuted = False
        self.judged = not variant.plausible
        fields = dict.fromkeys(f for check in variant.plausible for f in check.fields)
        self._slots = {each: index for index, each in enumerate(fields)}
        self._values: list[int | None] = [None] * len(fields)
        self._since: list[int] = [0] * len(fields)
        self._by_id: dict[CanId, list[Field]] = {}
        for each in fields:
            spec = variant.messages.get(each.message)
            if spec is not None:
                self._by_id.setdefault((spec.can_id, spec.extended), []).append(each)

    def feed(self, now_us: int, frame: Frame) -> None:
        """Read a frame, and judge every check it bears on."""
        fields = self._by_id.get((frame.can_id, frame.extended))
        if fields is None or frame.remote or frame.error:
            return
        for each in fields:
            if each.present(frame.data):
                self._set(now_us, self._slots[each], each.raw(frame.data))
        for check in self.variant.plausible:
            if any(each in fields for each in check.fields):
                self._judge(now_us, check)

    def _set(self, now_us: int, slot: int, raw: int | None) -> None:
        if raw != self._values[slot]:
            self._values[slot] = raw
            self._since[slot] = now_us

    def _judge(self, now_us: int, check: Plausible) -> None:
        if check.never:
            truth = holds(to_slots(check.never, self._slots), self._values)
            self.judged |= truth is not None
            self.refuted |= truth is True
            return
        slot = self._slots[check.fields[0]]
        raw = self._values[slot]
        if raw is None:
            return
        self.judged = True
        if check.longest_us is None:
            self.refuted |= raw not in check.values
        else:
            stood_us = now_us - self._since[slot]
            self.refuted |= raw in check.values and stood_us > check.longest_us


class Choice:
    """Chooses among variants while frames come."""

    def __init__(self, variants: Iterable[Variant]) -> None:
        self._judges = [_Judge(variant) for variant in variants]

    def feed(self, now_us: int, frame: Frame) -> None:
        """Judge every variant that is not refuted yet by one more frame."""
        for judge in self._judges:
            if not judge.refuted:
                judge.feed(now_us, frame)

    @property
    def best(self) -> str | None:
        """The name of the first variant that fits all frames so far, or None."""
        fitting = (j.variant.name for j in self._judges if j.judged and not j.refuted)
        return next(fitting, None)

    @property
    def hopeless(self) -> bool:
        """Whether no variant can fit any more."""
        return all(judge.refuted for judge in self._judges)


def pick(variants: Iterable[Variant], frames: Iterable[tuple[int, Frame]]) -> str | None:
    """Return the name of the first variant that fits all (time in us, frame) pairs, or None."""
    choice = Choice(variants)
    for now_us, frame in frames:
        choice.feed(now_us, frame)
    return choice.best
