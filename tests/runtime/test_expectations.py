"""What a story expects: each form is fulfilled and missed, and the failure says how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vehicle.runtime.expectations import TRUTHS, Expectation
from vehicle.runtime.orders import Orders
from vehicle.runtime.plant import Plant, StartState
from vehicle.runtime.story import StoryError, read_story

JOURNAL: list[dict[str, Any]] = [
    {"t": 1_000_000, "kind": "command", "actuator": "latch", "command": "engage", "try": 1},
    {"t": 1_300_000, "kind": "actuator", "actuator": "latch", "state": "engaged", "was": None},
    {"t": 1_300_000, "kind": "permit", "charge": "ac", "was": "none"},
    {"t": 5_000_000, "kind": "fault", "fault": "bus_lost", "active": True},
    {"t": 6_000_000, "kind": "fault", "fault": "bus_lost", "active": False},
    {"t": 7_000_000, "kind": "command", "actuator": "latch", "command": "release", "try": 1},
    {"t": 8_000_000, "kind": "permit", "charge": "none", "was": "ac"},
]
TRUTHS_SEEN = [(0, {"connector": "out"}), (2_000_000, {"connector": "in"})]


def expectation(tmp_path: Path, text: str) -> Expectation:
    path = tmp_path / "tale.toml"
    path.write_text(
        f'title = "t"\nend_s = 10\n[[expect]]\nsays = "So it is."\n{text}\n', encoding="utf-8"
    )
    return read_story(path).expectations[0]


FULFILLED = [
    'line = { kind = "command", command = "engage" }',
    'line = { kind = "command", command = "engage" }\nwithin_s = [1, 1]',
    'line = { kind = "command" }\ntimes = 2',
    'line = { kind = "command", command = "engage" }\ntimes = 0\nwithin_s = [2, 9]',
    'line = { kind = "event", event = "jammed" }\nnever = true',
    'line = { kind = "command" }\nnever = true\nwithin_s = [1.1, 6.9]',
    'line = { kind = "permit", charge = "ac" }\nat_s = 7.9',
    'line = { kind = "permit", charge = "none" }\nat_s = 8',
    'line = { kind = "fault", fault = "bus_lost", active = false }\nat_s = 4.9',
    'line = { kind = "fault", fault = "bus_lost", active = true }\nat_s = 5.5',
    'line = { kind = "fault", fault = "internal_error", active = false }\nat_s = 9',
    'line = { kind = "stop", active = false }\nat_s = 9',
    'order = [ { kind = "actuator" }, { kind = "permit" }, { kind = "permit", charge = "none" } ]',
    'truth = { connector = "out" }\nat_s = 1.9',
    'truth = { connector = "in" }\nat_s = 2',
]

MISSED = [
    ('line = { kind = "event", event = "jammed" }', "does not come from 0 to 10 s"),
    ('line = { kind = "command" }\nwithin_s = [2, 6]', "elsewhere: 1 s, 7 s"),
    ('line = { kind = "command" }\ntimes = 1', "comes 2 times"),
    ('line = { kind = "command", command = "release" }\nnever = true', "comes at 7 s"),
    ('line = { kind = "permit", charge = "none" }\nat_s = 7', "journal says {'kind': 'permit'"),
    ('line = { kind = "permit", charge = "ac" }\nat_s = 1', "the journal says nothing"),
    ('line = { kind = "fault", fault = "bus_lost", active = true }\nat_s = 6', "active"),
    ('line = { kind = "actuator", actuator = "adapter", state = "released" }\nat_s = 9', "nothing"),
    (
        'order = [ { kind = "permit", charge = "none" }, { kind = "actuator" } ]',
        "{kind: actuator} does not come after 8 s",
    ),
    ('truth = { connector = "in" }\nat_s = 1', "the car truly is {'connector': 'out'}"),
]


@pytest.mark.parametrize("text", FULFILLED)
def test_what_is_so_is_no_failure(tmp_path: Path, text: str) -> None:
    assert expectation(tmp_path, text).failure(JOURNAL, TRUTHS_SEEN) is None


@pytest.mark.parametrize(("text", "says"), MISSED)
def test_what_is_not_so_is_told_with_its_place_and_sentence(
    tmp_path: Path, text: str, says: str
) -> None:
    failure = expectation(tmp_path, text).failure(JOURNAL, TRUTHS_SEEN)
    assert failure is not None
    assert failure.startswith(f"{tmp_path / 'tale.toml'}:3: So it is. But ")
    assert says in failure


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "needs exactly one of"),
        ('line = { kind = "permit" }\ntruth = { latch = "released" }\nat_s = 1', "exactly one of"),
        ('truth = { latch = "released" }', "needs at_s"),
        ('truth = { lach = "released" }\nat_s = 1', 'did you mean "latch"'),
        ('line = { kind = "command" }\nat_s = 1', "asks for a state"),
        ('line = { kind = "command" }\nwithin_s = [1]', "write within_s = [from, to]"),
        ('line = { kind = "command" }\nwithin_s = [2, 1]', "must not be later"),
        ('line = { kind = "command" }\nwithin_s = [2, 11]', "the story runs from 0 to 10 s"),
        ('line = { kind = "command" }\nwithin = [2, 3]', 'did you mean "within_s"'),
        ('line = { kind = "decision", rule = "car_lockd" }', 'did you mean "car_locked"'),
        ('line = { kind = "event", event = "jamed" }', 'did you mean "jammed"'),
    ],
)
def test_an_expectation_that_asks_nothing_sensible_is_named(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(StoryError) as caught:
        expectation(tmp_path, text)
    assert says in str(caught.value)


def test_an_events_own_details_may_be_asked_for(tmp_path: Path) -> None:
    text = 'line = { kind = "event", event = "jammed", actuator = "latch" }\nnever = true'
    assert expectation(tmp_path, text).failure(JOURNAL, TRUTHS_SEEN) is None


def test_what_can_be_asked_of_the_car_is_what_the_car_tells() -> None:
    plant = Plant(StartState(), Orders([]), reports_weld_test=True)
    assert set(plant.truth()) == set(TRUTHS)
