"""Vector BLF: containers of compressed objects, walked object by object.

Knows: the object layout, and how to find the next object after damage.
Refuses to know: objects that are no CAN frame; they are counted as objects and passed over.

```
LOGG header    start date, number of objects the writer promises
LOBJ container -> plain or deflated bytes --+
LOBJ container -> plain or deflated bytes --+-> one byte stream of LOBJ objects, 4-aligned;
LOBJ object outside any container ----------+   an object may begin in one container and end
                                                in the next
```

python-can's reader stops without a word where a file is cut (99,959 frames of 200,000 in one
test) and raises where one container is bad. Here a bad piece costs that piece: the walk goes on at
the next signature, and the header's promise is compared with what was found.

Layout as documented by Toby Lorenz's Vector BLF library and python-can.
"""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterator
from pathlib import Path

from vehicle.replay.readers.blf_objects import (
    BASE,
    BASE_BYTES,
    CONTAINER,
    SIGNATURE,
    ObjectStream,
    Skim,
)
from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.readers.fields import epoch_us
from vehicle.replay.readers.inflate import ZLIB_WINDOW, Inflater, inflate_whole
from vehicle.replay.readers.lines import Frames
from vehicle.replay.readers.stream import CHUNK_BYTES, read_chunks
from vehicle.replay.readers.tally import Tally
from vehicle.replay.scan.columns import Columns
from vehicle.replay.scan.kernels import Scan
from vehicle.replay.scan.objects import Walked

_HEADER = struct.Struct("<4sL8BQQLL8H")
_CONTAINER_HEADER = struct.Struct("<H6xL4x")
_METHOD_PLAIN = 0
_METHOD_ZLIB = 2

PIECE_BYTES_MAX = 1 << 26
"""The largest container taken at its word (64 MiB; writers use 128 KiB). A size beyond it is
damage, and believing it would mean holding the file in memory."""

DAMAGED_CONTAINER = "damaged container"
CUT_CONTAINER = "cut container"
UNKNOWN_METHOD = "container of an unknown compression method"
NO_OBJECT = "bytes that are no object"
DAMAGED_HEADER = "damaged file header"


