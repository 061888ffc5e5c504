"""The live journal on disk: whole lines, written at once, in pieces of bounded size.

Knows: the file and its pieces. Refuses to know: what a line holds.

Lines are written where they are told, after the frames that follow from them have left: one takes
2 us (99 in 100 under 10 us), less than it would take to hand it to a thread. What takes long, the
removal of old pieces, is done in one.

The pieces one after the other are the journal; only the first begins with the start line.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vehicle.runtime.pieces import Pieces

PIECE_BYTES = 16 * 1024 * 1024
PIECES = 4


class JournalLog:
    """One journal. Where the disk fails it ends, and says so once: a decision comes first."""

    def __init__(
        self,
        path: Path,
        *,
        piece_bytes: int = PIECE_BYTES,
        pieces: int = PIECES,
        trouble: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Begin; an earlier run's journal is put aside. Raises OSError where it cannot be written.

        Args:
            path: the piece being written.
            piece_bytes: how large it grows before the next begins.
            pieces: how many are kept.
            trouble: told, once, why the journal has ended early.
        """
        self.path = path
        self._pieces = Pieces(path, pieces)
        self._piece_bytes = piece_bytes
        self._trouble = trouble
        self._pieces.put_aside()
        self._file = path.open("wb", buffering=0)
        self._size = 0

    def write(self, line: str) -> None:
        """Write one line."""
        if self._file.closed:
            return
        data = (line + "\n").encode("utf-8")
        try:
            if self._size and self._size + len(data) > self._piece_bytes:
                self._file.close()
                self._pieces.put_aside()
                self._file = self.path.open("wb", buffering=0)
                self._size = 0
            self._size += self._file.write(data)
        except OSError as error:
            self.close()
            self._trouble(f"{self.path}: the journal has ended ({error.strerror}); make room")

    def close(self) -> None:
        """End it."""
        self._file.close()
        self._pieces.close()
