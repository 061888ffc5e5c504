"""Everything that comes in on a car's channels, in the order of its arrival.

Knows: the channels, when each frame arrived, how long it lay unread, and which of the profile's
buses cannot be heard. Refuses to know: what a frame means, and what a lost bus leads to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import itemgetter

from vehicle.core.inputs import BusFailed, BusRestored
from vehicle.runtime.clock import LiveClock, Look
from vehicle.runtime.ports import Port
from vehicle.runtime.python_can import Arrived
from vehicle.runtime.sift import BATCH_MAX, Passed
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
        self._gone: set[str] = set()
        """Channels that went down since ``changes`` was last asked."""
        self.drained = True
        """Whether the latest ``take`` took everything there was."""
        self.more = False
        """Whether it left something of which no port will tell by itself."""
        self.stirred = False
        """Whether something became of a channel, or one is down, as of the latest ``take``."""

    def take(self, look: Look) -> list[tuple[int, Port, Frame | Passed]]:
        """Return what has arrived, as (microseconds, channel, frame) in order of arrival.

        Frames that were passed over stand where the first of them arrived: until they are told,
        their message would seem silent to whatever came after that.

        Of a single channel what was read already is enough, where there is such: nothing can have
        come before it. ``look`` is the present moment. A time may lie a little before one that was
        given out since; the clock raises it then.
        """
        arrivals: list[tuple[int, Port, Frame | Passed]] = []
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
            waited_us = port.unread_us()
            if batch:
                waited_us = max(waited_us, look.now_us - self._date(batch, port, look, arrivals))
            self._waited_us[port.channel] = waited_us
        if not alone:
            arrivals.sort(key=itemgetter(0))
        return arrivals

    def _date(
        self,
        batch: Sequence[Arrived | Passed],
        port: Port,
        look: Look,
        arrivals: list[tuple[int, Port, Frame | Passed]],
    ) -> int:
        """Append what came on one channel, each frame not before what came before it.

        Return when the first came that was not passed over; ``look``'s moment if none did.
        """
        first_us, last_us, passed_us = look.now_us, 0, 0
        for each in batch:
            if isinstance(each, Passed):
                passed_us = max(passed_us, each.now_us)
                arrivals.append((max(last_us, each.first_us), port, each))
            else:
                last_us = max(last_us, passed_us, self._clock.arrived_us(look, each.stamp_us))
                first_us = min(first_us, last_us)
                arrivals.append((last_us, port, each.frame))
        return first_us

    def told(self) -> list[str]:
        """Return in words what has become of the channels since the last call."""
        words = []
        for port in self._ports:
            for up, why in port.take_changes():
                words.append(f"{port.channel} is {'back' if up else 'gone'}: {why}")
                if not up:
                    self._gone.add(port.channel)
        return words

    def changes(self) -> list[BusFailed | BusRestored]:
        """Return which buses cannot be heard any more, and which can again, since the last call.

        A channel that went and came back in between is told as gone and as back, though it is up:
        what was sent meanwhile is lost.
        """
        down = {port.channel for port in self._ports if not port.up}
        gone, self._gone = self._gone | down, set()
        if not gone and not self._failed:
            return []
        return [*self._now_failed(gone), *self._now_failed(down)]

    def _now_failed(self, down: Collection[str]) -> list[BusFailed | BusRestored]:
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
