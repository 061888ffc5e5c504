"""Watches a pin that another controller moves.

Knows: the first command we would have given, and what the car's own feedback says.
Refuses to know: strokes, tries, jams and the manual release: they are the other controller's.
"""

from __future__ import annotations

from vehicle.core.ends import END_STATE
from vehicle.core.names import Demand, PinState
from vehicle.core.outputs import Command
from vehicle.core.pin import May, PinControl


class ShadowPin(PinControl):
    """One pin in shadow. ``memory.goal`` is the demand whose would-be command is still owed."""

    def _believed(self, now_us: int) -> None:
        self._follow_feedback()

    def want(self, demand: Demand, reason: str, blind: bool, may: May, now_us: int) -> None:
        """Report the stroke that we would begin: once for each time the demand changes."""
        if self._memory.reason != demand:
            self._remember(reason=str(demand), goal=demand)
        owed = self._memory.goal
        if owed is Demand.HOLD:
            return
        if self.state is END_STATE[owed]:
            self._remember(goal=Demand.HOLD)
        elif self.state is not PinState.UNKNOWN and may(owed):
            self._outputs.append(Command(self.actuator, owed, 1))
            self._remember(goal=Demand.HOLD)

    def halt(self, now_us: int) -> None:
        """Do nothing: the motor is another controller's."""

    def _step_over(self, may: May, now_us: int) -> None:
        raise AssertionError("a watched pin has no steps")

    @property
    def goal(self) -> Demand:
        """Always HOLD: no stroke of ours runs."""
        return Demand.HOLD
