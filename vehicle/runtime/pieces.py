"""A file that is written for years: whole pieces of bounded size, of which the latest are kept.

Knows: names, numbers, renaming, and that removing takes long. Refuses to know: what files hold.

``drive.log`` is the piece that is being written. One that is full, or was left by an earlier run,
is renamed to ``drive.log.1``, the next to ``drive.log.2``: the number only grows, so nothing is
renamed twice. Files that belong together (``drive.log.events.jsonl``) are renamed with it, first;
a renaming that was cut off between them is completed the next time.

To begin the next piece takes a third of a millisecond; to remove an old one of 16 MB took 2 to 110
ms on a disk that had much else to write. So a thread removes, and whoever writes goes on. What it
cannot remove, or has no time left for, is removed with the next piece, or at the next start.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections import deque
from pathlib import Path

PIECE_BYTES = 64 * 1024 * 1024
PIECES = 8
"""Half a gigabyte: some hours of a busy bus under the filters of a profile, days of a quiet one."""
LAST_REMOVAL_S = 2.0
"""How long the end waits for a removal: systemd allows 5 s for all of it."""


class Pieces:
    """One file's pieces."""

    def __init__(self, path: Path, kept: int, suffixes: tuple[str, ...] = ()) -> None:
        """Prepare; nothing is touched.

        Args:
            path: the piece being written.
            kept: how many pieces there are at most, that one included. 1 or more.
            suffixes: of the files that belong to a piece, appended to its name.
        """
        self.path = path
        self._kept = kept
        self._suffixes = (*suffixes, "")
        self._old: deque[Path] = deque()
        """What is to be removed."""
        self._remover: threading.Thread | None = None

    def put_aside(self) -> None:
        """Give the present piece, if there is one, its number; have the oldest beyond the bound
        removed.

        Raises OSError where the folder cannot be written.
        """
        numbers = {suffix: self._numbers(suffix) for suffix in self._suffixes}
        beside = max((max(numbers[s], default=0) for s in self._suffixes if s), default=0)
        latest = max(numbers[""], default=0)
        if any(self._name(None, suffix).exists() for suffix in self._suffixes):
            number = beside if beside > latest else latest + 1
            for suffix in self._suffixes:
                if self._name(None, suffix).exists():
                    self._name(None, suffix).rename(self._name(number, suffix))
            numbers[""].add(number)
        every = sorted(set().union(*numbers.values()))
        for number in every[: max(0, len(every) - self._kept + 1)]:
            self._old.extend(self._name(number, suffix) for suffix in self._suffixes)
        if self._old and (self._remover is None or not self._remover.is_alive()):
            self._remover = threading.Thread(target=self._remove, daemon=True, name="old pieces")
            self._remover.start()

    def close(self) -> None:
        """See to it that nothing beyond the bound is left, unless the disk stands still."""
        if self._remover is not None:
            self._remover.join(LAST_REMOVAL_S)
            if not self._remover.is_alive():
                self._remove()  # what came just as it had ended

    def _remove(self) -> None:
        while self._old:
            with contextlib.suppress(OSError):
                self._old.popleft().unlink(missing_ok=True)

    def _name(self, number: int | None, suffix: str) -> Path:
        piece = self.path.name if number is None else f"{self.path.name}.{number}"
        return self.path.with_name(piece + suffix)

    def _numbers(self, suffix: str) -> set[int]:
        """Return the numbers of the pieces that have a file with ``suffix``."""
        pattern = re.compile(re.escape(self.path.name) + r"\.([1-9]\d*)" + re.escape(suffix))
        found = (pattern.fullmatch(each.name) for each in self.path.parent.iterdir())
        return {int(match.group(1)) for match in found if match is not None}
