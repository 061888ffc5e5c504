"""``chargelock events``: what people are told, as it happens.

Knows: which journal lines concern people, and how none is missed or told twice when following.
Refuses to know: how a line looks in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from vehicle.cli.client import Client
from vehicle.cli.owner import connected, json_option, print_json, socket_option, verbose_option

HEARTBEAT_S = 10
QUIET_S_MAX = 45.0
"""A service that is silent for several heartbeats does not live."""

_FOR_PEOPLE = ("event", "fault", "request", "settings")

Line = Mapping[str, Any]


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens from now; Ctrl-C ends.")
@click.option(
    "-n", "--lines", default=1000, show_default=True, type=click.IntRange(1, 1_000_000),
    help="How far to look back, in lines of the journal.",
)  # fmt: skip
@socket_option
@json_option
@verbose_option
def events(follow: bool, lines: int, socket_path: str, as_json: bool, verbose: bool) -> None:
    """Print what happened and concerns people: alarms, faults, requests, changed settings.

    With --verbose every line of the decision journal, with --json as it stands there.
    """
    with connected(socket_path, as_json=as_json) as client:
        try:
            _print(client, socket_path, lines, follow=follow, as_json=as_json, verbose=verbose)
        except KeyboardInterrupt:
            return  # the way to end following


def _print(
    client: Client, path: str, count: int, *, follow: bool, as_json: bool, verbose: bool
) -> None:
    printer = None
    if not as_json:
        from vehicle.cli.journal_words import JournalPrinter

        printer = JournalPrinter(client)

    def tell(line: Line, now_us: int) -> None:
        if not verbose and line["kind"] not in _FOR_PEOPLE:
            return
        if printer is None:
            print_json(line)
        else:
            printer.clock(now_us)
            printer.print(line)

    if not follow:
        told = client.call("Journal", {"count": count})
        for line in told["lines"]:
            tell(line, told["now_us"])
        return
    with connected(path, as_json=as_json) as second:
        for line, now_us in _following(client, second, count):
            tell(line, now_us)


def _following(client: Client, second: Client, count: int) -> Iterator[tuple[Line, int]]:
    """Yield the last lines and then each new one, with the service's time when it was told."""
    replies = client.stream("Events", {"heartbeat_s": HEARTBEAT_S}, quiet_s=QUIET_S_MAX)
    next(replies)  # the first heartbeat: from here on nothing is missed
    told = second.call("Journal", {"count": count})
    last_us = -1
    for line in told["lines"]:
        yield line, told["now_us"]
        last_us = line["t"]
    begun = [line for line in told["lines"] if line["t"] == last_us]
    for reply in replies:
        line = reply["event"]
        if line is not None and line["t"] >= last_us and line not in begun:
            yield line, line["t"]
