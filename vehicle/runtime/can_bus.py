"""A channel on an interface that is not SocketCAN's, as python-can opens it.

Knows: python-can's buses, and that some have no file descriptor to wait for: a thread reads those.
Refuses to know: when a channel is opened again, and what a frame means.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from vehicle.runtime.python_can import (
    Arrived,
    BusReader,
    errors_of,
    from_message,
    import_can,
    reason,
    send_message,
)
from vehicle.wire.frame import EXTENDED_ID_MAX, STANDARD_ID_MAX, Frame
from vehicle.wire.layout import CanId

if TYPE_CHECKING:
    import can


def open_bus(interface: str, channel: str, ids: Iterable[CanId] | None, *, fd: bool) -> can.BusABC:
    """Return python-can's bus; ``ids``: what is heard, None: everything.

    Raises what ``errors_of`` the interface names, and ValueError or TypeError for an interface or
    option that python-can does not know.
    """
    opened: can.BusABC = import_can().Bus(
        interface=interface,
        channel=channel,
        can_filters=None if ids is None else _filters(ids),
        fd=fd,
    )
    return opened


class CanBus:
    """An open bus, watched by the event loop: ``ready`` is called when there is something."""

    def __init__(
        self, bus: can.BusABC, interface: str, channel: str, ready: Callable[[], None]
    ) -> None:
        """Take the bus over."""
        self._bus = bus
        self._errors = errors_of(interface)
        self._channel = channel
        self._reader: BusReader | None = None
        loop = asyncio.get_running_loop()
        descriptor = -1
        with contextlib.suppress(NotImplementedError):
            descriptor = bus.fileno()
        if descriptor >= 0:
            loop.add_reader(descriptor, ready)
        else:
            self._reader = BusReader(bus, channel, loop, ready)

    @property
    def reads(self) -> bool:
        """Whether whatever reads it is known to live, silence or not."""
        return self._reader is None or self._reader.lives

    def hear_only(self, ids: Iterable[CanId]) -> None:
        """From now on hear nothing but ``ids``."""
        self._bus.set_filters(_filters(ids))  # type: ignore[arg-type]

    def read(self, batch: list[Arrived], limit: int) -> str | None:
        """Append up to ``limit`` frames that have arrived; return why there will be no more.

        None: there may be more.
        """
        reader = self._reader
        if reader is None:
            return self._receive(batch, limit)
        reader.told = False
        while len(batch) < limit and reader.arrived:
            batch.append(reader.arrived.popleft())
        return None if reader.arrived else reader.over

    def _receive(self, batch: list[Arrived], limit: int) -> str | None:
        try:
            while len(batch) < limit:
                message = self._bus.recv(0)
                if message is None:
                    return None
                batch.append(from_message(message, self._channel))
        except self._errors as error:
            return reason(error)
        return None

    def send(self, frame: Frame) -> None:
        """Send one frame. Raises OSError where it is not taken."""
        send_message(self._bus, frame)

    def close(self) -> None:
        """Close the bus."""
        if self._reader is not None:
            self._reader.stop()  # it closes its bus itself: nobody else may while it reads
            return
        with contextlib.suppress(NotImplementedError, ValueError, OSError):
            asyncio.get_running_loop().remove_reader(self._bus.fileno())
        with contextlib.suppress(*self._errors):
            self._bus.shutdown()


def _filters(ids: Iterable[CanId]) -> list[dict[str, int | bool]]:
    return [
        {
            "can_id": can_id,
            "can_mask": EXTENDED_ID_MAX if extended else STANDARD_ID_MAX,
            "extended": extended,
        }
        for can_id, extended in ids
    ]
