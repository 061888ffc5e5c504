"""One received message: its watch, its protection, its latest payload, and the memory of them.

Knows: what is kept of a message between two of its frames. Refuses to know: how a frame is judged
(``translator``), and what it says.
"""

from __future__ import annotations

from collections.abc import Callable

from vehicle.core.names import Authenticity, Proof
from vehicle.core.signals import SignalValue
from vehicle.core.snapshot import SIGNALS
from vehicle.wire.layout import MessageSpec
from vehicle.wire.memory import MessageMemory, ago, then
from vehicle.wire.protection import Protection
from vehicle.wire.rivals import Rivals
from vehicle.wire.supervision import Watch

Judge = Callable[[int, MessageSpec, bytes], Authenticity]
"""Checks one frame's authentication code: microseconds, message, payload."""
Judged = Callable[[int, str, Authenticity], None]
"""Told when what becomes of a message's codes changes: microseconds, message, outcome."""


class Reader:
    """One message's watch, protection, and latest payload."""

    __slots__ = (
        "authenticity",
        "invalid",
        "length",
        "lost_values",
        "mask",
        "masked",
        "name",
        "protection",
        "rivals",
        "secoc",
        "watch",
    )

    def __init__(self, watch: Watch, mask: int) -> None:
        spec = watch.spec
        self.name = spec.name
        self.watch = watch
        self.protection = Protection(spec.protection) if spec.protection else None
        self.rivals = Rivals.of(spec)
        """Whether two senders make it; None: that is told otherwise, or cannot be told."""
        self.secoc = spec.secoc is not None
        """Whether it carries an authentication code."""
        self.authenticity: Authenticity | None = None
        """What became of its latest frame's; None: nobody has a key to check it with."""
        self.mask = mask & ~spec.protection.mask if spec.protection else mask
        self.masked = -1
        """The latest payload under the mask; -1: the next frame is read whatever it holds."""
        self.length = -1
        self.invalid = False
        self.lost_values: dict[str, SignalValue] = {}
        """Signals that its loss changed, as they were before."""

    def authentic(self, now_us: int, data: bytes, judge: Judge | None, judged: Judged) -> bool:
        """Return whether a frame may be believed, as far as its authentication goes.

        Without a judge the outcome is the one that stands.
        """
        if judge is not None:
            outcome = judge(now_us, self.watch.spec, data)
            if outcome is not self.authenticity:
                judged(now_us, self.name, outcome)
                self.authenticity = outcome
        return self.authenticity in (None, Authenticity.GENUINE)

    @property
    def proof(self) -> Proof:
        """What shows that the frames which are believed are the car's own."""
        if self.authenticity is not None:
            return Proof.AUTHENTIC
        return Proof.NONE if self.protection is None else Proof.INTACT

    def pass_over(self, now_us: int, data: bytes) -> None:
        """Take note of good frames that held nothing new; the last was ``data`` at ``now_us``."""
        watch = self.watch
        watch.heard_us = watch.base_us = now_us
        watch.bus.last_us = max(now_us, watch.bus.last_us or 0)
        if self.protection is not None:
            self.protection.pass_over(data)

    def memory(self, now_us: int) -> MessageMemory:
        """Return what there is to remember. That the payload is as it was only saves work."""
        watch = self.watch
        return MessageMemory(
            heard_ago_us=ago(watch.heard_us, now_us),
            base_ago_us=ago(watch.base_us, now_us),
            lost_ago_us=ago(watch.lost_us, now_us),
            frozen=watch.frozen,
            invalid=self.invalid,
            lost_values=tuple((signal, str(value)) for signal, value in self.lost_values.items()),
            protection=self.protection.memory if self.protection is not None else None,
            rivals=self.rivals.memory(now_us) if self.rivals is not None else None,
            authenticity=self.authenticity,
        )

    def resume(self, memory: MessageMemory, now_us: int) -> None:
        """Go on from ``memory``. Raises ValueError for a signal or value that does not exist."""
        watch = self.watch
        watch.heard_us = then(memory.heard_ago_us, now_us)
        watch.base_us = then(memory.base_ago_us, now_us)
        watch.lost_us = then(memory.lost_ago_us, now_us)
        watch.frozen = memory.frozen
        self.invalid = memory.invalid
        self.authenticity = memory.authenticity
        self.lost_values = {signal: value_of(signal, word) for signal, word in memory.lost_values}
        if self.protection is not None and memory.protection is not None:
            self.protection.resume(memory.protection)
        if self.rivals is not None:
            self.rivals.forget()
            if memory.rivals is not None:
                self.rivals.resume(memory.rivals, now_us)


def value_of(signal: str, word: str) -> SignalValue:
    """Return a signal's value from its word. Raises ValueError where there is none."""
    if signal not in SIGNALS:
        raise ValueError(f"there is no signal {signal}")
    return SIGNALS[signal](word)  # type: ignore[return-value]
