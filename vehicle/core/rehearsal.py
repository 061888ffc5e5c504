"""What would be decided in a thought-up circumstance: a manager of its own lives through it.

Knows: the moments of a charge that an owner asks about, in their order.
Refuses to know: the rules, and the real car. Nothing that happens here leaves this file.

It is the very manager that drives the car, with pins that do as they are told, so what is said here
is what would be done.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from vehicle.core.car import Actuator, Car
from vehicle.core.circumstance import Adapter, CableOwner, Circumstance
from vehicle.core.inputs import DeadlinePassed, InputEvent, Observed
from vehicle.core.manager import LockManager
from vehicle.core.names import Charge, Demand, PinState
from vehicle.core.outputs import Command
from vehicle.core.overrides import Override
from vehicle.core.record import record
from vehicle.core.resolve import Effective
from vehicle.core.rule import Rule
from vehicle.core.settings import Settings, Toggle
from vehicle.core.settling import SETTLING
from vehicle.core.signals import (
    Cable,
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    KeyZone,
    Occupant,
    Pilot,
    Session,
    SignalValue,
    Supply,
    SupplyLimit,
    Weld,
)
from vehicle.core.situation import guarding_pin
from vehicle.core.snapshot import FEEDBACK_SIGNAL
from vehicle.core.spans import LONG_WAIT_US
from vehicle.core.strain import STRAINS, Strain

MINUTE_US = 60_000_000
STEP_US = 10_000_000
"""Between two moments: longer than a stroke with all its tries."""
STROKE_US = 300_000
"""How long the thought-up pins take."""
SETTLED_US = max(each for how in SETTLING.values() for each in (how.up_us, how.down_us))
"""By when cold, or a weak 12 V supply, counts."""


class Moment(StrEnum):
    """The moments of a charge that are told, in their order."""

    PLUGGED_IN = "plugged-in"
    LOCKED = "locked"
    WAITING = "waiting"
    CHARGING = "charging"
    FULL = "full"
    GRACE_OVER = "grace-over"
    UNLOCKED = "unlocked"


MOMENT_WORDS = {
    Moment.PLUGGED_IN: "plugged in, the car unlocked",
    Moment.LOCKED: "the car is locked",
    Moment.WAITING: "the charge waits, for a timer or the sun",
    Moment.CHARGING: "it charges",
    Moment.FULL: "the battery is full",
    Moment.GRACE_OVER: "the grace time after that is over",
    Moment.UNLOCKED: "the car is unlocked again",
}

_CHANGES: dict[Moment, dict[str, SignalValue]] = {
    Moment.PLUGGED_IN: {
        "car_lock": CarLock.UNLOCKED,
        "key": KeyZone.AT_PORT,
        "session": Session.NONE,
        "inlet": Inlet.SAFE,
        "weld": Weld.NONE,
        "pilot": Pilot.PRESENT,
    },
    Moment.LOCKED: {"car_lock": CarLock.LOCKED, "key": KeyZone.ABSENT},
    Moment.WAITING: {"session": Session.WAITING},
    Moment.CHARGING: {"session": Session.CHARGING, "inlet": Inlet.ENERGISED},
    Moment.FULL: {"session": Session.COMPLETE, "inlet": Inlet.SAFE},
    Moment.GRACE_OVER: {},
    Moment.UNLOCKED: {"car_lock": CarLock.UNLOCKED, "key": KeyZone.AT_PORT},
}
"""Moment -> what changes then. Its key is with the owner, who comes and goes."""


@record
class Decided:
    """What is decided at one moment for the pin that holds what is plugged in."""

    moment: Moment
    actuator: Actuator
    demand: Demand
    state: PinState
    """Where the pin stands once it has done so."""
    rule: Rule
    overrides: tuple[Override, ...]
    """Those without which it would be decided otherwise."""
    permit: Charge
    veto: str
    """Why the pin does not do so, where the interlock forbids it; else empty."""


@record
class Rehearsal:
    """What came of it."""

    circumstance: Circumstance
    """As it was thought up, with what follows: a DC station's cable is its own, and a connector
    goes straight into the inlet where nobody speaks of an adapter."""
    effective: Effective
    moments: tuple[Decided, ...]


def rehearse(
    car: Car,
    settings: Settings,
    circumstance: Circumstance,
    *,
    high_current: bool = False,
    pins: frozenset[Actuator] = frozenset(Actuator),
    strain: Strain | None = None,
) -> Rehearsal:
    """Return what ``settings`` lead to in ``circumstance``, moment by moment.

    ``high_current``: an AC supply offers more than 16 A. ``pins``: those that the car has.
    ``strain``: how things stand since long before; None: nothing is known of it.
    """
    stage = _Stage(car, settings)
    stage.see({name: getattr(strain or Strain(), name) for name in STRAINS})
    stage.pass_time(SETTLED_US)
    stage.see(_scene(circumstance, high_current, pins))
    moments = tuple(_lived(stage))
    return Rehearsal(stage.manager.circumstance, stage.manager.effective, moments)


def _lived(stage: _Stage) -> Iterator[Decided]:
    manager = stage.manager
    for moment in Moment:
        owner = manager.effective.settings
        if moment is Moment.GRACE_OVER:
            if owner.release_when_full is Toggle.OFF or not owner.release_grace_min:
                continue
            stage.pass_time(owner.release_grace_min * MINUTE_US)
        stage.see(_CHANGES[moment])
        if moment is Moment.WAITING:  # long enough to count no more, where the owner wants that
            stage.pass_time(LONG_WAIT_US)
        actuator = guarding_pin(manager.snapshot) or Actuator.LATCH
        decision = manager.decision(actuator)
        overrides = manager.overrides_behind(actuator)
        yield Decided(
            moment,
            actuator,
            decision.demand,
            manager.pin(actuator).state,
            decision.rule,
            overrides,
            manager.permit,
            manager.vetoed.get((actuator, decision.demand), ""),
        )


def _scene(
    circumstance: Circumstance, high_current: bool, pins: frozenset[Actuator]
) -> dict[str, SignalValue]:
    """Return the signals that make ``circumstance``, a connector plugged in."""

    def fitted(actuator: Actuator) -> Fitted:
        return Fitted.FITTED if actuator in pins else Fitted.ABSENT

    ac = circumstance.supply is not Supply.DC
    adapter = circumstance.adapter is Adapter.YES
    return {
        "latch_fitted": fitted(Actuator.LATCH),
        "adapter_lock_fitted": fitted(Actuator.ADAPTER),
        "latch": Feedback.RELEASED,
        "adapter_lock": Feedback.RELEASED,
        "occupant": Occupant.ADAPTER_AND_CONNECTOR if adapter else Occupant.CONNECTOR,
        "supply": circumstance.supply,
        "supply_limit": SupplyLimit.ABOVE_16_A if high_current and ac else SupplyLimit.UP_TO_16_A,
        "place": circumstance.place,
        "hour": circumstance.hours,
        "cabin": circumstance.cabin,
        "cable": _CABLES[circumstance.cable],
    }


_CABLES = {
    CableOwner.UNKNOWN: Cable.UNKNOWN,
    CableOwner.OWN: Cable.SOCKET,
    CableOwner.TETHERED: Cable.TETHERED,
}


class _Stage:
    """A manager, and pins that do as they are told."""

    def __init__(self, car: Car, settings: Settings) -> None:
        self.manager = LockManager(car, settings)
        self._now_us = 0
        self._moving: list[tuple[int, str, Feedback]] = []
        self.manager.start(0)

    def see(self, values: dict[str, SignalValue]) -> None:
        """Let the car tell ``values``, and let some time pass."""
        if values:
            self._handle(Observed(tuple(values.items())))
        self.pass_time(STEP_US)

    def pass_time(self, for_us: int) -> None:
        """Let ``for_us`` pass, with everything that falls due in it."""
        until_us = self._now_us + for_us
        while (due_us := self._next_us()) is not None and due_us <= until_us:
            self._now_us = max(self._now_us, due_us)
            if self._moving and self._moving[0][0] == due_us:
                _, signal, feedback = self._moving.pop(0)
                self._handle(Observed(((signal, feedback),)))
            else:
                self._handle(DeadlinePassed())
        self._now_us = until_us

    def _next_us(self) -> int | None:
        times = (self.manager.deadline_us, self._moving[0][0] if self._moving else None)
        return min((us for us in times if us is not None), default=None)

    def _handle(self, event: InputEvent) -> None:
        for output in self.manager.handle(event, self._now_us):
            if isinstance(output, Command):
                engaged = output.command is Demand.ENGAGE
                feedback = Feedback.ENGAGED if engaged else Feedback.RELEASED
                signal = FEEDBACK_SIGNAL[output.actuator]
                self._moving.append((self._now_us + STROKE_US, signal, feedback))
