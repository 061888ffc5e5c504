"""``chargelock run``: the live service on a car's buses, until it is told to stop.

Knows: the options, what is opened in which order, and which exit code says what went wrong.
Refuses to know: how anything is decided, read or sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from vehicle.cli.console import fail
from vehicle.cli.control_socket import control_socket_if_possible, settings_kept
from vehicle.cli.live_journal import journal_written
from vehicle.cli.profile import load_or_fail
from vehicle.cli.remembered import memory_file, memory_kept, remembered
from vehicle.cli.secoc import authentication
from vehicle.cli.service_process import Ended, say, settle_memory
from vehicle.core.settings import Settings, SettingsError
from vehicle.runtime.instance import AlreadyRunningError, claim
from vehicle.runtime.notify import Watchdog, notify, watchdog_us
from vehicle.runtime.ports import Port, PortError
from vehicle.runtime.recorder import PIECE_BYTES, PIECES, Recorder
from vehicle.runtime.service import Service
from vehicle.runtime.settings_store import SettingsStore
from vehicle.runtime.store import read_settings
from vehicle.runtime.varlink_socket import SOCKET_PATH
from vehicle.runtime.wiring import Wiring, WiringError
from vehicle.wire.loaded import Profile
from vehicle.wire.reader import Judge

MEGABYTE = 1024 * 1024

_EXIT_CODES = {errno.EPERM: 3, errno.EACCES: 3}
"""Why a channel cannot be opened -> the exit code. Anything else is 2: the command does not fit."""


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

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
@click.option("--profile", "profile_name", required=True, metavar="NAME|FILE", help="The car.")
@click.option(
    "--config",
    "config_path",
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
def run(
    profile_name: str, config_path: Path | None, channels: tuple[str, ...], **rest: Any
) -> None:
    """Run the lock manager on a car's buses until it is stopped (SIGTERM, Ctrl-C).

    A channel that is down is waited for. Exit code 1: another instance runs, or an internal error;
    2: a channel, profile or file cannot be used; 3: not permitted.
    """
    gc.disable()  # until everything is loaded
    options = _options(channels, rest)
    _check(config_path)
    profile = load_or_fail(profile_name)
    try:
        wiring = Wiring(profile, options.channels, options.named)
    except WiringError as error:
        fail(error, 2)
    kept = settings_kept(options.state, config_path, dry_run=options.dry_run)
    with _claimed(options), kept as (store, settings), _authentication(profile, options) as judge:
        sys.exit(asyncio.run(_serve(profile, settings, store, wiring, judge, options)))


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


def _check(config: Path | None) -> None:
    """End the command where the settings that were named cannot be read."""
    if config is not None:
        try:
            read_settings(config)
        except SettingsError as error:
            fail(error, 2)


@contextlib.contextmanager
def _claimed(options: Options) -> Iterator[None]:
    """Hold each channel against a second instance."""
    with contextlib.ExitStack() as stack:
        for channel in () if options.dry_run else options.channels:
            try:
                held: socket.socket = claim(options.interface, channel)
            except AlreadyRunningError as error:
                fail(error, 1)
            stack.enter_context(held)
        yield


def _authentication(
    profile: Profile, options: Options
) -> contextlib.AbstractContextManager[Judge | None]:
    key, state, dry_run = options.secoc_key, options.state, options.dry_run
    return authentication(profile, key, state, say, keep=not dry_run)


async def _serve(
    profile: Profile,
    settings: Settings,
    store: SettingsStore,
    wiring: Wiring,
    judge: Judge | None,
    options: Options,
) -> int:
    """Run until a signal or an internal error; return the exit code."""
    ports = [
        Port(options.interface, channel, wiring.ids_on(channel), fd=options.fd)
        for channel in options.channels
    ]
    recorder = None
    if options.record is not None:
        recorder = Recorder(
            options.record,
            piece_bytes=options.record_mb * MEGABYTE,
            pieces=options.record_pieces,
            trouble=say,
        )
    for port in ports:
        _open(port, options.wait)
    kept = memory_file(options.state, profile, dry_run=options.dry_run)
    service = Service(
        profile,
        ports,
        settings,
        wiring=wiring,
        dry_run=options.dry_run,
        recorder=recorder,
        memory=remembered(kept, say),
        judge=judge,
        say=say,
    )
    ended = Ended()
    service.on_broken = ended.broken
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(memory_kept(kept, service, say))
        stack.enter_context(journal_written(options.journal, service, say))
        try:
            service.start()
        except OSError as error:
            fail(
                f"--record {options.record}: cannot be written ({error.strerror}); name another", 2
            )
        for note in store.notes:
            say(note)
        stack.enter_context(
            control_socket_if_possible(
                service, store, options.socket, say, everybody_reads=options.everybody_reads
            )
        )
        watchdog = Watchdog(service.alive, watchdog_us())
        watchdog.start()
        settle_memory()
        notify("READY=1", f"STATUS={profile.title} on {', '.join(options.channels)}")
        say(_greeting(profile, options))
        code = await ended.wait()
        notify("STOPPING=1")
        watchdog.stop()
        service.stop()
    return code


def _open(port: Port, wait: bool) -> None:
    """Open a channel, or wait for one that is down; end the command where it cannot be used."""
    try:
        port.open()
    except PortError as error:
        missing = error.errno in (errno.ENODEV, errno.ENXIO)
        if error.errno == errno.ENETDOWN or (missing and wait):
            say(f"{error.strerror}; waiting for it")
            port.open_later()
        else:
            fail(error.strerror, _EXIT_CODES.get(error.errno or 0, 2))


def _greeting(profile: Profile, options: Options) -> str:
    where = ", ".join(options.channels)
    how = "dry run: nothing is sent" if options.dry_run else "commanding the pins"
    return f"{profile.title} on {where} ({options.interface}); {how}; end with Ctrl-C"
