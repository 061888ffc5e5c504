"""Replays: the same journal whatever the format, segments, side events, and what is counted."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from command_line import chargelock, lines_of
from drives import SESSION, candump, write_car, write_session
from recordings import LOGS, needs_recordings

from vehicle.core.car import Actuator
from vehicle.core.inputs import InputEvent, Requested, SettingsChanged
from vehicle.core.names import Demand, EventName, Request, Result, Source
from vehicle.core.outputs import Answered, Decided, Event, Output, SettingsTook, SignalChanged
from vehicle.core.settings import Settings, Toggle
from vehicle.replay.readers.errors import ReadingError
from vehicle.replay.recording import open_recording
from vehicle.replay.run import (
    NothingInCommonError,
    Replay,
    profiles_that_fit,
)
from vehicle.replay.scan.kernels import Kernel, choose
from vehicle.replay.summary import Summary, degraded_words
from vehicle.runtime.journal import is_entry, to_line
from vehicle.wire.profile import list_profiles, load_profile


class Played:
    """One replay with everything it told."""

    def __init__(
        self,
        log: Path | Sequence[Path],
        profile: str | Path,
        *,
        shadow: bool = True,
        settings: Settings | None = None,
        events: Sequence[tuple[int, InputEvent]] = (),
        kernel: Kernel | None = None,
    ) -> None:
        self.outputs: list[tuple[int, Output]] = []
        self.progress: list[int] = []
        logs = [log] if isinstance(log, Path) else log
        replay = Replay(
            open_recording(logs),
            load_profile(profile),
            settings or Settings(),
            shadow=shadow,
            events=events,
            kernel=kernel,
        )
        self.variant = replay.variant
        self.summary: Summary = replay.run(
            lambda now_us, output: self.outputs.append((now_us, output)), self.progress.append
        )

    @property
    def lines(self) -> list[str]:
        return [to_line(now_us, output) for now_us, output in self.outputs if is_entry(output)]

    def of(self, kind: type[Any]) -> list[tuple[int, Any]]:
        return [(now_us, output) for now_us, output in self.outputs if isinstance(output, kind)]


# ---- formats ------------------------------------------------------------------------------------

TESLA = LOGS / "tesla_m3_us_ac_session"
FORMATS = {"log": 1, "asc": 1, "blf": 1, "trc": 1, "csv": 1, "mf4": 1}
"""File extension -> how many microseconds a stamp may stand off the candump's."""


def blurred(lines: list[str]) -> list[tuple[dict[str, Any], list[int]]]:
    """Journal lines without their times, and beside each the times that it holds."""
    found = []
    for line in lines_of("\n".join(lines)):
        times = [line.pop("t"), *(why.pop("age_us") for why in line.get("because", {}).values())]
        found.append((line, times))
    return found


@pytest.mark.whole
@needs_recordings
@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("extension", FORMATS)
def test_the_tesla_session_tells_the_same_journal_in_every_format(
    extension: str, zipped: bool, tmp_path: Path
) -> None:
    """Six files hold the same 2,571 frames, so they tell the same story."""
    path = TESLA / f"{TESLA.name}.{extension}"
    if zipped:
        content = path.read_bytes()
        path = tmp_path / f"session.{extension}.gz"
        path.write_bytes(gzip.compress(content, 1))
    candump_log = Played(TESLA / f"{TESLA.name}.log", "tesla_model3")
    other = Played(path, "tesla_model3")
    expected, found = blurred(candump_log.lines), blurred(other.lines)
    assert [line for line, _ in found] == [line for line, _ in expected]
    for (_, times), (_, known) in zip(found, expected, strict=True):
        assert times == pytest.approx(known, abs=FORMATS[extension], rel=0)
    assert other.summary.report.frames_read == other.summary.frames_used == 2571
    assert other.summary.report.frames_skipped == {}


@needs_recordings
def test_a_cut_blf_container_costs_what_is_cut_and_no_more(tmp_path: Path) -> None:
    """What can be read tells the same as the whole recording does up to there."""
    whole = (TESLA / f"{TESLA.name}.blf").read_bytes()
    path = tmp_path / "cut.blf"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    cut = Played(path, "tesla_model3")
    assert 0 < cut.summary.report.frames_read < 2571
    assert cut.summary.fields()["frames_skipped"]
    end_us = cut.summary.report.duration_us
    known = blurred(Played(TESLA / f"{TESLA.name}.log", "tesla_model3").lines)
    known = [each for each in known if each[1][0] <= end_us]
    assert [line for line, _ in blurred(cut.lines)] == [line for line, _ in known]


