"""The journal of a live run is, byte for byte, the journal of a replay of its own recording."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from live_bench import (
    Bench,
    CarOnWires,
    VirtualTimeLoop,
    Wire,
    in_virtual_time,
    reference,
    replayed,
)

from vehicle.core.inputs import Requested
from vehicle.core.names import Authenticity, Request, Source
from vehicle.core.restart import surviving
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.replay.beside import events_beside
from vehicle.replay.recording import open_recording
from vehicle.runtime.events_fields import EventsFileError
from vehicle.runtime.events_file import events_path, read_events
from vehicle.runtime.memory_file import MemoryFile
from vehicle.runtime.outage import Moment
from vehicle.runtime.side_events import Started
from vehicle.runtime.story import Story, read_story
from vehicle.runtime.telematics import REMOTE_KEY, verifier_of
from vehicle.wire.codec import Encoder

pytestmark = pytest.mark.whole

STORIES = Path(__file__).resolve().parents[1] / "stories"
NAMES = (
    "ac_plug_charge_unlock_unplug",
    "ac_settings_changed_while_charging",
    "bad_checksums",
    "bus_sleep_is_no_loss",
    "dc_plug_charge_unlock_unplug",
    "manual_release",
    "stuck_pin_on_engage",
    "thread_adapter_stays_in_the_locked_car",
    "unlatch_wakes_the_bus",
)
CHARGE = "ac_plug_charge_unlock_unplug"

Beside = Callable[[Bench], Awaitable[None]]


def story_of(name: str) -> Story:
    return read_story(STORIES / f"{name}.toml")


def live(
    name: str,
    record: Path,
    wires: int = 1,
    beside: Beside | None = None,
    **options: Any,
) -> Bench:
    """Play a story against a live service, in virtual time; ``beside`` runs along."""
    story = story_of(name)
    profile = reference()
    profile = replace(profile, car=story.car.apply(profile.car))
    options.setdefault("settings", story.settings)

    async def main(loop: VirtualTimeLoop) -> Bench:
        channels = [Wire(f"can{number}") for number in range(wires)]
        bench = Bench(loop, profile, channels, record=record, **options)
        bench.start()
        along = asyncio.create_task(beside(bench)) if beside is not None else None
        await CarOnWires(bench, story).drive()
        if along is not None:
            await along
        bench.service.stop()
        return bench

    bench: Bench = in_virtual_time(main)
    return bench


@pytest.mark.parametrize("name", NAMES)
def test_a_drive_is_replayed_to_the_very_same_journal(name: str, tmp_path: Path) -> None:
    """Requests, settings, strokes, faults and sleep, each at the very same microsecond."""
    record = tmp_path / "drive.log"
    bench = live(name, record)
    assert len(bench.journal) > 40
    assert replayed(bench.profile, record) == bench.journal


def test_a_charge_locks_and_frees_the_connector_live(tmp_path: Path) -> None:
    """The loop is closed: the car's pin moved because the service commanded it over the wire."""
    bench = live(CHARGE, tmp_path / "drive.log")
    journal = "\n".join(bench.journal)
    assert '"state":"engaged","t":' in journal
    assert journal.count('"kind":"command"') == 2
    assert '"kind":"fault"' not in journal
    assert bench.said == []


def test_several_channels_with_the_same_frames_replay_the_same(tmp_path: Path) -> None:
    """Frames of both come in the order of their arrival, and are recorded so."""
    record = tmp_path / "drive.log"
    bench = live("ac_fetching_a_jacket", record, wires=2)
    text = record.read_text()
    assert " can0 " in text
    assert " can1 " in text
    assert replayed(bench.profile, record) == bench.journal


def test_a_bus_that_goes_and_comes_back_replays_the_same(tmp_path: Path) -> None:
    """Loss and return stand beside the frames, each at the moment it was decided on."""

    async def unplug_the_cable(bench: Bench) -> None:
        await bench.until(1_600_000)
        bench.wires[0].set_up(False)
        await bench.until(5_000_000)
        bench.wires[0].set_up(True)

    record = tmp_path / "drive.log"
    bench = live(CHARGE, record, beside=unplug_the_cable)
    names = [type(event).__name__ for _, event in read_events(events_path(record))]
    assert names[0] == "Started"
    assert names[-1] == "Ended"
    assert {"BusFailed", "BusRestored"} <= set(names)
    assert replayed(bench.profile, record) == bench.journal


