"""``chargelock status``: what is held and what is not, and what is wrong.

Knows: which part of the service's answer an owner wants first, and which only on request.
Refuses to know: what any of it means; the words come from the service.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import click

from vehicle.cli.console import BAD, GOOD, QUIET, TOLD, named_lines, show, width
from vehicle.cli.owner import (
    PIN_NAMES,
    connected,
    how_long,
    how_long_ago,
    json_option,
    print_json,
    socket_option,
    verbose_option,
)

_FIRST = ("car_lock", "session", "inlet", "key")
"""The signals that an owner asks about."""
_ASKED = {
    "unlatch": "a release was asked for; it is under way",
    "latch": "somebody asked to hold what is plugged in",
}
_BUSES = {"asleep": "sleeps; what was known of the car is kept", "lost": "is lost"}


@click.command()
@socket_option
@json_option
@verbose_option
def status(socket_path: str, as_json: bool, verbose: bool) -> None:
    """Say what is held and what is not, and what is wrong."""
    with connected(socket_path, as_json=as_json) as client:
        told = client.call("Status")
        if as_json:
            print_json(told)
        else:
            show(status_lines(told, width(), verbose=verbose))


def status_lines(told: Mapping[str, Any], columns: int, *, verbose: bool) -> list[str]:
    """Return the answer to Status as lines of at most ``columns``, where its words allow that."""
    lines = [*textwrap.wrap(told["held"], columns), ""]
    for name, words, style in (*_facts(told), *(_details(told) if verbose else ())):
        lines += named_lines(name, words, columns, style)
    if verbose:
        lines += ["", *_signals(told)]
    return lines


Fact = tuple[str, str, Mapping[str, object]]


def _facts(told: Mapping[str, Any]) -> Iterator[Fact]:
    for pin in told["pins"]:
        if pin["fitted"] == "fitted":
            sure = "" if pin["confirmed"] or pin["state"] == "unknown" else " (no sensor says so)"
            style = {"jammed": BAD, "engaged": GOOD}.get(pin["state"], {})
            yield pin["actuator"], f"{pin['words']}{sure}", style
    permitted = told["permit"] != "none"
    yield "charging", f"allowed: {told['permit_words']}" if permitted else "not allowed now", {}
    known = {each["signal"]: each for each in told["signals"] if each["value"] != "unknown"}
    words = ", ".join(known[name]["words"] for name in _FIRST if name in known)
    yield "car", words or "nothing is known of it", {}
    if told["asked"]:
        yield "asked", _ASKED.get(told["asked"], told["asked"]), TOLD
    if told["heating_s"] is not None:
        words = "the inlet is heated, a pin may be frozen in; tried again in"
        yield "heater", f"{words} {told['heating_s']} s at most", TOLD
    for fault in told["faults"]:
        about = f" [{PIN_NAMES[fault['actuator']]}]" if fault["actuator"] in PIN_NAMES else ""
        yield "FAULT", f"{fault['words']}{about}", BAD
        for number, step in enumerate(fault["steps"], 1):
            yield f"step {number}", step["words"], TOLD
    for event in told["lately"]:
        alarm = event["severity"] == "alarm"
        words = f"{event['words']}, {how_long_ago(event['age_us'])}. {event['advice']}"
        yield "ALARM" if alarm else event["severity"], words, BAD if alarm else TOLD
    for bus in told["buses"]:
        if bus["state"] in _BUSES:
            style = BAD if bus["state"] == "lost" else QUIET
            yield "bus", f"{bus['channel']} {_BUSES[bus['state']]}", style
    if told["shadow"]:
        yield "note", "dry run: it decides and tells, and moves nothing", TOLD
    for note in told["notes"]:
        yield "note", note, TOLD


def _details(told: Mapping[str, Any]) -> Iterator[Fact]:
    for pin in told["pins"]:
        words = f"{pin['actuator']}: {pin['demand']} by {pin['rule']}; {pin['fitted']}"
        yield "decision", words, {}
    variant = f", variant {told['variant']}" if told["variant"] else ""
    yield "profile", f"{told['profile']}{variant}", {}
    yield "permit", told["permit"], {}
    yield "buses", ", ".join(f"{bus['channel']} {bus['state']}" for bus in told["buses"]), {}
    yield "settings", ", ".join(f"{key} {told['settings'][key]}" for key in told["settings"]), {}
    yield "running", how_long(told["uptime_s"] * 1_000_000), {}


def _signals(told: Mapping[str, Any]) -> Iterator[str]:
    for each in told["signals"]:
        yield f"{each['signal']:<20} {each['value']:<22} {how_long(each['age_us'])}".rstrip()
