"""Random stories: whatever people do in whatever order, it stays safe and replay agrees."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from played import profile_of, replayed

from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.runtime.orders import FAULTS, STEPS, Choice, FaultOrder, Number, Step, Truth
from vehicle.runtime.plant import StartState
from vehicle.runtime.simulator import run_story
from vehicle.runtime.story import Story

pytestmark = pytest.mark.whole

END_US = 60_000_000
"""Long enough for every request to end after the last step: 30 s for a stop, and a jam's tries."""
LAST_STEP_US = 15_000_000


def _values(parameters: Any) -> st.SearchStrategy[dict[str, Any]]:
    drawn: dict[str, st.SearchStrategy[Any]] = {}
    for key, parameter in parameters.items():
        match parameter:
            case Choice(valid, _):
                drawn[key] = st.sampled_from(valid)
            case Number(low, high, default):
                drawn[key] = st.sampled_from(sorted({low, default or low, min(high, 32)}))
            case Truth():
                drawn[key] = st.booleans()
            case _:
                drawn[key] = st.sampled_from(("ChargePortState", "ChargeState", "DoorLockState"))
    return st.fixed_dictionaries(drawn)


def _steps() -> st.SearchStrategy[Step]:
    times = st.integers(0, LAST_STEP_US // 100_000).map(lambda tenths: tenths * 100_000)
    words = sorted(set(STEPS) - {"set", "unplug"})
    plain = st.sampled_from(words).flatmap(
        lambda do: st.builds(Step, times, st.just(do), _values(STEPS[do].parameters))
    )
    plug = st.builds(
        Step,
        times,
        st.just("plug"),
        st.fixed_dictionaries(
            {
                "supply": st.sampled_from(("ac", "dc")),
                "limit_a": st.sampled_from((16, 32)),
                "amps": st.sampled_from((10, 32)),
                "charge": st.just(True),
            }
        ),
    )
    pull = st.builds(Step, times, st.just("unplug"), st.just({"force": False}))
    return st.one_of(plain, plug, pull)


def _faults() -> st.SearchStrategy[FaultOrder]:
    spans = st.tuples(st.integers(0, 15), st.integers(1, 10))
    return st.sampled_from(sorted(FAULTS)).flatmap(
        lambda what: st.builds(
            lambda span, values: FaultOrder(
                span[0] * 1_000_000, (span[0] + span[1]) * 1_000_000, what, values
            ),
            spans,
            _values(FAULTS[what].parameters),
        )
    )


OWNERS = st.builds(
    Settings,
    auto_lock=st.sampled_from(Toggle),
    latch_mode=st.sampled_from(Mode),
    adapter_mode=st.sampled_from(Mode),
    unlock_while_charging_frees=st.sampled_from(Toggle),
    release_when_full=st.sampled_from(Toggle),
)
STARTS = st.builds(
    StartState,
    doors=st.sampled_from(("locked", "unlocked")),
    latch=st.sampled_from(("released", "engaged")),
    adapter_lock_fitted=st.booleans(),
    surroundings=st.booleans(),
)


STORIES = st.builds(
    lambda steps, faults, owner, start: Story(
        name="random",
        title="A random story.",
        tells="",
        end_us=END_US,
        settings=owner,
        start=start,
        steps=tuple(sorted(steps, key=lambda step: step.at_us)),
        faults=tuple(faults),
    ),
    steps=st.lists(_steps(), min_size=1, max_size=10),
    faults=st.lists(_faults(), max_size=2),
    owner=OWNERS,
    start=STARTS,
)
SEEDS = st.integers(0, 3)


def check(story: Story, seed: int) -> None:
    result = run_story(story, seed, profile=profile_of("reference"))
    assert not result.failures, "\n".join(result.failures)
    assert replayed(result, END_US) == result.journal


@settings(max_examples=12)
@given(story=STORIES, seed=SEEDS)
def test_no_random_story_is_unsafe_or_replays_otherwise(story: Story, seed: int) -> None:
    check(story, seed)


@pytest.mark.slow
@settings(max_examples=60)
@given(story=STORIES, seed=SEEDS)
def test_none_of_many_random_stories_is_unsafe_or_replays_otherwise(
    story: Story, seed: int
) -> None:
    check(story, seed)
