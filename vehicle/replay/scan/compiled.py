"""The compiled kernel as Python knows it: hands its buffers to ``_compiled``.

Knows: how columns, rules and state are laid out for C. Refuses to know: what is done with them.

Importing this raises ImportError where the installation has no compiled part, and
StaleKernelError where it has one of another version.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from vehicle.replay.scan import _compiled
from vehicle.replay.scan.columns import Columns, Wanted
from vehicle.replay.scan.kernels import StaleKernelError
from vehicle.replay.scan.lines import Ordinary
from vehicle.replay.scan.objects import Walked
from vehicle.replay.scan.sieve import Record
from vehicle.wire.unchanged import RULE_BYTES, Rule

CONTRACT = 2
"""The number of the agreement with the compiled part; see ``_columns.h``."""

if getattr(_compiled, "CONTRACT", 0) != CONTRACT:
    raise StaleKernelError(
        f"{_compiled.__file__}: the compiled kernel was built for another version of chargelock"
        " and is not used; install chargelock again (in its repository: pip install -e .)"
    )
assert RULE_BYTES == _compiled.RULE_BYTES


def clock(columns: Columns, first: int, state: array[int]) -> int:
    """See ``clock.run_clock``."""
    return _compiled.clock(columns.parts, first, state)


class CompiledSieve:
    """The sieve in C."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = b"".join(rule.packed() for rule in rules)
        self._count = len(rules)
        self._messages = bytearray(_compiled.MESSAGE_BYTES * len(rules))
        buses = 1 + max((rule.bus for rule in rules), default=0)
        self._buses = bytearray(_compiled.BUS_BYTES * buses)
        self._routes = b""
        self._channels = 0

    def take(
        self, columns: Columns, first: int, last: int, routes: Sequence[Sequence[int]]
    ) -> list[Record]:
        """See ``Sieve``."""
        if len(routes) != self._channels:
            self._channels = len(routes)
            self._routes = array("i", [index for route in routes for index in route]).tobytes()
        idents = len(columns.wanted.ids)
        return _compiled.sieve(
            columns.parts,
            first,
            last,
            self._routes,
            idents,
            self._rules,
            self._messages,
            self._buses,
        )

    def flush(self) -> list[Record]:
        """See ``Sieve``."""
        return _compiled.flush(self._rules, self._messages, self._buses)

    def forget(self) -> None:
        """See ``Sieve``."""
        self._messages = bytearray(_compiled.MESSAGE_BYTES * self._count)


class CompiledLines:
    """The scanner of text lines in C."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = (wanted.standard, wanted.extended_ids, wanted.extended_index)
        self._channels = wanted.channels
        self._names = b""
        self._count = 0

    def scan(
        self, ordinary: Ordinary, block: bytes, position: int, columns: Columns
    ) -> tuple[int, int]:
        """See ``LineScanner``."""
        if len(self._channels) != self._count:
            self._count = len(self._channels)
            self._names = b"".join(map(_entry, self._channels))
        return _compiled.lines(
            ordinary.layout,
            ordinary.offset_us,
            ordinary.scale_us,
            ordinary.columns,
            block,
            position,
            columns.parts,
            self._wanted,
            self._names,
        )


def _entry(channel: str) -> bytes:
    """Return a channel's name as the kernel looks it up; one too long is never found."""
    name = channel.encode("latin-1", "replace")
    size = _compiled.CHANNEL_BYTES
    if len(name) >= size:
        return bytes([size]) * size
    return (bytes([len(name)]) + name).ljust(size, b"\0")


class CompiledObjects:
    """The scanner of BLF objects in C."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = (wanted.standard, wanted.extended_ids, wanted.extended_index)
        self._channels = wanted.channels
        self._numbers = array("i")

    def scan(self, start_us: int, data: bytes, position: int, columns: Columns) -> Walked:
        """See ``ObjectScanner``."""
        for name in self._channels[len(self._numbers) :]:
            self._numbers.append(int(name) if name.isdecimal() else -1)
        return _compiled.objects(
            start_us, data, position, columns.parts, self._wanted, self._numbers
        )
