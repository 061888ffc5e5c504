"""ASAM MF4 with raw CAN frames, through asammdf (the extra ``mf4``).

Knows: the bus-logging channels CAN_DataFrame, CAN_RemoteFrame and CAN_ErrorFrame.
Refuses to know: decoded signals, LIN, and the block structure, which asammdf reads: sorted or not,
finalised or not, compressed or not.

asammdf is imported only when a file is read: it costs a second, and most users have no MF4.
Stamps come as floating-point seconds. They are rounded to the nearest microsecond, not cut: a
float of a time in this century is off by up to a microsecond's hundredth either way, and cutting
would turn half of the stamps into the microsecond before.
"""

from __future__ import annotations

import heapq
import logging
import struct
import sys
import tempfile
import traceback
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from io import StringIO
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, cast

from vehicle.replay.readers.errors import MissingAsammdfError, NoCanFramesError, NoFramesError
from vehicle.replay.readers.fields import data_frame, remote_frame
from vehicle.replay.readers.lines import Frames, Stamped
from vehicle.replay.readers.stream import read_chunks
from vehicle.replay.readers.tally import Tally
from vehicle.wire.frame import EXTENDED_ID_MAX, Frame

RECORDS_AT_ONCE = 10_000
"""Records asked of asammdf at a time; what bounds the memory of a long file."""

DAMAGED_RECORDS = "damaged MF4 record"

_IDENTIFICATION_BYTES = 64
_UNFINALISED_FLAGS = slice(60, 62)

_EXTENDED_BIT = 0x8000_0000

_KINDS = ("CAN_DataFrame", "CAN_RemoteFrame", "CAN_ErrorFrame")

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


class _DamagedError(Exception):
    """asammdf could not do what was asked of it with this file."""


def read_mf4(path: Path, tally: Tally) -> Frames:
    """Yield (stamp, frame) of an MF4 file in time order over all its channel groups.

    Stamps are wall clock. Groups, or their parts, that asammdf cannot read are counted in
    ``tally`` by group and record.

    Raises: MissingAsammdfError; NoCanFramesError where other buses or no raw frames at all were
    recorded; NoFramesError where the file is too damaged to be opened.
    """
    with ExitStack() as stack:
        source = stack.enter_context(_seekable(path, tally))
        try:
            mdf = _open(path, source)
        except _DamagedError as error:
            raise NoFramesError(
                path, f"is an MF4 file that asammdf cannot open ({error})", "copy it again"
            ) from None
        stack.callback(mdf.close)
        groups = _can_groups(path, mdf)
        start_ns = int(mdf.header.abs_time)
        readers = [_group_frames(mdf, index, kind, start_ns, path, tally) for index, kind in groups]
        yield from heapq.merge(*readers, key=itemgetter(0))


@contextmanager
def _seekable(path: Path, tally: Tally) -> Iterator[IO[bytes]]:
    """Give asammdf an open file; it leaves files that it opens itself open on errors.

    A copy on disk where the file is gzipped, and where it is not finalised, since asammdf then
    writes into it.
    """
    with path.open("rb") as file:
        head = file.read(_IDENTIFICATION_BYTES)
        file.seek(0)
        if head.startswith(b"MDF") and not any(head[_UNFINALISED_FLAGS]):
            # asammdf reads where it likes; from here on the file is in its hands.
            tally.bytes_read += path.stat().st_size
            yield file
            return
    with tempfile.TemporaryFile() as copy:
        for chunk in read_chunks(path, tally):
            copy.write(chunk)
        copy.seek(0)
        yield copy


@contextmanager
def _asammdf_at_work() -> Iterator[None]:
    """Keep asammdf's log, warnings and prints quiet, and give its many failures one name."""
    logger = logging.getLogger("asammdf")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        # It prints tracebacks to the standard output, which is the journal's or the summary's.
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            yield
    except _DAMAGE + _library_errors() as error:
        _complete_half_built(error)
        words = " ".join(str(error).split())
        raise _DamagedError(words or type(error).__name__) from error
    finally:
        logger.disabled = was_disabled


def _library_errors() -> tuple[type[Exception], ...]:
    return tuple(
        getattr(sys.modules[module], name)
        for module, name in _LIBRARY_ERRORS
        if module in sys.modules
    )


