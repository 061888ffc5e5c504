"""What an owner's command wants of the settings: one value, one override, or a whole preset.

Knows: how a wish changes the settings that hold. Refuses to know: files, sockets, and whether the
wish is granted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from vehicle.core.circumstance import ConditionError, read_when
from vehicle.core.overrides import SEPARATOR, Override, OverrideError, placed, removed
from vehicle.core.presets import preset_named, wishes_of
from vehicle.core.settings import OVERRIDES, Settings
from vehicle.core.settings_read import SettingsError, parse_override

Wishes = Mapping[str, str | int | None]
"""Settings key -> the value that is wished for; None: the vendor's, or the default."""

Wish = Callable[[Settings], Wishes]
"""From the settings that hold to what is to change. Raises SettingsError with what would fit."""


def wish(values: Wishes, when: str | None) -> Wish:
    """Return the wish to set every key of ``values`` to its value, or to unset it with None.

    ``when``: only in this circumstance, such as ``place=home, supply=ac``; None: always.
    """
    if when is None:
        return lambda _: values
    return lambda now: {OVERRIDES: _overrides(now, values, when)}


def preset_wish(name: str) -> Wish:
    """Return the wish for the preset called ``name``."""
    return lambda _: wishes_of(preset_named(name))


def _overrides(now: Settings, values: Wishes, when: str) -> str | None:
    """Return the list of overrides with some put in and, where a value is None, taken out."""
    for key, value in values.items():
        now = replace(now, overrides=_changed(now.overrides, key, value, when))
    return SEPARATOR.join(map(str, now.overrides)) or None


def _changed(
    overrides: tuple[Override, ...], key: str, value: str | int | None, when: str
) -> tuple[Override, ...]:
    try:
        if value is not None:
            return placed(overrides, parse_override(f"{key}={value} when {when}", "settings"))
        conditions = read_when(when)
        rest = removed(overrides, key, conditions)
    except (ConditionError, OverrideError) as error:
        raise SettingsError(f"settings: {error}") from error
    if rest == overrides:
        mine = [str(each) for each in overrides if each.key == key]
        known = f"; there are: {SEPARATOR.join(mine)}" if mine else "; it has none at all"
        raise SettingsError(f"settings: {key} has no override when {conditions}{known}")
    return rest
