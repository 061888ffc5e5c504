"""Which car a log is of: told by the identifiers that are in it, or by a live recording itself.

Knows: how profiles are weighed against each other. Refuses to know: what the identifiers mean.

A profile's weight is the number of its identifiers that are there, times the share of all of its
identifiers that this is. An identifier is there where one of its frames is as long as the profile's
DBC says: short identifiers mean something else on every car. The best profile must weigh twice as
much as the second, which it does on every recording we have; anything less is ambiguous, and said.
What is chosen is proven by its replay: of half of its messages that are there a frame must be
believed, or its identifiers are there by chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from fractions import Fraction
from typing import NamedTuple

from vehicle.replay.beside import started_of
from vehicle.replay.recording import Recording, Stretch
from vehicle.replay.run import VARIANT_HEAD_US
from vehicle.replay.scan.columns import Wanted
from vehicle.replay.scan.kernels import Scan, choose
from vehicle.runtime.side_events import SideEvent
from vehicle.wire.layout import CanId
from vehicle.wire.profile import Profile

CLEARLY = 2
"""How many times as much as the second the best must weigh."""
SURE = Fraction(1, 2)
"""With so much of a clear profile heard in the beginning, the rest is not looked at."""


NAMED_MAX = 3
"""So many profiles are named where none fits."""


class NoProfileError(Exception):
    """No profile fits a log, or more than one does. The message says which and how well."""


class Chosen(NamedTuple):
    """A profile, and how much of it is in a log."""

    profile: Profile
    messages_there: int
    """How many of its identifiers are there, with frames of any length."""


class Choice:
    """Profiles to choose from."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        """``profiles``: at least one; of one alone it is only asked whether it fits at all."""
        self._profiles = {profile.name: profile for profile in profiles}
        self._lengths = {profile.name: _lengths(profile) for profile in profiles}
        self._ids = sorted({each for lengths in self._lengths.values() for each in lengths})

    def of(self, recording: Recording, events: Iterable[tuple[int, SideEvent]]) -> Chosen:
        """Return the profile of ``recording``; ``events`` are those beside it.

        Raises: NoProfileError, and what reading a recording raises.
        """
        live = started_of(list(events))
        if live is not None and live.profile in self._profiles:
            return Chosen(self._profiles[live.profile], 0)
        found: dict[CanId, int] = {}
        looked_us = VARIANT_HEAD_US
        with closing(recording.columns(Scan(choose(), Wanted(self._ids)))) as stretches:
            for item in stretches:
                if isinstance(item, Stretch):
                    _note(item, found)
                if item.now_us > looked_us:
                    looked_us = 2 * item.now_us
                    if self._is_sure(self._weights(found)):
                        break
        name = self._best(self._weights(found))
        return Chosen(self._profiles[name], len(found.keys() & self._lengths[name].keys()))

    def see_believed(self, chosen: Chosen, messages_heard: int) -> None:
        """Look at how many messages a replay believed. Raises: NoProfileError where too few."""
        if len(self._profiles) > 1 and 2 * messages_heard < chosen.messages_there:
            raise NoProfileError(
                f"{chosen.profile.name} has {chosen.messages_there} identifiers in common with it,"
                f" but only {messages_heard} of them with a right checksum and counter; name"
                " another profile"
            )

    def _weights(self, found: Mapping[CanId, int]) -> list[tuple[Fraction, str, int]]:
        """Return (weight, name, identifiers that are there) of each that fits, the best first."""
        weighed = []
        for name, lengths in self._lengths.items():
            there = sum(found.get(can_id, -1) >= length for can_id, length in lengths.items())
            if there:
                weighed.append((Fraction(there * there, len(lengths)), name, there))
        return sorted(weighed, key=lambda each: (-each[0], each[1]))

    def _is_sure(self, weights: Sequence[tuple[Fraction, str, int]]) -> bool:
        if not weights or not _is_clear(weights):
            return False
        _, name, there = weights[0]
        return Fraction(there, len(self._lengths[name])) >= SURE

    def _best(self, weights: Sequence[tuple[Fraction, str, int]]) -> str:
        if not weights:
            few = len(self._profiles) <= NAMED_MAX
            names = ", ".join(self._profiles) if few else f"{len(self._profiles)} profiles"
            raise NoProfileError(f"not one identifier of {names} is in it; name another profile")
        if not _is_clear(weights):
            near = (f"{name} ({there} of {len(self._lengths[name])})" for _, name, there in weights)
            raise NoProfileError(
                f"its identifiers fit more than one profile: {', '.join(near)}; name the one"
            )
        return weights[0][1]


def _is_clear(weights: Sequence[tuple[Fraction, str, int]]) -> bool:
    return len(weights) == 1 or weights[0][0] >= CLEARLY * weights[1][0]


def _lengths(profile: Profile) -> dict[CanId, int]:
    """Return each identifier that is read, in any variant, with its shortest length in bytes."""
    found: dict[CanId, int] = {}
    for layout in (profile.layout, *(variant.layout for variant in profile.variants)):
        for spec in layout.messages.values():
            key = spec.can_id, spec.extended
            found[key] = min(spec.length, found.get(key, spec.length))
    return found


def _note(stretch: Stretch, found: dict[CanId, int]) -> None:
    """Note the greatest length of each identifier in a stretch."""
    columns, kept = stretch.columns, slice(stretch.first, stretch.last)
    for ident, length in set(zip(columns.idents[kept], columns.lengths[kept], strict=True)):
        can_id = columns.wanted.ids[ident]
        found[can_id] = max(length, found.get(can_id, 0))
