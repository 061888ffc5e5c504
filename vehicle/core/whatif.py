"""What would release a pin, and what would lock it: asked of the manager itself.

Knows: what may happen to a car, and how to let it happen to a copy of the manager.
Refuses to know: rules, folds and memory. What it says is found by trying, never written by hand, so
it cannot disagree with what the manager then does.

The copy is restored from memory, so trying changes nothing. A way is told only where a pulse leaves
for it: past the interlock, a weak 12 V supply, a lost sensor and a sleeping bus. Whether the metal
then obeys is another matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from itertools import combinations
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.ends import END_STATE
from vehicle.core.inputs import (
    BusHeard,
    DeadlinePassed,
    InputEvent,
    Observed,
    Requested,
    SettingsChanged,
)
from vehicle.core.manager import LockManager
from vehicle.core.memory import Memory, Timer
from vehicle.core.names import Demand, Request, Source
from vehicle.core.outputs import Output, WakeBus
from vehicle.core.overrides import Override
from vehicle.core.record import record
from vehicle.core.settings import SINGLE, Settings, Toggle
from vehicle.core.signals import CarLock, Inlet, Occupant, Session, Weld
from vehicle.core.situation import ACTIVE, SEATED
from vehicle.core.way import Change, Way

HORIZON_US = 24 * 3_600_000_000
"""How far ahead time is tried: the longest grace time an owner may choose."""
DEADLINES_MAX = 64
"""How many deadlines are let pass: far more than the owner's times and one stroke have."""
TOGETHER_MAX = 3
"""How many changes may make one way. Four at once are no advice."""
_SIZES = range(1, TOGETHER_MAX + 1)


@record
class _Try:
    """One change: where it makes sense, and which events bring it about."""

    change: Change
    sensible: Callable[[LockManager], bool]
    events: Callable[[LockManager], tuple[InputEvent, ...]]


def _sees(**values: Any) -> tuple[InputEvent, ...]:
    return (Observed(tuple(values.items())),)


def _safe(manager: LockManager) -> tuple[InputEvent, ...]:
    """The inlet is safe, and no weld result is owed any more."""
    if manager.snapshot.weld is Weld.UNKNOWN:
        return _sees(inlet=Inlet.SAFE)
    return _sees(inlet=Inlet.SAFE, weld=Weld.NONE)


def _plug_again(manager: LockManager) -> tuple[InputEvent, ...]:
    return (*_sees(occupant=Occupant.EMPTY), *_sees(occupant=manager.snapshot.occupant))


def _asks(request: Request) -> tuple[InputEvent, ...]:
    return (Requested(request, Source.CLI),)


def _chooses(settings: Settings) -> tuple[InputEvent, ...]:
    return (SettingsChanged(settings, Source.CLI),)


def _hears(manager: LockManager) -> tuple[InputEvent, ...]:
    return tuple(BusHeard(channel) for channel in sorted(manager.silent))


_OWNERS_TIMES = frozenset(
    {Timer.GRACE, Timer.POWER_CUT_HOLD, Timer.RELOCK_WINDOW, Timer.LONG_WAIT, Timer.WELD_RESULT}
)
_OCCUPANT_KNOWN = _Try(
    Change.OCCUPANT_KNOWN,
    lambda m: m.snapshot.occupant is Occupant.UNKNOWN,
    lambda _: _sees(occupant=Occupant.CONNECTOR),
)
_TIME = _Try(Change.TIME, lambda m: bool(_OWNERS_TIMES & m.waits_for), lambda _: ())
# What the car itself tells needs no mention of it: see ``_Search.leads``.
_HEARD = _Try(Change.HEARD, lambda m: bool(m.silent), _hears)

# In the order in which they are let happen.
_TRIES: dict[Demand, tuple[_Try, ...]] = {
    Demand.RELEASE: (
        _Try(Change.ASK, lambda _: True, lambda _: _asks(Request.UNLATCH)),
        _Try(
            Change.UNLOCK,
            lambda m: m.snapshot.car_lock is not CarLock.UNLOCKED,
            lambda _: _sees(car_lock=CarLock.UNLOCKED),
        ),
        _OCCUPANT_KNOWN,
        _Try(
            Change.SESSION_OVER,
            lambda m: m.snapshot.session in (*ACTIVE, Session.UNKNOWN),
            lambda _: (*_sees(session=Session.STOPPING), *_sees(session=Session.NONE)),
        ),
        _Try(
            Change.FULL,
            lambda m: (
                m.snapshot.session is not Session.COMPLETE
                and m.effective.settings.release_when_full is Toggle.ON
            ),
            lambda _: _sees(session=Session.COMPLETE),
        ),
        # Welded contactors become safe by service, which is nothing to wait for.
        _Try(
            Change.SAFE,
            lambda m: m.snapshot.inlet is not Inlet.SAFE and m.snapshot.weld is not Weld.WELDED,
            _safe,
        ),
        # Otherwise a pin holds it, and taking it out is what a release is for.
        _Try(
            Change.TAKE_OUT,
            lambda m: m.manual_release and m.snapshot.occupant in SEATED,
            lambda _: _sees(occupant=Occupant.EMPTY),
        ),
        _TIME,
        _HEARD,
    ),
    Demand.ENGAGE: (
        _OCCUPANT_KNOWN,
        _Try(
            Change.PLUG_IN,
            lambda m: m.snapshot.occupant is Occupant.EMPTY,
            lambda _: _sees(occupant=Occupant.CONNECTOR),
        ),
        _Try(Change.PLUG_AGAIN, lambda m: m.snapshot.occupant in SEATED, _plug_again),
        _Try(
            Change.SESSION_BEGINS,
            lambda m: m.snapshot.session not in ACTIVE,
            lambda _: _sees(session=Session.WAITING),
        ),
        _Try(
            Change.LOCK,
            lambda m: m.snapshot.car_lock is not CarLock.LOCKED,
            lambda _: _sees(car_lock=CarLock.LOCKED),
        ),
        _Try(
            Change.LOCK_AGAIN,
            lambda m: m.snapshot.car_lock is CarLock.LOCKED,
            lambda _: (*_sees(car_lock=CarLock.UNLOCKED), *_sees(car_lock=CarLock.LOCKED)),
        ),
        _Try(Change.ASK_TO_HOLD, lambda _: True, lambda _: _asks(Request.LATCH)),
        _TIME,
        _HEARD,
    ),
}


