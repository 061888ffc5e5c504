"""The control socket's methods for the place: told by name or as a position, and the owner's zones.

Knows: how a position becomes a name at once. Refuses to know: what follows from a place. No answer,
error or note repeats a position; it is forgotten as soon as its zone is known.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from vehicle.core.circumstance import CONDITION_WORDS, nearest
from vehicle.core.signals import Place
from vehicle.runtime.surroundings import Surroundings
from vehicle.runtime.varlink_call import Call
from vehicle.runtime.varlink_methods import bad_setting, failed
from vehicle.runtime.varlink_wire import VarlinkError
from vehicle.runtime.zones import (
    RADIUS_M,
    Position,
    Zone,
    ZoneError,
    ZoneFile,
    ZoneStoreError,
    place_at,
    zone_named,
)

Reply = Mapping[str, Any]

NOT_CHANGED = "The zones are as they were."
CAR_TELLS = "this car tells by itself where it stands, and is believed"
NO_ZONES = "no zone is set, so a position says nothing; set one: chargelock place zone home"


class PlaceControl:
    """The handlers of the place's methods."""

    def __init__(
        self,
        surroundings: Surroundings,
        zones: ZoneFile,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """``zones`` must be loaded; ``wall_s``: the time of day in seconds since 1970."""
        self._surroundings = surroundings
        self._zones = zones
        self._wall_s = wall_s
        self._saving = False
        surroundings.on_position(self._locate)

    @property
    def handlers(self) -> dict[str, Callable[[Call], Reply | None]]:
        """Method name -> function."""
        return {
            "GetPlace": lambda _: self._told(),
            "TellPlace": self._tell_place,
            "TellPosition": self._tell_position,
            "SetZone": self._set_zone,
            "UnsetZone": lambda call: self._put(call, None),
        }

    @property
    def notes(self) -> list[str]:
        """What was found wrong with the zones, in words."""
        return list(self._zones.notes)

    def _told(self) -> Reply:
        zones = [
            {"zone": place, "radius_m": zone.radius_m} for place, zone in self._zones.zones.items()
        ]
        return {"place": self._surroundings.place, "zones": zones}

    def _tell_place(self, call: Call) -> Reply:
        word, words = call.parameters["place"], CONDITION_WORDS["place"]
        if word not in words:
            fits = f"must be one of {', '.join(words)}{nearest(word, words)}"
            raise bad_setting(f"place = {word!r} {fits}")
        self._check_not_told()
        self._surroundings.tell_place(Place(word))
        return self._told()

    def _tell_position(self, call: Call) -> Reply:
        if not self._zones.zones:
            raise bad_setting(NO_ZONES)
        position = _position(call)
        self._check_not_told()
        self._match(position)
        return self._told()

    def _check_not_told(self) -> None:
        if self._surroundings.car_tells:
            raise bad_setting(CAR_TELLS)

    def _locate(self, latitude_deg: float, longitude_deg: float) -> None:
        """Take a position that the car itself tells. Where it names a place too, that counts."""
        if self._zones.zones:
            self._match(Position(latitude_deg, longitude_deg))

    def _match(self, position: Position) -> None:
        self._surroundings.tell_place(
            place_at(self._zones.zones, position, self._surroundings.place)
        )

    def _set_zone(self, call: Call) -> None:
        try:
            zone = Zone(_position(call), call.parameters["radius_m"] or RADIUS_M)
        except ZoneError as error:
            raise bad_setting(str(error)) from error
        self._put(call, zone)

    def _put(self, call: Call, zone: Zone | None) -> None:
        """Keep a zone, in a thread: the disk may take longer than the car waits for our frames."""
        try:
            place = zone_named(call.parameters["zone"])
        except ZoneError as error:
            raise bad_setting(str(error)) from error
        if self._saving:
            raise failed("another zone is being saved", "Try again.")
        self._saving = True
        who, when_s = call.peer.user, int(self._wall_s())

        def save() -> VarlinkError | None:
            try:
                self._zones.put(place, zone, who=who, when_s=when_s)
            except ZoneStoreError as error:
                return failed(str(error), NOT_CHANGED)
            return None

        def saved(done: asyncio.Future[VarlinkError | None]) -> None:
            self._saving = False
            error = done.result()
            if error is not None:
                call.fail(error)
            else:
                call.reply(self._told())

        asyncio.get_running_loop().run_in_executor(None, save).add_done_callback(saved)


def _position(call: Call) -> Position:
    try:
        return Position(call.parameters["latitude_deg"], call.parameters["longitude_deg"])
    except ZoneError as error:
        raise bad_setting(str(error)) from error
