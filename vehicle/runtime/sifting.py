"""Which of a car's messages are passed over on which channel, and what was passed over.

Knows: the translator's messages, where each was heard, and which must not be passed over.
Refuses to know: how frames are read and compared (``sift``), and what follows from them.

Only what was heard on one channel, and on no other, is passed over there. Nor is a message that
tells where the car is, which nobody but its reader may keep, or one that only we should send.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from vehicle.runtime.can_socket import first_word
from vehicle.runtime.clock import LiveClock
from vehicle.runtime.ports import Port
from vehicle.runtime.sift import Passed, Sift
from vehicle.runtime.wiring import Wiring
from vehicle.wire.frame import Frame
from vehicle.wire.layout import CanId
from vehicle.wire.translator import Translator
from vehicle.wire.unchanged import rules_of


class Sifting:
    """One service's messages in its sieve."""

    def __init__(
        self, sift: Sift, clock: LiveClock, ports: Sequence[Port], exempt: Collection[CanId]
    ) -> None:
        """Prepare; ``exempt``: what is always handed over."""
        self.sift = sift
        self._ports = ports
        self._exempt = frozenset(exempt)
        self._names: tuple[str, ...] = ()
        self._frames: dict[str, Frame] = {}
        """Message -> a frame of it, without its payload."""
        sift.begin(clock)

    def renew(self, translator: Translator, wiring: Wiring) -> None:
        """Begin anew, by what the translator reads and the wiring knows now.

        To be called when everything that was read is taken in.
        """
        rules = rules_of(translator)
        self._names = tuple(rule.name for rule in rules)
        self._frames = {}
        numbers = {name: number for number, name in enumerate(self._names)}
        channels: dict[CanId, list[str]] = {}
        for channel, can_id in wiring.known:
            channels.setdefault(can_id, []).append(channel)
        routes: dict[str, dict[int, int]] = {port.channel: {} for port in self._ports}
        for can_id, places in channels.items():
            if len(places) != 1 or can_id in self._exempt:
                continue
            reader = translator.routes.reader_of(places[0], *can_id)
            if reader is not None and places[0] in routes:
                number, extended = can_id
                self._frames[reader.name] = Frame(number, b"", places[0], extended)
                routes[places[0]][first_word(can_id)] = numbers[reader.name]
        self.sift.read_with(rules)
        for port in self._ports:
            port.sift_by(self.sift, routes[port.channel])

    def told_by(self, passed: Passed) -> tuple[str, Frame]:
        """Return the message that was passed over, and the last frame of it."""
        name = self._names[passed.rule]
        return name, self._frames[name]._replace(data=passed.data)
