"""The audit: one line for every change of the settings, kept through cuts and bounded in size.

Knows: the lines, the file they are appended to, and the older file it gives way to.
Refuses to know: the settings files, and what a setting means.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from vehicle.runtime.settings_disk import append_flushed, write_flushed
from vehicle.runtime.settings_file import Change, Value, change_from

AUDIT_BYTES_MAX = 512 * 1024
"""Size at which a new file is begun: about 4,000 changes. One older file is kept."""

CARRIED = "carried over"
"""Who wrote the first lines of a new file: what was set when it began, old and new alike."""


class Audit:
    """The record of changes at ``path``, with the older one beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.older_path = path.with_name(path.name + ".1")
        self._new_path = path.with_name(path.name + ".new")

    def heal(self) -> tuple[list[Change], list[str]]:
        """Cut off a torn last line; return the present file's changes, and notes in words.

        Raises OSError where the file cannot be read or cut.
        """
        if not self.path.exists():
            if self.older_path.exists():  # a power cut while a new file was begun
                self.older_path.replace(self.path)
            else:
                return [], []
        notes = []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(self.path, len(whole))
            notes.append(f"{self.path}: a torn last line was cut off")
        changes, damaged = _parse(whole)
        if damaged:
            notes.append(f"{self.path}: {damaged} damaged lines are left out")
        return changes, notes

    def changes(self) -> list[Change]:
        """Return all recorded changes that are kept, oldest first. Raises OSError."""
        kept: list[Change] = []
        for path in (self.older_path, self.path):
            if path.exists():
                kept += _parse(path.read_bytes())[0]
        return [change for change in kept if change.old != change.new]

    def append(self, changes: Sequence[Change]) -> int:
        """Add ``changes`` durably; return the size before, for ``cut``.

        Raises OSError; nothing is added then.
        """
        return append_flushed(self.path, _lines(changes))

    def cut(self, size: int) -> None:
        """Take back what ``append`` added, because it did not come to pass. Raises OSError."""
        os.truncate(self.path, size)

    def begin_anew(self, generation: int, owner: Iterable[tuple[str, Value]]) -> None:
        """Begin a new file with what is set now, if the present one has grown long enough.

        Raises OSError; the present file stays then.
        """
        if not self.path.exists() or self.path.stat().st_size < AUDIT_BYTES_MAX:
            return
        carried = [Change(generation, CARRIED, None, key, value, value) for key, value in owner]
        write_flushed(self._new_path, _lines(carried))
        self.path.replace(self.older_path)
        try:
            self._new_path.replace(self.path)
        except OSError:
            self.older_path.replace(self.path)
            raise


def state(changes: Iterable[Change]) -> dict[str, Value]:
    """Return what the owner has set once all ``changes`` were made."""
    owner: dict[str, Value] = {}
    for change in changes:
        if change.new is None:
            owner.pop(change.key, None)
        else:
            owner[change.key] = change.new
    return owner


def _lines(changes: Iterable[Change]) -> bytes:
    lines = [json.dumps(one.fields(), sort_keys=True, separators=(",", ":")) for one in changes]
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _parse(content: bytes) -> tuple[list[Change], int]:
    """Return the changes in whole lines, and how many lines are none."""
    changes, damaged = [], 0
    for line in content.splitlines():
        try:
            fields = json.loads(line)
            changes.append(change_from(fields if isinstance(fields, dict) else {}))
        except (ValueError, RecursionError):
            damaged += 1
    return changes, damaged
