"""The recording: what is written out when, pieces, and a disk that fails."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from vehicle.core.inputs import Requested
from vehicle.core.names import Request, Source
from vehicle.core.settings import Settings
from vehicle.runtime import recorder as recorder_module
from vehicle.runtime.events_file import events_path, read_events
from vehicle.runtime.journal_log import JournalLog
from vehicle.runtime.loop import LoopMemory
from vehicle.runtime.pieces import Pieces
from vehicle.runtime.recorder import FLUSH_US, Recorder
from vehicle.runtime.side_events import Ended, Started
from vehicle.wire.frame import Frame

STARTED = Started(1_700_000_000_000_000, "reference", None, False, Settings(), LoopMemory())
FRAME = Frame(0x210, b"\x01\x02", "can0")
LINE = "(1700000000.000007) can0 210#0102\n"


def begun(path: Path, **options: int) -> Recorder:
    recorder = Recorder(path, **options)
    recorder.begin(0, STARTED)
    return recorder


def test_frames_are_written_out_when_they_are_due(tmp_path: Path) -> None:
    """A kill loses half a second at most; without frames nothing is due."""
    path = tmp_path / "drive.log"
    recorder = begun(path)
    assert recorder.due_us is None
    recorder.frame(7, FRAME)
    recorder.frame(300_000, FRAME)
    assert recorder.due_us == 7 + FLUSH_US
    assert path.read_text() == ""
    recorder.flush()
    assert path.read_text().startswith(LINE)
    assert recorder.due_us is None
    recorder.close(400_000)


def test_an_event_is_written_out_at_once_with_all_before_it(tmp_path: Path) -> None:
    path = tmp_path / "drive.log"
    recorder = begun(path)
    recorder.frame(7, FRAME)
    asked = Requested(Request.UNLATCH, Source.CLI)
    recorder.event(9, asked)
    assert path.read_text() == LINE
    assert read_events(events_path(path)) == [(0, STARTED), (9, asked)]
    recorder.close(10)
    assert read_events(events_path(path))[-1] == (10, Ended())


def test_a_flood_is_written_out_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "BUFFER_BYTES_MAX", 5 * len(LINE))
    path = tmp_path / "drive.log"
    recorder = begun(path)
    for _ in range(7):
        recorder.frame(7, FRAME)
    assert path.read_text() == LINE * 5
    recorder.close(8)
    assert path.read_text() == LINE * 7


def test_what_an_earlier_run_left_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "drive.log"
    path.write_text("earlier\n")
    begun(path).close(1)
    begun(path).close(1)
    assert (tmp_path / "drive.log.1").read_text() == "earlier\n"
    assert (tmp_path / "drive.log.2").exists()
    assert (tmp_path / "drive.log.2.events.jsonl").exists()


def test_a_folder_that_is_not_there_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        begun(tmp_path / "no" / "drive.log")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_ends_the_recording_and_says_so_once(tmp_path: Path) -> None:
    """A decision never waits for a disk."""
    told: list[str] = []
    path = tmp_path / "drive.log"
    recorder = Recorder(path, trouble=told.append)
    recorder.begin(0, STARTED)
    full = os.open("/dev/full", os.O_WRONLY)
    assert recorder._frames is not None
    os.dup2(full, recorder._frames.fileno())
    os.close(full)
    recorder.frame(7, FRAME)
    recorder.flush()
    recorder.frame(8, FRAME)
    recorder.event(9, Requested(Request.LATCH, Source.CLI))
    recorder.close(10)
    assert told == [f"{path}: recording has ended (No space left on device); make room for it"]
    assert not recorder.active
    assert not recorder.full
    assert recorder.due_us is None


def test_a_next_piece_that_cannot_be_begun_ends_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    recorder = Recorder(tmp_path / "drive.log", trouble=told.append)
    recorder.begin(0, STARTED)

    def refuse(_: Path, __: Path) -> Path:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "rename", refuse)
    recorder.next_piece(5, STARTED)
    assert not recorder.active
    assert "Read-only file system" in told[0]


# ---- pieces -------------------------------------------------------------------------------------

EVENTS = ".events.jsonl"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_renaming_that_was_cut_off_is_completed(tmp_path: Path) -> None:
    """The events were renamed and the frames were not: they still belong together."""
    for name in ("d.log", "d.log.1", f"d.log.1{EVENTS}", f"d.log.2{EVENTS}"):
        (tmp_path / name).write_text(name)
    Pieces(tmp_path / "d.log", 9, (EVENTS,)).put_aside()
    assert names(tmp_path) == {"d.log.1", f"d.log.1{EVENTS}", "d.log.2", f"d.log.2{EVENTS}"}
    assert (tmp_path / "d.log.2").read_text() == "d.log"


def test_the_oldest_pieces_go_and_strangers_stay(tmp_path: Path) -> None:
    for number in (2, 9, 10, 11):
        (tmp_path / f"d.log.{number}").touch()
        (tmp_path / f"d.log.{number}{EVENTS}").touch()
    for stranger in ("d.log.old", "d.log.0", "e.log.1", "d.log.1.gz"):
        (tmp_path / stranger).touch()
    (tmp_path / "d.log").touch()
    pieces = Pieces(tmp_path / "d.log", 3, (EVENTS,))
    pieces.put_aside()
    pieces.close()
    kept = {"d.log.11", f"d.log.11{EVENTS}", "d.log.12"}
    assert names(tmp_path) == kept | {"d.log.old", "d.log.0", "e.log.1", "d.log.1.gz"}


def test_one_piece_is_simply_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "d.log").touch()
    pieces = Pieces(tmp_path / "d.log", 1)
    pieces.put_aside()
    pieces.close()
    assert names(tmp_path) == set()


def test_a_removal_that_takes_long_keeps_nobody_from_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk stands still from the first removal on: the lines go on, and none is lost."""
    let_go, removing = threading.Event(), threading.Event()
    unlink = Path.unlink

    def slowly(path: Path, missing_ok: bool = False) -> None:
        assert threading.current_thread() is not threading.main_thread()
        removing.set()
        assert let_go.wait(60)
        unlink(path, missing_ok=missing_ok)

    path = tmp_path / "journal.jsonl"
    log = JournalLog(path, piece_bytes=10, pieces=2)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", slowly)
        for number in range(6):
            log.write(f"line {number:02}")
        assert removing.wait(60)
        assert path.read_text() == "line 05\n"
        assert names(tmp_path) == {path.name, *(f"{path.name}.{n}" for n in range(1, 6))}
        let_go.set()
        for thread in threading.enumerate():
            if thread.name == "old pieces":
                thread.join(60)
    log.close()
    assert names(tmp_path) == {path.name, f"{path.name}.5"}


