"""How long the next try has to wait after tries that failed: a few are free, then it doubles.

Knows: counts, waits and when a failure is forgotten. Refuses to know: what is tried, and by whom.

The wait is bounded, so whoever fails on purpose cannot shut a way for good; and each way has its
own patience, so no way is shut by failures on another.
"""

from __future__ import annotations

from dataclasses import replace

from vehicle.core.record import record

FREE_FAILURES = 3
"""Failures before the first wait: people press twice, and radio loses a frame."""
FIRST_WAIT_US = 1_000_000
WAIT_MAX_US = 8_000_000
"""One guess in 8 s: a 28-bit code then takes 34 years to guess, on average."""
FORGET_US = 60_000_000
"""How long after the last wait the failures before it are forgotten."""

_COUNT_MAX = FREE_FAILURES + (WAIT_MAX_US // FIRST_WAIT_US).bit_length()
"""More failures than this change nothing any more."""


@record
class Patience:
    """What one way of asking has left. Times are on the clock of whoever holds it."""

    failures: int = 0
    until_us: int = 0
    """Until when the next try has to wait."""
    told: bool = False
    """Somebody was told to wait; in the same wait nobody is told again."""

    def exhausted(self, now_us: int) -> bool:
        """Return whether a try has to wait at ``now_us``."""
        return now_us < self.until_us

    def forgotten(self, now_us: int) -> bool:
        """Return whether nothing is left to remember."""
        return not self.failures or now_us >= self.until_us + FORGET_US

    def failed(self, now_us: int) -> Patience:
        """Return what is left after one more failure at ``now_us``."""
        before = 0 if self.forgotten(now_us) else self.failures
        failures = min(before + 1, _COUNT_MAX)
        over = failures - FREE_FAILURES
        wait_us = min(FIRST_WAIT_US << over - 1, WAIT_MAX_US) if over > 0 else 0
        return Patience(failures, now_us + wait_us)

    def later(self, by_us: int) -> Patience:
        """Return the same on a clock that shows ``by_us`` more."""
        return replace(self, until_us=self.until_us + by_us)
