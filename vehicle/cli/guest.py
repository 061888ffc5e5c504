"""``chargelock guest``: a code with which somebody else can take the cable.

Knows: how durations are written, and how guests are listed. Refuses to know: codes; the service
makes them and looks at them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import click

from vehicle.cli.console import BAD, GOOD, TOLD, named_lines, show, width
from vehicle.cli.owner import connected, json_option, print_json, socket_option
from vehicle.cli.pins import ask

_UNITS_S = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,9}) ?([A-Za-z]+)")


def _seconds(_: click.Context, __: click.Parameter, value: str) -> int:
    """Return a duration such as ``2h`` in seconds. Raises BadParameter with what fits."""
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise click.BadParameter(f"{value!r} is no duration; write for instance 30min, 2h or 1d")
    number, unit = match[1], match[2].lower()
    if unit not in _UNITS_S:
        near = [each for each in ("min", "s", "h", "d") if unit.startswith(each[0])]
        hint = f"did you mean {number}{near[0]}?" if near else "write min, h or d"
        raise click.BadParameter(f"{value!r}: unknown unit; {hint}")
    return max(1, int(number) * _UNITS_S[unit])


@click.group()
def guest() -> None:
    """Let somebody else take the cable, with a code."""


@guest.command("add")
@click.option("--for", "whom", required=True, metavar="NAME", help="Whom the code is for.")
@click.option(
    "--valid",
    "valid_s",
    required=True,
    metavar="TIME",
    callback=_seconds,
    help="For how long, such as 2h or 30min.",
)
@click.option("--once", is_flag=True, help="For one release; otherwise as often as it is valid.")
@socket_option
@json_option
def add(whom: str, valid_s: int, once: bool, socket_path: str, as_json: bool) -> None:
    """Make a code, and show it this once. Who has it can release what is plugged in.

    The charge is stopped first. A use that comes to nothing does not count.
    """
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("AddGuest", {"whom": whom, "valid_s": valid_s, "once": once})
    if as_json:
        print_json(told)
        return
    times = "once" if told["once"] else "as often as wanted"
    lines = named_lines("code", told["code"], width(), GOOD)
    lines += named_lines("for", told["whom"], width())
    lines += named_lines("valid", f"{how_much(told['valid_s'])}, {times}", width())
    lines += named_lines("", "It is not shown again.", width(), TOLD)
    if told["locked_out"]:
        lines += named_lines("but", _LOCKED_OUT, width(), BAD)
    show(lines)


_LOCKED_OUT = "too many wrong codes were offered; none is taken until: chargelock guest allow"


@guest.command("list")
@socket_option
@json_option
def list_(socket_path: str, as_json: bool) -> None:
    """List who has a code, and whether it still holds. The codes themselves are nowhere kept."""
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("ListGuests")
    if as_json:
        print_json(told)
    else:
        show(list(_listed(told, width())))


def _listed(told: Mapping[str, Any], columns: int) -> Iterator[str]:
    if not told["guests"]:
        yield "Nobody has a guest code."
    widest = max((len(each["whom"]) for each in told["guests"]), default=0)
    for each in told["guests"]:
        yield f"{each['whom']:<{widest}}  {_state(each)}"
    if told["locked_out"]:
        yield from named_lines("but", _LOCKED_OUT, columns, BAD)
    elif told["tries"]:
        yield from named_lines("note", f"{told['tries']} wrong codes in a row", columns, TOLD)


def _state(each: Mapping[str, Any]) -> str:
    times = "once" if each["once"] else "as often as wanted"
    used = f"; used {each['used']} times" if each["used"] else ""
    if each["once"] and each["used"]:
        return "used"
    if each["left_s"] is None:
        return f"not taken: the machine's clock is not set{used}"
    if not each["left_s"]:
        return f"expired{used}"
    return f"valid for {how_much(each['left_s'])} more, {times}{used}"


@guest.command("revoke")
@click.argument("name")
@socket_option
@json_option
def revoke(name: str, socket_path: str, as_json: bool) -> None:
    """Take the code of NAME back."""
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("RevokeGuest", {"whom": name})
    if as_json:
        print_json(told)
    else:
        click.echo(f"{told['whom']} has no code any more")


@guest.command("allow")
@socket_option
@json_option
def allow(socket_path: str, as_json: bool) -> None:
    """Take codes again, after too many wrong ones."""
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("AllowGuests")
    if as_json:
        print_json(told)
    else:
        click.echo(f"codes are taken again; there were {told['tries']} wrong ones in a row")


@guest.command("use")
@click.argument("code", required=False)
@socket_option
@json_option
def use(code: str | None, socket_path: str, as_json: bool) -> None:
    """Release what is plugged in, with a guest's CODE; without it, it is asked for.

    Everybody who may connect to the service may do this. Exit codes: 3 the code is not taken,
    5 refused, 6 the pin did not move.
    """
    if code is None:
        code = click.prompt("Code", hide_input=True, err=True)
    ask("UseGuestCode", socket_path, as_json, {"code": code})


def how_much(seconds: int) -> str:
    """Return a duration in words: the two largest units that are not zero."""
    parts = []
    for name in ("d", "h", "min", "s"):
        number, seconds = divmod(seconds, _UNITS_S[name])
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"
