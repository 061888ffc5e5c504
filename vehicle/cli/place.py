"""``chargelock place``: where the car stands, and where the owner's zones are.

Knows: the subcommands. Refuses to know: how a position becomes a place; the service does, and
forgets the position.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from vehicle.cli.console import show
from vehicle.cli.owner import connected, json_option, print_json, socket_option


@click.group()
def place() -> None:
    """Tell where the car stands, and where your zones are."""


@place.command("show")
@socket_option
@json_option
def show_(socket_path: str, as_json: bool) -> None:
    """Print the place that is believed, and your zones."""
    _call("GetPlace", {}, socket_path, as_json)


@place.command("tell")
@click.argument("name", required=False, metavar="home|work|away")
@click.option("--latitude", type=float, metavar="DEG", help="North positive, WGS 84.")
@click.option("--longitude", type=float, metavar="DEG", help="East positive, WGS 84.")
@socket_option
@json_option
def tell(
    name: str | None,
    latitude: float | None,
    longitude: float | None,
    socket_path: str,
    as_json: bool,
) -> None:
    """Tell where the car stands: by name, or as a position, of which only the zone's name is kept.

    It holds for ten minutes, and while something is plugged in: whatever knows the position calls
    this whenever it changes, and every few minutes.
    """
    if name is not None and latitude is None and longitude is None:
        _call("TellPlace", {"place": name}, socket_path, as_json)
    elif name is None and latitude is not None and longitude is not None:
        _call("TellPosition", _position(latitude, longitude), socket_path, as_json)
    else:
        raise click.UsageError("give either a name, or --latitude and --longitude")


@place.command("zone")
@click.argument("name", metavar="home|work")
@click.option("--latitude", type=float, metavar="DEG", help="North positive, WGS 84.")
@click.option("--longitude", type=float, metavar="DEG", help="East positive, WGS 84.")
@click.option("--radius", "radius_m", type=click.IntRange(1, 1_000_000), help="Metres.  [100]")
@click.option("--forget", is_flag=True, help="There is no such zone any more.")
@socket_option
@json_option
def zone(
    name: str,
    latitude: float | None,
    longitude: float | None,
    radius_m: int | None,
    forget: bool,
    socket_path: str,
    as_json: bool,
) -> None:
    """Say where the zone NAME is. Its position stays in a file that only the service reads."""
    if forget and latitude is None and longitude is None and radius_m is None:
        _call("UnsetZone", {"zone": name}, socket_path, as_json)
    elif not forget and latitude is not None and longitude is not None:
        given = {"zone": name, **_position(latitude, longitude), "radius_m": radius_m}
        _call("SetZone", given, socket_path, as_json)
    else:
        raise click.UsageError("give either --latitude and --longitude, or --forget alone")


def _position(latitude: float, longitude: float) -> dict[str, float]:
    return {"latitude_deg": latitude, "longitude_deg": longitude}


def _call(method: str, given: Mapping[str, Any], socket_path: str, as_json: bool) -> None:
    with connected(socket_path, as_json=as_json) as client:
        told = client.call(method, given)
    if as_json:
        print_json(told)
        return
    lines = [f"place  {told['place']}"]
    lines += [f"zone   {each['zone']}, {each['radius_m']} m around" for each in told["zones"]]
    show(lines)
