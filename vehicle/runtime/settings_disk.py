"""Gets bytes onto the disk, or says that it could not. Knows short writes, flushing and renaming.

Nothing is buffered in the process: what a failed write left over must not arrive later.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

MODE = 0o644
"""Who may read and write a new file, where nobody says otherwise; less the process's umask."""


def write_flushed(path: Path, content: bytes, mode: int = MODE) -> None:
    """Write ``content`` as the whole of ``path`` and flush it. Raises OSError."""
    with _opened(path, os.O_TRUNC, mode) as descriptor:
        _write_all(descriptor, content)
        os.fsync(descriptor)


def replace_flushed(path: Path, content: bytes) -> None:
    """Make ``path`` hold ``content`` through any cut, all of it or what it held before.

    Raises OSError; ``path`` then holds what it did, or, where only the folder could not be flushed,
    ``content`` already.
    """
    new = path.with_name(path.name + ".new")
    write_flushed(new, content)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def append_flushed(path: Path, content: bytes, mode: int = MODE) -> int:
    """Add ``content`` to ``path``, flush it, and return the size before.

    Raises OSError; what was written in part is taken back then.
    """
    with _opened(path, os.O_APPEND, mode) as descriptor:
        size = os.fstat(descriptor).st_size
        try:
            _write_all(descriptor, content)
            os.fsync(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
    return size


def keep_copy(path: Path, copy: Path) -> None:
    """Make ``copy`` hold what ``path`` holds, at once or not at all. Raises OSError."""
    spare = copy.with_name(copy.name + ".new")
    spare.unlink(missing_ok=True)
    try:
        os.link(path, spare)
    except OSError:  # a file system without links
        write_flushed(spare, path.read_bytes())
    spare.replace(copy)


@contextlib.contextmanager
def _opened(path: Path, flag: int, mode: int) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flag, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
