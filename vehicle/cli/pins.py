"""``chargelock unlatch``, ``chargelock latch`` and ``guest use``: ask, wait, tell each step.

Knows: which results are what was asked for, and that a request outlives the one who waits for it.
Refuses to know: the steps; their words come from the service.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

import click

from vehicle.cli.client import Client
from vehicle.cli.console import BAD, GOOD, INTERRUPTED, show, width, wrapped
from vehicle.cli.owner import connected, json_option, print_json, socket_option

QUIET_S_MAX = 45.0
"""Longest silence of a service that lives: it says every 10 s that it still waits."""

_OUT = ("released", "connector-out", "manual-release-pulled")
_WANTED = {
    "Unlatch": _OUT,
    "UseGuestCode": _OUT,
    "Latch": ("engaged",),
}
"""Method -> the results that are what was asked for, or better."""

_RELEASE_GOES_ON = (
    "The release goes on without you. How far it is: chargelock status. To take it back:"
    " chargelock latch."
)
_GOES_ON = {
    "Unlatch": _RELEASE_GOES_ON,
    "UseGuestCode": _RELEASE_GOES_ON,
    "Latch": "The service goes on trying to hold it. How far it is: chargelock status. To take it"
    " back: chargelock unlatch.",
}


@click.command()
@socket_option
@json_option
def unlatch(socket_path: str, as_json: bool) -> None:
    """Stop the charge and release what is plugged in; the doors stay as they are.

    Waits until it is out of the lock and tells each step. Ctrl-C ends the waiting, not the
    release. Exit codes: 3 not allowed, 5 refused, 6 the pin did not move.
    """
    ask("Unlatch", socket_path, as_json)


@click.command()
@socket_option
@json_option
def latch(socket_path: str, as_json: bool) -> None:
    """Hold what is plugged in, until it is unlatched or the car is unlocked.

    Exit codes: 3 not allowed, 5 refused, 6 the pin did not move.
    """
    ask("Latch", socket_path, as_json)


def ask(
    method: str, socket_path: str, as_json: bool, given: Mapping[str, object] | None = None
) -> None:
    """Ask for what ``method`` does, wait for its end, and tell each step.

    Ends the command with 1 where it came to something else, or as ``connected`` does.
    """
    with connected(socket_path, as_json=as_json) as client:
        try:
            last = _wait(client, method, given, as_json)
        except KeyboardInterrupt:
            click.echo(f"\n{_GOES_ON[method]}", err=True)
            sys.exit(INTERRUPTED)
    if last["result"] not in _WANTED[method]:
        sys.exit(1)


def _wait(
    client: Client, method: str, given: Mapping[str, object] | None, as_json: bool
) -> Mapping[str, Any]:
    """Tell each step as it comes; return the last one."""
    began_s = time.monotonic()
    step: Mapping[str, Any] = {}
    for step in client.stream(method, given, quiet_s=QUIET_S_MAX):
        if as_json:
            print_json(step)
        elif step["step"] != "waiting":
            wanted = step["result"] in _WANTED[method]
            style = {} if not step["done"] else GOOD if wanted else BAD
            before = f"{time.monotonic() - began_s:5.1f} s  "
            show(wrapped(before, " " * len(before), step["words"], width(), style))
    return step
