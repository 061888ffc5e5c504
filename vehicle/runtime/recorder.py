"""Takes down what a live run received, frame by frame and event by event, for a replay.

Knows: the candump file and the events file beside it, when they are written out, and when a piece
is full. Refuses to know: what time it is, and what a piece begins with.

What is taken down is written out half a second later at most, so a kill loses no more than that;
``due_us`` says when, and an idle bus costs nothing. An event is written out at once, and everything
before it. Recording must never cost a decision: where the disk fails it ends, and says so once.
"""

from __future__ import annotations

from collections.abc import Callable
from io import FileIO
from pathlib import Path

from vehicle.runtime.events_file import SUFFIX, events_path, write_event
from vehicle.runtime.pieces import PIECE_BYTES, PIECES, Pieces
from vehicle.runtime.side_events import Ended, SideEvent, Started
from vehicle.wire.candump import format_candump
from vehicle.wire.frame import Frame

FLUSH_US = 500_000
"""How long what was taken down may wait to be written out."""
BUFFER_BYTES_MAX = 256 * 1024
"""How much may wait, however quickly it came."""


class Recorder:
    """One recording in pieces. Begin a piece before anything is taken down."""

    def __init__(
        self,
        path: Path,
        *,
        piece_bytes: int = PIECE_BYTES,
        pieces: int = PIECES,
        trouble: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Prepare a recording.

        Args:
            path: the candump file.
            piece_bytes: how large a piece grows before the next begins.
            pieces: how many are kept.
            trouble: told, once, why the recording has ended early.
        """
        self.path = path
        self._pieces = Pieces(path, pieces, (SUFFIX,))
        self._piece_bytes = piece_bytes
        self._trouble = trouble
        self._epoch_us = 0
        self._frames: FileIO | None = None
        self._events: FileIO | None = None
        self._lines: list[str] = []
        self._waiting = 0
        self._written = 0
        self.due_us: int | None = None
        """When ``flush`` is to be called; None while nothing waits."""

    @property
    def active(self) -> bool:
        """Whether anything is being recorded."""
        return self._frames is not None

    @property
    def full(self) -> bool:
        """Whether the next piece is to begin."""
        return self.active and self._written + self._waiting >= self._piece_bytes

    def begin(self, now_us: int, started: Started) -> None:
        """Begin the first piece; what an earlier run left is put aside.

        Raises OSError where it cannot be written.
        """
        self._pieces.put_aside()
        self._epoch_us = started.epoch_us
        self._frames = FileIO(self.path, "w")
        self._events = FileIO(events_path(self.path), "w")
        self._written = 0
        _write(self._events, write_event(now_us, started) + "\n")

    def next_piece(self, now_us: int, started: Started) -> None:
        """End the present piece at ``now_us`` and begin the next."""
        self._end_piece(now_us)
        try:
            self.begin(now_us, started)
        except OSError as error:
            self._fail(error)

    def frame(self, now_us: int, frame: Frame) -> None:
        """Take down a frame that was received."""
        if self._frames is None:
            return
        line = format_candump(now_us, self._epoch_us, frame) + "\n"
        self._lines.append(line)
        self._waiting += len(line)
        if self.due_us is None:
            self.due_us = now_us + FLUSH_US
        if self._waiting >= BUFFER_BYTES_MAX:
            self.flush()

    def event(self, now_us: int, event: SideEvent) -> None:
        """Take down what is no frame."""
        self.flush()
        if self._events is None:
            return
        line = write_event(now_us, event) + "\n"
        try:
            self._written += _write(self._events, line)
        except OSError as error:
            self._fail(error)

    def flush(self) -> None:
        """Write out what waits."""
        lines, self._lines = self._lines, []
        self._waiting, self.due_us = 0, None
        if not lines or self._frames is None:
            return
        try:
            self._written += _write(self._frames, "".join(lines))
        except OSError as error:
            self._fail(error)

    def close(self, now_us: int) -> None:
        """End the recording at ``now_us``."""
        self._end_piece(now_us)
        self._pieces.close()

    def _end_piece(self, now_us: int) -> None:
        self.event(now_us, Ended())
        self._shut()

    def _shut(self) -> None:
        for file in (self._frames, self._events):
            if file is not None:
                file.close()
        self._frames = self._events = None

    def _fail(self, error: OSError) -> None:
        self._shut()
        self._trouble(f"{self.path}: recording has ended ({error.strerror}); make room for it")


def _write(file: FileIO, text: str) -> int:
    """Write all of ``text``; return its bytes. Raises OSError."""
    data = memoryview(text.encode("utf-8"))
    size = len(data)
    while data:
        data = data[file.write(data) :]
    return size
