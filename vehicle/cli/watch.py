"""``chargelock watch``: the status, drawn again whenever something happens.

Knows: when to draw, and how a screen is drawn over. Refuses to know: what the status says.
"""

from __future__ import annotations

import shutil
import sys
import time

import click

from vehicle.cli.client import Client
from vehicle.cli.console import show, wants_colour, width
from vehicle.cli.owner import connected, json_option, print_json, socket_option, verbose_option
from vehicle.cli.status import status_lines

HEARTBEAT_S = 1
QUIET_S_MAX = 20.0
"""A service that is silent for so many heartbeats does not live."""
REDRAW_S_MIN = 0.1
"""A burst of events is one picture."""


@click.command()
@socket_option
@json_option
@verbose_option
def watch(socket_path: str, as_json: bool, verbose: bool) -> None:
    """Show the status, and show it anew on each event, until Ctrl-C.

    Without a terminal, and with --json, each change is printed below the last.
    """
    with connected(socket_path, as_json=as_json) as client:
        try:
            with connected(socket_path, as_json=as_json) as second:
                _watch(client, second, _Picture(as_json=as_json, verbose=verbose))
        except KeyboardInterrupt:
            return  # the way to end watching


class _Picture:
    """What was drawn last, and how the next one is drawn."""

    def __init__(self, *, as_json: bool, verbose: bool) -> None:
        self._as_json = as_json
        self._verbose = verbose
        self._screen = sys.stdout.isatty() and not as_json
        self._last: list[str] = []

    def draw(self, client: Client) -> None:
        """Ask for the status and draw it."""
        told = client.call("Status")
        lines = status_lines(told, width(), verbose=self._verbose and self._screen)
        if self._screen:
            self._draw_over(lines)
        elif lines != self._last:
            if self._as_json:
                print_json(told)
            else:
                show([*([""] if self._last else []), *lines])
        self._last = lines

    def _draw_over(self, lines: list[str]) -> None:
        """Draw from the screen's top; what stood there before is wiped, line by line."""
        rows = max(1, shutil.get_terminal_size().lines - 1)
        start = "\x1b[H" if self._last else "\x1b[2J\x1b[H"
        shown = lines[:rows] if wants_colour() else [click.unstyle(line) for line in lines[:rows]]
        text = "".join(f"{line}\x1b[K\n" for line in shown)
        click.echo(f"{start}{text}\x1b[J", nl=False)


def _watch(client: Client, second: Client, picture: _Picture) -> None:
    drawn_s = 0.0
    for _ in client.stream("Events", {"heartbeat_s": HEARTBEAT_S}, quiet_s=QUIET_S_MAX):
        # What comes too soon after a picture is in the next one, a heartbeat later at most.
        if time.monotonic() - drawn_s >= REDRAW_S_MIN:
            picture.draw(second)
            drawn_s = time.monotonic()
