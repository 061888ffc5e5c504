"""The command itself: what it knows, and that its help needs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner
from command_line import chargelock, environment

from vehicle.cli.main import _COMMANDS, main


def test_the_help_names_every_command_with_a_line() -> None:
    """In order of the alphabet."""
    done = CliRunner().invoke(main, ["--help"])
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    commands = lines[lines.index("Commands:") + 1 :]
    assert [line.split()[0] for line in commands] == sorted(_COMMANDS)
    assert all(len(line.split()) > 2 for line in commands)


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_every_command_has_a_help_page(name: str) -> None:
    """Each can be imported, and says what it is for."""
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0, done.exception
    assert len(done.stdout.splitlines()) > 5


def test_an_unknown_command_is_misuse() -> None:
    """One line, and where help is."""
    done = CliRunner().invoke(main, ["repaly"], prog_name="chargelock")
    assert done.exit_code == 2
    assert "No such command 'repaly'" in done.stderr


def test_the_version_is_told() -> None:
    """The one that is installed."""
    done = chargelock("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split(" ")[1:] == ["version", done.stdout.split()[-1] + "\n"]


def test_the_help_imports_none_of_the_work() -> None:
    """So that it is there at once."""
    code = (
        "import sys\n"
        "from vehicle.cli.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = {'vehicle.core', 'vehicle.wire', 'can', 'cantools', 'transitions'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
