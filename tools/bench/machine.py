"""What the figures were measured on, in one line.

Knows: where the kernel tells its processor and memory. Refuses to know: the machine's name.
"""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("python-can", "cantools", "transitions", "asammdf", "numpy")
"""Those whose versions a reader needs to repeat the figures."""


def kind() -> str:
    """Return the processor, how many of it, memory, system and Python, and today's date."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    words = {key.strip(): value.strip() for key, _, value in (s.partition(":") for s in lines)}
    processor = words.get("model name") or words.get("Hardware") or platform.machine()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return (
        f"{datetime.date.today().isoformat()}: {processor} ({platform.machine()}),"
        f" {len(os.sched_getaffinity(0))} processors, {pages / 2**30:.0f} GB, Linux"
        f" {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )


def load() -> str:
    """Return how busy others keep the machine: more than its processors, and times are theirs."""
    return f"load average {os.getloadavg()[0]:.1f} over the last minute"


def packages() -> str:
    """Return the versions of what was measured beside us."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)