def test_requests_and_settings_at_any_moment_replay_the_same(tmp_path: Path) -> None:
    """Also several at one moment, and as the frames of that moment arrive."""

    async def owner(bench: Bench) -> None:
        for moment_us in range(500_000, 19_000_000, 731_003):
            await bench.until(moment_us)
            off = Settings(auto_lock=Toggle.OFF, latch_mode=Mode.ALWAYS)
            bench.service.change_settings(off if moment_us % 2 else Settings(), "cli")
            bench.service.give(Requested(Request.UNLATCH, Source.SCREEN))
            bench.service.give(Requested(Request.LATCH, Source.CLI))

    record = tmp_path / "drive.log"
    bench = live(CHARGE, record, beside=owner)
    assert sum('"kind":"request"' in line for line in bench.journal) > 50
    assert replayed(bench.profile, record) == bench.journal


def test_a_dry_run_sends_nothing_and_replays_the_same(tmp_path: Path) -> None:
    """Shadow in a real car: what would have been commanded is in the journal."""
    record = tmp_path / "drive.log"
    bench = live(CHARGE, record, dry_run=True)
    assert bench.wires[0].sent == []
    assert any('"shadow":true' in line for line in bench.journal[:1])
    assert replayed(bench.profile, record) == bench.journal


@pytest.mark.parametrize(
    ("name", "piece_bytes"),
    [
        ("remote_release_with_the_cars_key", 20_000),
        ("remote_intruder_without_the_cars_key", 1 << 30),
    ],
)
def test_what_was_authenticated_live_is_replayed_without_the_key(
    name: str, piece_bytes: int, tmp_path: Path
) -> None:
    """What was found of the codes stands beside the frames, in every piece of the recording."""
    verifier = verifier_of("secoc")
    assert verifier is not None
    record = tmp_path / "drive.log"
    bench = live(name, record, judge=verifier.judge, piece_bytes=piece_bytes)
    pieces = sorted(tmp_path.glob("drive.log.*[0-9]"), key=lambda path: int(path.suffix[1:]))
    assert replayed(bench.profile, *pieces, record) == bench.journal
    journal = "\n".join(bench.journal)
    assert '"result":"released","source":"remote"' in journal
    assert ("authentication_failed" in journal) is ("intruder" in name)
    text = "".join(events_path(piece).read_text() for piece in (*pieces, record))
    assert '"event":"judged"' in text
    assert REMOTE_KEY.hex() not in text + journal
    assert bool(pieces) is (piece_bytes < 1 << 30)


def test_two_signed_frames_of_one_moment_are_told_apart(tmp_path: Path) -> None:
    """What is found of a frame stands before it, so no other may have its time."""

    async def main(loop: VirtualTimeLoop) -> Bench:
        found = iter([Authenticity.GENUINE, Authenticity.FORGED] * 20)
        wire = Wire()
        bench = Bench(
            loop, reference(), [wire], record=tmp_path / "d.log", judge=lambda *_: next(found)
        )
        bench.start()
        encoder = Encoder(bench.profile, "can0")
        for _ in range(5):
            await asyncio.sleep(0.1)
            for _ in range(4):
                wire.put(encoder.encode("RemoteRequest", {"PortRequest": "None"}))
        await asyncio.sleep(0.1)
        bench.service.stop()
        return bench

    bench: Bench = in_virtual_time(main)
    failures = [line for line in bench.journal if "authentication_failed" in line]
    assert len(failures) == 9  # of twenty frames the first has no counter to be judged by
    assert replayed(bench.profile, tmp_path / "d.log") == bench.journal


def test_a_restart_with_its_memory_replays_from_that_memory(tmp_path: Path) -> None:
    """What was remembered before the restart decides after it, live as in the replay."""
    first = live("ac_fetching_a_jacket", tmp_path / "first.log")
    memory = first.service.manager.memory
    record = tmp_path / "second.log"
    second = live(CHARGE, record, memory=memory)
    assert replayed(second.profile, record) == second.journal
    assert second.journal != live(CHARGE, tmp_path / "other.log").journal


