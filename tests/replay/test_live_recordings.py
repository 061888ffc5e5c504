"""Replays of live recordings: their clock, other profiles, other settings, and days of sleep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from command_line import chargelock, lines_of
from drives import SESSION, candump, write_car

from vehicle.core.inputs import Requested
from vehicle.core.memory import Memory
from vehicle.core.names import FaultName, Request, Source
from vehicle.core.settings import Settings, Toggle
from vehicle.core.snapshot import SIGNALS
from vehicle.replay.beside import events_beside
from vehicle.replay.recording import open_recording
from vehicle.replay.run import Replay
from vehicle.runtime.events_fields import EventsFileError
from vehicle.runtime.events_file import events_path, write_events
from vehicle.runtime.journal import is_entry, to_line
from vehicle.runtime.loop import LoopMemory
from vehicle.runtime.side_events import Ended, SendFailed, SideEvent, Started, VariantPicked
from vehicle.wire.profile import load_profile

EPOCH_US = 1_700_000_000_000_000
OFF = Settings(auto_lock=Toggle.OFF)


def started(profile: str = "small", **changes: object) -> Started:
    fields = {"variant": None, "shadow": False, "settings": Settings(), "memory": LoopMemory()}
    return Started(EPOCH_US, profile, **{**fields, **changes})  # type: ignore[arg-type]


def live_log(folder: Path, events: Sequence[tuple[int, SideEvent]], begins_us: int = 0) -> Path:
    path = folder / "live.log"
    path.write_text(candump(SESSION, 9.0, EPOCH_US + begins_us), encoding="utf-8")
    write_events(events_path(path), events)
    return path


def journal(folder: Path, log: Path, **options: object) -> list[str]:
    recording = open_recording([log])
    replay = Replay(
        recording,
        load_profile(str(write_car(folder))),
        shadow=False,
        events=events_beside(recording),
        **options,  # type: ignore[arg-type]
    )
    lines: list[str] = []
    replay.run(lambda now_us, out: lines.append(to_line(now_us, out)) if is_entry(out) else None)
    return lines


def test_times_run_from_the_services_start_not_from_the_first_frame(tmp_path: Path) -> None:
    """The first frame came 3 s after the service; a request before it stands where it was made."""
    asked = Requested(Request.UNLATCH, Source.CLI)
    log = live_log(tmp_path, [(20, started()), (1_000_000, asked)], begins_us=3_000_000)
    lines = lines_of("\n".join(journal(tmp_path, log)))
    assert lines[0]["t"] == 20
    assert next(line["t"] for line in lines if line["kind"] == "request") == 1_000_000
    first = next(line for line in lines if line["kind"] == "signal" and line["was"] is not None)
    assert first["t"] == 3_000_000


def test_the_recordings_settings_hold_unless_others_are_to_be_tried(tmp_path: Path) -> None:
    log = live_log(tmp_path, [(0, started(settings=OFF))])
    own = journal(tmp_path, log)
    assert own == journal(tmp_path, log, settings=OFF)
    assert own != journal(tmp_path, log, settings=Settings())


def test_another_profile_takes_nothing_but_clock_and_settings(tmp_path: Path) -> None:
    """The memory, and the variant that was picked, are of a car that is not looked at now."""
    memory = LoopMemory(down=frozenset({"elsewhere"}))
    events: list[tuple[int, SideEvent]] = [
        (5, started("other", memory=memory, variant="2019", continues=True)),
        (2_000_000, VariantPicked("2020")),
    ]
    lines = journal(tmp_path, live_log(tmp_path, events))
    assert lines == journal(tmp_path, live_log(tmp_path, [(5, started())]))


def test_a_later_piece_alone_tells_first_what_stood_when_it_began(tmp_path: Path) -> None:
    """A fault, a decision and a stop of earlier pieces hold in this one, too."""
    memory = LoopMemory(
        manager=Memory(faults=frozenset({(FaultName.BUS_LOST, None)}), stop_attempt=2)
    )
    log = live_log(tmp_path, [(0, started(memory=memory, continues=True))])
    head = lines_of("\n".join(journal(tmp_path, log)))[: len(SIGNALS) + 7]
    assert [line["kind"] for line in head[len(SIGNALS) :]] == [
        *["actuator"] * 2,
        "fault",
        "stop",
        *["decision"] * 2,
        "permit",
    ]
    (fault,) = [line for line in head if line["kind"] == "fault"]
    assert (fault["fault"], fault["active"]) == ("bus_lost", True)


def test_a_bus_that_slept_for_days_is_one_run(tmp_path: Path) -> None:
    """Elsewhere a gap of more than a day is a clock that was set; a live recording's is none."""
    log = live_log(tmp_path, [(0, started()), (3 * 86_400_000_000, Ended())])
    later = candump({}, 1.0, EPOCH_US + 2 * 86_400_000_000)
    log.write_text(log.read_text() + later)
    lines = lines_of("\n".join(journal(tmp_path, log)))
    assert not any(line.get("event") == "new_segment" for line in lines)
    assert any(line["t"] >= 2 * 86_400_000_000 for line in lines)


