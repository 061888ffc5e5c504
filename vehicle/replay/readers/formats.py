"""Which format a file has, by its content.

Knows: the table of formats and how they are told apart.
Refuses to know: grammars. Adding a text format is one row here and one module beside it.

Binary formats show themselves by their first bytes. Of the text formats the one that reads most
frames from the file's beginning wins; then the one whose header is there; the extension decides
only between equals, for extensions lie.

A format's module is imported when a file may need it: their patterns take as long to compile as a
million frames to read. So candump, whose lines no other format reads, is tried before all others.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import cache
from pathlib import Path

from vehicle.core.record import record
from vehicle.replay.readers.candump import CANDUMP
from vehicle.replay.readers.errors import NoTimeStampsError, UnknownFormatError
from vehicle.replay.readers.lines import (
    Frames,
    LineFormat,
    Stamped,
    decode_line,
    read_lines,
    split_lines,
)
from vehicle.replay.readers.stream import HEAD_BYTES, read_head
from vehicle.replay.readers.tally import Tally
from vehicle.replay.scan.columns import Columns
from vehicle.replay.scan.kernels import Scan


@cache
def text_formats() -> tuple[LineFormat, ...]:
    """Return every text format. The order decides last of all."""
    from vehicle.replay.readers.asc import ASC
    from vehicle.replay.readers.clocked_logs import BUSMASTER, CANHACKER, CARBUS
    from vehicle.replay.readers.csv_logs import GVRET, PANDA, PYTHON_CAN
    from vehicle.replay.readers.peak import PEAK
    from vehicle.replay.readers.text_logs import (
        CRTD,
        EMULATOR,
        EPOCH_TABLE,
        MICROCHIP,
        MICROCHIP_TAB,
        RCAN,
    )

    return (
        CANDUMP,
        ASC,
        PEAK,
        PYTHON_CAN,
        GVRET,
        PANDA,
        MICROCHIP_TAB,
        MICROCHIP,
        BUSMASTER,
        CRTD,
        EMULATOR,
        RCAN,
        EPOCH_TABLE,
        CARBUS,
        CANHACKER,
    )


BLF_NAME = "Vector BLF"
MF4_NAME = "MF4"


@cache
def endings() -> frozenset[str]:
    """Return the endings that recordings have, without ".gz"."""
    texts = (end for each in text_formats() for end in each.extensions)
    return frozenset((".blf", ".mf4", ".mdf", *texts))


_SHOWN_BYTES = 24
_SAMPLE_LINES = 100
"""Lines that are tried with every format. Only if no frame is among them, all of the head is."""

FrameReader = Callable[[Path, Tally], Frames]
ColumnReader = Callable[[Path, Tally, Scan], Generator[Columns, None, None]]


@record
class RecordingFile:
    """A file whose format is known. ``frames(tally)`` reads it from its start."""

    path: Path
    format: str
    """The format's name, with " (gzip)" where it is gzipped."""
    read: FrameReader
    columns: ColumnReader | None = None
    """Reads the same as columns, where there is a quicker way than frame by frame."""

    def frames(self, tally: Tally) -> Frames:
        """Yield (stamp, frame) in file order, counting losses in ``tally``."""
        return self.read(self.path, tally)


def identify(path: Path) -> RecordingFile:
    """Return the file with the format found in it.

    Raises: MissingFileError, UnreadableFileError, EmptyFileError, LfsPointerError,
    NoTimeStampsError, UnknownFormatError.
    """
    head, zipped = read_head(path)
    suffix = " (gzip)" if zipped else ""
    if head.startswith(b"LOGG"):
        return _blf_file(path, suffix)
    if head.startswith((b"MDF     4", b"UnFinMF 4")):
        return _mf4_file(path, suffix)
    lines = _head_lines(head)
    found = _text_format(path, lines)
    if found is not None:
        return _text_file(path, found.name + suffix, found, lines)
    if b"LOBJ" in head:
        # The file header is damaged or missing; the objects tell what they are.
        return _blf_file(path, suffix)
    raise UnknownFormatError(
        path,
        f"has no format that is known here (it begins with {head[:_SHOWN_BYTES]!r})",
        "convert it, for instance to candump -l",
    )


def _head_lines(head: bytes) -> list[str]:
    raw = list(split_lines([head]))
    if len(head) == HEAD_BYTES and len(raw) > 1:
        raw.pop()  # Most likely half a line.
    return [decode_line(line) for line in raw]


def _extension(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _text_format(path: Path, lines: Sequence[str]) -> LineFormat | None:
    """Return the format of a text recording, if it is one. Raises: NoTimeStampsError."""
    if 0 < len(lines[:_SAMPLE_LINES]) == _frames_in(CANDUMP, lines, _SAMPLE_LINES):
        return CANDUMP
    from vehicle.replay.readers.csv_logs import GENERIC_HEADER

    text = "".join(lines).replace("\r\n", "\n").replace("\r", "\n")
    if GENERIC_HEADER.match(text):
        raise NoTimeStampsError(
            path,
            "is a generic ID/data CSV, which has no time stamps",
            "export it again in a format with times, for instance GVRET CSV",
        )
    return _best_text_format(lines, text, _extension(path))


def _best_text_format(lines: Sequence[str], text: str, extension: str) -> LineFormat | None:
    for count in (_SAMPLE_LINES, len(lines)):
        ranks = {
            candidate: (
                _frames_in(candidate, lines, count),
                candidate.signature is not None and candidate.signature.search(text) is not None,
                extension in candidate.extensions,
            )
            for candidate in text_formats()
        }
        best = max(text_formats(), key=ranks.__getitem__)
        frames, signed, _ = ranks[best]
        if frames:
            return best
    return best if signed else None


def _frames_in(candidate: LineFormat, lines: Sequence[str], count: int) -> int:
    parse = candidate.start(lines)
    return sum(_is_frame(parse, line) for line in lines[:count])


def _is_frame(parse: Callable[[str], Stamped | str | None], line: str) -> bool:
    try:
        return isinstance(parse(line), tuple)
    except ValueError:
        return False


def _blf_file(path: Path, suffix: str) -> RecordingFile:
    from vehicle.replay.readers.blf import blf_columns, read_blf

    return RecordingFile(path, BLF_NAME + suffix, read_blf, blf_columns)


def _mf4_file(path: Path, suffix: str) -> RecordingFile:
    from vehicle.replay.readers.mf4 import mf4_columns, read_mf4

    return RecordingFile(path, MF4_NAME + suffix, read_mf4, mf4_columns)


def _text_file(path: Path, name: str, found: LineFormat, head: list[str]) -> RecordingFile:
    from vehicle.replay.readers.line_columns import line_columns

    def read(path: Path, tally: Tally) -> Frames:
        return read_lines(found, head, path, tally)

    def columns(path: Path, tally: Tally, scan: Scan) -> Generator[Columns, None, None]:
        return line_columns(path, tally, scan, found, head)

    return RecordingFile(path, name, read, columns)
