"""Every state that a small world can bring the real manager into, searched breadth first.

A world is one car, its owner's settings, and what may happen: signals that take any of some values
at any moment, requests, a bus that sleeps or fails. Pins obey, stick and move by hand, because
their feedback is one of those signals. Each edge restores the manager from memory, lets one thing
happen, and checks what it did, so every edge is a restart as well.

Time is abstract: how much of a timer is left is forgotten, and any timer that runs may be the next
to end. That gives more orders than real time allows, never fewer; how long things take is proved
elsewhere, to the microsecond. Only the proof that an unlatch ends runs in real time.

A failure prints the shortest way to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from core_bench import PATIENT
from core_safety import check_step

from vehicle.core.car import Actuator, Car, Pin, StrokeLimits
from vehicle.core.inputs import (
    BusFailed,
    BusHeard,
    BusQuiet,
    BusRestored,
    DeadlinePassed,
    InputEvent,
    Observed,
    Requested,
)
from vehicle.core.manager import LockManager
from vehicle.core.memory import Flag, Memory, Timer
from vehicle.core.names import Demand, FaultName, Request, Source
from vehicle.core.outputs import Command, DriveOff, Output
from vehicle.core.pin import PinMemory, Step
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.core.signals import (
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    Occupant,
    Pilot,
    Session,
    Supply,
    SupplyLimit,
    Temperature,
    Weld,
)
from vehicle.core.situation import Asked

pytestmark = pytest.mark.whole

S = 1_000_000
LIMITS = StrokeLimits(tries=1, recovery=False, debounce_us=0)
RETRIES = replace(LIMITS, tries=2, recovery=True)
PAUSE_US = LIMITS.on_time_us * LIMITS.pause_factor
SPAN_US = dict.fromkeys(Timer, 60 * S) | {
    Timer.STOP_REPEAT: 10 * S,
    Timer.STOP_LIMIT: 30 * S,
    Timer.ENERGY_LIMIT: 5 * S,
    Timer.WAKE_LIMIT: 5 * S,
    Timer.WELD_RESULT: 10 * S,
    Timer.LATCH_LIMIT: 120 * S,
    Timer.HEATING: 600 * S,
}

NAMED = {
    FaultName.STOP_NOT_CONFIRMED,
    FaultName.ENERGY_UNKNOWN,
    FaultName.BUS_ASLEEP,
    FaultName.BUS_LOST,
    FaultName.CONTACTORS_WELDED,
}
TRAVEL_US = 100_000
FEEDBACK = {Actuator.LATCH: "latch", Actuator.ADAPTER: "adapter_lock"}
END = {Demand.ENGAGE: Feedback.ENGAGED, Demand.RELEASE: Feedback.RELEASED}
TOLD_ONLY = {Flag.NOT_SECURED_TOLD, Flag.RELOCKS}
"""Flags that decide nothing where no release is ever locked again by time, as in these worlds."""


@dataclass(frozen=True)
class World:
    """One small world: a car, its owner's settings, how it begins and what may happen in it."""

    name: str
    start: dict[str, Any]
    moves: dict[str, tuple[Any, ...]]
    settings: Settings = PATIENT
    car: Car = field(default_factory=Car)
    requests: tuple[Request, ...] = (Request.UNLATCH,)
    events: tuple[InputEvent, ...] = ()
    within_us: int = 180 * S
    """How long an unlatch may take before it has a result or a fault has a name."""


def canonical(memory: Memory) -> Memory:
    """Forget ages, reasons, what only words depend on, and how much of each time is left."""
    return replace(
        memory.without_ages(),
        last_occupant=Occupant.UNKNOWN,
        last_supply=Supply.UNKNOWN,
        flags=memory.flags - TOLD_ONLY,
        faults=frozenset(key for key in memory.faults if key[0] in NAMED),
        timers=tuple((timer, SPAN_US[timer]) for timer, _ in memory.timers),
        stop_attempt=min(memory.stop_attempt, 1),
        latch=_canonical_pin(memory.latch),
        adapter=_canonical_pin(memory.adapter),
    )


def _canonical_pin(pin: PinMemory) -> PinMemory:
    if pin.step in (Step.DRIVE, Step.RECOVER):
        ends_in_us: int | None = LIMITS.on_time_us // 2
        rest_us = LIMITS.on_time_us // 2
    elif pin.step is Step.SETTLE:
        ends_in_us, rest_us = LIMITS.settle_us, PAUSE_US
    elif pin.step is Step.PAUSE:
        ends_in_us = rest_us = PAUSE_US
    else:
        ends_in_us, rest_us = None, PAUSE_US if pin.rest_ends_in_us else 0
    return replace(pin, reason="", step_ends_in_us=ends_in_us, rest_ends_in_us=rest_us)


