"""Keeps the owner's settings through power loss at any instant, and records every change.

Knows: two files (the vendor's, read-only, under the owner's), the generation before, and the audit.
Refuses to know: what a setting means, who may change it, and what time it is.

One change, in this order; a power cut after any step leaves the old settings or the new ones:
1. its line is appended to the audit and flushed: what is not recorded does not happen;
2. the new file is written beside the old one and flushed;
3. the old file becomes the generation before, the new one takes its place, by renaming;
4. the folder is flushed.
At the start the audit is compared with what holds; where they differ (a cut between 1 and 3, a file
edited by hand or damaged) lines are added that say so. So the audit always ends in what holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from vehicle.core.settings import Settings
from vehicle.core.settings_read import SettingsError, parse
from vehicle.core.settings_told import weakens
from vehicle.runtime.settings_audit import Audit, state
from vehicle.runtime.settings_disk import keep_copy, write_flushed
from vehicle.runtime.settings_file import (
    Change,
    DamagedError,
    Generation,
    Value,
    checked,
    read_generation,
    read_vendor,
    render,
)

BY_HAND = "edited by hand"
RECOVERY = "recovery"
"""Who made a change that nobody asked for: see the notes of that start."""

_NUMBER = r"-?[0-9]{1,9}"
_WHO_CHARACTERS_MAX = 200


Wishes = Mapping[str, Value | None]
"""Settings key -> the value that is wished for; None: the vendor's, or the default."""


class StoreError(OSError):
    """The settings cannot be kept. Nothing has changed; the message says why and what to do."""


class SettingsLockedError(StoreError):
    """Another process keeps these settings."""


