"""The lifecycle of one locking pin, as a table that can be printed.

Knows: which state may follow which, and by what trigger. Latch and adapter lock share it.
Refuses to know: time, tries, feedback values and what the policy wants: ``actuator.py`` does.

Rules of this file:
1. A missing row is an illegal transition: it is refused and changes nothing.
2. ENGAGED and RELEASED are reached by feedback only; ``assumed`` marks the pin without a sensor.
3. Triggers are fired in one place, ``Lifecycle.fire``. Guards compute, they never act.
4. ``transitions`` reads the table, checks it and draws it. It is asked once for every move there
   is: a pin then moves by one look-up, where the package's own dispatch runs some 20 functions,
   which a service that decides ten times a second finds gone from the processor's caches.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from transitions import Machine

from vehicle.core.names import PinState

UNKNOWN, RELEASED, ENGAGING = PinState.UNKNOWN, PinState.RELEASED, PinState.ENGAGING
ENGAGED, RELEASING, JAMMED = PinState.ENGAGED, PinState.RELEASING, PinState.JAMMED


class Trigger(StrEnum):
    """What can happen to a pin."""

    ENGAGE = "engage"
    RELEASE = "release"
    SEATED = "seated"
    CLEARED = "cleared"
    TIMED_OUT = "timed_out"
    FOUND_ENGAGED = "found_engaged"
    FOUND_RELEASED = "found_released"
    LOST_TRACK = "lost_track"


def _row(trigger: Trigger, source: PinState, dest: PinState, guard: str | None = None) -> Any:
    row: dict[str, Any] = {"trigger": trigger.value, "source": source, "dest": dest}
    if guard is not None:
        row["conditions"] = guard
    return row


TRANSITIONS = [
    # A stroke begins. "rested" is the duty limit: the pause after the last pulse is over.
    _row(Trigger.ENGAGE, RELEASED, ENGAGING, "rested"),
    _row(Trigger.ENGAGE, RELEASING, ENGAGING),  # energised in the middle of a release
    _row(Trigger.ENGAGE, JAMMED, ENGAGING, "rested"),
    _row(Trigger.ENGAGE, UNKNOWN, ENGAGING, "between_ends"),  # after a jam, or without a sensor
    _row(Trigger.RELEASE, ENGAGED, RELEASING, "rested"),
    _row(Trigger.RELEASE, ENGAGING, RELEASING),  # the owner changed their mind
    _row(Trigger.RELEASE, JAMMED, RELEASING, "rested"),
    _row(Trigger.RELEASE, UNKNOWN, RELEASING, "rested"),  # asked for, though the sensor is lost
    # A stroke ends.
    _row(Trigger.SEATED, ENGAGING, ENGAGED),
    _row(Trigger.SEATED, JAMMED, ENGAGED),
    _row(Trigger.CLEARED, RELEASING, RELEASED),
    _row(Trigger.CLEARED, JAMMED, RELEASED),
    _row(Trigger.TIMED_OUT, ENGAGING, JAMMED),
    _row(Trigger.TIMED_OUT, RELEASING, JAMMED),
    # Feedback tells where the pin is, without a stroke of ours.
    _row(Trigger.FOUND_ENGAGED, UNKNOWN, ENGAGED),
    _row(Trigger.FOUND_ENGAGED, RELEASED, ENGAGED),
    _row(Trigger.FOUND_RELEASED, UNKNOWN, RELEASED),
    _row(Trigger.FOUND_RELEASED, ENGAGED, RELEASED),
    _row(Trigger.LOST_TRACK, RELEASED, UNKNOWN),
    _row(Trigger.LOST_TRACK, ENGAGING, UNKNOWN),
    _row(Trigger.LOST_TRACK, ENGAGED, UNKNOWN),
    _row(Trigger.LOST_TRACK, RELEASING, UNKNOWN),
    _row(Trigger.LOST_TRACK, JAMMED, UNKNOWN),
]


Moves = dict[tuple[PinState, Trigger], tuple[PinState, str | None]]
"""(state, trigger) -> where it leads, and the guard that may refuse it."""


def moves_of(table: Sequence[Any]) -> Moves:
    """Return every move that ``transitions`` finds in ``table``."""
    machine = Machine(model=None, transitions=table, auto_transitions=False)
    return {
        (PinState[source], Trigger(name)): (
            PinState[str(row.dest)],
            next((str(condition.func) for condition in row.conditions), None),
        )
        for name, event in machine.events.items()
        for source, rows in event.transitions.items()
        for row in rows
    }


MOVES = moves_of(TRANSITIONS)


class IllegalTransitionError(ValueError):
    """A trigger was fired in a state that has no row for it. Nothing has changed."""


class Lifecycle:
    """One pin's state. The owner sets the guards' answers before it fires a trigger."""

    def __init__(self) -> None:
        self.state = UNKNOWN
        self.rested_now = True
        self.between_now = False

    def rested(self) -> bool:
        """Guard: the pause after the last pulse, and any cool-down, are over."""
        return self.rested_now

    def between_ends(self) -> bool:
        """Guard: it is rested, and sensed between its ends or without a sensor that could tell."""
        return self.between_now and self.rested_now

    def fire(self, trigger: Trigger) -> bool:
        """Fire ``trigger``; return False where its guard refused.

        Raises IllegalTransitionError where the state has no row for it.
        """
        move = MOVES.get((self.state, trigger))
        if move is None:
            raise IllegalTransitionError(f"{trigger} is not possible while {self.state}")
        following, guard = move
        if guard is not None and not getattr(self, guard)():
            return False
        self.state = following
        return True
