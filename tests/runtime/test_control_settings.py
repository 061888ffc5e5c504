"""Settings by circumstance at the control socket: overrides, presets, and what would be decided."""

from __future__ import annotations

import asyncio
import json
from functools import partial

import pytest
from control_desk import Client, Desk, at_the_desk
from owners_car import PARKED, OwnersCar

from vehicle.core.inputs import Observed
from vehicle.core.settings import OVERRIDES, Settings
from vehicle.core.settings_read import parse
from vehicle.core.signals import Place


@pytest.fixture
def run(tmp_path):
    """Run a test's coroutine with a desk of its own."""
    return partial(at_the_desk, tmp_path)


def at(desk: Desk, place: Place) -> None:
    """Let the car stand somewhere."""
    desk.car.give(Observed((("place", place),)))


async def chosen(desk: Desk, value: str, when: str | None, key: str = "auto-lock") -> Client:
    return await desk.change("SetSetting", key=key, value=value, when=when)


def overrides(desk: Desk) -> list[str]:
    return [str(each) for each in desk.car.manager.settings.overrides]


# ---- overrides ----------------------------------------------------------------------------------


def test_an_override_holds_in_its_circumstance_and_nowhere_else(run) -> None:
    async def story(desk):
        told = await chosen(desk, "off", "place=home")
        assert told.reply["changes"] == [
            {"key": OVERRIDES, "was": "", "becomes": "auto-lock=off when place=home"}
        ]
        assert "auto-lock off when place=home: Anyone can take" in told.reply["gives_up"][0]
        for place, effective in ((Place.AWAY, "on"), (Place.HOME, "off"), (Place.WORK, "on")):
            at(desk, place)
            told = desk.ask("GetSettings").reply
            assert told["effective"]["auto-lock"] == effective
            assert told["settings"]["auto-lock"] == "on"
            assert told["circumstance"]["place"] == place
            (override,) = told["overrides"]
            assert override == {
                "key": "auto-lock",
                "value": "off",
                "when": "place=home",
                "applies": place is Place.HOME,
                "wins": place is Place.HOME,
            }

    run(story, OwnersCar(PARKED))


def test_why_names_the_override_behind_the_decision(run) -> None:
    async def story(desk):
        await chosen(desk, "off", "place=home")
        assert desk.ask("Why", actuator=None).reply["overrides"] == []
        at(desk, Place.HOME)
        told = desk.ask("Why", actuator=None).reply
        assert told["rule"] == "auto_lock_off"
        assert told["settings"]["auto-lock"] == "off"
        assert told["overrides"] == ["auto-lock=off when place=home"]

    run(story, OwnersCar(PARKED))


def test_the_narrower_override_goes_before_the_wider_one_whichever_comes_first(run) -> None:
    async def story(desk):
        await chosen(desk, "off", "place=home")
        await chosen(desk, "on", "place=home, supply=dc")
        assert overrides(desk) == [
            "auto-lock=on when place=home, supply=dc",
            "auto-lock=off when place=home",
        ]
        await chosen(desk, "on", "place=home")
        assert overrides(desk)[1] == "auto-lock=on when place=home"
        await desk.change("UnsetSetting", key="auto-lock", when="supply=dc,place=home")
        assert overrides(desk) == ["auto-lock=on when place=home"]
        await desk.change("UnsetSetting", key="auto-lock", when="place=home")
        assert desk.car.manager.settings == Settings()
        assert desk.store.owner_values == {}

    run(story)


@pytest.mark.parametrize(
    ("key", "value", "when", "words"),
    [
        ("auto-lock", "off", "place=hom", "did you mean 'home'?"),
        ("auto-lock", "off", "plac=home", "did you mean 'place'?"),
        ("auto-lock", "off", "place", "write it as place=home"),
        ("auto-lock", "off", "", "no circumstance is named; name one of place, supply"),
        ("auto-lock", "off", "place=home, place=work", "place is named twice"),
        ("auto-lock", "of", "place=home", "did you mean 'off'?"),
        ("auto-lok", "off", "place=home", "did you mean 'auto-lock'?"),
        ("cable-default", "own", "place=home", "cannot depend on the circumstance"),
        ("overrides", "x", "place=home", "unknown key 'overrides'"),
        ("release-grace-min", "1500", "place=home", "the nearest is 1440"),
        ("release-grace-min", "ten", "place=home", "a whole number from 0 to 1440 min"),
        ("auto-lock", "off", "supply=dc, cable=own", "a DC station's cable is never your own"),
        ("auto-lock", "on", "hours=22-24, place=work", "is never reached: override 1"),
    ],
)
def test_an_override_that_cannot_be_is_refused_and_nothing_is_half_applied(
    run, key, value, when, words
) -> None:
    async def story(desk):
        await chosen(desk, "off", "hours=20-6", key="latch-mode")
        kept = desk.car.manager.settings
        client = await chosen(desk, value, when, key)
        if "never reached" in words:
            # It can win by coming first; what is refused is the list written so.
            assert client.error is None
            listed = "auto-lock=off when hours=20-6; auto-lock=on when hours=22-24, place=work"
            client = await desk.change("SetSetting", key=OVERRIDES, value=listed)
            kept = desk.car.manager.settings
        assert client.error == "BadSetting"
        assert words in client.reply["message"]
        assert desk.car.manager.settings == kept

    run(story)


