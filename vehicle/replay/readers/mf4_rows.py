"""MF4 frames as NumPy's columns: judged, put in order of time, and chosen among.

Knows: what is no frame, how several groups become one sequence, and what a batch holds.
Refuses to know: asammdf, and where the columns come from.

Importing this imports NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from vehicle.replay.readers.fields import BAD_TIME, data_frame, remote_frame
from vehicle.replay.readers.mf4_talk import ERROR, EXTENDED, FD, REMOTE
from vehicle.replay.scan.columns import STAMP_US_MAX
from vehicle.wire.frame import PAYLOAD_BYTES


class Rows(NamedTuple):
    """Frames as columns of NumPy, before anybody chose among them."""

    keys: Any
    """What they are ordered by: the latest stamp so far of their group."""
    stamps_us: Any
    ids: Any
    flags: Any
    lengths: Any
    channels: Any
    data: Any

    def part(self, which: Any) -> Rows:
        """Return some of them."""
        return Rows(*(column[which] for column in self))


def cause_of(stamp_us: int, can_id: int, flags: int, length: int, held: int) -> str | None:
    """Return why a record is no frame, by the judgement of every other reader.

    ``held``: the payload bytes that a record has room for.
    """
    if abs(stamp_us) > STAMP_US_MAX:
        return BAD_TIME
    extended, payload = bool(flags & EXTENDED), bytes(min(length, held))
    if flags & ERROR:
        return None
    if flags & REMOTE:
        frame = remote_frame(can_id, extended, "")
    else:
        frame = data_frame(can_id, extended, payload, length, "", bool(flags & FD))
    return frame if isinstance(frame, str) else None


def stamps_us_of(seconds: Any, start_ns: int) -> Any:
    """Return wall-clock microseconds, rounded; a stamp beyond all others where there is none."""
    start_us, rest_ns = divmod(start_ns, 1000)
    nanos = seconds * 1e9
    sound = np.isfinite(nanos) & (abs(nanos) < STAMP_US_MAX)
    if abs(start_us) > STAMP_US_MAX:
        sound[:] = False
        start_us = 0
    whole = np.where(sound, nanos, 0).round().astype(np.int64)
    return np.where(sound, start_us + (whole + (rest_ns + 500)) // 1000, STAMP_US_MAX + 1)


def merged(groups: Sequence[Iterator[Rows]]) -> Iterator[Rows]:
    """Yield all groups' rows in order of their keys; equal keys in the order of the groups."""
    if len(groups) == 1:
        yield from groups[0]
        return
    waiting = {number: rows for number, group in enumerate(groups) if (rows := next(group, None))}
    while waiting:
        # Up to here nothing can come in between; of a group behind the one that ends first only
        # what is before it, for that one may go on with the same key.
        first, until = min(
            ((number, rows.keys[-1]) for number, rows in waiting.items()),
            key=lambda each: (each[1], each[0]),
        )
        taken = []
        for number, rows in list(waiting.items()):
            beyond = until + 1 if number <= first else until
            end = int(np.searchsorted(rows.keys, beyond))
            taken.append(rows.part(slice(end)))
            left = rows.part(slice(end, None))
            following = left if len(left.keys) else next(groups[number], None)
            if following is None:
                del waiting[number]
            else:
                waiting[number] = following
        wide = max(rows.data.shape[1] for rows in taken)
        taken = [
            rows._replace(data=np.pad(rows.data, ((0, 0), (0, wide - rows.data.shape[1]))))
            for rows in taken
        ]
        together = Rows(*(np.concatenate(column) for column in zip(*taken, strict=True)))
        yield together.part(np.argsort(together.keys, kind="stable"))


def batches(rows: Rows, wanted: Sequence[Sequence[int]] | None, room: int) -> Iterator[list[bytes]]:
    """Yield the parts of a ``Batch`` after the other."""
    for first in range(0, len(rows.keys), room):
        part = rows.part(slice(first, first + room))
        kept, idents = np.arange(len(part.keys)), part.ids
        if wanted is not None:
            known = np.array([can_id << 1 | extended for can_id, extended in wanted], np.int64)
            order = np.argsort(known)
            asked = part.ids << 1 | part.flags & EXTENDED
            at = np.minimum(np.searchsorted(known[order], asked), len(known) - 1)
            found = (known[order][at] == asked) & (part.flags & (REMOTE | ERROR) == 0)
            kept = np.flatnonzero(found)
            idents = order[at]
        chosen = part.part(kept)
        payloads = np.zeros((len(kept), PAYLOAD_BYTES), np.uint8)
        wide = min(chosen.data.shape[1], PAYLOAD_BYTES)
        payloads[:, :wide] = chosen.data[:, :wide]
        payloads[np.arange(PAYLOAD_BYTES) >= chosen.lengths[:, None]] = 0
        numbers = (kept, idents[kept], chosen.flags, chosen.channels, chosen.lengths)
        yield [part.stamps_us.tobytes(), *(_int32(each) for each in numbers), payloads.tobytes()]


def _int32(numbers: Any) -> bytes:
    made: bytes = numbers.astype(np.int32).tobytes()
    return made
