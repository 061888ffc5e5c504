"""Places at the control socket; and that a position is nowhere to be found afterwards."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from control_desk import at_the_desk
from owners_car import PARKED, OwnersCar, served

from vehicle.cli.main import main
from vehicle.core.inputs import Observed
from vehicle.core.plain import to_plain
from vehicle.core.signals import Hour, Place
from vehicle.runtime.events_file import read_event, write_event
from vehicle.runtime.journal import to_line

HOME = {"latitude_deg": 52.37312, "longitude_deg": 4.89261}
AWAY = {"latitude_deg": 51.98765, "longitude_deg": 4.12345}
DIGITS = ("37312", "89261", "98765", "12345", "52.", "51.9", "4.89", "4.12")


@pytest.fixture
def run(tmp_path):
    """Run a test's coroutine with a desk of its own."""
    return partial(at_the_desk, tmp_path)


def test_a_place_is_told_by_name(run) -> None:
    async def story(desk):
        assert desk.ask("GetPlace").reply == {"place": "unknown", "zones": []}
        assert desk.ask("TellPlace", place="home").reply["place"] == "home"
        near = desk.ask("TellPlace", place="hme")
        assert near.reply["message"] == (
            "place = 'hme' must be one of home, work, away; did you mean 'home'?"
        )
        assert desk.car.manager.snapshot.place is Place.HOME

    run(story)


def test_a_car_that_names_its_place_is_believed_and_nobody_else(run) -> None:
    async def story(desk):
        desk.car.advance(3)
        assert desk.car.manager.snapshot.place is Place.WORK
        assert "tells by itself where it stands" in desk.ask("TellPlace", place="home").words
        await desk.change("SetZone", zone="home", **HOME, radius_m=50)
        assert "tells by itself" in desk.ask("TellPosition", **HOME).words
        desk.car.do("drive", place="unknown")
        desk.car.advance(3)
        assert desk.ask("TellPosition", **HOME).reply["place"] == "home"

    run(story, OwnersCar(replace(PARKED, surroundings=True, place="work")))


def test_a_position_becomes_the_name_of_its_zone(run) -> None:
    async def story(desk):
        assert "no zone is set" in desk.ask("TellPosition", **HOME).words
        told = await desk.change("SetZone", zone="home", **HOME, radius_m=50)
        assert told.reply["zones"] == [{"zone": "home", "radius_m": 50}]
        assert desk.ask("TellPosition", **HOME).reply["place"] == "home"
        assert desk.ask("TellPosition", **AWAY).reply["place"] == "away"
        await desk.change("SetZone", zone="work", **AWAY, radius_m=None)
        assert desk.ask("TellPosition", **AWAY).reply["place"] == "work"
        assert (await desk.change("UnsetZone", zone="work")).reply["zones"][0]["zone"] == "home"
        assert len((await desk.change("UnsetZone", zone="home")).reply["zones"]) == 0

    run(story)


@pytest.mark.parametrize(
    ("method", "given", "words"),
    [
        ("SetZone", {"zone": "hme", **HOME}, "did you mean 'home'"),
        ("SetZone", {"zone": "home", **HOME, "radius_m": 5}, "the nearest is 20"),
        ("SetZone", {"zone": "home", "latitude_deg": 98.7, "longitude_deg": 1}, "-90 and 90"),
        ("UnsetZone", {"zone": "away"}, "there are home, work"),
    ],
)
def test_a_zone_that_cannot_be_names_what_fits(run, method, given, words) -> None:
    async def story(desk):
        client = await desk.change(method, **given)
        assert client.error == "BadSetting"
        assert words in client.reply["message"]
        assert "98.7" not in client.words

    run(story)


def test_a_zone_that_cannot_be_saved_is_said_and_one_is_saved_at_a_time(run, monkeypatch) -> None:
    async def story(desk):
        first = desk.ask("SetZone", zone="home", **HOME)
        second = desk.ask("SetZone", zone="work", **AWAY)
        assert "another zone is being saved" in second.words
        await first.answered.wait()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        refused = await desk.change("UnsetZone", zone="home")
        assert refused.error == "Failed"
        assert desk.ask("GetPlace").reply["zones"] == [{"zone": "home", "radius_m": 100}]

    run(story)


