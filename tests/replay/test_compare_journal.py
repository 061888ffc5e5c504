"""An earlier journal read back: the same as its replay, and every way it can be unusable named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vehicle.core.names import Charge
from vehicle.core.outputs import Permit
from vehicle.core.settings import Settings
from vehicle.replay.compare_journal import JournalFileError, read_journal
from vehicle.runtime.journal import start_line, to_line

START = start_line(
    profile="small", variant=None, shadow=True, epoch_us=None, settings=Settings().words()
)
LINES = [START, to_line(5, Permit(Charge.NONE, None)), to_line(9, Permit(Charge.AC, Charge.NONE))]


def journal(tmp_path: Path, *lines: str, end: str = "\n") -> Path:
    path = tmp_path / "old.jsonl"
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    return path


def test_a_journal_tells_what_its_replay_told(tmp_path: Path) -> None:
    found = read_journal(journal(tmp_path, *LINES))
    assert (found.profile, found.shadow, found.settings) == ("small", True, Settings())
    permit = found.chronicle.tracks["permit"]
    assert (permit.times_us, [permit.at(5), permit.at(9)]) == ([5, 9], ["none", "ac"])
    assert found.unknown == 0


def test_lines_of_a_later_version_are_counted_and_left_aside(tmp_path: Path) -> None:
    later = '{"t":7,"kind":"weather","sky":"blue"}'
    assert read_journal(journal(tmp_path, *LINES, later)).unknown == 1


def test_a_last_line_that_was_cut_is_left_aside(tmp_path: Path) -> None:
    assert read_journal(journal(tmp_path, *LINES, '{"t":12,"ki', end="")).unknown == 1


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], r"old\.jsonl:1: a journal begins with its start line"),
        (LINES[1:], r"old\.jsonl:1: a journal begins with its start line"),
        (['{"t":0,"kind":"start","schema":99}'], r"old\.jsonl:1: is of schema 99"),
        (
            ['{"t":0,"kind":"start","schema":1}'],
            r"old\.jsonl:1: the start line lacks profile, settings",
        ),
        ([START, "no journal", LINES[1]], r"old\.jsonl:2: is not JSON"),
        ([START, "[1]", LINES[1]], r"old\.jsonl:2: is no line of a journal"),
        (
            [json.dumps({**json.loads(START), "settings": {"colour": "red"}})],
            r"unknown key 'colour'.*the journal is of another version",
        ),
    ],
)
def test_what_is_no_journal_of_this_version_is_named(
    tmp_path: Path, lines: list[str], says: str
) -> None:
    with pytest.raises(JournalFileError, match=says):
        read_journal(journal(tmp_path, *lines, end="\n" if lines else ""))


def test_a_journal_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalFileError, match="cannot be read"):
        read_journal(tmp_path / "nothing.jsonl")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(JournalFileError, match="is not UTF-8"):
        read_journal(tmp_path / "bytes")