def test_what_did_not_get_out_changes_nothing(tmp_path: Path) -> None:
    without = journal(tmp_path, live_log(tmp_path, [(0, started())]))
    failed = SendFailed("can0", "No buffer space available")
    events: list[tuple[int, SideEvent]] = [(0, started()), (4_000_000, failed)]
    assert journal(tmp_path, live_log(tmp_path, events)) == without


def test_a_memory_that_names_what_does_not_exist_is_refused_in_one_line(tmp_path: Path) -> None:
    log = live_log(tmp_path, [(0, started())])
    beside = events_path(log)
    text = beside.read_text().replace('"begun":false', '"begun":true')
    beside.write_text(text.replace('"told":[', '"told":[["colour","red"],').replace(",]", "]"))
    done = chargelock("replay", log, "--profile", write_car(tmp_path))
    assert done.returncode == 1
    assert "written by another version" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ('"shadow":false', '"shadow":0', "shadow = 0 must be true or false"),
        ('"epoch_us":1700000000000000', '"epoch_us":"x"', "epoch_us = 'x' must be whole"),
        ('"profile":"small"', '"profile":7', "profile = 7 must be a text"),
        ('"channels":{}', '"channels":{"main":3}', "must be a table of names"),
        ('"channels":{}', '"channels":[]', "must be a table of names"),
        ('"memory":{', '"memory":{"x":1,', "unknown x; it was written by another version"),
        ('"auto-lock":"on"', '"auto-lock":"yes"', "auto-lock = 'yes' must be one of"),
    ],
)
def test_a_damaged_beginning_is_named_by_file_and_line(
    was: str, now: str, says: str, tmp_path: Path
) -> None:
    log = live_log(tmp_path, [(0, started())])
    beside = events_path(log)
    assert was in beside.read_text()
    beside.write_text(beside.read_text().replace(was, now))
    with pytest.raises(EventsFileError) as caught:
        events_beside(open_recording([log]))
    assert str(caught.value).startswith(f"{beside}:1: ")
    assert says in str(caught.value)


def test_the_command_writes_the_live_journal_from_the_recording_alone(tmp_path: Path) -> None:
    """No settings, variant or shadow need to be named again."""
    log = live_log(tmp_path, [(0, started(settings=OFF, shadow=True)), (9_500_000, Ended())])
    path = tmp_path / "journal.jsonl"
    done = chargelock("replay", log, "--profile", write_car(tmp_path), "--journal", path)
    assert (done.returncode, done.stderr) == (0, "")
    head = json.loads(path.read_text().splitlines()[0])
    assert (head["shadow"], head["epoch_us"]) == (True, EPOCH_US)
    assert head["settings"]["auto-lock"] == "off"
