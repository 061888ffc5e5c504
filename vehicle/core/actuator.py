"""Drives one locking pin: pulses, pauses, tries, recovery, cool-down.

Knows: the pin's limits, and how a demand becomes strokes.
Refuses to know: why something is demanded, and whether it is safe: every pulse asks ``may`` first.

Rules of this file:
1. A pulse never starts before the pause after the last one is over, except that an engage stroke
   may cut short a release at once (the inlet became energised in the middle of it). The pause
   that the release has earned is then made up for after the engage stroke.
2. Engaging stops on feedback; releasing runs its full time, because some latches report "open" as
   soon as they move.
3. HOLD starts nothing: a pulse that runs is finished, then the feedback says where the pin is. Only
   a recovery pulse is cut: it would lead away from where the pin is wanted.
4. A pulse is cut as soon as it is no longer permitted: energy may have come on, or what is to be
   held may have gone, in the middle of it.
5. "Released" is believed of a pin only once a release has run in full after any other pulse: it may
   be half in, and its sensor a single switch. Until then it is driven out when that is demanded.
6. After a jam, or a release that no sensor saw, the same demand for the same reason is not tried
   again; any other one is, after the cool-down or the pause.
7. A restart gives no try back: a stroke that it cut off goes on with the next try, a jam stays one.
"""

from __future__ import annotations

from vehicle.core.ends import END_FEEDBACK, END_STATE, OPPOSITE
from vehicle.core.lifecycle import Trigger
from vehicle.core.names import Demand, PinState
from vehicle.core.outputs import Command, DriveOff
from vehicle.core.pin import May, Outcome, PinControl, Step, Tries
from vehicle.core.signals import Feedback

_BEGIN = {Demand.ENGAGE: Trigger.ENGAGE, Demand.RELEASE: Trigger.RELEASE}
_ARRIVE = {Demand.ENGAGE: Trigger.SEATED, Demand.RELEASE: Trigger.CLEARED}


