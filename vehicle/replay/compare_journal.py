"""A journal that was written earlier, taken down as if its replay ran now.

Knows: a journal file's lines, and which journals this version can read.
Refuses to know: what it is compared with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vehicle.core.record import record
from vehicle.core.settings import Settings
from vehicle.core.settings_read import SettingsError, parse
from vehicle.replay.report.chronicle import Chronicle
from vehicle.runtime.journal import SCHEMA_VERSION
from vehicle.runtime.journal_read import UnknownEntryError, entry_of


class JournalFileError(Exception):
    """A file is no journal that this version can read. The message names file, line and remedy."""


@record
class Journal:
    """What a journal file tells."""

    profile: str
    shadow: bool
    settings: Settings
    chronicle: Chronicle
    unknown: int
    """Lines that this version does not know; they are left aside, as journals say."""


def read_journal(path: Path) -> Journal:
    """Return what ``path`` tells. A last line that was cut off counts as not known.

    Raises: JournalFileError.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise JournalFileError(
            f"{path}: cannot be read ({error.strerror}); check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise JournalFileError(
            f"{path}: is not UTF-8 text (byte {error.start}); name a journal that --journal wrote"
        ) from error
    start = _start(path, _object(path, 1, lines[0]) if lines else None)
    chronicle, unknown = Chronicle(shadow=bool(start["shadow"])), 0
    for number, text in enumerate(lines[1:], 2):
        try:
            line = _object(path, number, text)
        except JournalFileError:
            if number < len(lines):
                raise
            unknown += 1
            continue
        try:
            chronicle.take(line["t"], entry_of(line))
        except UnknownEntryError:
            unknown += 1
    chronicle.finish(chronicle.end_us)
    try:
        settings = parse(start["settings"], f"{path}:1")
    except SettingsError as error:
        raise JournalFileError(f"{error} (the journal is of another version)") from error
    return Journal(start["profile"], bool(start["shadow"]), settings, chronicle, unknown)


def _object(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except json.JSONDecodeError as error:
        raise JournalFileError(
            f"{path}:{number}: is not JSON: {error.msg}; is it damaged?"
        ) from error
    if not isinstance(line, dict) or not isinstance(line.get("t"), int):
        raise JournalFileError(f"{path}:{number}: is no line of a journal; is it damaged?")
    return line


def _start(path: Path, line: dict[str, Any] | None) -> dict[str, Any]:
    if line is None or line.get("kind") != "start":
        raise JournalFileError(
            f"{path}:1: a journal begins with its start line; name one that --journal wrote"
        )
    if line.get("schema") != SCHEMA_VERSION:
        raise JournalFileError(
            f"{path}:1: is of schema {line.get('schema')}, this version reads {SCHEMA_VERSION};"
            " write it again with chargelock replay --journal"
        )
    missing = sorted({"profile", "shadow", "settings"} - line.keys())
    if missing:
        raise JournalFileError(
            f"{path}:1: the start line lacks {', '.join(missing)}; is it damaged?"
        )
    return line
