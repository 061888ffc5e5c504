"""Guest codes: what one looks like, how it is kept, and whether one that is offered holds.

Knows: letters, salts, the slow hash, validity, and how wrong tries are slowed down and locked out.
Refuses to know: files, sockets, what time it is, and how a release goes.

A code such as ``3K7-QM2-XRD`` is one letter that says which pass it belongs to, and eight that are
secret: 2^40 possibilities. Only a salted scrypt hash is kept. Every try costs one hash, whether
there is such a pass or not, so the time it takes tells nothing. The letters are Crockford's: no I,
L, O or U; what people type for them (capital or not, O for 0, I or L for 1, with or without dashes)
is read as meant.

Time is what ``outage`` says: within one boot nobody can set it. After a reboot the wall clock
counts for a pass's end where it can be believed, and the pass is refused where it cannot. For the
pause after a wrong try only the time since the boot counts then: at least that much has passed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from vehicle.core.record import record
from vehicle.runtime.outage import Moment, elapsed_us

SECOND_US = 1_000_000

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32."""
SECRET_LETTERS = 8
CODE_LETTERS = 1 + SECRET_LETTERS
_GROUP = 3
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})

PASSES_MAX = len(LETTERS)
"""How many passes can be kept: each has its own first letter."""
VALID_S_MIN, VALID_S_MAX = 60, 7 * 86_400
"""How long a pass may be valid: a minute to a week."""
WHOM_CHARACTERS_MAX = 60

PAUSE_S_MAX = 64
"""Longest pause after a wrong try; it begins with 1 s and doubles."""
TRIES_MAX = 10
"""Wrong tries in a row after which no code is taken until the owner says so."""

SALT_BYTES = 16
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 5
"""16 MiB and about a quarter of a second on a gateway. Source: OWASP Password Storage Cheat Sheet,
which names this among its minimum choices for scrypt."""
_SCRYPT_BYTES_MAX = 32 * 1024 * 1024


@record
class Pass:
    """One guest's pass."""

    letter: str
    whom: str
    made: Moment
    valid_s: int
    once: bool
    salt: bytes
    digest: bytes
    used: int = 0
    """How many times it has released the cable."""


class Verdict(StrEnum):
    """What became of a code that was offered. Stable names, for the audit and for clients."""

    GOOD = "good"
    WRONG = "wrong-code"
    EXPIRED = "expired-code"
    USED = "used-code"
    CLOCK_UNSURE = "clock-unsure"
    TOO_SOON = "too-soon"
    LOCKED_OUT = "locked-out"


@record
class Book:
    """All passes, and the wrong tries in a row. Frozen: a change makes a new one."""

    passes: tuple[Pass, ...] = ()
    tries: int = 0
    """Wrong tries in a row. At TRIES_MAX nothing is taken any more."""
    tried: Moment | None = None
    """When the last wrong try was."""

    @property
    def locked_out(self) -> bool:
        """Whether no code is taken until the owner says so."""
        return self.tries >= TRIES_MAX

    def pause_s(self, now: Moment) -> int:
        """Return how many seconds must pass before the next try; 0 where none."""
        if self.tried is None or not self.tries:
            return 0
        same_boot = now.boot is not None and now.boot == self.tried.boot
        gone_us = now.boottime_us - (self.tried.boottime_us if same_boot else 0)
        return max(0, min(1 << (self.tries - 1), PAUSE_S_MAX) - gone_us // SECOND_US)

    def barred(self, now: Moment) -> Verdict | None:
        """Return why no code at all is taken at ``now``, or None."""
        if self.locked_out:
            return Verdict.LOCKED_OUT
        return Verdict.TOO_SOON if self.pause_s(now) else None

    def charged(self, now: Moment) -> Book:
        """Return the book with one more wrong try at ``now``."""
        return replace(self, tries=self.tries + 1, tried=now)

    def forgiven(self) -> Book:
        """Return the book without wrong tries."""
        return replace(self, tries=0, tried=None)

    def with_use(self, letter: str, by: int) -> Book:
        """Return the book with the pass ``letter`` used ``by`` more times; -1 gives a use back."""
        passes = tuple(
            replace(each, used=max(0, each.used + by)) if each.letter == letter else each
            for each in self.passes
        )
        return replace(self, passes=passes)


# ---- one code -----------------------------------------------------------------------------------


def new_code(taken: str, pick: Callable[[str], str]) -> str:
    """Return a new code, without dashes, whose first letter is not in ``taken``.

    ``pick`` picks one of some letters, unforeseeably. Raises ValueError where all are taken.
    """
    free = "".join(letter for letter in LETTERS if letter not in taken)
    if not free:
        raise ValueError("no more passes; revoke one first")
    return pick(free) + "".join(pick(LETTERS) for _ in range(SECRET_LETTERS))


def shown(code: str) -> str:
    """Return a code as people are shown it: ``3K7-QM2-XRD``."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def meant(typed: str) -> str | None:
    """Return the code that was meant by what was ``typed``; None where it cannot be one."""
    code = typed.upper().translate(_MEANT)
    fits = len(code) == CODE_LETTERS and all(letter in LETTERS for letter in code)
    return code if fits else None


def digest_of(code: str, salt: bytes) -> bytes:
    """Return the slow hash of ``code``. Takes a quarter of a second: never on the decision loop."""
    return hashlib.scrypt(
        code.encode(),
        salt=salt,
        n=_SCRYPT_N,
        r=_SCRYPT_R,
        p=_SCRYPT_P,
        maxmem=_SCRYPT_BYTES_MAX,
        dklen=32,
    )


# ---- judging ------------------------------------------------------------------------------------


def left_s(one: Pass, now: Moment) -> int | None:
    """Return for how many seconds a pass is still valid; None where the clock cannot tell."""
    gone_us = elapsed_us(one.made, now)
    return None if gone_us is None else max(0, one.valid_s - gone_us // SECOND_US)


def judge(
    book: Book, typed: str, now: Moment, digest: Callable[[str, bytes], bytes] = digest_of
) -> tuple[Verdict, Pass | None]:
    """Return whether the code that was ``typed`` holds at ``now``, and whose pass it is.

    The pass is None where the code is wrong. ``digest`` is the slow hash; it is asked exactly once.
    Whether a try is allowed at all is ``Book.barred``.
    """
    code = meant(typed) or ""
    letter = code[:1]
    found = next((each for each in book.passes if each.letter == letter), None)
    given = digest(code, b"\0" * SALT_BYTES if found is None else found.salt)
    if found is None or not hmac.compare_digest(given, found.digest):
        return Verdict.WRONG, None
    if found.once and found.used:
        return Verdict.USED, found
    seconds = left_s(found, now)
    if seconds is None:
        return Verdict.CLOCK_UNSURE, found
    return (Verdict.GOOD if seconds else Verdict.EXPIRED), found
