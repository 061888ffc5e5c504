"""The working form of the memory, which the rooms of the core read and change.

Knows: timers, faults and what is to be told, and what follows from the memory at a glance.
Refuses to know: when any of it is set or cleared; the rooms beside this one do.
"""

from __future__ import annotations

from vehicle.core.car import Actuator, Car
from vehicle.core.circumstance import Circumstance, circumstance_of
from vehicle.core.memory import MANUAL, RELEASED, Flag, Memory, Timer
from vehicle.core.names import Demand, EventName, FaultName, Request, Result, Source
from vehicle.core.outputs import Answered, Event, Fault, Output
from vehicle.core.pin import PinControl
from vehicle.core.resolve import Effective, resolve
from vehicle.core.rule import Decision
from vehicle.core.settings import Settings
from vehicle.core.signals import BoardSupply, Cable, Fitted, Occupant, Place, Supply
from vehicle.core.situation import Energy, Past, energy_of, fitted
from vehicle.core.snapshot import SIGNALS


class State:
    """The working form of Memory while the manager runs. Times are absolute."""

    def __init__(
        self,
        car: Car,
        settings: Settings,
        pins: dict[Actuator, PinControl],
        *,
        shadow: bool = False,
    ) -> None:
        self.car = car
        self.settings = settings
        self.pins = pins
        self.outputs: list[Output] = []
        self.shadow = shadow
        self.decisions: dict[Actuator, Decision] = {}
        self.load(Memory(), 0)

    def load(self, memory: Memory, now_us: int) -> None:
        """Continue from ``memory`` at ``now_us``."""
        self.seen = memory.snapshot
        self.changed_us = {
            name: now_us - age_us for name, age_us in zip(SIGNALS, memory.ages_us, strict=True)
        }
        self.settled = memory.settled
        self.last_session = memory.last_session
        self.last_inlet = memory.last_inlet
        self.last_occupant = memory.last_occupant
        self.last_place = memory.last_place
        self.last_supply = memory.last_supply
        self.last_cable = memory.last_cable
        self.energy_wh = memory.energy_wh
        self.failed_attempts = memory.failed_attempts
        self.patience = {source: each.later(now_us) for source, each in memory.patience}
        self.asked = memory.asked
        self.asked_by = memory.asked_by
        self.stop_attempt = memory.stop_attempt
        self.heatings = memory.heatings
        self.flags = set(memory.flags)
        self.timers = {timer: now_us + left_us for timer, left_us in memory.timers}
        self.faults = set(memory.faults)
        self.asleep = set(memory.asleep)
        self.lost = set(memory.lost)
        self.pins[Actuator.LATCH].restore(memory.latch, now_us)
        self.pins[Actuator.ADAPTER].restore(memory.adapter, now_us)
        self.effective = resolve(self.settings, self.circumstance)

    def save(self, now_us: int) -> Memory:
        """Return everything remembered, relative to ``now_us``."""
        return Memory(
            snapshot=self.seen,
            ages_us=tuple(now_us - self.changed_us[name] for name in SIGNALS),
            settled=self.settled,
            last_session=self.last_session,
            last_inlet=self.last_inlet,
            last_occupant=self.last_occupant,
            last_place=self.last_place,
            last_supply=self.last_supply,
            last_cable=self.last_cable,
            energy_wh=self.energy_wh,
            failed_attempts=self.failed_attempts,
            patience=tuple(
                (source, each.later(-now_us))
                for source, each in sorted(self.patience.items())
                if not each.forgotten(now_us)
            ),
            asked=self.asked,
            asked_by=self.asked_by,
            stop_attempt=self.stop_attempt,
            heatings=self.heatings,
            flags=frozenset(self.flags),
            timers=tuple(sorted((timer, due_us - now_us) for timer, due_us in self.timers.items())),
            faults=frozenset(self.faults),
            asleep=frozenset(self.asleep),
            lost=frozenset(self.lost),
            latch=self.pins[Actuator.LATCH].memory(now_us),
            adapter=self.pins[Actuator.ADAPTER].memory(now_us),
        )

    # ---- timers, faults, words ------------------------------------------------------------------

    def start(self, timer: Timer, due_us: int) -> None:
        """Await ``due_us``; a running timer of that name is replaced."""
        self.timers[timer] = due_us

    def stop(self, *timers: Timer) -> None:
        """Stop awaiting ``timers``."""
        for timer in timers:
            self.timers.pop(timer, None)

    def fault(self, name: FaultName, active: bool, actuator: Actuator | None = None) -> bool:
        """Raise or clear a fault; says nothing, and returns False, where it already is so."""
        key = (name, actuator)
        if active is (key in self.faults):
            return False
        (self.faults.add if active else self.faults.discard)(key)
        self.outputs.append(Fault(name, active, actuator))
        return True

    def tell(self, name: EventName, **details: str | int) -> None:
        """Report an event."""
        self.outputs.append(Event(name, tuple(details.items())))

    def answer(self, request: Request, source: Source, result: Result) -> None:
        """Report what became of a request."""
        self.outputs.append(Answered(request, source, result))

    # ---- what follows from it -------------------------------------------------------------------

    @property
    def weld_result_awaited(self) -> bool:
        """Whether a release must still wait for the weld test after a DC session."""
        return Flag.WELD_RESULT_WANTED in self.flags

    @property
    def interrupted(self) -> bool:
        """Whether the session was cut off and the power-cut hold is not over."""
        return Flag.INTERRUPTED in self.flags and Timer.POWER_CUT_HOLD in self.timers

    @property
    def energy(self) -> Energy:
        """Whether a release would meet energy."""
        if Flag.WELDED in self.flags:
            return Energy.WELDED
        return energy_of(self.seen.inlet, self.seen.weld, self.weld_result_awaited)

    @property
    def circumstance(self) -> Circumstance:
        """Where, by what and when the car charges.

        A car does not drive off with something in its inlet: place, supply and cable stay what they
        were last known to be until the inlet is empty, so that no gap in a message moves a pin.
        """
        seen = self.seen._replace(cabin=self.settled.cabin)
        if seen.occupant is not Occupant.EMPTY:
            seen = seen._replace(
                place=self.last_place,
                supply=self.last_supply,
                cable=self.last_cable,
                occupant=self.last_occupant,
            )
        return circumstance_of(seen, self.settings.cable_default)

    def owner_again(self) -> Settings:
        """Resolve the owner's choices anew; return what held before."""
        was, seen = self.owner, self.seen
        if seen.place is not Place.UNKNOWN:
            self.last_place = seen.place
        if seen.supply not in (Supply.UNKNOWN, Supply.NONE):
            self.last_supply = seen.supply
        if seen.cable is not Cable.UNKNOWN:
            self.last_cable = seen.cable
        if seen.occupant is not Occupant.UNKNOWN:
            self.last_occupant = seen.occupant
        if seen.occupant is Occupant.EMPTY:
            self.last_place, self.last_supply, self.last_cable = seen.place, seen.supply, seen.cable
        if self.settings.overrides:
            self.effective = resolve(self.settings, self.circumstance)
        elif was is not self.settings:
            self.effective = Effective(self.settings)
        return was

    @property
    def owner(self) -> Settings:
        """The owner's choices for the present circumstance."""
        return self.effective.settings

    def past(self, actuator: Actuator) -> Past:
        """Return what ``actuator`` remembers of the connector that is seated."""
        if MANUAL[actuator] in self.flags:
            return Past.MANUAL_RELEASE
        return Past.RELEASED if RELEASED[actuator] in self.flags else Past.FRESH

    def wants_engaged(self, actuator: Actuator) -> bool:
        """Return whether the latest decision, if there is one, is to engage ``actuator``."""
        decision = self.decisions.get(actuator)
        return decision is not None and decision.demand is Demand.ENGAGE

    def will_engage(self, actuator: Actuator) -> bool:
        """Return whether ``actuator`` is to engage and the 12 V supply lets it begin."""
        low = self.settled.board_supply in (BoardSupply.LOW, BoardSupply.TOO_LOW)
        return self.wants_engaged(actuator) and not low

    @property
    def fitted_pins(self) -> list[PinControl]:
        """The pins that this car is known to have."""
        return [
            pin
            for actuator, pin in self.pins.items()
            if fitted(self.seen, actuator) is Fitted.FITTED
        ]

    @property
    def manual_release(self) -> bool:
        """Whether a manual release was pulled with this connector seated."""
        return not self.flags.isdisjoint(MANUAL.values())
