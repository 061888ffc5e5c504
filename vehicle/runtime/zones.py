"""The owner's zones: which named place a position lies in, and how zones are kept.

Knows: circles on the earth by name, their file, and when a position has left one.
Refuses to know: where a position comes from, and what follows from a place.

A position goes in and a name comes out; nothing here, an error's message included, repeats a
position. The file is for the service's user only. It is plain TOML and may be written by hand::

    [home]
    latitude_deg = 52.3702
    longitude_deg = 4.8952
    radius_m = 100
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from vehicle.core.circumstance import CONDITION_WORDS, nearest
from vehicle.core.record import record
from vehicle.core.signals import Place
from vehicle.runtime.settings_disk import append_flushed, write_flushed

MODE = 0o600
"""The owner of the file only: it says where people live."""
ZONES = tuple(word for word in CONDITION_WORDS["place"] if word != Place.AWAY)
"""The places that can be a zone; outside of them all is AWAY."""

RADIUS_M_MIN, RADIUS_M_MAX = 20, 50_000
"""A zone must be wider than a satellite receiver errs, and is no country."""
RADIUS_M = 100
"""Of a zone whose owner does not say."""
RECORD_BYTES_MAX = 64 * 1024
"""Size at which a new record of changes is begun: some hundreds. One older file is kept."""
EARTH_RADIUS_M = 6_371_008.8
"""Mean radius. Source: IUGG, GRS 80. A sphere is off by 0.5 % at most: half a metre in 100."""


class ZoneError(ValueError):
    """A zone or position that cannot be. The message says what fits, and repeats no position."""


class ZoneStoreError(OSError):
    """The zones cannot be kept. Nothing has changed; the message says why and what to do."""


@record
class Position:
    """A point on the earth, in degrees: WGS 84, north and east positive."""

    latitude_deg: float
    longitude_deg: float

    def __post_init__(self) -> None:
        if not (abs(self.latitude_deg) <= 90 and abs(self.longitude_deg) <= 180):
            raise ZoneError("a latitude lies within -90 and 90 degrees, a longitude -180 and 180")

    def __repr__(self) -> str:
        """Say nothing of where it is: a position must not get into a log by accident."""
        return "Position(...)"

    def distance_m(self, other: Position) -> float:
        """Return the distance along the ground in metres, by the haversine formula."""
        north, other_north = math.radians(self.latitude_deg), math.radians(other.latitude_deg)
        east = math.radians(other.longitude_deg - self.longitude_deg)
        chord = (
            math.sin((other_north - north) / 2) ** 2
            + math.cos(north) * math.cos(other_north) * math.sin(east / 2) ** 2
        )
        return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


@record
class Zone:
    """A circle around a place."""

    middle: Position
    radius_m: int = RADIUS_M

    def __post_init__(self) -> None:
        if not RADIUS_M_MIN <= self.radius_m <= RADIUS_M_MAX:
            near = min(max(self.radius_m, RADIUS_M_MIN), RADIUS_M_MAX)
            raise ZoneError(
                f"radius = {self.radius_m} must be {RADIUS_M_MIN} to {RADIUS_M_MAX} m; the nearest"
                f" is {near}"
            )

    @property
    def leaving_m(self) -> float:
        """How far from the middle a car that was inside counts as gone.

        A parked car's position wanders; at the border it would go in and out otherwise.
        """
        return self.radius_m + max(30.0, self.radius_m / 4)


Zones = Mapping[Place, Zone]


def place_at(zones: Zones, position: Position, was: Place) -> Place:
    """Return the place of ``position``: the nearest zone that it is in; UNKNOWN without zones.

    ``was``: the place before. A zone is left only some way outside of it.
    """
    if not zones:
        return Place.UNKNOWN
    inside = {}
    for place, zone in zones.items():
        away_m = zone.middle.distance_m(position)
        if away_m <= (zone.leaving_m if place is was else zone.radius_m):
            inside[place] = away_m
    if was in inside:
        return was
    return min(inside, key=lambda place: inside[place], default=Place.AWAY)


def zone_named(name: str) -> Place:
    """Return the place that ``name`` names. Raises ZoneError with the nearest that can be."""
    if name in ZONES:
        return Place(name)
    raise ZoneError(
        f"no zone is called {name!r}; there are {', '.join(ZONES)}{nearest(name, ZONES)}"
    )


# ---- the file -----------------------------------------------------------------------------------


class ZoneFile:
    """The zones in one file. Call ``load`` first."""

    def __init__(self, path: Path) -> None:
        """Use ``path``; its folder must exist. Nothing is touched."""
        self.path = path
        self.record_path = path.with_name("zones.record.jsonl")
        """Who changed which zone, and when: its radius before and after, and not where it is."""
        self.zones: Zones = {}
        """The zones that hold."""
        self.notes: list[str] = []
        """What was found wrong with the file, in words."""

    def load(self) -> None:
        """Read the file. One that cannot be used is noted, and no zone holds then."""
        self.zones, self.notes = {}, []
        try:
            if self.path.exists():
                self.zones = _read(tomllib.loads(self.path.read_bytes().decode()))
        except OSError as error:
            self.notes.append(f"{self.path}: cannot be read ({error.strerror}); no place is known")
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            self.notes.append(
                f"{self.path}: is not TOML text; no place is known until it is mended"
            )
        except ZoneError as error:
            self.notes.append(f"{self.path}: {error}; no place is known until it is mended")

    def put(self, place: Place, zone: Zone | None, *, who: str, when_s: int) -> None:
        """Keep ``zone`` as ``place``, or none. Waits for the disk.

        ``who`` did so at ``when_s``, wall-clock seconds since 1970: it is recorded, without where
        the zone is. Raises ZoneStoreError where it cannot be kept; then nothing has changed.
        """
        was = self.zones.get(place)
        zones = {each: kept for each, kept in self.zones.items() if each is not place}
        if zone is not None:
            zones[place] = zone
        line = {"who": who, "when_s": when_s, "zone": place}
        line |= {"old": None if was is None else was.radius_m}
        line |= {"new": None if zone is None else zone.radius_m}
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            if self.record_path.exists() and self.record_path.stat().st_size > RECORD_BYTES_MAX:
                self.record_path.replace(self.record_path.with_name(self.record_path.name + ".1"))
            append_flushed(self.record_path, f"{json.dumps(line, sort_keys=True)}\n".encode())
            fresh.unlink(missing_ok=True)
            write_flushed(fresh, _written(zones), MODE)
            fresh.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise ZoneStoreError(
                f"{self.path}: the zone was not saved ({error.strerror}); free some space or make"
                " the folder writable, then try again"
            ) from error
        self.zones, self.notes = zones, []
        self._flush_folder()

    def _flush_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(document: Mapping[str, object]) -> dict[Place, Zone]:
    zones = {}
    for name, table in document.items():
        place = zone_named(name)
        if not isinstance(table, dict):
            raise ZoneError(f"{name} must be a table, with latitude_deg and longitude_deg")
        unknown = sorted(table.keys() - {"latitude_deg", "longitude_deg", "radius_m"})
        if unknown:
            hint = nearest(unknown[0], ("latitude_deg", "longitude_deg", "radius_m"))
            raise ZoneError(f"[{name}] does not know {unknown[0]!r}{hint}")
        middle = Position(
            _number(table, name, "latitude_deg"), _number(table, name, "longitude_deg")
        )
        radius_m = table.get("radius_m", RADIUS_M)
        if not isinstance(radius_m, int) or isinstance(radius_m, bool):
            raise ZoneError(f"[{name}] radius_m must be a whole number of metres")
        zones[place] = Zone(middle, radius_m)
    return zones


def _number(table: Mapping[str, object], name: str, key: str) -> float:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ZoneError(f"[{name}] needs {key}, a number of degrees")
    return float(value)


def _written(zones: Zones) -> bytes:
    lines = ["# Where the owner's zones are. Only their names leave this file."]
    for place, zone in zones.items():
        lines += ["", f"[{place}]"]
        lines += [f"latitude_deg = {zone.middle.latitude_deg!r}"]
        lines += [f"longitude_deg = {zone.middle.longitude_deg!r}"]
        lines += [f"radius_m = {zone.radius_m}"]
    return ("\n".join(lines) + "\n").encode()
