"""Guest codes: how they look, how they are read, when they hold, and how wrong ones are slowed."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehicle.runtime.guest_pass import (
    CODE_LETTERS,
    LETTERS,
    PASSES_MAX,
    PAUSE_S_MAX,
    SALT_BYTES,
    TRIES_MAX,
    Book,
    Pass,
    Verdict,
    digest_of,
    judge,
    left_s,
    meant,
    new_code,
    shown,
)
from vehicle.runtime.outage import Moment

NOW = Moment("first", 5_000_000_000, 1_800_000_000_000_000)
SALT = b"s" * SALT_BYTES
CODES = st.text(LETTERS, min_size=CODE_LETTERS, max_size=CODE_LETTERS)


def quick(code: str, salt: bytes) -> bytes:
    """Stand in for the slow hash where it is not the question."""
    return salt + code.encode()


def one_pass(code: str = "3K7QM2XRD", **changes) -> Pass:
    fields = {"letter": code[0], "whom": "neighbour", "made": NOW, "valid_s": 7200, "once": True}
    return Pass(**{**fields, "salt": SALT, "digest": quick(code, SALT), **changes})


def later(
    seconds: int, boot: str = "first", *, up_s: int | None = None, wall_s: int | None = None
) -> Moment:
    """Return NOW and some seconds; ``up_s``: since the boot; ``wall_s``: the wall clock's gain."""
    boottime_us = NOW.boottime_us + seconds * 1_000_000 if up_s is None else up_s * 1_000_000
    return Moment(
        boot, boottime_us, NOW.wall_us + (seconds if wall_s is None else wall_s) * 1_000_000
    )


# ---- codes --------------------------------------------------------------------------------------


@given(CODES)
def test_a_code_as_it_is_shown_is_read_as_it_was_made(code) -> None:
    assert meant(shown(code)) == code
    assert meant(f"  {shown(code).lower()} ") == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("3k7-qm2-xrd", "3K7QM2XRD"),
        ("3K7 QM2 XRD", "3K7QM2XRD"),
        ("OIL-oil-000", "011011000"),
        ("3K7-QM2-XR", None),
        ("3K7-QM2-XRDD", None),
        ("3K7-QM2-XRU", None),
        ("3K7-QM2-XR\u0130", None),
        ("", None),
        ("\0" * 9, None),
    ],
)
def test_what_people_type_for_a_letter_is_read_as_meant(typed, code) -> None:
    assert meant(typed) == code


def test_a_new_code_begins_with_a_letter_that_is_free() -> None:
    chance = random.Random(4)
    for taken in range(PASSES_MAX):
        code = new_code(LETTERS[:taken], chance.choice)
        assert code[0] not in LETTERS[:taken]
        assert meant(code) == code
    with pytest.raises(ValueError, match="revoke one first"):
        new_code(LETTERS, chance.choice)


def test_the_slow_hash_depends_on_code_and_salt_and_is_slow() -> None:
    began = time.process_time()
    one = digest_of("3K7QM2XRD", SALT)
    took_s = time.process_time() - began
    assert len({one, digest_of("3K7QM2XRE", SALT), digest_of("3K7QM2XRD", b"t" * SALT_BYTES)}) == 3
    assert b"3K7" not in one
    assert took_s > 0.01, "cheap to guess"


# ---- judging ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "now", "verdict"),
    [
        ({}, later(0), Verdict.GOOD),
        ({}, later(7199), Verdict.GOOD),
        ({}, later(7200), Verdict.EXPIRED),
        ({"used": 1}, later(0), Verdict.USED),
        ({"used": 5, "once": False}, later(0), Verdict.GOOD),
        ({"used": 1}, later(9000), Verdict.USED),
        # Within a boot nobody can set the clock that counts.
        ({}, later(60, wall_s=-1_800_000_000), Verdict.GOOD),
        ({}, later(7200, wall_s=-1_800_000_000), Verdict.EXPIRED),
        ({}, later(60, wall_s=10**9), Verdict.GOOD),
        # After a reboot the wall clock counts, where it can be right.
        ({}, later(60, "second", up_s=3), Verdict.GOOD),
        ({}, later(7200, "second", up_s=3), Verdict.EXPIRED),
        ({}, later(0, "second", wall_s=-1, up_s=3), Verdict.CLOCK_UNSURE),
        ({}, later(0, "second", wall_s=-1_800_000_000, up_s=3), Verdict.CLOCK_UNSURE),
        ({}, later(60, "second", up_s=7200), Verdict.CLOCK_UNSURE),
    ],
)
def test_a_code_holds_as_long_as_it_is_valid_and_not_used_up(changes, now, verdict) -> None:
    book = Book((one_pass(**changes),))
    assert judge(book, "3K7-QM2-XRD", now, quick) == (verdict, book.passes[0])


@pytest.mark.parametrize("typed", ["4K7QM2XRD", "3K7QM2XRE", "3K7", "", "x" * 1000])
def test_a_wrong_code_costs_one_hash_like_a_good_one(typed) -> None:
    asked: list[str] = []

    def counted(code: str, salt: bytes) -> bytes:
        asked.append(code)
        return quick(code, salt)

    assert judge(Book((one_pass(),)), typed, NOW, counted) == (Verdict.WRONG, None)
    assert len(asked) == 1


@settings(max_examples=50)
@given(CODES, CODES)
def test_no_other_code_opens_a_pass(code, other) -> None:
    verdict, _ = judge(Book((one_pass(code),)), other, NOW, quick)
    assert (verdict is Verdict.GOOD) == (code == other)


def test_what_is_left_never_grows_with_time() -> None:
    one = one_pass()
    left = [left_s(one, later(seconds)) for seconds in range(0, 8000, 50)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0


# ---- slowed down and locked out -----------------------------------------------------------------


def test_the_pause_doubles_with_each_wrong_try_and_ends_in_a_lockout() -> None:
    book, pauses = Book(), []
    for _ in range(TRIES_MAX):
        assert not book.locked_out
        book = book.charged(NOW)
        pauses.append(book.pause_s(NOW))
    assert pauses == [1, 2, 4, 8, 16, 32, PAUSE_S_MAX, PAUSE_S_MAX, PAUSE_S_MAX, PAUSE_S_MAX]
    assert book.barred(later(10**6)) is Verdict.LOCKED_OUT
    assert book.forgiven().barred(NOW) is None


def test_a_pause_is_waited_out_by_a_clock_that_nobody_can_set() -> None:
    book = Book().charged(NOW).charged(NOW).charged(NOW)
    assert book.barred(later(3)) is Verdict.TOO_SOON
    assert book.barred(later(4)) is None
    assert book.barred(later(0, wall_s=10**9)) is Verdict.TOO_SOON
    assert book.barred(later(4, wall_s=-1_800_000_000)) is None


def test_a_reboot_does_not_shorten_a_pause() -> None:
    book = Book().charged(NOW).charged(NOW).charged(NOW)
    assert book.barred(later(10**6, "second", up_s=3)) is Verdict.TOO_SOON
    assert book.barred(later(0, "second", up_s=4)) is None
