"""Stories that take their time: each ends as it says, is safe, and replays alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from played import profile_of, replayed

from vehicle.runtime.simulator import run_story
from vehicle.runtime.story import read_story

pytestmark = pytest.mark.slow

PATHS = sorted((Path(__file__).parent / "long").glob("*.toml"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_long_story_ends_as_it_says_and_replays_to_the_very_same_journal(path: Path) -> None:
    story = read_story(path)
    result = run_story(story, seed=1, profile=profile_of(story.profile))
    assert not result.failures, "\n".join(result.failures)
    assert replayed(result, story.end_us) == result.journal
