"""How long nobody was there, by clocks that run on across a restart.

Knows: the clock that counts from the boot and in sleep, which boot it is, and when the wall clock
may be believed. Refuses to know: what a time that has passed changes.

Within one boot CLOCK_BOOTTIME tells, and no setting of any clock changes that. Across a boot only
the wall clock could, and a gateway without a battery for its clock starts in 1970, or wherever it
was switched off. So the wall clock counts where it was set on both sides, runs forward, and says
that at least the time since this boot has passed. Otherwise nobody knows how long it was.
"""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path

from vehicle.core.record import record
from vehicle.runtime.clock import wall_us

BOOT_VARIABLE = "CHARGELOCK_BOOT_ID"
"""Names the boot where the sandbox hides the kernel's own file: the unit sets it."""
BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")

SET_US_MIN = 1_704_067_200_000_000
"""2024-01-01, before this program was written: a wall clock that lies before it was never set."""
OUTAGE_US_MAX = 366 * 86_400_000_000
"""A year. A wall clock that says more is wrong more often than it is right."""


@record
class Moment:
    """One moment, on the clocks that two processes can compare."""

    boot: str | None
    """Which boot of the machine it was in; None where that cannot be told."""
    boottime_us: int
    """Since that boot, sleep included."""
    wall_us: int
    """Since 1970, as far as anybody has set that clock."""


def this_moment() -> Moment:
    """Return the present moment."""
    boottime_us = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000
    return Moment(this_boot(), boottime_us, wall_us())


@cache
def this_boot() -> str | None:
    """Return what tells this boot from every other; None where nothing does."""
    named = os.environ.get(BOOT_VARIABLE, "")
    if not named:
        try:
            named = BOOT_FILE.read_text(encoding="ascii")
        except OSError:
            return None
    return named.strip().replace("-", "").lower() or None


def elapsed_us(then: Moment, now: Moment) -> int | None:
    """Return how long ago ``then`` was, in microseconds, not negative; None where nobody knows."""
    if then.boot is not None and then.boot == now.boot:
        passed_us = now.boottime_us - then.boottime_us
        return passed_us if passed_us >= 0 else None
    passed_us = now.wall_us - then.wall_us
    if min(then.wall_us, now.wall_us) < SET_US_MIN:
        return None
    return passed_us if now.boottime_us <= passed_us <= OUTAGE_US_MAX else None
