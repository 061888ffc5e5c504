"""Wires the owner's side to a live service: settings and guests on disk, socket, access, methods.

Knows: which part goes where, who may connect, and that the lock works without any of it: a socket
or a folder that nobody named is done without, and that is said.
Refuses to know: what any part does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from vehicle import VERSION
from vehicle.cli.console import fail
from vehicle.core.settings import Settings
from vehicle.core.settings_read import SettingsError
from vehicle.runtime.control import Control
from vehicle.runtime.control_service import LiveService
from vehicle.runtime.guest_book import GuestBook
from vehicle.runtime.settings_store import SettingsLockedError, SettingsStore, StoreError
from vehicle.runtime.varlink import Interface, VarlinkServer
from vehicle.runtime.varlink_access import GROUP, access_for
from vehicle.runtime.varlink_methods import CHARGELOCK, CHARGELOCK_SIGNATURES, description_of
from vehicle.runtime.varlink_socket import (
    SOCKET_PATH,
    Listener,
    ListenError,
    SocketInUseError,
    listen,
)
from vehicle.runtime.zones import ZoneFile

SETTINGS_FILE = "settings.toml"
GUESTS_FILE = "guests.record"
ZONES_FILE = "zones.toml"
NOT_KEPT = (
    "settings that you change, and what is remembered of a connector, hold until the service ends;"
    " to keep them, name a --state folder"
)

_GROUP_CONNECTS = 0o660
_EVERYBODY_CONNECTS = 0o666


# ---- settings -----------------------------------------------------------------------------------


@contextlib.contextmanager
def settings_kept(
    folder: Path | None, config: Path | None, *, dry_run: bool
) -> Iterator[tuple[SettingsStore, Settings]]:
    """Give the store in ``folder`` over the file ``config``, locked, and the settings that hold.

    Without a folder, and for a dry run beside the service, changes are kept until the end only.
    Ends the command with code 1 where another process keeps these settings, 2 where the folder or
    the file cannot be used.
    """
    with contextlib.ExitStack() as stack:
        kept = _in_folder(stack, folder, config, dry_run) if folder is not None else None
        if kept is None:
            import tempfile

            spare = stack.enter_context(tempfile.TemporaryDirectory(prefix="chargelock-"))
            kept = _opened(stack, Path(spare), config)
            kept[0].notes.append(NOT_KEPT)
        yield kept


def _in_folder(
    stack: contextlib.ExitStack, folder: Path, config: Path | None, dry_run: bool
) -> tuple[SettingsStore, Settings] | None:
    """Open the store in ``folder``; None for a dry run where the service has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        return _opened(stack, folder, config)
    except SettingsLockedError as error:
        if not dry_run:
            fail(error, 1)
        return None
    except StoreError as error:
        fail(error, 2)
    except OSError as error:
        fail(f"--state {folder}: cannot be used ({error.strerror}); name another folder", 2)


def _opened(
    stack: contextlib.ExitStack, folder: Path, config: Path | None
) -> tuple[SettingsStore, Settings]:
    store = stack.enter_context(SettingsStore(folder / SETTINGS_FILE, config))
    try:
        return store, store.load()
    except SettingsError as error:
        fail(error, 2)


# ---- the socket ---------------------------------------------------------------------------------


@contextlib.contextmanager
def control_socket(
    service: LiveService, store: SettingsStore, path: Path, *, everybody_reads: bool = False
) -> Iterator[Listener]:
    """Serve the control socket at ``path`` in the running event loop, until the block ends.

    ``everybody_reads``: people outside of the group may connect, too, and read. ``store`` must be
    loaded. Raises ListenError where the socket cannot be made.
    """
    mode = _EVERYBODY_CONNECTS if everybody_reads else _GROUP_CONNECTS
    listener = listen(path, mode=mode, group=GROUP)
    guests = GuestBook(store.owner_path.with_name(GUESTS_FILE))
    guests.load()
    zones = ZoneFile(store.owner_path.with_name(ZONES_FILE))
    zones.load()
    control = Control(service, store, guests, zones, listener.notes)
    signatures = CHARGELOCK_SIGNATURES
    interface = Interface(CHARGELOCK, description_of(CHARGELOCK), signatures, control.handlers)
    server = VarlinkServer([interface], access_for((GROUP,)), version=VERSION)
    server.start(listener.sock)
    try:
        yield listener
    finally:
        server.stop()
        control.close()
        listener.close()


@contextlib.contextmanager
def control_socket_if_possible(
    service: LiveService,
    store: SettingsStore,
    path: Path | None,
    say: Callable[[str], None],
    *,
    everybody_reads: bool,
) -> Iterator[None]:
    """Serve the control socket; say it where nobody named a ``path`` and there can be none.

    Ends the command where the named one cannot be made: code 1 where another service listens
    there, 2 otherwise.
    """
    with contextlib.ExitStack() as stack:
        where = path or Path(SOCKET_PATH)
        try:
            if path is None:
                _make_folder(where.parent)
            listener = stack.enter_context(
                control_socket(service, store, where, everybody_reads=everybody_reads)
            )
        except ListenError as error:
            if path is not None:
                fail(error, 1 if isinstance(error, SocketInUseError) else 2)
            say(f"no control socket, so nobody can ask by command line: {error}")
        else:
            for note in listener.notes:
                say(note)
        yield


def _make_folder(folder: Path) -> None:
    """Make the default socket's folder where we may; ``listen`` says what is wrong elsewhere."""
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o755, exist_ok=True)
