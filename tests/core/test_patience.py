"""A failed try costs nothing, the fourth costs a wait, and no wait is long or for ever."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.patience import FORGET_US, FREE_FAILURES, WAIT_MAX_US, Patience

pytestmark = pytest.mark.fast

S = 1_000_000


def test_three_failures_are_free_and_then_the_wait_doubles_up_to_eight_seconds() -> None:
    patience, waits = Patience(), []
    for _ in range(9):
        now_us = patience.until_us
        patience = patience.failed(now_us)
        waits.append((patience.until_us - now_us) // S)
    assert waits == [0, 0, 0, 1, 2, 4, 8, 8, 8]
    assert waits[:FREE_FAILURES] == [0] * FREE_FAILURES


def test_a_wait_ends_at_its_very_moment() -> None:
    patience = Patience()
    for _ in range(4):
        patience = patience.failed(10 * S)
    assert patience.exhausted(11 * S - 1)
    assert not patience.exhausted(11 * S)


def test_failures_are_forgotten_a_minute_after_the_wait() -> None:
    patience = Patience()
    for _ in range(4):
        patience = patience.failed(0)
    assert not patience.forgotten(S + FORGET_US - 1)
    assert patience.forgotten(S + FORGET_US)
    assert patience.failed(S + FORGET_US) == Patience(1, S + FORGET_US)
    assert patience.failed(S + FORGET_US - 1).failures == 5


def test_who_never_failed_has_nothing_to_forget() -> None:
    assert Patience().forgotten(-FORGET_US)
    assert not Patience().exhausted(0)


@given(gaps=st.lists(st.integers(0, 2 * FORGET_US), max_size=40))
def test_no_wait_is_longer_than_the_longest_and_what_is_remembered_stays_small(
    gaps: list[int],
) -> None:
    patience, now_us, seen = Patience(), 0, [Patience()]
    for gap_us in gaps:
        now_us += gap_us
        patience = patience.failed(now_us)
        assert 0 <= patience.until_us - now_us <= WAIT_MAX_US
        seen.append(patience)
    assert max(each.failures for each in seen) <= 7
    assert all(after.failures <= before.failures + 1 for before, after in pairwise(seen))


def test_another_clock_changes_nothing_but_the_times() -> None:
    patience = Patience(5, 7 * S)
    assert patience.later(3 * S).later(-3 * S) == patience
    assert patience.later(3 * S).exhausted(10 * S - 1)
