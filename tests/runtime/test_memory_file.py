"""The memory on disk: whole or absent, older by the time away, and no obstacle where damaged."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from memory_bench import THEN, S, file_in, later, remembering
from settings_bench import at_call, disk_full

from vehicle.core.memory import Flag, Memory
from vehicle.core.restart import aged
from vehicle.core.signals import CarLock, Feedback, Inlet
from vehicle.core.snapshot import Snapshot
from vehicle.runtime.memory_file import FILE_BYTES_MAX, render
from vehicle.runtime.outage import Moment


def test_without_a_file_nothing_is_remembered_and_nothing_said(tmp_path) -> None:
    found = file_in(tmp_path).read(THEN)
    assert (found.memory, found.notes) == (Memory(), ())


@pytest.mark.parametrize("away_s", [0, 0.2, 29.5, 100, 4000])
def test_what_was_written_is_read_older_by_the_time_away(tmp_path, away_s) -> None:
    file_in(tmp_path).write(remembering(), THEN)
    found = file_in(tmp_path).read(later(away_s))
    assert found.notes == ()
    assert found.memory == aged(remembering(), round(away_s * S))


def test_an_unknown_time_away_ends_nothing_and_is_told(tmp_path) -> None:
    """The wall clock was set back a year, and the machine was switched off."""
    file_in(tmp_path).write(remembering(), THEN)
    found = file_in(tmp_path).read(Moment("next", 5 * S, THEN.wall_us - 365 * 86_400 * S))
    assert found.memory == remembering()
    (note,) = found.notes
    assert "how long the service was away cannot be told" in note


def test_where_nothing_is_waited_for_an_unknown_time_away_is_not_worth_a_word(tmp_path) -> None:
    file_in(tmp_path).write(Memory(), THEN)
    assert file_in(tmp_path).read(Moment("next", 5 * S, 0)).notes == ()


def test_what_was_only_sensed_does_not_count_though_it_stands_in_the_file(tmp_path) -> None:
    """A file of another hand may hold more than we write."""
    more = replace(
        remembering(),
        snapshot=Snapshot(car_lock=CarLock.LOCKED, latch=Feedback.ENGAGED),
        last_inlet=Inlet.SAFE,
        asleep=frozenset({"main"}),
        lost=frozenset({"other"}),
    )
    file_in(tmp_path).write(more, THEN)
    assert file_in(tmp_path).read(THEN).memory == remembering()


# ---- damage -------------------------------------------------------------------------------------


def test_a_file_cut_anywhere_or_with_a_flipped_bit_is_told_and_begins_anew(tmp_path) -> None:
    file = file_in(tmp_path)
    content = render(remembering(), "reference", THEN)
    chance = random.Random(5)
    damaged = [content[:cut] for cut in range(0, len(content), 31)]
    for _ in range(100):
        at, bit = chance.randrange(len(content)), chance.randrange(8)
        damaged.append(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
    for each in damaged:
        file.path.write_bytes(each)
        found = file.read(later(1))
        assert found.memory == Memory()
        (note,) = found.notes
        assert "memory.json cannot be used: its checksum does not fit" in note


def rewritten(path: Path, **changes: object) -> None:
    document = {**json.loads(path.read_bytes().split(b"\n")[1]), **changes}
    body = json.dumps(document).encode() + b"\n"
    path.write_bytes(b"crc32 %08x\n" % zlib.crc32(body) + body)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": 2}, "its schema is 2, and this version reads 1"),
        ({"profile": "tesla_model3"}, "it is of another car, of profile tesla_model3"),
        ({"memory": {"flags": ["from-tomorrow"]}}, "another version wrote it"),
        ({"memory": {"tomorrow": 1}}, "another version wrote it"),
        ({"moment": []}, "another version wrote it"),
    ],
)
def test_a_whole_file_that_is_not_for_us_is_told_and_begins_anew(tmp_path, changes, words) -> None:
    file = file_in(tmp_path)
    file.write(remembering(), THEN)
    rewritten(file.path, **changes)
    found = file.read(later(1))
    assert found.memory == Memory()
    assert words in found.notes[0]
    assert found.notes[0].endswith("what was remembered of the connector is lost")


def test_a_field_that_an_older_version_did_not_write_has_its_default(tmp_path) -> None:
    file = file_in(tmp_path)
    file.write(remembering(), THEN)
    rewritten(file.path, memory={"flags": ["interrupted"]})
    assert file.read(later(1)).memory == Memory(flags=frozenset({Flag.INTERRUPTED}))


@pytest.mark.parametrize("kind", ["folder", "long", "unreadable"])
def test_what_is_no_memory_file_at_all_is_told(tmp_path, kind, monkeypatch) -> None:
    file = file_in(tmp_path)
    if kind == "folder":
        file.path.mkdir()
    elif kind == "long":
        file.path.write_bytes(bytes(FILE_BYTES_MAX + 1))
    else:
        file.write(remembering(), THEN)

        def refused(*_: object, **__: object) -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(Path, "open", refused)
    found = file.read(THEN)
    assert found.memory == Memory()
    assert "cannot be used" in found.notes[0]


# ---- a write that does not come to its end ------------------------------------------------------


def calls(folder: Path) -> int:
    with at_call(0, disk_full) as made:
        file_in(folder).write(remembering(1), THEN)
    return len(made)


def test_whichever_call_of_a_write_fails_the_old_memory_or_the_new_one_is_there(tmp_path) -> None:
    file, old, new = file_in(tmp_path), remembering(1), remembering(2)
    for number in range(1, calls(tmp_path) + 1):
        for on in (False, True):
            file.write(old, THEN)
            with at_call(number, disk_full, on=on), pytest.raises(OSError, match="No space left"):
                file.write(new, THEN)
            found = file.read(THEN)
            assert found.memory in (old, new)
            assert found.notes == ()


def test_ending_the_process_at_any_call_of_a_write_leaves_the_old_memory_or_the_new_one(
    tmp_path,
) -> None:
    file, old, new = file_in(tmp_path), remembering(1), remembering(2)
    seen = set()
    for number in range(1, calls(tmp_path) + 1):
        file.write(old, THEN)
        child = os.fork()
        if child == 0:
            with suppress(BaseException), at_call(number, lambda: os._exit(7)):
                file.write(new, THEN)
            os._exit(0)
        os.waitpid(child, 0)
        found = file.read(THEN)
        assert found.notes == ()
        seen.add(found.memory)
    assert seen == {old, new}


def test_killing_a_process_that_writes_all_the_time_never_leaves_a_torn_memory(tmp_path) -> None:
    """Whatever instant it is."""
    file = file_in(tmp_path)
    memories = [remembering(seconds) for seconds in range(20)]
    chance = random.Random(3)
    for _ in range(40):
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            while True:
                for each in memories:
                    file.write(each, THEN)
                    os.write(tell, b".")
        os.close(tell)
        os.read(told, 1)
        for _ in range(chance.randrange(3000)):  # a little later, at no particular point
            pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(told)
        found = file.read(THEN)
        assert found.notes == ()
        assert found.memory in memories


def test_a_full_disk_keeps_the_memory_before_and_a_read_only_one_is_read(small_disk) -> None:
    file = file_in(small_disk)
    file.write(remembering(1), THEN)
    full = small_disk / "full"
    with full.open("wb", buffering=0) as filling, suppress(OSError):
        while True:
            filling.write(b"x" * 100)
    with pytest.raises(OSError, match="No space left"):
        file.write(remembering(2), THEN)
    assert file.read(THEN).memory == remembering(1)
    full.unlink()
    file.write(remembering(3), THEN)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(OSError, match="Read-only"):
        file.write(remembering(4), THEN)
    assert file.read(THEN).memory == remembering(3)
