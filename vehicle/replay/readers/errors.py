"""Why a recording cannot be read at all.

Knows: the named reasons, each with what is wrong, where, and what to do about it.
Refuses to know: damage inside a readable recording. That is counted (``tally.py``), not raised.
"""

from __future__ import annotations

from pathlib import Path


class ReadingError(Exception):
    """A recording that cannot be read. ``str()`` is one line: where, what, what to do.

    All three parts stay in ``args``, so the error survives a trip between processes.
    """

    def __init__(self, path: Path | str, what: str, remedy: str) -> None:
        super().__init__(str(path), what, remedy)
        self.path = str(path)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.what}; {self.remedy}"


class MissingFileError(ReadingError):
    """There is no file of that name."""


class UnreadableFileError(ReadingError):
    """The operating system refuses to read it: a folder, no permission, a failing disk."""


class EmptyFileError(ReadingError):
    """The file has no bytes, or inflates to none."""


class UnknownFormatError(ReadingError):
    """No reader recognises the content."""


class LfsPointerError(ReadingError):
    """A git-lfs pointer stands where the recording should be."""


class NoTimeStampsError(ReadingError):
    """The format has frames but no times, so nothing can be replayed from it."""


class NoFramesError(ReadingError):
    """The format is known, yet not one frame can be used."""


class NoCanFramesError(NoFramesError):
    """The measurement holds other buses only, for instance LIN."""


class MissingAsammdfError(ReadingError):
    """MF4 files need the optional package asammdf."""


class ReaderDiedError(ReadingError):
    """The process that read the file ended before its end: killed, or beyond its memory."""
