"""Keeps which freshness values were used, through a kill or a power cut at any instant.

Knows: the file, how it is written, and how far ahead. Refuses to know: frames, codes and the key.

A value counts only after a bound that is not below it is on the disk. The bound is written ahead,
``AHEAD`` values at a time, so no frame costs a write; and where there is a thread to do it, the
next one is written when half of them are used, so that nobody waits for the disk (12 ms, or more).
After a crash everything up to the bound counts as used. What is between the last value used and the
bound is then lost to the sender: a few seconds of frames (51 s for the reference car), in which the
other ways to release work. An orderly end writes the exact values and loses nothing.

The file is replaced as a whole by renaming, and begins with its checksum. A damaged one is never
guessed at: no value counts until the key is provisioned anew. The file names its key by a check
value, since a new key's sender may begin anew; what the old key signed means nothing under the new.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path

from vehicle.runtime.settings_disk import write_flushed
from vehicle.wire.secoc import Mac

AHEAD = 128
"""How many values are reserved at a time."""
FILE = "freshness"
"""The file's name in the state folder."""
FILE_BYTES_MAX = 16 * 1024
_HEAD = rb"freshness 1 crc32 ([0-9a-f]{8})\n"
_CHECKED = b"chargelock freshness"
_CHECK_BYTES = 8


class DamagedFreshnessError(ValueError):
    """The file cannot be used. The message says why."""


def key_check(mac: Mac) -> str:
    """Return what tells one key from another, and nothing of it."""
    return mac(_CHECKED)[:_CHECK_BYTES].hex()


class FreshnessStore:
    """The values used with one key, kept in one folder. It is a ``Freshness``."""

    def __init__(
        self,
        folder: Path,
        key: str,
        *,
        keep: bool = True,
        say: Callable[[str], None],
        writer: Executor | None = None,
    ) -> None:
        """Go on from the file in ``folder``, which need not be there yet.

        Args:
            folder: where the file is, which must exist.
            key: the key's check value, from ``key_check``.
            keep: False: nothing is written (a dry run beside the service).
            say: told, in one line, what people must know.
            writer: writes bounds while values are used; None: they are waited for.
        """
        self.path = folder / FILE
        self._key = key
        self._keep = keep
        self._say = say
        self._writer = writer
        self._coming: tuple[dict[str, int], Future[None]] | None = None
        """The bounds that are being written, and by what."""
        self._troubled = False
        self._damaged = False
        self._bounds: dict[str, int] = {}
        exact = True
        try:
            self._bounds, exact = self._read()
        except (DamagedFreshnessError, OSError) as error:
            self._damaged = True
            why = error.strerror if isinstance(error, OSError) else error
            say(
                f"{self.path}: cannot be used ({why}), so no request that needs the SecOC key"
                " counts; provision a new key, or remove the file if nobody can have recorded the"
                " bus"
            )
        self._used = dict(self._bounds)
        self._doubted = {} if exact else dict(self._bounds)
        """What the bounds were when a crash ended the run before this one."""

    def used(self, counter: str) -> int:
        """Return the largest value that was used, or may have been; -1: none."""
        return self._used.get(counter, -1)

    def doubtful(self, counter: str, value: int) -> bool:
        """Return whether ``value`` was reserved when a crash came, so that nobody knows of it."""
        bound = self._doubted.get(counter)
        return bound is not None and bound - AHEAD < value <= bound

    def use(self, counter: str, value: int) -> bool:
        """Use ``value``; False where no bound above it could be kept."""
        if self._damaged:
            return False
        if self._keep and not self._reserve(counter, value):
            return False
        self._used[counter] = value
        return True

    def _reserve(self, counter: str, value: int) -> bool:
        """Return whether a bound above ``value`` is kept, and see in time to the one after it."""
        beyond = value > self._bounds.get(counter, -1)
        if self._coming is not None and (beyond or self._coming[1].done()):
            self._await_coming()
        bound = self._bounds.get(counter, -1)
        bounds = {**self._bounds, counter: value + AHEAD}
        if value > bound:
            if not self._write(bounds, exact=False):
                return False
            self._bounds = bounds
        elif (
            self._writer is not None
            and self._coming is None
            and value > bound - AHEAD // 2
            and not self._troubled
        ):
            self._coming = bounds, self._writer.submit(self._put, bounds, exact=False)
        return True

    def _await_coming(self) -> None:
        if self._coming is None:
            return
        (bounds, writing), self._coming = self._coming, None
        try:
            writing.result()
        except OSError as error:
            self._complain(error)
        else:
            self._bounds = bounds

    def close(self) -> None:
        """Keep the exact values: nothing is lost at an orderly end."""
        self._await_coming()
        if self._keep and not self._damaged and self._used != self._bounds:
            self._write(self._used, exact=True)

    # ---- the file -------------------------------------------------------------------------------

    def _read(self) -> tuple[dict[str, int], bool]:
        """Return the bounds, and whether they are the exact values. Raises as the class says."""
        try:
            with self.path.open("rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
        except FileNotFoundError:
            return {}, True
        head = re.match(_HEAD, content)
        body = content[head.end() :] if head else b""
        if head is None or int(head[1], 16) != zlib.crc32(body):
            raise DamagedFreshnessError("its checksum does not fit: it was cut or changed")
        fields = json.loads(body)
        if fields["key"] != self._key:
            self._say(f"{self.path}: the SecOC key is a new one; its freshness begins anew")
            return {}, True
        bounds: dict[str, int] = fields["bounds"]
        return bounds, bool(fields["exact"])

    def _write(self, bounds: dict[str, int], *, exact: bool) -> bool:
        try:
            self._put(bounds, exact=exact)
        except OSError as error:
            self._complain(error)
            return False
        self._troubled = False
        return True

    def _complain(self, error: OSError) -> None:
        if not self._troubled:
            self._say(
                f"{self.path}: cannot be written ({error.strerror}), so no request that needs"
                " the SecOC key counts; make room, or make the folder writable"
            )
        self._troubled = True

    def _put(self, bounds: dict[str, int], *, exact: bool) -> None:
        """Replace the file, flushed. Raises OSError."""
        fields = {"bounds": bounds, "exact": exact, "key": self._key}
        body = json.dumps(fields, sort_keys=True).encode() + b"\n"
        fresh = self.path.with_name(FILE + ".new")
        write_flushed(fresh, b"freshness 1 crc32 %08x\n" % zlib.crc32(body) + body)
        fresh.replace(self.path)
        _flush_folder(self.path.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
