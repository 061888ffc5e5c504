"""Every story ends as it says, is safe, replays alike, and keeps its journal."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import Any

import jsonschema
import pytest
from played import GOLDEN, PATHS, golden_of, played, replayed, story_of

from vehicle.runtime.journal_schema import json_schema
from vehicle.runtime.orders import FAULTS, STEPS

pytestmark = pytest.mark.whole

SEEDS = (0, 1, 7)
SHORT_US = 15_000_000
"""Longer stories are played with seed 0; with the others where there is time."""


def _case(name: str, seed: int) -> Any:
    quick = seed == 0 or (seed == SEEDS[1] and story_of(name).end_us <= SHORT_US)
    return pytest.param(name, seed, marks=[] if quick else [pytest.mark.slow])


CASES = [_case(name, seed) for name in PATHS for seed in SEEDS]


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_a_story_ends_as_it_says_and_replays_to_the_very_same_journal(name: str, seed: int) -> None:
    result = played(name, seed)
    assert not result.failures, f"seed {seed}:\n" + "\n".join(result.failures)
    assert replayed(result, story_of(name).end_us) == result.journal
    if seed == 0:
        check_against_accepted(name, result.journal)


def check_against_accepted(name: str, journal: tuple[str, ...]) -> None:
    """Compare with the accepted journal, and name the first line that differs."""
    golden = golden_of(name)
    assert golden.exists(), f"{golden.name} is missing; accept it with tools/accept.py"
    accepted = golden.read_text(encoding="utf-8").splitlines()
    for number, (was, now) in enumerate(zip_longest(accepted, journal), start=1):
        assert now == was, f"{golden.name}:{number}; if that is meant, run tools/accept.py {name}"


def test_no_accepted_journal_is_left_without_its_story() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {golden_of(name).name for name in PATHS}


def test_accepted_journals_keep_the_schema() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    lines = {
        timeless(line)
        for name in PATHS
        for line in golden_of(name).read_text(encoding="utf-8").splitlines()
    }
    assert len(lines) > 100
    for line in lines:
        validator.validate(json.loads(line))


def timeless(line: str) -> str:
    """Return a line with its times set to 0, so that what many journals say is judged once."""
    fields = json.loads(line)
    fields["t"] = 0
    for why in fields.get("because", {}).values():
        why["age_us"] = 0
    return json.dumps(fields, sort_keys=True)


def test_the_same_seed_gives_the_same_frames_and_another_seed_others() -> None:
    first, again = played("lost_frames", 3).frames, played("lost_frames", 3).frames
    played.cache_clear()
    assert played("lost_frames", 3).frames == first == again
    assert played("lost_frames", 4).frames != first


def test_there_are_at_least_thirty_stories_and_each_says_what_it_expects() -> None:
    assert len(PATHS) >= 30
    for name in PATHS:
        story = story_of(name)
        assert story.expectations, name
        assert all(each.says.endswith(".") for each in story.expectations), name


def test_every_step_and_every_fault_is_used_by_some_story() -> None:
    stories = [story_of(name) for name in PATHS]
    assert {step.do for story in stories for step in story.steps} == set(STEPS)
    assert {fault.what for story in stories for fault in story.faults} == set(FAULTS)
