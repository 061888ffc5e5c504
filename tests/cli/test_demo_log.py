"""What the demonstration tells of what happened: which rows, in which order, in which room."""

from __future__ import annotations

import pytest
from demo_hands import Hands

from vehicle.cli.demo_log import ROWS_MAX, YOU


def test_hands_stand_before_what_followed_from_them() -> None:
    hands = Hands("l")
    assert [(row.what, row.words) for row in hands.story.rows] == [
        (YOU, "lock the car"),
        ("car", "car locked"),
    ]


@pytest.mark.whole
def test_hands_stand_before_what_followed_also_once_rows_are_forgotten() -> None:
    hands = Hands("l" * ROWS_MAX)
    rows = hands.story.rows
    assert len(rows) == ROWS_MAX
    assert hands.story.count > ROWS_MAX
    assert [row.what for row in rows] == [YOU, "car"] * (ROWS_MAX // 2)


def test_what_the_panels_show_is_not_told_again() -> None:
    hands = Hands("p3")
    words = [row.words for row in hands.story.rows]
    assert not [each for each in words if "sensor" in each]
    assert hands.told("adapter demand") == []
    assert hands.told("latch demand")[-1].startswith("engage: DC, or AC above 16 A")


def test_with_an_adapter_in_the_inlet_its_lock_is_told_of() -> None:
    hands = Hands("el3")
    assert hands.told("adapter demand")[-1].startswith("engage: the car is locked")


@pytest.mark.whole
@pytest.mark.parametrize("columns", [58, 78, 120])
@pytest.mark.parametrize("height", [0, 1, 3, 10, 500])
def test_the_newest_lines_fit_the_room(columns: int, height: int) -> None:
    hands = Hands("pla3")
    lines = [line for line, _ in hands.story.lines(columns, height)]
    everything = [line for line, _ in hands.story.lines(columns, 500)]
    assert len(lines) <= height
    assert lines == everything[len(everything) - len(lines) :]
    assert all(len(line) <= columns for line in lines)
    assert len(lines) == min(height, len(everything))


def test_ages_of_signals_are_told_where_there_is_room() -> None:
    hands = Hands("p3")
    assert "(session waiting just now" in " ".join(t for t, _ in hands.story.lines(200, 50))
    assert "just now" not in " ".join(t for t, _ in hands.story.lines(58, 50))
