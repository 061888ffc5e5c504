"""Overrides: settings that hold only in some circumstance, in the owner's order.

Knows: how an override is written, which one wins, and which can never win.
Refuses to know: which settings there are, and what they do; ``settings.py`` checks that.

Rules of this file:
1. For each setting the first override that matches wins; where none does, the setting itself holds.
2. An override that could never win is a mistake. It is named, with those that stand in its way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vehicle.core.circumstance import (
    Box,
    Circumstance,
    ConditionError,
    When,
    possible,
    read_when,
    without,
)
from vehicle.core.record import record

OVERRIDES_MAX = 32
"""How many overrides there may be: more than an owner can keep in mind."""

SEPARATOR = "; "
"""Between overrides that are written as one text."""


@record
class Override:
    """One setting's value in some circumstance."""

    key: str
    """A settings key, such as ``auto-lock``."""
    value: str | int
    when: When

    def __str__(self) -> str:
        """Return it as people write it: ``auto-lock=off when place=home``."""
        return f"{self.key}={self.value} when {self.when}"


class OverrideError(ValueError):
    """An override that cannot be used. ``index`` counts from 0; ``by``: those in its way."""

    def __init__(self, message: str, index: int, by: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.index = index
        self.by = tuple(by)


def read_override(text: str) -> tuple[str, str, When]:
    """Return the key, the value's word and the conditions of ``KEY=VALUE when CONDITIONS``.

    Raises ConditionError where it is not written so, and for its conditions.
    """
    setting, when, conditions = text.partition(" when ")
    key, equals, value = setting.partition("=")
    if not when or not equals:
        raise ConditionError(f"{text!r} is no override; write it as auto-lock=off when place=home")
    return key.strip(), value.strip(), read_when(conditions)


def winner(overrides: Iterable[Override], key: str, circumstance: Circumstance) -> Override | None:
    """Return the override that decides ``key`` in ``circumstance``; None: the setting itself."""
    for override in overrides:
        if override.key == key and override.when.matches(circumstance):
            return override
    return None


def check(overrides: Sequence[Override]) -> None:
    """Raise OverrideError for the first override that can never win, naming those in its way.

    Both the plain contradiction (the same circumstance twice) and a circumstance that others before
    it use up between them are found: the sets are compared, not the words.
    """
    if len(overrides) > OVERRIDES_MAX:
        raise OverrideError(
            f"there are {len(overrides)} overrides; {OVERRIDES_MAX} are the most", OVERRIDES_MAX
        )
    for index, override in enumerate(overrides):
        left = possible(override.when.box)
        if not left:
            raise OverrideError(
                f"override {index + 1} ({override}) never applies: a DC station's cable is never"
                " your own; remove it",
                index,
            )
        by = _shadowing(left, overrides[:index], override.key)
        if by:
            raise OverrideError(_shadowed(overrides, index, by), index, by)


def _shadowing(left: list[Box], earlier: Sequence[Override], key: str) -> list[int]:
    """Return which of ``earlier`` use up every circumstance in ``left``; none if some is left."""
    by = [index for index, other in enumerate(earlier) if other.key == key]
    if _rest(left, [earlier[each] for each in by]):
        return []
    for each in tuple(by):
        fewer = [index for index in by if index != each]
        if not _rest(left, [earlier[index] for index in fewer]):
            by = fewer
    return by


def _rest(left: list[Box], taken: Iterable[Override]) -> list[Box]:
    """Return what the circumstances of ``taken`` leave of ``left``."""
    for override in taken:
        left = [part for box in left for part in without(box, override.when.box)]
    return left


def _shadowed(overrides: Sequence[Override], index: int, by: Sequence[int]) -> str:
    override = overrides[index]
    first = " and ".join(f"override {each + 1} ({overrides[each]})" for each in by)
    same = len(by) == 1 and overrides[by[0]].when == override.when
    if same and overrides[by[0]].value != override.value:
        why = f"is contradicted by {first}, which comes first"
    elif same:
        why = f"is there already as {first}"
    else:
        why = f"is never reached: {first} always comes first"
    return f"override {index + 1} ({override}) {why}; move it up, change it or remove it"


def placed(overrides: Sequence[Override], new: Override) -> tuple[Override, ...]:
    """Return ``overrides`` with ``new``, as an owner who adds it means it.

    It replaces the one with the same key and conditions. Otherwise it stands as late as it can and
    still win somewhere, so that the narrower circumstance comes before the wider one. Raises
    OverrideError where another one could then never win.
    """
    for index, other in enumerate(overrides):
        if (other.key, other.when) == (new.key, new.when):
            return (*overrides[:index], new, *overrides[index + 1 :])
    at = len(overrides)
    while at and _shadowing(possible(new.when.box), overrides[:at], new.key):
        at -= 1
    found = (*overrides[:at], new, *overrides[at:])
    check(found)
    return found


def removed(overrides: Sequence[Override], key: str, when: When) -> tuple[Override, ...]:
    """Return ``overrides`` without that of ``key`` for exactly ``when``."""
    return tuple(each for each in overrides if (each.key, each.when) != (key, when))
