"""Which of the profile's buses is on which channel: as the owner says, or as it is heard.

Knows: the profile's buses, their identifiers and the channels that are open.
Refuses to know: interfaces, frames' contents, and what a lost bus leads to.

A bus that was given a channel is on that one. With a single channel every other bus is on it. Else
a bus is wherever its frames were heard; until then it may be on any channel.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from vehicle.wire.findings import did_you_mean
from vehicle.wire.layout import CanId, MessageSpec
from vehicle.wire.loaded import Profile


class WiringError(ValueError):
    """A channel cannot be given to a bus. The message says why."""


class Wiring:
    """One profile's buses on one service's channels."""

    def __init__(
        self, profile: Profile, channels: Sequence[str], named: Mapping[str, str] | None = None
    ) -> None:
        """Prepare; ``named``: the profile's bus -> its channel.

        Raises:
            WiringError: the profile has no bus of that name, or sends on one that nothing is read
                on and that could be on several channels.
        """
        self._channels = tuple(channels)
        self.named = dict(named or {})
        specs = _specs(profile)
        self.buses = tuple(sorted({spec.bus for spec in specs}))
        """The profile's buses."""
        for bus in self.named:
            if bus not in self.buses:
                hint = did_you_mean(bus, self.buses)
                raise WiringError(f'profile {profile.name} has no bus "{bus}"; {hint}')
        for bus in self._silent(profile):
            raise WiringError(
                f'nothing is read on bus "{bus}" of profile {profile.name}, so its channel cannot'
                f" be found out; name it: --channel {bus}={self._channels[0]}"
            )
        self._buses_of: dict[CanId, set[str]] = {}
        for spec in specs:
            self._buses_of.setdefault((spec.can_id, spec.extended), set()).add(spec.bus)
        self._heard: dict[str, set[str]] = {bus: set() for bus in self.buses}
        self.known: set[tuple[str, CanId]] = set()
        """Channels and identifiers that were heard on them: ``hear`` learns nothing of them."""
        self.learnt = 0
        """Grows whenever something was heard that may say where a bus is."""

    def ids_on(self, channel: str) -> frozenset[CanId]:
        """Return the identifiers of all messages that may be on ``channel``, sent ones included."""
        return frozenset(
            can_id
            for can_id, buses in self._buses_of.items()
            if any(self.named.get(bus, channel) == channel for bus in buses)
        )

    def hear(self, channel: str, can_id: CanId) -> None:
        """Note that a frame was heard: it may say where a bus is."""
        key = (channel, can_id)
        if key in self.known:
            return
        self.known.add(key)
        self.learnt += 1
        for bus in self._buses_of.get(can_id, ()):
            self._heard[bus].add(channel)

    def channels_of(self, bus: str) -> Collection[str]:
        """Return the channels that ``bus`` is on, or may be on while nobody knows."""
        if bus in self.named:
            return (self.named[bus],)
        return self._heard[bus] or self._channels

    def known_channels_of(self, bus: str) -> Collection[str]:
        """Return the channels that ``bus`` is known to be on; none before it was heard."""
        if bus in self.named or len(self._channels) == 1:
            return self.channels_of(bus)
        return self._heard[bus]

    def _silent(self, profile: Profile) -> list[str]:
        read = {spec.bus for spec in _read(profile)}
        several = len(self._channels) > 1
        return [bus for bus in self.buses if several and bus not in read and bus not in self.named]

    def failed(self, down: Collection[str]) -> set[str]:
        """Return the buses that cannot be heard while the channels ``down`` are down."""
        return {bus for bus in self.buses if all(each in down for each in self.channels_of(bus))}


def _specs(profile: Profile) -> list[MessageSpec]:
    return _read(profile) + [sent.spec for sent in profile.transmit.values()]


def _read(profile: Profile) -> list[MessageSpec]:
    layouts = [profile.layout, *(variant.layout for variant in profile.variants)]
    found = [spec for layout in layouts for spec in layout.messages.values()]
    return found if profile.position is None else [*found, profile.position.spec]
