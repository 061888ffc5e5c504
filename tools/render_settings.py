"""The generated parts about the owner's settings: what there is to choose, and what it does.

Knows: how settings, modes and presets are shown, and what a choice gives up.
Refuses to know: what a mode does. It asks a rehearsal, which asks the policy.
"""

from __future__ import annotations

from render_markdown import code, codes, table

from vehicle.core.car import Actuator, Car
from vehicle.core.circumstance import Circumstance
from vehicle.core.names import PinState
from vehicle.core.presets import PRESETS, Preset
from vehicle.core.rehearsal import MOMENT_WORDS, Moment, rehearse
from vehicle.core.settings import LESS, MORE, SINGLE, Mode, Settings, Toggle
from vehicle.core.settings_read import parse
from vehicle.core.settings_told import described
from vehicle.core.signals import Supply


def settings() -> str:
    """Return every setting with its values, default and help."""
    rows = (
        (
            code(each.key),
            each.fits if not each.choices else codes(each.choices),
            code(each.default),
            each.help,
        )
        for each in described()
    )
    return table(("setting", "values", "default", "meaning"), rows)


def _choice_of(key: str, value: str) -> str:
    return f"{code(key)} {value}" if value in (LESS, MORE) else code(f"{key} = {value}")


def modes() -> str:
    """Return when each mode holds an AC cable, as the policy decides it, and who knows it."""
    moments = [moment for moment in Moment if moment is not Moment.GRACE_OVER]
    rows = []
    owners = [
        Settings(latch_mode=mode, waiting_counts=counts) for mode in Mode for counts in Toggle
    ]
    for owner in owners:
        circumstance = Circumstance(supply=Supply.AC)
        rehearsed = rehearse(Car(), owner, circumstance).moments
        held = {each.moment for each in rehearsed if each.state is PinState.ENGAGED}
        known = [
            preset.like for preset in PRESETS if preset.like and _in_mode(preset) == _waits(owner)
        ]
        if owner.waiting_counts is Toggle.OFF and not known:
            continue
        marks = ("held" if moment in held else "free" for moment in moments)
        rows.append((codes(_waits(owner)), *marks, ", ".join(known)))
    return table(("mode", *(MOMENT_WORDS[each] for each in moments), "known from"), rows)


def _waits(owner: Settings) -> tuple[str, ...]:
    """Return the mode, and that a wait does not count where it does not."""
    counts = owner.waiting_counts is Toggle.ON
    return (owner.mode(Actuator.LATCH), *(() if counts else ("waiting-counts = off",)))


def _in_mode(preset: Preset) -> tuple[str, ...]:
    return _waits(parse(preset.wishes))


def presets() -> str:
    """Return every preset with what it is for and what it sets."""
    rows = (
        (
            code(each.name),
            each.says,
            ", ".join(code(f"{key} = {value}") for key, value in each.wishes.items())
            or "all as it comes",
        )
        for each in PRESETS
    )
    return table(("preset", "what it is for", "what it sets"), rows)


def prices() -> str:
    """Return, for each choice that protects less, what it gives up."""
    rows = (
        (_choice_of(key, value), price)
        for key, each in SINGLE.items()
        for value, price in each.metadata["gives_up"].items()
    )
    return table(("choice", "what it gives up"), rows)


BLOCKS = (settings, modes, presets, prices)
"""What writes each part; a part is called as its function is."""
