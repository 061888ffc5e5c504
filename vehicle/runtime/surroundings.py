"""Where the car stands and what hour it is: told to the lock manager, which cannot know by itself.

Knows: how long a place that was told stays true, and when the next hour begins.
Refuses to know: zones, positions, and what follows from a place or an hour.

Both are told like any signal, so they are in the journal and in the recording, and a replay needs
no clock. A place is unknown ten minutes after the last telling: whoever told it may be gone, and
the car elsewhere. (With something plugged in the lock manager goes by the last place it knew.)
Where the car's own bus names the place, nobody else is asked. The hour is told only while an
override asks for it: nothing wakes for it otherwise.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from vehicle.core.inputs import Observed
from vehicle.core.outputs import Entry, SettingsTook
from vehicle.core.signals import Hour, Place
from vehicle.runtime.clock import EPOCH_US_MIN
from vehicle.runtime.control_service import LiveService

PLACE_STALE_S = 600.0
"""How long a place holds that was told once."""

_HOURS = tuple(hour for hour in Hour if hour is not Hour.UNKNOWN)
_HOUR_S = 3600


class Surroundings:
    """Tells one service its place and the hour. Make it in the running event loop; ``stop`` it."""

    def __init__(self, service: LiveService, wall_s: Callable[[], float] = time.time) -> None:
        """``wall_s``: the wall clock in seconds since 1970."""
        self._service = service
        self._wall_s = wall_s
        self._loop = asyncio.get_running_loop()
        self._place_timer: asyncio.TimerHandle | None = None
        self._hour_timer: asyncio.TimerHandle | None = None
        self._unlisten = service.listen(self._hear)
        self._mind_the_hour()

    def stop(self) -> None:
        """Tell nothing any more."""
        self._service.on_position = lambda *_: None
        self._unlisten()
        for timer in (self._place_timer, self._hour_timer):
            if timer is not None:
                timer.cancel()

    # ---- the place ------------------------------------------------------------------------------

    def on_position(self, locate: Callable[[float, float], None]) -> None:
        """Let ``locate`` have the latitude and longitude that the car's own bus tells."""
        self._service.on_position = locate

    @property
    def place(self) -> Place:
        """The place that the lock manager believes in."""
        return self._service.manager.snapshot.place

    @property
    def car_tells(self) -> bool:
        """Whether the car's own bus tells the place, so that nobody else may."""
        return self._service.translator.tells("place")

    def tell_place(self, place: Place) -> None:
        """Tell where the car stands; it holds as long as this module's docstring says."""
        if self._place_timer is not None:
            self._place_timer.cancel()
        self._place_timer = self._loop.call_later(PLACE_STALE_S, self._give_place, Place.UNKNOWN)
        self._give_place(place)

    def _give_place(self, place: Place) -> None:
        if place is not self.place and not self.car_tells:
            self._service.give(Observed((("place", place),)))

    # ---- the hour -------------------------------------------------------------------------------

    def _mind_the_hour(self) -> None:
        """Tell the present hour, and be there when the next one begins, if one is asked for."""
        if self._hour_timer is not None:
            self._hour_timer.cancel()
            self._hour_timer = None
        wanted = any(
            name == "hours"
            for override in self._service.manager.settings.overrides
            for name, _ in override.when.conditions
        )
        now_s = self._wall_s()
        hour = self._hour(now_s) if wanted else Hour.UNKNOWN
        if hour is not self._service.manager.snapshot.hour:
            self._service.give(Observed((("hour", hour),)))
        if wanted:
            left_s = _HOUR_S - time.localtime(now_s).tm_min * 60 - now_s % 60
            self._hour_timer = self._loop.call_later(left_s, self._mind_the_hour)

    def _hear(self, _: int, entry: Entry) -> None:
        """Take one journal entry: an hour may be asked for now, or the wall clock have been set."""
        if isinstance(entry, SettingsTook) or self._hour_is_wrong():
            self._loop.call_soon(self._mind_the_hour)

    def _hour_is_wrong(self) -> bool:
        """Return whether the hour is told, and the wall clock was set since, or stood still."""
        told = self._service.manager.snapshot.hour
        return self._hour_timer is not None and told is not self._hour(self._wall_s())

    @staticmethod
    def _hour(now_s: float) -> Hour:
        """Return the local hour; UNKNOWN on a clock that was never set."""
        if now_s * 1e6 < EPOCH_US_MIN:
            return Hour.UNKNOWN
        return _HOURS[time.localtime(now_s).tm_hour]