def test_what_cannot_be_removed_now_is_removed_with_a_later_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    pieces = Pieces(tmp_path / "d.log", 2)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        for _ in range(4):
            (tmp_path / "d.log").touch()
            pieces.put_aside()
        pieces.close()
    assert names(tmp_path) == {"d.log.1", "d.log.2", "d.log.3", "d.log.4"}
    (tmp_path / "d.log").touch()
    pieces.put_aside()
    pieces.close()
    assert names(tmp_path) == {"d.log.5"}


# ---- the journal on disk ------------------------------------------------------------------------


def test_journal_lines_are_on_the_disk_at_once_and_in_bounded_pieces(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    log = JournalLog(path, piece_bytes=25, pieces=3)
    for number in range(10):
        log.write(f"line {number} ü")
        assert path.read_text(encoding="utf-8").endswith(f"line {number} ü\n")
    log.close()
    log.write("after the end")
    assert names(tmp_path) == {"journal.jsonl", "journal.jsonl.3", "journal.jsonl.4"}
    pieces = [tmp_path / "journal.jsonl.4", path]
    assert "".join(each.read_text(encoding="utf-8") for each in pieces).split("\n") == [
        *(f"line {number} ü" for number in range(6, 10)),
        "",
    ]


def test_a_journal_that_cannot_be_written_on_ends_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    log = JournalLog(tmp_path / "journal.jsonl", piece_bytes=5, trouble=told.append)
    log.write("first")

    def refuse(_: Path, __: Path) -> Path:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "rename", refuse)
    log.write("second")
    log.write("third")
    assert len(told) == 1
    assert "the journal has ended (Read-only file system)" in told[0]
