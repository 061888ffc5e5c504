"""Everything that comes in on a car's channels, in the order of its arrival.

Knows: the channels, when each frame arrived, how long it lay unread, and which of the profile's
buses cannot be heard. Refuses to know: what a frame means, and what a lost bus leads to.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from vehicle.core.inputs import BusFailed, BusRestored
from vehicle.runtime.clock import LiveClock, Look
from vehicle.runtime.ports import BATCH_MAX, Port
from vehicle.runtime.wiring import Wiring
from vehicle.wire.frame import Frame

WAITED_US_MAX = 1_000_000
"""A frame that lay longer before anybody read it shows that nobody reads."""


class Ears:
    """All channels of one service."""

    def __init__(self, ports: Sequence[Port], clock: LiveClock, wiring: Wiring) -> None:
        self._ports = ports
        self._clock = clock
        self._wiring = wiring
        self._waited_us = dict.fromkeys((port.channel for port in ports), 0)
        self._failed: set[str] = set()
        self.drained = True
        """Whether the latest ``take`` took everything there was."""
        self.more = False
        """Whether it left something of which no port will tell by itself."""
        self.stirred = False
        """Whether something became of a channel, or one is down, as of the latest ``take``."""

    def take(self, look: Look) -> list[tuple[int, Port, Frame]]:
        """Return what has arrived, as (microseconds, channel, frame) in order of arrival.

        Of a single channel what was read already is enough, where there is such: nothing can have
        come before it. ``look`` is the present moment. A time may lie a little before one that was
        given out since; the clock raises it then.
        """
        arrivals: list[tuple[int, Port, Frame]] = []
        clock, alone = self._clock, len(self._ports) == 1
        self.drained, self.more, self.stirred = True, False, bool(self._failed)
        for port in self._ports:
            batch = port.at_hand() if alone else []
            if batch:
                self.drained = False
            else:
                batch = port.poll(BATCH_MAX)
                look = clock.look()
                if not port.drained:
                    self.drained, self.more = False, True
            if port.changes or not port.up:
                self.stirred = True
            if not batch:
                self._waited_us[port.channel] = 0
                continue
            before = len(arrivals)
            for stamp_us, frame in batch:
                arrivals.append((clock.arrived_us(look, stamp_us), port, frame))
            self._waited_us[port.channel] = look.now_us - arrivals[before][0]
        if not alone:
            arrivals.sort(key=itemgetter(0))
        return arrivals

    def told(self) -> list[str]:
        """Return in words what has become of the channels since the last call."""
        return [
            f"{port.channel} is {'back' if up else 'gone'}: {why}"
            for port in self._ports
            for up, why in port.take_changes()
        ]

    def changes(self) -> list[BusFailed | BusRestored]:
        """Return which buses cannot be heard any more, and which can again, since the last call."""
        down = {port.channel for port in self._ports if not port.up}
        if not down and not self._failed:
            return []
        failed = self._wiring.failed(down)
        lost = [BusFailed(bus) for bus in sorted(failed - self._failed)]
        back = [BusRestored(bus) for bus in sorted(self._failed - failed)]
        self._failed = failed
        return [*lost, *back]

    @property
    def well(self) -> bool:
        """Whether each channel that is up is read: no frame of the latest ``take`` lay for long."""
        return all(
            port.reads and self._waited_us[port.channel] < WAITED_US_MAX
            for port in self._ports
            if port.up
        )
