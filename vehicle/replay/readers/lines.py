"""The shape all text formats share: lines in, (stamp, frame) out, damage counted.

Knows: line ends of every kind, and that a last line without one is cut.
Refuses to know: any grammar. A ``LineFormat`` brings its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vehicle.replay.readers.tally import Tally
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


@dataclass(frozen=True, slots=True)
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


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Yield lines with their ends (\n, \r\n or \r); the last one may have none."""
    tail = b""
    for chunk in chunks:
        pieces = (tail + chunk).splitlines(keepends=True)
        # The last piece waits: its \r may be half of a \r\n.
        tail = pieces.pop() if pieces else b""
        yield from pieces
        while len(tail) > LINE_BYTES_MAX:
            yield tail[:LINE_BYTES_MAX]
            tail = tail[LINE_BYTES_MAX:]
    if tail:
        yield tail


def decode_line(raw: bytes) -> str:
    """Return a line as text. Latin-1, since it never fails and every grammar is ASCII."""
    return raw.decode("latin-1").removeprefix("\xef\xbb\xbf")


def read_lines(
    chunks: Iterable[bytes], parse: LineParser, path: Path, tally: Tally, *, steady: bool = False
) -> Frames:
    """Yield the frames of a text recording in file order; count every line that is lost.

    A last line without line end is used only in a ``steady`` format, and where its payload is as
    long as that of the line before it of the same identifier. Else there is no way to tell a whole
    payload from half of one, and a value that was never on the bus must not be replayed.
    """
    lengths: dict[tuple[int, bool], int] = {}
    for number, raw in enumerate(split_lines(chunks), 1):
        try:
            item = parse(decode_line(raw))
        except ValueError:
            item = DAMAGED
        if not raw.endswith((b"\n", b"\r")) and raw.strip():
            item = TOO_LONG if len(raw) >= LINE_BYTES_MAX else _last_line(item, lengths)
        if item is None:
            continue
        if isinstance(item, str):
            tally.skip(item, path, number)
            continue
        if steady:
            lengths[item[1].can_id, item[1].fd] = len(item[1].data)
        yield item


def _last_line(
    item: Stamped | str | None, lengths: Mapping[tuple[int, bool], int]
) -> Stamped | str:
    """Return what an unended last line holds, if that is as long as it must be."""
    if not isinstance(item, tuple):
        return CUT_LINE
    frame = item[1]
    whole = len(frame.data) == lengths.get((frame.can_id, frame.fd), 0) > 0
    return item if whole else CUT_LINE
