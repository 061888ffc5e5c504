"""A live service under load is killed 200 times: what it leaves is whole, and the next one is safe.

Settings, audit and memory are whole; the journal has whole lines, and is what a replay of the
recording gives, which begins with what the one before remembered; no pin is moved whose sensor has
told nothing in this life.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import environment

SCRIPT = Path(__file__).with_name("live_kills.py")
TESTS = SCRIPT.parents[1]


def killed(folder: Path, lives: int, seed: int) -> dict[str, int]:
    """Let so many services live and be killed; return what happened in all."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(SCRIPT), str(folder), str(lives), str(seed)],
        env=environment(PYTHONPATH=f"{TESTS}:{TESTS / 'runtime'}"),
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    totals: dict[str, int] = json.loads(done.stdout)
    assert totals["lives"] == lives
    return totals


def test_a_service_that_is_killed_a_few_times_leaves_everything_whole(tmp_path: Path) -> None:
    assert killed(tmp_path, 5, seed=4)["lines"] > 100


@pytest.mark.slow
def test_a_service_that_is_killed_200_times_leaves_everything_whole(tmp_path: Path) -> None:
    totals = killed(tmp_path, 200, seed=11)
    assert totals["settings"] > 200
    assert totals["frames"] > 500
    assert totals["strokes"] > 3
