"""Compiled DBCs on disk, so that a start need not compile what it compiled before.

Knows: how a compiled DBC and what was found in it become JSON and back, under which name it is
kept, and which files are trusted. Refuses to know: how a DBC is compiled, and where the folder is.

A file is named after the DBC's bytes and this format, and begins with a checksum of what follows.
One that is missing, damaged, or of somebody else's making counts as not there. Nothing here can
fail: without a cache everything works, only slower.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from dataclasses import fields
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

from vehicle.wire.dbc import Dbc, DbcMessage, load_dbc
from vehicle.wire.fields import Field
from vehicle.wire.findings import Finding, Severity

FORMAT = 1
"""Grows with every change of what is compiled, or of how it is written."""

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_SETS = ("sna", "mux_ids")
_FRACTIONS = ("scale", "offset")
_FIELDS = tuple(each.name for each in fields(Field))

Compiled = tuple[Dbc | None, list[Finding]]


def name_of(source: bytes) -> str:
    """Return the name that the compilation of a DBC's bytes is kept under."""
    return f"{sha256(source).hexdigest()}.{FORMAT}.json"


def compile_dbc(path: Path, folder: Path | None) -> Compiled:
    """Return the DBC at ``path`` compiled, from ``folder`` if it is kept there; else keep it."""
    source = b""
    if folder is not None:
        with contextlib.suppress(OSError):  # whoever compiles it says that it cannot be read
            source = path.read_bytes()
    if folder is None or not source:
        return load_dbc(path)
    kept = fetch(folder, source, path)
    if kept is not None:
        return kept
    dbc, findings = load_dbc(path)
    if dbc is not None:
        keep(folder, source, dbc, findings)
    return dbc, findings


def fetch(folder: Path, source: bytes, path: Path) -> Compiled | None:
    """Return what was kept of a DBC with these bytes, as if read from ``path``; else None."""
    try:
        with (folder / name_of(source)).open("rb") as file:
            about = os.fstat(file.fileno())
            if about.st_uid not in (0, os.geteuid()) or about.st_mode & _WRITABLE_BY_OTHERS:
                return None
            checksum, _, body = file.read().partition(b"\n")
    except OSError:
        return None
    if sha256(body).hexdigest().encode() != checksum:
        return None
    kept = json.loads(body)
    messages = {row["name"]: _message(row) for row in kept["messages"]}
    findings = [
        Finding(str(path), line, signal, text, Severity(severity))
        for line, signal, text, severity in kept["findings"]
    ]
    return Dbc(path, messages), findings


def keep(folder: Path, source: bytes, dbc: Dbc, findings: list[Finding]) -> None:
    """Keep a compiled DBC, if the folder can be written."""
    plain = {
        "findings": [[f.line, f.signal, f.text, str(f.severity)] for f in findings],
        "messages": [_plain_message(message) for message in dbc.messages.values()],
    }
    body = json.dumps(plain, separators=(",", ":")).encode()
    target = folder / name_of(source)
    # Each process writes its own file; whoever renames last, what is there is whole.
    whole = target.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        try:
            whole.write_bytes(sha256(body).hexdigest().encode() + b"\n" + body)
            whole.chmod(0o644)
            whole.replace(target)
        finally:
            whole.unlink(missing_ok=True)


def _plain_message(message: DbcMessage) -> dict[str, Any]:
    return {
        "name": message.name,
        "can_id": message.can_id,
        "extended": message.extended,
        "length": message.length,
        "cycle_us": message.cycle_us,
        "fields": [_plain_field(field) for field in message.fields.values()],
        "choices": {name: list(table.items()) for name, table in message.choices.items()},
    }


def _message(row: dict[str, Any]) -> DbcMessage:
    compiled = {values[1]: _field(values) for values in row.pop("fields")}
    choices = {name: dict(map(tuple, table)) for name, table in row.pop("choices").items()}
    return DbcMessage(fields=compiled, choices=choices, **row)


def _plain_field(field: Field) -> list[Any]:
    values: list[Any] = []
    for name in _FIELDS:
        value = getattr(field, name)
        if name in _SETS:
            value = sorted(value)
        elif name in _FRACTIONS:
            value = [value.numerator, value.denominator]
        elif name == "mux" and value is not None:
            value = _plain_field(value)
        values.append(value)
    return values


def _field(values: list[Any]) -> Field:
    named = dict(zip(_FIELDS, values, strict=True))
    for name in _SETS:
        named[name] = frozenset(named[name])
    for name in _FRACTIONS:
        named[name] = Fraction(*named[name])
    if named["mux"] is not None:
        named["mux"] = _field(named["mux"])
    return Field(**named)
