"""A bench for the lock manager: signals, time and pins that obey, stick or stay silent.

Knows: how to play a short story to a LockManager in virtual time, and to find things in what it
said. Refuses to know: frames, and what is right.
"""

from __future__ import annotations

from typing import Any, TypeVar

from vehicle.core.car import Actuator, Car
from vehicle.core.inputs import DeadlinePassed as Due
from vehicle.core.inputs import InputEvent, Observed, Requested, SettingsChanged
from vehicle.core.manager import LockManager
from vehicle.core.memory import Memory
from vehicle.core.names import Demand, EventName, FaultName, Request, Result, Source
from vehicle.core.outputs import Answered, Command, Decided, Event, Fault, Output, StopCharge
from vehicle.core.settings import Settings
from vehicle.core.settings_read import parse
from vehicle.core.signals import (
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    KeyZone,
    Occupant,
    Pilot,
    Session,
    Supply,
    SupplyLimit,
    Weld,
)
from vehicle.core.snapshot import FEEDBACK_SIGNAL

MS = 1_000
S = 1_000_000
MIN = 60 * S

PATIENT = Settings(relock_window_s=0)
"""The defaults, but that what was released stays so: the window has tests of its own."""

LATCH, ADAPTER = Actuator.LATCH, Actuator.ADAPTER
END_OF = {Demand.ENGAGE: Feedback.ENGAGED, Demand.RELEASE: Feedback.RELEASED}

PARKED: dict[str, Any] = {
    "car_lock": CarLock.UNLOCKED,
    "key": KeyZone.INSIDE,
    "occupant": Occupant.EMPTY,
    "session": Session.NONE,
    "supply": Supply.NONE,
    "supply_limit": SupplyLimit.UNKNOWN,
    "pilot": Pilot.ABSENT,
    "inlet": Inlet.SAFE,
    "weld": Weld.NONE,
    "latch": Feedback.RELEASED,
    "adapter_lock": Feedback.RELEASED,
    "latch_fitted": Fitted.FITTED,
    "adapter_lock_fitted": Fitted.ABSENT,
}
"""An unlocked car with an empty inlet and a latch."""

AC_16: dict[str, Any] = {
    "occupant": Occupant.CONNECTOR,
    "session": Session.CHARGING,
    "supply": Supply.AC,
    "supply_limit": SupplyLimit.UP_TO_16_A,
    "pilot": Pilot.PRESENT,
    "inlet": Inlet.ENERGISED,
}
AC_32: dict[str, Any] = {**AC_16, "supply_limit": SupplyLimit.ABOVE_16_A}
DC: dict[str, Any] = {**AC_16, "supply": Supply.DC, "supply_limit": SupplyLimit.UNKNOWN}

T = TypeVar("T")


