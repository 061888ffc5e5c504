"""The corpus as tables: the decisions of many logs, and a row for each log.

Knows: columns and their types in Parquet and CSV. Refuses to know: where the files lie.

The decisions have the journal's keys as columns; what only some lines carry (``because``, settings,
an event's details) stands in ``details`` as JSON. A row group holds at most ``GROUP_ROWS`` rows, so
a task's memory has a bound. The same rows give the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from vehicle.core.outputs import Entry
from vehicle.replay.corpus.rows import LogRow, columns
from vehicle.runtime.journal import fields_of

GROUP_ROWS = 1 << 16
SUMMARY_GROUP_ROWS = 1 << 12
"""A log's row is as large as twenty lines of its journal."""

_WORDS = pa.dictionary(pa.int32(), pa.string())
_KEYS: dict[str, pa.DataType] = {
    "actuator": _WORDS,
    "signal": _WORDS,
    "value": _WORDS,
    "was": _WORDS,
    "demand": _WORDS,
    "rule": _WORDS,
    "override": _WORDS,
    "command": _WORDS,
    "try": pa.int32(),
    "state": _WORDS,
    "assumed": pa.bool_(),
    "charge": _WORDS,
    "active": pa.bool_(),
    "request": _WORDS,
    "source": _WORDS,
    "result": _WORDS,
    "message": _WORDS,
    "event": _WORDS,
    "fault": _WORDS,
}
"""Key of a journal line -> its type, for those that have a column of their own."""

JOURNAL = pa.schema(
    [
        ("log", _WORDS),
        ("t_us", pa.int64()),
        ("kind", _WORDS),
        *_KEYS.items(),
        ("details", pa.string()),
    ]
)
"""A row is a journal line; ``t_us`` is the time since the log's first frame."""

_TYPES = {
    "words": pa.string(),
    "count": pa.int64(),
    "time": pa.int64(),
    "seconds": pa.float64(),
}
SUMMARY = pa.schema([(name, _TYPES[kind]) for name, kind, _ in columns()])


class JournalTable:
    """Collects the decisions of one profile's logs; ``finish`` gives the file's content."""

    def __init__(self) -> None:
        self._buffer = pa.BufferOutputStream()
        self._writer = pq.ParquetWriter(self._buffer, JOURNAL, compression="zstd")
        self._cells: dict[str, list[Any]] = {name: [] for name in JOURNAL.names}

    def add(self, log: str, now_us: int, entry: Entry) -> None:
        """Add one line of ``log``'s journal."""
        line = fields_of(entry)
        cells = self._cells
        cells["log"].append(log)
        cells["t_us"].append(now_us)
        cells["kind"].append(line.pop("kind"))
        for key in _KEYS:
            value = line.pop(key, None)
            cells[key].append(value if value is None or isinstance(value, int) else str(value))
        cells["details"].append(_json(line) if line else None)
        if len(cells["log"]) == GROUP_ROWS:
            self._write()

    def finish(self) -> bytes:
        """Return the whole file."""
        if self._cells["log"]:
            self._write()
        self._writer.close()
        content: bytes = self._buffer.getvalue().to_pybytes()
        return content

    def _write(self) -> None:
        arrays = [_array(self._cells[each.name], each.type) for each in JOURNAL]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=JOURNAL))
        for cells in self._cells.values():
            cells.clear()


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _array(cells: list[Any], kind: pa.DataType) -> pa.Array:
    if kind == _WORDS:
        return pa.array(cells, pa.string()).dictionary_encode()
    return pa.array(cells, kind)


class SummaryTables:
    """Writes the row of each log to a Parquet and a CSV file, as they come."""

    def __init__(self, parquet: IO[bytes], text: IO[bytes]) -> None:
        self._writer = pq.ParquetWriter(parquet, SUMMARY, compression="zstd")
        self._held: list[LogRow] = []
        self._text = io.TextIOWrapper(text, encoding="utf-8", newline="")
        self._csv = csv.writer(self._text, lineterminator="\n")
        self._csv.writerow(SUMMARY.names)

    def add(self, rows: Iterable[LogRow]) -> None:
        """Add rows."""
        for row in rows:
            self._held.append(row)
            self._csv.writerow([getattr(row, name) for name in SUMMARY.names])
            if len(self._held) == SUMMARY_GROUP_ROWS:
                self._write()

    def finish(self) -> None:
        """Write what is left; the files are the caller's to close."""
        if self._held:
            self._write()
        self._writer.close()
        self._text.flush()
        self._text.detach()

    def _write(self) -> None:
        arrays = [
            pa.array([getattr(row, each.name) for row in self._held], each.type) for each in SUMMARY
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=SUMMARY))
        self._held.clear()
