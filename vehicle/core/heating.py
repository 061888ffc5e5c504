"""The frozen pin: the inlet is heated, and the release is tried again.

Knows: when ice may be why a pin did not come out, how long to heat for it and how often.
Refuses to know: strokes, and how the heater is reached. Nothing moves here: a pin that was heated
for is given its tries back, and every pulse still asks the interlock.

Rules of this file:
1. Ice is thought of only where it is known to be cold, and heating promised only where the car can
   heat. The heater takes its power from the car, so a weak 12 V supply heats nothing.
2. Heating stands in for the fault, it never hides it: where it ends without a release, or cannot
   go on, the fault is raised in the same step. The pin stays where it is, and holds.
3. It is bounded in time and in number, until the pin came out or somebody asks anew.
"""

from __future__ import annotations

from vehicle.core.car import Actuator
from vehicle.core.memory import FROZEN, GAVE_UP, Flag, Timer
from vehicle.core.names import Demand, EventName
from vehicle.core.outputs import HeatInlet
from vehicle.core.pin import PinControl
from vehicle.core.signals import BoardSupply, Temperature
from vehicle.core.state import State

HEATINGS_MAX = 3
"""How often the inlet is heated for one effort. Our own choice: 3, as A7 has it for pulses."""

HEATING_US = 600_000_000
"""How long each time, at most: 10 min, so that 3 times are the half hour of warming after which an
owner's frozen latch came free (``domain.md`` section 2, number 4). It ends sooner where the inlet
is known to be cold no longer."""


def begin(state: State, pin: PinControl) -> bool:
    """Heat for ``pin``, whose tries are used up; return False where that cannot help."""
    if pin.goal is not Demand.RELEASE or not _can_heat(state):
        return False
    if state.settled.temperature is not Temperature.COLD:
        return False
    if Flag.HEATING not in state.flags:
        if state.heatings >= HEATINGS_MAX:
            return False
        state.heatings += 1
        state.flags.add(Flag.HEATING)
        state.outputs.append(HeatInlet(True, state.heatings))
        state.tell(EventName.HEATING_INLET, actuator=pin.actuator, attempts=state.heatings)
    state.flags.add(FROZEN[pin.actuator])
    return True


def waits(state: State, actuator: Actuator, demand: Demand) -> bool:
    """Return whether a release has to wait for the heater, whatever it is wanted for by now."""
    return demand is Demand.RELEASE and FROZEN[actuator] in state.flags


def watch(state: State, now_us: int) -> None:
    """Run the time of the heating, and end it where its cause has gone or it cannot go on."""
    if Flag.HEATING not in state.flags:
        return
    frozen = _frozen(state)
    if state.settled.temperature is Temperature.MILD:
        warmed(state)
    elif not frozen:
        end(state)
    elif not _can_heat(state):
        end(state)
        for pin in frozen:
            raise_jam(state, pin)
    elif Timer.HEATING not in state.timers:
        state.start(Timer.HEATING, now_us + HEATING_US)


def warmed(state: State) -> None:
    """Try again: it was heated for its time, or the inlet is cold no longer."""
    frozen = _frozen(state)
    end(state)
    for pin in frozen:
        pin.try_again()


def end(state: State) -> None:
    """Switch the heater off, if it is on."""
    if Flag.HEATING in state.flags:
        state.outputs.append(HeatInlet(False, 0))
    state.flags -= {Flag.HEATING, *FROZEN.values()}
    state.stop(Timer.HEATING)


def raise_jam(state: State, pin: PinControl) -> None:
    """Name the fault of a pin whose tries are used up; tell of it where that is news."""
    if state.fault(GAVE_UP[pin.goal], True, pin.actuator):
        state.tell(EventName.JAMMED, actuator=pin.actuator, command=pin.goal)


def _can_heat(state: State) -> bool:
    weak = state.settled.board_supply in (BoardSupply.LOW, BoardSupply.TOO_LOW)
    stopped = bool(state.lost) or Flag.INTERNAL_ERROR in state.flags
    return state.car.can_heat and not weak and not stopped


def _frozen(state: State) -> list[PinControl]:
    """Return the pins that are heated for and still out of tries to come out."""
    return [
        pin
        for pin in state.pins.values()
        if FROZEN[pin.actuator] in state.flags and pin.gave_up and pin.goal is Demand.RELEASE
    ]
