"""What is decided for one pin now, from what, and by which of the owner's choices.

Knows: how the memory becomes the policy's input, and how a decision is told.
Refuses to know: rules, and what a pin does about a decision.
"""

from __future__ import annotations

from functools import partial

from vehicle.core.car import Actuator
from vehicle.core.memory import Flag, Settled, Timer
from vehicle.core.outputs import Because, Decided
from vehicle.core.overrides import SEPARATOR, Override
from vehicle.core.policy import decide
from vehicle.core.resolve import for_pin
from vehicle.core.rule import Decision
from vehicle.core.settings import Settings, Toggle
from vehicle.core.situation import (
    Asked,
    Situation,
    doors_of,
    need_of,
    phase_of,
    plight_of,
    seat_of,
)
from vehicle.core.snapshot import Snapshot
from vehicle.core.state import State
from vehicle.core.why import overrides_behind, settings_behind

Basis = tuple[Snapshot, Settled, Settings, Asked, frozenset[Flag], bool]


def basis_of(state: State) -> Basis:
    """Return everything that a decision, and the interlock's answer to it, are made of now.

    Where it is what it was, so is the decision: it is compared in place of deciding again. That
    costs little, because what has not changed is mostly the very same object.
    """
    cut = Timer.POWER_CUT_HOLD in state.timers
    return state.seen, state.settled, state.owner, state.asked, frozenset(state.flags), cut


def situation_of(state: State, actuator: Actuator, owner: Settings | None = None) -> Situation:
    """Return what the policy decides on for ``actuator`` now.

    ``owner``: other choices than those that hold in the present circumstance.
    """
    seen, owner = state.seen, owner or state.owner
    full = Flag.GRACE_OVER in state.flags and owner.release_when_full is Toggle.ON
    waited = Flag.WAITED in state.flags and owner.waiting_counts is Toggle.OFF
    settled = state.settled
    return Situation(
        seat=seat_of(seen, actuator, state.car.when_empty),
        doors=doors_of(seen.car_lock, Flag.LOCKED_SINCE_SEATED in state.flags),
        phase=phase_of(seen.session, interrupted=state.interrupted, full=full, waited=waited),
        energy=state.energy,
        need=need_of(seen.supply, seen.supply_limit, owner),
        asked=state.asked,
        past=state.past(actuator),
        plight=plight_of(
            settled.board_supply, settled.temperature, seen.car_lock, settled.key, owner
        ),
    )


def decide_for(state: State, actuator: Actuator) -> Decision:
    """Return what ``actuator`` should do now, and the row that says so."""
    return decide(situation_of(state, actuator), for_pin(state.owner, actuator), actuator)


def settings_of(state: State, actuator: Actuator) -> tuple[str, ...]:
    """Return the keys of the settings of which another choice would change the decision."""
    return settings_behind(partial(situation_of, state, actuator), state.owner, actuator)


def overrides_of(state: State, actuator: Actuator) -> tuple[Override, ...]:
    """Return the overrides without which ``actuator`` would be decided otherwise."""
    fold = partial(situation_of, state, actuator)
    return overrides_behind(fold, state.settings, state.effective, actuator)


def told(state: State, actuator: Actuator, decision: Decision, now_us: int) -> Decided:
    """Return a decision as it is told: with its signals, their ages, and the overrides behind."""
    seen, changed_us = state.seen, state.changed_us
    because = [
        (name, Because(getattr(seen, name), now_us - changed_us[name]))
        for name in decision.rule.signals
    ]
    behind = overrides_of(state, actuator) if state.effective.by else ()
    override = SEPARATOR.join(map(str, behind)) or None
    return Decided(actuator, decision.demand, decision.rule.name, tuple(because), override)
