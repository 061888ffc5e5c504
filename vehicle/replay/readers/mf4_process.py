"""The process that reads MF4 files: what asammdf costs and breaks is broken and paid for here.

Knows: asammdf, which costs a second and 140 MB, and of which a damaged file may ask any amount of
memory and never come to an end. Refuses to know: what the frames are for. ``mf4`` starts it.

Stamps come as floating-point seconds. They are rounded to the nearest microsecond, not cut: a
float of a time in this century is off by up to a microsecond's hundredth either way, and cutting
would turn half of the stamps into the microsecond before.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from asammdf import MDF

from vehicle.replay.readers.mf4_limits import limit_memory, limit_time, memory_limit_mb
from vehicle.replay.readers.mf4_rows import Rows, batches, cause_of, merged, stamps_us_of
from vehicle.replay.readers.mf4_talk import ERROR, EXTENDED, FD, REMOTE, receive, send
from vehicle.replay.scan.columns import STAMP_US_MAX
from vehicle.wire.frame import (
    CLASSIC_BYTES_MAX,
    EXTENDED_ID_MAX,
    FD_LENGTHS,
    PAYLOAD_BYTES,
    STANDARD_ID_MAX,
)

RECORDS_AT_ONCE = 100_000
"""Records asked of asammdf at a time; what bounds the memory of a long file."""
RECORDS_AT_FIRST = 1_000
"""The same at the beginning: whoever looks at the first frame only need not wait for more."""
DAMAGED_RECORDS = "damaged MF4 record"

_EXTENDED_BIT = 0x8000_0000
_KINDS = {"CAN_DataFrame": 0, "CAN_RemoteFrame": REMOTE, "CAN_ErrorFrame": ERROR}

_DAMAGE: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    MemoryError,
    NameError,
    OSError,
    RuntimeError,
    SystemError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What asammdf lets through when a block is not what it should be, besides its MdfException."""

_LIBRARY_ERRORS = (
    ("asammdf.blocks.utils", "MdfException"),
    ("isal.igzip_lib", "IsalError"),
    ("lz4.block", "LZ4BlockError"),
)
"""The same, of its own and of the libraries it decompresses with where they are installed."""


def _damage() -> tuple[type[Exception], ...]:
    found = (
        getattr(sys.modules[module], name)
        for module, name in _LIBRARY_ERRORS
        if module in sys.modules
    )
    return (*_DAMAGE, *found)


class RefusedError(Exception):
    """The file cannot be read. ``without_can``: it is whole, and has no CAN frames."""

    def __init__(self, what: str, *, without_can: bool) -> None:
        super().__init__(what)
        self.without_can = without_can


