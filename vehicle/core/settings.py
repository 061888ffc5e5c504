"""What the owner may choose, with the words, ranges and consequences of each choice.

Knows: every setting's name, values, default, help text and what a weaker choice gives up.
Refuses to know: how a choice is read (``settings_read.py``), which one holds in a circumstance
(``resolve.py``), and what the policy does with it.

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
from vehicle.core.circumstance import CableOwner
from vehicle.core.overrides import SEPARATOR, Override
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
        return as_written(SINGLE[key], getattr(self, SINGLE[key].name))


OVERRIDES = "overrides"
"""The key of the list of overrides."""


def key_of(name: str) -> str:
    """Return the settings key of a field name: ``auto_lock`` -> ``auto-lock``."""
    return name.replace("_", "-")


SINGLE: dict[str, Field[Any]] = {
    key_of(item.name): item for item in fields(Settings) if item.name != OVERRIDES
}
"""Key -> field of every setting that has one value: all but the list of overrides."""


def as_written(item: Any, value: StrEnum | int) -> str | int:
    """Return a value of setting ``item`` as a settings file has it."""
    if isinstance(value, StrEnum):
        return value.value
    return NEVER if value == 0 and item.metadata["never"] else value
