"""A loaded profile: one car's capabilities, layouts and messages, with the questions asked of it.

Knows: what a mapping file and its DBCs said. Refuses to know: how they are read (``reading``) and
found (``profile``, which is where to import ``Profile`` from).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from vehicle.core.car import Car
from vehicle.wire.dbc import Dbc
from vehicle.wire.findings import Finding, did_you_mean
from vehicle.wire.frame import Frame
from vehicle.wire.layout import CanId, Layout, MessageSpec, SentMessage, Variant
from vehicle.wire.position import PositionSpec
from vehicle.wire.variants import pick


@dataclass(frozen=True)
class Profile:
    """One car, ready for use."""

    name: str
    title: str
    path: Path
    """The mapping file."""
    sources: tuple[str, ...]
    car: Car
    dbc: Dbc
    layout: Layout
    """What is known whatever the variant; everything, for a car without variants."""
    variants: tuple[Variant, ...] = ()
    transmit: dict[str, SentMessage] = field(default_factory=dict)
    """``command``, ``status``, ``wake`` -> what is sent; a missing kind is never sent."""
    messages: dict[str, MessageSpec] = field(default_factory=dict)
    """Every message the mapping declares, sent ones included."""
    position: PositionSpec | None = None
    """Where its position is told; of no concern to any layout."""
    lacks: tuple[str, ...] = ()
    """Signals that no variant of this car has a source for."""
    lacks_words: dict[str, str] = field(default_factory=dict)
    """Signal -> why it is lacking, where the mapping says so."""
    notes: tuple[Finding, ...] = ()
    """What is worth knowing about its files."""

    @property
    def variant_names(self) -> tuple[str, ...]:
        """The variants' names, in order of preference."""
        return tuple(variant.name for variant in self.variants)

    def layout_of(self, variant: str | None) -> Layout:
        """Return a variant's layout; None: what is known without knowing the variant.

        Raises:
            ValueError: no variant has this name.
        """
        if variant is None:
            return self.layout
        for each in self.variants:
            if each.name == variant:
                return each.layout
        hint = did_you_mean(variant, self.variant_names)
        raise ValueError(f'profile {self.name} has no variant "{variant}"; {hint}')

    def pick_variant(self, frames: Iterable[tuple[int, Frame]]) -> str | None:
        """Return the first variant that fits these (time in us, frame) pairs; None if none does.

        All frames given are judged: give the first few seconds of what is heard.
        """

        return pick(self.variants, frames)

    @cached_property
    def receive_ids(self) -> frozenset[CanId]:
        """Identifiers of every message that is read, in any variant."""
        return frozenset(self.buses_of)

    @property
    def buses(self) -> tuple[str, ...]:
        """The buses that anything is read on, by name."""
        return tuple(sorted(set().union(*self.buses_of.values())))

    @cached_property
    def buses_of(self) -> dict[CanId, set[str]]:
        """Identifier of a message that is read, in any variant -> the buses that it is read on."""
        found: dict[CanId, set[str]] = {}
        for layout in (self.layout, *(variant.layout for variant in self.variants)):
            for spec in layout.messages.values():
                found.setdefault((spec.can_id, spec.extended), set()).add(spec.bus)
        return found

    @property
    def position_ids(self) -> frozenset[CanId]:
        """Identifier of the message that tells the car's position, if one does."""
        spec = None if self.position is None else self.position.spec
        return frozenset() if spec is None else frozenset({(spec.can_id, spec.extended)})

    @cached_property
    def transmit_ids(self) -> frozenset[CanId]:
        """Identifiers of every message that may be sent."""
        return frozenset((s.spec.can_id, s.spec.extended) for s in self.transmit.values())
