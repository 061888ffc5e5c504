"""Story files: what can be written, and how a mistake is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from vehicle.core.car import Car, WhenEmpty
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.runtime.orders import FAULTS, STEPS, Choice, FaultOrder, Number, Orders
from vehicle.runtime.plant import DEEDS, StartState
from vehicle.runtime.story import CarOptions, Story, StoryError, read_story

WHOLE = """\
title = "Everything at once."
tells = "More words."
end_s = 20
jitter_ms = 0
step = [
    { at_s = 3, do = "unplug", force = true },
    { at_s = 1.5, do = "plug", limit_a = 32 },
    { at_s = 2, do = "set", settings = { latch-mode = "always" } },
]
fault = [
    { from_s = 4, to_s = 9, what = "stuck_pin", pin = "latch" },
    { what = "lost_frames", percent = 5 },
]

[settings]
auto-lock = "off"

[start]
doors = "locked"
connector = true

[car]
when_empty = "leave"
latch_feedback = false

[[expect]]
says = "It holds."
at_s = 2
line = { kind = "actuator", actuator = "latch", state = "engaged" }
"""


def read(tmp_path: Path, text: str) -> Story:
    path = tmp_path / "tale.toml"
    path.write_text(text, encoding="utf-8")
    return read_story(path)


def test_a_story_file_says_all_that_can_be_said(tmp_path: Path) -> None:
    story = read(tmp_path, WHOLE)
    assert (story.name, story.title, story.end_us) == ("tale", "Everything at once.", 20_000_000)
    assert story.jitter_us == 0
    assert story.settings == Settings(auto_lock=Toggle.OFF)
    assert story.start == StartState(doors="locked", connector=True)
    assert [(step.at_us, step.do) for step in story.steps] == [
        (1_500_000, "plug"),
        (2_000_000, "set"),
        (3_000_000, "unplug"),
    ]
    plugged = {"supply": "ac", "limit_a": 32, "amps": 16, "charge": True, "station": "unknown"}
    assert story.steps[0].values == plugged
    assert story.steps[1].settings == {"latch-mode": "always"}
    assert story.faults[0] == FaultOrder(4_000_000, 9_000_000, "stuck_pin", {"pin": "latch"})
    assert story.faults[1] == FaultOrder(0, 20_000_000, "lost_frames", {"percent": 5})
    assert len(story.expectations) == 1


def test_a_story_may_be_as_short_as_its_title_and_end(tmp_path: Path) -> None:
    story = read(tmp_path, 'title = "Nothing."\nend_s = 1\n')
    assert story == Story(name="tale", title="Nothing.", tells="", end_us=1_000_000)


def test_the_car_table_changes_what_the_profile_says() -> None:
    options = CarOptions(
        latch_feedback=False,
        adapter_feedback=False,
        when_empty=WhenEmpty.LEAVE,
        reports_weld_test=True,
        connector_locks_itself=True,
        can_heat=True,
    )
    car = options.apply(Car())
    assert not car.latch.feedback
    assert not car.adapter.feedback
    assert car.when_empty is WhenEmpty.LEAVE
    assert car.reports_weld_test
    assert car.connector_locks_itself
    assert car.can_heat
    assert CarOptions().apply(car) == car


@pytest.mark.parametrize(
    ("was", "becomes", "line", "says"),
    [
        ('title = "E', 'titel = "E', 1, 'did you mean "title"'),
        ("end_s = 20", "", 1, "end_s: is missing"),
        ("end_s = 20", "end_s = 0", 3, "whole number from 1 to 7200"),
        ('do = "plug"', 'do = "plugg"', 7, 'did you mean "plug"'),
        ("limit_a = 32", "limit_a = 300", 7, "whole number from 0 to 126"),
        ("limit_a = 32", "limit = 32", 7, 'did you mean "limit_a"'),
        ("force = true", 'force = "yes"', 6, "write true or false"),
        ("at_s = 1.5", 'at_s = "soon"', 7, "write seconds"),
        ("at_s = 1.5", "at_s = 21", 7, "the story runs from 0 to 20 s"),
        ("{ at_s = 1.5, do", "{ do", 7, "write seconds"),
        ('latch-mode = "always"', 'latch-mode = "alwys"', 8, "did you mean 'always'"),
        ('"stuck_pin"', '"stuck_pn"', 11, 'did you mean "stuck_pin"'),
        ('pin = "latch" }', 'pin = "hatch" }', 11, 'did you mean "latch"'),
        ("to_s = 9", "to_s = 3", 11, "must be later than from_s"),
        ('what = "lost_frames", percent = 5', 'what = "silent_message"', 12, "message"),
        (
            'what = "lost_frames", percent = 5',
            'what = "silent_message", message = "DoorState"',
            12,
            'did you mean "DoorLockState"',
        ),
        ('auto-lock = "off"', 'auto-lok = "off"', 15, "did you mean 'auto-lock'"),
        ('doors = "locked"', 'doors = "shut"', 19, "does not know"),
        ("connector = true", "conector = true", 20, 'did you mean "connector"'),
        ('when_empty = "leave"', 'when_empty = "stay"', 23, "does not know"),
        ('state = "engaged"', 'state = "engagd"', 29, 'did you mean "engaged"'),
        ('state = "engaged"', 'stat = "engaged"', 29, 'did you mean "state"'),
        ('kind = "actuator",', 'kind = "aktuator",', 29, 'did you mean "actuator"'),
        ('says = "It holds."', "", 26, "says: is missing"),
        ("at_s = 2\n", "never = 1\n", 28, "write true or false"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_nearest_word(
    tmp_path: Path, was: str, becomes: str, line: int, says: str
) -> None:
    assert WHOLE.count(was) == 1
    with pytest.raises(StoryError) as caught:
        read(tmp_path, WHOLE.replace(was, becomes))
    lines = [finding.line for finding in caught.value.findings]
    assert str(tmp_path / "tale.toml") in str(caught.value)
    assert says in str(caught.value)
    assert line in lines


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(StoryError) as caught:
        read(tmp_path, WHOLE.replace("plug", "plog").replace("stuck_pin", "stuck"))
    assert len(caught.value.findings) >= 3


def test_a_file_that_is_not_there_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoryError, match="No such file"):
        read_story(tmp_path / "gone.toml")
    with pytest.raises(StoryError, match="not valid TOML"):
        read(tmp_path, "title = ")


def test_every_word_says_what_it_does() -> None:
    for word in (*STEPS.values(), *FAULTS.values()):
        assert word.says.endswith(".")
        for parameter in word.parameters.values():
            if isinstance(parameter, Choice) and parameter.default is not None:
                assert parameter.default in parameter.valid
            if isinstance(parameter, Number) and parameter.default is not None:
                assert parameter.low <= parameter.default <= parameter.high


def test_every_deed_is_a_step() -> None:
    others = {"sleep", "wake", "intrude", "request", "hour", "set", "restart"}
    assert set(DEEDS) | others == set(STEPS)


def test_an_ordered_fault_holds_from_its_beginning_up_to_its_end() -> None:
    orders = Orders([FaultOrder(10, 20, "stuck_pin", {"pin": "latch"})])
    held = [now for now in range(30) if orders.find("stuck_pin", now, pin="latch")]
    assert held == list(range(10, 20))
    assert orders.find("stuck_pin", 15, pin="adapter") is None
    assert orders.find("slow_pin", 15, pin="latch") is None
    assert [orders.next_change_us(now) for now in (0, 10, 20)] == [10, 20, None]
    assert orders.ordered("stuck_pin")
    assert not orders.ordered("slow_pin")


def test_an_order_that_names_no_message_concerns_all() -> None:
    orders = Orders([FaultOrder(0, 9, "lost_frames", {"percent": 5})])
    assert orders.find("lost_frames", 3, message="DcState")


def test_modes_in_a_story_are_the_settings_words(tmp_path: Path) -> None:
    story = read(tmp_path, WHOLE.replace('auto-lock = "off"', 'latch-mode = "while-charging"'))
    assert story.settings.latch_mode is Mode.WHILE_CHARGING
