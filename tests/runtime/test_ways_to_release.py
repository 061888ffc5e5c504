"""Each way to release works by itself, with every other way dead (requirement P3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from vehicle.runtime.simulator import StoryResult, run_story
from vehicle.runtime.story import read_story

pytestmark = pytest.mark.whole

ALIVE = {
    "command line": [],
    "app, over the control socket": [],
    "app, over the bus with the car's key": ["RemoteRequest", "FreshnessState"],
    "app, over the bus without a key": ["RemoteRequest", "KeyState", "DoorLockState"],
    "port button": ["KeyState", "DoorLockState"],
    "fob": ["KeyState"],
    "screen, in an unlocked car": ["CabinRequest", "DoorLockState"],
    "screen, locked in with the key": ["CabinRequest", "KeyState"],
}
"""Way -> the messages that it needs, besides what tells of the charge and the inlet itself."""

ASKS = {
    "command line": '{ at_s = 4, do = "request", source = "cli" }',
    "app, over the control socket": '{ at_s = 4, do = "request", source = "remote" }',
    "app, over the bus with the car's key": '{ at_s = 4, do = "remote" }',
    "app, over the bus without a key": '{ at_s = 4, do = "remote" }',
    "port button": '{ at_s = 4, do = "button" }',
    "fob": '{ at_s = 4, do = "fob" }',
    "screen, in an unlocked car": '{ at_s = 4, do = "screen" }',
    "screen, locked in with the key": '{ at_s = 4, do = "screen" }',
}
OTHERS = ("KeyState", "DoorLockState", "CabinRequest", "RemoteRequest", "FreshnessState")
DOORS = {"screen, locked in with the key": "locked", "fob": "locked"}
KEYS = {"port button": "at-port", "screen, locked in with the key": "inside"}
REMOTES = {
    "app, over the bus with the car's key": "secoc",
    "app, over the bus without a key": "plain",
}


def played(way: str, folder: Path, *, ask: bool = True) -> StoryResult:
    """A charging car on which every message that the way does not need is silent."""
    dead = [name for name in OTHERS if name not in ALIVE[way]]
    remote = REMOTES.get(way, "none")
    faults = "".join(f'    {{ what = "silent_message", message = "{name}" }},\n' for name in dead)
    path = folder / "way.toml"
    path.write_text(
        f"""title = "Released by: {way}."
end_s = 12
step = [
    {ASKS[way] if ask else ""}
]
fault = [
{faults}]
[[expect]]
says = "The latch is out, by the car's own switch."
at_s = 11
truth = {{ latch = "{"released" if ask else "engaged"}" }}
[start]
connector = true
latch = "engaged"
supply = "ac"
limit_a = 32
session = "charging"
remote = "{remote}"
doors = "{DOORS.get(way, "unlocked")}"
key = "{KEYS.get(way, "far")}"
""",
        encoding="utf-8",
    )
    return run_story(read_story(path))


@pytest.mark.parametrize("way", ALIVE)
def test_each_way_releases_with_all_the_others_dead(way: str, tmp_path: Path) -> None:
    assert played(way, tmp_path).failures == ()


@pytest.mark.parametrize("way", ALIVE)
def test_nothing_is_released_while_nobody_asks(way: str, tmp_path: Path) -> None:
    assert played(way, tmp_path, ask=False).failures == ()
