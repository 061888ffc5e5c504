"""The owner's settings file: what is read, and how a bad one is named."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from vehicle.core.settings import Mode, Settings, Toggle, key_of
from vehicle.core.settings_read import SettingsError
from vehicle.runtime.store import read_settings


def settings_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "Einstellungen.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        read_settings(path)
    words = str(refused.value)
    assert words.startswith(f"{path}: ")
    assert "\n" not in words
    return words.removeprefix(f"{path}: ")


def test_keys_that_are_absent_keep_their_default(tmp_path: Path) -> None:
    """An empty file is the default; one key changes one setting."""
    assert read_settings(settings_file(tmp_path, "")) == Settings()
    path = settings_file(tmp_path, 'schema = 1\nlatch-mode = "always"\npower-cut-hold-s = 60\n')
    assert read_settings(path) == Settings(latch_mode=Mode.ALWAYS, power_cut_hold_s=60)


def test_a_toggle_may_be_written_as_true_or_false(tmp_path: Path) -> None:
    """TOML has a word of its own for it."""
    path = settings_file(tmp_path, "auto-lock = false\nrelease-when-full = true\n")
    assert read_settings(path) == Settings(auto_lock=Toggle.OFF, release_when_full=Toggle.ON)


def test_every_setting_can_be_written_and_read_back(tmp_path: Path) -> None:
    """What ``words`` writes, the file reads."""
    owner = Settings(auto_lock=Toggle.OFF, latch_mode=Mode.OFF, release_grace_min=1440)
    text = "\n".join(f"{key} = {value!r}" for key, value in owner.words().items())
    assert read_settings(settings_file(tmp_path, text)) == owner
    assert set(owner.words()) == {key_of(item.name) for item in fields(Settings)}


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    """The usual slips: an underscore, a letter."""
    path = settings_file(tmp_path, 'auto_lock = "off"\n')
    assert refusal(path) == "unknown key 'auto_lock'; did you mean 'auto-lock'?"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "power-cut-hold-s = 59",
            "power-cut-hold-s = 59 must be a whole number from 60 to 3600 s; the nearest is 60",
        ),
        (
            "power-cut-hold-s = inf",
            "power-cut-hold-s = inf must be a whole number from 60 to 3600 s; the nearest is 3600",
        ),
        (
            'release-grace-min = "5"',
            "release-grace-min = '5' must be a whole number from 0 to 1440 min",
        ),
        (
            "release-grace-min = true",
            "release-grace-min = True must be a whole number from 0 to 1440 min",
        ),
        (
            'latch-mode = "allways"',
            "latch-mode = 'allways' must be one of with-car, always, while-charging, off;"
            " did you mean 'always'?",
        ),
        ("auto-lock = 1", "auto-lock = 1 must be one of on, off"),
        ("schema = 2", "schema 2 is not known here; this version reads 1"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_what_does(
    line: str, words: str, tmp_path: Path
) -> None:
    """Key, value, range and the nearest."""
    assert refusal(settings_file(tmp_path, line)) == words


def test_a_word_without_quotes_is_explained(tmp_path: Path) -> None:
    """The slip that everybody makes once."""
    words = refusal(settings_file(tmp_path, "auto-lock = off\n"))
    assert words.startswith("is not TOML: ")
    assert "line 1" in words
    assert words.endswith('words in quotes, for instance auto-lock = "off"')


def test_a_file_in_another_encoding_is_named_with_the_byte(tmp_path: Path) -> None:
    """Latin-1, as an old editor saves it."""
    path = settings_file(tmp_path, b"# f\xfcr zu Hause\n")
    assert refusal(path) == "is not UTF-8 text (byte 3); save it again as UTF-8"


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    """The operating system's own words, and what to do."""
    missing = refusal(tmp_path / "nope.toml")
    assert missing == "cannot be read (No such file or directory); check the path"
    assert refusal(tmp_path) == "cannot be read (Is a directory); check the path"
