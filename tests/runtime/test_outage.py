"""How long nobody was there: within a boot, across one, and when nobody knows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.runtime import outage
from vehicle.runtime.outage import OUTAGE_US_MAX, SET_US_MIN, Moment, elapsed_us, this_moment

S = 1_000_000
DAY = 86_400 * S
SET = SET_US_MIN + 700 * DAY


def test_within_a_boot_no_setting_of_the_wall_clock_matters() -> None:
    then = Moment("a", 100 * S, SET)
    for wall_us in (0, SET - 365 * DAY, SET + 365 * DAY):
        assert elapsed_us(then, Moment("a", 107 * S, wall_us)) == 7 * S


def test_a_boot_clock_that_ran_backwards_tells_nothing() -> None:
    """Another machine's or container's memory, of which the boot is the same by name."""
    assert elapsed_us(Moment("a", 100 * S, SET), Moment("a", 99 * S, SET + S)) is None


def test_across_a_boot_a_wall_clock_that_is_set_tells() -> None:
    assert elapsed_us(Moment("a", DAY, SET), Moment("b", 9 * S, SET + 60 * S)) == 60 * S


@pytest.mark.parametrize(
    ("then_wall_us", "now_wall_us", "since_boot_us"),
    [
        (0, SET, S),
        (SET, 3 * S, 3 * S),
        (SET, SET_US_MIN - 1, S),
        (SET, SET - 1, S),
        (SET, SET + 8 * S, 9 * S),
        (SET, SET + OUTAGE_US_MAX + 1, S),
    ],
    ids=["never set before", "not set now", "years back", "a little back", "too short", "too long"],
)
def test_a_wall_clock_that_cannot_be_right_tells_nothing(
    then_wall_us: int, now_wall_us: int, since_boot_us: int
) -> None:
    then, now = Moment("a", DAY, then_wall_us), Moment("b", since_boot_us, now_wall_us)
    assert elapsed_us(then, now) is None


def test_boots_that_cannot_be_told_apart_are_different_ones() -> None:
    assert elapsed_us(Moment(None, S, SET), Moment(None, 2 * S, SET + 5 * S)) == 5 * S
    assert elapsed_us(Moment(None, 9 * S, SET), Moment(None, 2 * S, SET + S)) is None


moments = st.builds(
    Moment,
    st.sampled_from(["a", "b", None]),
    st.integers(0, 10 * DAY),
    st.integers(0, SET + 1000 * DAY),
)


@given(then=moments, now=moments)
def test_what_is_told_is_never_negative_and_never_more_than_a_year_across_a_boot(
    then: Moment, now: Moment
) -> None:
    passed_us = elapsed_us(then, now)
    assert passed_us is None or passed_us >= 0
    if then.boot != now.boot and passed_us is not None:
        assert passed_us <= OUTAGE_US_MAX


def test_two_processes_of_one_boot_know_that_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "from vehicle.runtime.outage import this_moment as t; m = t(); print(m.boot, m.boottime_us)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    boot, boottime_us = told.stdout.split()
    now = this_moment()
    assert boot == now.boot
    assert 0 <= now.boottime_us - int(boottime_us) < 600 * S


def test_where_the_kernels_file_is_hidden_the_unit_names_the_boot(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(outage, "BOOT_FILE", tmp_path / "hidden")
    monkeypatch.delenv(outage.BOOT_VARIABLE, raising=False)
    outage.this_boot.cache_clear()
    try:
        assert outage.this_boot() is None
        monkeypatch.setitem(os.environ, outage.BOOT_VARIABLE, "A5FED453-92e1")
        outage.this_boot.cache_clear()
        assert outage.this_boot() == "a5fed45392e1"
    finally:
        outage.this_boot.cache_clear()
