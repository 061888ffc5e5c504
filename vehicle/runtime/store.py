"""Reads the owner's settings file. Knows TOML and files; refuses to know what a setting means."""

from __future__ import annotations

import tomllib
from pathlib import Path

from vehicle.core.settings import Settings
from vehicle.core.settings_read import SettingsError, parse
from vehicle.runtime.settings_lines import with_lines


def read_settings(path: Path) -> Settings:
    """Return the settings in a TOML file; keys that are absent keep their default.

    Raises SettingsError, naming the file and what to do: it cannot be read, is not TOML, or holds
    an unknown key or a value that does not exist.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path}: is not UTF-8 text (byte {error.start}); save it again as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{path}: is not TOML: {error}; write one key = value to a line, words in quotes,"
            ' for instance auto-lock = "off"'
        ) from error
    try:
        return parse(document, str(path))
    except SettingsError as error:
        raise with_lines(error, text) from error
