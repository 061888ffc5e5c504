"""The lock manager: events and time go in, decisions and their reasons come out.

Knows: the order in which an event is taken in, decided on, carried out and told.
Refuses to know: what time it is, where events come from, how outputs leave, and how what stands
is read (``standing``).

The way of one event: note what it changes (snapshot, memory), decide for each pin, let the pins
work towards the demand through the interlock, look again if that changed anything, then give the
permit. There is no tick: ``deadline_us`` says when ``handle`` next wants a ``DeadlinePassed``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vehicle.core import heating, intake, request, session, settling, spans, watch
from vehicle.core.actuator import DrivenPin
from vehicle.core.car import Actuator, Car
from vehicle.core.deciding import Basis, basis_of, decide_for
from vehicle.core.inputs import InputEvent
from vehicle.core.interlock import veto_stroke
from vehicle.core.memory import Flag, Memory, Timer
from vehicle.core.names import Demand, EventName, FaultName, PinState
from vehicle.core.outputs import Output, Permit, WakeBus
from vehicle.core.permit import permit_of
from vehicle.core.pin import PinControl
from vehicle.core.reactions import clear_faults, collect
from vehicle.core.rule import Decision
from vehicle.core.settings import Settings
from vehicle.core.shadow import ShadowPin
from vehicle.core.signals import Fitted, Occupant
from vehicle.core.situation import Asked, fitted
from vehicle.core.snapshot import SIGNALS
from vehicle.core.standing import Standing
from vehicle.core.state import State

PINS = tuple(Actuator)
ROUNDS_MAX = 16
"""How often one event may lead to a new decision. More would be an endless loop."""

KNOWN_MAX = 128
"""How many decisions are kept with their grounds, some 1 KB each. Then it begins anew."""


class LockManager(Standing):
    """Decides for one car. See the module's docstring for the way of one event."""

    def __init__(self, car: Car, settings: Settings | None = None, *, shadow: bool = False) -> None:
        pin_type: type[PinControl] = ShadowPin if shadow else DrivenPin
        pins = {actuator: pin_type(actuator, car.pin(actuator)) for actuator in Actuator}
        self.car = car
        self.shadow = shadow
        super().__init__(State(car, settings or Settings(), pins, shadow=shadow))
        self._decided_on: dict[Actuator, Basis] = {}
        """What the standing decisions were made of."""
        self._known: dict[tuple[Actuator, Basis], Decision] = {}
        """What was decided on which grounds: a car is locked and unlocked on the same few."""
        self.deadline_us: int | None = None
        """When ``handle`` next wants a DeadlinePassed, or None: no sooner, and there is no tick.

        It changes only when something happened: it is asked for with every frame."""

    def restore(
        self,
        memory: Memory,
        now_us: int,
        vetoed: Mapping[tuple[Actuator, Demand], str] | None = None,
    ) -> None:
        """Continue from ``memory`` at ``now_us``, telling nothing of what it holds."""
        self._now_us = now_us
        self._state.load(memory, now_us)
        self._state.outputs.clear()
        self._vetoed = dict(vetoed or {})
        self._decided_on.clear()
        self._state.decisions = {
            actuator: decide_for(self._state, actuator) for actuator in Actuator
        }
        self._permit = permit_of(self._state)
        self.deadline_us = self._next_deadline()

    def start(self, now_us: int) -> list[Output]:
        """Begin at ``now_us``: report every signal, decision, state, fault and the permit once."""
        self._now_us = now_us
        self._state.decisions, self._permit = {}, None
        self._decided_on.clear()
        self._state.changed_us = dict.fromkeys(SIGNALS, now_us)
        self._state.outputs = self._facts()
        return self._settle()

    def _next_deadline(self) -> int | None:
        times = list(self._state.timers.values())
        for pin in self._state.pins.values():
            due_us = pin.deadline_us
            if due_us is not None:
                times.append(due_us)
        return min(times, default=None)

    def handle(self, event: InputEvent, now_us: int) -> list[Output]:
        """Take one event at ``now_us`` and return what follows, in order.

        Times never run backwards: raises ValueError where ``now_us`` lies before the last event.
        """
        if now_us < self._now_us:
            raise ValueError(f"event at {now_us} us lies before {self._now_us} us")
        self._now_us = now_us
        if self.deadline_us is not None and self.deadline_us <= now_us:
            self._expire()
        intake.take(self._state, event, now_us)
        return self._settle()

    # ---- time -----------------------------------------------------------------------------------

    def _expire(self) -> None:
        """Do what has become due, in the order of the due times."""
        state = self._state
        due = sorted((due_us, timer) for timer, due_us in state.timers.items())
        for due_us, timer in due:
            if due_us <= self._now_us and state.timers.get(timer) == due_us:
                del state.timers[timer]
                self._timer_passed(timer)
        for actuator, pin in state.pins.items():
            if pin.deadline_us is not None and pin.deadline_us <= self._now_us:
                pin.expire(self._may(actuator), self._now_us)
                collect(state, state.pins[actuator])

    def _timer_passed(self, timer: Timer) -> None:
        state = self._state
        if timer in spans.LENGTHS_US:
            spans.over(state, timer)
        elif timer in settling.TIMERS:
            settling.stood(state, timer)
            spans.settings_changed(state, state.owner_again(), self._now_us)
        elif timer is Timer.HEATING:
            heating.warmed(state)
        elif timer is Timer.WELD_RESULT:
            session.weld_result_overdue(state)
        elif timer is Timer.PILOT_LOST:
            watch.pilot_stayed_lost(state)
        elif timer is Timer.FEEDBACK_LATCH:
            state.fault(FaultName.FEEDBACK_LOST, True, Actuator.LATCH)
        elif timer is Timer.FEEDBACK_ADAPTER:
            state.fault(FaultName.FEEDBACK_LOST, True, Actuator.ADAPTER)
        elif timer is not Timer.JUST_CHARGED:
            request.timer_passed(state, timer)

    # ---- deciding and doing ---------------------------------------------------------------------

    def _settle(self) -> list[Output]:
        """Decide and act until nothing changes any more; then give the permit."""
        state = self._state
        done: dict[Actuator, Basis] = {}
        for _ in range(ROUNDS_MAX):
            before = (len(state.outputs), frozenset(state.flags), state.asked)
            for actuator in PINS:
                basis = basis_of(state)
                # To decide and drive twice on the same grounds, at one moment, does nothing more.
                if done.get(actuator) != basis:
                    done[actuator] = basis
                    self._decide_and_drive(actuator, basis)
            heating.watch(state, self._now_us)
            request.progress(state, self._now_us)
            if before == (len(state.outputs), frozenset(state.flags), state.asked):
                break
        else:
            raise AssertionError(f"no stable decision within {ROUNDS_MAX} rounds")
        self._wake_for_release()
        clear_faults(state)
        watch.watch_security(state)
        watch.watch_supply(state)
        spans.watch(state, self._now_us)
        self._give_permit()
        self.deadline_us = self._next_deadline()
        outputs, state.outputs = state.outputs, []
        return outputs

    def _decide_and_drive(self, actuator: Actuator, basis: Basis) -> None:
        state = self._state
        if self._decided_on.get(actuator) != basis:
            self._decided_on[actuator] = basis
            decision = self._known.get((actuator, basis))
            if decision is None:
                decision = self._learn(actuator, basis)
            if decision != state.decisions.get(actuator):
                state.decisions[actuator] = decision
                state.outputs.append(self._decided(actuator))
        decision = state.decisions[actuator]
        if self._may_act(actuator) and not heating.waits(state, actuator, decision.demand):
            explicit = state.asked is Asked.UNLATCH
            state.pins[actuator].want(
                decision.demand, decision.rule.name, explicit, self._may(actuator), self._now_us
            )
            collect(state, state.pins[actuator])

    def _learn(self, actuator: Actuator, basis: Basis) -> Decision:
        """Decide on grounds that are new, or were forgotten, and remember it."""
        if len(self._known) == KNOWN_MAX:
            self._known.clear()
        decision = decide_for(self._state, actuator)
        self._known[actuator, basis] = decision
        return decision

    def _may_act(self, actuator: Actuator) -> bool:
        """Whether a stroke can be begun or continued at all: not asleep, not lost, no error."""
        state = self._state
        if fitted(state.seen, actuator) is not Fitted.FITTED:
            return False
        return not state.asleep and not state.lost and Flag.INTERNAL_ERROR not in state.flags

    def _may(self, actuator: Actuator) -> Callable[[Demand], bool]:
        """Return the interlock's answer for ``actuator``, told once where it is a veto."""

        def may(direction: Demand) -> bool:
            state = self._state
            why = veto_stroke(
                self.car,
                state.seen,
                actuator,
                direction,
                weld_result_awaited=state.weld_result_awaited,
                manual_release_pulled=state.manual_release,
                board_supply=state.settled.board_supply,
            )
            way = (actuator, direction)
            if why is None:
                self._vetoed.pop(way, None)
            elif self._vetoed.get(way) != why:
                self._vetoed[way] = why
                state.tell(EventName.COMMAND_VETOED, actuator=actuator, command=direction, why=why)
            return why is None

        return may

    def _wake_for_release(self) -> None:
        """Wake a sleeping bus, once, where a release of something seated has fallen due."""
        state = self._state
        if not state.asleep:
            state.flags.discard(Flag.WAKING)
            return
        due = any(
            state.decisions[pin.actuator].demand is Demand.RELEASE
            and pin.state is not PinState.RELEASED
            for pin in state.fitted_pins
        )
        empty = state.seen.occupant is Occupant.EMPTY
        if due and not empty and self.car.can_wake and Flag.WAKING not in state.flags:
            state.flags.add(Flag.WAKING)
            state.outputs.append(WakeBus())
            state.tell(EventName.WAKING_BUS)

    def _give_permit(self) -> None:
        charge = permit_of(self._state)
        if charge is not self._permit:
            self._state.outputs.append(Permit(charge, self._permit))
            self._permit = charge
