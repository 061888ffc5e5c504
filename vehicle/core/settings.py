"""What the owner may choose, with the words, ranges and consequences of each choice.

Knows: every setting's name, values, default, help text and what a weaker choice gives up.
Refuses to know: files, command lines, and what the policy does with a choice.

A settings key is the field's name with dashes. Help texts, validation, the command line and the
documentation come from the fields' metadata, so they cannot drift apart.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import lru_cache
from typing import Any

from vehicle.core.car import Actuator


class Mode(StrEnum):
    """When a pin is engaged by itself."""

    WITH_CAR = "with-car"
    ALWAYS = "always"
    WHILE_CHARGING = "while-charging"
    OFF = "off"


class Toggle(StrEnum):
    """A choice that is on or off."""

    ON = "on"
    OFF = "off"


class HighCurrent(StrEnum):
    """What to do with AC above 16 A while auto-lock is off."""

    LOCK = "lock"
    LIMIT = "limit"


class SettingsError(ValueError):
    """A settings key or value that cannot be used. The message says which, and what fits."""


LESS, MORE = "less than before", "more than before"
"""The directions in which a number may protect less, as keys of what it gives up."""


def _choice(default: StrEnum, text: str, gives_up: Mapping[str, str] | None = None) -> Any:
    """Declare a choice. ``gives_up`` names the values that protect less, the weakest last."""
    return field(default=default, metadata={"help": text, "gives_up": dict(gives_up or {})})


def _number(
    default: int,
    low: int,
    high: int,
    unit: str,
    text: str,
    gives_up: Mapping[str, str] | None = None,
) -> Any:
    """Declare a number. ``gives_up`` says what LESS, or MORE, gives up."""
    told = {"help": text, "range": (low, high), "unit": unit, "gives_up": dict(gives_up or {})}
    return field(default=default, metadata=told)


_OFF_GIVES_UP = "Anyone can take the cable when it is not charging on DC or above 16 A."
_MODE_GIVES_UP = {
    Mode.WITH_CAR.value: (
        "Anyone can take the cable while the car is unlocked and no session is active."
    ),
    Mode.WHILE_CHARGING.value: "Anyone can take the cable once the charge is complete.",
    Mode.OFF.value: _OFF_GIVES_UP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The owner's choices. Frozen: a change replaces the whole and appears in the journal."""

    auto_lock: Toggle = _choice(
        Toggle.ON,
        "Engage the pins by themselves. Off engages only for DC and for AC above 16 A.",
        {Toggle.OFF.value: _OFF_GIVES_UP},
    )
    latch_mode: Mode = _choice(
        Mode.WITH_CAR, "When the charge-port latch is engaged.", _MODE_GIVES_UP
    )
    adapter_mode: Mode = _choice(
        Mode.WITH_CAR,
        "When the adapter lock is engaged.",
        {
            Mode.WITH_CAR.value: (
                "Anyone can take the adapter while the car is unlocked and no session is active."
            ),
            Mode.WHILE_CHARGING.value: "Anyone can take the adapter once the charge is complete.",
            Mode.OFF.value: "Anyone can take the adapter when no high current needs it held.",
        },
    )
    unlock_while_charging_frees: Toggle = _choice(
        Toggle.OFF,
        "Unlocking the car during a session stops the charge and releases the cable.",
        {Toggle.ON.value: "Fetching a jacket from the car ends the charge."},
    )
    release_when_full: Toggle = _choice(
        Toggle.OFF,
        "Release the connector once the charge is complete.",
        {Toggle.ON.value: "Anyone can take the cable once the charge is complete."},
    )
    release_grace_min: int = _number(
        0,
        0,
        1440,
        "min",
        "How long the cable stays held after the charge is complete.",
        {LESS: "With release-when-full on, anyone can take the cable sooner."},
    )
    high_current: HighCurrent = _choice(
        HighCurrent.LOCK,
        "With auto-lock off and more than 16 A offered: lock the connector, or stay unlocked and"
        " charge at 16 A.",
        {HighCurrent.LIMIT.value: "Anyone can take the cable while it charges on AC."},
    )
    power_cut_hold_s: int = _number(
        300,
        60,
        3600,
        "s",
        "How long an interrupted session stays held before it counts as over.",
        {LESS: "Whoever cuts the power, or the charge by radio, can take the cable sooner."},
    )

    def mode(self, actuator: Actuator) -> Mode:
        """Return when ``actuator`` engages by itself; OFF for both while auto-lock is off."""
        if self.auto_lock is Toggle.OFF:
            return Mode.OFF
        return self.latch_mode if actuator is Actuator.LATCH else self.adapter_mode

    def words(self) -> dict[str, str | int]:
        """Return every key with its value as written in a settings file."""
        return {key_of(item.name): _plain(getattr(self, item.name)) for item in fields(self)}


