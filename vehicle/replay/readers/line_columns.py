"""Text recordings as columns: ordinary lines by a kernel, every other line by the format's parser.

Knows: how a file falls into blocks of whole lines, and that both ways give one sequence of frames.
Refuses to know: grammars and kernels.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.readers.lines import (
    LINE_BYTES_MAX,
    LineFormat,
    LineReader,
    OrdinaryParser,
    cut_long,
)
from vehicle.replay.readers.stream import read_chunks
from vehicle.replay.readers.tally import Tally
from vehicle.replay.scan.columns import Columns
from vehicle.replay.scan.kernels import Scan

_LINE_END = re.compile(rb"\r\n|\n|\r")


def line_columns(
    path: Path, tally: Tally, scan: Scan, found: LineFormat, head: list[str]
) -> Generator[Columns, None, None]:
    """Yield a text recording as columns; the same ``Columns`` each time.

    Raises: what reading the file raises, after what came before it was handed over.
    """
    columns = Columns(scan.wanted, scan.kernel.room)
    reader = LineReader(found, head, path, tally)
    parser = reader.parse if isinstance(reader.parse, OrdinaryParser) else None
    lines = scan.kernel.lines(scan.wanted)
    try:
        with closing(read_chunks(path, tally, scan.kernel.block_bytes)) as chunks:
            for data, position, end, scanned in _blocks(chunks):
                while position < end:
                    if scanned and parser is not None and (ordinary := parser.ordinary()):
                        before = columns.frames
                        position, count = lines.scan(ordinary, data, position, columns)
                        reader.number += count
                        if columns.frames > before:
                            parser.passed(columns.stamps_us[columns.frames - 1])
                    if columns.full:
                        yield columns
                        columns.clear()
                    elif position < end:
                        found_end = _LINE_END.search(data, position, end)
                        behind = end if found_end is None else found_end.end()
                        for raw in cut_long(data[position:behind]):
                            item = reader.take(raw)
                            if item is not None:
                                columns.add(*item)
                        position = behind
    except ReadingError:
        if columns.frames:
            yield columns
        raise
    if columns.frames:
        yield columns


class _Block(NamedTuple):
    """Whole lines: those of ``data`` from ``first`` up to ``end``. Only the last block's last line,
    or a very long one, may have no line end."""

    data: bytes
    first: int
    end: int
    scanned: bool
    """Whether a kernel is asked; for a line or two that costs more than it gains."""


def _blocks(chunks: Iterable[bytes]) -> Iterator[_Block]:
    """Yield the chunks' lines without copying them.

    The line between two chunks is put together by itself. A carriage return at the end waits: it
    may be half of a line end.
    """
    tail = b""
    for chunk in chunks:
        first = chunk.find(b"\n") + 1
        if first:
            end = chunk.rfind(b"\n") + 1
            if tail:
                seam = tail + chunk[:first]
                yield _Block(seam, 0, len(seam), False)
            else:
                first = 0
            yield _Block(chunk, first, end, True)
            tail = chunk[end:]
        else:
            tail += chunk
        while len(tail) > LINE_BYTES_MAX:
            end = tail.rfind(b"\r", 0, len(tail) - 1) + 1 or LINE_BYTES_MAX
            yield _Block(tail, 0, end, False)
            tail = tail[end:]
    if tail:
        yield _Block(tail, 0, len(tail), False)
