"""Runs ``chargelock`` as a process of its own, as people do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-W", "error", "-c", "from vehicle.cli.start import main; main()"]
"""The command as its entry point runs it, with warnings as errors."""

_QUIET = ("NO_COLOR", "COLUMNS", "LINES", "PYTHONHASHSEED", "PYTHONIOENCODING", "LC_ALL")


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment without what changes how things look, and ``changes``."""
    kept = {name: value for name, value in os.environ.items() if name not in _QUIET}
    return {**kept, **changes}


def chargelock(
    *arguments: str | Path, cwd: Path | None = None, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; ``changes`` are environment variables."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(**changes),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def lines_of(text: str) -> list[dict[str, Any]]:
    """Return a journal's lines as objects."""
    return [json.loads(line) for line in text.splitlines()]


def of_kind(journal: Sequence[dict[str, Any]], kind: str, **fields: Any) -> list[dict[str, Any]]:
    """Return a journal's lines of one kind whose fields have these values."""
    return [
        line
        for line in journal
        if line["kind"] == kind and all(line.get(name) == value for name, value in fields.items())
    ]
