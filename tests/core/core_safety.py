"""What must hold after every event, whatever it was: the safety tier in the tests' own words.

Knows: requirements S1, S2, S10, A4, A5, A7, A10 as checks on one step of the real manager.
Refuses to know: the policy, the interlock and how the manager arrives at what it says.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vehicle.core.car import Actuator, WhenEmpty
from vehicle.core.inputs import InputEvent
from vehicle.core.manager import LockManager
from vehicle.core.memory import Flag, Memory, Timer
from vehicle.core.names import Charge, Demand, PinState
from vehicle.core.outputs import ActuatorChanged, Command, DriveOff, Output
from vehicle.core.signals import Feedback, Fitted, Inlet, Occupant, Weld
from vehicle.core.snapshot import Snapshot

RELEASE, ENGAGE = Demand.RELEASE, Demand.ENGAGE
SENSED = {PinState.ENGAGED: Feedback.ENGAGED, PinState.RELEASED: Feedback.RELEASED}
FITTED_SIGNAL = {Actuator.LATCH: "latch_fitted", Actuator.ADAPTER: "adapter_lock_fitted"}


def guard_of(seen: Snapshot) -> Actuator | None:
    """Return the guarding pin of requirement A1, in other words than the core's."""
    occupant = seen.occupant
    if occupant is Occupant.CONNECTOR:
        return Actuator.LATCH
    if occupant in (Occupant.ADAPTER, Occupant.ADAPTER_AND_CONNECTOR):
        there = seen.adapter_lock_fitted
        return {Fitted.FITTED: Actuator.ADAPTER, Fitted.ABSENT: Actuator.LATCH}.get(there)
    return None


def check_step(
    manager: LockManager, outputs: list[Output], driving: dict[Actuator, Demand]
) -> Memory:
    """Check one step's outputs and the state after it, and return the memory after it.

    ``driving`` says which way each motor runs, and is carried from step to step.
    """
    memory = manager.memory
    for output in outputs:
        if isinstance(output, Command):
            _check_command(manager, memory, output)
            if not manager.shadow:
                driving[output.actuator] = output.command
        elif isinstance(output, DriveOff):
            driving.pop(output.actuator, None)
        elif isinstance(output, ActuatorChanged):
            _check_state_is_sensed(manager, output)
    _check_what_is_driven(manager, driving)
    _check_permit(manager, memory)
    _check_heating(manager, memory)
    return memory


def _check_command(manager: LockManager, memory: Memory, command: Command) -> None:
    seen, actuator = manager.snapshot, command.actuator
    assert getattr(seen, FITTED_SIGNAL[actuator]) is Fitted.FITTED, "A1: no such pin is known"
    if command.command is RELEASE:
        assert seen.inlet is Inlet.SAFE, f"S1: release while the inlet is {seen.inlet}"
        assert seen.weld is not Weld.WELDED, "S4: release with welded contactors"
        if seen.occupant is Occupant.EMPTY:
            assert manager.car.when_empty is WhenEmpty.RELEASE, "A4: release into an empty inlet"
    else:
        seated = seen.occupant not in (Occupant.EMPTY, Occupant.UNKNOWN)
        assert seated, f"A4: engage while the occupant is {seen.occupant}"
    if not manager.shadow:
        assert not memory.asleep, "S6: a stroke while the bus sleeps"
        assert not memory.lost, "S10: a stroke while a bus is lost"
        assert Flag.INTERNAL_ERROR not in memory.flags, "S10: a stroke after an internal error"
        assert memory.flags.isdisjoint({Flag.MANUAL_LATCH, Flag.MANUAL_ADAPTER}), "A10"
        limits = manager.car.pin(actuator).limits
        assert 1 <= command.attempt <= limits.tries, f"A7: attempt {command.attempt}"


def _check_what_is_driven(manager: LockManager, driving: dict[Actuator, Demand]) -> None:
    seen = manager.snapshot
    for actuator, direction in driving.items():
        if direction is RELEASE:
            assert seen.inlet is Inlet.SAFE, f"S1: {actuator} is driven free while {seen.inlet}"
        else:
            assert seen.occupant is not Occupant.EMPTY, f"A4: {actuator} is driven into nothing"


def _check_state_is_sensed(manager: LockManager, changed: ActuatorChanged) -> None:
    wanted = SENSED.get(changed.state)
    if wanted is None:
        return
    pin = manager.pin(changed.actuator)
    if changed.assumed:
        assert not manager.car.pin(changed.actuator).feedback, "A5: assumed in spite of a sensor"
    elif pin.state is changed.state:
        assert pin.feedback is wanted, f"A5: {changed.state} while feedback is {pin.feedback}"


def _check_permit(manager: LockManager, memory: Memory) -> None:
    seen, permit = manager.snapshot, manager.permit
    if permit is Charge.NONE:
        return
    assert not memory.lost, "S10: a permit while a bus is lost"
    assert Flag.INTERNAL_ERROR not in memory.flags, "S10: a permit after an internal error"
    assert memory.flags.isdisjoint({Flag.MANUAL_LATCH, Flag.MANUAL_ADAPTER}), "A10: permit"
    guard = guard_of(seen)
    assert guard is not None, f"S2: {permit} with nothing known to be held"
    if permit is Charge.AC_LIMITED:
        return
    pin = manager.pin(guard)
    engaged = pin.state is PinState.ENGAGED and pin.feedback is Feedback.ENGAGED
    if engaged and manager.car.pin(guard).feedback:
        return
    assert getattr(seen, FITTED_SIGNAL[guard]) is Fitted.ABSENT, f"S2: {permit} not locked"
    assert permit is Charge.AC or manager.car.connector_locks_itself, "S2: dc without a lock"


def _check_heating(manager: LockManager, memory: Memory) -> None:
    if Flag.HEATING not in memory.flags:
        return
    assert manager.car.can_heat, "P11: a car without a heater"
    assert not memory.lost, "S10: heating over a lost bus"
    assert Flag.INTERNAL_ERROR not in memory.flags, "S10: heating after an internal error"
    assert 1 <= memory.heatings <= 3, f"P11: heated for the {memory.heatings}. time"
    assert Timer.HEATING in dict(memory.timers), "P11: heating without an end"
    jammed = [pin for pin in map(manager.pin, Actuator) if pin.state is PinState.JAMMED]
    assert jammed, "P11: heating for no pin"


@dataclass
class Watch:
    """A manager that is checked at every step, and otherwise behaves like the one inside."""

    inner: LockManager
    driving: dict[Actuator, Demand] = field(default_factory=dict)

    @property
    def deadline_us(self) -> int | None:
        """The manager's own."""
        return self.inner.deadline_us

    def handle(self, event: InputEvent, now_us: int) -> list[Output]:
        """Hand the event on and check what follows."""
        outputs = self.inner.handle(event, now_us)
        check_step(self.inner, outputs, self.driving)
        return outputs
