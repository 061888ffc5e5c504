"""A file that a command writes whole: checked before long work, written beside, then renamed.

Knows: what may stand against a file, and what to say of it. Refuses to know: what is in it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from vehicle.cli.console import fail
from vehicle.runtime.settings_disk import replace_flushed


def check_writable(option: str, path: Path, others: Iterable[Path]) -> None:
    """End with code 2 where ``path`` cannot be written, or is one of ``others``.

    ``option``: the command's option that names it, for the error. ``others``: what the command
    reads and writes besides.
    """
    if path.is_dir():
        fail(f"{option} {path}: is a folder; name a file in it", 2)
    if any(path.resolve() == each.resolve() for each in others):
        fail(f"{option} {path}: is named for something else already; name another file", 2)
    if path.exists() and not path.is_file():
        fail(f"{option} {path}: is no ordinary file; name another file", 2)
    if not path.parent.is_dir():
        fail(f"{option} {path}: there is no folder {path.parent}; make it first", 2)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        fail(f"{option} {path}: cannot be written in that folder; name another file", 2)


def write_whole(option: str, path: Path, content: bytes) -> None:
    """Make ``path`` hold ``content``, or end with code 1 and leave it as it was."""
    try:
        replace_flushed(path, content)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.with_name(path.name + ".new").unlink()
        fail(
            f"{option} {path}: could not be written ({error.strerror}); make room for it, or name"
            " another place"
        )
