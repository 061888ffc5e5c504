"""Turns the core's outputs into the frames that we send, at their cycle and when they change.

Knows: what the command and the status say at every moment, when each is due, and that a sleeping
bus is left alone. Refuses to know: interfaces, what time it is, and why anything is commanded.

Rules of this file:
1. The command drives a pin from the core's Command to its DriveOff, and says none otherwise.
2. Nothing is sent, wake frames excepted, before a frame of the car was heard, and from QUIET_US
   after the last one on: our own frames must never keep a bus awake, and a bus that nobody else
   speaks on needs no permit withdrawn, since receivers treat our silence as none.
3. Only identifiers on the profile's transmit list leave. Each has its cycle; a command that says
   something new leaves at once, but not within CHANGE_GAP_US of the last one that did, and its
   cycle begins anew with it. So commands are never more than one in CHANGE_GAP_US and in a cycle.
4. Held means held for sure: the sensor of the guarding pin says engaged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, Demand, FaultName, PinState
from vehicle.core.outputs import (
    ActuatorChanged,
    Command,
    DriveOff,
    Fault,
    HeatInlet,
    Output,
    Permit,
    SignalChanged,
    StopCharge,
    WakeBus,
)
from vehicle.core.signals import Fitted, Occupant
from vehicle.core.situation import fitted, guarding_pin
from vehicle.core.snapshot import Snapshot
from vehicle.wire import codec
from vehicle.wire.findings import WireError
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.supervision import QUIET_US

CYCLES_US = {"command": 50_000, "status": 500_000}
"""Kind -> its cycle where the profile's DBC gives none: those of the reference bus."""

CHANGE_GAP_US = 10_000
"""How long after a command that said something new the next one may. A pin is never driven for so
short a time on purpose, and an ECU reads its messages at least that often."""

GRAVEST_FIRST = (
    FaultName.CONTACTORS_WELDED,
    FaultName.INTERNAL_ERROR,
    FaultName.BUS_LOST,
    FaultName.STOP_NOT_CONFIRMED,
    FaultName.UNEXPECTED_OPEN,
    FaultName.FAILED_TO_RELEASE,
    FaultName.FAILED_TO_ENGAGE,
    FaultName.ENERGY_UNKNOWN,
    FaultName.SUPPLY_LOW,
    FaultName.FEEDBACK_LOST,
    FaultName.UNEXPECTED_CLOSE,
    FaultName.BUS_ASLEEP,
)
"""Which fault the status names where several stand."""


class NotListedError(WireError):
    """A frame was about to leave that the profile does not list. Nothing was sent."""


