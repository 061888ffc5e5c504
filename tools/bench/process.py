"""Whole processes, measured from outside: the time they take, their processor time, their memory.

Knows: the kernel's accounting of a process that has ended, and of one that lives.
Refuses to know: what the process is for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tools.bench.plan import BenchError, Figures

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = str(Path(__file__).with_name("launch.py"))


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    codes: Iterable[int] = (0,),
) -> Figures:
    """Run a command to its end: ``wall_ms``, ``cpu_ms``, and ``peak_mb`` of resident memory.

    Raises BenchError where it ends with another exit code than one of ``codes``.
    """
    ended = subprocess.run(
        [sys.executable, "-S", "-E", LAUNCH, str(ROOT), *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, **(environment or {})},
        check=False,
    )
    told = ended.stdout.split()
    if len(told) != 4 or int(told[0]) not in codes:
        raise BenchError(f"{' '.join(command)}: ended with {told[:1]}: {ended.stderr.strip()}")
    wall_s, cpu_s, peak_kb = map(float, told[1:])
    return {"wall_ms": wall_s * 1e3, "cpu_ms": cpu_s * 1e3, "peak_mb": peak_kb / 1024}


def resident_mb(pid: int) -> float:
    """Return the resident memory of a living process, in MB of 1,048,576 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise BenchError(f"process {pid} has no memory any more")


def switches(pid: int) -> int:
    """Return how often all threads of a process have gone to sleep or were interrupted so far."""
    count = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith(("voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:")):
                count += int(line.split()[1])
    return count


def cpu_s(pid: int) -> float:
    """Return the processor time that all threads of a process have used so far, in seconds."""
    # schedstat counts nanoseconds; utime and stime in stat count ticks of 10 ms.
    return sum(
        int((task / "schedstat").read_text().split()[0]) / 1e9
        for task in Path(f"/proc/{pid}/task").iterdir()
    )
