"""What every locking pin has: a lifecycle, a debounced sensor, and a memory.

Knows: when a feedback value may be believed, and what a believed value says about the state.
Refuses to know: strokes. ``actuator.py`` drives a pin; ``shadow.py`` watches another controller's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Any

from vehicle.core.car import Actuator, Pin
from vehicle.core.lifecycle import Lifecycle, Trigger
from vehicle.core.names import Demand, PinState
from vehicle.core.outputs import ActuatorChanged, Output
from vehicle.core.record import record
from vehicle.core.signals import Feedback

May = Callable[[Demand], bool]
"""Asked before each pulse, with ENGAGE or RELEASE: is it permitted now?"""


class Step(StrEnum):
    """Where a stroke is."""

    REST = "rest"
    DRIVE = "drive"
    SETTLE = "settle"
    PAUSE = "pause"
    RECOVER = "recover"


class Outcome(StrEnum):
    """What happened to a pin that its manager must hear about."""

    GAVE_UP = "gave-up"
    MOVED_OPEN = "moved-open"
    MOVED_CLOSED = "moved-closed"
    BLIND_STROKE_OVER = "blind-stroke-over"


@record
class Tries:
    """Tries that were made before a restart, of a stroke that has not arrived."""

    goal: Demand
    reason: str
    """The rule behind it."""
    attempt: int = 0
    """How many, one that was cut off included."""
    recovered: bool = False
    gave_up: bool = False
    """They are used up."""


@record
class PinMemory:
    """Everything one pin remembers, times relative to now."""

    state: PinState = PinState.UNKNOWN
    step: Step = Step.REST
    goal: Demand = Demand.HOLD
    """What the running stroke, or the last one that jammed, is for."""
    reason: str = ""
    """The rule behind ``goal``, or behind the shadow's last would-be command."""
    attempt: int = 0
    recovered: bool = False
    gave_up: bool = False
    """The tries for this goal and reason are used up."""
    step_ends_in_us: int | None = None
    rest_ends_in_us: int = 0
    """Until a pulse may start; while one runs, until its planned end and what it already owes."""
    waits_for_rest: bool = False
    """A stroke is demanded and may begin once the rest is over."""
    feedback: Feedback = Feedback.UNKNOWN
    candidate: Feedback | None = None
    candidate_counts_in_us: int = 0
    confirmed: PinState | None = None
    """The last end position that feedback confirmed, with no stroke of ours since."""
    before: Tries | None = None
    """What was tried before a restart: the next stroke to the same end goes on from there."""
    unsettled: bool = False
    """A pulse ran since the pin was last engaged, or last driven out in full: it may be half in."""