def _open(path: Path, source: IO[bytes]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from asammdf import MDF
        except ImportError:
            raise MissingAsammdfError(
                path, "is an MF4 file, and asammdf is not installed", "pip install chargelock[mf4]"
            ) from None
    with _asammdf_at_work():
        return MDF(cast(Any, source))


def _complete_half_built(error: BaseException) -> None:
    """Give an object whose constructor failed what its ``__del__`` takes for granted.

    Without it, asammdf complains on stderr about its own half-built object.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        half_built: Any = frame.f_locals.get("self")
        if type(half_built).__name__ == "MDF4" and not hasattr(half_built, "header"):
            half_built.header = half_built.identification = None


def _can_groups(path: Path, mdf: Any) -> list[tuple[int, str]]:
    groups, others = [], set()
    for index, group in enumerate(mdf.groups):
        if not group.channel_group.cycles_nr:
            continue
        names = {str(channel.name) for channel in group.channels}
        kinds = [kind for kind in _KINDS if kind in names]
        groups += [(index, kind) for kind in kinds[:1]]
        if not kinds:
            others |= {name.partition("_")[0] for name in names if "_Frame" in name}
    if not groups:
        what = f"holds only {' and '.join(sorted(others))} frames" if others else "holds no frames"
        raise NoCanFramesError(
            path, f"is an MF4 file without CAN frames: it {what}", "choose a CAN recording"
        )
    return groups


def _group_frames(
    mdf: Any, index: int, kind: str, start_ns: int, path: Path, tally: Tally
) -> Iterator[Stamped]:
    records = int(mdf.groups[index].channel_group.cycles_nr)
    done, count, stride = 0, RECORDS_AT_ONCE, 1
    while done < records:
        where = f"group {index}, record {done}"
        try:
            rows = _rows(mdf, index, kind, done, min(count, records - done), start_ns)
        except _DamagedError:
            # asammdf fails for all records asked for where one is bad: close in on that one, then
            # step over it in growing strides.
            if count > 1:
                count //= 2
                continue
            lost = min(stride, records - done)
            tally.skip(DAMAGED_RECORDS, path, where, lost)
            done, stride = done + lost, stride * 2
            continue
        for stamp_us, frame in rows:
            if isinstance(frame, str):
                tally.skip(frame, path, where)
            else:
                yield stamp_us, frame
        done, stride = done + len(rows), 1
        count = min(count * 2, RECORDS_AT_ONCE)


def _rows(
    mdf: Any, index: int, kind: str, offset: int, count: int, start_ns: int
) -> list[tuple[int, Frame | str]]:
    with _asammdf_at_work():
        signal = mdf.get(kind, group=index, raw=True, record_offset=offset, record_count=count)
        samples = signal.samples
        if len(samples) != count:
            raise ValueError(f"{len(samples)} records of {count}")
        nanos = (signal.timestamps * 1e9).round().astype("int64").tolist()
        names = samples.dtype.names

        def column(name: str, default: Any) -> list[Any]:
            full = f"{kind}.{name}"
            return samples[full].tolist() if full in names else [default] * count

        ids, flags = column("ID", 0), column("IDE", None)
        lengths, channels = column("DataLength", 0), column("BusChannel", "")
        fds = column("EDL", 0)
        payloads = column("DataBytes", ())
        frames = [
            _frame(kind, can_id, flag, bytes(payload[:length]), length, str(channel), bool(fd))
            for can_id, flag, payload, length, channel, fd in zip(
                ids, flags, payloads, lengths, channels, fds, strict=True
            )
        ]
        stamps = [(start_ns + nano + 500) // 1000 for nano in nanos]
        return list(zip(stamps, frames, strict=True))


def _frame(
    kind: str, can_id: int, flag: int | None, data: bytes, length: int, channel: str, fd: bool
) -> Frame | str:
    extended = bool(can_id & _EXTENDED_BIT) if flag is None else bool(flag)
    if kind == "CAN_ErrorFrame":
        return Frame(can_id & EXTENDED_ID_MAX, data, channel, error=True)
    if kind == "CAN_RemoteFrame":
        return remote_frame(can_id & EXTENDED_ID_MAX, extended, channel)
    return data_frame(can_id & EXTENDED_ID_MAX, extended, data, length, channel, fd)
