"""Checks every simulated story for what must never happen, against the simulated car's truth.

Knows: the outputs as they come, and how the car truly stands at that moment.
Refuses to know: what the lock manager believes, its rules, and what the story is about.

The checks say in other words what the safety tier promises:

1. No release is commanded while the inlet is truly energised.
2. No pin is driven into an inlet that has been empty for longer than the car takes to say so.
3. High power is permitted only while metal truly holds what is seated (where the sensor is honest),
   or held it until a moment ago: a hand that pulls the pin out is faster than any sensor.
4. Unchanged inputs give no strokes: at most one stroke of a kind between two changes, of which
   a heated inlet is one.
5. Every request to unlatch ends in a result, or stands with a named fault.
"""

from __future__ import annotations

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, Demand, FaultName, Request, Result
from vehicle.core.outputs import (
    Answered,
    Command,
    Fault,
    HeatInlet,
    MessageChanged,
    Output,
    Permit,
    SettingsTook,
    SignalChanged,
)
from vehicle.runtime.orders import Orders
from vehicle.runtime.plant import Plant

EMPTY_KNOWN_US = 300_000
"""By when an empty inlet is known: ChargePortState's stale limit of 250 ms, and one cycle more."""
FREED_KNOWN_US = 300_000
"""By when a pin that a hand pulled out is known to hold nothing: the same limit, for feedback."""

_FEEDBACK = ("latch", "adapter_lock")
_STANDING = (FaultName.STOP_NOT_CONFIRMED, FaultName.BUS_ASLEEP, FaultName.BUS_LOST)
"""Faults that tell the owner why an unlatch is still waiting."""


class SafetyWatch:
    """Watches one story. ``failures`` holds what went wrong, in words."""

    def __init__(self, plant: Plant, orders: Orders, *, connector_locks_itself: bool) -> None:
        self._plant = plant
        self._honest = not orders.ordered("lying_feedback")
        self._connector_locks_itself = connector_locks_itself
        self._seated_us = 0
        self._held_us: dict[Actuator, int] = {}
        self._strokes: set[tuple[Actuator, Demand]] = set()
        self._waiting_since_us: int | None = None
        self._faults: set[FaultName] = set()
        self.failures: list[str] = []

    def see(self, now_us: int) -> None:
        """Look at the car once the plant has been advanced to ``now_us``."""
        if self._plant.connector or self._plant.adapter:
            self._seated_us = now_us
        for actuator, pin in self._plant.pins.items():
            if pin.holds:
                self._held_us[actuator] = now_us

    def take(self, now_us: int, output: Output) -> None:
        """Judge one output at the moment it comes."""
        match output:
            case Command():
                self._command(now_us, output)
            case Permit():
                self._permit(now_us, output)
            case SignalChanged() if output.signal not in _FEEDBACK:
                self._strokes.clear()
            case SettingsTook() | MessageChanged() | HeatInlet():
                self._strokes.clear()
            case Answered():
                self._strokes.clear()
                self._answered(now_us, output)
            case Fault():
                (self._faults.add if output.active else self._faults.discard)(output.fault)

    def _say(self, now_us: int, what: str) -> None:
        self.failures.append(f"safety, {now_us / 1e6:g} s: {what}")

    def _command(self, now_us: int, output: Command) -> None:
        actuator, command = output.actuator, output.command
        if command is Demand.RELEASE and self._plant.charger.energised:
            self._say(now_us, f"the {actuator} is released while the inlet is energised")
        if command is Demand.ENGAGE and now_us - self._seated_us > EMPTY_KNOWN_US:
            self._say(now_us, f"the {actuator} is driven into an empty inlet")
        if output.attempt == 1 and not output.recovery:
            if (actuator, command) in self._strokes:
                self._say(now_us, f"the {actuator} is driven to {command} again for no new reason")
            self._strokes.add((actuator, command))

    def _permit(self, now_us: int, output: Permit) -> None:
        plant = self._plant
        guard = Actuator.LATCH
        if plant.adapter and plant.pins[Actuator.ADAPTER].fitted:
            guard = Actuator.ADAPTER
        pin = plant.pins[guard]
        if output.charge not in (Charge.AC, Charge.DC) or pin.holds or not self._honest:
            return
        if now_us - self._held_us.get(guard, -FREED_KNOWN_US - 1) <= FREED_KNOWN_US:
            return
        if not pin.fitted and (output.charge is Charge.AC or self._connector_locks_itself):
            return
        self._say(now_us, f"{output.charge} is permitted, and the {guard} holds nothing")

    def _answered(self, now_us: int, output: Answered) -> None:
        if output.request is Request.UNLATCH:
            if output.result is Result.ACCEPTED:
                self._waiting_since_us = now_us
            elif output.result is not Result.ALREADY_PENDING:
                self._waiting_since_us = None

    def finish(self, now_us: int) -> list[str]:
        """Return every failure, after the story's end at ``now_us``."""
        if self._waiting_since_us is not None and self._faults.isdisjoint(_STANDING):
            since = f"{self._waiting_since_us / 1e6:g} s"
            self._say(now_us, f"the unlatch request of {since} has neither ended nor a fault")
        return self.failures
