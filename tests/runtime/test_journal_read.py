"""Journal lines read back: every accepted journal survives the round trip."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vehicle.runtime.journal import fields_of
from vehicle.runtime.journal_read import _READ, UnknownEntryError, entry_of

GOLDEN = sorted((Path(__file__).resolve().parents[1] / "golden").glob("*.journal.jsonl"))


def test_every_line_of_every_accepted_journal_reads_back_as_it_was_written() -> None:
    kinds = set()
    for path in GOLDEN:
        _, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        for line in lines:
            assert {"t": line["t"], **fields_of(entry_of(line))} == line
            kinds.add(line["kind"])
    assert kinds == set(_READ)


@pytest.mark.parametrize(
    "line",
    [
        {"t": 0, "kind": "start", "schema": 1},
        {"t": 0, "kind": "horn"},
        {"t": 0},
        {"t": 0, "kind": "permit", "charge": "warp", "was": None},
        {"t": 0, "kind": "fault", "fault": "bus_lost"},
        {"t": 0, "kind": "signal", "signal": "mood", "value": "good", "was": None},
        {"t": 0, "kind": "settings", "settings": 5, "source": "cli"},
    ],
)
def test_a_line_that_this_version_does_not_know_is_named(line: dict[str, object]) -> None:
    with pytest.raises(UnknownEntryError, match="not a journal entry known here"):
        entry_of(line)