@dataclass(frozen=True, slots=True)
class Resolved:
    """The choices that bear on one actuator in the present circumstance: the policy's input."""

    mode: Mode = Mode.WITH_CAR
    release_when_full: Toggle = Toggle.OFF


@lru_cache(maxsize=256)
def resolve(settings: Settings, actuator: Actuator) -> Resolved:
    """Return what ``settings`` mean for ``actuator``. Overrides by circumstance belong here."""
    return Resolved(mode=settings.mode(actuator), release_when_full=settings.release_when_full)


@dataclass(frozen=True, slots=True)
class Description:
    """One setting as people are told of it."""

    key: str
    help: str
    default: str
    choices: tuple[str, ...]
    """Empty for a number."""
    fits: str
    """What may be chosen, in words."""
    gives_up: Mapping[str, str]
    """Value -> what it gives up, for those that protect less, the weakest last; for a number
    LESS or MORE, the direction in which it protects less."""


def described() -> tuple[Description, ...]:
    """Return every setting as people are told of it, in the order of the fields."""
    return tuple(_described(item) for item in fields(Settings))


def _described(item: Any) -> Description:
    meta = item.metadata
    choices: tuple[str, ...] = ()
    if "range" in meta:
        low, high = meta["range"]
        fits = f"a whole number from {low} to {high} {meta['unit']}"
    else:
        choices = tuple(member.value for member in type(item.default))
        fits = ", ".join(choices)
    key, default = key_of(item.name), str(_plain(item.default))
    return Description(key, meta["help"], default, choices, fits, meta["gives_up"])


def key_of(name: str) -> str:
    """Return the settings key of a field name: ``auto_lock`` -> ``auto-lock``."""
    return name.replace("_", "-")


def parse(document: Mapping[str, object], where: str = "settings") -> Settings:
    """Build Settings from a parsed settings document; absent keys keep their default.

    ``where`` names the document in errors. Raises SettingsError for an unknown key (with the
    nearest one), a value that does not exist (with the nearest), or a number out of its range.
    """
    known = {key_of(item.name): item for item in fields(Settings)}
    values: dict[str, object] = {}
    for key, value in document.items():
        if key == "schema":
            _check_schema(value, where)
            continue
        if key not in known:
            raise SettingsError(f"{where}: unknown key {key!r}{_nearest(key, known)}")
        values[known[key].name] = _value(known[key], key, value, where)
    return Settings(**values)  # type: ignore[arg-type]


def _check_schema(value: object, where: str) -> None:
    if type(value) is not int or value != 1:
        raise SettingsError(f"{where}: schema {value!r} is not known here; this version reads 1")


def _value(item: Any, key: str, value: object, where: str) -> object:
    if "range" in item.metadata:
        low, high = item.metadata["range"]
        unit = item.metadata["unit"]
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        nearest = ""
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
            nearest = f"; the nearest is {int(min(max(value, low), high))}"
        raise SettingsError(
            f"{where}: {key} = {value!r} must be a whole number from {low} to {high} {unit}"
            f"{nearest}"
        )
    kind = type(item.default)
    if isinstance(value, bool) and kind is Toggle:
        return Toggle.ON if value else Toggle.OFF
    words = [member.value for member in kind]
    if isinstance(value, str) and value in words:
        return kind(value)
    raise SettingsError(
        f"{where}: {key} = {value!r} must be one of {', '.join(words)}{_nearest(str(value), words)}"
    )


def _nearest(word: str, words: Any) -> str:
    near = difflib.get_close_matches(word, list(words), cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _plain(value: StrEnum | int) -> str | int:
    return value.value if isinstance(value, StrEnum) else value


def weakens(before: Settings, after: Settings) -> list[str]:
    """Return, for each changed setting whose new value protects less, what it gives up.

    Compared with the value before, not with the default: from ``off`` to ``while-charging`` is a
    gain, though ``while-charging`` protects less than other values.
    """
    told = []
    for item in fields(Settings):
        old, new = getattr(before, item.name), getattr(after, item.name)
        lost = _lost(item.metadata["gives_up"], old, new)
        if lost is not None:
            told.append(f"{key_of(item.name)} {new}: {lost}")
    return told


def _lost(gives_up: Mapping[str, str], old: StrEnum | int, new: StrEnum | int) -> str | None:
    """Return what the change from ``old`` to ``new`` gives up, or None where it gives up nothing.

    Values that are not named protect fully; of those that are, the later ones protect less.
    """
    if isinstance(old, int) and isinstance(new, int):
        direction = LESS if new < old else MORE
        return gives_up.get(direction) if new != old else None
    word, weakest_last = str(new), list(gives_up)
    if word in gives_up and str(old) not in weakest_last[weakest_last.index(word) :]:
        return gives_up[word]
    return None
