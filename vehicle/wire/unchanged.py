"""What a sieve must know of each message: its mask, its silence, its bus and its protection.

Knows: how a translator's readers become tables that any sieve can work with, as objects and as C
has them (``_sieve.h``). Refuses to know: frames.

A protection that is not described here is not judged here: each frame of such a message goes
through the translator.
"""

from __future__ import annotations

import struct
from enum import IntEnum

from vehicle.core.record import record
from vehicle.wire.frame import PAYLOAD_BYTES
from vehicle.wire.layout import ProtectionSpec
from vehicle.wire.protection import Code, code_of, crc8_table
from vehicle.wire.reader import Reader
from vehicle.wire.translator import Translator

SETTLED = 6
"""After so many good frames more than its window holds, a message is VALID and its window clean:
two lead there from NODATA, three from INVALID, and one is compared with the one before it."""

_PACKED = struct.Struct("=64s256sqq9i4x")
RULE_BYTES = _PACKED.size
"""Size of a rule as C has it."""

_ALL_BITS = (1 << 8 * PAYLOAD_BYTES) - 1
_COUNTER_BITS_MAX = 32


class Guard(IntEnum):
    """How a message is protected, as far as the sieve can tell."""

    NONE = 0
    E2E_P05 = 1
    CRC8 = 2
    UNKNOWN = 3
    """By something else: every frame is kept."""


@record
class Rule:
    """One message. Numbers that do not apply are 0."""

    name: str
    mask: int
    """The bits that are read, the payload as little-endian integer."""
    stale_us: int
    """How long it may be silent; -1: as long as it likes."""
    bus: int
    """Messages with the same number share a bus."""
    guard: Guard
    settled: int = 0
    """Good frames in a row after which a frame that holds nothing new may be passed over."""
    data_id: int = 0
    place: int = 0
    """crc8: the checksum's byte."""
    table: bytes = b""
    """crc8: the checksum of each byte value."""
    start: int = 0
    final_xor: int = 0
    counter_start: int = 0
    """The counter's lowest bit, the payload as little-endian integer."""
    counter_bits: int = 0
    """0: without a counter."""
    counter_max: int = 0
    code: Code | None = None
    """The same as an object, for a kernel in Python."""

    @property
    def mask_bytes(self) -> bytes:
        """The mask as it lies over a payload."""
        return self.mask.to_bytes(PAYLOAD_BYTES, "little")

    def packed(self) -> bytes:
        """Return it as ``_sieve.h`` has it."""
        return _PACKED.pack(
            self.mask_bytes,
            self.table,
            self.stale_us,
            self.counter_max,
            self.bus,
            self.guard,
            self.settled,
            self.data_id,
            self.place,
            self.start,
            self.final_xor,
            self.counter_start,
            self.counter_bits,
        )


def rules_of(translator: Translator) -> tuple[Rule, ...]:
    """Return a rule for each message that a translator reads."""
    readers = translator.readers.values()
    buses = {name: index for index, name in enumerate({r.watch.spec.bus: None for r in readers})}
    return tuple(_rule(reader, buses[reader.watch.spec.bus]) for reader in readers)


def _rule(reader: Reader, bus: int) -> Rule:
    spec = reader.watch.spec
    stale_us = -1 if spec.stale_us is None else spec.stale_us
    rule = Rule(reader.name, reader.mask & _ALL_BITS, stale_us, bus, Guard.UNKNOWN)
    if spec.secoc is not None:
        return rule
    if spec.protection is None:
        return Rule(rule.name, rule.mask, stale_us, bus, Guard.NONE)
    return _guarded(rule, spec.protection)


def _guarded(rule: Rule, spec: ProtectionSpec) -> Rule:
    settled = spec.window + SETTLED
    if spec.kind == "e2e-p05":
        return Rule(
            rule.name,
            rule.mask,
            rule.stale_us,
            rule.bus,
            Guard.E2E_P05,
            settled,
            data_id=spec.data_id,
            counter_start=16,
            counter_bits=8,
            counter_max=255,
            code=code_of(spec),
        )
    if spec.kind != "crc8" or spec.checksum is None:
        return rule
    counter_start = counter_bits = 0
    if spec.counter is not None:
        places = spec.counter.bit_places
        counter_start, counter_bits = places[0], len(places)
        in_a_row = places == tuple(range(counter_start, counter_start + counter_bits))
        in_a_word = counter_start % 64 + counter_bits <= 64
        if not in_a_row or not in_a_word or spec.counter.signed or counter_bits > _COUNTER_BITS_MAX:
            return rule
    return Rule(
        rule.name,
        rule.mask,
        rule.stale_us,
        rule.bus,
        Guard.CRC8,
        settled,
        place=spec.checksum.bit_places[0] // 8,
        table=crc8_table(spec.polynomial),
        start=spec.start,
        final_xor=spec.final_xor,
        counter_start=counter_start,
        counter_bits=counter_bits,
        counter_max=spec.counter_max if counter_bits else 0,
        code=code_of(spec),
    )
