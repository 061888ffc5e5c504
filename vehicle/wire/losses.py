"""What a message's values come to when it is lost, when two senders make it, when its bus is quiet.

Knows: which values are then unknown, which a quiet bus freezes, and what is to be told.
Refuses to know: frames, and when any of it happens: that is ``supervision``'s and ``rivals``'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vehicle.core.inputs import (
    BusQuiet,
    MessageBack,
    MessageInvalid,
    MessageLost,
    Observed,
    Requested,
)
from vehicle.core.signals import SignalValue
from vehicle.wire.beliefs import Beliefs
from vehicle.wire.reader import Reader
from vehicle.wire.rivals import Rivals
from vehicle.wire.supervision import BusWatch, Supervision

Loss = Observed | MessageLost | MessageBack | MessageInvalid | Requested


class Losses:
    """One translator's messages and beliefs, as far as time loses them and brings them back."""

    def __init__(
        self, supervision: Supervision, readers: Mapping[str, Reader], beliefs: Beliefs
    ) -> None:
        self._supervision = supervision
        self._readers = readers
        self._beliefs = beliefs

    # ---- silence --------------------------------------------------------------------------------

    def lost(self, now_us: int, reader: Reader) -> Sequence[Loss]:
        """A message was not heard for its stale limit: nothing of it is known."""
        reader.watch.lose(now_us)
        reader.masked = -1
        self._forget_rivals(reader)
        if reader.protection is not None:
            reader.protection.reset()
        told = self._beliefs.told
        before = dict(told)
        events = self._beliefs.forget(reader.name)
        reader.lost_values = {s: value for s, value in before.items() if told[s] is not value}
        return [MessageLost(reader.name), *events]

    def quiet(self, bus: BusWatch) -> BusQuiet:
        """A bus has fallen quiet: its values are as before the first of its messages was lost."""
        stopped = bus.fall_quiet()
        frozen: dict[str, SignalValue] = {}
        lost = [watch for watch in stopped if watch.lost_us is not None]
        for watch in sorted(lost, key=lambda watch: watch.lost_us or 0):
            for signal, value in self._readers[watch.spec.name].lost_values.items():
                frozen.setdefault(signal, value)
        for watch in bus.watches:
            reader = self._readers[watch.spec.name]
            reader.masked = -1  # the first frame after the silence is read in any case
            self._forget_rivals(reader)
            if watch.frozen and reader.protection is not None:
                reader.protection.reset()
        told = self._beliefs.told
        changed = {s: value for s, value in frozen.items() if told[s] is not value}
        self._beliefs.doubtful.update(changed)
        return BusQuiet(bus.name, tuple(w.spec.name for w in stopped), tuple(changed.items()))

    def still_quiet(self, bus: str) -> BusQuiet | None:
        """Return once more that a bus is quiet, if it is; nothing of it is frozen anew."""
        watch = self._supervision.buses.get(bus)
        if watch is None or not watch.quiet:
            return None
        stopped = tuple(each.spec.name for each in watch.watches if each.frozen)
        return BusQuiet(bus, stopped, ())

    # ---- two senders ----------------------------------------------------------------------------

    def contested(self, now_us: int, reader: Reader, rivals: Rivals) -> Sequence[Loss]:
        """A frame of a message that two senders make: neither is believed."""
        reader.watch.hear(now_us)
        assert rivals.end_us is not None
        self._supervision.contested[reader.name] = rivals.end_us
        if reader.invalid:
            return []
        reader.invalid = True
        return [MessageInvalid(reader.name), *self._beliefs.forget(reader.name)]

    def uncontested(self, reader: Reader) -> Sequence[Loss]:
        """One sender is left: what it said last is believed."""
        rivals = reader.rivals
        assert rivals is not None
        masked, length = rivals.latest
        self._forget_rivals(reader)
        reader.invalid = False
        data = masked.to_bytes(length, "little")
        return [MessageBack(reader.name), *self._beliefs.read(reader.name, data)]

    def resumed(self, *, same_bits: bool) -> None:
        """The readers go on from another's memory; ``same_bits``: it read what is read here."""
        for name, reader in self._readers.items():
            if not same_bits:
                self._forget_rivals(reader)
            elif reader.rivals is not None and reader.rivals.end_us is not None:
                self._supervision.contested[name] = reader.rivals.end_us

    def _forget_rivals(self, reader: Reader) -> None:
        """Whoever speaks next is the only sender so far."""
        if reader.rivals is not None:
            reader.rivals.forget()
            self._supervision.contested.pop(reader.name, None)
