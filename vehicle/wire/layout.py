"""A profile as data: what a car's messages mean, ready for use.

Knows: the compiled form of a mapping file. Refuses to know: how the file is written and checked
(``schema``), and frames (``translator``, ``codec``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from vehicle.core.record import record
from vehicle.wire.fields import Field
from vehicle.wire.rules import Asking, Conditions, Rows, fields_of, fields_of_sources

WINDOW = 5
"""E2E WindowSize: the latest frames that decide whether a message is valid."""
MAX_DELTA = 3
"""E2E MaxDeltaCounter: up to two frames in a row may be missing."""


@record
class ProtectionSpec:
    """How a message proves that it is whole, new, and from its sender."""

    kind: str
    """``e2e-p05`` (AUTOSAR E2E profile 5) or ``crc8``."""
    data_id: int = 0
    """E2E: the message's DataID, 0 to 65535."""
    window: int = WINDOW
    """Frames of which not more than MaxErrorState may be bad. 3 to 255."""
    max_delta: int = MAX_DELTA
    """Largest step of the counter from one frame to the next; 1 means none may be missing."""
    polynomial: int = 0
    start: int = 0
    final_xor: int = 0
    checksum: Field | None = None
    """crc8: where the checksum stands. E2E profile 5 has it in bytes 0 and 1."""
    counter: Field | None = None
    """crc8: the alive counter; None: without. E2E profile 5 has it in byte 2."""
    counter_max: int = 255
    """The counter's largest value, which 0 follows."""

    @property
    def mask(self) -> int:
        """The checksum's and counter's bits, the payload read as little-endian integer."""
        if self.kind == "e2e-p05":
            return 0xFFFFFF
        found = self.checksum.mask if self.checksum else 0
        return found | (self.counter.mask if self.counter else 0)


@record
class SecocSpec:
    """Where a message shows that the car's own key made it (AUTOSAR SecOC; see ``secoc``)."""

    data_id: int
    """Goes into the code, so that no message passes for another. 0 to 65535."""
    freshness: Field
    """The lowest bits of the freshness value."""
    mac: Field
    """The highest bits of the AES-128-CMAC."""
    counter: str = "main"
    """Which freshness counter it takes its values from: messages of one sender share one."""


@record
class MessageSpec:
    """A message that the profile reads or sends."""

    name: str
    can_id: int
    extended: bool
    length: int
    """Bytes, as the DBC says; what is sent has this length."""
    bus: str
    stale_us: int | None
    """How long it may be silent. None: an event, which never goes stale, or a sent message."""
    cycle_us: int | None
    protection: ProtectionSpec | None = None
    secoc: SecocSpec | None = None


@record
class Plausible:
    """One check of whether a variant fits. Exactly one of its three forms is filled.

    ``values``: a field reads nothing else. ``never``: conditions that never hold together.
    ``longest_us`` with ``values``: the field never reads one of them for longer than this.
    """

    fields: tuple[Field, ...]
    values: frozenset[int] = frozenset()
    longest_us: int | None = None
    never: Conditions = ()


@dataclass(frozen=True)
class Layout:
    """What the messages of one software version of the car mean."""

    messages: dict[str, MessageSpec] = field(default_factory=dict)
    """The messages that are read, by DBC name."""
    signals: dict[str, tuple[Rows, ...]] = field(default_factory=dict)
    """Snapshot field -> its sources in order of preference. A missing one stays UNKNOWN."""
    requests: tuple[Asking, ...] = ()
    energy: Field | None = None
    """Session energy in Wh."""

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every field that is read, each once."""
        found: dict[Field, None] = {}
        for sources in self.signals.values():
            found.update(dict.fromkeys(fields_of_sources(sources)))
        for asking in self.requests:
            found.update(dict.fromkeys(fields_of(asking.when)))
        if self.energy is not None:
            found[self.energy] = None
        return tuple(found)


@record
class Variant:
    """One software version: its layout, and how to tell it."""

    name: str
    layout: Layout
    plausible: tuple[Plausible, ...]
    messages: dict[str, MessageSpec] = field(default_factory=dict)
    """The messages that its layout or its checks read."""


@record
class SentMessage:
    """A message that may be sent: for each of its fields, the words and their raw values."""

    spec: MessageSpec
    words: dict[str, dict[str, dict[str, int]]]
    """Field of the command or status -> word -> DBC signal -> raw value."""
    always: dict[str, int] = field(default_factory=dict)
    """DBC signals with one value in every frame."""


def degraded(base: Layout, variants: tuple[Variant, ...]) -> Layout:
    """Return what can be trusted while no variant fits: what is the same in all of them."""
    if not variants:
        return base
    first, *others = [variant.layout for variant in variants]
    messages = {
        name: spec
        for name, spec in first.messages.items()
        if all(other.messages.get(name) == spec for other in others)
    }

    def sure(fields: Iterator[Field]) -> bool:
        return all(found.message in messages for found in fields)

    return Layout(
        messages=messages,
        signals={
            name: rows
            for name, rows in first.signals.items()
            if sure(fields_of_sources(rows))
            and all(other.signals.get(name) == rows for other in others)
        },
        requests=tuple(
            asking
            for asking in first.requests
            if sure(fields_of(asking.when)) and all(asking in other.requests for other in others)
        ),
        energy=first.energy if all(other.energy == first.energy for other in others) else None,
    )


CanId = tuple[int, bool]
"""CAN identifier, and whether it has 29 bits."""
