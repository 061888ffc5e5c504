"""What an owner's command wants of the settings: one value, one override, or a whole preset.

Knows: how a wish changes the settings that hold. Refuses to know: files, sockets, and whether the
wish is granted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vehicle.core.circumstance import ConditionError, read_when
from vehicle.core.overrides import SEPARATOR, OverrideError, placed, removed
from vehicle.core.presets import preset_named, wishes_of
from vehicle.core.settings import OVERRIDES, Settings, SettingsError, parse_override

Wishes = Mapping[str, str | int | None]
"""Settings key -> the value that is wished for; None: the vendor's, or the default."""

Wish = Callable[[Settings], Wishes]
"""From the settings that hold to what is to change. Raises SettingsError with what would fit."""


def wish(key: str, value: str | None, when: str | None) -> Wish:
    """Return the wish to set ``key`` to ``value``, or to unset it with None.

    ``when``: only in this circumstance, such as ``place=home, supply=ac``; None: always.
    """
    if when is None:
        return lambda _: {key: value}
    return lambda now: {OVERRIDES: _overrides(now, key, value, when)}


def preset_wish(name: str) -> Wish:
    """Return the wish for the preset called ``name``."""
    return lambda _: wishes_of(preset_named(name))


def _overrides(now: Settings, key: str, value: str | None, when: str) -> str | None:
    """Return the list of overrides with one put in or, where ``value`` is None, taken out."""
    try:
        if value is not None:
            new = parse_override(f"{key}={value} when {when}", "settings")
            overrides = placed(now.overrides, new)
        else:
            overrides = removed(now.overrides, key, read_when(when))
    except (ConditionError, OverrideError) as error:
        raise SettingsError(f"settings: {error}") from error
    if value is None and overrides == now.overrides:
        mine = [str(each) for each in now.overrides if each.key == key]
        known = f"; there are: {SEPARATOR.join(mine)}" if mine else "; it has none at all"
        raise SettingsError(f"settings: {key} has no override when {read_when(when)}{known}")
    return SEPARATOR.join(map(str, overrides)) or None
