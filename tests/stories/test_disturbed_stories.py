"""Every row of the owner's policy holds on a bus that jitters and loses frames, and over a restart.

The stories are those that ``test_stories`` plays in peace; what they expect stays the same.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from played import profile_of, replayed, story_of

from vehicle.runtime.orders import FaultOrder, Step
from vehicle.runtime.simulator import StoryResult, run_story
from vehicle.runtime.story import Story

pytestmark = pytest.mark.whole

SEED = 4
JITTER_US = 40_000
LOST_PERCENT = 5
DOWN_MS = 800
"""Long enough for every control unit to take our command for none."""

RESTARTS = {
    "released_when_full_after_a_grace_time": 40,
    "full_at_a_post_and_at_home": 40,
    "relock_window_ends": 18,
    "relock_window_ends_with_the_connector": 8,
    "relock_when_the_car_is_locked_again": 12,
    "waiting_counts_as_a_session": 40,
    "waiting_need_not_count": 30,
    "power_cut_holds_then_releases": 30,
    "power_cut_and_back": 20,
    "cold_releases_before_it_freezes": 60,
    "cold_frees_nothing_unattended": 50,
    "weak_battery_releases_in_time": 28,
    "weak_battery_moves_nothing": 25,
    "key_at_the_border_of_its_zone": 50,
    "adapter_left_behind": 14,
    "hours_of_the_night": 25,
    "cabin_left_holds_the_cable": 25,
}
"""Story -> the second of the restart: in the middle of what must not be forgotten."""


def jittery(story: Story) -> Story:
    return replace(story, jitter_us=JITTER_US)


def lossy(story: Story) -> Story:
    order = FaultOrder(0, story.end_us, "lost_frames", {"percent": LOST_PERCENT})
    return replace(story, faults=(*story.faults, order))


def restarted(story: Story) -> Story:
    """Let the service end and begin again, with what it keeps on its disk."""
    at_us = RESTARTS[story.name] * 1_000_000
    again = Step(at_us, "restart", {"down_ms": DOWN_MS, "remembers": True})
    return replace(story, steps=tuple(sorted((*story.steps, again), key=lambda step: step.at_us)))


def told(story: Story) -> StoryResult:
    """Play it and see that all is as the story expects."""
    result = run_story(story, SEED, profile=profile_of(story.profile))
    assert not result.failures, "\n".join(result.failures)
    return result


@pytest.mark.parametrize("name", RESTARTS)
def test_jitter_loss_and_a_restart_at_once_change_nothing_for_the_owner(name: str) -> None:
    story = restarted(lossy(jittery(story_of(name))))
    result = told(story)
    assert replayed(result, story.end_us) == result.journal


@pytest.mark.slow
@pytest.mark.parametrize("disturbed", [jittery, lossy, restarted])
@pytest.mark.parametrize("name", RESTARTS)
def test_each_disturbance_alone_changes_nothing_for_the_owner(name: str, disturbed) -> None:
    told(disturbed(story_of(name)))
