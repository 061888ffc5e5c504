"""What holds now, as the manager sees it: for whoever asks, and for whoever has heard nothing yet.

Knows: how the manager's state is read and told. Refuses to know: how it came about; nothing is
changed here.
"""

from __future__ import annotations

from vehicle.core.car import Actuator
from vehicle.core.circumstance import Circumstance
from vehicle.core.deciding import overrides_of, settings_of, situation_of, told
from vehicle.core.memory import Flag, Memory, Timer
from vehicle.core.names import Charge, Demand, FaultName
from vehicle.core.outputs import (
    ActuatorChanged,
    Decided,
    Fault,
    HeatInlet,
    Output,
    Permit,
    SignalChanged,
    StopCharge,
)
from vehicle.core.overrides import Override
from vehicle.core.pin import PinControl
from vehicle.core.resolve import Effective
from vehicle.core.rule import Decision
from vehicle.core.settings import Settings
from vehicle.core.situation import Asked, Situation
from vehicle.core.snapshot import SIGNALS, Snapshot
from vehicle.core.state import State


class Standing:
    """The side of a lock manager that is read. All of it is of the last event's moment."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._permit: Charge | None = None
        self._vetoed: dict[tuple[Actuator, Demand], str] = {}
        self._now_us = 0

    @property
    def settings(self) -> Settings:
        """The owner's settings, with their overrides."""
        return self._state.settings

    @property
    def circumstance(self) -> Circumstance:
        """The circumstance that overrides are chosen by now."""
        return self._state.circumstance

    @property
    def effective(self) -> Effective:
        """What the settings amount to in the present circumstance, and by which overrides."""
        return self._state.effective

    @property
    def snapshot(self) -> Snapshot:
        """What is believed about the car now."""
        return self._state.seen

    @property
    def permit(self) -> Charge:
        """The charge permit that holds now."""
        return self._permit or Charge.NONE

    def decision(self, actuator: Actuator) -> Decision:
        """Return the last decision for ``actuator``."""
        return self._state.decisions[actuator]

    def changed_us(self, signal: str) -> int:
        """Return when ``signal`` took the value it has."""
        return self._state.changed_us[signal]

    @property
    def asked(self) -> Asked:
        """The standing request."""
        return self._state.asked

    @property
    def waits_for(self) -> frozenset[Timer]:
        """The moments that are awaited now."""
        return frozenset(self._state.timers)

    @property
    def silent(self) -> frozenset[str]:
        """The channels that are asleep or lost: no pin moves before each is heard."""
        return frozenset(self._state.asleep | self._state.lost)

    @property
    def manual_release(self) -> bool:
        """Whether a manual release was pulled with this connector seated."""
        return self._state.manual_release

    def pin(self, actuator: Actuator) -> PinControl:
        """Return one pin, to read its state."""
        return self._state.pins[actuator]

    @property
    def faults(self) -> frozenset[tuple[FaultName, Actuator | None]]:
        """The faults that are active now."""
        return frozenset(self._state.faults)

    @property
    def memory(self) -> Memory:
        """Everything remembered, times relative to the last event."""
        return self._state.save(self._now_us)

    def memory_at(self, now_us: int) -> Memory:
        """Return everything remembered, times relative to ``now_us``: not before the last event."""
        return self._state.save(now_us)

    @property
    def vetoed(self) -> dict[tuple[Actuator, Demand], str]:
        """The vetoes on each way of each pin that were told and stand: they are not told again."""
        return dict(self._vetoed)

    def situation(self, actuator: Actuator) -> Situation:
        """Return what the policy decides on for ``actuator`` now."""
        return situation_of(self._state, actuator)

    def settings_behind(self, actuator: Actuator) -> tuple[str, ...]:
        """Return the keys of the settings of which another choice would change the decision."""
        return settings_of(self._state, actuator)

    def overrides_behind(self, actuator: Actuator) -> tuple[Override, ...]:
        """Return the overrides without which ``actuator`` would be decided otherwise."""
        return overrides_of(self._state, actuator)

    def standing(self) -> list[Output]:
        """Return all that was reported and holds, for those who have heard nothing of it."""
        decided = [self._decided(actuator) for actuator in self._state.decisions]
        return [*self._facts(), *decided, Permit(self.permit, None)]

    def _facts(self) -> list[Output]:
        """Return what holds besides what is decided: signals, pins, faults, what is asked for."""
        state = self._state
        return [
            *(SignalChanged(name, getattr(state.seen, name), None) for name in SIGNALS),
            *(
                ActuatorChanged(key, pin.state, None, pin.assumed)
                for key, pin in state.pins.items()
            ),
            *(Fault(fault, True, about) for fault, about in sorted(state.faults, key=str)),
            *([StopCharge(True, state.stop_attempt)] if state.stop_attempt else []),
            *([HeatInlet(True, state.heatings)] if Flag.HEATING in state.flags else []),
        ]

    def _decided(self, actuator: Actuator) -> Decided:
        """Return the standing decision as it is told now."""
        return told(self._state, actuator, self._state.decisions[actuator], self._now_us)
