"""Which of the owner's choices hold now: overrides are resolved here, before the policy is asked.

Knows: which override wins in a circumstance, and what is left of the settings for one pin.
Refuses to know: what the policy does with a choice. It sees resolved choices only.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from vehicle.core.car import Actuator
from vehicle.core.circumstance import Circumstance, circumstance_of
from vehicle.core.overrides import Override, winner
from vehicle.core.record import record
from vehicle.core.settings import OVERRIDES, SINGLE, Mode, Settings
from vehicle.core.settings_read import value_of
from vehicle.core.snapshot import Snapshot


@record
class Effective:
    """The settings that hold in one circumstance."""

    settings: Settings
    """With the winning overrides put in, and no overrides besides."""
    by: tuple[tuple[str, Override], ...] = ()
    """(key, override) for each setting that an override decides, in the settings' order."""


@lru_cache(maxsize=1024)
def resolve(settings: Settings, circumstance: Circumstance) -> Effective:
    """Return what ``settings`` amount to in ``circumstance``, and by which override."""
    if not settings.overrides:
        return Effective(settings)
    won = {key: winner(settings.overrides, key, circumstance) for key in SINGLE}
    by = tuple((key, override) for key, override in won.items() if override is not None)
    changes: dict[str, Any] = {
        SINGLE[key].name: value_of(SINGLE[key], key, override.value, OVERRIDES)
        for key, override in by
    }
    return Effective(replace(settings, overrides=(), **changes), by)


def effective_in(settings: Settings, seen: Snapshot) -> Effective:
    """Return what ``settings`` amount to in the circumstance that ``seen`` tells."""
    return resolve(settings, circumstance_of(seen, settings.cable_default))


class Resolved(NamedTuple):
    """The choice that bears on one actuator; the others are folded into its situation."""

    mode: Mode = Mode.WITH_CAR


def for_pin(effective: Settings, actuator: Actuator) -> Resolved:
    """Return what settings that are resolved already mean for ``actuator``."""
    return Resolved(mode=effective.mode(actuator))