# ---- determinism --------------------------------------------------------------------------------


def test_the_same_log_gives_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    """Nothing in the journal or the summary depends on the order of a set or the time of day."""
    car, log = write_car(tmp_path), write_session(tmp_path / "session.log")
    found = set()
    for seed in ("0", "1", "4711"):
        journal = tmp_path / f"{seed}.jsonl"
        done = chargelock(
            *("replay", log, "--profile", car, "--shadow", "--json", "--journal", journal),
            PYTHONHASHSEED=seed,
            TZ=f"UTC-{seed[:1]}",
        )
        assert (done.returncode, done.stderr) == (0, "")
        found.add((journal.read_bytes(), done.stdout))
    assert len(found) == 1
    assert found.pop()[0].endswith(b"\n")


@pytest.mark.whole
@needs_recordings
def test_a_real_recording_gives_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    """So does a profile with many messages, losses and requests."""
    log = LOGS / "bmw_i3_2019_ccs_end_ionity" / "bmw_i3_2019_ccs_end_ionity.log.gz"
    found = set()
    for seed in ("1", "2"):
        done = chargelock(
            "replay", log, "--profile", "bmw_i3", "--journal", "-", PYTHONHASHSEED=seed
        )
        assert (done.returncode, done.stderr) == (0, "")
        found.add(done.stdout)
    assert len(found) == 1


# ---- time ---------------------------------------------------------------------------------------


def test_time_begins_at_the_first_frame_and_never_runs_back(tmp_path: Path) -> None:
    """A recording of last year begins at 0, and knows when it was made."""
    path = tmp_path / "session.log"
    path.write_text(candump(SESSION, 9.0, start_us=1_700_000_000_123_456), encoding="utf-8")
    played = Played(path, write_car(tmp_path))
    times = [now_us for now_us, _ in played.outputs]
    assert times[0] == 0
    assert times == sorted(times)
    assert played.summary.epoch_us == 1_700_000_000_123_456
    assert played.summary.report.duration_us == 8_900_000
    again = Played(write_session(tmp_path / "zeroed.log"), write_car(tmp_path))
    assert again.summary.epoch_us is None
    assert again.lines == played.lines


def test_parts_of_a_microsecond_are_cut_off(tmp_path: Path) -> None:
    """Truncated, not rounded: 0.1999999 s is 199999 us."""
    path = tmp_path / "fine.log"
    path.write_text(
        "(0.0000000) can0 100#01\n(0.0000000) can0 101#1501\n(0.1999999) can0 100#02\n",
        encoding="utf-8",
    )
    played = Played(path, write_car(tmp_path))
    changes = [each for each in played.of(SignalChanged) if each[1].signal == "car_lock"]
    assert changes[-1][0] == 199_999


def test_deadlines_up_to_the_last_frame_fire_and_none_beyond(tmp_path: Path) -> None:
    """A message is lost at its stale limit exactly, if the recording goes on that long."""
    for last_us, lost in ((600_000, True), (599_999, False)):
        path = tmp_path / "ends.log"
        path.write_text(
            f"(0.000000) can0 101#1501\n(0.100000) can0 100#01\n(0.{last_us}) can0 101#1501\n",
            encoding="utf-8",
        )
        played = Played(path, write_car(tmp_path))
        unknown = [
            now_us
            for now_us, change in played.of(SignalChanged)
            if change.signal == "car_lock" and change.value.value == "unknown" and change.was
        ]
        assert unknown == ([600_000] if lost else [])


def test_a_jump_of_the_clock_makes_everything_unknown_and_keeps_the_counts(tmp_path: Path) -> None:
    """What was heard before the jump still was heard, and its frames still count."""
    path = tmp_path / "jump.log"
    path.write_text(
        candump(SESSION, 1.5, start_us=50_000_000) + "(2.000000) can0 100#01\n", encoding="utf-8"
    )
    played = Played(path, write_car(tmp_path))
    assert played.summary.report.segments == 2
    assert played.summary.frames_used == played.summary.report.frames_read == 31
    assert not [words for words in played.summary.degraded if words.startswith("never heard")]
    assert played.summary.events == {"new_segment": 1}
    (jump_us,) = [t for t, e in played.of(Event) if e.event is EventName.NEW_SEGMENT]
    told = {c.signal: c.value.value for t, c in played.of(SignalChanged) if t == jump_us}
    assert told["occupant"] == "unknown"
    assert told["car_lock"] == "unlocked"