def test_a_restart_in_the_middle_of_a_stroke_replays_from_what_the_disk_kept(
    tmp_path: Path,
) -> None:
    """Each life's recording replays to its own journal, and begins with what survived."""
    car = reference().car
    kept = MemoryFile(tmp_path / "memory.json", "reference", car)
    then = Moment("boot", 0, 0)

    async def crash(bench: Bench) -> None:
        await bench.until(1_700_000)  # in the engage stroke
        now_us = bench.loop.now_us
        kept.write(surviving(bench.service.manager.memory_at(now_us), car), then)

    first = live(CHARGE, tmp_path / "first.log", beside=crash)
    assert replayed(first.profile, tmp_path / "first.log") == first.journal
    memory = kept.read(replace(then, boottime_us=2_000_000)).memory
    assert memory.latch.before is not None
    record = tmp_path / "second.log"
    second = live(CHARGE, record, memory=memory)
    assert replayed(second.profile, record) == second.journal
    _, started = read_events(events_path(record))[0]
    assert isinstance(started, Started)
    assert started.memory.manager == memory


# ---- pieces -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [CHARGE, "bus_sleep_is_no_loss", "bad_checksums"])
def test_each_piece_replays_to_its_own_part_of_the_journal(name: str, tmp_path: Path) -> None:
    """A piece begins with what was remembered, so nothing before it is needed."""
    record = tmp_path / "drive.log"
    bench = live(name, record, piece_bytes=20_000)
    numbered = sorted(tmp_path.glob("drive.log.*"), key=lambda path: path.suffix)
    pieces = [path for path in numbered if path.suffix[1:].isdecimal()]
    pieces.sort(key=lambda path: int(path.suffix[1:]))
    pieces.append(record)
    assert len(pieces) > 3
    assert replayed(bench.profile, *pieces) == bench.journal
    parts: list[str] = []
    for number, piece in enumerate(pieces):
        lines = replayed(bench.profile, piece)[1:]
        if number:
            told = next(at for at, line in enumerate(lines) if '"kind":"permit"' in line)
            assert all('"was":null' in line for line in (lines[0], lines[told]))
            lines = lines[told + 1 :]
        parts += lines
    assert parts == bench.journal[1:]


def test_only_so_many_pieces_are_kept(tmp_path: Path) -> None:
    """The oldest go, each with its events."""
    record = tmp_path / "drive.log"
    live(CHARGE, record, piece_bytes=10_000, pieces=3)
    names = {path.name for path in tmp_path.iterdir()}
    logs = {name for name in names if not name.endswith(".jsonl")}
    assert "drive.log" in logs
    assert len(logs) == 3
    assert names == logs | {f"{name}.events.jsonl" for name in logs}


def test_pieces_of_different_runs_are_not_taken_for_one(tmp_path: Path) -> None:
    """Their clocks have nothing in common."""
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    bench = live(CHARGE, first)
    live(CHARGE, second)
    lines = events_path(second).read_text().replace("1700000000000000", "1700000900000000")
    events_path(second).write_text(lines)
    with pytest.raises(EventsFileError, match="recordings of different runs"):
        replayed(bench.profile, first, second)


# ---- what a recording holds ---------------------------------------------------------------------


def test_a_recording_that_was_cut_anywhere_replays_what_is_left(tmp_path: Path) -> None:
    """A kill or a power cut leaves a recording whose journal is the live one's beginning."""
    record = tmp_path / "drive.log"
    bench = live(CHARGE, record)
    frames, events = record.read_bytes(), events_path(record).read_bytes()
    ended = events.rindex(b'{"event":"ended"')
    for cut in (len(frames) // 3, len(frames) // 2 + 7, len(frames) - 11):
        record.write_bytes(frames[:cut])
        events_path(record).write_bytes(events[:ended] + b'{"event":"requ')
        lines = replayed(bench.profile, record)
        assert 20 < len(lines) <= len(bench.journal)
        assert lines == bench.journal[: len(lines)]


def test_a_recording_says_what_it_began_with(tmp_path: Path) -> None:
    """Its owner's settings need not be given again, and other ones may be tried."""
    record = tmp_path / "drive.log"
    live(CHARGE, record, settings=Settings(auto_lock=Toggle.OFF))
    _, started = read_events(events_path(record))[0]
    assert isinstance(started, Started)
    assert started.settings == Settings(auto_lock=Toggle.OFF)
    assert started.profile == "reference"
    assert not started.continues


def test_in_shadow_what_we_were_told_is_left_out_unless_it_was_a_dry_run(tmp_path: Path) -> None:
    """A request that we answered says nothing about another controller."""
    driven, watched = tmp_path / "driven.log", tmp_path / "watched.log"
    live(CHARGE, driven)
    live(CHARGE, watched, dry_run=True)
    assert len(events_beside(open_recording([driven]), shadow=True)) == 1
    assert len(events_beside(open_recording([watched]), shadow=True)) > 1
