"""How conditions and overrides are written, to the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vehicle.core.circumstance import ConditionError, read_when
from vehicle.core.overrides import (
    OVERRIDES_MAX,
    Override,
    OverrideError,
    check,
    placed,
    read_override,
)
from vehicle.core.settings_read import SettingsError, parse_override

pytestmark = pytest.mark.fast


def override(text: str) -> Override:
    key, value, when = read_override(text)
    return Override(key, value, when)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("22-6", "22-6"),
        (" 22:00 - 6:00 ", "22-6"),
        ("24-6", "0-6"),
        ("6-24", "6-24"),
        ("0-24", "0-24"),
        ("0-0", "0-24"),
        ("7-7", "0-24"),
        ("22-0", "22-24"),
        ("07-9", "7-9"),
    ],
)
def test_a_span_of_hours_is_written_in_one_way(written: str, means: str) -> None:
    assert str(read_when(f"hours={written}")) == f"hours={means}"


@pytest.mark.parametrize("word", ["22", "-6", "22-", "25-6", "6-25", "22-6-7", "a-b", "100-6", ""])
def test_what_is_no_span_of_hours_is_refused_with_an_example(word: str) -> None:
    with pytest.raises(ConditionError) as caught:
        read_when({"hours": word})
    assert str(caught.value) == (
        f"hours = {word!r} must be a span of whole hours, such as 22-6 (22:00 until 6:00)"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("auto-lock=off=on when place=home", "auto-lock = 'off=on' must be one of on, off"),
        ("auto-lock=off when place==home", "place = '=home' must be one of home, work, away"),
        ("auto-lock=off when place=home when x", "place = 'home when x' must be one of"),
        ("release-grace-min=-5 when place=home", "release-grace-min = -5 must be a whole number"),
        ("release-grace-min=5- when place=home", "release-grace-min = '5-' must be a whole number"),
    ],
)
def test_the_first_sign_divides_and_the_rest_belongs_to_the_word(text: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_override(text, "mine")
    assert str(caught.value).startswith(f"mine: {says}")


def test_an_override_that_never_applies_is_named_with_its_place_and_why() -> None:
    wide, never = (
        override("auto-lock=off when place=home"),
        override("auto-lock=on when place=work"),
    )
    never = replace(never, when=read_when("supply=dc, cable=own"))
    with pytest.raises(OverrideError) as caught:
        check([wide, never])
    assert str(caught.value) == (
        "override 2 (auto-lock=on when supply=dc, cable=own) never applies: a DC station's cable is"
        " never your own; remove it"
    )
    assert (caught.value.index, caught.value.by) == (1, ())


def test_the_first_override_too_many_is_the_one_at_fault() -> None:
    many = [override("auto-lock=off when place=home")] * (OVERRIDES_MAX + 1)
    with pytest.raises(OverrideError) as caught:
        check(many)
    assert str(caught.value) == "there are 33 overrides; 32 are the most"
    assert caught.value.index == OVERRIDES_MAX


def test_a_narrower_override_stands_directly_before_the_wider_one() -> None:
    first = override("latch-mode=off when place=work")
    wide = override("auto-lock=off when place=home")
    narrow = override("auto-lock=on when place=home, supply=ac")
    assert placed((first, wide), narrow) == (first, narrow, wide)
