"""``chargelock demo`` where nobody looks, and where Textual is missing."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import chargelock, environment
from terminals import on_terminal

from vehicle.cli import demo

WITHOUT_TEXTUAL = [
    sys.executable,
    "-c",
    "import sys; sys.modules['textual'] = None;from vehicle.cli.main import main; main()",
]


def test_without_a_terminal_the_shipped_story_is_told_and_ends(tmp_path: Path) -> None:
    """As by ``simulate demo``, whatever file of that name lies here."""
    (tmp_path / "demo").write_text("not a story")
    done = chargelock("demo", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == chargelock("simulate", "demo").stdout
    assert "The connector is locked to the car." in done.stdout


def test_with_a_screen_but_no_keys_the_story_is_told_too() -> None:
    """Standard input is no terminal."""
    shown = on_terminal("demo", columns=80)
    assert shown.returncode == 0
    assert "The connector is locked to the car." in shown.plain
    assert "\x1b[?1049h" not in shown.raw


@pytest.mark.parametrize("closed", ["stdin", "stdout", "stderr"])
def test_one_side_that_is_no_terminal_is_enough(
    closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys come from standard input, and Textual draws on standard error."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, _Side(name != closed))
    monkeypatch.setenv("TERM", "xterm")
    assert not demo.somebody_looks()


def test_a_dumb_terminal_cannot_be_drawn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no cursor to move."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, _Side(True))
    monkeypatch.setenv("TERM", "xterm")
    assert demo.somebody_looks()
    monkeypatch.setenv("TERM", "dumb")
    assert not demo.somebody_looks()


class _Side:
    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_a_missing_textual_is_said_in_one_line() -> None:
    """And what to do about it; nothing is wrong with the rest."""
    leader, follower = pty.openpty()
    done = subprocess.Popen(
        [*WITHOUT_TEXTUAL, "demo"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment(TERM="xterm-256color"),
    )
    assert done.wait(timeout=60) == 2
    os.close(follower)
    said = os.read(leader, 65536).decode()
    os.close(leader)
    assert said == ("error: the live view needs Textual: pip install 'chargelock[demo]'\r\n")


def test_a_missing_textual_does_not_matter_without_a_terminal() -> None:
    """The story needs none."""
    done = subprocess.run(
        [*WITHOUT_TEXTUAL, "demo"], env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "held" in done.stdout


def test_nothing_else_imports_textual() -> None:
    """Start-up of every other command is as it was."""
    root = Path(demo.__file__).parents[1]
    importing = {
        path.name for path in root.rglob("*.py") if "from textual" in path.read_text("utf-8")
    }
    assert importing == {"demo_view.py"}