class DrivenPin(PinControl):
    """One pin under our control."""

    # ---- feedback -------------------------------------------------------------------------------

    def _believed(self, now_us: int) -> None:
        if self.stroking or self.state is PinState.JAMMED:
            self._believed_in_stroke(now_us)
            return
        confirmed, before = self._memory.confirmed, self._memory.before
        self._remember(gave_up=False)
        if before is not None and END_FEEDBACK[before.goal] is self._felt:
            self.forget_tries()  # it has arrived after all
        self._follow_feedback()
        self._note_movement(confirmed)

    def _believed_in_stroke(self, now_us: int) -> None:
        lost = self._memory.feedback is Feedback.UNKNOWN
        if lost and self._memory.goal is Demand.ENGAGE:
            self._abandon(now_us)
        elif self._arrived and not (
            self._memory.step is Step.RECOVER
            or (self._memory.step is Step.DRIVE and self._memory.goal is Demand.RELEASE)
        ):
            self._drive_off(now_us)
            self._arrive()

    def _note_movement(self, confirmed: PinState | None) -> None:
        """Tell of a pin that was moved by hand: a known end position was left without us."""
        feedback = self._memory.feedback
        if confirmed is PinState.ENGAGED and feedback not in (Feedback.ENGAGED, Feedback.UNKNOWN):
            self._outcomes.append(Outcome.MOVED_OPEN)
            self._remember(confirmed=None)
        elif confirmed is PinState.RELEASED and feedback is Feedback.ENGAGED:
            self._outcomes.append(Outcome.MOVED_CLOSED)

    @property
    def _arrived(self) -> bool:
        return END_FEEDBACK.get(self._memory.goal) is self._felt

    # ---- demand ---------------------------------------------------------------------------------

    def want(self, demand: Demand, reason: str, blind: bool, may: May, now_us: int) -> None:
        """Work towards ``demand``; see the base class."""
        self._remember(waits_for_rest=False)
        turns = demand is OPPOSITE.get(self._memory.goal) and may(demand)
        if self._memory.step is Step.DRIVE and not turns and not may(self._memory.goal):
            self._drive_over(now_us)
        if demand is Demand.HOLD:
            paused = self._memory.step in (Step.PAUSE, Step.RECOVER)
            if paused or self.state is PinState.JAMMED:
                self._abandon(now_us)
            self._remember(gave_up=False)
            return
        if self._memory.before is not None and self._memory.before.goal is not demand:
            self.forget_tries()
        if self.state is PinState.JAMMED and self._memory.goal is not demand:
            self._abandon(now_us)
        if self._memory.step is Step.RECOVER and not may(OPPOSITE[demand]):
            self._recovery_over(now_us)
        if self.state is END_STATE[demand] or (self._memory.goal is demand and self.stroking):
            return
        if self.state is PinState.UNKNOWN and not self._may_move_unknown(demand, blind):
            self._remember(gave_up=False)
            return
        if self._memory.gave_up and self._memory.reason == reason:
            return
        before = self._memory.before
        if before is not None and before.gave_up and before.reason == reason:
            self._jammed_before(before)
        elif may(demand):
            self._begin(demand, reason, now_us)

    def _may_move_unknown(self, demand: Demand, blind: bool) -> bool:
        if self.assumed or self._felt is Feedback.MOVING:
            return True
        return demand is Demand.RELEASE and (blind or self.feedback is Feedback.BLOCKING)

    def _jammed_before(self, before: Tries) -> None:
        """Take up the jam from before a restart, without a pulse."""
        self._life.rested_now = self._life.between_now = True
        self._life.fire(_BEGIN[before.goal])
        self._life.fire(Trigger.TIMED_OUT)
        self._remember(
            goal=before.goal,
            reason=before.reason,
            attempt=before.attempt,
            recovered=before.recovered,
            gave_up=True,
            before=None,
        )
        self._tell()

    def _begin(self, demand: Demand, reason: str, now_us: int) -> None:
        cuts_release = demand is Demand.ENGAGE and self._memory.step in (Step.DRIVE, Step.SETTLE)
        self._drive_off(now_us)
        turning = self.stroking
        self._life.rested_now = now_us >= self._rest_ends_us
        self._life.between_now = self.assumed or self._felt is Feedback.MOVING
        if not self._life.fire(_BEGIN[demand]):
            self._remember(waits_for_rest=True)
            return
        attempt, recovered, before = 0, False, self._memory.before
        if before is not None and not before.gave_up:
            attempt, recovered = before.attempt, before.recovered
        self._remember(
            goal=demand,
            reason=reason,
            attempt=attempt,
            recovered=recovered,
            gave_up=False,
            before=None,
        )
        self._tell()
        if turning and not cuts_release and not self._life.rested_now:
            self._enter(Step.PAUSE, self._rest_ends_us)
        else:
            self._pulse(now_us)

    def halt(self, now_us: int) -> None:
        """Stop the motor at once; see the base class."""
        if self.stroking:
            self._abandon(now_us)

    # ---- pulses ---------------------------------------------------------------------------------

    def _pulse(self, now_us: int) -> None:
        self._remember(attempt=self._memory.attempt + 1, confirmed=None)
        self._drive(self._memory.goal, Step.DRIVE, now_us)

    def _drive(self, direction: Demand, step: Step, now_us: int) -> None:
        recovery = step is Step.RECOVER
        self._outputs.append(Command(self.actuator, direction, self._memory.attempt, recovery))
        self._remember(unsettled=True)
        self._enter(step, now_us + self.pin.limits.on_time_us)
        self._rest_ends_us = max(self._rest_ends_us, now_us) + self.pin.limits.on_time_us

    def _drive_off(self, now_us: int) -> None:
        """End the pulse, if one runs, and start the pause that it has earned.

        What is left of the pause of a release that it cut short is added to it.
        """
        if self._memory.step in (Step.DRIVE, Step.RECOVER) and self._step_ends_us is not None:
            self._outputs.append(DriveOff(self.actuator))
            if self._driven is Demand.RELEASE and now_us >= self._step_ends_us:
                self._remember(unsettled=False)
            driven_us = self.pin.limits.on_time_us - max(0, self._step_ends_us - now_us)
            owed_us = self._rest_ends_us - self._step_ends_us
            self._rest_ends_us = now_us + self.pin.limits.pause_factor * driven_us + owed_us
            self._enter(Step.SETTLE, now_us + self.pin.limits.settle_us)

    @property
    def _driven(self) -> Demand:
        """The direction of the pulse that runs."""
        goal = self._memory.goal
        return OPPOSITE[goal] if self._memory.step is Step.RECOVER else goal

    def _enter(self, step: Step, ends_us: int | None) -> None:
        self._remember(step=step)
        self._step_ends_us = ends_us

    def _step_over(self, may: May, now_us: int) -> None:
        match self._memory.step:
            case Step.DRIVE:
                self._drive_over(now_us)
            case Step.SETTLE:
                self._settle_over(now_us)
            case Step.RECOVER:
                self._recovery_over(now_us)
            case _:
                self._pause_over(may, now_us)

    def _drive_over(self, now_us: int) -> None:
        self._drive_off(now_us)
        if self._arrived or self.assumed:
            self._arrive()

    def _settle_over(self, now_us: int) -> None:
        if self._memory.feedback is Feedback.UNKNOWN:
            self._give_up()
            self._remember(gave_up=True)
            self._outcomes.append(Outcome.BLIND_STROKE_OVER)
            return
        self._life.fire(Trigger.TIMED_OUT)
        self._tell()
        if self._memory.attempt < self.pin.limits.tries:
            self._enter(Step.PAUSE, max(now_us, self._rest_ends_us))
            return
        self._enter(Step.REST, None)
        self._rest_ends_us = max(self._rest_ends_us, now_us + self.pin.limits.cool_down_us)
        self._remember(gave_up=True)
        self._outcomes.append(Outcome.GAVE_UP)

    def _recovery_over(self, now_us: int) -> None:
        self._drive_off(now_us)
        self._enter(Step.PAUSE, self._rest_ends_us)

    def _pause_over(self, may: May, now_us: int) -> None:
        """Go on after a pause: a reverse pulse before the last try, or the next try."""
        memory, limits = self._memory, self.pin.limits
        last_try_next = memory.attempt == limits.tries - 1 and memory.attempt > 0
        if last_try_next and limits.recovery and not memory.recovered:
            self._remember(recovered=True)
            if may(OPPOSITE[memory.goal]):
                self._drive(OPPOSITE[memory.goal], Step.RECOVER, now_us)
                return
        if self._arrived:
            self._arrive()
        elif not may(memory.goal):
            self._give_up()
        else:
            if self.state is PinState.JAMMED:
                self._life.rested_now = True
                self._life.fire(_BEGIN[memory.goal])
                self._tell()
            self._pulse(now_us)

    # ---- ends -----------------------------------------------------------------------------------

    def _arrive(self) -> None:
        self._life.fire(_ARRIVE[self._memory.goal])
        self._remember(unsettled=False)
        self._rest(self.state)

    def _abandon(self, now_us: int) -> None:
        """Stop the motor, if it runs, and stop trying."""
        self._drive_off(now_us)
        self._give_up()

    def _give_up(self) -> None:
        """Stop trying: the feedback, where it knows, says where the pin is.

        A pin that was just driven may still move, and that is no hand's work: nothing is confirmed.
        """
        moving = self._memory.step is Step.SETTLE or self._memory.candidate is not None
        self._life.fire(Trigger.LOST_TRACK)
        self._rest(None)
        if self._memory.feedback is not Feedback.UNKNOWN:
            self._follow_feedback()
            at_end = self.state is not PinState.UNKNOWN
            self._remember(confirmed=self.state if at_end and not moving else None)

    def _rest(self, confirmed: PinState | None) -> None:
        self._enter(Step.REST, None)
        confirmed = None if self.assumed else confirmed
        self._remember(
            goal=Demand.HOLD, attempt=0, recovered=False, gave_up=False, confirmed=confirmed
        )
        if self._memory.feedback is Feedback.UNKNOWN or confirmed is not None or self.assumed:
            self._tell()

    @property
    def deadline_us(self) -> int | None:
        """When this pin next wants ``expire``, and ``want`` after it, or None."""
        due_us = super().deadline_us
        if not self._memory.waits_for_rest:
            return due_us
        return self._rest_ends_us if due_us is None else min(due_us, self._rest_ends_us)

    def expire(self, may: May, now_us: int) -> None:
        """Do what has become due; after a rest it is for ``want`` to go on, if it is called."""
        if now_us >= self._rest_ends_us:
            self._remember(waits_for_rest=False)
        super().expire(may, now_us)
