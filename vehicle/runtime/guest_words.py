"""What is said to whoever offers a guest code that does not count, or names a guest who is none.

Knows: each verdict in words, and what can be done about it.
Refuses to know: how a code is judged (``guest_pass``), and who is told.
"""

from __future__ import annotations

from collections.abc import Mapping

from vehicle.runtime.guest_pass import Book, Verdict
from vehicle.runtime.outage import Moment
from vehicle.runtime.varlink_methods import code_refused
from vehicle.runtime.varlink_wire import VarlinkError

VERDICT_WORDS: Mapping[Verdict, str] = {
    Verdict.GOOD: "the code is good",
    Verdict.WRONG: "no such code",
    Verdict.EXPIRED: "this code has expired",
    Verdict.USED: "this code has been used",
    Verdict.CLOCK_UNSURE: "the car does not know what time it is, so it cannot tell whether this"
    " code is still valid",
    Verdict.TOO_SOON: "too soon after a wrong code",
    Verdict.LOCKED_OUT: "too many wrong codes; no code is taken any more",
}
COUNTED = tuple(
    verdict
    for verdict in Verdict
    if verdict not in (Verdict.GOOD, Verdict.TOO_SOON, Verdict.LOCKED_OUT)
)
"""What is told in the journal: codes that were looked at. There are ten in a row at most."""
_ASK_THE_OWNER = "Ask the owner for a new one."
_ADVICE: Mapping[Verdict, str] = {
    Verdict.WRONG: "A code has nine letters and digits, such as 3K7-QM2-XRD; try again.",
    Verdict.EXPIRED: _ASK_THE_OWNER,
    Verdict.USED: _ASK_THE_OWNER,
    Verdict.CLOCK_UNSURE: _ASK_THE_OWNER,
    Verdict.LOCKED_OUT: "The owner can allow codes again: chargelock guest allow",
}


def refusal(book: Book, verdict: Verdict, now: Moment) -> VarlinkError:
    """Return what a code is refused with: why, what to do, how long the next try has to wait."""
    wait_s = 0 if book.locked_out else book.pause_s(now)
    advice = _ADVICE.get(verdict, "")
    if book.locked_out:
        advice = _ADVICE[Verdict.LOCKED_OUT]
    elif wait_s:
        advice = f"{advice} The next try is possible in {wait_s} s.".strip()
    return code_refused(verdict, VERDICT_WORDS[verdict], advice, wait_s)


def no_guest(whom: str, known: list[str]) -> str:
    """Return that nobody is called ``whom``, with the nearest of those who are ``known``."""
    import difflib

    near = difflib.get_close_matches(whom, known, 1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"no guest is called {whom!r}{hint}"
