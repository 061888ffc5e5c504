"""Which message an identifier is, channel by channel.

Knows: the messages, and which channel each of their buses is on. Refuses to know: frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vehicle.wire.reader import Reader

EXTENDED = 1 << 29
"""Added to an identifier of 29 bits."""


class Routes(dict[str, dict[int, Reader]]):
    """Channel -> identifier -> what reads its message. A channel is looked at when first met."""

    def __init__(self, readers: Iterable[Reader], channels: Mapping[str, str]) -> None:
        """Prepare; ``channels``: bus -> channel. Other buses are heard on every channel."""
        self._readers = tuple(readers)
        self._channels = channels

    def __missing__(self, channel: str) -> dict[int, Reader]:
        route: dict[int, Reader] = {}
        for reader in self._readers:
            spec = reader.watch.spec
            if self._channels.get(spec.bus, channel) == channel:
                route.setdefault(spec.can_id | (EXTENDED if spec.extended else 0), reader)
        self[channel] = route
        return route

    def reader_of(self, channel: str, can_id: int, extended: bool) -> Reader | None:
        """Return the message that an identifier on a channel is; None: not one of this car's."""
        return self[channel].get(can_id | EXTENDED if extended else can_id)
