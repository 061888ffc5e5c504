"""One DBC signal as bits: where it lies, and which of its raw values mean something.

Knows: extraction and insertion by mask and shift, physical scaling, ranges, SNA codes,
multiplexing. Refuses to know: what a signal means, and the other signals of its message: so a
signal that overlaps another, or lies beyond a short frame's end, silences nobody but itself.
"""

from __future__ import annotations

from fractions import Fraction

from vehicle.core.record import record
from vehicle.wire.findings import WireError


@record
class Field:
    """One DBC signal, compiled."""

    message: str
    name: str
    start: int
    """The DBC's start bit: the lowest bit if little endian, else the highest (Motorola)."""
    length: int
    """Bits, 1 to 64."""
    big_endian: bool = False
    signed: bool = False
    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)
    low: int | None = None
    """Smallest raw value that the DBC's range allows; None without a range."""
    high: int | None = None
    sna: frozenset[int] = frozenset()
    """Raw values that mean "signal not available"."""
    unit: str = ""
    """The physical value's unit, as the DBC says."""
    mux: Field | None = None
    """The multiplexer that must read one of ``mux_ids`` for this field to be in the frame."""
    mux_ids: frozenset[int] = frozenset()

    @property
    def operand(self) -> str:
        """The name a mapping uses: ``Message.Signal``."""
        return f"{self.message}.{self.name}"

    @property
    def raw_range(self) -> range:
        """Every raw value the bits can hold."""
        half = 1 << (self.length - 1)
        return range(-half, half) if self.signed else range(2 * half)

    @property
    def bit_places(self) -> tuple[int, ...]:
        """Little-endian places of the bits in the payload, lowest bit of the value first."""
        if not self.big_endian:
            return tuple(range(self.start, self.start + self.length))
        places = []
        place = self.start
        for _ in range(self.length):
            places.append(place)
            place = place - 1 if place % 8 else place + 15
        return tuple(reversed(places))

    @property
    def bytes_needed(self) -> int:
        """Shortest payload that holds the whole field."""
        return max(self.bit_places) // 8 + 1

    @property
    def mask(self) -> int:
        """The field's bits, and its multiplexer's, in the payload read as little-endian integer."""
        own = sum(1 << place for place in self.bit_places)
        return own | self.mux.mask if self.mux else own

    def _big_endian_end(self) -> int:
        """Bits from the payload's first bit to just behind the field, in sending order."""
        return 8 * (self.start // 8) + 7 - self.start % 8 + self.length

    def present(self, data: bytes) -> bool:
        """Return whether the frame's multiplexer selects this field."""
        if self.mux is None:
            return True
        return self.mux.present(data) and self.mux.raw(data) in self.mux_ids

    def raw(self, data: bytes) -> int | None:
        """Return the raw value, whatever it means; None if the frame is too short for it."""
        if self.big_endian:
            behind = 8 * len(data) - self._big_endian_end()
            if behind < 0:
                return None
            value = int.from_bytes(data, "big") >> behind
        else:
            if self.start + self.length > 8 * len(data):
                return None
            value = int.from_bytes(data, "little") >> self.start
        value &= (1 << self.length) - 1
        if self.signed and value >> (self.length - 1):
            value -= 1 << self.length
        return value

    def known(self, data: bytes) -> int | None:
        """Return the raw value if it says something: in range and not SNA. Else None."""
        raw = self.raw(data)
        if raw is None or raw in self.sna:
            return None
        if self.low is not None and raw < self.low:
            return None
        if self.high is not None and raw > self.high:
            return None
        return raw

    def put(self, payload: bytearray, raw: int) -> None:
        """Write a raw value.

        Raises:
            WireError: the value does not fit the field, or the payload is too short.
        """
        if raw not in self.raw_range:
            allowed = f"{self.raw_range.start} to {self.raw_range.stop - 1}"
            raise WireError(f"{self.operand}: raw value {raw} does not fit; use {allowed}")
        if self.bytes_needed > len(payload):
            raise WireError(f"{self.operand}: a payload of {len(payload)} bytes is too short")
        whole = int.from_bytes(payload, "little")
        for index, place in enumerate(self.bit_places):
            whole = whole & ~(1 << place) | ((raw >> index & 1) << place)
        payload[:] = whole.to_bytes(len(payload), "little")

    def physical(self, raw: int) -> Fraction:
        """Return a raw value in the DBC's unit."""
        return raw * self.scale + self.offset

    def to_raw(self, physical: float) -> int:
        """Return the raw value nearest to a physical one, in the DBC's unit."""
        return round((Fraction(str(physical)) - self.offset) / self.scale)