def test_what_was_told_is_recorded_and_replays() -> None:
    event = Observed((("place", Place.HOME), ("hour", Hour.H22)))
    line = write_event(7, event)
    assert line == '{"event":"told","signals":{"hour":"22","place":"home"},"t":7}'
    now_us, again = read_event(line)
    assert (now_us, set(again.values)) == (7, set(event.values))


@pytest.mark.parametrize(
    ("signals", "words"),
    [
        ('{"plce":"home"}', "place"),
        ('{"car_lock":"locked"}', 'does not know "car_lock"'),
        ('{"place":"hme"}', "home"),
        ("3", "must be a table"),
    ],
)
def test_what_cannot_have_been_told_is_named(signals, words) -> None:
    with pytest.raises(ValueError, match=words):
        read_event(f'{{"event":"told","signals":{signals},"t":7}}')


def everything_said(bench) -> str:
    """Return all that a service and its commands tell, keep or record, but the zones' file."""
    commands = (
        "status --json", "status -v", "why --json", "journal", "settings show --json",
        "settings show -v", "place show", "place show --json", "settings try --place home",
    )  # fmt: skip
    said = [
        CliRunner().invoke(main, [*command.split(), "--socket", str(bench.path)]).output
        for command in commands
    ]
    said += [to_line(now_us, entry) for now_us, entry in bench.car.journal]
    said += [json.dumps(to_plain(bench.car.manager.memory))]
    said += [
        path.read_text(encoding="utf-8")
        for path in Path(bench.folder).rglob("*")
        if path.is_file() and path.name != "zones.toml"
    ]
    return "\n".join(said)


def test_no_position_is_in_any_answer_journal_or_file_but_the_zones_own() -> None:
    with served(OwnersCar(PARKED)) as bench:

        def ask(*words: str) -> str:
            done = CliRunner().invoke(main, ["place", *words, "--socket", str(bench.path)])
            return done.output

        degrees = (
            "--latitude",
            str(HOME["latitude_deg"]),
            "--longitude",
            str(HOME["longitude_deg"]),
        )
        away = ("--latitude", str(AWAY["latitude_deg"]), "--longitude", str(AWAY["longitude_deg"]))
        heard: list[object] = []
        bench.do(lambda: bench.car.listen(lambda _, entry: heard.append(entry)))
        said = [
            ask("zone", "home", *degrees, "--radius", "60"),
            ask("tell", *degrees),
            ask("tell", *away),
            ask("tell", "--latitude", "95.12345", "--longitude", "4.98765"),
            ask("zone", "home", *degrees, "--radius", "1"),
        ]
        assert said[0] == "place  unknown\nzone   home, 60 m around\n"
        assert said[1].startswith("place  home\n")
        assert said[2].startswith("place  away\n")
        text = "\n".join([*said, everything_said(bench), repr(heard)])
        zones = (bench.folder / "zones.toml").read_text(encoding="utf-8")
    assert "37312" in zones
    assert "place" in text
    for digits in DIGITS:
        assert digits not in text, digits


@pytest.mark.parametrize(
    "words",
    [
        ("tell",),
        ("tell", "home", "--latitude", "1"),
        ("tell", "--latitude", "1"),
        ("zone", "home"),
        ("zone", "home", "--forget", "--radius", "50"),
        ("zone", "home", "--latitude", "1"),
    ],
)
def test_half_a_place_is_misuse(words) -> None:
    done = CliRunner().invoke(main, ["place", *words, "--socket", "nowhere"])
    assert done.exit_code == 2
    assert "give either" in done.stderr


def test_a_zone_is_forgotten_and_a_name_is_told_on_the_command_line() -> None:
    with served(OwnersCar(PARKED)) as bench:

        def ask(*words: str) -> str:
            done = CliRunner().invoke(main, ["place", *words, "--socket", str(bench.path)])
            return done.output

        assert ask("zone", "work", "--latitude", "1", "--longitude", "2").endswith("100 m around\n")
        assert ask("zone", "work", "--forget") == "place  unknown\n"
        assert ask("tell", "work") == "place  work\n"
        assert json.loads(ask("show", "--json")) == {"place": "work", "zones": []}
