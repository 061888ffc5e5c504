"""What is believed of a car: the latest raw values, and the words they make.

Knows: one value per field, one word per signal, what the core was told, and which of it the core
may hold frozen. Refuses to know: frames' order, checksums, and time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from vehicle.core.inputs import Observed, Requested
from vehicle.core.names import Proof, Request
from vehicle.core.signals import SignalValue
from vehicle.core.snapshot import FITTED_SIGNAL, SIGNALS
from vehicle.wire.fields import Field
from vehicle.wire.layout import Layout
from vehicle.wire.rules import (
    SlotConditions,
    SlotRows,
    evaluate,
    fields_of,
    fields_of_sources,
    holds,
    sources_to_slots,
    to_slots,
)

_FITTED = tuple(FITTED_SIGNAL.values())


class Meaning:
    """A layout compiled for a list of values; shared by everything that reads it."""

    def __init__(self, layout: Layout) -> None:
        slots = {field: slot for slot, field in enumerate(layout.fields)}
        self.size = len(slots)
        self.fields: dict[str, tuple[tuple[int, Field], ...]] = {
            name: tuple((slot, field) for field, slot in slots.items() if field.message == name)
            for name in layout.messages
        }
        """Message -> its fields, with their slots."""
        self.sources: dict[str, SlotRows] = {
            signal: sources_to_slots(sources, slots) for signal, sources in layout.signals.items()
        }
        self.unknown: dict[str, SignalValue] = {
            signal: SIGNALS[signal]("unknown")  # type: ignore[misc]
            for signal in layout.signals
        }
        self.needs: dict[str, tuple[str, ...]] = {
            signal: tuple({field.message: None for field in fields_of_sources(sources)})
            for signal, sources in layout.signals.items()
        }
        """Signal -> the messages it is read from."""
        self.signals: dict[str, tuple[str, ...]] = {
            name: tuple(signal for signal, needs in self.needs.items() if name in needs)
            for name in layout.messages
        }
        """Message -> the signals that depend on it."""
        self.requests: tuple[tuple[Requested, SlotConditions], ...] = tuple(
            (Requested(asking.request, asking.source), to_slots(asking.when, slots))
            for asking in layout.requests
        )
        self.asking: dict[str, tuple[int, ...]] = {
            name: tuple(
                index
                for index, asking in enumerate(layout.requests)
                if any(field.message == name for field in fields_of(asking.when))
            )
            for name in layout.messages
        }
        """Message -> the requests that depend on it."""
        self.asked_in: tuple[tuple[str, ...], ...] = tuple(
            tuple({field.message: None for field in fields_of(asking.when)})
            for asking in layout.requests
        )
        """Request -> the messages it depends on."""
        self.energy = layout.energy
        self.energy_slot = -1 if layout.energy is None else slots[layout.energy]

    def mask(self, message: str) -> int:
        """Return the bits of a message that are read, the payload as little-endian integer."""
        found = 0
        for _, field in self.fields[message]:
            found |= field.mask
        return found


_STRENGTHS = (Proof.NONE, Proof.INTACT, Proof.AUTHENTIC)
"""What a frame can prove, weakest first."""


class Beliefs:
    """One segment's beliefs.

    ``frozen(message)`` tells whether a message stopped with its bus, ``proof(message)`` what shows
    that its frames are the car's own.
    """

    def __init__(
        self, meaning: Meaning, frozen: Callable[[str], bool], proof: Callable[[str], Proof]
    ) -> None:
        self._meaning = meaning
        self._frozen = frozen
        self._proof = proof
        self._values: list[int | None] = [None] * meaning.size
        self._truths: list[bool | None] = [None] * len(meaning.requests)
        self._energy_wh: int | None = None
        self._energy_raw: int | None = None
        """What the energy was worked out from."""
        self._begun = False
        self.told: dict[str, SignalValue] = dict(meaning.unknown)
        """Signal -> the value that its rows give, as the core was told."""
        self.doubtful: set[str] = set()
        """Signals that the core may hold frozen at an older value."""

    def read(self, message: str, data: bytes) -> list[Observed | Requested]:
        """Take a believed frame's values in; return what changed, and requests made."""
        self._read_into(self._values, message, data)
        return self._tell(message, final=False)

    def _read_into(self, values: list[int | None], message: str, data: bytes) -> None:
        for slot, field in self._meaning.fields[message]:
            if field.mux is None or field.present(data):
                values[slot] = field.known(data)

    def forget(self, message: str) -> list[Observed | Requested]:
        """A message's values are gone for good; return what changed."""
        for slot, _ in self._meaning.fields[message]:
            self._values[slot] = None
        return self._tell(message, final=True)

    def asked_in(self, message: str, data: bytes) -> tuple[Request, ...]:
        """Return what a frame asks for, were it believed; nothing is taken in."""
        values = list(self._values)
        self._read_into(values, message, data)
        asking = (self._meaning.requests[index] for index in self._meaning.asking[message])
        return tuple(requested.request for requested, when in asking if holds(when, values))

    # ---- memory ----------------------------------------------------------------------------------

    @property
    def begun(self) -> bool:
        """Whether a frame was ever believed."""
        return self._begun

    @property
    def energy_wh(self) -> int | None:
        """The session's energy as the core was told."""
        return self._energy_wh

    def known(self) -> dict[Field, int]:
        """Return the latest raw value of each field that has one."""
        fields = (each for fields in self._meaning.fields.values() for each in fields)
        return {field: value for slot, field in fields if (value := self._values[slot]) is not None}

    def resume(
        self,
        known: Mapping[Field, int],
        told: Mapping[str, SignalValue],
        doubtful: Collection[str],
        energy_wh: int | None,
    ) -> list[Observed]:
        """Go on from another's beliefs; return what is read otherwise here than it was there.

        ``told`` may name signals that have no source here: they are UNKNOWN from now on. A request
        whose condition is true already is not made by that.
        """
        meaning = self._meaning
        self._begun = True
        for fields in meaning.fields.values():
            for slot, field in fields:
                self._values[slot] = known.get(field)
        self._truths = [holds(when, self._values) for _, when in meaning.requests]
        self.doubtful = {signal for signal in doubtful if signal in meaning.sources}
        self._energy_wh = energy_wh
        self._energy_raw = None
        changed: list[tuple[str, SignalValue]] = []
        for signal, sources in meaning.sources.items():
            unknown = meaning.unknown[signal]
            was = told.get(signal, unknown)
            value = evaluate(sources, self._values, unknown)
            if value is unknown and signal in _FITTED:
                value = was
            self.told[signal] = value
            if value is not was:
                changed.append((signal, value))
        for signal, was in told.items():
            unknown = SIGNALS[signal]("unknown")  # type: ignore[assignment]
            lost = was is not unknown or signal in doubtful
            if lost and signal not in meaning.sources and signal not in _FITTED:
                changed.append((signal, unknown))
        if self._energy_changed() or changed:
            return [Observed(tuple(changed), self._energy_wh)]
        return []

    # ---- telling ---------------------------------------------------------------------------------

    def _tell(self, message: str, *, final: bool) -> list[Observed | Requested]:
        meaning = self._meaning
        changed: list[tuple[str, SignalValue]] = []
        # The first telling covers every signal, for those that the profile states as fixed.
        signals = meaning.signals[message] if self._begun else tuple(meaning.sources)
        self._begun = True
        for signal in signals:
            unknown = meaning.unknown[signal]
            value = evaluate(meaning.sources[signal], self._values, unknown)
            was = self.told[signal]
            if value is unknown and signal in _FITTED:
                value = was
            if value is not was or self._resolved(signal, value is unknown, final):
                self.told[signal] = value
                self.doubtful.discard(signal)
                changed.append((signal, value))
        events: list[Observed | Requested] = []
        if self._energy_changed() or changed:
            events.append(Observed(tuple(changed), self._energy_wh))
        for index in meaning.asking[message]:
            requested, when = meaning.requests[index]
            was_true, truth = self._truths[index], holds(when, self._values)
            self._truths[index] = truth
            if truth and was_true is False:
                events.append(replace(requested, proof=self._weakest(index)))
        return events

    def _weakest(self, index: int) -> Proof:
        """Return what proves a request: no more than the weakest of its messages."""
        proofs = (self._proof(message) for message in self._meaning.asked_in[index])
        return min(proofs, key=_STRENGTHS.index)

    def _resolved(self, signal: str, unknown: bool, final: bool) -> bool:
        """Return whether a signal that the core may hold frozen is now certain."""
        if signal not in self.doubtful:
            return False
        return final or not unknown or not any(map(self._frozen, self._meaning.needs[signal]))

    def _energy_changed(self) -> bool:
        field = self._meaning.energy
        if field is None:
            return False
        raw = self._values[self._meaning.energy_slot]
        if raw is not None and raw == self._energy_raw:
            return False
        self._energy_raw, was = raw, self._energy_wh
        self._energy_wh = None if raw is None else round(field.physical(raw))
        return self._energy_wh is not None and self._energy_wh != was
