"""The closed loop: what is recorded, what beside it, and what a restart and a lost bus leave."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from vehicle.core.inputs import BusFailed, BusRestored, Requested, SegmentStarted, SettingsChanged
from vehicle.core.outputs import Output
from vehicle.core.settings import Settings, Toggle
from vehicle.runtime import simulator
from vehicle.runtime.expectations import Expectation
from vehicle.runtime.journal import is_entry, to_line
from vehicle.runtime.orders import FaultOrder, Step
from vehicle.runtime.plant import StartState
from vehicle.runtime.simulated_car import SimulatedCar
from vehicle.runtime.simulator import StoryResult, run_story
from vehicle.runtime.story import Story, read_story
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile

OURS = (0x120, 0x420)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("reference")


PLUG = Step(500_000, "plug", {"supply": "ac", "limit_a": 16, "amps": 16, "charge": True})
SHORT = Story(name="short", title="Short.", tells="", end_us=4_000_000, steps=(PLUG,))


def times_of(result: StoryResult, ours: bool) -> list[int]:
    return [now_us for now_us, frame in result.frames if (frame.can_id in OURS) is ours]


def test_the_recording_holds_the_cars_frames_and_ours_from_time_zero(profile: Profile) -> None:
    result = run_story(SHORT, 0, profile=profile)
    times = [now_us for now_us, _ in result.frames]
    assert times == sorted(times)
    assert times[0] == 0
    assert {frame.channel for _, frame in result.frames} == {"can0"}
    assert times_of(result, ours=True)
    assert times_of(result, ours=False)


def test_our_frames_are_listed_and_keep_their_cycle_but_for_news(profile: Profile) -> None:
    """A command that says something new leaves at once; the cycle counts from it."""
    result = run_story(SHORT, 0, profile=profile)
    sent = [(now_us, frame.data[3]) for now_us, frame in result.frames if frame.can_id == 0x120]
    news = [pair for pair in pairwise(sent) if pair[1][0] - pair[0][0] != 50_000]
    assert news
    for (earlier_us, said), (later_us, says) in news:
        assert later_us - earlier_us < 50_000
        assert says != said
    read = profile.receive_ids
    ours = {(f.can_id, f.extended) for _, f in result.frames} - read
    assert ours <= profile.transmit_ids


def test_the_journal_begins_with_its_start_line(profile: Profile) -> None:
    result = run_story(SHORT, 0, profile=profile)
    assert result.journal[0].startswith('{"epoch_us":null,"kind":"start","profile":"reference"')


def test_a_run_is_repeated_by_its_seed(profile: Profile) -> None:
    assert run_story(SHORT, 5, profile=profile) == run_story(SHORT, 5, profile=profile)
    assert (
        run_story(SHORT, 5, profile=profile).frames != run_story(SHORT, 6, profile=profile).frames
    )


def test_without_jitter_the_seed_makes_no_difference(profile: Profile) -> None:
    calm = replace(SHORT, jitter_us=0)
    assert run_story(calm, 1, profile=profile) == run_story(calm, 2, profile=profile)


def test_the_profile_is_loaded_by_the_storys_name() -> None:
    assert run_story(replace(SHORT, end_us=100_000)).profile.name == "reference"


def test_what_is_no_frame_stands_among_the_events(profile: Profile) -> None:
    story = replace(
        SHORT,
        settings=Settings(auto_lock=Toggle.OFF),
        steps=(
            PLUG,
            Step(1_000_000, "request", {"request": "unlatch", "source": "remote"}),
            Step(2_000_000, "set", {"by": "cli"}, {"latch-mode": "always"}),
            Step(3_000_000, "restart", {"down_ms": 200}),
        ),
    )
    events = run_story(story, 0, profile=profile).events
    assert [(t, type(event)) for t, event in events] == [
        (0, SettingsChanged),
        (1_000_000, Requested),
        (2_000_000, SettingsChanged),
        (3_000_000, SegmentStarted),
    ]
    last = events[2][1]
    assert isinstance(last, SettingsChanged)
    assert last.settings.words()["latch-mode"] == "always"
    assert last.settings.auto_lock is Toggle.OFF


def test_default_settings_need_no_event(profile: Profile) -> None:
    assert run_story(SHORT, 0, profile=profile).events == ()


def test_nothing_is_recorded_or_sent_while_the_manager_is_down(profile: Profile) -> None:
    story = replace(SHORT, steps=(Step(1_000_000, "restart", {"down_ms": 700}),))
    result = run_story(story, 0, profile=profile)
    assert not [t for t, _ in result.frames if 1_000_000 <= t < 1_700_000]
    assert [t for t, _ in result.frames if t >= 1_700_000]


def test_nothing_is_recorded_or_sent_while_the_interface_is_down(profile: Profile) -> None:
    story = replace(SHORT, faults=(FaultOrder(1_000_000, 1_500_000, "bus_down"),))
    result = run_story(story, 0, profile=profile)
    assert not [t for t, _ in result.frames if 1_000_000 <= t < 1_500_000]
    assert result.events == ((1_000_000, BusFailed("main")), (1_500_000, BusRestored("main")))


def test_we_fall_silent_on_a_sleeping_bus(profile: Profile) -> None:
    story = replace(SHORT, end_us=6_000_000, steps=(Step(1_000_000, "sleep"),))
    result = run_story(story, 0, profile=profile)
    assert max(times_of(result, ours=False)) < 1_000_000
    assert max(times_of(result, ours=True)) < 3_000_000


def test_a_listener_hears_every_output_as_it_comes(profile: Profile) -> None:
    told: list[str] = []

    def listen(now_us: int, output: Output) -> None:
        if is_entry(output):
            told.append(to_line(now_us, output))

    result = run_story(SHORT, 0, listen, profile)
    assert tuple(told) == result.journal[1:]


def test_a_missed_expectation_is_a_failure_of_the_result(profile: Profile) -> None:
    missed = Expectation(
        "It jams.", ({"kind": "event", "event": "jammed"},), 0, 4_000_000, "some", where="x:1"
    )
    result = run_story(replace(SHORT, expectations=(missed,)), 0, profile=profile)
    assert len(result.failures) == 1
    assert result.failures[0].startswith("x:1: It jams. But ")


def test_the_simulated_car_can_be_talked_to_by_itself(profile: Profile) -> None:
    car = SimulatedCar(profile, StartState())
    frames = []
    now_us = 0
    car.do(0, Step(0, "lock_car"))
    while now_us < 500_000:
        car.advance(now_us)
        frames += car.frames(now_us)
        assert car.deadline_us is not None
        now_us = max(now_us + 1, car.deadline_us)
    assert len(frames) > 20


def test_the_demonstration_is_shipped_beside_the_simulator() -> None:
    story = read_story(Path(simulator.__file__).with_name("demo.toml"))
    assert 60_000_000 <= story.end_us <= 180_000_000