class Measurement:
    """One open file."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        """Open it; ``writable``: asammdf may finish it. Raises: RefusedError."""
        self._file = path.open("r+b" if writable else "rb")
        self.names: list[str] = []
        """Channel names, as far as they were met."""
        self._numbers: dict[str, int] = {}
        self.skips: list[tuple[str, str, int]] = []
        """What was lost since somebody took it from here: cause, place and count."""
        try:
            # asammdf leaves a file that it opens itself open on errors.
            self._mdf: Any = MDF(cast(Any, self._file))
        except _damage() as error:
            self._file.close()
            raise RefusedError(_words(error), without_can=False) from None
        self._groups = self._can_groups()
        self._start_ns = int(self._mdf.header.abs_time)

    def close(self) -> None:
        """Let go of the file."""
        with suppress(*_damage()):
            self._mdf.close()
        self._file.close()

    def _can_groups(self) -> list[tuple[int, str]]:
        groups, others = [], set()
        for index, group in enumerate(self._mdf.groups):
            if not group.channel_group.cycles_nr:
                continue
            names = {str(channel.name) for channel in group.channels}
            kinds = [kind for kind in _KINDS if kind in names]
            groups += [(index, kind) for kind in kinds[:1]]
            if not kinds:
                others |= {name.partition("_")[0] for name in names if "_Frame" in name}
        if not groups:
            held = f"only {' and '.join(sorted(others))} frames" if others else "no frames"
            raise RefusedError(held, without_can=True)
        return groups

    def batches(self, wanted: Sequence[Sequence[int]] | None, room: int) -> Iterator[list[bytes]]:
        """Yield the frames of all groups in order of time, as parts of batches of ``room``."""
        for rows in merged([self._group(index, kind) for index, kind in self._groups]):
            yield from batches(rows, wanted, room)

    def _group(self, index: int, kind: str) -> Iterator[Rows]:
        records = int(self._mdf.groups[index].channel_group.cycles_nr)
        done, count, stride = 0, RECORDS_AT_FIRST, 1
        latest_us = -STAMP_US_MAX
        while done < records:
            where = f"group {index}, record {done}"
            asked = min(count, records - done)
            try:
                rows = self.read(index, kind, done, asked, where)
            except _damage():
                # asammdf fails for all records asked for where one is bad: close in on that one,
                # then step over it in growing strides.
                if count > 1:
                    count //= 2
                    continue
                lost = min(stride, records - done)
                self.skips.append((DAMAGED_RECORDS, where, lost))
                done, stride = done + lost, stride * 2
                continue
            if len(rows.keys):
                np.maximum.accumulate(np.maximum(rows.stamps_us, latest_us), out=rows.keys)
                latest_us = int(rows.keys[-1])
                yield rows
            done, stride = done + asked, 1
            count = min(count * 2, RECORDS_AT_ONCE)

    def read(self, index: int, kind: str, offset: int, count: int, where: str) -> Rows:
        """Return some records of a group. Raises what asammdf lets through where one is damaged."""
        signal = self._mdf.get(
            kind, group=index, raw=True, record_offset=offset, record_count=count
        )
        samples, names = signal.samples, signal.samples.dtype.names
        if len(samples) != count:
            raise ValueError(f"{len(samples)} records of {count}")

        def column(name: str, default: int) -> Any:
            full = f"{kind}.{name}"
            if full not in names:
                return np.full(count, default, np.int64)
            return samples[full].astype(np.int64)

        ids, lengths = column("ID", 0), column("DataLength", 0)
        named = f"{kind}.IDE" in names
        extended = column("IDE", 0) != 0 if named else ids & _EXTENDED_BIT != 0
        flags = np.full(count, _KINDS[kind], np.int32)
        flags |= np.where(extended, EXTENDED, 0) | np.where(column("EDL", 0) != 0, FD, 0)
        data = np.zeros((count, 0), np.uint8)
        if f"{kind}.DataBytes" in names:
            data = samples[f"{kind}.DataBytes"].astype(np.uint8).reshape(count, -1)
        channels = self._channels(samples, f"{kind}.BusChannel", count)
        stamps_us = stamps_us_of(signal.timestamps, self._start_ns)
        ids &= EXTENDED_ID_MAX
        rows = Rows(stamps_us.copy(), stamps_us, ids, flags, lengths, channels, data)
        return self._good(rows, where)

    def _channels(self, samples: Any, name: str, count: int) -> Any:
        if name not in samples.dtype.names:
            return np.full(count, self._channel(""), np.int32)
        values, index = np.unique(samples[name], return_inverse=True)
        return np.array([self._channel(str(each)) for each in values.tolist()], np.int32)[index]

    def _channel(self, name: str) -> int:
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number

    def _good(self, rows: Rows, where: str) -> Rows:
        """Return the rows that are frames; count the others."""
        _, stamps_us, ids, flags, lengths, _, data = rows
        room = np.where(flags & FD, PAYLOAD_BYTES, CLASSIC_BYTES_MAX)
        odd = (lengths > np.minimum(room, data.shape[1])) & (flags & (REMOTE | ERROR) == 0)
        odd |= (ids > STANDARD_ID_MAX) & (flags & (EXTENDED | ERROR) == 0)
        odd |= ~np.isin(lengths, FD_LENGTHS) & (flags & (REMOTE | ERROR) == 0)
        odd |= abs(stamps_us) > STAMP_US_MAX
        causes: Counter[str] = Counter()
        good = np.ones(len(odd), bool)
        for row in np.flatnonzero(odd).tolist():
            stamp_us, can_id, flag, length = (
                int(column[row]) for column in (stamps_us, ids, flags, lengths)
            )
            cause = cause_of(stamp_us, can_id, flag, length, data.shape[1])
            if cause is not None:
                causes[cause] += 1
                good[row] = False
        self.skips += [(cause, where, count) for cause, count in causes.items()]
        found = rows if not causes else rows.part(good)
        held = np.minimum(found.lengths, min(found.data.shape[1], PAYLOAD_BYTES))
        return found._replace(lengths=np.where(found.flags & REMOTE, 0, held))


def _words(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        limit_mb = memory_limit_mb()
        return f"it asks for more memory than any file of its size needs: {limit_mb} MB in all"
    return " ".join(str(error).split()) or type(error).__name__


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until nobody asks any more."""
    measurement: Measurement | None = None
    told = 0
    found: Iterator[list[bytes]] = iter(())
    with suppress(EOFError):
        while True:
            asked, _ = receive(requests)
            if "open" in asked:
                path, told = Path(asked["open"]), 0
                limit_memory(path.stat().st_size)
                limit_time(path.stat().st_size)
                try:
                    measurement = Measurement(path, writable=asked["writable"])
                except RefusedError as error:
                    send(answers, {"refused": str(error), "without_can": error.without_can})
                    continue
                found = measurement.batches(asked["wanted"], asked["room"])
                send(answers, {"ready": True})
            elif "next" in asked and measurement is not None:
                parts = next(found, None)
                words = {"skips": measurement.skips, "names": measurement.names[told:]}
                send(answers, {**words, "end": parts is None}, parts or ())
                measurement.skips, told = [], len(measurement.names)
            elif measurement is not None:
                found = iter(())
                measurement.close()
                measurement = None


def main() -> None:
    """Serve on what standard input and output are now; asammdf prints to neither from here on."""
    # Ctrl-C goes to every process of a terminal; the one that asked decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    warnings.simplefilter("ignore")
    _serve(requests, answers)


if __name__ == "__main__":
    main()
