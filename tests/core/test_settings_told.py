"""What people are told of settings that depend on the circumstance."""

from __future__ import annotations

import pytest

from vehicle.core.settings import OVERRIDES, SINGLE, Settings
from vehicle.core.settings_read import parse
from vehicle.core.settings_told import Description, described, weakens

pytestmark = pytest.mark.fast

AT_HOME = "auto-lock=off when place=home"
GIVEN_UP = "Anyone can take the cable when it is not charging on DC or above 16 A."


def over(*texts: str, **words: str) -> Settings:
    chosen = {key.replace("_", "-"): word for key, word in words.items()}
    return parse({**chosen, OVERRIDES: list(texts)})


def test_the_list_of_overrides_is_described_last_and_the_others_in_their_own_words() -> None:
    *single, last = described()
    assert [each.key for each in single] == list(SINGLE)
    for each in single:
        assert each.help == SINGLE[each.key].metadata["help"]
    assert last == Description(
        key="overrides",
        help="Settings that hold only in some circumstance; for each the first one that fits wins.",
        default="",
        choices=(),
        fits='overrides such as "auto-lock=off when place=home", with semicolons between them',
        gives_up={},
    )


def test_an_override_that_comes_is_compared_with_what_holds_without_it() -> None:
    assert weakens(Settings(), over(AT_HOME)) == [f"auto-lock off when place=home: {GIVEN_UP}"]
    off = parse({"auto-lock": "off"})
    assert weakens(off, over(AT_HOME, auto_lock="off")) == []
    assert weakens(off, over("auto-lock=on when place=home", auto_lock="off")) == []


def test_an_override_that_goes_is_compared_with_what_holds_then() -> None:
    kept = over("auto-lock=on when place=home", auto_lock="off")
    assert weakens(kept, parse({"auto-lock": "off"})) == [
        f"auto-lock off when place=home: {GIVEN_UP}"
    ]
    assert weakens(over(AT_HOME), Settings()) == []


def test_an_override_that_changes_is_compared_with_itself_and_no_other() -> None:
    before = over("latch-mode=off when place=home", "latch-mode=always when place=work")
    after = over("latch-mode=while-charging when place=home", "latch-mode=always when place=work")
    assert weakens(before, after) == []
    assert weakens(after, before) == [f"latch-mode off when place=home: {GIVEN_UP}"]


def test_what_no_override_touches_is_told_without_a_circumstance() -> None:
    assert weakens(over(AT_HOME), over(AT_HOME, latch_mode="off")) == [
        f"latch-mode off: {GIVEN_UP}"
    ]