def test_several_logs_are_one_recording_in_order_of_their_stamps(tmp_path: Path) -> None:
    """Two halves, named in the wrong order, tell what the whole does."""
    whole = candump(SESSION, 9.0, start_us=1_700_000_000_000_000).splitlines(keepends=True)
    for name, part in (("whole", whole), ("early", whole[:100]), ("late", whole[100:])):
        (tmp_path / f"{name}.log").write_text("".join(part), encoding="utf-8")
    car = write_car(tmp_path)
    halves = Played([tmp_path / "late.log", tmp_path / "early.log"], car)
    assert halves.lines == Played(tmp_path / "whole.log", car).lines


# ---- beside the frames --------------------------------------------------------------------------


def test_an_event_beside_the_recording_comes_before_a_frame_of_the_same_time(
    tmp_path: Path,
) -> None:
    """At 2.000 s the owner asks; the frame of 2.000 s that shows the latch engaged comes after."""
    events = [(2_000_000, Requested(Request.UNLATCH, Source.CLI))]
    played = Played(
        write_session(tmp_path / "session.log"), write_car(tmp_path), shadow=False, events=events
    )
    at_two = [output for now_us, output in played.outputs if now_us == 2_000_000]
    asked = next(
        i
        for i, each in enumerate(at_two)
        if isinstance(each, Answered) and each.result is Result.ACCEPTED
    )
    sensed = next(i for i, each in enumerate(at_two) if isinstance(each, SignalChanged))
    assert asked < sensed


def test_settings_that_change_in_the_middle_take_effect_there(tmp_path: Path) -> None:
    """The journal shows the whole new settings at the moment they took effect."""
    owner = Settings(auto_lock=Toggle.OFF)
    played = Played(
        write_session(tmp_path / "session.log"),
        write_car(tmp_path),
        events=[(500_000, SettingsChanged(owner, "cli"))],
    )
    assert played.of(SettingsTook) == [(500_000, SettingsTook(tuple(owner.words().items()), "cli"))]
    assert not [d for _, d in played.of(Decided) if d.demand is Demand.ENGAGE]
    assert played.summary.events == {"settings_changed": 1}


# ---- what is counted ----------------------------------------------------------------------------


def test_the_summary_counts_what_happened(tmp_path: Path) -> None:
    """The keys are a contract; so are their meanings."""
    played = Played(write_session(tmp_path / "session.log"), write_car(tmp_path))
    fields = played.summary.fields()
    agreement = fields.pop("agreement")
    assert fields == {
        "profile": "small",
        "variant": None,
        "epoch_us": None,
        "kernel": choose().name,
        "formats": {str(tmp_path / "session.log"): "candump"},
        "frames_read": 180,
        "frames_used": 180,
        "frames_skipped": {},
        "stamps_clamped": 0,
        "segments": 1,
        "duration_s": 8.9,
        "commands": {
            "latch": {"engage": 1, "release": 1},
            "adapter": {"engage": 0, "release": 0},
        },
        "events": {},
        "faults": {},
        "degraded": [
            f"no {name} signal on this bus"
            for name in ("key", "supply limit", "pilot", "weld", "adapter lock")
        ],
        "interrupted": False,
    }
    assert agreement["agreed_us"] + agreement["differed_us"] + agreement["unknown_us"] == 8_900_000
    assert agreement["differed_us"] == 1_500_000
    assert agreement["releases_while_not_safe"] == 0


def test_without_shadow_there_is_no_agreement(tmp_path: Path) -> None:
    """Where we move the pin there is nobody to agree with."""
    played = Played(write_session(tmp_path / "session.log"), write_car(tmp_path), shadow=False)
    assert "agreement" not in played.summary.fields()


def test_skipped_lines_are_counted_with_their_first_positions(tmp_path: Path) -> None:
    """Every loss has a cause, a count and a place to look at."""
    path = tmp_path / "damaged.log"
    lines = candump(SESSION, 2.0).splitlines(keepends=True)
    lines[4:4] = ["~garbage~\n"] * 7
    path.write_text("".join(lines), encoding="utf-8")
    fields = Played(path, write_car(tmp_path)).summary.fields()
    (skipped,) = fields["frames_skipped"].values()
    assert skipped == {"count": 7, "positions": [f"{path}:{line}" for line in range(5, 10)]}
    assert fields["frames_read"] == fields["frames_used"] == 40


