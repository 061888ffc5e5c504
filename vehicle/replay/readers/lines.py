"""The shape all text formats share: lines in, (stamp, frame) out, damage counted.

Knows: line ends of every kind, and that a last line without one is cut.
Refuses to know: any grammar. A ``LineFormat`` brings its own.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from vehicle.core.record import record
from vehicle.replay.readers.fields import BAD_TIME
from vehicle.replay.readers.stream import read_chunks
from vehicle.replay.readers.tally import Tally
from vehicle.replay.scan.columns import STAMP_US_MAX
from vehicle.replay.scan.lines import Ordinary
from vehicle.wire.frame import Frame

LINE_BYTES_MAX = 1 << 16
"""Longer than any recording's line. Beyond it a file holds something else, zeros for instance."""

DAMAGED = "damaged value"
CUT_LINE = "cut: the last line has no line end"
TOO_LONG = "line too long"

Stamped = tuple[int, Frame]
"""Microseconds and a frame: since 1970 where the format tells it, else since anything."""

Frames = Generator[Stamped, None, None]
"""A generator, so that closing it closes the file."""

LineParser = Callable[[str], "Stamped | str | None"]
"""One line in; out a stamped frame, the cause why it is none, or None for a line without frame
(header, comment, statistics). ValueError means a damaged value."""


@record
class LineFormat:
    """A text format: how it is called, recognised and parsed."""

    name: str
    extensions: tuple[str, ...]
    """Lower case, with dot. They only decide between formats that read the content equally well."""
    signature: re.Pattern[str] | None
    """A header that names the format even if no frame follows."""
    start: Callable[[Sequence[str]], LineParser]
    """Given the file's first lines, a parser to be fed every line from the first on."""
    steady: bool = False
    """Whether a line ends with its payload, two digits a byte: a whole last line without a line end
    can then be told from a cut one by the line before it of the same identifier."""


class OrdinaryParser(ABC):
    """A line parser that can say how ordinary lines look, so that a kernel may read them."""

    @abstractmethod
    def __call__(self, line: str) -> Stamped | str | None:
        """See ``LineParser``."""

    @abstractmethod
    def ordinary(self) -> Ordinary | None:
        """Return how ordinary lines look from here on; None: only this parser can read the next."""

    def passed(self, stamp_us: int) -> None:
        """Take note of ordinary lines that a kernel read; the last of them has this stamp."""
        return


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Yield lines with their ends (\n, \r\n or \r); the last one may have none.

    A line longer than ``LINE_BYTES_MAX`` comes in pieces of that length.
    """
    tail = b""
    for chunk in chunks:
        pieces = (tail + chunk).splitlines(keepends=True)
        # The last piece waits: its \r may be half of a \r\n.
        tail = pieces.pop() if pieces else b""
        for piece in pieces:
            yield from cut_long(piece)
        while len(tail) > LINE_BYTES_MAX:
            yield tail[:LINE_BYTES_MAX]
            tail = tail[LINE_BYTES_MAX:]
    if tail:
        yield tail


def cut_long(line: bytes) -> Iterator[bytes]:
    """Yield a line in pieces of ``LINE_BYTES_MAX``, and what is left of it."""
    while len(line) > LINE_BYTES_MAX:
        yield line[:LINE_BYTES_MAX]
        line = line[LINE_BYTES_MAX:]
    yield line


def decode_line(raw: bytes) -> str:
    """Return a line as text. Latin-1, since it never fails and every grammar is ASCII."""
    return raw.decode("latin-1").removeprefix("\xef\xbb\xbf")


class LineReader:
    """One text recording's lines, one after the other; counts every line that is lost.

    A last line without line end is used only in a ``steady`` format, and where its payload is as
    long as that of the line before it of the same identifier. Else there is no way to tell a whole
    payload from half of one, and a value that was never on the bus must not be replayed.
    """

    def __init__(self, found: LineFormat, head: Sequence[str], path: Path, tally: Tally) -> None:
        self.parse = found.start(head)
        self.number = 0
        """Lines so far."""
        self._steady = found.steady
        self._path = path
        self._tally = tally

    def take(self, raw: bytes) -> Stamped | None:
        """Return the frame of the next line, if it has one."""
        self.number += 1
        try:
            item = self.parse(decode_line(raw))
        except ValueError:
            item = DAMAGED
        if isinstance(item, tuple) and not -STAMP_US_MAX <= item[0] <= STAMP_US_MAX:
            item = BAD_TIME
        if not raw.endswith((b"\n", b"\r")) and raw.strip():
            item = TOO_LONG if len(raw) >= LINE_BYTES_MAX else self._last_line(item)
        if isinstance(item, str):
            self._tally.skip(item, self._path, self.number)
            return None
        return item

    def _last_line(self, item: Stamped | str | None) -> Stamped | str:
        """Return what an unended last line holds, if that is as long as it must be."""
        if not self._steady or not isinstance(item, tuple):
            return CUT_LINE
        frame = item[1]
        length = len(frame.data)
        return item if 0 < length == self._length_before(frame) else CUT_LINE

    def _length_before(self, last: Frame) -> int | None:
        """Return the payload length of the last line before this one with the same identifier.

        The file is read once more for it: only the line that it ends with can need this.
        """
        needle = b"%X#" % last.can_id
        length = None
        with closing(read_chunks(self._path, Tally())) as chunks:
            for number, raw in enumerate(split_lines(chunks), 1):
                if number >= self.number:
                    break
                if needle in raw.upper():
                    length = self._length_in(raw, last, length)
        return length

    def _length_in(self, raw: bytes, last: Frame, otherwise: int | None) -> int | None:
        try:
            item = self.parse(decode_line(raw))
        except ValueError:
            return otherwise
        if not isinstance(item, tuple):
            return otherwise
        frame = item[1]
        same = frame.can_id == last.can_id and frame.fd == last.fd
        return len(frame.data) if same else otherwise


def read_lines(found: LineFormat, head: Sequence[str], path: Path, tally: Tally) -> Frames:
    """Yield the frames of a text recording in file order; count every line that is lost."""
    reader = LineReader(found, head, path, tally)
    with closing(read_chunks(path, tally)) as chunks:
        for raw in split_lines(chunks):
            item = reader.take(raw)
            if item is not None:
                yield item
