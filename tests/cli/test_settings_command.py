"""``chargelock settings`` by circumstance, as an owner types it and reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from owners_car import PARKED, OwnersCar, Served, served

from vehicle.cli.main import main
from vehicle.core.inputs import Observed
from vehicle.core.presets import PRESETS
from vehicle.core.signals import Place


@pytest.fixture(scope="module")
def _bench() -> Iterator[Served]:
    with served(OwnersCar(PARKED)) as bench:
        yield bench


@pytest.fixture
def bench(_bench) -> Served:
    """A parked car with the settings as they come."""
    ask(_bench, "preset", "tesla")
    _bench.do(lambda: _bench.car.give(Observed((("place", Place.AWAY),))))
    return _bench


def ask(bench: Served, *arguments: str) -> Result:
    """Run a command in this process."""
    words = ["settings", *arguments, "--socket", str(bench.path)]
    return CliRunner().invoke(main, words)


def test_an_override_is_set_shown_with_its_origin_explained_and_taken_away(bench) -> None:
    done = ask(bench, "set", "auto-lock", "off", "--when", "place=home")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "auto-lock is now off when place=home"
    assert done.stdout.splitlines()[1].startswith("  gives up  auto-lock off when place=home: ")
    away = ask(bench, "show").stdout
    assert "auto-lock                    on\n" in away
    assert "  override  auto-lock off when place=home\n" in away
    assert "       now  place away, supply ac, adapter no; unknown: cable, cabin, hours\n" in away
    bench.do(lambda: bench.car.give(Observed((("place", Place.HOME),))))
    home = ask(bench, "show").stdout
    assert "auto-lock                    off             when place=home; otherwise on\n" in home
    assert "  override  auto-lock off when place=home (now)\n" in home
    explained = ask(bench, "explain", "auto-lock").stdout
    assert explained.startswith("auto-lock is off\n            Engage the pins by themselves.")
    assert "        so  the first override that fits holds: when place=home\n" in explained
    why = CliRunner().invoke(main, ["why", "--socket", str(bench.path)]).stdout
    assert "   setting  auto-lock is off, by your override when place=home\n" in why
    gone = ask(bench, "unset", "auto-lock", "--when", "place=home")
    assert gone.stdout == "gone: auto-lock=off when place=home\n"
    assert "override" not in ask(bench, "show").stdout


def test_of_two_that_fit_the_first_one_wins_and_the_other_is_marked(bench) -> None:
    ask(bench, "set", "auto-lock", "off", "--when", "place=away")
    ask(bench, "set", "auto-lock", "on", "--when", "place=away, supply=ac")
    told = ask(bench, "explain", "auto-lock").stdout
    assert "auto-lock on when place=away, supply=ac (now)\n" in told
    assert "auto-lock off when place=away (after another)\n" in told
    bench.do(lambda: bench.car.give(Observed((("place", Place.WORK),))))
    assert (
        "no override fits, so the setting itself holds" in ask(bench, "explain", "auto-lock").stdout
    )


def test_explaining_a_setting_without_overrides_says_whose_value_it_is(bench) -> None:
    ask(bench, "set", "latch-mode", "always")
    told = ask(bench, "explain", "latch-mode").stdout
    assert told.startswith("latch-mode is always\n")
    assert "     yours  always\n" in told
    assert "   default  with-car\n" in told
    assert "now  place" not in told
    assert json.loads(ask(bench, "explain", "latch-mode", "--json").stdout)["overrides"] == []
    near = ask(bench, "explain", "latch-mod")
    assert (near.exit_code, "did you mean 'latch-mode'?" in near.stderr) == (2, True)


def test_a_wrong_override_names_the_nearest_word(bench) -> None:
    done = ask(bench, "set", "auto-lock", "off", "--when", "place=hme")
    assert done.exit_code == 2
    assert done.stderr == (
        "error: settings: place = 'hme' must be one of home, work, away; did you mean 'home'?\n"
    )


def test_a_key_without_its_value_is_misuse_and_changes_nothing(bench) -> None:
    done = ask(bench, "set", "release-when-full", "on", "release-grace-min")
    assert done.exit_code == 2
    assert "release-grace-min has no value; give each KEY its VALUE" in done.stderr
    assert "release-when-full            off\n" in ask(bench, "show").stdout


def test_a_preset_is_previewed_then_taken_and_says_what_it_gives_up(bench) -> None:
    ask(bench, "set", "latch-mode", "always", "--when", "hours=22-6")
    preview = ask(bench, "preset", "never-stuck", "--preview").stdout
    assert "auto-lock would be off\n" in preview
    assert "gone: latch-mode=always when hours=22-6\n" in preview
    assert "  gives up  auto-lock off: Anyone can take the cable" in preview
    assert "auto-lock                    on\n" in ask(bench, "show").stdout
    assert "auto-lock is now off\n" in ask(bench, "preset", "never-stuck").stdout
    again = ask(bench, "preset", "never-stuck").stdout
    assert again == "nothing changes: it is so already\n"


def test_the_presets_are_listed_with_what_they_are_for(bench) -> None:
    listed = ask(bench, "preset").stdout
    for preset in PRESETS:
        assert f"{preset.name}\n            {preset.says}\n" in listed
    as_json = json.loads(ask(bench, "preset", "--json").stdout)
    assert as_json["home-garage"]["auto-lock"] == "off"


def test_a_thought_up_circumstance_tells_each_moment(bench) -> None:
    ask(bench, "set", "auto-lock", "off", "--when", "place=home")
    told = ask(bench, "try", "--place", "home", "--supply", "dc").stdout
    lines = told.splitlines()
    assert lines[0] == (
        "        if  place home, supply dc, cable tethered, adapter no; unknown: cabin, hours"
    )
    assert lines[1] == "  override  auto-lock off when place=home"
    assert "it charges                                held          Dangerous voltage" in told
    assert "the battery is full                       free          Auto-lock is off" in told
    weak = ask(bench, "try", "--place", "away", "--board-supply", "low").stdout
    assert "board_supply low" in weak
    assert "But the 12 V supply is low: the pin might never be" in " ".join(weak.split())
    wrong = ask(bench, "try", "--temperature", "freezing")
    assert (wrong.exit_code, "must be one of cold, mild" in wrong.stderr) == (2, True)
    wrong = ask(bench, "try", "--hour", "24")
    assert (wrong.exit_code, "0 to 23" in wrong.stderr) == (2, True)
    as_json = json.loads(ask(bench, "try", "--adapter", "yes", "--json").stdout)
    assert {each["actuator"] for each in as_json["moments"]} == {"adapter"}


def test_presets_are_completed_with_what_they_are_for() -> None:
    from vehicle.cli.settings import _complete_preset

    assert [each.value for each in _complete_preset(None, None, "leaf-")] == [
        "leaf-lock",
        "leaf-auto",
        "leaf-unlock",
    ]
