"""``make bench``: medians of runs in turn, and a table that says what was missed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from tools.bench.plan import SPOILT, Aim, Area, Column, Contender, Figures, Group, Ratio  # noqa: E402
from tools.bench.process import run  # noqa: E402
from tools.bench.rounds import measure  # noqa: E402
from tools.bench.table import area_lines  # noqa: E402

RUNS: list[str] = []
AREA = Area(
    "area",
    "An area",
    (Column("cost_ms", "ms", 1), Ratio("cost_ms", "peer", "x peer")),
    groups=lambda _: pytest.fail("nobody asks for them"),
)


def contender(name: str, *costs: float) -> Contender:
    """Return one that costs this much, run by run."""
    left = list(costs)

    def one_run() -> Figures:
        RUNS.append(name)
        return {"cost_ms": left.pop(0)}

    return Contender(name, one_run)


def group(*aims: Aim) -> Group:
    ours, peer = contender("ours", 99, 1, 30, 2), contender("peer", 99, 10, 20, 4)
    return Group("a group", (ours, peer), aims)


def test_contenders_run_in_turn_and_the_first_round_does_not_count() -> None:
    RUNS.clear()
    cells = measure(AREA, group(), 3, lambda _: None)
    assert RUNS == ["ours", "peer"] * 4
    assert cells["ours"]["ms"] == 2
    assert cells["peer"]["ms"] == 10


def test_a_ratio_is_taken_round_by_round() -> None:
    cells = measure(AREA, group(), 3, lambda _: None)
    assert cells["ours"]["x peer"] == 0.5
    assert cells["peer"]["x peer"] == 1


def test_a_missed_aim_is_said_and_a_met_one_too() -> None:
    planned = group(Aim("ours", "x peer", 0.5), Aim("ours", "ms", 1.9))
    cells = measure(AREA, planned, 3, lambda _: None)
    lines = area_lines(AREA, [(planned, cells)])
    assert "| a group | ours | 2.0 | 0.50 |" in lines
    assert lines[-2:] == [
        "| a group, ours: x peer | 0.5 | 0.50 | yes |",
        "| a group, ours: ms | 1.9 | 2.0 | **no** |",
    ]


def test_a_run_that_broke_down_is_compared_with_nothing() -> None:
    """A peer that collapses makes nobody fast."""
    ours = Contender("ours", lambda: {"cost_ms": 1, SPOILT: 0})
    peer = Contender("peer", lambda: {"cost_ms": 1000, SPOILT: 1})
    planned = Group("a group", (ours, peer), (Aim("ours", "x peer", 0.5), Aim("ours", "ms", 5)))
    lines = area_lines(AREA, [(planned, measure(AREA, planned, 3, lambda _: None))])
    assert "| a group | ours | 1.0 |  |" in lines
    assert "| a group | peer (!) | 1000.0 |  |" in [line.replace(",", "") for line in lines]
    assert lines[-2:] == [
        "| a group, ours: x peer | 0.5 |  | not comparable |",
        "| a group, ours: ms | 5 | 1.0 | yes |",
    ]


def test_a_load_that_was_not_reached_shows_no_aim_to_be_met() -> None:
    ours = Contender("ours", lambda: {"cost_ms": 0, SPOILT: 1})
    planned = Group("a group", (ours,), (Aim("ours", "ms", 0),))
    lines = area_lines(AREA, [(planned, measure(AREA, planned, 3, lambda _: None))])
    assert lines[-1] == "| a group, ours: ms | 0 | 0.0 | not shown |"


def test_the_memory_of_a_command_is_its_own() -> None:
    ballast = bytearray(64 << 20)
    figures = run([sys.executable, "-S", "-c", "pass"])
    assert figures["peak_mb"] < len(ballast) / 2**20
    assert figures["wall_ms"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("area", ["change", "corpus", "idle", "live", "replay", "scale", "start"])
def test_every_area_can_be_measured(area: str) -> None:
    command = [sys.executable, "-m", "tools.bench", "--small", area]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "| aim | at most | measured | met |" in ended.stdout
