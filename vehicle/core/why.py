"""Which of the owner's choices a decision depends on: asked of the policy itself.

Knows: how to try other choices on ``decide``.
Refuses to know: the rules, and what may happen to the car; ``whatif.py`` tries that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.overrides import Override
from vehicle.core.policy import decide
from vehicle.core.resolve import Effective, for_pin
from vehicle.core.rule import Decision
from vehicle.core.settings import SINGLE, Settings
from vehicle.core.situation import Situation

Fold = Callable[[Settings], Situation]
"""What a pin's situation is under other choices of the owner's."""


def settings_behind(fold: Fold, owner: Settings, actuator: Actuator) -> tuple[str, ...]:
    """Return the keys of the settings of which another choice would change the decision.

    ``owner``: the choices that hold in the present circumstance.
    """
    ours = _decided(fold, owner, actuator)
    keys = [key for key, other in _other_choices(owner) if _decided(fold, other, actuator) != ours]
    return tuple(dict.fromkeys(keys))


def overrides_behind(
    fold: Fold, settings: Settings, effective: Effective, actuator: Actuator
) -> tuple[Override, ...]:
    """Return the overrides without which the decision would be another."""
    if not effective.by:
        return ()
    owner = effective.settings
    ours = _decided(fold, owner, actuator)
    found = []
    for key, override in effective.by:
        name = SINGLE[key].name
        without: dict[str, Any] = {name: getattr(settings, name)}
        if _decided(fold, replace(owner, **without), actuator) != ours:
            found.append(override)
    return tuple(found)


def _decided(fold: Fold, owner: Settings, actuator: Actuator) -> Decision:
    return decide(fold(owner), for_pin(owner, actuator), actuator)


def _other_choices(settings: Settings) -> Iterator[tuple[str, Settings]]:
    """Yield (key, settings) for every other value of every setting that is a choice."""
    for key, item in SINGLE.items():
        kind: Any = type(item.default)
        if issubclass(kind, StrEnum):
            for value in kind:
                if value is not getattr(settings, item.name):
                    changed: dict[str, Any] = {item.name: value}
                    yield key, replace(settings, **changed)
