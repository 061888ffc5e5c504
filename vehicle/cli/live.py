"""Opens and serves a car's buses until a signal or an internal error: the work of ``run``.

Knows: what is opened in which order, and which exit code says what went wrong.
Refuses to know: how the options were given, and how anything is decided, read or sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from vehicle.cli.console import code_of, fail
from vehicle.cli.control_socket import control_socket_if_possible, settings_kept
from vehicle.cli.live_journal import journal_written
from vehicle.cli.profile import load_or_fail
from vehicle.cli.remembered import memory_file, memory_kept, remembered
from vehicle.cli.run import MEGABYTE, Options
from vehicle.cli.secoc import authentication
from vehicle.cli.service_process import Ended, say, settle_memory
from vehicle.core.settings import Settings
from vehicle.core.settings_read import SettingsError
from vehicle.runtime.instance import AlreadyRunningError, claim
from vehicle.runtime.notify import Watchdog, notify, watchdog_us
from vehicle.runtime.port_error import PortError
from vehicle.runtime.ports import Port
from vehicle.runtime.recorder import Recorder
from vehicle.runtime.service import Service
from vehicle.runtime.settings_store import SettingsStore
from vehicle.runtime.sift import Sift, SiftingSelector, installed
from vehicle.runtime.store import read_settings
from vehicle.runtime.wiring import Wiring, WiringError
from vehicle.wire.loaded import Profile
from vehicle.wire.reader import Judge


def serve(options: Options) -> int:
    """Run the service; return the exit code.

    Ends the command with a line and its code where it cannot begin: 1 where another instance runs,
    2 where a channel, profile or file cannot be used, 3 where that is not permitted.
    """
    _check(options.config)
    profile = load_or_fail(options.profile)
    try:
        wiring = Wiring(profile, options.channels, options.named)
    except WiringError as error:
        fail(error, 2)
    kept = settings_kept(options.state, options.config, dry_run=options.dry_run)
    with _claimed(options), kept as (store, settings), _authentication(profile, options) as judge:
        sift = installed() if options.record is None else None
        with asyncio.Runner(loop_factory=partial(_loop, sift)) as runner:
            return runner.run(_serve(profile, settings, store, wiring, judge, sift, options))


def _loop(sift: Sift | None) -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(None if sift is None else SiftingSelector(sift))


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
    sift: Sift | None,
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
        sift=sift,
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
        if sift is None and options.record is None and options.interface == "socketcan":
            say("frames are read in Python; a C compiler at the time of installation saves half")
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
            fail(error.strerror, code_of(error))


def _greeting(profile: Profile, options: Options) -> str:
    where = ", ".join(options.channels)
    how = "dry run: nothing is sent" if options.dry_run else "commanding the pins"
    return f"{profile.title} on {where} ({options.interface}); {how}; end with Ctrl-C"