class Transmitter:
    """What we say on the bus. Give it every output; ask it for the frames that are due."""

    def __init__(self, profile: Profile, channel: str = "") -> None:
        """Prepare for one profile; the frames say they are for ``channel``."""
        self._profile = profile
        self._frames = codec.Sender(profile, channel)
        self._cycles_us = {
            kind: profile.transmit[kind].spec.cycle_us or cycle_us
            for kind, cycle_us in CYCLES_US.items()
            if self._frames.can(kind)
        }
        self.patient = any(cycle_us >= QUIET_US for cycle_us in self._cycles_us.values())
        """Whether a cycle outlasts the silence of a bus that is not heard on."""
        self.reset()

    def reset(self) -> None:
        """Forget everything: nothing is driven, nothing permitted, nobody heard."""
        self._drive = dict.fromkeys(Actuator, Demand.HOLD)
        self._pins = dict.fromkeys(Actuator, (PinState.UNKNOWN, False))
        self._seen = Snapshot()
        self._permit = Charge.NONE
        self._stop = False
        self._heat = False
        self._faults: set[tuple[FaultName, Actuator | None]] = set()
        self._wakes = 0
        self._heard_us: int | None = None
        self._due_us: dict[str, int] = {}
        self._told: tuple[object, ...] = ()
        """What the latest command said."""
        self._news_us: int | None = None
        """When a command that says something new is to leave; None: nothing is new."""
        self._calm_us = 0
        """From when on it may."""

    # ---- what it is told ------------------------------------------------------------------------

    def take(self, now_us: int, output: Output) -> None:
        """Take one output of the core.

        Raises:
            NotListedError: the bus is to be woken and the profile has no wake frame.
        """
        note = _NOTES.get(type(output))
        if note is not None:
            note(self, output)
            if self._news_us is None and self._told != self._saying():
                self._news_us = max(now_us, self._calm_us)

    def heard(self, now_us: int) -> bool:
        """A frame of the car was received: the bus is awake.

        Return whether something may be due sooner for that.
        """
        heard_us = self._heard_us
        if heard_us is not None and now_us - heard_us < QUIET_US:
            self._heard_us = max(heard_us, now_us)  # frames that were passed over are told later
            return False
        self._heard_us = now_us
        self._due_us = dict.fromkeys(self._cycles_us, now_us)
        return True

    def _awake(self, now_us: int) -> bool:
        return self._heard_us is not None and now_us - self._heard_us < QUIET_US

    def _note_command(self, output: Command) -> None:
        self._drive[output.actuator] = output.command

    def _note_drive_off(self, output: DriveOff) -> None:
        self._drive[output.actuator] = Demand.HOLD

    def _note_permit(self, output: Permit) -> None:
        self._permit = output.charge

    def _note_stop(self, output: StopCharge) -> None:
        self._stop = output.active

    def _note_heat(self, output: HeatInlet) -> None:
        self._heat = output.active

    def _note_pin(self, output: ActuatorChanged) -> None:
        self._pins[output.actuator] = (output.state, output.assumed)

    def _note_fault(self, output: Fault) -> None:
        (self._faults.add if output.active else self._faults.discard)(
            (output.fault, output.actuator)
        )

    def _note_signal(self, output: SignalChanged) -> None:
        self._seen = self._seen.after({output.signal: output.value})

    def _note_wake(self, _: WakeBus) -> None:
        if not self._frames.can("wake"):
            raise NotListedError(
                f"profile {self._profile.name} lists no wake frame, so the bus cannot be woken;"
                " add [transmit.wake], or leave can_wake off"
            )
        self._wakes += 1

    # ---- what it says ---------------------------------------------------------------------------

    @property
    def deadline_us(self) -> int | None:
        """When ``due`` next has something; 0 where a wake frame waits; None while silent.

        Also where the bus may have fallen silent by then: a frame that is heard before moves
        nothing, so nobody need be told that there is something due again.
        """
        if self._wakes:
            return 0
        if self._heard_us is None or not self._due_us:
            return None
        due_us = min(self._due_us.values())
        if self._news_us is not None and "command" in self._due_us:
            due_us = min(due_us, self._news_us)
        return due_us

    def due(self, now_us: int) -> list[Frame]:
        """Return the frames to send by ``now_us``, in order.

        Raises:
            NotListedError: a frame is not on the profile's transmit list.
        """
        frames = []
        while self._wakes:
            self._wakes -= 1
            frames.append(self._frames.wake())
        if self._awake(now_us):
            if self._news_us is not None and self._news_us <= now_us and "command" in self._due_us:
                self._due_us["command"] = now_us
                self._calm_us = now_us + CHANGE_GAP_US
            for kind, cycle_us in self._cycles_us.items():
                if self._due_us[kind] <= now_us:
                    self._due_us[kind] = now_us + cycle_us
                    frames.append(self._command() if kind == "command" else self._status())
        else:
            self._heard_us = None  # what was due in the silence is due no more, however late we are
        for frame in frames:
            if (frame.can_id, frame.extended) not in self._profile.transmit_ids:
                raise NotListedError(
                    f"frame {frame.can_id:X} is not on profile {self._profile.name}'s transmit"
                    " list; only what [transmit] names is sent"
                )
        return frames

    def farewell(self, now_us: int) -> list[Frame]:
        """Return what withdraws everything, for the end; nothing where the bus sleeps anyway."""
        awake = self._awake(now_us)
        self.reset()
        return [self._command()] if awake and "command" in self._cycles_us else []

    def _saying(self) -> tuple[object, ...]:
        """Return what a command says now."""
        return (*self._drive.values(), self._permit, self._stop, self._heat)

    def _command(self) -> Frame:
        self._told, self._news_us = self._saying(), None
        latch, adapter = self._drive.values()
        return self._frames.command(
            _DRIVE[latch], _DRIVE[adapter], self._permit.value, stop=self._stop, heat=self._heat
        )

    def _status(self) -> Frame:
        latch, adapter = (self._pin_word(actuator) for actuator in Actuator)
        standing = {fault for fault, _ in self._faults}
        fault = next((str(name) for name in GRAVEST_FIRST if name in standing), "none")
        return self._frames.status(self._held(), latch, adapter, fault)

    def _pin_word(self, actuator: Actuator) -> str:
        absent = fitted(self._seen, actuator) is Fitted.ABSENT
        return "not-fitted" if absent else str(self._pins[actuator][0])

    def _held(self) -> str:
        """Return what is held, in the words of the status message."""
        if self._seen.occupant is Occupant.EMPTY:
            return "empty"
        guard = guarding_pin(self._seen)
        if guard is None:
            return "unknown"
        state, assumed = self._pins[guard]
        if fitted(self._seen, guard) is Fitted.ABSENT:
            return "nothing"
        if state is PinState.UNKNOWN or (assumed and state is PinState.ENGAGED):
            return "unknown"
        return _HELD[self._seen.occupant] if state is PinState.ENGAGED else "nothing"


_HELD = {
    Occupant.CONNECTOR: "connector",
    Occupant.ADAPTER: "adapter",
    Occupant.ADAPTER_AND_CONNECTOR: "adapter-only",
}
"""What an engaged guarding pin holds. A connector in an adapter is never held by the car."""


_DRIVE = {Demand.HOLD: "none", Demand.ENGAGE: "engage", Demand.RELEASE: "release"}
"""How a command says it."""


_NOTES: dict[type[Any], Callable[[Transmitter, Any], None]] = {
    Command: Transmitter._note_command,
    DriveOff: Transmitter._note_drive_off,
    Permit: Transmitter._note_permit,
    StopCharge: Transmitter._note_stop,
    HeatInlet: Transmitter._note_heat,
    ActuatorChanged: Transmitter._note_pin,
    Fault: Transmitter._note_fault,
    SignalChanged: Transmitter._note_signal,
    WakeBus: Transmitter._note_wake,
}
"""Output -> what it changes in what we say."""
