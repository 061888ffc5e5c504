"""The manager's memory on disk: one file, whole or absent, that a restart goes on from.

Knows: what the file looks like, how a damaged one is told, and what to say of it.
Refuses to know: what is remembered and what survives (``core/restart.py``), and when it is written.

The first line is the checksum of the second; the second is one JSON object: the schema, the car's
profile, the moment it was written at, and the memory as plain data, its times relative to then. It
is written beside the old one, flushed, and renamed, so that a cut at any instant leaves one of the
two. What cannot be used is no reason not to begin: the manager then knows as much as at its first
start, and moves nothing until it has heard the car.
"""

from __future__ import annotations

import json
import stat
import zlib
from pathlib import Path
from typing import Any

from vehicle.core.car import Car
from vehicle.core.memory import Memory
from vehicle.core.plain import NotPlainError, from_plain, to_plain
from vehicle.core.record import record
from vehicle.core.restart import aged, surviving
from vehicle.runtime.outage import OUTAGE_US_MAX, Moment, elapsed_us
from vehicle.runtime.settings_disk import replace_flushed

SCHEMA = 1
"""Counts up where an older version could misread the file. A field that is absent has its default,
so a field that is added needs no new one."""
FILE_BYTES_MAX = 64 * 1024
"""Longest file that is read; ours are about 2 KiB."""

_MARK = b"crc32 "


class UnusableError(ValueError):
    """A memory file that cannot be used. The message says why."""


@record
class Remembered:
    """What a start begins with."""

    memory: Memory
    notes: tuple[str, ...] = ()
    """What people should know of it, in words."""


class MemoryFile:
    """The memory of one profile's car at one path."""

    def __init__(self, path: Path, profile: str, car: Car) -> None:
        self.path = path
        self._profile = profile
        self._car = car

    def write(self, memory: Memory, moment: Moment) -> None:
        """Keep ``memory``, whose times are relative to ``moment``. Raises OSError.

        Whatever goes wrong, and whenever: the file is what it was before, or all of this.
        """
        replace_flushed(self.path, render(memory, self._profile, moment))

    def read(self, now: Moment) -> Remembered:
        """Return what to begin with at ``now``: nothing where nothing was kept or can be used."""
        try:
            memory, then = parse(_content(self.path), self._profile)
        except FileNotFoundError:
            return Remembered(Memory())
        except OSError as error:
            return self._nothing(f"it cannot be read ({error.strerror})")
        except UnusableError as error:
            return self._nothing(str(error))
        return _taken_up(surviving(memory, self._car), elapsed_us(then, now))

    def _nothing(self, why: str) -> Remembered:
        return Remembered(
            Memory(),
            (f"{self.path} cannot be used: {why}; what was remembered of the connector is lost",),
        )


def _taken_up(memory: Memory, passed_us: int | None) -> Remembered:
    """Where nobody knows how long it was, nothing has passed: no wait is over too early."""
    if passed_us is None and aged(memory, OUTAGE_US_MAX) != memory:
        return Remembered(
            memory,
            (
                "how long the service was away cannot be told, for the clock was not set; what is"
                " waited for is waited for in full",
            ),
        )
    return Remembered(aged(memory, passed_us or 0))


# ---- the bytes ----------------------------------------------------------------------------------


def render(memory: Memory, profile: str, moment: Moment) -> bytes:
    """Return the content of the file."""
    document = {
        "schema": SCHEMA,
        "profile": profile,
        "moment": to_plain(moment),
        "memory": to_plain(memory),
    }
    body = json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"
    return _MARK + f"{zlib.crc32(body):08x}\n".encode("ascii") + body


def parse(content: bytes, profile: str) -> tuple[Memory, Moment]:
    """Return what ``render`` wrote. Raises UnusableError."""
    mark, _, body = content.partition(b"\n")
    if mark != _MARK + f"{zlib.crc32(body):08x}".encode("ascii"):
        raise UnusableError("its checksum does not fit: it was cut, or changed by hand")
    document: dict[str, Any] = json.loads(body)
    if document["schema"] != SCHEMA:
        raise UnusableError(
            f"its schema is {document['schema']!r}, and this version reads {SCHEMA}"
        )
    if document["profile"] != profile:
        raise UnusableError(f"it is of another car, of profile {document['profile']}")
    try:
        memory = from_plain(Memory, document["memory"], "memory")
        return memory, from_plain(Moment, document["moment"], "moment")
    except NotPlainError as error:
        raise UnusableError(f"{error}; another version wrote it") from error


def _content(path: Path) -> bytes:
    """Read the file. Raises OSError, UnusableError."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise UnusableError("it is no file")
    with path.open("rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise UnusableError(f"it is longer than {FILE_BYTES_MAX} bytes")
    return content
