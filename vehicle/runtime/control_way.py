"""How a request goes, told step by step to the client that asked for it.

Knows: which journal entries are a step, how each result ends a call, and what to do next.
Refuses to know: how a request is carried out. A client that leaves takes nothing back.

Several may wait for one request: whoever asked first, a fob, another owner. It ends for all of them
at once; what only concerns another asker, such as a refused button, ends it for nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vehicle.core.car import Car
from vehicle.core.events_told import EVENTS
from vehicle.core.inputs import Requested
from vehicle.core.ladder import advice as advice_text
from vehicle.core.ladder import first_step
from vehicle.core.names import Demand, EventName, FaultName, PinState, Request, Result, Source
from vehicle.core.outputs import (
    ActuatorChanged,
    Answered,
    Command,
    Entry,
    Event,
    Fault,
    HeatInlet,
    SignalChanged,
    StopCharge,
)
from vehicle.core.record import record
from vehicle.core.signals import Inlet, Weld
from vehicle.core.words import (
    FAULT_WORDS,
    PIN_WORDS,
    RESULT_WORDS,
    STATE_WORDS,
)
from vehicle.runtime.control_service import LiveService
from vehicle.runtime.varlink_call import Call, Heartbeat
from vehicle.runtime.varlink_methods import failed, unsafe
from vehicle.runtime.varlink_wire import VarlinkError

WAITING_S = 10
"""How often one who waits hears that the service still waits, too."""

SHADOW_WORDS = "the service only watches (dry run) and moves nothing"
SHADOW_ADVICE = "Restart it without --dry-run."


@record
class _End:
    """How a result ends a call: with an error, or as the last step where ``error`` is None."""

    error: Callable[[str, str], VarlinkError] | None = None
    advice: str = ""
    fault: FaultName | None = None
    """The fault whose advice is given instead."""


_REFUSALS = {
    Result.REFUSED_KEY_NOT_AT_PORT: _End(unsafe, "Bring the key to the charge port."),
    Result.REFUSED_CAR_NOT_UNLOCKED: _End(unsafe, "Unlock the car first."),
    Result.REFUSED_INLET_EMPTY: _End(unsafe, "There is nothing to hold or to release."),
    Result.REFUSED_OCCUPANT_UNKNOWN: _End(
        unsafe, "Switch the car on, so that it tells what is plugged in."
    ),
    Result.REFUSED_NO_PIN: _End(unsafe, "Nothing of the car's holds it: take it out by hand."),
    Result.PIN_UNKNOWN: _End(
        unsafe, "Open a door or press the fob to wake the car, then ask again."
    ),
    Result.INTERNAL_ERROR: _End(failed, fault=FaultName.INTERNAL_ERROR),
}
"""Results that end a request before it has begun, or where its pin is found missing."""

_ENDS: Mapping[Result, _End] = {
    **_REFUSALS,
    Result.RELEASED: _End(),
    Result.ENGAGED: _End(),
    Result.CONNECTOR_OUT: _End(),
    Result.SUPERSEDED: _End(),
    Result.CANCELLED: _End(),
    Result.MANUAL_RELEASE_PULLED: _End(),
    Result.ENERGY_UNKNOWN: _End(unsafe, fault=FaultName.ENERGY_UNKNOWN),
    Result.CONTACTORS_WELDED: _End(unsafe, fault=FaultName.CONTACTORS_WELDED),
    Result.SUPPLY_TOO_LOW: _End(failed, fault=FaultName.SUPPLY_LOW),
    Result.FAILED_TO_ENGAGE: _End(failed, fault=FaultName.FAILED_TO_ENGAGE),
    Result.FAILED_TO_RELEASE: _End(failed, fault=FaultName.FAILED_TO_RELEASE),
    Result.FEEDBACK_LOST: _End(failed, fault=FaultName.FEEDBACK_LOST),
}
"""Result -> how it ends a call. The two that are missing open one."""

OPENS = (Result.ACCEPTED, Result.ALREADY_PENDING)
FROM_THE_BUS = (
    Result.REFUSED_UNPROTECTED,
    Result.REFUSED_KEY_NOT_HEARD,
    Result.REFUSED_JUST_CHANGED,
    Result.REFUSED_TOO_OFTEN,
)
"""Refusals of what is asked over the car's bus: none of them is ever the answer to a call."""
FOR_OTHERS = (
    Result.REFUSED_KEY_NOT_AT_PORT,
    Result.REFUSED_CAR_NOT_UNLOCKED,
    Result.REFUSED_CODE,
    *FROM_THE_BUS,
)
"""Refusals that are about who asks and how, so they end no request that stands."""

_TOLD_AT_THE_END = frozenset(end.fault for end in _ENDS.values() if end.error is not None)


