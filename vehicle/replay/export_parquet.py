"""The table of a replay as Parquet, by pyarrow; words are dictionaries, so they are small."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from vehicle.replay.export_table import columns
from vehicle.replay.report.chronicle import Chronicle

_TYPES = {
    "time": pa.int64(),
    "seconds": pa.float64(),
    "code": pa.int16(),
    "words": pa.dictionary(pa.int32(), pa.string()),
}


def exported(chronicle: Chronicle) -> bytes:
    """Return the file's content."""
    found = columns(chronicle)
    table = pa.table(
        [_array(column.cells, column.kind) for column in found],
        names=[column.name for column in found],
    )
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    content: bytes = buffer.getvalue().to_pybytes()
    return content


def _array(cells: object, kind: str) -> pa.Array:
    if kind == "words":
        return pa.array(cells, pa.string()).dictionary_encode()
    return pa.array(cells, _TYPES[kind])