def edges(world: World, memory: Memory) -> Iterator[tuple[str, Memory, InputEvent]]:
    """Return everything that may happen next, as (words, memory just before, event)."""
    for signal, values in world.moves.items():
        for value in values:
            if value is not getattr(memory.snapshot, signal):
                yield f"{signal} = {value}", memory, Observed(((signal, value),))
    for request in world.requests:
        yield f"request {request}", memory, Requested(request, Source.CLI)
    for event in world.events:
        yield f"{event}", memory, event
    for timer, _ in memory.timers:
        left = tuple((each, 0 if each is timer else us) for each, us in memory.timers)
        yield f"{timer} is over", replace(memory, timers=left), DeadlinePassed()
    for name, pin in (("latch", memory.latch), ("adapter", memory.adapter)):
        ended = _time_over(pin)
        if ended is not None:
            yield f"{name}: {pin.step} is over", replace(memory, **{name: ended}), DeadlinePassed()  # type: ignore[arg-type]


def _time_over(pin: PinMemory) -> PinMemory | None:
    if pin.step is Step.SETTLE:
        return replace(pin, step_ends_in_us=0)
    if pin.step is not Step.REST:
        return replace(pin, step_ends_in_us=0, rest_ends_in_us=0)
    return replace(pin, rest_ends_in_us=0) if pin.rest_ends_in_us else None


class Search:
    """The breadth-first search of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.manager = LockManager(world.car, world.settings)
        self.manager.start(0)
        self.manager.handle(Observed(tuple(world.start.items())), 0)
        first = canonical(self.manager.memory)
        self.came_from: dict[Memory, tuple[Memory, str] | None] = {first: None}
        self.edges = 0

    def run(self) -> None:
        """Visit every state and check every edge."""
        frontier = list(self.came_from)
        while frontier:
            reached: list[Memory] = []
            for memory in frontier:
                for words, before, event in edges(self.world, memory):
                    self.edges += 1
                    after = self._step(memory, words, before, event)
                    if after not in self.came_from:
                        self.came_from[after] = (memory, words)
                        reached.append(after)
            frontier = reached

    def _step(self, memory: Memory, words: str, before: Memory, event: InputEvent) -> Memory:
        manager = self.manager
        try:
            manager.restore(before, 0)
            outputs = manager.handle(event, 0)
            after = check_step(manager, outputs, _driven(memory))
            check_pulses(manager, before, outputs)
            assert manager.deadline_us is None or manager.deadline_us > 0, "a deadline in the past"
        except AssertionError as error:
            pytest.fail(f"{error}\n{self.way_to(memory)}\n  {words}\n{self.size}")
        return canonical(after)

    def way_to(self, memory: Memory) -> str:
        """Return the shortest way to ``memory``, one step a line."""
        steps: list[str] = []
        here = self.came_from[memory]
        while here is not None:
            steps.append(f"  {here[1]}")
            here = self.came_from[here[0]]
        return "\n".join([f"the shortest way in world {self.world.name!r}:", *reversed(steps)])

    def check_that_unlatches_end(self) -> int:
        """In real time, from every state: a standing unlatch comes to an end or is named."""
        pending = [memory for memory in self.came_from if memory.asked is Asked.UNLATCH]
        for memory in pending:
            for obeys in (True, False):
                if not _ends(self.manager, memory, obeys, self.world.within_us):
                    pins = "obey" if obeys else "stick"
                    pytest.fail(
                        f"an unlatch neither ends nor is named in time, though pins {pins}\n"
                        f"{self.way_to(memory)}\n{self.size}"
                    )
        return len(pending)

    @property
    def size(self) -> str:
        """How much was searched."""
        return f"{self.world.name}: {len(self.came_from)} states, {self.edges} edges"


def _ends(manager: LockManager, memory: Memory, obeys: bool, within_us: int) -> bool:
    """Let time pass, and nothing else change, but for pins that obey or stick."""
    manager.restore(memory, 0)
    moves = {actuator: (TRAVEL_US, way) for actuator, way in _driven(memory).items() if obeys}
    now_us = 0
    while now_us <= within_us:
        asked = manager.memory.asked is Asked.UNLATCH
        if not asked or any(name in NAMED for name, _ in manager.faults):
            return True
        dues = [due_us for due_us in [manager.deadline_us] if due_us is not None]
        if not dues and not moves:
            return False
        now_us = min(dues + [at_us for at_us, _ in moves.values()])
        arrived = [actuator for actuator, (at_us, _) in moves.items() if at_us == now_us]
        values = tuple((FEEDBACK[each], END[moves.pop(each)[1]]) for each in arrived)
        outputs = manager.handle(Observed(values) if values else DeadlinePassed(), now_us)
        for output in outputs:
            if isinstance(output, Command) and obeys:
                moves[output.actuator] = (now_us + TRAVEL_US, output.command)
            elif isinstance(output, DriveOff):
                moves.pop(output.actuator, None)
    return False


def _driven(memory: Memory) -> dict[Actuator, Demand]:
    """Return which way each pin's motor runs in ``memory``."""
    other = {Demand.ENGAGE: Demand.RELEASE, Demand.RELEASE: Demand.ENGAGE}
    driven = {}
    for actuator, pin in ((Actuator.LATCH, memory.latch), (Actuator.ADAPTER, memory.adapter)):
        if pin.step is Step.DRIVE:
            driven[actuator] = pin.goal
        elif pin.step is Step.RECOVER:
            driven[actuator] = other[pin.goal]
    return driven