class SettingsStore:
    """The settings on disk. One store to a folder: it is locked from ``load`` to ``close``."""

    def __init__(self, owner_path: Path, vendor_path: Path | None = None) -> None:
        """Use ``owner_path`` (its folder must exist) over ``vendor_path``, which may be absent."""
        self.owner_path = owner_path
        self.vendor_path = vendor_path
        self.previous_path = owner_path.with_name(owner_path.name + ".previous")
        self.damaged_path = owner_path.with_name(owner_path.name + ".damaged")
        """Where a damaged file is put when a change replaces it."""
        self.audit = Audit(owner_path.with_name("audit.jsonl"))
        self.notes: list[str] = []
        """What was found wrong, in words, since ``load``."""
        self._vendor: dict[str, Value] = {}
        self._generation = Generation()
        self._number = 0
        self._owner_is_good = True
        self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others keep these settings."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # ---- reading --------------------------------------------------------------------------------

    def load(self) -> Settings:
        """Lock and read the files, and bring the audit up to date; return what holds.

        What was damaged, or could not be written, is in ``notes``. Raises SettingsError where the
        vendor's file is wrong, SettingsLockedError where another process keeps these settings,
        StoreError where there is no folder.
        """
        self._take_lock()
        self.notes = []
        self._vendor = read_vendor(self.vendor_path)
        self._generation = self._read_owner()
        self.notes += self._generation.notes
        try:
            self._reconcile()
        except OSError as error:
            self.notes.append(f"{self.audit.path}: cannot be kept ({error.strerror})")
        return self._settings(self._generation)

    @property
    def owner_values(self) -> dict[str, Value]:
        """The keys that the owner has set."""
        return dict(self._generation.owner)

    @property
    def vendor_values(self) -> dict[str, Value]:
        """The keys that the vendor has set."""
        return dict(self._vendor)

    def _take_lock(self) -> None:
        if self._lock >= 0:
            return
        folder, lock = self.owner_path.parent, -1
        try:
            # The folder itself, not a file in it: works where nothing can be written, too.
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if lock >= 0:
                os.close(lock)
            if isinstance(error, BlockingIOError):
                raise SettingsLockedError(
                    f"{folder}: another process keeps these settings; stop it, or ask the running"
                    " service for the change"
                ) from error
            raise StoreError(
                f"{folder}: cannot be opened ({error.strerror}); make the folder for the settings"
                " and let the service read it"
            ) from error
        self._lock = lock

    def _settings(self, generation: Generation) -> Settings:
        return parse({**self._vendor, **dict(generation.owner)}, str(self.owner_path))

    def _read_owner(self) -> Generation:
        self._owner_is_good = False
        for path, instead in (
            (self.owner_path, "the settings before the last change hold, if they are there"),
            (self.previous_path, "the vendor's settings hold"),
        ):
            try:
                generation = read_generation(path)
            except FileNotFoundError:
                continue
            except (OSError, DamagedError, SettingsError) as error:
                self.notes.append(f"{path} cannot be used: {error}; {instead}")
                continue
            if path == self.owner_path:
                self._owner_is_good = True
            elif not self.notes:
                self.notes.append(
                    f"{self.owner_path} is missing; the settings before the last change hold; to go"
                    f" back to the vendor's, remove {path.name} as well"
                )
            return generation
        return Generation()

    def _reconcile(self) -> None:
        """Make the audit end in what holds."""
        self._number = self._generation.number
        recorded, notes = self.audit.heal()
        self.notes += notes
        last = recorded[-1].generation if recorded else 0
        made = self._generation.changes
        lines = [change for change in made if change.generation > last]
        self._number = max(last, self._number)
        was, now = state([*recorded, *lines]), self.owner_values
        differ = sorted(key for key in was.keys() | now.keys() if was.get(key) != now.get(key))
        if differ:
            self._number += 1
            by_hand = not made and self._owner_is_good
            who, when_s = RECOVERY, None
            if by_hand:
                who, when_s = BY_HAND, int(self.owner_path.stat().st_mtime)
            lines += [
                Change(self._number, who, when_s, key, was.get(key), now.get(key)) for key in differ
            ]
        if lines:
            self.audit.append(lines)

    # ---- changing -------------------------------------------------------------------------------

    def preview(self, wishes: Wishes) -> tuple[Settings, list[str]]:
        """Return the settings after a change, and what it would give up. Writes nothing.

        ``wishes``: as for ``change_all``. Raises SettingsError for a key or value that does not
        exist.
        """
        after = self._settings(self._changed(wishes, "", 0))
        return after, weakens(self._settings(self._generation), after)

    def change(self, key: str, value: Value | None, *, who: str, when_s: int) -> Settings:
        """Set ``key`` to ``value``, or unset it with None: ``change_all`` with a single wish."""
        return self.change_all({key: value}, who=who, when_s=when_s)

    def change_all(self, wishes: Wishes, *, who: str, when_s: int) -> Settings:
        """Set each key to its value, or unset it with None; return what holds from now on.

        All of them change at once, or none. A value may be text for a number, too. ``when_s``:
        wall-clock seconds since 1970. A value that is set already is not written again. Raises
        SettingsError for a key or value that does not exist, StoreError where the change cannot be
        recorded or saved; in both cases nothing has changed.
        """
        assert self._lock >= 0, "load the settings before changing them"
        generation = self._changed(wishes, who, when_s)
        settings = self._settings(generation)
        if not generation.changes:
            return settings
        try:
            self.audit.begin_anew(self._number, self._generation.owner)
            size = self.audit.append(generation.changes)
            self._number = generation.number
            self._write(generation, size)
        except OSError as error:
            raise StoreError(
                f"{self.owner_path}: the change was not saved ({error.strerror}); free some space"
                " or make the folder writable, then try again"
            ) from error
        self._generation = generation
        self._owner_is_good = True
        self._flush_folder()
        return settings

    def _changed(self, wishes: Wishes, who: str, when_s: int) -> Generation:
        defaults, owner = Settings().words(), self.owner_values
        number = self._number + 1
        name = who[:_WHO_CHARACTERS_MAX].encode(errors="replace").decode()
        changes = []
        for key, wish in wishes.items():
            if key not in defaults:
                parse({key: wish}, "settings")
                raise SettingsError(f"settings: {key!r} is no setting")
            old, value = owner.pop(key, None), wish
            if value is not None:
                is_number = isinstance(defaults[key], int)
                if is_number and isinstance(value, str) and re.fullmatch(_NUMBER, value):
                    value = int(value)
                owner |= checked({key: value}, "settings")
            if owner.get(key) != old:
                changes.append(Change(number, name, when_s, key, old, owner.get(key)))
        return Generation(number, tuple(sorted(owner.items())), tuple(changes))

    def _write(self, generation: Generation, audit_size: int) -> None:
        """Steps 2 and 3. Where they fail, the audit's line is taken back."""
        try:
            fresh = self.owner_path.with_name(self.owner_path.name + ".new")
            write_flushed(fresh, render(generation))
            self._keep_previous()
            fresh.replace(self.owner_path)
        except OSError:
            with contextlib.suppress(OSError):  # the next start adds a line that takes it back
                self.audit.cut(audit_size)
            raise

    def _keep_previous(self) -> None:
        """Make the file that holds the generation before; put a damaged one out of the way."""
        if not self.owner_path.exists():
            return
        if not self._owner_is_good:
            self.owner_path.replace(self.damaged_path)
            return
        keep_copy(self.owner_path, self.previous_path)

    def _flush_folder(self) -> None:
        """Step 4. The change holds already; only a power cut could still take it back."""
        try:
            os.fsync(self._lock)
        except OSError as error:
            self.notes.append(
                f"{self.owner_path.parent}: cannot be flushed ({error.strerror}); the last change"
                " holds, but may not survive a power cut"
            )
