"""Zones: which place a position lies in, how zones are kept, and that no position gets out."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vehicle.core.signals import Place
from vehicle.runtime import zones
from vehicle.runtime.zones import (
    RADIUS_M_MAX,
    RADIUS_M_MIN,
    Position,
    Zone,
    ZoneError,
    ZoneFile,
    ZoneStoreError,
    place_at,
    zone_named,
)

DAM = Position(52.3731, 4.8926)
BY_ANN = {"who": "ann", "when_s": 7}
METRE_DEG = 1 / 111_195
"""A metre to the north."""
POSITIONS = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))


def north(metres: float, of: Position = DAM) -> Position:
    return Position(of.latitude_deg + metres * METRE_DEG, of.longitude_deg)


# ---- distances ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        (DAM, DAM, 0),
        (Position(0, 0), Position(0, 180), 20_015_115),
        (Position(90, 0), Position(-90, 0), 20_015_115),
        (Position(0, 179.999), Position(0, -179.999), 222),
        (Position(90, 0), Position(90, 120), 0),
        (DAM, Position(48.8584, 2.2945), 430_000),
    ],
)
def test_known_distances_are_found(one, other, metres) -> None:
    assert one.distance_m(other) == pytest.approx(metres, rel=0.005, abs=1)


@given(POSITIONS, POSITIONS)
def test_a_distance_is_the_same_both_ways_and_never_too_long(one, other) -> None:
    assert one.distance_m(other) == pytest.approx(other.distance_m(one), abs=0.01)
    assert 0 <= one.distance_m(other) <= 20_015_116


# ---- places -------------------------------------------------------------------------------------


def test_without_zones_no_place_is_known() -> None:
    assert place_at({}, DAM, Place.HOME) is Place.UNKNOWN


def test_a_place_is_the_zone_around_it_and_otherwise_away() -> None:
    both = {Place.HOME: Zone(DAM), Place.WORK: Zone(north(150))}
    assert place_at(both, north(10), Place.UNKNOWN) is Place.HOME
    assert place_at(both, north(74), Place.UNKNOWN) is Place.HOME
    assert place_at(both, north(76), Place.UNKNOWN) is Place.WORK
    assert place_at(both, north(251), Place.UNKNOWN) is Place.AWAY


@given(st.lists(st.floats(100.5, 129), max_size=20))
def test_a_position_that_wanders_about_a_border_changes_the_place_once_at_most(metres) -> None:
    home, inside, outside = {Place.HOME: Zone(DAM)}, Place.HOME, Place.AWAY
    for each in metres:
        inside = place_at(home, north(each), inside)
        outside = place_at(home, north(each), outside)
    assert (inside, outside) == (Place.HOME, Place.AWAY)
    assert place_at(home, north(131), Place.HOME) is Place.AWAY


@given(POSITIONS, POSITIONS, st.integers(RADIUS_M_MIN, RADIUS_M_MAX))
def test_whatever_is_within_the_radius_is_there(middle, position, radius_m) -> None:
    away_m = middle.distance_m(position)
    assume(abs(away_m - radius_m) > 1)
    place = place_at({Place.WORK: Zone(middle, radius_m)}, position, Place.UNKNOWN)
    assert (place is Place.WORK) == (away_m < radius_m)


# ---- what cannot be -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latitude_deg", "longitude_deg"),
    [(90.001, 0), (-91, 0), (0, 180.001), (float("nan"), 0), (0, float("inf"))],
)
def test_a_position_that_is_not_on_earth_is_refused_without_repeating_it(
    latitude_deg, longitude_deg
) -> None:
    with pytest.raises(ZoneError) as refused:
        Position(latitude_deg, longitude_deg)
    for number in (latitude_deg, longitude_deg):
        assert str(number) not in str(refused.value).replace("-90 and 90", "").replace("180", "")


@pytest.mark.parametrize(("radius_m", "near"), [(0, 20), (-5, 20), (50_001, 50_000)])
def test_a_radius_that_cannot_be_names_the_nearest(radius_m, near) -> None:
    with pytest.raises(ZoneError, match=f"the nearest is {near}"):
        Zone(DAM, radius_m)


@pytest.mark.parametrize(
    ("name", "words"), [("hme", "did you mean 'home'"), ("away", "there are home, work")]
)
def test_a_zone_of_another_name_is_refused(name, words) -> None:
    with pytest.raises(ZoneError, match=words):
        zone_named(name)


# ---- the file -----------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path) -> ZoneFile:
    file = ZoneFile(tmp_path / "zones.toml")
    file.load()
    return file


def test_zones_are_there_again_after_a_restart_and_only_the_service_reads_them(kept) -> None:
    kept.put(Place.HOME, Zone(DAM, 60), **BY_ANN)
    kept.put(Place.WORK, Zone(Position(-33.9, -151.2)), **BY_ANN)
    again = ZoneFile(kept.path)
    again.load()
    assert (
        again.zones
        == kept.zones
        == {
            Place.HOME: Zone(DAM, 60),
            Place.WORK: Zone(Position(-33.9, -151.2)),
        }
    )
    assert kept.path.stat().st_mode & 0o777 == 0o600
    kept.put(Place.HOME, None, **BY_ANN)
    again.load()
    assert list(again.zones) == [Place.WORK]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[home", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"[hone]\nlatitude_deg = 1\nlongitude_deg = 2\n", "did you mean 'home'"),
        (b"home = 3\n", "home must be a table"),
        (b"[home]\nlatitude = 1\n", "did you mean 'latitude_deg'"),
        (b"[home]\nlatitude_deg = 1\n", "needs longitude_deg"),
        (b"[home]\nlatitude_deg = true\n", "needs latitude_deg"),
        (b"[home]\nlatitude_deg = 98.125\nlongitude_deg = 2\n", "lies within -90 and 90"),
        (b"[home]\nlatitude_deg = 1\nlongitude_deg = 2\nradius_m = 1\n", "the nearest is 20"),
        (b"[home]\nlatitude_deg = 1\nlongitude_deg = 2\nradius_m = 99.5\n", "whole number"),
    ],
)
def test_a_file_that_cannot_be_used_is_noted_and_no_place_is_known(kept, text, words) -> None:
    kept.path.write_bytes(text)
    kept.load()
    assert kept.zones == {}
    assert words in kept.notes[0]
    assert "98.125" not in kept.notes[0]
    assert place_at(kept.zones, DAM, Place.HOME) is Place.UNKNOWN


def test_a_folder_in_its_place_is_noted(kept) -> None:
    kept.path.mkdir()
    kept.load()
    assert "cannot be read" in kept.notes[0]


def test_a_zone_that_cannot_be_saved_does_not_hold(kept, monkeypatch) -> None:
    kept.put(Place.HOME, Zone(DAM), **BY_ANN)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ZoneStoreError, match=r"No space left on device.*free some space"):
        kept.put(Place.HOME, None, **BY_ANN)
    monkeypatch.undo()
    again = ZoneFile(kept.path)
    again.load()
    assert again.zones == kept.zones == {Place.HOME: Zone(DAM)}
    names = {each.name for each in kept.path.parent.iterdir()}
    assert names == {"zones.toml", "zones.record.jsonl"}


def test_changes_are_recorded_without_where_a_zone_is(kept, monkeypatch) -> None:
    kept.put(Place.HOME, Zone(DAM, 60), **BY_ANN)
    kept.put(Place.HOME, None, **BY_ANN)
    lines = [json.loads(line) for line in kept.record_path.read_text().splitlines()]
    assert lines == [
        {"who": "ann", "when_s": 7, "zone": "home", "old": None, "new": 60},
        {"who": "ann", "when_s": 7, "zone": "home", "old": 60, "new": None},
    ]
    monkeypatch.setattr(zones, "RECORD_BYTES_MAX", 10)
    kept.put(Place.HOME, Zone(DAM, 60), **BY_ANN)
    assert len(kept.record_path.read_text().splitlines()) == 1


def test_a_position_does_not_show_itself_in_a_trace() -> None:
    assert "52" not in repr(DAM) + repr(Zone(DAM)) + str({Place.HOME: Zone(DAM)})