def check_pulses(manager: LockManager, before: Memory, outputs: list[Output]) -> None:
    """A7: no pulse before the pause is over, but for an engage stroke that cuts a release."""
    for command in outputs:
        if isinstance(command, Command):
            pin = before.latch if command.actuator is Actuator.LATCH else before.adapter
            cuts = pin.step in (Step.DRIVE, Step.SETTLE) and pin.goal is Demand.RELEASE
            rested = pin.rest_ends_in_us == 0
            assert rested or (cuts and command.command is Demand.ENGAGE), "A7: no pause"


# ---- the worlds ---------------------------------------------------------------------------------

PINS = {"latch": Pin(limits=LIMITS), "adapter": Pin(limits=LIMITS)}
CAR = Car(**PINS)  # type: ignore[arg-type]
RETRYING = Car(latch=Pin(limits=RETRIES), adapter=Pin(limits=RETRIES))

PARKED: dict[str, Any] = {
    "car_lock": CarLock.UNLOCKED,
    "occupant": Occupant.EMPTY,
    "session": Session.NONE,
    "supply": Supply.AC,
    "supply_limit": SupplyLimit.ABOVE_16_A,
    "pilot": Pilot.PRESENT,
    "inlet": Inlet.SAFE,
    "weld": Weld.NONE,
    "latch": Feedback.RELEASED,
    "adapter_lock": Feedback.RELEASED,
    "latch_fitted": Fitted.FITTED,
    "adapter_lock_fitted": Fitted.ABSENT,
}
DOORS = (CarLock.UNLOCKED, CarLock.LOCKED)
PLUG = (Occupant.EMPTY, Occupant.CONNECTOR)
ENDS = (Feedback.RELEASED, Feedback.ENGAGED)
BOTH_WAYS = (Request.UNLATCH, Request.LATCH)
BUS = (
    BusQuiet("main", (), (("inlet", Inlet.SAFE),)),
    BusHeard("main"),
    BusFailed("main"),
    BusRestored("main"),
)

