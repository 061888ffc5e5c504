"""``chargelock why``: which rule decided, from what, and what would release or lock it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from vehicle.cli.console import named_lines, show, width, wrapped
from vehicle.cli.owner import (
    PIN_NAMES,
    connected,
    how_long,
    json_option,
    print_json,
    socket_option,
    verbose_option,
)

_DEMANDS = {"engage": "engaged", "release": "released"}
"""The state that a demand asks for."""


@click.command()
@click.argument("actuator", required=False, type=click.Choice(("latch", "adapter")))
@socket_option
@json_option
@verbose_option
def why(actuator: str | None, socket_path: str, as_json: bool, verbose: bool) -> None:
    """Say why a pin is held or free, and what would change that.

    Without a name it is about the pin that holds what is plugged in.
    """
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("Why", {"actuator": actuator})
        if as_json:
            print_json(told)
        else:
            show(_lines(told, width(), verbose=verbose))


def _lines(told: Mapping[str, Any], columns: int, *, verbose: bool) -> list[str]:
    pin = PIN_NAMES.get(told["actuator"], told["actuator"])
    lines = [*wrapped("", "", f"The {pin} {_stands(told)}: {told['sentence']}", columns, {}), ""]
    for name, words in _facts(told, verbose=verbose):
        lines += named_lines(name, words, columns)
    return lines


def _stands(told: Mapping[str, Any]) -> str:
    """Return where the pin is, and where it shall be if that is somewhere else."""
    aim = _DEMANDS.get(told["demand"])
    if aim is None:
        return f"stays as it is ({told['words']})"
    return f"is {aim}" if told["state"] == aim else f"is to be {aim} (now: {told['words']})"


def _facts(told: Mapping[str, Any], *, verbose: bool) -> Iterator[tuple[str, str]]:
    if verbose:
        yield "rule", told["rule"]
    for signal in told["because"]:
        name = f" [{signal['signal']} {signal['value']}]" if verbose else ""
        yield "because", f"{signal['words']} {how_long(signal['age_us'])}{name}"
    for key in told["settings"]:
        yield "setting", f"{key} is {told['settings'][key]}{_by(key, told['overrides'])}"
    for override in told["overrides"]:
        if override.partition("=")[0] not in told["settings"]:
            yield "override", override
    for name, ways in (("free if", told["releases"]), ("locked if", told["locks"])):
        for number, way in enumerate(ways):
            yield ("or if" if number else name), way["words"]
    for number, step in enumerate(told["steps"], 1):
        yield f"step {number}", step["words"]


def _by(key: str, overrides: Sequence[str]) -> str:
    """Return which override a setting's value comes from, if one is told."""
    for override in overrides:
        setting, _, when = override.partition(" when ")
        if setting.partition("=")[0] == key:
            return f", by your override when {when}"
    return ""