def ways(manager: LockManager, actuator: Actuator, demand: Demand, now_us: int) -> tuple[Way, ...]:
    """Return the smallest sets of changes that each lead to ``demand``, smallest first.

    Single settings come last. Empty where it is demanded already, and where nothing leads to it (no
    pin, welded contactors). ``demand``: ENGAGE or RELEASE.
    """
    if manager.decision(actuator).demand is demand:
        return ()
    search = _Search(manager, actuator, demand, now_us)
    tries = [each for each in _TRIES[demand] if each.sensible(manager)]
    found: list[Way] = []
    for size in _SIZES:
        for chosen in combinations(tries, size):
            names = {each.change for each in chosen}
            names |= {Change.SESSION_OVER} if Change.FULL in names else set()  # one of its ends
            if any(names.issuperset(smaller.changes) for smaller in found):
                continue
            after_us = search.leads(chosen)
            if after_us is not None:
                found.append(Way(tuple(each.change for each in chosen), after_us))
    return (*found, *search.settings())


class _Search:
    """One search: the memory to begin from, and the copy that everything is tried on."""

    def __init__(
        self, manager: LockManager, actuator: Actuator, demand: Demand, now_us: int
    ) -> None:
        self._manager = manager
        self._memory: Memory = manager.memory_at(now_us)
        self._actuator = actuator
        self._demand = demand
        self._copy = LockManager(manager.car, shadow=manager.shadow)

    def leads(self, chosen: tuple[_Try, ...]) -> int | None:
        """Return how long after ``chosen`` the demand comes; None where it does not."""
        waits = any(each.change in (Change.FULL, Change.TIME) for each in chosen)
        events = tuple(event for each in chosen for event in each.events(self._manager))
        if any(isinstance(event, Observed) for event in events):
            events = (*_hears(self._manager), *events)
        return self._try(events, waits=waits)

    def settings(self) -> Iterator[Way]:
        """Yield every choice of a single setting that leads to the demand at once."""
        settings, by = self._manager.settings, dict(self._manager.effective.by)
        for key, item in SINGLE.items():
            kind: Any = type(item.default)
            for value in kind if issubclass(kind, StrEnum) else ():
                other, words = _chosen(settings, key, value, by.get(key))
                if self._try(_chooses(other)) is not None:
                    yield Way((Change.SETTING,), setting=words)

    def _try(self, events: tuple[InputEvent, ...], *, waits: bool = False) -> int | None:
        copy, settings = self._copy, self._manager.settings
        if copy.settings != settings:
            for event in _chooses(settings):
                copy.handle(event, HORIZON_US)
        copy.restore(self._memory, 0)
        outputs = [output for event in events for output in copy.handle(event, 0)]
        if self._reached(copy, outputs):
            return 0
        for _ in range(DEADLINES_MAX if waits else 0):
            due_us = copy.deadline_us
            if due_us is None or due_us > HORIZON_US:
                return None
            outputs = copy.handle(DeadlinePassed(), due_us)
            if self._reached(copy, outputs):
                return due_us
        return None

    def _reached(self, copy: LockManager, outputs: list[Output]) -> bool:
        """Whether the demand stands, and the pin is there, or goes there once its rest is over.

        Of a bus that is woken for it, ``outputs`` tell.
        """
        if copy.decision(self._actuator).demand is not self._demand:
            return False
        pin = copy.pin(self._actuator)
        memory = pin.memory(0)
        goes = (pin.stroking and memory.goal is self._demand) or memory.waits_for_rest
        if copy.shadow:  # what moves it is not ours: it is enough that we would let it go
            goes = (self._actuator, self._demand) not in copy.vetoed
        woken = self._demand is Demand.RELEASE and any(isinstance(out, WakeBus) for out in outputs)
        return pin.state is END_STATE[self._demand] or goes or woken


def _chosen(
    settings: Settings, key: str, value: StrEnum, override: Override | None
) -> tuple[Settings, str]:
    """Return the settings with another choice where it counts now, and how to say that."""
    if override is None:
        change: dict[str, Any] = {SINGLE[key].name: value}
        return replace(settings, **change), f"{key}={value}"
    other = replace(override, value=str(value))
    overrides = tuple(other if each == override else each for each in settings.overrides)
    return replace(settings, overrides=overrides), str(other)
