"""The table of a replay as CSV: UTF-8, a header, commas; a cell is empty where nothing is known."""

from __future__ import annotations

import csv
import io

from vehicle.replay.export_table import columns
from vehicle.replay.report.chronicle import Chronicle


def exported(chronicle: Chronicle) -> bytes:
    """Return the file's content."""
    found = columns(chronicle)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in found])
    writer.writerows(zip(*(column.cells for column in found), strict=True))
    return text.getvalue().encode()