class Bench:
    """One car on the bench. Pins named in ``stuck`` do not move; ``silent`` ones are not sensed."""

    def __init__(
        self,
        car: Car | None = None,
        settings: Settings | None = None,
        *,
        shadow: bool = False,
        travel_us: int = 150 * MS,
        **first: Any,
    ) -> None:
        self.car = car or Car()
        self.manager = LockManager(self.car, settings or PATIENT, shadow=shadow)
        self.travel_us = travel_us
        self.stuck: set[Actuator] = set()
        self.now_us = 1 * S
        self.journal: list[tuple[int, Output]] = []
        self._arrivals: dict[Actuator, tuple[int, Feedback]] = {}
        self._note(self.manager.start(self.now_us))
        self.see(**{**PARKED, **first})
        self.run(S)
        self.clear()

    # ---- playing --------------------------------------------------------------------------------

    def _note(self, outputs: list[Output]) -> list[Output]:
        self.journal += [(self.now_us, output) for output in outputs]
        for output in outputs:
            if isinstance(output, Command) and self._obeys(output.actuator):
                arrival = (self.now_us + self.travel_us, END_OF[output.command])
                self._arrivals[output.actuator] = arrival
        return outputs

    def _obeys(self, actuator: Actuator) -> bool:
        return not self.manager.shadow and actuator not in self.stuck

    def give(self, event: InputEvent) -> list[Output]:
        """Give one event now."""
        return self._note(self.manager.handle(event, self.now_us))

    def see(self, **values: Any) -> list[Output]:
        """Observe signal values now."""
        return self.give(Observed(tuple(values.items())))

    def ask(self, request: Request, source: Source = Source.CLI) -> list[Output]:
        """Ask for something now."""
        return self.give(Requested(request, source))

    def unlatch(self, source: Source = Source.CLI) -> list[Output]:
        """Ask for an unlatch now."""
        return self.ask(Request.UNLATCH, source)

    def latch(self, source: Source = Source.CLI) -> list[Output]:
        """Ask for a latch now."""
        return self.ask(Request.LATCH, source)

    def choose(self, **changes: Any) -> list[Output]:
        """Change the owner's settings now."""
        words = {name.replace("_", "-"): value for name, value in changes.items()}
        return self.give(SettingsChanged(parse({**self.manager.settings.words(), **words}), "test"))

    def run(self, for_us: int) -> list[Output]:
        """Let time pass: each deadline and each pin's arrival happens at its own time."""
        until_us, before = self.now_us + for_us, len(self.journal)
        while True:
            due_us = self.manager.deadline_us
            moves = [(at_us, pin) for pin, (at_us, _) in self._arrivals.items()]
            next_us = min(
                [at_us for at_us, _ in moves] + ([] if due_us is None else [due_us])
                or [until_us + 1]
            )
            if next_us > until_us:
                break
            assert next_us >= self.now_us, "a deadline lies in the past"
            self.now_us = next_us
            arrived = [pin for at_us, pin in moves if at_us == next_us]
            if arrived:
                self.see(**{FEEDBACK_SIGNAL[pin]: self._arrivals.pop(pin)[1] for pin in arrived})
            else:
                self.give(Due())
        self.now_us = until_us
        return [output for _, output in self.journal[before:]]

    def clear(self) -> None:
        """Forget what was said so far."""
        self.journal.clear()

    def restart(self, memory: Memory | None = None) -> None:
        """Go on with a new manager that knows nothing but the old one's memory."""
        memory = memory or self.manager.memory
        settings, shadow = self.manager.settings, self.manager.shadow
        since_us = self.now_us - self.manager._now_us
        assert since_us >= 0
        self.manager = LockManager(self.car, settings, shadow=shadow)
        self.manager.restore(memory, self.now_us - since_us)

    # ---- reading --------------------------------------------------------------------------------

    def said(self, kind: type[T]) -> list[T]:
        """Return the outputs of one kind since the last ``clear``."""
        return [output for _, output in self.journal if isinstance(output, kind)]

    def when(self, output: Output) -> int:
        """Return when ``output`` was first said."""
        return next(at_us for at_us, each in self.journal if each == output)

    def commands(self) -> list[tuple[str, str]]:
        """Return the commands since the last ``clear``, as (actuator, direction) words."""
        return [(each.actuator.value, each.command.value) for each in self.said(Command)]

    def results(self) -> list[Result]:
        """Return what became of requests since the last ``clear``."""
        return [each.result for each in self.said(Answered)]

    def stops(self) -> list[tuple[bool, int]]:
        """Return the stop requests since the last ``clear``."""
        return [(each.active, each.attempt) for each in self.said(StopCharge)]

    def events(self) -> list[EventName]:
        """Return the events since the last ``clear``."""
        return [each.event for each in self.said(Event)]

    def event(self, name: EventName) -> dict[str, str | int]:
        """Return the details of the only event called ``name``."""
        (found,) = [each for each in self.said(Event) if each.event is name]
        return dict(found.details)

    def faults(self) -> list[tuple[FaultName, bool]]:
        """Return the faults raised and cleared since the last ``clear``."""
        return [(each.fault, each.active) for each in self.said(Fault)]

    def rule(self, actuator: Actuator = LATCH) -> str:
        """Return the rule that decides now."""
        return self.manager.decision(actuator).rule.name

    def decided(self, actuator: Actuator = LATCH) -> list[str]:
        """Return the rules that came to decide since the last ``clear``."""
        return [each.rule for each in self.said(Decided) if each.actuator is actuator]

    @property
    def state(self) -> str:
        """Where the latch is."""
        return self.manager.pin(LATCH).state.value


def plugged(settings: Settings | None = None, car: Car | None = None, **values: Any) -> Bench:
    """Return a bench whose car was parked and then got a connector, with ``values`` besides."""
    bench = Bench(car, settings)
    bench.see(**{"occupant": Occupant.CONNECTOR, "pilot": Pilot.PRESENT, **values})
    bench.run(2 * S)
    bench.clear()
    return bench


def charging(
    kind: dict[str, Any] | None = None,
    settings: Settings | None = None,
    car: Car | None = None,
    **values: Any,
) -> Bench:
    """Return a bench whose car charges: plugged in first, energised once engaged."""
    bench = Bench(car, settings)
    bench.see(**{**(kind or AC_32), "inlet": Inlet.SAFE, "session": Session.WAITING, **values})
    bench.run(1 * S)
    bench.see(session=Session.CHARGING, inlet=Inlet.ENERGISED)
    bench.run(10 * S)
    bench.clear()
    return bench


def stop_to(bench: Bench, session: Session = Session.COMPLETE) -> None:
    """Let the car end its session and report a safe inlet."""
    bench.see(session=session, inlet=Inlet.SAFE)
