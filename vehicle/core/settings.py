"""What the owner may choose, with the words, ranges and consequences of each choice.

Knows: every setting's name, values, default, help text and what a weaker choice gives up, and
which value holds in a circumstance.
Refuses to know: files, command lines, and what the policy does with a choice.

A settings key is the field's name with dashes. Help texts, validation, the command line and the
documentation come from the fields' metadata, so they cannot drift apart; ``settings_told.py`` reads
it for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, field, fields
from enum import StrEnum
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.circumstance import CableOwner, ConditionError, nearest
from vehicle.core.overrides import SEPARATOR, Override, OverrideError, check, read_override
from vehicle.core.record import record


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


class ColdRelease(StrEnum):
    """When a pin is released before it can freeze."""

    NEVER = "never"
    ATTENDED = "attended"
    ALWAYS = "always"


class SettingsError(ValueError):
    """A settings key or value that cannot be used. The message says which, and what fits."""


LESS, MORE = "less than before", "more than before"
"""The directions in which a number may protect less, as keys of what it gives up."""

NEVER = "never"
"""The word for a time that never ends, where a setting has one; it is held as 0."""


def _choice(
    default: StrEnum,
    text: str,
    gives_up: Mapping[str, str] | None = None,
    *,
    by_circumstance: bool = True,
) -> Any:
    """Declare a choice. ``gives_up`` names the values that protect less, the weakest last."""
    told = {"help": text, "gives_up": dict(gives_up or {}), "by_circumstance": by_circumstance}
    return field(default=default, metadata=told)


def _number(
    default: int,
    low: int,
    high: int,
    unit: str,
    text: str,
    gives_up: Mapping[str, str] | None = None,
    *,
    never: bool = False,
) -> Any:
    """Declare a number. ``gives_up`` says what LESS, MORE or NEVER gives up."""
    told = {"help": text, "gives_up": dict(gives_up or {}), "by_circumstance": True}
    limits = {"range": (low, high), "unit": unit, "never": never}
    return field(default=default, metadata={**told, **limits})


_OFF_GIVES_UP = "Anyone can take the cable when it is not charging on DC or above 16 A."
_MODE_GIVES_UP = {
    Mode.WITH_CAR.value: (
        "Anyone can take the cable while the car is unlocked and no session is active."
    ),
    Mode.WHILE_CHARGING.value: "Anyone can take the cable once the charge is complete.",
    Mode.OFF.value: _OFF_GIVES_UP,
}


@record(kw_only=True)
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

    waiting_counts: Toggle = _choice(
        Toggle.ON,
        "A session that waits (for a timer, the sun, a price) counts as a session. Off: once it has"
        " waited for a minute it counts as none, but where safety needs the lock.",
        {Toggle.OFF.value: "Anyone can take the cable while the charge waits for its time."},
    )
    relock_window_s: int = _number(
        60,
        15,
        300,
        "s",
        "How long a release that was asked for stays unused before the cable is held again.",
        {
            MORE: "A cable that was released and that nobody took stays free for longer.",
            NEVER: "A cable that was released and that nobody took stays free until it was out.",
        },
        never=True,
    )
    cold_release: ColdRelease = _choice(
        ColdRelease.ATTENDED,
        "In the cold, release a pin before it freezes, once no session is active: never, while the"
        " key is near and the car unlocked, or always.",
        {
            ColdRelease.ATTENDED.value: (
                "In the cold anyone can take the cable while you are near with the car unlocked."
            ),
            ColdRelease.ALWAYS.value: (
                "In the cold anyone can take the cable once no session is active, though the car is"
                " locked."
            ),
        },
    )
    low_supply_release: Toggle = _choice(
        Toggle.ON,
        "With no session active, release the pins before the 12 V battery is too weak for it.",
        {
            Toggle.ON.value: (
                "Anyone can take the cable once the 12 V battery is nearly empty and no session is"
                " active."
            )
        },
    )
    cable_default: CableOwner = _choice(
        CableOwner.UNKNOWN,
        "Whose cable it is, where the car cannot tell: your own, or tethered to the station.",
        by_circumstance=False,
    )
    overrides: tuple[Override, ...] = field(
        default=(),
        metadata={
            "help": "Settings that hold only in some circumstance; for each the first one that fits"
            " wins.",
            "gives_up": {},
        },
    )
    """In the owner's order. Each was checked: it can win somewhere."""

    def mode(self, actuator: Actuator) -> Mode:
        """Return when ``actuator`` engages by itself; OFF for both while auto-lock is off."""
        if self.auto_lock is Toggle.OFF:
            return Mode.OFF
        return self.latch_mode if actuator is Actuator.LATCH else self.adapter_mode

    def words(self) -> dict[str, str | int]:
        """Return every key with its value as written in a settings file."""
        words = {key: self.value(key) for key in SINGLE}
        return {**words, OVERRIDES: SEPARATOR.join(map(str, self.overrides))}

    def value(self, key: str) -> str | int:
        """Return one setting's value as written in a settings file, overrides left aside."""
        return _plain(SINGLE[key], getattr(self, SINGLE[key].name))


OVERRIDES = "overrides"
"""The key of the list of overrides."""


def key_of(name: str) -> str:
    """Return the settings key of a field name: ``auto_lock`` -> ``auto-lock``."""
    return name.replace("_", "-")


SINGLE: dict[str, Field[Any]] = {
    key_of(item.name): item for item in fields(Settings) if item.name != OVERRIDES
}
"""Key -> field of every setting that has one value: all but the list of overrides."""


# ---- reading ------------------------------------------------------------------------------------


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
    return Override(key, _plain(item, value), when)


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
        hint = ""
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


def _plain(item: Any, value: StrEnum | int) -> str | int:
    if isinstance(value, StrEnum):
        return value.value
    return NEVER if value == 0 and item.metadata["never"] else value
