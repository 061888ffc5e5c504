"""A page says neither which vehicle it is, nor where it was."""

from __future__ import annotations

import pytest

from vehicle.replay.report.privacy import LEFT_OUT, all_told, told_to_all


@pytest.mark.parametrize(
    "words",
    [
        "5YJ3E1EA7KF317000",
        "drive_5YJ3E1EA7KF317000.log",
        "vin 5yj3e1ea7kf317000, parked",
        "52.52000,13.40500",
        "at 52.520008° N, 13.404954° E",
        "trip_-33.8688_151.2093.blf",
    ],
)
def test_a_vehicle_identification_and_a_position_are_left_out(words: str) -> None:
    shown = told_to_all(words)
    assert LEFT_OUT in shown
    assert not any(part in shown for part in ("KF317000", "kf317000", "52.52", "13.40", "151.2"))


@pytest.mark.parametrize(
    "words",
    [
        "bmw_i3_2019_ccs_end_ionity.log.gz",
        "12.400 to 17.199 s: latch demand engage, the car's was released",
        "inlet energised for 58.0 s; connector in the inlet for 6.8 s",
        "ABCDEFGHJKLMNPRST",
        "12345678901234567",
        "2026-11-22 22:16:43 UTC",
    ],
)
def test_other_words_are_kept(words: str) -> None:
    assert told_to_all(words) == words


def test_every_text_of_plain_data_is_looked_at_and_numbers_are_kept() -> None:
    vin = "5YJ3E1EA7KF317000"
    told = all_told({"a": [vin, ("b", vin)], vin: {"c": vin}, "t": [1, 2], "n": None})
    assert told == {
        "a": [LEFT_OUT, ["b", LEFT_OUT]],
        LEFT_OUT: {"c": LEFT_OUT},
        "t": [1, 2],
        "n": None,
    }
