"""The position in a mapping file: what is refused, and what a frame of it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from vehicle.wire.profile import check_profile, load_profile, profile_path

DEGREE = 10_000_000


def put(latitude: int, longitude: int) -> bytes:
    return latitude.to_bytes(4, "little", signed=True) + longitude.to_bytes(
        4, "little", signed=True
    )


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (put(52 * DEGREE, 4 * DEGREE), (52.0, 4.0)),
        (put(-90 * DEGREE, -180 * DEGREE), (-90.0, -180.0)),
        (put(90 * DEGREE + 1, 0), None),
        (put(0, 180 * DEGREE + 1), None),
        (put(-(1 << 31), 0), None),
        (put(0, 0)[:7], None),
        (b"", None),
    ],
)
def test_a_frame_tells_degrees_or_nothing(data: bytes, where: tuple[float, float] | None) -> None:
    position = load_profile("reference").position
    assert position is not None
    assert position.read(data) == where


def test_a_position_is_no_part_of_what_is_read_or_recorded() -> None:
    profile = load_profile("reference")
    assert profile.position_ids == {(0x2A0, False)}
    assert not profile.position_ids & profile.receive_ids
    assert load_profile("bmw_i3").position_ids == frozenset()


REPLACED = {
    "another unit": (
        'longitude = "NavigationPosition.Longitude"',
        'longitude = "BoardSupplyState.BoardVoltage"',
        'is in "V" by its DBC; map one in deg',
    ),
    "two messages": (
        'longitude = "NavigationPosition.Longitude"',
        'longitude = "BoardSupplyState.BoardVoltage"',
        "must be in the message of the latitude, NavigationPosition",
    ),
    "no longitude": (
        'longitude = "NavigationPosition.Longitude"\n',
        "",
        "longitude",
    ),
    "a signal that is not there": (
        "NavigationPosition.Latitude",
        "NavigationPosition.Latitud",
        'did you mean "Latitude"?',
    ),
    "a row that reads it": (
        '"NavigationState.Zone" = 3 }',
        '"NavigationPosition.Latitude" = 3 }',
        "is read by rows, too; a position's frames are shown to nobody else",
    ),
    "a check of its frames": (
        "[message.NavigationPosition]\n",
        '[message.NavigationPosition]\nprotection = { kind = "e2e-p05", data_id = 1 }\n',
        "message NavigationPosition is not checked here",
    ),
    "a message without a limit": (
        "[message.NavigationPosition]\nstale_ms = 5000\n",
        "",
        "add [message.NavigationPosition]",
    ),
}


@pytest.mark.parametrize("case", REPLACED)
def test_what_is_wrong_with_a_position_is_named(tmp_path: Path, case: str) -> None:
    shipped = profile_path("reference")
    text, (old, new, says) = shipped.read_text(encoding="utf-8"), REPLACED[case]
    assert old in text
    (tmp_path / "chargelock.dbc").write_text(
        shipped.with_name("chargelock.dbc").read_text(encoding="utf-8"), encoding="utf-8"
    )
    path = tmp_path / "reference.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    found = [str(finding) for finding in check_profile(path)]
    assert any(says in each and "reference.toml:" in each for each in found), found
