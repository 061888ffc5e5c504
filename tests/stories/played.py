"""Plays story files and replays what they recorded, once for all tests that ask."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from vehicle.core.inputs import InputEvent
from vehicle.core.manager import LockManager
from vehicle.core.outputs import Output
from vehicle.core.settings import Settings
from vehicle.runtime import simulator
from vehicle.runtime.journal import is_entry, start_line, to_line
from vehicle.runtime.loop import Loop, LoopMemory
from vehicle.runtime.side_events import Judged, Recalled
from vehicle.runtime.simulator import StoryResult, run_story
from vehicle.runtime.story import Story, read_story
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile
from vehicle.wire.translator import Translator

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
DEMO = Path(simulator.__file__).with_name("demo.toml")
PATHS = {path.stem: path for path in (*sorted(HERE.glob("*.toml")), DEMO)}


@cache
def story_of(name: str) -> Story:
    """Return the story of that name."""
    return read_story(PATHS[name])


@cache
def profile_of(name: str) -> Profile:
    """Return a loaded profile."""
    return load_profile(name)


@lru_cache(maxsize=4)
def played(name: str, seed: int) -> StoryResult:
    """Return what became of the story with that seed."""
    story = story_of(name)
    return run_story(story, seed, profile=profile_of(story.profile))


def golden_of(name: str) -> Path:
    """Return where the story's journal of seed 0 is kept."""
    return GOLDEN / f"{name}.journal.jsonl"


def replayed(result: StoryResult, end_us: int) -> tuple[str, ...]:
    """Return the journal of a fresh manager that is fed what was recorded."""
    settings = Settings().words()
    lines = [
        start_line(
            profile=result.profile.name,
            variant=None,
            shadow=False,
            epoch_us=None,
            settings=settings,
        )
    ]

    def sink(now_us: int, output: Output) -> None:
        if is_entry(output):
            lines.append(to_line(now_us, output))

    loop = Loop(LockManager(result.profile.car), Translator(result.profile), sink)
    loop.start(0)
    inputs: list[tuple[int, int, InputEvent | Judged | Recalled | Frame]] = []
    inputs += [(now_us, 0, event) for now_us, event in result.events]
    inputs += [(now_us, 1, frame) for now_us, frame in result.frames]
    for now_us, _, thing in sorted(inputs, key=lambda each: each[:2]):
        if isinstance(thing, Frame):
            loop.feed(now_us, thing)
        elif isinstance(thing, Judged):
            loop.hold_for(now_us, thing.message, thing.outcome)
        elif isinstance(thing, Recalled):
            loop.begin(LoopMemory(manager=thing.memory), now_us)
        else:
            loop.give(now_us, thing)
    loop.run_until(end_us)
    return tuple(lines)
