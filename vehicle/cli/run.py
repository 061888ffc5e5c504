"""``chargelock run``: the live service on a car's buses, until it is told to stop.

Knows: the options. Refuses to know: what is done with them; ``live`` does. It is imported when the
options are right, and without TLS, which asyncio would bring and nothing here speaks: that is a
twentieth of the start and 2 MB.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import click

from vehicle.core.record import record
from vehicle.runtime.pieces import PIECE_BYTES, PIECES
from vehicle.runtime.varlink_socket import SOCKET_PATH
from vehicle.wire.lean import without

MEGABYTE = 1024 * 1024


@record
class Options:
    """What was asked for on the command line."""

    profile: str
    config: Path | None
    interface: str
    channels: tuple[str, ...]
    named: dict[str, str]
    fd: bool | None
    dry_run: bool
    wait: bool
    state: Path | None
    secoc_key: Path | None
    socket: Path | None
    everybody_reads: bool
    record: Path | None
    record_mb: int
    record_pieces: int
    journal: str | None


@click.command()
@click.option("--interface", default="socketcan", show_default=True, help="python-can's name.")
@click.option(
    "--channel",
    "channels",
    required=True,
    multiple=True,
    metavar="[BUS=]CHANNEL",
    help="A channel, such as can0; may be given several times. BUS: the profile's bus on it.",
)
@click.option("--profile", "profile", required=True, metavar="NAME|FILE", help="The car.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Settings, TOML; what `chargelock settings` sets counts over them.",
)
@click.option(
    "--state",
    envvar="STATE_DIRECTORY",
    show_envvar=True,
    type=click.Path(path_type=Path),
    help="Folder that keeps changed settings, and what is remembered, over a restart.",
)
@click.option(
    "--secoc-key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The car's SecOC key, readable for the service only: requests from afar must prove it.",
)
@click.option(
    "--socket",
    type=click.Path(path_type=Path),
    envvar="CHARGELOCK_SOCKET",
    show_envvar=True,
    metavar="PATH",
    help=f"Control socket for the other commands.  [default: {SOCKET_PATH}, if possible]",
)
@click.option("--everybody-reads", is_flag=True, help="Let every user ask; not only the group.")
@click.option(
    "--record", type=click.Path(path_type=Path), help="Record what is received, for a replay."
)
@click.option(
    "--record-mb",
    default=PIECE_BYTES // MEGABYTE,
    show_default=True,
    type=click.IntRange(1, 4096),
    help="Size of a piece of the recording.",
)
@click.option(
    "--record-pieces",
    default=PIECES,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="How many pieces are kept: FILE, and FILE.1, FILE.2 ... for those before.",
)
@click.option("--journal", metavar="FILE|-", help="Write the decision journal, JSON lines.")
@click.option("--dry-run", is_flag=True, help="Decide and tell, but send nothing.")
@click.option("--fd/--no-fd", default=None, help="Use CAN FD. [default: with SocketCAN]")
@click.option("--wait", is_flag=True, help="Wait for channels that do not exist yet.")
def run(channels: tuple[str, ...], **rest: Any) -> None:
    """Run the lock manager on a car's buses until it is stopped (SIGTERM, Ctrl-C).

    A channel that is down is waited for. Exit code 1: another instance runs, or an internal error;
    2: a channel, profile or file cannot be used; 3: not permitted.
    """
    gc.disable()  # until everything is loaded
    options = _options(channels, rest)
    with without("ssl"):
        from vehicle.cli.live import serve

    sys.exit(serve(options))


def _options(channels: tuple[str, ...], rest: dict[str, Any]) -> Options:
    """Return the options, with ``BUS=CHANNEL`` taken apart."""
    named: dict[str, str] = {}
    names: list[str] = []
    for each in channels:
        bus, equals, channel = each.rpartition("=")
        if equals and bus in named:
            raise click.UsageError(f"--channel {each}: bus {bus} has a channel already")
        if equals:
            named[bus] = channel
        elif channel in names:
            raise click.UsageError(f"--channel {each}: was given twice")
        if not channel or any(letter.isspace() for letter in channel):
            raise click.UsageError(f"--channel {each!r}: is no name of a channel")
        if channel not in names:
            names.append(channel)
    return Options(channels=tuple(names), named=named, **rest)
