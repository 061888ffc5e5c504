"""ASAM MF4 with raw CAN frames, read by asammdf (the extra ``mf4``) in a process of its own.

Knows: the bus-logging channels CAN_DataFrame, CAN_RemoteFrame and CAN_ErrorFrame; how that process
is started, asked, and ended. Refuses to know: asammdf and what it reads: sorted or not, finalised
or not, compressed or not (``mf4_process``); decoded signals and LIN.

The process is kept for the next file, or the next time that this one is read: its start costs a
second. It ends with this one, or where it did not answer as it should.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from vehicle.replay.readers.errors import (
    MissingAsammdfError,
    NoCanFramesError,
    NoFramesError,
    ReaderDiedError,
)
from vehicle.replay.readers.lines import Frames
from vehicle.replay.readers.mf4_talk import (
    ERROR,
    EXTENDED,
    FD,
    REMOTE,
    Batch,
    batch_of,
    receive,
    send,
)
from vehicle.replay.readers.stream import read_chunks
from vehicle.replay.readers.tally import Tally
from vehicle.replay.scan.columns import ROOM, Columns
from vehicle.replay.scan.kernels import Scan
from vehicle.wire.frame import PAYLOAD_BYTES, Frame

_IDENTIFICATION_BYTES = 64
_UNFINALISED_FLAGS = slice(60, 62)


def read_mf4(path: Path, tally: Tally) -> Frames:
    """Yield (stamp, frame) of an MF4 file in time order over all its channel groups.

    Stamps are wall clock. Groups, or their parts, that asammdf cannot read are counted in
    ``tally`` by group and record.

    Raises: MissingAsammdfError; NoCanFramesError where other buses or no raw frames at all were
    recorded; NoFramesError where the file is too damaged to be opened; ReaderDiedError.
    """
    names: list[str] = []
    for batch in _batches(path, tally, names, None, ROOM):
        for row, stamp_us in enumerate(batch.stamps_us):
            yield stamp_us, _frame(batch, row, names)


def mf4_columns(path: Path, tally: Tally, scan: Scan) -> Generator[Columns, None, None]:
    """Yield the same as columns; the same ``Columns`` each time. Raises: the same."""
    columns = Columns(scan.wanted, scan.kernel.room)
    names: list[str] = []
    for batch in _batches(path, tally, names, scan.wanted.ids, columns.room):
        frames, kept = len(batch.stamps_us), len(batch.rows)
        columns.stamps_us[:frames] = batch.stamps_us
        columns.rows[:kept] = batch.rows
        columns.idents[:kept] = batch.idents
        columns.lengths[:kept] = batch.lengths
        columns.payloads[: PAYLOAD_BYTES * kept] = batch.payloads
        for row, channel in enumerate(batch.channels):
            columns.channels[row] = scan.wanted.channel(names[channel])
        columns.counts[0], columns.counts[1] = frames, kept
        yield columns


def _frame(batch: Batch, row: int, names: list[str]) -> Frame:
    flags, start = batch.flags[row], PAYLOAD_BYTES * row
    return Frame(
        batch.idents[row],
        batch.payloads[start : start + batch.lengths[row]],
        names[batch.channels[row]],
        bool(flags & EXTENDED) and not flags & ERROR,
        bool(flags & FD) and not flags & (REMOTE | ERROR),
        bool(flags & REMOTE),
        bool(flags & ERROR),
    )


def _batches(
    path: Path, tally: Tally, names: list[str], wanted: Any, room: int
) -> Generator[Batch, None, None]:
    """Yield the file's batches; ``names`` grows with the channels that are met."""
    if importlib.util.find_spec("asammdf") is None:
        raise MissingAsammdfError(
            path, "is an MF4 file, and asammdf is not installed", "pip install chargelock[mf4]"
        )
    with _readable(path, tally) as (copy, writable), _reader(path) as reader:
        asked = {"open": str(copy), "writable": writable, "wanted": wanted, "room": room}
        answer, _ = reader.ask(asked)
        if "refused" in answer:
            _refuse(path, answer)
        while True:
            answer, parts = reader.ask({"next": True})
            names += answer["names"]
            for cause, where, count in answer["skips"]:
                tally.skip(cause, path, where, count)
            if answer["end"]:
                break
            yield batch_of(parts)


def _refuse(path: Path, answer: dict[str, Any]) -> None:
    what = answer["refused"]
    if answer["without_can"]:
        raise NoCanFramesError(
            path, f"is an MF4 file without CAN frames: it holds {what}", "choose a CAN recording"
        )
    raise NoFramesError(path, f"is an MF4 file that asammdf cannot open ({what})", "copy it again")


@contextmanager
def _readable(path: Path, tally: Tally) -> Iterator[tuple[Path, bool]]:
    """Give a file that asammdf can be left alone with, and whether it may write into it.

    A copy on disk where the file is gzipped, and where it is not finalised, since asammdf then
    writes into it.
    """
    with path.open("rb") as file:
        head = file.read(_IDENTIFICATION_BYTES)
    if head.startswith(b"MDF") and not any(head[_UNFINALISED_FLAGS]):
        # asammdf reads where it likes; from here on the file is in its hands.
        tally.bytes_read += path.stat().st_size
        yield path.absolute(), False
        return
    with tempfile.NamedTemporaryFile(suffix=".mf4") as copy:
        for chunk in read_chunks(path, tally):
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name), True


# ---- the process --------------------------------------------------------------------------------


class _Reader:
    """The process, as long as it answers."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        """Who started it; after a fork it is somebody else's."""
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "vehicle.replay.readers.mf4_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            # NumPy's algebra, which nobody uses here, would start a thread for every processor.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def ask(self, words: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Return the answer. Raises: EOFError or OSError where there is none any more."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        send(self._process.stdin, words)
        return receive(self._process.stdout)

    def close(self) -> None:
        """Stop reading the file; the process waits for the next."""
        assert self._process.stdin is not None
        send(self._process.stdin, {"close": True})

    def last_words(self) -> str:
        """Return how it ended: the last line that it wrote of its own failure, or its exit code."""
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return "it takes more time than any file of its size needs"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        # Killed it wrote nothing; what there is then are asammdf's complaints about other things.
        return last if code > 0 and last else f"exit code {code}"

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()
        self._errors.close()


_idle: list[_Reader] = []


@contextmanager
def _reader(path: Path) -> Iterator[_Reader]:
    """Lend a process for one file. Raises: ReaderDiedError where it ended meanwhile."""
    mine = [each for each in _idle if each.pid == os.getpid()]
    reader = mine[-1] if mine else _Reader()
    if mine:
        _idle.remove(reader)
    try:
        yield reader
        reader.close()
    except GeneratorExit:
        reader.close()
        _idle.append(reader)
        raise
    except (NoFramesError, NoCanFramesError):
        _idle.append(reader)
        raise
    except (EOFError, BrokenPipeError):
        words = reader.last_words()
        reader.end()
        raise ReaderDiedError(
            path, f"ended the process that read it ({words})", "copy it again"
        ) from None
    except BaseException:
        reader.end()
        raise
    _idle.append(reader)


@atexit.register
def _end_idle() -> None:
    while _idle:
        reader = _idle.pop()
        if reader.pid == os.getpid():
            reader.end()
