"""The settings as people are told of them: what each does, what fits, and what a choice gives up.

Knows: how to put the fields' metadata into words. Refuses to know: what any setting is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field
from typing import Any

from vehicle.core.circumstance import When
from vehicle.core.record import record
from vehicle.core.settings import LESS, MORE, NEVER, OVERRIDES, SINGLE, Settings


@record
class Description:
    """One setting as people are told of it."""

    key: str
    help: str
    default: str
    choices: tuple[str, ...]
    """Empty for a number, and for the list of overrides."""
    fits: str
    """What may be chosen, in words."""
    gives_up: Mapping[str, str]
    """Value -> what it gives up, for those that protect less, the weakest last; for a number
    LESS or MORE, the direction in which it protects less."""


def described() -> tuple[Description, ...]:
    """Return every setting as people are told of it, in the order of the fields."""
    overrides = Description(
        OVERRIDES,
        Settings.__dataclass_fields__[OVERRIDES].metadata["help"],
        "",
        (),
        'overrides such as "auto-lock=off when place=home", with semicolons between them',
        {},
    )
    return (*(_described(key, item) for key, item in SINGLE.items()), overrides)


def _described(key: str, item: Field[Any]) -> Description:
    meta = item.metadata
    choices: tuple[str, ...] = ()
    if "range" in meta:
        low, high = meta["range"]
        fits = f"a whole number from {low} to {high} {meta['unit']}"
        fits += f", or {NEVER}" if meta["never"] else ""
    else:
        kind: Any = type(item.default)
        choices = tuple(member.value for member in kind)
        fits = ", ".join(choices)
    return Description(key, meta["help"], str(item.default), choices, fits, meta["gives_up"])


def weakens(before: Settings, after: Settings) -> list[str]:
    """Return, for each changed setting whose new value protects less, what it gives up.

    Compared with the value before, not with the default: from ``off`` to ``while-charging`` is a
    gain, though ``while-charging`` protects less than other values. Where an override comes or
    goes, its value is compared with the one that holds without it.
    """
    told = []
    for key in SINGLE:
        whens = [each.when for each in (*before.overrides, *after.overrides) if each.key == key]
        for when in dict.fromkeys([None, *whens]):
            old, new = _value_in(before, key, when), _value_in(after, key, when)
            lost = _lost(SINGLE[key].metadata["gives_up"], old, new)
            if lost is not None:
                told.append(f"{key} {new}{f' when {when}' if when else ''}: {lost}")
    return told


def _value_in(settings: Settings, key: str, when: When | None) -> str | int:
    """Return what ``key`` is set to for exactly ``when``; else the setting itself."""
    values = (each.value for each in settings.overrides if (each.key, each.when) == (key, when))
    return next(values, settings.value(key))


def _lost(gives_up: Mapping[str, str], old: str | int, new: str | int) -> str | None:
    """Return what the change from ``old`` to ``new`` gives up, or None where it gives up nothing.

    Values that are not named protect fully; of those that are, the later ones protect less.
    """
    match old, new:
        case int(), int():
            less = gives_up.get(LESS) if new < old else None
            return gives_up.get(MORE) if new > old else less
    word, weakest_last = str(new), list(gives_up)
    if word in gives_up and str(old) not in weakest_last[weakest_last.index(word) :]:
        return gives_up[word]
    return None
