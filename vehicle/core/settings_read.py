"""Reading what an owner chose: from a parsed settings document, word by word.

Knows: which keys and values there are, and what to say of one that does not fit: which it is, where
it stands, and what is nearest.
Refuses to know: files, and what a choice means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vehicle.core.circumstance import ConditionError, nearest
from vehicle.core.overrides import Override, OverrideError, check, read_override
from vehicle.core.settings import NEVER, OVERRIDES, SINGLE, Settings, Toggle, as_written


class SettingsError(ValueError):
    """A settings key or value that cannot be used. The message says which, and what fits."""


def parse(document: Mapping[str, object], where: str = "settings") -> Settings:
    """Build Settings from a parsed settings document; absent keys keep their default.

    ``where`` names the document in errors. Raises SettingsError for an unknown key (with the
    nearest one), a value that does not exist (with the nearest), a number out of its range, or an
    override that cannot be used (with those that stand in its way).
    """
    values: dict[str, object] = {}
    for key, value in document.items():
        if key == "schema":
            _check_schema(value, where)
        elif key == OVERRIDES:
            values[OVERRIDES] = parse_overrides(value, where)
        elif key in SINGLE:
            values[SINGLE[key].name] = value_of(SINGLE[key], key, value, where)
        else:
            raise SettingsError(f"{where}: unknown key {key!r}{nearest(key, (*SINGLE, OVERRIDES))}")
    return Settings(**values)  # type: ignore[arg-type]


def parse_overrides(value: object, where: str) -> tuple[Override, ...]:
    """Return the overrides of a list of texts, or of one text with semicolons between them.

    Raises SettingsError, which counts the override at fault from 1. Where one can never win, its
    cause is the OverrideError that says which stand in its way.
    """
    texts = value.split(";") if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise SettingsError(
            f'{where}: {OVERRIDES} must be a list such as ["auto-lock=off when place=home"]'
        )
    found: list[Override] = []
    for text in filter(str.strip, texts):
        found.append(parse_override(text.strip(), f"{where}: override {len(found) + 1}"))
    try:
        check(found)
    except OverrideError as error:
        raise SettingsError(f"{where}: {error}") from error
    return tuple(found)


def parse_override(text: str, where: str) -> Override:
    """Return the override that ``KEY=VALUE when CONDITIONS`` says. Raises SettingsError."""
    try:
        key, word, when = read_override(text)
    except ConditionError as error:
        raise SettingsError(f"{where}: {error}") from error
    keys = tuple(key for key, item in SINGLE.items() if item.metadata["by_circumstance"])
    if key not in keys:
        if key in SINGLE:
            raise SettingsError(f"{where}: {key} cannot depend on the circumstance")
        raise SettingsError(f"{where}: unknown key {key!r}{nearest(key, keys)}")
    item = SINGLE[key]
    number = "range" in item.metadata and word.removeprefix("-").isdecimal()
    value = value_of(item, key, int(word) if number else word, where)
    return Override(key, as_written(item, value), when)


def _check_schema(value: object, where: str) -> None:
    if type(value) is not int or value != 1:
        raise SettingsError(f"{where}: schema {value!r} is not known here; this version reads 1")


def value_of(item: Any, key: str, value: object, where: str) -> Any:
    """Return a value as its field holds it. Raises SettingsError where it does not fit."""
    if "range" in item.metadata:
        low, high = item.metadata["range"]
        unit = item.metadata["unit"]
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        never = item.metadata["never"]
        if never and value == NEVER:
            return 0
        hint = nearest(value, (NEVER,)) if never and isinstance(value, str) else ""
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
            hint = f"; the nearest is {int(min(max(value, low), high))}"
        raise SettingsError(
            f"{where}: {key} = {value!r} must be a whole number from {low} to {high} {unit}"
            f"{f', or {NEVER}' if never else ''}{hint}"
        )
    kind: Any = type(item.default)
    if isinstance(value, bool) and kind is Toggle:
        return Toggle.ON if value else Toggle.OFF
    words = [member.value for member in kind]
    if isinstance(value, str) and value in words:
        return kind(value)
    raise SettingsError(
        f"{where}: {key} = {value!r} must be one of {', '.join(words)}{nearest(str(value), words)}"
    )
