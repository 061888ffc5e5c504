"""Text recordings as columns: ordinary lines by a kernel, every other line by the format's parser.

Knows: how a file falls into blocks of whole lines, and that both ways give one sequence of frames.
Refuses to know: grammars and kernels.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path

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

BLOCK_BYTES = 1 << 18
"""Read at a time: large enough that a call costs nothing, small enough for a processor's cache."""

_LINE_END = re.compile(rb"\r\n|\n|\r")


def line_columns(
    path: Path, tally: Tally, scan: Scan, found: LineFormat, head: list[str]
) -> Generator[Columns, None, None]:
    """Yield a text recording as columns; the same ``Columns`` each time.

    Raises: what reading the file raises, after what came before it was handed over.
    """
    columns = Columns(scan.wanted)
    reader = LineReader(found, head, path, tally)
    parser = reader.parse if isinstance(reader.parse, OrdinaryParser) else None
    lines = scan.kernel.lines(scan.wanted)
    try:
        with closing(read_chunks(path, tally, BLOCK_BYTES)) as chunks:
            for block in _blocks(chunks):
                position = 0
                while position < len(block):
                    if parser is not None and (ordinary := parser.ordinary()) is not None:
                        before = columns.frames
                        position, count = lines.scan(ordinary, block, position, columns)
                        reader.number += count
                        if columns.frames > before:
                            parser.passed(columns.stamps_us[columns.frames - 1])
                    if columns.full:
                        yield columns
                        columns.clear()
                    elif position < len(block):
                        end = _LINE_END.search(block, position)
                        behind = len(block) if end is None else end.end()
                        for raw in cut_long(block[position:behind]):
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


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces that end with a line end; only the last, or a very long line, may have none.

    A carriage return at the end waits: it may be half of a line end.
    """
    tail = b""
    for chunk in chunks:
        block = tail + chunk
        cut = block.rfind(b"\n") + 1 or block.rfind(b"\r", 0, len(block) - 1) + 1
        if cut:
            yield block[:cut]
        tail = block[cut:]
        while len(tail) > LINE_BYTES_MAX:
            yield tail[:LINE_BYTES_MAX]
            tail = tail[LINE_BYTES_MAX:]
    if tail:
        yield tail
