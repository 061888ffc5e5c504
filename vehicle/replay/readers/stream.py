"""The bytes of a recording file, gzipped or not, as far as they can be had.

Knows: files, gzip, git-lfs pointers. Refuses to know: what the bytes mean.
"""

from __future__ import annotations

import stat
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from vehicle.replay.readers.errors import (
    EmptyFileError,
    LfsPointerError,
    MissingFileError,
    UnreadableFileError,
)
from vehicle.replay.readers.inflate import GZIP_WINDOW, Inflater
from vehicle.replay.readers.tally import Tally

CHUNK_BYTES = 1 << 16
HEAD_BYTES = 1 << 16
"""How much of a file's beginning decides its format."""

GZIP_MAGIC = b"\x1f\x8b"
LFS_MAGIC = b"version https://git-lfs.github.com/spec/"


def read_chunks(path: Path, tally: Tally, size: int = CHUNK_BYTES) -> Generator[bytes, None, None]:
    """Yield the content of ``path``, inflated if it is gzipped; read ``size`` bytes at a time.

    A gzip stream that is cut or damaged yields what inflates; the loss is counted in ``tally``
    with the offset in the compressed file.

    Raises: MissingFileError, UnreadableFileError.
    """
    with closing(_read_raw(path, tally, size)) as raw:
        first = next(raw, b"")
        if first.startswith(GZIP_MAGIC):
            yield from _gunzip(path, first, raw, tally)
            return
        yield first
        yield from raw


def read_head(path: Path) -> tuple[bytes, bool]:
    """Return the first ``HEAD_BYTES`` of the content (at most), and whether it is gzipped.

    Raises: EmptyFileError, LfsPointerError, and what ``read_chunks`` raises.
    """
    with closing(_read_raw(path, Tally())) as raw:
        zipped = next(raw, b"").startswith(GZIP_MAGIC)
    head = b""
    with closing(read_chunks(path, Tally())) as chunks:
        for chunk in chunks:
            head += chunk
            if len(head) >= HEAD_BYTES:
                break
    if not head:
        what = "holds no bytes once inflated" if zipped else "is empty"
        raise EmptyFileError(path, what, "record or copy it again")
    if head.startswith(LFS_MAGIC):
        raise LfsPointerError(
            path, "is a git-lfs pointer, not the recording", "run `git lfs pull` where it came from"
        )
    return head[:HEAD_BYTES], zipped


def _read_raw(path: Path, tally: Tally, size: int = CHUNK_BYTES) -> Generator[bytes, None, None]:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            # A recording is read more than once: its head tells the format, the clock, the variant.
            raise UnreadableFileError(
                path, "is a pipe or a device, which gives its content once", "save it to a file"
            )
        with path.open("rb") as file:
            while chunk := file.read(size):
                tally.bytes_read += len(chunk)
                yield chunk
    except FileNotFoundError:
        raise MissingFileError(path, "there is no such file", "check the path") from None
    except OSError as error:
        raise UnreadableFileError(
            path, f"cannot be read ({error.strerror})", "check what it is and who may read it"
        ) from None


def _gunzip(path: Path, first: bytes, raw: Iterator[bytes], tally: Tally) -> Iterator[bytes]:
    inflater = Inflater(GZIP_WINDOW)
    offset = 0
    chunk: bytes | None = first
    while chunk is not None:
        yield from inflater.feed(chunk)
        offset += len(chunk)
        while inflater.ended and inflater.rest.startswith(GZIP_MAGIC):
            # A second member follows, as `cat a.gz b.gz` and appending loggers write it.
            rest, inflater = inflater.rest, Inflater(GZIP_WINDOW)
            yield from inflater.feed(rest)
        if inflater.error:
            tally.skip(f"gzip stream is damaged ({inflater.error})", path, offset)
            return
        chunk = next(raw, None)
    if not inflater.ended:
        tally.skip("gzip stream is cut", path, offset)
    elif inflater.rest.strip(b"\0"):
        tally.skip("bytes after the end of the gzip stream", path, offset)
