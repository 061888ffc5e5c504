"""What we say on each bus, and whether it gets out.

Knows: one transmitter for each bus that the profile sends on, and the channels that the bus is on.
Refuses to know: what is said and when (``sender``), and why.

Each bus has its own silence: one that sleeps is left alone while we speak on another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vehicle.core.outputs import Output, WakeBus
from vehicle.runtime.ports import Port
from vehicle.runtime.sender import Transmitter
from vehicle.runtime.side_events import SendFailed
from vehicle.runtime.wiring import Wiring
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile


class Speaker:
    """Everything of ours that leaves. Give it every output, and ask it to send what is due."""

    def __init__(self, profile: Profile, ports: Sequence[Port], wiring: Wiring) -> None:
        self._ports = ports
        self._wiring = wiring
        self._own_ids = profile.transmit_ids
        self._cars_ids = profile.receive_ids - profile.transmit_ids
        self._awakened: dict[tuple[str, int, bool], tuple[Transmitter, ...]] = {}
        """What ``_awakened_by`` said, for as long as nothing was learnt of the wiring."""
        self._places: dict[str, tuple[Port, ...]] = {}
        """What ``_ports_of`` said, for as long."""
        self._learnt = wiring.learnt
        self._failing: set[str] = set()
        self.woken = False
        """Something may be due earlier than ``deadline_us`` said. Whoever sleeps until then sets
        this to False."""
        self.foreign: set[int] = set()
        """Identifiers of ours that somebody else sends."""
        buses = {sent.spec.bus for sent in profile.transmit.values()}
        self._transmitters: dict[str, Transmitter] = {}
        self._waking: set[str] = set()
        for bus in sorted(buses):
            kinds = {kind: s for kind, s in profile.transmit.items() if s.spec.bus == bus}
            self._transmitters[bus] = Transmitter(replace(profile, transmit=kinds))
            if "wake" in kinds:
                self._waking.add(bus)

    def heard(self, now_us: int, channel: str, frame: Frame) -> str | None:
        """Take a frame that was received on ``channel``; return what people must know of it.

        The profile's frames show that the buses on that channel are awake. A frame that only we
        should send wakes nobody, for two services must not keep each other awake; and on a bus of
        which the profile knows no frame nothing is said.
        """
        if self._wiring.learnt != self._learnt:
            self._forget_wiring()
        key = (channel, frame.can_id, frame.extended)
        awakened = self._awakened.get(key)
        if awakened is None:
            awakened = self._awakened[key] = self._awakened_by(channel, frame)
        for transmitter in awakened:
            if transmitter.heard(now_us):
                self.woken = True
        if (frame.can_id, frame.extended) in self._own_ids:
            return self._heard_foreign(channel, frame)
        return None

    def _forget_wiring(self) -> None:
        self._learnt = self._wiring.learnt
        self._awakened.clear()
        self._places.clear()

    def _awakened_by(self, channel: str, frame: Frame) -> tuple[Transmitter, ...]:
        """Return those that may speak once ``frame`` was heard on ``channel``."""
        if (frame.can_id, frame.extended) not in self._cars_ids:
            return ()
        return tuple(
            transmitter
            for bus, transmitter in self._transmitters.items()
            if channel in self._wiring.known_channels_of(bus)
        )

    def _heard_foreign(self, channel: str, frame: Frame) -> str | None:
        if frame.can_id in self.foreign:
            return None
        self.foreign.add(frame.can_id)
        return (
            f"{channel}: somebody else sends our identifier {frame.can_id:X}; if the car's own lock"
            " controller still works, use --dry-run"
        )

    def take(self, now_us: int, output: Output) -> None:
        """Take one output of the core."""
        for bus, transmitter in self._transmitters.items():
            if not isinstance(output, WakeBus) or bus in self._waking:
                transmitter.take(now_us, output)

    @property
    def patient(self) -> bool:
        """Whether something may be due because a frame was heard long after the one before it."""
        return any(transmitter.patient for transmitter in self._transmitters.values())

    @property
    def deadline_us(self) -> int | None:
        """When ``send`` next has something; None while silent."""
        first_us: int | None = None
        for transmitter in self._transmitters.values():
            due_us = transmitter.deadline_us
            if due_us is not None and (first_us is None or due_us < first_us):
                first_us = due_us
        return first_us

    def send(self, now_us: int) -> list[SendFailed]:
        """Send what is due; return the channels on which that begins to fail.

        Raises NotListedError, before anything is sent, where a frame is not on the profile's list.
        """
        failures: list[SendFailed] = []
        for bus, transmitter in self._transmitters.items():
            for frame in transmitter.due(now_us):
                failures += self._send(bus, frame)
        return failures

    def farewell(self, now_us: int) -> None:
        """Withdraw everything on every bus that is awake."""
        for bus, transmitter in self._transmitters.items():
            for frame in transmitter.farewell(now_us):
                self._send(bus, frame)

    def _send(self, bus: str, frame: Frame) -> list[SendFailed]:
        failures = []
        if self._wiring.learnt != self._learnt:
            self._forget_wiring()
        ports = self._places.get(bus)
        if ports is None:
            ports = self._places[bus] = self._ports_of(bus)
        for port in ports:
            if port.send(frame):
                self._failing.discard(port.channel)
            elif port.up and port.channel not in self._failing:
                # Of a channel that is down, the loss itself is told.
                self._failing.add(port.channel)
                failures.append(SendFailed(port.channel, port.send_error or "it was not taken"))
        return failures

    def _ports_of(self, bus: str) -> tuple[Port, ...]:
        channels = self._wiring.known_channels_of(bus)
        return tuple(port for port in self._ports if port.channel in channels)
