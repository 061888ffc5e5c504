"""What the control socket's methods need of the live service, and no more.

Knows: names and meanings. Refuses to know: how any of it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from vehicle.core.inputs import InputEvent
from vehicle.core.manager import LockManager
from vehicle.core.outputs import Entry
from vehicle.core.settings import Settings
from vehicle.wire.loaded import Profile


class Clock(Protocol):
    """The service's time."""

    def now_us(self) -> int:
        """Return microseconds since the service began; never less than before."""


class Channel(Protocol):
    """One bus interface."""

    @property
    def channel(self) -> str:
        """Its name."""

    @property
    def up(self) -> bool:
        """Whether it can be read and written."""


class Hearing(Protocol):
    """What reads the car's frames."""

    @property
    def heard(self) -> Collection[str]:
        """The messages of which a frame was believed."""

    def tells(self, signal: str) -> bool:
        """Return whether the car itself tells ``signal`` now."""


class LiveService(Protocol):
    """One car's lock manager on its buses."""

    @property
    def profile(self) -> Profile:
        """The car."""

    @property
    def variant(self) -> str | None:
        """The car's variant as recognised, or None."""

    @property
    def manager(self) -> LockManager:
        """What decides."""

    @property
    def translator(self) -> Hearing:
        """What hears the car."""

    @property
    def clock(self) -> Clock:
        """Its time."""

    @property
    def ports(self) -> Sequence[Channel]:
        """Its channels."""

    @property
    def foreign_senders(self) -> Collection[int]:
        """Identifiers of ours that somebody else sends."""

    @property
    def journal(self) -> Collection[tuple[int, Entry]]:
        """The latest journal entries with their times, oldest first."""

    on_position: Callable[[float, float], None]
    """Told latitude and longitude, in degrees, where the car tells them. Nobody else is."""

    def channels_of(self, bus: str) -> Collection[str]:
        """Return the channels that the profile's ``bus`` is on, or may be on."""

    def listen(self, listener: Callable[[int, Entry], None]) -> Callable[[], None]:
        """Call ``listener`` for every journal entry; return how to stop that."""

    def give(self, event: InputEvent) -> None:
        """Take an event that is no frame, now."""

    def change_settings(self, settings: Settings, source: str) -> None:
        """Put new settings into force."""
