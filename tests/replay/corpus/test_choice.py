"""Which profile a log is replayed with: by what is in it, or by what a live recording tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from drives import write_car, write_session
from recordings import LOGS, needs_recordings

from vehicle.core.settings import Settings
from vehicle.replay.corpus.choice import Choice, NoProfileError
from vehicle.replay.recording import Recording, open_recording
from vehicle.replay.run import Replay
from vehicle.runtime.loop import LoopMemory
from vehicle.runtime.side_events import Started
from vehicle.wire.profile import Profile, list_profiles, load_profile


@pytest.fixture
def car(tmp_path: Path) -> Profile:
    return load_profile(write_car(tmp_path))


@pytest.fixture
def session(tmp_path: Path) -> Recording:
    return open_recording([write_session(tmp_path / "session.log")])


@pytest.fixture(scope="module")
def shipped() -> dict[str, Profile]:
    return {name: load_profile(name) for name in list_profiles()}


@needs_recordings
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("bmw_i3_2019_ccs_end_ionity/bmw_i3_2019_ccs_end_ionity.log.gz", "bmw_i3"),
        ("bmw_i3_2014_ac_t1_start/bmw_i3_2014_ac_t1_start.log.gz", "bmw_i3"),
        ("kona_2019_power_cycle_no_cable/kona_2019_power_cycle_no_cable.log.gz", "hyundai_kona_ev"),
        ("ioniq5_remote_lock/ioniq5_remote_lock.log", "hyundai_ioniq5"),
        ("tesla_m3_us_ac_session/tesla_m3_us_ac_session.blf", "tesla_model3"),
        ("formats/gvret/i3_ptcan_ms_lost_frames_head.csv", "bmw_i3"),
        ("formats/gvret/msg25D_chgpowercmd.csv", "tesla_model3"),
    ],
)
def test_every_real_recording_finds_its_car(
    shipped: dict[str, Profile], path: str, name: str
) -> None:
    recording = open_recording([LOGS / path])
    assert Choice(list(shipped.values())).of(recording, []).profile.name == name


@needs_recordings
def test_identifiers_that_are_there_by_chance_are_not_believed(
    shipped: dict[str, Profile],
) -> None:
    """A recording of another car has some of the reference bus's; their checksums tell."""
    choice = Choice(list(shipped.values()))
    recording = open_recording([LOGS / "formats/savvycan/candump.log"])
    chosen = choice.of(recording, [])
    assert chosen.profile.name == "reference"
    assert chosen.messages_there >= 5
    heard = Replay(recording, chosen.profile, shadow=True).run(lambda *_: None).messages_heard
    with pytest.raises(NoProfileError, match=f"but only {heard} of them with a right checksum"):
        choice.see_believed(chosen, heard)
    choice.see_believed(chosen, chosen.messages_there)


def test_one_profile_alone_is_asked_only_whether_it_fits(
    car: Profile, session: Recording, shipped: dict[str, Profile]
) -> None:
    assert Choice([car]).of(session, []).profile is car
    with pytest.raises(NoProfileError, match="not one identifier of bmw_i3 is in it"):
        Choice([shipped["bmw_i3"]]).of(session, [])


def test_two_that_fit_alike_are_ambiguous_and_named(car: Profile, session: Recording) -> None:
    twin = replace(car, name="twin")
    with pytest.raises(NoProfileError, match=r"small \(2 of 2\), twin \(2 of 2\); name the one"):
        Choice([car, twin]).of(session, [])


def test_a_live_recording_tells_its_profile_itself(car: Profile, session: Recording) -> None:
    twin = replace(car, name="twin")
    started = Started(0, "twin", None, False, Settings(), LoopMemory())
    choice = Choice([car, twin])
    assert choice.of(session, [(0, started)]).profile is twin
    other = replace(started, profile="somebody")
    with pytest.raises(NoProfileError):
        choice.of(session, [(0, other)])


def test_an_identifier_with_shorter_frames_is_another_cars(
    tmp_path: Path, shipped: dict[str, Profile]
) -> None:
    path = tmp_path / "short.log"
    path.write_text("(0000000000.000000) can0 25D#0102\n", encoding="utf-8")
    recording = open_recording([path])
    with pytest.raises(NoProfileError, match="not one identifier"):
        Choice(list(shipped.values())).of(recording, [])
