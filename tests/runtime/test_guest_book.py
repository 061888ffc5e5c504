"""Guest passes on disk: power cuts, damage, full disks, and files that are begun anew."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from vehicle.runtime import guest_book
from vehicle.runtime.guest_book import GuestBook, GuestStoreError, What
from vehicle.runtime.guest_pass import TRIES_MAX
from vehicle.runtime.outage import Moment

NOW = Moment("boot", 5_000_000_000, 1_800_000_000_000_000)
ADDED = {"valid_s": 7200, "once": True, "salt": "00" * 16, "digest": "ab" * 32}


@pytest.fixture
def book(tmp_path) -> GuestBook:
    return loaded(tmp_path / "guests.record")


def loaded(path: Path) -> GuestBook:
    book = GuestBook(path)
    book.load()
    return book


def lived(book: GuestBook) -> None:
    """Let everything happen that can be recorded."""
    for letter, whom in ("3", "neighbour"), ("4", "sister"), ("5", "garage"):
        book.record(What.ADDED, NOW, "anna", letter=letter, whom=whom, **ADDED)
    book.record(What.TRYING, NOW, "bridge")
    book.record(What.USED, NOW, "bridge", letter="3", whom="neighbour")
    book.record(What.TRYING, NOW, "bridge")
    book.record(What.USED, NOW, "bridge", letter="4", whom="sister")
    book.record(What.GIVEN_BACK, NOW, "", letter="4", why="failed-to-release")
    book.record(What.REVOKED, NOW, "anna", whom="garage")
    book.record(What.TRYING, NOW, "bridge")
    book.record(What.REFUSED, NOW, "bridge", verdict="wrong-code", whom=None)
    book.record(What.ALLOWED_AGAIN, NOW, "anna")
    book.record(What.TRYING, NOW, "bridge")


def test_everything_is_there_again_after_a_restart(book) -> None:
    lived(book)
    again = loaded(book.path)
    assert again.book == book.book
    assert again.notes == []
    assert [(each.whom, each.used) for each in again.book.passes] == [
        ("neighbour", 1),
        ("sister", 0),
    ]
    assert (again.book.tries, again.book.tried) == (1, NOW)


def test_only_the_services_user_may_read_the_hashes(book) -> None:
    lived(book)
    assert book.path.stat().st_mode & 0o777 == 0o600


def test_a_power_cut_at_any_byte_leaves_what_was_or_what_is(book) -> None:
    states, sizes = [book.book], [0]
    for number in range(3):
        book.record(What.ADDED, NOW, "a", letter=str(number), whom=f"guest {number}", **ADDED)
        states.append(book.book)
        sizes.append(book.path.stat().st_size)
    book.record(What.TRYING, NOW, "b")
    states.append(book.book)
    sizes.append(book.path.stat().st_size)
    content = book.path.read_bytes()
    for cut in sorted({*range(0, len(content), 13), *sizes, *(size + 1 for size in sizes[:-1])}):
        book.path.write_bytes(content[:cut])
        whole = max(number for number, size in enumerate(sizes) if size <= cut)
        again = loaded(book.path)
        assert again.book == states[whole]
        assert again.notes == (
            [] if cut in sizes else [f"{book.path}: a torn last line was cut off"]
        )
        assert book.path.stat().st_size == sizes[whole]


@pytest.mark.parametrize("spoilt", range(13))
def test_after_a_damaged_line_no_pass_from_before_it_holds(book, spoilt) -> None:
    lived(book)
    lines = book.path.read_bytes().splitlines(keepends=True)
    lines[spoilt] = lines[spoilt].replace(b'"', b"'", 1)
    book.path.write_bytes(b"".join(lines))
    again = loaded(book.path)
    added_after = {"neighbour": 0, "sister": 1, "garage": 2}
    assert all(added_after[each.whom] > spoilt for each in again.book.passes)
    assert any(f"line {spoilt + 1} is damaged" in note for note in again.notes)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"what":"added"}', b'{"what":"else"}', b"{", b"\xff"]
)
def test_a_line_that_says_nothing_counts_as_damaged(book, body) -> None:
    lived(book)
    with book.path.open("ab") as file:
        file.write(b"%08x %s\n" % (zlib.crc32(body), body))
    again = loaded(book.path)
    assert again.book.passes == ()
    assert again.book.tries == 1


def test_a_file_that_cannot_be_read_takes_no_code_at_all(tmp_path) -> None:
    (tmp_path / "guests.record").mkdir()
    book = loaded(tmp_path / "guests.record")
    assert book.book.locked_out
    assert "cannot be read" in book.notes[0]


def test_what_cannot_be_written_has_not_happened(book, monkeypatch) -> None:
    lived(book)
    before = book.book

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GuestStoreError, match=r"No space left on device.*free some space"):
        book.record(What.REVOKED, NOW, "anna", whom="sister")
    assert book.book == before
    monkeypatch.undo()
    assert loaded(book.path).book == before
    book.record(What.REVOKED, NOW, "anna", whom="sister")
    assert loaded(book.path).book == book.book != before


def test_a_long_file_is_begun_anew_with_what_holds(book, monkeypatch) -> None:
    lived(book)
    before = book.book
    monkeypatch.setattr(guest_book, "RECORD_BYTES_MAX", 1000)
    book.record(What.ALLOWED_AGAIN, NOW, "anna")
    assert book.path.stat().st_size < 1500
    assert book.book == before.forgiven()
    assert loaded(book.path).book == book.book
    assert book.older_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_power_cut_while_a_new_file_is_begun_loses_nothing(book, monkeypatch, steps) -> None:
    lived(book)
    before, left = book.book, steps
    replace = Path.replace

    def cut(self: Path, target: Path) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(5, "power cut")
        replace(self, target)

    monkeypatch.setattr(guest_book, "RECORD_BYTES_MAX", 1000)
    monkeypatch.setattr(Path, "replace", cut)
    if steps < 2:
        with pytest.raises(GuestStoreError):
            book.record(What.ALLOWED_AGAIN, NOW, "anna")
    else:
        book.record(What.ALLOWED_AGAIN, NOW, "anna")
        before = before.forgiven()
    monkeypatch.undo()
    assert loaded(book.path).book == before


def test_many_tries_are_bounded_by_the_lockout_alone(book) -> None:
    for _ in range(TRIES_MAX):
        book.record(What.TRYING, NOW, "b")
    assert loaded(book.path).book.locked_out
