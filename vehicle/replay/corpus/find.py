"""Finds the logs: files, folders, patterns and addresses, in one order.

Knows: what is worth looking into. Refuses to know: formats; whether a file is a log is told by its
content, where it is read.

Order and choice
----------------
Logs come sorted by the parts of their path, each once, whatever was named first. Of a folder every
file in it counts, at any depth. Left out are hidden files and folders, the output folder, and what
stands beside a recording (``.events.jsonl``). A link to a folder is followed where it is named, not
where it is found. A folder is read when it is come to, so memory holds the names of the folders on
the way; of a pattern and of an address, all that it leads to.
"""

from __future__ import annotations

import glob
import heapq
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from vehicle.core.record import record
from vehicle.replay.corpus.errors import NoLogError
from vehicle.replay.corpus.storage import files_at, is_address
from vehicle.runtime.events_file import events_path


class Log(NamedTuple):
    """A file that may be a log."""

    name: str
    """Its path as it was named or found, or its address."""
    size_bytes: int
    stamp: str
    """Changes when its content does, or that of the events beside it."""
    named: bool = False
    """It was named itself, or by a pattern, so it is meant to be a log."""
    trouble: str = ""
    """Why it cannot be opened, where that is known already."""


def found(places: Sequence[str], leave_out: str) -> Iterator[Log]:
    """Yield every file that may be a log, in order.

    Args:
        places: files, folders, patterns (``**`` is any depth) or addresses (``s3://...``).
        leave_out: the output folder, which may lie among them.

    Raises: NoLogError where one of ``places`` is nothing, StorageError where an address cannot be
    reached.
    """
    merged = heapq.merge(*(_of(place, leave_out) for place in places), key=_order)
    for _, same in groupby(merged, key=_order):
        yield max(same, key=lambda log: log.named)


def _order(log: Log) -> tuple[str, ...]:
    return tuple(log.name.split("/"))


def _of(place: str, leave_out: str) -> Iterator[Log]:
    if is_address(place):
        yield from sorted(_at_address(place, leave_out), key=_order)
        return
    path = Path(place)
    if path.is_dir():
        yield from _in_folder(str(path), _real(leave_out))
        return
    if os.path.lexists(path):
        yield _file(str(path), named=True)
        return
    matches = sorted(glob.iglob(place, recursive=True))  # noqa: PTH207 (absolute patterns, too)
    if not matches:
        raise NoLogError(f"{place}: there is nothing of that name; check the path or the pattern")
    yield from _matches(matches, _real(leave_out))


def _matches(matches: Iterable[str], leave_out: str) -> Iterator[Log]:
    """Yield files that a pattern matches, and what is in folders that it matches."""
    parts: list[Iterator[Log]] = [
        _in_folder(str(Path(match)), leave_out)
        if Path(match).is_dir()
        else iter([_file(str(Path(match)), named=True)])
        for match in matches
        if not _is_beside(match) and not _is_within(match, leave_out)
    ]
    yield from heapq.merge(*parts, key=_order)


def _real(place: str) -> str:
    return "" if is_address(place) else os.path.realpath(place)


def _is_within(name: str, folder: str) -> bool:
    return bool(folder) and os.path.realpath(name).startswith(folder + "/")


def _is_beside(name: str) -> bool:
    return name.endswith(_BESIDE)


_BESIDE = events_path(Path("x")).name.removeprefix("x")


def _in_folder(folder: str, leave_out: str) -> Iterator[Log]:
    if os.path.realpath(folder) == leave_out:
        return
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        trouble = f"is a folder that cannot be listed ({error.strerror}); see who may read it"
        yield Log(folder, 0, "", trouble=trouble)
        return
    for entry in inside:
        if entry.name.startswith(".") or _is_beside(entry.name):
            continue
        name = str(Path(folder, entry.name))
        if entry.is_dir(follow_symlinks=False):
            yield from _in_folder(name, leave_out)
        elif not entry.is_dir():
            yield _file(name, named=False)


def _file(name: str, *, named: bool) -> Log:
    path = Path(name)
    try:
        seen = path.stat()
    except OSError as error:
        what = "is a link to nothing" if path.is_symlink() else "cannot be opened"
        return Log(name, 0, "", named, f"{what} ({error.strerror}); copy or name the file itself")
    if not stat.S_ISREG(seen.st_mode):
        return Log(name, 0, "", named, "is a pipe or a device; save it to a file")
    beside = events_path(path)
    stamps = [seen.st_mtime_ns, *([beside.stat().st_mtime_ns] if beside.exists() else [])]
    return Log(name, seen.st_size, "+".join(map(str, stamps)), named)


def _at_address(place: str, leave_out: str) -> Iterator[Log]:
    files = files_at(place)
    if not files:
        raise NoLogError(f"{place}: there is nothing at that address; check it")
    beside = {each.name: each.stamp for each in files if _is_beside(each.name)}
    for each in files:
        hidden = any(part.startswith(".") for part in each.name.split("://", 1)[1].split("/"))
        own = is_address(leave_out) and each.name.startswith(leave_out.rstrip("/") + "/")
        if hidden or own or each.name in beside:
            continue
        told = beside.get(each.name + _BESIDE)
        stamp = each.stamp if told is None else f"{each.stamp}+{told}"
        yield Log(each.name, each.size_bytes, stamp, each.named)


# ---- tasks --------------------------------------------------------------------------------------

TASK_FILES_MAX = 50
TASK_BYTES_MAX = 64 << 20
"""A task is as much as either allows, and one log at least: measured, handing out a task then costs
a hundredth of doing it, and no worker waits long for the last one."""


@record
class Task:
    """Logs that are replayed one after the other by one worker."""

    number: int
    logs: tuple[Log, ...]
    failed: tuple[tuple[int, str], ...] = ()
    """Logs, by their place, that must not be tried again, each with its cause."""

    @property
    def size_bytes(self) -> int:
        """The size of all its logs."""
        return sum(log.size_bytes for log in self.logs)


def tasks_of(logs: Iterable[Log]) -> Iterator[Task]:
    """Cut logs into tasks. The cut depends on the logs alone, never on who does the work."""
    number, held, size_bytes = 0, list[Log](), 0
    for log in logs:
        full = len(held) == TASK_FILES_MAX or size_bytes + log.size_bytes > TASK_BYTES_MAX
        if held and full:
            yield Task(number, tuple(held))
            number, held, size_bytes = number + 1, [], 0
        held.append(log)
        size_bytes += log.size_bytes
    if held:
        yield Task(number, tuple(held))
