"""Keeps guest passes through power loss, and records all that becomes of them.

Knows: one file of lines that are never changed, and how they add up to the passes that hold.
Refuses to know: codes before they are hashed, sockets, and what a pass leads to.

The record *is* the store: each line says what happened, by whom and when, and the passes are what
all lines together come to. A line is flushed before it counts, so a power cut leaves what happened
before it or what happened with it. A try is written down before its code is looked at: cutting the
power does not make it free. A torn last line never came to pass and is cut off. Where a line in the
middle is damaged it may have been a revocation, so no pass from before it holds any more.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from vehicle.runtime.guest_pass import TRIES_MAX, Book, Pass
from vehicle.runtime.outage import Moment
from vehicle.runtime.settings_disk import append_flushed, write_flushed

RECORD_BYTES_MAX = 256 * 1024
"""Size at which a new file is begun: about a thousand lines. One older file is kept."""
MODE = 0o600
"""The owner of the file only: it holds the hashes of codes."""


class GuestStoreError(OSError):
    """The passes cannot be kept. Nothing has changed; the message says why and what to do."""


class What(StrEnum):
    """What happened. Stable names of the record."""

    ADDED = "added"
    REVOKED = "revoked"
    TRYING = "trying"
    REFUSED = "refused"
    USED = "used"
    GIVEN_BACK = "given-back"
    ALLOWED_AGAIN = "allowed-again"
    CARRIED = "carried"


Line = Mapping[str, Any]


class GuestBook:
    """The passes in one file. Only one thread may use it at a time; each change waits for the disk.

    Call ``load`` first.
    """

    def __init__(self, path: Path) -> None:
        """Use ``path``; its folder must exist. Nothing is touched."""
        self.path = path
        self.older_path = path.with_name(path.name + ".1")
        self._new_path = path.with_name(path.name + ".new")
        self.book = Book()
        """The passes that hold."""
        self.notes: list[str] = []
        """What was found wrong, in words, since ``load``."""

    def load(self) -> None:
        """Read what was recorded. What was damaged, or cannot be read, is in ``notes``."""
        self.book, self.notes = Book(), []
        try:
            content = self._content()
        except OSError as error:
            self.notes.append(
                f"{self.path}: cannot be read ({error.strerror}); no guest code holds"
            )
            self.book = Book(tries=TRIES_MAX)
            return
        for number, raw in enumerate(content.splitlines(), 1):
            try:
                self.book = _apply(self.book, _read(raw))
            except (ValueError, KeyError, TypeError):
                self.book = replace(self.book, passes=())
                self.notes.append(
                    f"{self.path}: line {number} is damaged; the guest codes from before it do not"
                    " hold any more"
                )

    def _content(self) -> bytes:
        """Return the whole lines of the file; put right what a power cut left half done."""
        if not self.path.exists():
            if not self.older_path.exists():
                return b""
            self.older_path.replace(self.path)  # a power cut while a new file was begun
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(self.path, len(whole))
            self.notes.append(f"{self.path}: a torn last line was cut off")
        return whole

    def record(self, what: What, now: Moment, who: str, **fields: Any) -> Book:
        """Write down what happened at ``now`` because of ``who``; return the passes that hold now.

        Raises GuestStoreError where it cannot be written; then it has not happened.
        """
        line: Line = {"what": what, "who": who, **asdict(now), **fields}
        after = _apply(self.book, line)
        try:
            self._begin_anew(now)
            append_flushed(self.path, _written(line), MODE)
        except OSError as error:
            raise GuestStoreError(
                f"{self.path}: cannot be written ({error.strerror}); free some space or make the"
                " folder writable, then try again"
            ) from error
        self.book = after
        return after

    def _begin_anew(self, now: Moment) -> None:
        """Begin a new file with what holds now, if the present one has grown long enough."""
        if not self.path.exists() or self.path.stat().st_size < RECORD_BYTES_MAX:
            return
        line = {"what": What.CARRIED, "who": "", **asdict(now), "book": _plain(self.book)}
        write_flushed(self._new_path, _written(line), MODE)
        self.path.replace(self.older_path)
        try:
            self._new_path.replace(self.path)
        except OSError:
            self.older_path.replace(self.path)
            raise


# ---- what the lines come to ---------------------------------------------------------------------


def _added(book: Book, line: Line) -> Book:
    fresh = Pass(
        letter=line["letter"],
        whom=line["whom"],
        made=_moment(line),
        valid_s=int(line["valid_s"]),
        once=bool(line["once"]),
        salt=bytes.fromhex(line["salt"]),
        digest=bytes.fromhex(line["digest"]),
    )
    kept = tuple(each for each in book.passes if each.whom != fresh.whom)
    return replace(book, passes=(*kept, fresh))


def _revoked(book: Book, line: Line) -> Book:
    return replace(book, passes=tuple(each for each in book.passes if each.whom != line["whom"]))


def _carried(_: Book, line: Line) -> Book:
    plain = line["book"]
    passes = tuple(
        Pass(
            **{
                **each,
                "made": Moment(**each["made"]),
                "salt": bytes.fromhex(each["salt"]),
                "digest": bytes.fromhex(each["digest"]),
            }
        )
        for each in plain["passes"]
    )
    tried = None if plain["tried"] is None else Moment(**plain["tried"])
    return Book(passes, int(plain["tries"]), tried)


_FOLDS: Mapping[What, Callable[[Book, Line], Book]] = {
    What.ADDED: _added,
    What.REVOKED: _revoked,
    What.TRYING: lambda book, line: book.charged(_moment(line)),
    What.REFUSED: lambda book, _: book,
    What.USED: lambda book, line: book.forgiven().with_use(line["letter"], 1),
    What.GIVEN_BACK: lambda book, line: book.with_use(line["letter"], -1),
    What.ALLOWED_AGAIN: lambda book, _: book.forgiven(),
    What.CARRIED: _carried,
}
"""What happened -> what becomes of the passes."""


def _apply(book: Book, line: Line) -> Book:
    return _FOLDS[What(line["what"])](book, line)


def _moment(line: Line) -> Moment:
    boot = line["boot"]
    whole = (int(line["boottime_us"]), int(line["wall_us"]))
    return Moment(None if boot is None else str(boot), *whole)


def _plain(book: Book) -> dict[str, Any]:
    passes: Sequence[dict[str, Any]] = [
        {**asdict(each), "salt": each.salt.hex(), "digest": each.digest.hex()}
        for each in book.passes
    ]
    tried = None if book.tried is None else asdict(book.tried)
    return {"passes": passes, "tries": book.tries, "tried": tried}


# ---- one line -----------------------------------------------------------------------------------


def _written(line: Line) -> bytes:
    body = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"{zlib.crc32(body.encode()):08x} {body}\n".encode("ascii")


def _read(raw: bytes) -> Line:
    """Return a line's fields. Raises ValueError where it is not as it was written."""
    crc, _, body = raw.partition(b" ")
    if crc != f"{zlib.crc32(body):08x}".encode():
        raise ValueError("its checksum does not fit")
    line = json.loads(body)
    if not isinstance(line, dict):
        raise ValueError("it is no object")
    return line
