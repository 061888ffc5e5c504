"""Presets: each is a whole choice that can be made, and does what its sentence says."""

from __future__ import annotations

import pytest

from vehicle.core.presets import FACTS, PRESETS, Preset, preset_named, wishes_of
from vehicle.core.settings import OVERRIDES, SINGLE, Settings
from vehicle.core.settings_read import SettingsError, parse

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_is_made_of_settings_that_exist_and_says_what_it_is_for(preset: Preset) -> None:
    parse(preset.wishes)
    assert preset.says.endswith(".")
    assert preset_named(preset.name) is preset


def test_the_names_differ_and_those_for_a_way_of_living_come_first() -> None:
    names = [preset.name for preset in PRESETS]
    assert len(set(names)) == len(names)
    assert names[:4] == ["street", "home-garage", "shared-charger", "never-stuck"]


def test_presets_for_a_way_of_living_differ_from_each_other() -> None:
    chosen = {preset.name: parse(preset.wishes) for preset in PRESETS[:4]}
    assert len(set(chosen.values())) == 4
    assert Settings() not in chosen.values()


def test_a_preset_wants_something_of_every_key_but_facts() -> None:
    wishes = wishes_of(preset_named("shared-charger"))
    assert set(wishes) == {*SINGLE, OVERRIDES} - set(FACTS)
    assert wishes["auto-lock"] is None
    assert wishes["release-grace-min"] == 10
    assert wishes[OVERRIDES] == "release-when-full=off when cable=own"


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match="'home-garag'; did you mean 'home-garage'"):
        preset_named("home-garag")
    with pytest.raises(SettingsError, match="'xyzzy'; there are street, home-garage"):
        preset_named("xyzzy")
