"""``chargelock service``: puts the systemd service in place, and takes it away again.

Knows: where units live and which systemctl commands are needed. Refuses to know: the unit's text.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

import vehicle
from vehicle.cli.console import fail
from vehicle.cli.profile import load_or_fail
from vehicle.core.settings import SettingsError
from vehicle.runtime.store import read_settings
from vehicle.runtime.unit import UNIT, UnitError, check_readable, unit_text
from vehicle.runtime.wiring import Wiring, WiringError

UNITS = Path("etc/systemd/system")
RUNNING = Path("/run/systemd/system")
"""Is there while systemd is the first program. Source: sd_booted(3)."""

_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Work on the system in this folder, an image for instance; nothing is started.",
)


@click.group()
def service() -> None:
    """Install or remove the systemd service."""


@service.command()
@click.option("--channel", "channels", required=True, multiple=True, metavar="[BUS=]CHANNEL")
@click.option("--profile", "profile_name", required=True, metavar="NAME|FILE", help="The car.")
@click.option("--config", type=click.Path(path_type=Path), help="The owner's settings, TOML.")
@click.option("--record", is_flag=True, help="Record the bus into /var/lib/chargelock.")
@click.option("--dry-run", is_flag=True, help="Decide and tell, but send nothing.")
@_ROOT
def install(
    channels: tuple[str, ...],
    profile_name: str,
    config: Path | None,
    record: bool,
    dry_run: bool,
    root: Path | None,
) -> None:
    """Install the service for SocketCAN channels, and start it, now and at every boot.

    It runs without any privilege. Its journal is /var/lib/chargelock/journal.jsonl. Installing
    again replaces it. Exit code 2: something given cannot be used; 3: not root.
    """
    profile = load_or_fail(profile_name)
    files = [Path(sys.executable), Path(vehicle.__file__), profile.path]
    try:
        Wiring(profile, channels, {c.split("=")[0]: c for c in channels if "=" in c})
        if config is not None:
            read_settings(config)
            files.append(config.absolute())
        if root is None:
            check_readable(*files)
    except (WiringError, SettingsError, UnitError) as error:
        fail(error, 2)
    named = profile_name if profile_name.isidentifier() else str(Path(profile_name).absolute())
    arguments = ["run", "--wait", "--profile", named]
    for channel in channels:
        arguments += ["--channel", channel]
    if config is not None:
        arguments += ["--config", str(config.absolute())]
    arguments += ["--journal", "%S/chargelock/journal.jsonl"]
    arguments += ["--record", "%S/chargelock/bus.log"] if record else []
    arguments += ["--dry-run"] if dry_run else []
    path = _write(root, unit_text(Path(sys.executable), arguments))
    if root is not None:
        _systemctl("--root", root, "enable", UNIT)
        click.echo(f"installed {path}; it starts when that system boots")
    elif not RUNNING.exists():
        _systemctl("enable", UNIT)
        click.echo(f"installed {path}; systemd does not run here, so it starts at the next boot")
    else:
        _systemctl("daemon-reload")
        _systemctl("enable", UNIT)
        _systemctl("restart", UNIT)
        click.echo(f"installed {path} and started it; follow it with: journalctl -fu {UNIT}")


@service.command()
@_ROOT
def uninstall(root: Path | None) -> None:
    """Stop the service and remove it. Recordings and journals in /var/lib/chargelock stay."""
    path = _path(root)
    if not path.exists():
        fail(f"{path} is not there; nothing to remove")
    if root is not None:
        _systemctl("--root", root, "disable", UNIT)
    elif RUNNING.exists():
        _systemctl("disable", "--now", UNIT)
    else:
        _systemctl("disable", UNIT)
    try:
        path.unlink()
    except OSError as error:
        _refuse(path, error)
    if root is None and RUNNING.exists():
        _systemctl("daemon-reload")
    click.echo(f"removed {path}")


def _path(root: Path | None) -> Path:
    return (root or Path("/")) / UNITS / UNIT


def _write(root: Path | None, text: str) -> Path:
    path = _path(root)
    if shutil.which("systemctl") is None:
        fail("this machine has no systemctl; let your own init system run `chargelock run`")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
    except OSError as error:
        _refuse(path, error)
    return path


def _refuse(path: Path, error: OSError) -> None:
    denied = isinstance(error, PermissionError) or os.geteuid() != 0
    fail(f"{path}: {error.strerror}; run it as root (sudo)", 3 if denied else 1)


def _systemctl(*words: Any) -> None:
    done = subprocess.run(["systemctl", *map(str, words)], check=False)
    if done.returncode:
        fail(f"systemctl {' '.join(map(str, words))} failed; see what it says above")
