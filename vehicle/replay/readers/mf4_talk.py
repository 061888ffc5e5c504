"""What the process that reads MF4 files and the one that asked for it say to each other.

Knows: a message is a line of JSON and the arrays that it announces; a batch is frames as arrays.
Refuses to know: MF4, and processes.

The asker sends one request and waits for one answer:

- ``open`` a path, with the identifiers wanted (None: all frames, of every kind), the frames that a
  batch may hold, and whether asammdf may write into it; the answer says ``ready``, or why not.
- ``next``: the next batch, or ``end``. Either has the losses since the last (``skips``: cause,
  place and count each) and the channel names that are new.
- ``close``: the file is not read further.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping
from typing import IO, Any, NamedTuple

EXTENDED, REMOTE, ERROR, FD = 1, 2, 4, 8
"""Bits of a frame's flags."""


class Batch(NamedTuple):
    """Frames in order of time. ``stamps_us`` has all; the others those that are wanted."""

    stamps_us: array[int]
    rows: array[int]
    """Which frame of the batch each is."""
    idents: array[int]
    """Index into the identifiers wanted; the identifier itself where all are."""
    flags: array[int]
    channels: array[int]
    """Index into the channel names told so far."""
    lengths: array[int]
    payloads: bytes
    """64 bytes each, zeros behind the payload."""


def send(file: IO[bytes], words: Mapping[str, Any], parts: Iterable[Any] = ()) -> None:
    """Write one message. Raises: OSError where nobody takes it."""
    views = [memoryview(part).cast("B") for part in parts]
    line = json.dumps({**words, "parts": [len(view) for view in views]})
    file.write(line.encode() + b"\n")
    for view in views:
        file.write(view)
    file.flush()


def receive(file: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """Return one message. Raises: EOFError where the other side has ended."""
    line = file.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    words = json.loads(line)
    parts = [file.read(size) for size in words.pop("parts")]
    return words, parts


def batch_of(parts: list[bytes]) -> Batch:
    """Return the batch that a message holds."""
    stamps_us = array("q", parts[0])
    rows, idents, flags, channels, lengths = (array("i", part) for part in parts[1:6])
    return Batch(stamps_us, rows, idents, flags, channels, lengths, parts[6])