class PinControl(ABC):
    """One pin as the manager sees it, driven or watched."""

    def __init__(self, actuator: Actuator, pin: Pin) -> None:
        self.actuator = actuator
        self.pin = pin
        self._life = Lifecycle()
        self._outputs: list[Output] = []
        self._outcomes: list[Outcome] = []
        self.restore(PinMemory(), 0)

    # ---- memory ---------------------------------------------------------------------------------

    def restore(self, memory: PinMemory, now_us: int) -> None:
        """Continue from ``memory`` at ``now_us``; nothing is told of it."""
        self._memory = replace(memory)
        self._life.state = memory.state
        self._told = memory.state
        ends_in_us = memory.step_ends_in_us
        self._step_ends_us = None if ends_in_us is None else now_us + ends_in_us
        self._rest_ends_us = now_us + memory.rest_ends_in_us
        self._candidate_counts_us = now_us + memory.candidate_counts_in_us

    def memory(self, now_us: int) -> PinMemory:
        """Return what this pin remembers, times relative to ``now_us``."""
        ends_us = self._step_ends_us
        counting = self._memory.candidate is not None
        return replace(
            self._memory,
            state=self.state,
            step_ends_in_us=None if ends_us is None else ends_us - now_us,
            rest_ends_in_us=max(0, self._rest_ends_us - now_us),
            candidate_counts_in_us=self._candidate_counts_us - now_us if counting else 0,
        )

    def _remember(self, **changes: Any) -> None:
        # Frozen for whoever gets one; this copy is ours alone, and a stroke changes it many times.
        for name, value in changes.items():
            object.__setattr__(self._memory, name, value)

    # ---- what the manager asks ------------------------------------------------------------------

    @property
    def state(self) -> PinState:
        """Where the pin is."""
        return self._life.state

    @property
    def feedback(self) -> Feedback:
        """The debounced feedback."""
        return self._memory.feedback

    @property
    def assumed(self) -> bool:
        """Whether the state is an assumption rather than the sensor's word."""
        return not self.pin.feedback

    @property
    def confirmed_engaged(self) -> bool:
        """Whether the sensor says that the pin is engaged."""
        return self.state is PinState.ENGAGED and not self.assumed

    @property
    def ready_to_engage(self) -> bool:
        """Whether an engage demand leads to a stroke: the pin is out, or one of ours left it on the
        way.
        """
        half_in = self._memory.unsettled and self._felt is Feedback.MOVING
        return self.state is PinState.RELEASED or (self.state is PinState.UNKNOWN and half_in)

    @property
    def gave_up(self) -> bool:
        """Whether the pin is jammed and its tries are used up."""
        return self.state is PinState.JAMMED and self._memory.gave_up

    @property
    def goal(self) -> Demand:
        """What the running stroke, or the last one that jammed, is for; HOLD if there is none."""
        return self._memory.goal

    @property
    def stroking(self) -> bool:
        """Whether a stroke is under way, its pauses and retries included."""
        return self._memory.step is not Step.REST

    def take(self) -> tuple[list[Output], list[Outcome]]:
        """Return and forget the outputs and outcomes since the last call, in order."""
        taken = self._outputs, self._outcomes
        self._outputs, self._outcomes = [], []
        return taken

    # ---- feedback -------------------------------------------------------------------------------

    def sense(self, value: Feedback, now_us: int) -> None:
        """Take a raw feedback value. It counts once it has stood for the debounce time.

        UNKNOWN counts at once: what is not known must not be believed a moment longer. A pin that
        the profile gives no sensor believes nothing.
        """
        if not self.pin.feedback:
            return
        if value is self._memory.feedback:
            self._remember(candidate=None)
        elif value is Feedback.UNKNOWN or self.pin.limits.debounce_us == 0:
            self._believe(value, now_us)
        elif value is not self._memory.candidate:
            self._remember(candidate=value)
            self._candidate_counts_us = now_us + self.pin.limits.debounce_us

    def _believe(self, value: Feedback, now_us: int) -> None:
        self._remember(feedback=value, candidate=None)
        self._believed(now_us)
        if value is Feedback.ENGAGED and self.state is PinState.ENGAGED:
            self._remember(confirmed=PinState.ENGAGED)
        elif value is Feedback.RELEASED and self.state is PinState.RELEASED:
            self._remember(confirmed=PinState.RELEASED)

    @abstractmethod
    def _believed(self, now_us: int) -> None:
        """React to a newly believed feedback value."""

    @property
    def _felt(self) -> Feedback:
        """What the feedback says of where the pin is.

        A single switch says "released" of a pin that is half in, too, and some latches say it as
        soon as they move: it counts once a release has run in full after any other pulse.
        """
        half_in = self._memory.unsettled and self._memory.feedback is Feedback.RELEASED
        return Feedback.MOVING if half_in else self._memory.feedback

    def _follow_feedback(self) -> None:
        """Take the state from the feedback alone: an end position, or not known."""
        state, feedback = self.state, self._felt
        if feedback is Feedback.ENGAGED:
            self._remember(unsettled=False)
            if state is not PinState.ENGAGED:
                self._life.fire(Trigger.FOUND_ENGAGED)
        elif feedback is Feedback.RELEASED:
            if state is not PinState.RELEASED:
                self._life.fire(Trigger.FOUND_RELEASED)
        elif state is not PinState.UNKNOWN:
            self._life.fire(Trigger.LOST_TRACK)
        self._tell()

    # ---- time and demand ------------------------------------------------------------------------

    @property
    def deadline_us(self) -> int | None:
        """When this pin next wants ``expire``, or None."""
        ends_us = self._step_ends_us
        if self._memory.candidate is None:
            return ends_us
        counts_us = self._candidate_counts_us
        return counts_us if ends_us is None else min(counts_us, ends_us)

    def expire(self, may: May, now_us: int) -> None:
        """Do what has become due by ``now_us``."""
        candidate = self._memory.candidate
        if candidate is not None and now_us >= self._candidate_counts_us:
            self._believe(candidate, now_us)
        if self._step_ends_us is not None and now_us >= self._step_ends_us:
            self._step_over(may, now_us)

    @abstractmethod
    def _step_over(self, may: May, now_us: int) -> None:
        """React to the end of the running step."""

    @abstractmethod
    def want(self, demand: Demand, reason: str, blind: bool, may: May, now_us: int) -> None:
        """Work towards ``demand``. A changed ``reason`` makes it a new demand after a jam.

        ``blind`` allows a release although the position is not known.
        """

    def try_again(self) -> None:
        """Give a pin whose tries are used up its tries back, for the same demand."""
        self._remember(gave_up=False)

    def forget_tries(self) -> None:
        """Begin anew: what was tried before a restart was tried on another connector."""
        self._remember(before=None)

    @abstractmethod
    def halt(self, now_us: int) -> None:
        """Stop the motor at once; the feedback says where the pin is. Does nothing at rest."""

    def _tell(self) -> None:
        """Report the state, if it has changed since it was last reported."""
        if self.state is not self._told:
            self._outputs.append(
                ActuatorChanged(self.actuator, self.state, self._told, self.assumed)
            )
            self._told = self.state
