"""Folders of many logs for tests: a few stories of the small car, told again and again."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from drives import SESSION, candump

from vehicle.replay.corpus.workers import Workers

STORIES = (
    (SESSION, 9.0),
    ({0.5: {"Lock": 2}, 2.0: {"Cable": 2, "Session": 2}}, 4.0),
    ({**SESSION, 7.0: {"Ask": 0}}, 9.0),
    ({}, 2.0),
)
"""What happens in a log, and how long it is, in seconds."""

DAMAGES = (
    b"",
    bytes(range(256)) * 40,
    b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n",
    b"(0000000000.000000) can0 7FF#00\n",
)
"""What a damaged log holds: nothing, noise, a pointer, or frames of another car."""


def write_logs(folder: Path, count: int, damaged_each: int = 20) -> Path:
    """Write ``count`` logs, a hundred to a folder; every ``damaged_each``-th is damaged.

    Each begins at a time of its own, so no two have the same bytes. Every seventh is gzipped, and
    of every eleventh the last line is cut.
    """
    for number in range(count):
        path = folder / f"car{number // 100:02}" / f"drive{number:05}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % damaged_each == damaged_each - 1:
            path.write_bytes(DAMAGES[number // damaged_each % len(DAMAGES)])
            continue
        moments, end_s = STORIES[number % len(STORIES)]
        start_us = (1_700_000_000 + number * 1_000) * 1_000_000
        content = candump(moments, end_s, start_us).encode()
        if number % 11 == 10:
            content = content[:-8]
        if number % 7 == 6:
            path = path.with_name(path.name + ".gz")
            content = gzip.compress(content, mtime=0)
        path.write_bytes(content)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder by its name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def threads(count: int = 1) -> Iterator[Workers]:
    """Workers that are threads of this process: the quickest executor to have."""
    with ThreadPoolExecutor(count) as executor:
        yield Workers(count, lambda: executor)
