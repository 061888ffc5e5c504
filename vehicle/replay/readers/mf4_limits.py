"""How much memory and time the process that reads an MF4 file may take.

Knows: what a file of some size needs at most. Refuses to know: what reads it, and what follows
where it takes more: the kernel refuses memory, and ends the process when its time is over.
"""

from __future__ import annotations

import math
import resource
import time
from pathlib import Path

SPARE_BYTES = 1 << 30
"""Memory that reading any file may take, besides ``TIMES_SIZE`` its size."""
TIMES_SIZE = 4
SPARE_S = 60
S_PER_MB = 2
"""Processor time that reading any file may take, and besides for each million bytes: ten times
what the slowest takes. A damaged file can send asammdf round in circles."""


def limit_memory(size_bytes: int) -> None:
    """Let this process have so much more memory as a file of this size may need."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + SPARE_BYTES + TIMES_SIZE * size_bytes
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))


def limit_time(size_bytes: int) -> None:
    """Have this process end once it has worked longer than a file of this size may take."""
    used_s = time.process_time()
    limit_s = math.ceil(used_s + SPARE_S + S_PER_MB * size_bytes / 1e6)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (limit_s if hard < 0 else min(limit_s, hard), hard))


def memory_limit_mb() -> int:
    """Return how much memory this process may have, in megabytes."""
    return resource.getrlimit(resource.RLIMIT_AS)[0] >> 20
