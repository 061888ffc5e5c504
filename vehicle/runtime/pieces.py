"""A file that is written for years: whole pieces of bounded size, of which the latest are kept.

Knows: names, numbers and renaming. Refuses to know: what the files hold.

``drive.log`` is the piece that is being written. One that is full, or was left by an earlier run,
is renamed to ``drive.log.1``, the next to ``drive.log.2``: the number only grows, so nothing is
renamed twice. Files that belong together (``drive.log.events.jsonl``) are renamed with it, first;
a renaming that was cut off between them is completed the next time.
"""

from __future__ import annotations

import re
from pathlib import Path

PIECE_BYTES = 64 * 1024 * 1024
PIECES = 8
"""Half a gigabyte: some hours of a busy bus under the filters of a profile, days of a quiet one."""


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

    def put_aside(self) -> None:
        """Give the present piece, if there is one, its number; remove the oldest beyond the bound.

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
            for suffix in self._suffixes:
                self._name(number, suffix).unlink(missing_ok=True)

    def _name(self, number: int | None, suffix: str) -> Path:
        piece = self.path.name if number is None else f"{self.path.name}.{number}"
        return self.path.with_name(piece + suffix)

    def _numbers(self, suffix: str) -> set[int]:
        """Return the numbers of the pieces that have a file with ``suffix``."""
        pattern = re.compile(re.escape(self.path.name) + r"\.([1-9]\d*)" + re.escape(suffix))
        found = (pattern.fullmatch(each.name) for each in self.path.parent.iterdir())
        return {int(match.group(1)) for match in found if match is not None}