def test_frames_of_other_messages_are_read_and_not_used(tmp_path: Path) -> None:
    """And messages of the profile that never come are named."""
    path = tmp_path / "other.log"
    path.write_text("(0.0) can0 100#01\n(0.1) can0 7FF#00\n(0.2) can0 100#01\n", encoding="utf-8")
    summary = Played(path, write_car(tmp_path)).summary
    assert (summary.report.frames_read, summary.frames_used) == (3, 2)
    assert summary.degraded[-1] == "never heard: Port"


def test_progress_is_told_now_and_then(tmp_path: Path) -> None:
    """In frames read so far: often enough to look at, seldom enough to cost nothing.

    Whichever kernel is installed: the slowest is asked, and takes the smallest pieces.
    """
    path = tmp_path / "long.log"
    path.write_text(candump({}, 1_200.0), encoding="utf-8")
    progress = Played(path, write_car(tmp_path), kernel=choose("plain")).progress
    assert 2 <= len(progress) <= 10
    assert progress == sorted(progress)
    assert progress[-1] == 24_000


def test_ctrl_c_ends_the_replay_where_it_is(tmp_path: Path) -> None:
    """What was known by then is told, and the summary says that it is not the whole."""
    replay = Replay(
        open_recording([write_session(tmp_path / "session.log")]),
        load_profile(write_car(tmp_path)),
        Settings(),
        shadow=True,
    )

    def sink(now_us: int, output: Output) -> None:
        if now_us >= 3_000_000:
            raise KeyboardInterrupt

    summary = replay.run(sink)
    assert summary.interrupted
    assert summary.fields()["interrupted"] is True
    assert summary.commands == {(Actuator.LATCH, Demand.ENGAGE): 1}
    assert summary.report.duration_us == 3_000_000
    assert 60 <= summary.report.frames_read <= 180
    assert summary.agreement is not None
    assert summary.agreement.intervals[-1].to_us == 3_000_000


# ---- the wrong car ------------------------------------------------------------------------------


def test_a_recording_of_another_car_names_the_profiles_that_fit(tmp_path: Path) -> None:
    """0x25D is the Tesla's charge port, and nobody else's."""
    path = tmp_path / "tesla.log"
    path.write_text("(0.0) can0 25D#0000000000000000\n", encoding="utf-8")
    with pytest.raises(NothingInCommonError, match=r"fit: tesla_model3 \(1 in common\)$"):
        Played(path, "nissan_leaf")


def test_a_recording_of_no_known_car_says_so_and_what_to_do(tmp_path: Path) -> None:
    """Better than an empty success."""
    path = tmp_path / "alien.log"
    path.write_text("(0.0) can0 1FFFFFFF#00\n", encoding="utf-8")
    with pytest.raises(NothingInCommonError, match="no shipped profile fits it; describe the car"):
        Played(path, "nissan_leaf")


def test_profiles_that_fit_come_best_first() -> None:
    """Every profile fits the identifiers it was made for."""
    for name in list_profiles():
        ids = set(load_profile(name).receive_ids)
        fits = dict(profiles_that_fit(ids))
        assert fits[name] == len(ids)
        assert list(fits.values()) == sorted(fits.values(), reverse=True)
    assert profiles_that_fit(set()) == []


def test_a_software_version_that_fits_none_is_told() -> None:
    """Some signals stay unknown then, and people should know why."""
    profile = load_profile("tesla_model3")
    words = degraded_words(profile, None, ())
    assert any("software version fits none of us-2019" in each for each in words)
    known = degraded_words(profile, "us-2019", ())
    assert not any("software version" in each for each in known)


def test_a_missing_recording_is_a_reading_error(tmp_path: Path) -> None:
    """The reader's own words reach whoever asked."""
    with pytest.raises(ReadingError, match="there is no such file"):
        Played(tmp_path / "nope.log", "tesla_model3")


@needs_recordings
def test_the_variant_is_picked_from_the_recording() -> None:
    """The first 30 s decide which software speaks."""
    played = Played(TESLA / f"{TESLA.name}.log", "tesla_model3")
    assert played.variant == played.summary.variant == "us-2019"


def test_a_car_that_tells_nothing_of_its_port_is_degraded_by_a_connector_signal() -> None:
    """The journal's name for it is ``occupant``; people look for the connector."""
    words = degraded_words(load_profile("hyundai_ioniq5"), None, ())
    assert "no connector signal on this bus: no message known" in words
