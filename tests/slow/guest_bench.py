"""Starts the guest for the slow tests, and says why where this machine cannot run it."""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "tools" / "guest" / "run"

UNAVAILABLE = 69
LIMIT_S = 600
"""Time limit of one guest. The longest takes a fraction of it on a quiet machine."""


def command(*words: str | Path) -> list[str]:
    """Return the command line that runs ``words``, options included, in a guest."""
    return [str(RUN), *map(str, words)]


def in_guest(
    *words: str | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``words``, options included, in a guest, and wait for it."""
    return subprocess.run(
        command("-t", str(LIMIT_S), *words),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        check=False,
    )


@functools.cache
def why_unavailable() -> str | None:
    """Return why this machine cannot run a guest, by trying it once; None: it can.

    A guest that boots and then fails is no reason to skip anything: its tests shall fail.
    """
    tried = subprocess.run(command("--check"), capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode == UNAVAILABLE else None