class _Window:
    """A forward view into the file: bytes wanted are loaded, bytes done with are dropped."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = bytearray()
        self.offset = 0

    def load(self, count: int) -> bytearray:
        """Return the buffer with at least ``count`` bytes, or with all that are left."""
        while len(self._buffer) < count:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._buffer += chunk
        return self._buffer

    def drop(self, count: int) -> None:
        """Move on by ``count`` bytes."""
        del self._buffer[:count]
        self.offset += count

    def seek_signature(self) -> int:
        """Move to the next signature, or to the end; return how many bytes were passed."""
        passed = 0
        while True:
            buffer = self.load(BASE_BYTES)
            found = buffer.find(SIGNATURE)
            if found >= 0:
                self.drop(found)
                return passed + found
            # The last three bytes may be the beginning of a signature.
            gone = len(buffer) - len(SIGNATURE) + 1 if len(buffer) >= BASE_BYTES else len(buffer)
            self.drop(gone)
            passed += gone
            if gone == 0:
                return passed


def read_blf(path: Path, tally: Tally) -> Frames:
    """Yield (stamp, frame) of a BLF file; stamps are wall clock if the header has a start date.

    Damaged and cut pieces are counted in ``tally`` with their offset in the (inflated) file. An
    object inside a container is located by its container's offset.
    """
    yield from _walk(path, tally)


def blf_columns(path: Path, tally: Tally, scan: Scan) -> Generator[Columns, None, None]:
    """Yield the same as columns; the same ``Columns`` each time.

    Raises: what reading the file raises, after what came before it was handed over.
    """
    columns = Columns(scan.wanted, scan.kernel.room)
    scanner = scan.kernel.objects(scan.wanted)

    def skim(start_us: int, data: bytes, position: int) -> Walked:
        return scanner.scan(start_us, data, position, columns)

    try:
        # What the kernel leaves over, be it only because the columns are full, comes as frames.
        for stamp_us, frame in _walk(path, tally, skim):
            if columns.full:
                yield columns
                columns.clear()
            columns.add(stamp_us, frame)
    except ReadingError:
        if columns.frames:
            yield columns
        raise
    if columns.frames:
        yield columns


def _walk(path: Path, tally: Tally, *skim: Skim) -> Frames:
    window = _Window(read_chunks(path, tally))
    start_us, promised = _read_header(window, path, tally)
    objects = ObjectStream(path, tally, start_us, *skim)
    while window.load(BASE_BYTES):
        padding = window.seek_signature()
        # Objects are aligned to 4 bytes; anything longer is no padding.
        if padding > 3:
            tally.skip(NO_OBJECT, path, window.offset - padding)
        if len(window.load(BASE_BYTES)) < BASE_BYTES:
            break
        for piece in _pieces(window, objects, path, tally):
            yield from objects.feed(piece)
    yield from objects.end()
    held = objects.count
    if held < promised:
        kind = "frames" if objects.frames == held else "objects"
        what = f"cut: holds {held} of {promised} {kind} the header promises"
        tally.skip(what, path, window.offset, promised - held)


def _read_header(window: _Window, path: Path, tally: Tally) -> tuple[int, int]:
    """Return the start in microseconds since 1970, 0 if unknown, and the promised object count."""
    head = window.load(_HEADER.size)
    if len(head) < _HEADER.size or not head.startswith(b"LOGG"):
        tally.skip(DAMAGED_HEADER, path, 0)
        window.seek_signature()
        return 0, 0
    fields = _HEADER.unpack_from(head)
    size, promised = fields[1], fields[12]
    year, month, _, day, hour, minute, second, millis = fields[14:22]
    window.drop(size if _HEADER.size <= size <= 4 * _HEADER.size else _HEADER.size)
    if year == 0:
        return 0, promised
    try:
        return epoch_us(year, month, day, hour, minute, second, millis * 1000), promised
    except ValueError:
        tally.skip(DAMAGED_HEADER, path, 0)
        return 0, promised


def _pieces(window: _Window, objects: ObjectStream, path: Path, tally: Tally) -> Iterator[bytes]:
    """Yield the plain bytes of the container or object at the window; move past it."""
    _, header_bytes, _, size, kind = BASE.unpack_from(window.load(BASE_BYTES))
    objects.offset = window.offset
    if size < BASE_BYTES or header_bytes < BASE_BYTES:
        _give_up(
            DAMAGED_CONTAINER if kind == CONTAINER else NO_OBJECT, window, objects, path, tally
        )
        return
    held = min(size, len(window.load(min(size, PIECE_BYTES_MAX))))
    if kind != CONTAINER:
        if held == size:
            yield bytes(window.load(0)[:size])
            window.drop(size)
        else:
            _give_up(NO_OBJECT, window, objects, path, tally)
        return
    body = BASE_BYTES + _CONTAINER_HEADER.size
    if held < body:
        _give_up(CUT_CONTAINER, window, objects, path, tally)
        return
    method, _ = _CONTAINER_HEADER.unpack_from(window.load(0), BASE_BYTES)
    if method == _METHOD_ZLIB:
        packed = bytes(memoryview(window.load(0))[body:held])
        whole = inflate_whole(packed)
        if whole is not None:
            plain, rest = whole
            yield plain
            window.drop(held - (len(rest) if SIGNATURE in rest else 0))
            return
        inflater = Inflater(ZLIB_WINDOW)
        yield from inflater.feed(packed)
        if inflater.ended:
            # Where the size lies, the stream's own end is the better witness.
            window.drop(held - (len(inflater.rest) if SIGNATURE in inflater.rest else 0))
        else:
            _give_up(
                CUT_CONTAINER if held < size else DAMAGED_CONTAINER, window, objects, path, tally
            )
    elif method == _METHOD_PLAIN:
        window.drop(body)
        yield from _plain(window, size - body, objects, path, tally)
    else:
        _give_up(UNKNOWN_METHOD, window, objects, path, tally)


def _plain(
    window: _Window, left: int, objects: ObjectStream, path: Path, tally: Tally
) -> Iterator[bytes]:
    while left > 0:
        piece = bytes(window.load(min(left, CHUNK_BYTES))[:left])
        if not piece:
            tally.skip(CUT_CONTAINER, path, objects.offset)
            return
        yield piece
        window.drop(len(piece))
        left -= len(piece)


def _give_up(cause: str, window: _Window, objects: ObjectStream, path: Path, tally: Tally) -> None:
    """Count the piece at the window as lost and look for the next one, inside it or behind it."""
    tally.skip(cause, path, window.offset)
    objects.lose()
    window.drop(len(SIGNATURE))
    window.seek_signature()