class Way:
    """One client's view of one request. Call ``begin`` once."""

    def __init__(
        self, service: LiveService, call: Call, request: Request, source: Source = Source.CLI
    ) -> None:
        """``source``: in whose name it is asked."""
        self._service = service
        self._call = call
        self._request = request
        self._source = source
        self._opened = False

    def begin(self) -> None:
        """Ask, and tell every step until the request has ended. Raises Unsafe in a dry run."""
        if self._service.manager.shadow:
            raise unsafe(SHADOW_WORDS, SHADOW_ADVICE)
        self._call.on_gone.append(self._service.listen(self._take))
        waiting = {"step": "waiting", "words": "still waiting", "done": False, "result": None}
        Heartbeat(self._call, WAITING_S, waiting)
        self._service.give(Requested(self._request, self._source))

    def _take(self, _: int, entry: Entry) -> None:
        """Take one journal entry."""
        if isinstance(entry, Answered):
            if entry.request is self._request:
                self._answered(entry)
        elif self._opened:
            step = step_of(entry, self._service.profile.car)
            if step is not None:
                self._tell(*step)

    def _answered(self, entry: Answered) -> None:
        result = entry.result
        if not self._opened:
            # What fell due before the request may still end an earlier one: not our answer.
            if entry.source is self._source and result in OPENS:
                self._open(result)
            elif entry.source is self._source and result in (
                *_REFUSALS,
                Result.MANUAL_RELEASE_PULLED,
            ):
                self._end(result)
        elif result not in OPENS and result not in FOR_OTHERS:
            self._end(result)

    def _open(self, result: Result) -> None:
        self._opened = True
        self._tell("asked", RESULT_WORDS[result])
        memory, car = self._service.manager.memory, self._service.profile.car
        if memory.asleep and not car.can_wake:
            self._tell("bus_asleep", f"the car sleeps. {first_step(FaultName.BUS_ASLEEP)}")
        for fault, actuator in sorted(self._service.manager.faults, key=str):
            step = step_of(Fault(fault, True, actuator), car)
            if step is not None:
                self._tell(*step)

    def _tell(self, step: str, words: str) -> None:
        reply = {"step": step, "words": words, "done": False, "result": None}
        self._call.reply(reply, continues=True)

    def _end(self, result: Result) -> None:
        words, end = _bare(RESULT_WORDS[result]), _ENDS[result]
        if self._request is Request.LATCH and result is Result.MANUAL_RELEASE_PULLED:
            end = _End(unsafe, fault=FaultName.UNEXPECTED_OPEN)
        if end.error is None:
            self._call.reply({"step": "done", "words": words, "done": True, "result": result})
            return
        advice = end.advice
        if end.fault is not None:
            advice = advice_text(end.fault, self._service.profile.car)
        self._call.fail(end.error(words, advice))


def step_of(entry: Entry, car: Car) -> tuple[str, str] | None:
    """Return the step that ``entry`` means for somebody who waits: its name and words, or None."""
    match entry:
        case StopCharge(active=True, attempt=attempt):
            again = f" again, for the {attempt}. time" if attempt > 1 else ""
            return "stop_requested", f"the charger is asked to stop{again}"
        case HeatInlet(active=True, attempt=attempt):
            again = "" if attempt == 1 else f", for the {attempt}. time"
            return "heating", f"{EVENTS[EventName.HEATING_INLET].sentence}{again}"
        case SignalChanged(signal="inlet", value=Inlet.SAFE):
            return "current_gone", "no energy is on the inlet any more"
        case SignalChanged(signal="weld", value=Weld.TESTING):
            return "weld_test", "the contactors are tested"
        case Command(recovery=True):
            return "freeing", f"{PIN_WORDS[entry.actuator]}: a push the other way, to free it"
        case Command(attempt=attempt):
            doing = "releasing" if entry.command is Demand.RELEASE else "engaging"
            again = f", try {attempt}" if attempt > 1 else ""
            return doing, f"{PIN_WORDS[entry.actuator]}: {doing}{again}"
        case ActuatorChanged(state=PinState.RELEASED | PinState.ENGAGED as state):
            return str(state), f"{PIN_WORDS[entry.actuator]}: {STATE_WORDS[state]}"
        case ActuatorChanged(state=PinState.JAMMED):
            return "jammed", f"{PIN_WORDS[entry.actuator]}: it did not move"
        case Fault(active=True, fault=fault) if fault not in _TOLD_AT_THE_END:
            return str(fault), f"{FAULT_WORDS[fault]}. {first_step(fault)}"
        case Event(event=EventName.WAKING_BUS):
            return "waking_bus", EVENTS[entry.event].sentence
    return None


def _bare(words: str) -> str:
    """Return a result's words without the verdict before them: the reply's kind says it."""
    for verdict in ("done: ", "failed: ", "refused: "):
        words = words.removeprefix(verdict)
    return words