def test_an_override_that_is_not_there_is_named_with_those_that_are(run) -> None:
    async def story(desk):
        none = await desk.change("UnsetSetting", key="auto-lock", when="place=home")
        assert "auto-lock has no override when place=home; it has none at all" in none.words
        await chosen(desk, "off", "place=work")
        other = await desk.change("UnsetSetting", key="auto-lock", when="place=home")
        assert other.reply["message"].endswith("there are: auto-lock=off when place=work")

    run(story)


def test_two_owners_who_change_overrides_at_once_both_get_their_way(run) -> None:
    async def story(desk):
        clients = [
            desk.ask("SetSetting", key="auto-lock", value="off", when="place=home"),
            desk.ask("SetSetting", key="latch-mode", value="always", when="place=away"),
            desk.ask("SetSetting", key="latch-mode", value="sometimes", when="place=away"),
            desk.ask("SetSetting", key="auto-lock", value="off", when="place=work"),
        ]
        await asyncio.gather(*(client.answered.wait() for client in clients))
        assert [client.error for client in clients] == [None, None, "BadSetting", None]
        assert overrides(desk) == [
            "auto-lock=off when place=home",
            "latch-mode=always when place=away",
            "auto-lock=off when place=work",
        ]

    run(story)


@pytest.mark.parametrize("when", [None, "place=away"])
def test_settings_that_belong_together_change_together_or_not_at_all(run, when) -> None:
    async def story(desk):
        given = {"key": "release-when-full", "value": "on", "when": when}
        wrong = await desk.change("SetSetting", **given, also={"release-grace-min": "1441"})
        assert wrong.error == "BadSetting"
        assert "the nearest is 1440" in wrong.words
        assert desk.car.manager.settings == Settings()
        preview = desk.ask("PreviewSetting", **given, also={"release-grace-min": "10"}).reply
        told = await desk.change("SetSetting", **given, also={"release-grace-min": "10"})
        assert told.reply == preview
        at(desk, Place.AWAY)
        effective = desk.ask("GetSettings").reply["effective"]
        assert (effective["release-when-full"], effective["release-grace-min"]) == ("on", "10")

    run(story)


# ---- presets ------------------------------------------------------------------------------------


def test_a_preset_changes_everything_at_once_and_its_preview_says_so_before(run, tmp_path) -> None:
    async def story(desk):
        await chosen(desk, "off", "place=home")
        await chosen(desk, "own", None, key="cable-default")
        before = desk.car.manager.settings
        preview = desk.ask("PreviewPreset", name="shared-charger").reply
        assert desk.car.manager.settings == before
        taken = (await desk.change("TakePreset", name="shared-charger")).reply
        assert taken == preview
        assert taken["changes"] == [
            {"key": "release-when-full", "was": "off", "becomes": "on"},
            {"key": "release-grace-min", "was": "0", "becomes": "10"},
            {
                "key": OVERRIDES,
                "was": "auto-lock=off when place=home",
                "becomes": "release-when-full=off when cable=own",
            },
        ]
        assert desk.car.manager.settings == parse(
            {
                "cable-default": "own",
                "release-when-full": "on",
                "release-grace-min": 10,
                OVERRIDES: ["release-when-full=off when cable=own"],
            }
        )
        again = (await desk.change("TakePreset", name="shared-charger")).reply
        assert again["changes"] == []

    run(story)
    lines = (tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["generation"] for line in lines] == [1, 2, 3, 3, 3]


@pytest.mark.parametrize("method", ["PreviewPreset", "TakePreset"])
def test_a_preset_that_does_not_exist_names_the_nearest(run, method) -> None:
    async def story(desk):
        client = await desk.change(method, name="never-stuk")
        assert client.error == "BadSetting"
        assert client.reply["message"].endswith("did you mean 'never-stuck'?")
        assert desk.car.manager.settings == Settings()

    run(story)


# ---- thought-up circumstances -------------------------------------------------------------------


def test_a_thought_up_circumstance_is_decided_without_touching_anything(run) -> None:
    async def story(desk):
        await chosen(desk, "off", "place=home")
        before = (desk.car.manager.memory, len(desk.car.journal))
        told = desk.ask("TrySettings", place="home", supply="ac").reply
        assert (desk.car.manager.memory, len(desk.car.journal)) == before
        assert told["effective"]["auto-lock"] == "off"
        assert told["circumstance"]["place"] == "home"
        assert {each["state"] for each in told["moments"]} == {"released"}
        charging = next(each for each in told["moments"] if each["moment"] == "charging")
        assert charging["overrides"] == ["auto-lock=off when place=home"]
        dc = desk.ask("TrySettings", place="home", supply="dc").reply["moments"]
        states = {each["moment"]: each["state"] for each in dc}
        assert (states["charging"], states["full"]) == ("engaged", "released")
        strong = desk.ask("TrySettings", place="home", supply="ac", limit_a=32).reply["moments"]
        assert "engaged" in {each["state"] for each in strong}

    run(story)


def test_a_circumstance_that_cannot_be_names_what_fits(run) -> None:
    async def story(desk):
        for given, words in (
            ({"place": "hom"}, "did you mean 'home'?"),
            ({"hours": "25"}, "0 to 23"),
        ):
            client = desk.ask("TrySettings", **given)
            assert client.error == "BadSetting"
            assert words in client.reply["message"]

    run(story)
