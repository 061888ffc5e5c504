"""Numbers as recordings spell them."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.replay.readers.fields import (
    Unwrap,
    data_frame,
    decimal_us,
    millis_us,
    seconds_us,
    spaced_bytes,
)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=9))
def test_seconds_are_cut_to_microseconds_exactly(value: Decimal) -> None:
    exact = int((value * 1_000_000).to_integral_value(rounding=ROUND_DOWN))
    assert decimal_us(f"{value:f}") == exact
    assert decimal_us(f"{value:e}") == exact


@given(st.integers(0, 10**12), st.text("0123456789", max_size=15))
def test_whole_and_fraction_are_joined_without_floats(whole: int, fraction: str) -> None:
    exact = Decimal(f"{whole}.{fraction or '0'}")
    assert seconds_us(str(whole), fraction) == int(exact * 1_000_000)
    assert millis_us(str(whole), fraction) == int(exact * 1_000)


def test_the_seventh_digit_is_cut_off_and_not_rounded() -> None:
    assert decimal_us("1.0000019") == 1_000_001
    assert seconds_us("1", "0000019") == 1_000_001
    assert seconds_us("1", None) == 1_000_000
    assert millis_us("1", None) == 1_000


@pytest.mark.parametrize("text", [" ", "1.2.3", "inf", "1_000", "0x1", "1e999"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        decimal_us(text)


def test_bytes_may_be_padded_or_not_in_either_base() -> None:
    assert spaced_bytes(["0a", "5", "FF", "11"], 3) == b"\x0a\x05\xff"
    assert spaced_bytes(["0x05", "0xff"], 2) == b"\x05\xff"
    assert spaced_bytes(["36", "255"], 2, 10) == b"\x24\xff"
    with pytest.raises(ValueError, match="256"):
        spaced_bytes(["100"], 1)


def test_a_payload_must_be_as_long_as_the_recording_says() -> None:
    assert data_frame(1, False, b"\1", 2, "") == "fewer data bytes than the length says"


def test_a_clock_that_went_beyond_its_modulus_does_not_wrap() -> None:
    wrapping = Unwrap(60)
    assert [wrapping(stamp) for stamp in (50, 59, 1, 0, 40, 2)] == [50, 59, 61, 60, 100, 62 + 60]
    running = Unwrap(60)
    assert [running(stamp) for stamp in (50, 70, 1)] == [50, 70, 1]
