"""``chargelock service``: puts the systemd service in place, and takes it away again.

Knows: where units, groups and states live, and which commands systemd needs.
Refuses to know: the unit's text.
"""

from __future__ import annotations

import contextlib
import grp
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
from vehicle.core.settings_read import SettingsError
from vehicle.runtime.secoc_key import KeyFileError, read_key
from vehicle.runtime.store import read_settings
from vehicle.runtime.unit import (
    GROUP_FILE,
    KEY_ARGUMENT,
    UNIT,
    UnitError,
    check_readable,
    unit_text,
)
from vehicle.runtime.varlink_access import GROUP
from vehicle.runtime.wiring import Wiring, WiringError
from vehicle.wire.secoc import SecocMissingError, mac_of

UNITS = Path("etc/systemd/system")
GROUPS = Path("etc/sysusers.d")
KEPT = tuple(
    Path("/var", kind, name)
    for kind in ("lib", "cache")
    for name in ("private/chargelock", "chargelock")
)
"""Where systemd keeps the state and the cache of a service whose user does not last, and the links
to them."""
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
@click.option(
    "--secoc-key", type=click.Path(path_type=Path), help="The car's SecOC key, readable for root."
)
@click.option("--record", is_flag=True, help="Record the bus into /var/lib/chargelock.")
@click.option("--dry-run", is_flag=True, help="Decide and tell, but send nothing.")
@click.option("--only-group", is_flag=True, help="Let nobody ask but root and group chargelock.")
@_ROOT
def install(
    channels: tuple[str, ...],
    profile_name: str,
    config: Path | None,
    secoc_key: Path | None,
    record: bool,
    dry_run: bool,
    only_group: bool,
    root: Path | None,
) -> None:
    """Install the service for SocketCAN channels, and start it, now and at every boot.

    It runs without any privilege. Root and members of group chargelock may unlatch and change
    settings, every user may ask. Its journal is /var/lib/chargelock/journal.jsonl. Installing
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
        if secoc_key is not None:
            mac_of(read_key(secoc_key))
    except (WiringError, SettingsError, UnitError, KeyFileError, SecocMissingError) as error:
        fail(error, 2)
    named = profile_name if profile_name.isidentifier() else str(Path(profile_name).absolute())
    arguments = ["run", "--wait", "--profile", named]
    for channel in channels:
        arguments += ["--channel", channel]
    if config is not None:
        arguments += ["--config", str(config.absolute())]
    if secoc_key is not None:
        arguments += ["--secoc-key", KEY_ARGUMENT]
        secoc_key = secoc_key.absolute()
    arguments += ["--journal", "%S/chargelock/journal.jsonl"]
    arguments += ["--record", "%S/chargelock/bus.log"] if record else []
    arguments += ["--dry-run"] if dry_run else []
    arguments += [] if only_group else ["--everybody-reads"]
    if shutil.which("systemctl") is None:
        fail("this machine has no systemctl; let your own init system run `chargelock run`")
    group_path, path = _path(root, GROUPS / f"{GROUP}.conf"), _path(root, UNITS / UNIT)
    _write(group_path, GROUP_FILE)
    _write(path, unit_text(Path(sys.executable), arguments, secoc_key))
    _start(root, group_path, path)


def _start(root: Path | None, group_path: Path, path: Path) -> None:
    """Let systemd know the group and the unit, and start it where systemd runs."""
    if root is not None:
        _systemctl("--root", root, "enable", UNIT)
        click.echo(f"installed {path}; it starts when that system boots")
        return
    _do("systemd-sysusers", group_path)
    if not RUNNING.exists():
        _systemctl("enable", UNIT)
        click.echo(f"installed {path}; systemd does not run here, so it starts at the next boot")
    else:
        _systemctl("daemon-reload")
        _systemctl("enable", UNIT)
        _systemctl("restart", UNIT)
        click.echo(f"installed {path} and started it; follow it with: journalctl -fu {UNIT}")


@service.command()
@click.option("--purge", is_flag=True, help="Remove settings, journal, recordings and group, too.")
@_ROOT
def uninstall(purge: bool, root: Path | None) -> None:
    """Stop the service and remove it. What it kept in /var/lib/chargelock, and its group, stay."""
    if purge and root is not None:
        raise click.UsageError(
            "--purge is for a system that runs; one in a folder has kept nothing"
        )
    path = _path(root, UNITS / UNIT)
    if path.exists():
        _remove(root, path)
    elif not purge:
        fail(f"{path} is not there; nothing to remove")
    if purge:
        _purge()


def _remove(root: Path | None, path: Path) -> None:
    """Stop the service and remove what was installed."""
    if root is not None:
        _systemctl("--root", root, "disable", UNIT)
    elif RUNNING.exists():
        _systemctl("disable", "--now", UNIT)
    else:
        _systemctl("disable", UNIT)
    for each in (path, _path(root, GROUPS / f"{GROUP}.conf")):
        try:
            each.unlink(missing_ok=True)
        except OSError as error:
            _refuse(each, error)
        click.echo(f"removed {each}")
    if root is None and RUNNING.exists():
        _systemctl("daemon-reload")


def _purge() -> None:
    """Remove what the service kept, and its group where it is there."""
    for folder in KEPT:
        try:
            if folder.is_symlink():
                folder.unlink()
            elif folder.exists():
                shutil.rmtree(folder)
            else:
                continue
        except OSError as error:
            _refuse(folder, error)
        click.echo(f"removed {folder}")
    with contextlib.suppress(KeyError):
        grp.getgrnam(GROUP)
        _do("groupdel", GROUP)
        click.echo(f"removed group {GROUP}")


def _path(root: Path | None, below: Path) -> Path:
    return (root or Path("/")) / below


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
    except OSError as error:
        _refuse(path, error)


def _refuse(path: Path, error: OSError) -> None:
    denied = isinstance(error, PermissionError) or os.geteuid() != 0
    fail(f"{path}: {error.strerror}; run it as root (sudo)", 3 if denied else 1)


def _systemctl(*words: Any) -> None:
    _do("systemctl", *words)


def _do(program: str, *words: Any) -> None:
    """Run one of the system's programs; end the command where it fails."""
    if shutil.which(program) is None:
        fail(f"this machine has no {program}; it belongs to systemd or to your distribution's base")
    done = subprocess.run([program, *map(str, words)], check=False)
    if done.returncode:
        fail(f"{program} {' '.join(map(str, words))} failed; see what it says above")
