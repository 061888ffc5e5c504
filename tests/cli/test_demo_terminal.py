"""``chargelock demo`` on a real terminal: keys are hit, and the screen is read back."""

from __future__ import annotations

import signal
import sys

import pytest
from live_terminal import PATIENCE_S, LiveTerminal

pytestmark = pytest.mark.whole

BROKEN = [
    sys.executable,
    "-c",
    "from vehicle.runtime.demo_car import DemoCar; DemoCar.act = None;"
    "from vehicle.cli.main import main; main()",
]
"""The command with a bug in it: hands cannot do anything."""


@pytest.mark.parametrize(("columns", "lines"), [(60, 20), (80, 24), (150, 45)])
def test_locking_plugging_charging_and_unlatching_show_on_a_terminal_of_any_size(
    columns: int, lines: int
) -> None:
    with LiveTerminal(columns, lines) as terminal:
        shown = terminal.see("Nothing is plugged in.", "doors     unlocked", "q quit")
        assert "Try: p to plug in" in shown
        terminal.hit("p")
        terminal.see("The connector is locked to the car.", "permit    AC", "waiting")
        terminal.hit("l")
        terminal.see("doors     locked")
        terminal.hit("a")
        terminal.see("charging, 32 A", "ENERGISED")
        terminal.hit("r")
        terminal.see("The connector is not locked: anyone can take it out.")
        terminal.hit("u")
        terminal.see("Nothing is plugged in.")
        terminal.hit("q")
        assert terminal.left() == 0
        assert terminal.restored
        assert b"Traceback" not in terminal.raw


def test_a_terminal_that_changes_its_size_is_drawn_anew() -> None:
    with LiveTerminal(60, 20) as terminal:
        terminal.see("q quit")
        assert "what happened" not in terminal.text
        terminal.resize(140, 40)
        terminal.see("what happened", "the car", "q quit")
        terminal.resize(60, 20)
        terminal.see("Nothing is plugged in.", "q quit")
        terminal.hit("q")
        assert terminal.left() == 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_the_terminal_as_it_was(ending: signal.Signals) -> None:
    with LiveTerminal(80, 24) as terminal:
        terminal.see("q quit")
        if ending is signal.SIGINT:
            terminal.hit("\x03")
        else:
            terminal.process.send_signal(ending)
        assert terminal.left() == 0
        assert terminal.restored


def test_it_ends_when_its_terminal_is_closed() -> None:
    with LiveTerminal(80, 24) as terminal:
        terminal.see("q quit")
        terminal.close()
        assert terminal.process.wait(PATIENCE_S) == 128 + signal.SIGHUP


def test_no_color_leaves_the_terminals_own_colours() -> None:
    with LiveTerminal(80, 24, NO_COLOR="1") as terminal:
        terminal.see("Nothing is plugged in.", "q quit")
        terminal.hit("p")
        terminal.see("The connector is locked to the car.")
        assert terminal.colours == {"default"}
        terminal.hit("q")
        assert terminal.left() == 0


def test_colours_are_there_where_no_color_is_empty() -> None:
    with LiveTerminal(80, 24, NO_COLOR="") as terminal:
        terminal.see("Nothing is plugged in.", "q quit")
        assert len(terminal.colours) > 3
        terminal.hit("q")
        assert terminal.left() == 0


def test_a_bug_ends_the_view_with_an_exit_code_and_the_terminal_as_it_was() -> None:
    with LiveTerminal(80, 24, BROKEN) as terminal:
        terminal.see("q quit")
        terminal.hit("p")
        assert terminal.left() == 1
        assert terminal.restored
        assert b"TypeError" in terminal.raw
