"""Inflates deflate streams to the last byte that is still good.

Knows: zlib. Refuses to know: which file the bytes come from.

``gzip.open`` and ``zlib.decompress`` raise at the first bad byte and withhold what they had
already inflated from the same call. A recording is worth more than that, so a piece that fails is
repeated byte by byte from a copy of the state before it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

PIECE_BYTES = 1 << 14
"""Input handed over at once; also the most that is ever repeated byte by byte."""

OUTPUT_BYTES_MAX = 1 << 18
"""Output of one step, so that a stream that inflates a thousandfold stays bounded in memory."""

WHOLE_BYTES_MAX = 1 << 20
"""Output of one call that inflates a whole stream; writers put 128 KiB into one."""

ZLIB_WINDOW = 15
GZIP_WINDOW = 31


@cache
def _quickest() -> Any:
    """Return zlib, or what does the same in half the time where it is installed."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib
    return isal_zlib


def inflate_whole(data: bytes) -> tuple[bytes, bytes] | None:
    """Return what a zlib stream inflates to, and the bytes behind it.

    None where it is damaged, cut, or longer than ``WHOLE_BYTES_MAX``: an ``Inflater`` gets what can
    be had of such a one.
    """
    quickest = _quickest()
    state = quickest.decompressobj(ZLIB_WINDOW)
    try:
        plain = state.decompress(data, WHOLE_BYTES_MAX)
    except quickest.error:
        return None
    return (plain, state.unused_data) if state.eof else None


class Inflater:
    """One deflate stream, fed in pieces.

    ``error`` is zlib's words once the stream proved damaged; ``ended`` is true after a good end;
    ``rest`` holds the input that follows that end.
    """

    def __init__(self, window: int) -> None:
        self._state = zlib.decompressobj(window)
        self.error = ""
        self.rest = b""

    @property
    def ended(self) -> bool:
        """Whether the stream's own end mark has been reached and its checksum was right."""
        return self._state.eof and not self.error

    def feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        """Yield what ``data`` inflates to; stop at the stream's end or its first bad byte."""
        for start in range(0, len(data), PIECE_BYTES):
            if self.error:
                return
            piece = bytes(data[start : start + PIECE_BYTES])
            if self._state.eof:
                self.rest += piece
                continue
            yield from self._feed_piece(piece)

    def _feed_piece(self, piece: bytes) -> Iterator[bytes]:
        full = True
        while not self._state.eof and (piece or full):
            before = self._state.copy()
            try:
                out = self._state.decompress(piece, OUTPUT_BYTES_MAX)
            except zlib.error as error:
                self.error = str(error)
                yield from _salvage(before, piece)
                return
            piece = self._state.unconsumed_tail
            full = len(out) == OUTPUT_BYTES_MAX
            if out:
                yield out
        self.rest += self._state.unused_data


def _salvage(state: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    """Yield what ``piece`` inflates to before the bad byte that is in it."""
    with suppress(zlib.error):
        for index in range(len(piece)):
            yield state.decompress(piece[index : index + 1])