WORLDS = [
    World(
        name="AC above 16 A",
        start=PARKED,
        moves={
            "car_lock": DOORS,
            "occupant": PLUG,
            "session": (Session.NONE, Session.CHARGING),
            "inlet": (Inlet.SAFE, Inlet.ENERGISED),
            "latch": ENDS,
        },
        car=RETRYING,
        requests=BOTH_WAYS,
    ),
    World(
        name="DC with a weld test",
        start={**PARKED, "supply": Supply.DC, "weld": Weld.UNKNOWN},
        moves={
            "occupant": PLUG,
            "session": (Session.CHARGING, Session.STOPPING),
            "inlet": (Inlet.SAFE, Inlet.ENERGISED),
            "weld": (Weld.UNKNOWN, Weld.TESTING, Weld.PASSED, Weld.WELDED),
            "latch": ENDS,
        },
        car=replace(CAR, reports_weld_test=True),
    ),
    World(
        name="nothing is certain",
        start={**PARKED, "session": Session.WAITING},
        moves={
            "occupant": (*PLUG, Occupant.UNKNOWN),
            "supply": (Supply.DC, Supply.UNKNOWN),
            "inlet": tuple(Inlet),
            "latch": (*ENDS, Feedback.UNKNOWN, Feedback.MOVING),
        },
        car=CAR,
    ),
    World(
        name="adapter lock and latch",
        start={**PARKED, "adapter_lock_fitted": Fitted.FITTED, "session": Session.WAITING},
        moves={
            "occupant": (Occupant.EMPTY, Occupant.CONNECTOR, Occupant.ADAPTER_AND_CONNECTOR),
            "inlet": (Inlet.SAFE, Inlet.ENERGISED),
            "latch": ENDS,
            "adapter_lock": ENDS,
        },
        car=CAR,
    ),
    World(
        name="adapter held by the latch",
        start={**PARKED, "supply_limit": SupplyLimit.UP_TO_16_A},
        moves={
            "car_lock": DOORS,
            "occupant": (Occupant.EMPTY, Occupant.ADAPTER, Occupant.ADAPTER_AND_CONNECTOR),
            "session": (Session.NONE, Session.CHARGING),
            "inlet": (Inlet.SAFE, Inlet.ENERGISED),
            "latch": ENDS,
        },
        car=CAR,
    ),
    World(
        name="a bus that sleeps and fails",
        start={**PARKED, "occupant": Occupant.CONNECTOR, "car_lock": CarLock.LOCKED},
        moves={"inlet": tuple(Inlet), "latch": ENDS},
        car=replace(CAR, can_wake=True),
        events=BUS,
    ),
    World(
        name="a bus that sleeps and fails, with an inlet that is known",
        start={**PARKED, "occupant": Occupant.CONNECTOR, "car_lock": CarLock.LOCKED},
        moves={"inlet": (Inlet.SAFE, Inlet.ENERGISED), "latch": ENDS},
        car=replace(CAR, can_wake=True),
        events=BUS,
    ),
    World(
        name="frozen in, and heated",
        start={**PARKED, "occupant": Occupant.CONNECTOR, "temperature": Temperature.COLD},
        moves={
            "car_lock": DOORS,
            "occupant": PLUG,
            "inlet": (Inlet.SAFE, Inlet.ENERGISED),
            "latch": ENDS,
            "temperature": (Temperature.COLD, Temperature.MILD),
        },
        car=replace(CAR, can_heat=True),
        requests=BOTH_WAYS,
        within_us=45 * 60 * S,
    ),
    World(
        name="auto-lock off, freed when full",
        start=PARKED,
        moves={
            "supply_limit": (SupplyLimit.UP_TO_16_A, SupplyLimit.ABOVE_16_A),
            "occupant": PLUG,
            "session": (Session.NONE, Session.CHARGING, Session.COMPLETE),
            "inlet": (Inlet.SAFE, Inlet.ENERGISED),
            "latch": ENDS,
        },
        settings=replace(
            PATIENT, auto_lock=Toggle.OFF, release_when_full=Toggle.ON, release_grace_min=1
        ),
        car=CAR,
    ),
    World(
        name="held while charging, through power cuts",
        start={**PARKED, "supply_limit": SupplyLimit.UP_TO_16_A},
        moves={
            "car_lock": DOORS,
            "occupant": PLUG,
            "session": (Session.NONE, Session.CHARGING, Session.COMPLETE),
            "inlet": (Inlet.SAFE, Inlet.ENERGISED),
            "latch": ENDS,
        },
        settings=replace(
            PATIENT, latch_mode=Mode.WHILE_CHARGING, unlock_while_charging_frees=Toggle.ON
        ),
        car=CAR,
    ),
    World(
        name="a pin without a sensor",
        start={**PARKED, "latch": Feedback.UNKNOWN},
        moves={
            "car_lock": DOORS,
            "occupant": PLUG,
            "session": (Session.NONE, Session.CHARGING),
            "inlet": tuple(Inlet),
        },
        car=replace(CAR, latch=Pin(feedback=False, limits=LIMITS)),
        requests=BOTH_WAYS,
    ),
]


QUICK = {"a bus that sleeps and fails, with an inlet that is known"}
"""Worlds of a second or two; the others take longer: ``make test-slow`` searches them."""


def _searched(world: World) -> Any:
    marks = [] if world.name in QUICK else [pytest.mark.slow]
    return pytest.param(world, id=world.name, marks=marks)


@pytest.mark.parametrize("world", [_searched(world) for world in WORLDS])
def test_no_way_through_a_small_world_is_unsafe_and_every_unlatch_ends(
    world: World, record_property: Any
) -> None:
    search = Search(world)
    search.run()
    pending = search.check_that_unlatches_end()
    print(f"{search.size}, {pending} of them with an unlatch under way")
    record_property("searched", search.size)
    assert pending > 0
