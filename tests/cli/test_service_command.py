"""``chargelock service`` on a system in a folder: what is put there, and that nothing stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vehicle.cli.main import main

pytestmark = pytest.mark.skipif(shutil.which("systemctl") is None, reason="there is no systemctl")

UNIT = "etc/systemd/system/chargelock.service"
LINK = "etc/systemd/system/multi-user.target.wants/chargelock.service"
GROUP = "etc/sysusers.d/chargelock.conf"


def service(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["service", *map(str, words)])


def installed(root: Path, *words: str) -> str:
    """Install into ``root``; return the command that the unit runs."""
    named = ("--channel", "can0", "--profile", "reference")
    done = service("install", *named, "--root", root, *words)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"installed {root / UNIT}; it starts when that system boots\n"
    lines = (root / UNIT).read_text().splitlines()
    return next(line for line in lines if line.startswith("ExecStart="))


def files(root: Path) -> list[str]:
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if not p.is_dir())


def test_it_is_installed_enabled_and_removed_again(tmp_path) -> None:
    command = installed(tmp_path)
    assert command.endswith(
        "run --wait --profile reference --channel can0"
        " --journal %S/chargelock/journal.jsonl --everybody-reads"
    )
    assert files(tmp_path) == sorted((GROUP, UNIT, LINK))
    assert (tmp_path / GROUP).read_text().splitlines()[-1] == "g chargelock -"
    done = service("uninstall", "--root", tmp_path)
    assert done.exit_code == 0
    assert files(tmp_path) == []


def test_what_it_shall_do_is_chosen_when_it_is_installed(tmp_path) -> None:
    settings = tmp_path / "owner.toml"
    settings.write_text('auto-lock = "off"\n')
    command = installed(
        tmp_path, "--config", str(settings), "--record", "--dry-run", "--only-group"
    )
    assert f"--config {settings}" in command
    assert "--record %S/chargelock/bus.log --dry-run" in command
    assert "--everybody-reads" not in command


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("install", "--channel", "x=can0", "--profile", "reference"), 2, 'has no bus "x"'),
        (("install", "--channel", "can0", "--profile", "no_such_car"), 2, "no_such_car"),
        (("uninstall",), 1, "is not there; nothing to remove"),
        (("uninstall", "--purge"), 2, "--purge is for a system that runs"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(words, code, says, tmp_path) -> None:
    done = service(*words, "--root", tmp_path)
    assert done.exit_code == code
    assert says in done.stderr
    assert files(tmp_path) == []
