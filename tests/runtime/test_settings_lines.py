"""Overrides in settings files: those that cannot be are named by line, and lists are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from vehicle.core.settings_read import SettingsError, parse
from vehicle.runtime.settings_store import SettingsStore
from vehicle.runtime.store import read_settings

HOME = "auto-lock=off when place=home"
FILES = {
    "listed": (
        'auto-lock = "on"\n\n# mine\noverrides = [\n    "{0}",\n    # another\n    "{1}",\n]\n',
        ("line 5", "line 7"),
    ),
    "in one line": ('overrides = ["{0}", "{1}"]\nauto-lock = "on"\n', ("line 1", "line 1")),
    "literal": ("overrides = [\n'{0}',\n'{1}']\n", ("line 2", "line 3")),
    "one text": ('latch-mode = "off"\noverrides = "{0}; {1}"\n', ("line 2", "line 2")),
}
WRONG = {
    "auto-lock=on when place=home": "override 2 in {1} (auto-lock=on when place=home) is"
    " contradicted by override 1 in {0} (auto-lock=off when place=home), which comes first",
    "auto-lock=on when place=home, supply=dc": "override 2 in {1} (auto-lock=on when place=home,"
    " supply=dc) is never reached: override 1 in {0} (auto-lock=off when place=home) always comes",
    HOME: "override 2 in {1} (auto-lock=off when place=home) is there already as override 1 in {0}",
    "auto-lock=off when place=hme": "override 2 in {1}: place = 'hme' must be one of home, work,"
    " away; did you mean 'home'?",
    "auto-lck=off when place=work": "override 2 in {1}: unknown key 'auto-lck'; did you mean",
    "release-grace-min=2000 when place=work": "override 2 in {1}: release-grace-min = 2000 must be"
    " a whole number from 0 to 1440 min; the nearest is 1440",
    "auto-lock=off when hours=22": "override 2 in {1}: hours = '22' must be a span",
    "auto-lock=off": "override 2 in {1}: 'auto-lock=off' is no override; write it as",
}


@pytest.mark.parametrize("header", ["", "[settings]\n"], ids=["bare", "below its header"])
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("layout", FILES)
def test_an_override_that_cannot_be_is_named_with_its_line_and_what_stands_in_its_way(
    tmp_path, layout, wrong, header
) -> None:
    text, lines = FILES[layout]
    if header:
        lines = tuple(f"line {int(line.split()[1]) + 1}" for line in lines)
    path = tmp_path / "settings.toml"
    path.write_text(header + text.format(HOME, wrong), encoding="utf-8")
    expected = WRONG[wrong].format(*lines)
    with SettingsStore(path) as store:
        store.load()
        assert expected in store.notes[0]
        assert store.owner_values == {}
    if not header:
        with pytest.raises(SettingsError) as refused:
            read_settings(path)
        assert expected in str(refused.value)
        assert str(path) in str(refused.value)
        with SettingsStore(tmp_path / "other.toml", path) as store:
            with pytest.raises(SettingsError) as refused:
                store.load()
            assert expected in str(refused.value)


def test_overrides_are_kept_as_a_list_and_are_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    both = f"{HOME}; latch-mode=always when hours=22-6"
    with SettingsStore(path) as store:
        store.load()
        store.change("overrides", both, who="ann", when_s=1)
    assert (
        'overrides = [\n    "auto-lock=off when place=home",\n'
        '    "latch-mode=always when hours=22-6",\n]\n'
    ) in path.read_text(encoding="utf-8")
    with SettingsStore(path) as store:
        assert store.load() == parse({"overrides": both})
        assert store.notes == []
        assert [(one.old, one.new) for one in store.audit.changes()] == [(None, both)]


def test_an_override_that_never_wins_is_not_taken_and_the_settings_stay(tmp_path: Path) -> None:
    with SettingsStore(tmp_path / "settings.toml") as store:
        store.load()
        store.change("overrides", HOME, who="ann", when_s=1)
        with pytest.raises(SettingsError, match="is contradicted by override 1"):
            store.change("overrides", f"{HOME}; auto-lock=on when place=home", who="b", when_s=2)
        assert store.owner_values == {"overrides": HOME}
