"""Why a run over a corpus cannot be done at all.

Knows: the named reasons, each with where it is and what to do about it.
Refuses to know: what is wrong with one log. That is a row of the summary, not an error.
"""

from __future__ import annotations


class CorpusError(Exception):
    """A run cannot begin or go on. ``str()`` is one line: where, what, what to do.

    All its parts stay in ``args``, so the error survives a trip between processes.
    """


class NoLogError(CorpusError):
    """Nothing that could be a log is where one was looked for."""


class OutputFolderError(CorpusError):
    """The output folder cannot be written, or holds what another version or order made."""


class StorageError(CorpusError):
    """A place behind an address cannot be reached, or what reaches it is not installed."""


class WorkersError(CorpusError):
    """There are no workers, or they are of another version."""
