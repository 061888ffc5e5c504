"""``chargelock profile``: which cars are known, and what is wrong with a profile."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import click

from vehicle.cli.console import fail
from vehicle.wire.findings import Finding, ProfileError, Severity
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import check_profile, list_profiles, load_profile


@click.group()
def profile() -> None:
    """List and check car profiles."""


def load_or_fail(name: str) -> Profile:
    """Return the profile, or end the command with its first fault on one line and code 2."""
    try:
        return load_profile(name, compiled=compiled_folder())
    except ProfileError as error:
        first, *others = [each for each in error.findings if each.severity is Severity.ERROR]
        more = f" (and {len(others)} more: chargelock profile check {name})" if others else ""
        fail(f"{_without_severity(first)}{more}", 2)


def compiled_folder() -> Path:
    """Return where compiled DBCs are kept: systemd's folder for the service, else the user's."""
    given = os.environ.get("CACHE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    caches = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(caches) if caches else Path("~/.cache").expanduser()) / "chargelock"


def _without_severity(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    return ": ".join(part for part in (place, finding.signal, finding.text) if part)


@profile.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the cars that are shipped."""
    known = [(name, load_profile(name)) for name in list_profiles()]
    if as_json:
        rows = [
            {"name": name, "title": car.title, "variants": list(car.variant_names)}
            for name, car in known
        ]
        click.echo(json.dumps(rows, sort_keys=True))
        return
    for name, car in known:
        click.echo(f"{name:<18} {car.title}")


@profile.command("check")
@click.argument("file", metavar="NAME|FILE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(file: str, as_json: bool) -> None:
    """Name every fault of a profile, with file, line and signal. Exit code 2 if there is one."""
    findings = check_profile(file)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], sort_keys=True))
    else:
        for finding in findings:
            click.echo(str(finding))
        if not findings:
            click.echo(f"{file}: no fault found")
    if any(finding.severity is Severity.ERROR for finding in findings):
        sys.exit(2)
