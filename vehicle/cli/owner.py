"""What the owner's commands share: which service, JSON or words, and how a failure ends a command.

Knows: the options that all of them take, and the exit code of each failure. Refuses to know: what a
method means. Starts quickly on purpose: nothing of the core, no bus, no event loop.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import click

from vehicle.cli.client import Client, ClientError
from vehicle.cli.console import width
from vehicle.runtime.varlink_socket import SOCKET_PATH

socket_option = click.option(
    "--socket",
    "socket_path",
    envvar="CHARGELOCK_SOCKET",
    default=SOCKET_PATH,
    show_default=True,
    show_envvar=True,
    metavar="PATH",
    help="The service's control socket.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="Tell the names of signals and rules as well."
)

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@contextlib.contextmanager
def connected(path: str, *, as_json: bool) -> Iterator[Client]:
    """Give a connection to the service; a call that fails ends the command with its exit code."""
    try:
        with Client(path) as client:
            yield client
    except ClientError as error:
        end_with(error, as_json=as_json)


def end_with(error: ClientError, *, as_json: bool) -> None:
    """Say what failed and what to do about it, and end the command with the error's code."""
    if as_json:
        name = _CAPITAL.sub("-", type(error).__name__.removesuffix("Error")).lower()
        print_json({"error": name, "message": str(error), "exit_code": error.exit_code})
    what, *to_do = str(error).splitlines()
    click.echo(f"error: {what}", err=True)
    for line in to_do:
        for piece in textwrap.wrap(line, width()) if sys.stderr.isatty() else [line]:
            click.echo(piece, err=True)
    sys.exit(error.exit_code)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    click.echo(json.dumps(value, sort_keys=True, ensure_ascii=False))


def how_long(age_us: int | None) -> str:
    """Return for how long something has been so, in words; empty where that is not known."""
    if age_us is None:
        return ""
    age_s = age_us // 1_000_000
    for limit_s, unit_s, unit in (
        (1, 1, ""),
        (120, 1, "s"),
        (7200, 60, "min"),
        (172_800, 3600, "h"),
    ):
        if age_s < limit_s:
            return f"for {age_s // unit_s} {unit}" if unit else "just now"
    return f"for {age_s // 86_400} days"


def how_long_ago(age_us: int) -> str:
    """Return how long ago something was, in words."""
    age = how_long(age_us)
    return f"{age.removeprefix('for ')} ago" if age.startswith("for ") else age


PIN_NAMES = {"latch": "charge-port latch", "adapter": "adapter lock"}
"""The pins' names in words."""
