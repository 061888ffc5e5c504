"""Presets: whole choices of settings by name, for a way of living or as a known car behaves.

Knows: which settings make a preset, and what people call the same thing elsewhere.
Refuses to know: what a setting does, and how a preset is put into force.

A preset is a whole choice: a setting that it does not name goes back to what holds without the
owner, overrides included. Only what is a fact and no wish stays (``FACTS``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from vehicle.core.circumstance import nearest
from vehicle.core.record import record
from vehicle.core.settings import NEVER, OVERRIDES, SINGLE
from vehicle.core.settings_read import SettingsError

Wishes = Mapping[str, str | int]

FACTS = ("cable-default",)
"""Keys that a preset leaves as they are."""


@record
class Preset:
    """One whole choice."""

    name: str
    says: str
    """What it is for, in one sentence."""
    wishes: Wishes = field(default_factory=dict)
    """Key -> value, as in a settings file; all others as without the owner."""
    like: str = ""
    """The car and its owner's choice that behave alike, for the short table of modes."""


PRESETS = (
    Preset(
        "street",
        "A car at the kerb with its own cable: whatever is plugged in is held until you unlock the"
        " car or ask for it, and held again after half a minute if nobody takes it.",
        {"latch-mode": "always", "adapter-mode": "always", "relock-window-s": 30},
    ),
    Preset(
        "home-garage",
        "A car behind a door of your own: nothing is held but for DC and AC above 16 A.",
        {"auto-lock": "off"},
    ),
    Preset(
        "shared-charger",
        "A post that others wait for: its cable is freed ten minutes after the battery is full;"
        " your own cable stays held.",
        {
            "release-when-full": "on",
            "release-grace-min": 10,
            OVERRIDES: "release-when-full=off when cable=own",
        },
    ),
    Preset(
        "never-stuck",
        "Above all you want to drive away: the cable is held only where power demands it, and freed"
        " as soon as it can be; in the cold and on a weak 12 V battery, too.",
        {
            "auto-lock": "off",
            "high-current": "limit",
            "unlock-while-charging-frees": "on",
            "release-when-full": "on",
            "power-cut-hold-s": 60,
            "waiting-counts": "off",
            "relock-window-s": NEVER,
            "cold-release": "always",
            "low-supply-release": "on",
        },
    ),
    Preset(
        "leaf-lock",
        "As a Nissan Leaf with its switch at LOCK.",
        {"latch-mode": "always", "unlock-while-charging-frees": "on", "relock-window-s": 30},
        like="Nissan Leaf LOCK",
    ),
    Preset(
        "leaf-auto",
        "As a Nissan Leaf with its switch at AUTO.",
        {
            "latch-mode": "while-charging",
            "unlock-while-charging-frees": "on",
            "power-cut-hold-s": 300,
            "waiting-counts": "off",
            "relock-window-s": 30,
        },
        like="Nissan Leaf AUTO",
    ),
    Preset(
        "leaf-unlock",
        "As a Nissan Leaf with its switch at UNLOCK.",
        {"auto-lock": "off", "relock-window-s": 30},
        like="Nissan Leaf UNLOCK",
    ),
    Preset(
        "kia-always",
        'As a Kia or Hyundai set to "Always".',
        {"latch-mode": "always", "unlock-while-charging-frees": "on", "relock-window-s": 15},
        like="Kia Always",
    ),
    Preset(
        "kia-while-charging",
        'As a Kia or Hyundai set to "While charging".',
        {
            "latch-mode": "while-charging",
            "unlock-while-charging-frees": "on",
            "relock-window-s": 15,
        },
        like="Kia While charging",
    ),
    Preset(
        "kia-dont-lock",
        'As a Kia or Hyundai set to "Don\'t lock".',
        {"auto-lock": "off", "relock-window-s": 15},
        like="Kia Don't lock",
    ),
    Preset(
        "vw-unlock-when-charged",
        'As a Volkswagen, Škoda or Cupra with "unlock the plug when charged" on (or permanent).',
        {"release-when-full": "off", OVERRIDES: "release-when-full=on when supply=ac"},
        like="VW on, permanent",
    ),
    Preset(
        "vw-stay-locked",
        'As a Volkswagen, Škoda or Cupra with "unlock the plug when charged" off.',
        {"release-when-full": "off"},
        like="VW off",
    ),
    Preset(
        "jaguar",
        "As a Jaguar I-Pace: unlocking ends an AC charge and frees the cable; DC goes on.",
        {
            "relock-window-s": 60,
            OVERRIDES: "unlock-while-charging-frees=on when supply=ac",
        },
        like="Jaguar I-Pace",
    ),
    Preset(
        "tesla",
        "As a Tesla: cable and adapter follow the car's own lock, but below 5 °C nothing is held"
        " that does not charge.",
        {"relock-window-s": 60, "cold-release": "always"},
        like="Tesla",
    ),
)
"""Every preset, those for a way of living first."""


def preset_named(name: str) -> Preset:
    """Return the preset called ``name``. Raises SettingsError with the nearest one."""
    for preset in PRESETS:
        if preset.name == name:
            return preset
    names = [preset.name for preset in PRESETS]
    hint = nearest(name, names) or f"; there are {', '.join(names)}"
    raise SettingsError(f"no preset is called {name!r}{hint}")


def wishes_of(preset: Preset) -> dict[str, str | int | None]:
    """Return what ``preset`` wants of every key; None: as it is without the owner."""
    keys = [key for key in (*SINGLE, OVERRIDES) if key not in FACTS]
    return {key: preset.wishes.get(key) for key in keys}
