"""Takes each kind of event in: what it changes in what is believed and remembered.

Knows: every event, and which rooms must hear of the change it makes.
Refuses to know: what is decided because of it; ``manager.py`` asks that afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vehicle.core import heating, request, session, settling, spans, watch
from vehicle.core.car import Actuator
from vehicle.core.circumstance import SIGNALS_BEHIND_DIMENSION
from vehicle.core.inputs import (
    BusFailed,
    BusHeard,
    BusQuiet,
    BusRestored,
    DeadlinePassed,
    InputEvent,
    InternalError,
    MessageBack,
    MessageInvalid,
    MessageLost,
    NotAuthentic,
    Observed,
    Refused,
    Requested,
    SegmentStarted,
    SettingsChanged,
)
from vehicle.core.memory import HEARD, MANUAL, Flag, Memory, Timer
from vehicle.core.names import EventName, FaultName, MessageState, PinState, Request, Source
from vehicle.core.outputs import ActuatorChanged, MessageChanged, SettingsTook, SignalChanged
from vehicle.core.reactions import collect
from vehicle.core.signals import Feedback, Inlet, SignalValue
from vehicle.core.situation import Asked
from vehicle.core.snapshot import FEEDBACK_SIGNAL, SIGNALS, Snapshot
from vehicle.core.state import State

FEEDBACK_LOST_US = 3_000_000
"""How long a sensor must be silent before that is a fault: longer than a bus takes to be asleep."""

FEEDBACK_TIMER = {Actuator.LATCH: Timer.FEEDBACK_LATCH, Actuator.ADAPTER: Timer.FEEDBACK_ADAPTER}


OWNERS_SIGNALS = frozenset(name for names in SIGNALS_BEHIND_DIMENSION.values() for name in names)
"""Signals on which it depends which of the owner's choices hold."""

WATCHED_SIGNALS = frozenset({"occupant"})
"""Signals of which a change may be a removal."""


def take(state: State, event: InputEvent, now_us: int) -> None:
    """Note everything that ``event`` changes."""
    _TAKES[type(event)](state, event, now_us)


def _observed(state: State, event: Observed, now_us: int) -> None:
    if event.energy_wh is not None:
        state.energy_wh = event.energy_wh
    _see(state, event.values, now_us)


def _see(state: State, values: tuple[tuple[str, SignalValue], ...], now_us: int) -> None:
    """Take new signal values in: tell them, then remember what follows from the change."""
    was = state.seen
    changes = {name: value for name, value in values if value is not getattr(was, name)}
    if not changes:
        return
    state.seen = was.after(changes)
    for name, value in changes.items():
        state.outputs.append(SignalChanged(name, value, getattr(was, name)))
        state.changed_us[name] = now_us
    for name in settling.SETTLING:
        if name in changes:
            settling.sensed(state, name, now_us)
    if not WATCHED_SIGNALS.isdisjoint(changes):
        watch.watch_change(state, was)
    opened = session.owner_opened(state, was)
    if opened and state.asked is Asked.LATCH:
        request.cancel(state)
    if not OWNERS_SIGNALS.isdisjoint(changes):
        spans.settings_changed(state, state.owner_again(), now_us)
    session.note_changes(state, was, now_us)
    for actuator, name in FEEDBACK_SIGNAL.items():
        if name in changes:
            _sense(state, actuator, getattr(state.seen, name), now_us)
    if opened and session.opening_frees(state):
        request.receive(state, Request.UNLATCH, Source.CAR_UNLOCK, now_us)


def _sense(state: State, actuator: Actuator, value: Feedback, now_us: int) -> None:
    pin = state.pins[actuator]
    pin.sense(value, now_us)
    collect(state, pin)
    if value is not Feedback.UNKNOWN:
        state.flags.add(HEARD[actuator])
        state.stop(FEEDBACK_TIMER[actuator])
        state.fault(FaultName.FEEDBACK_LOST, False, actuator)
    elif HEARD[actuator] in state.flags and pin.pin.feedback and not state.shadow:
        state.start(FEEDBACK_TIMER[actuator], now_us + FEEDBACK_LOST_US)


_MESSAGE_STATES: dict[type[Any], MessageState] = {
    MessageLost: MessageState.LOST,
    MessageBack: MessageState.BACK,
    MessageInvalid: MessageState.INVALID,
}


def _message(state: State, event: MessageLost | MessageBack | MessageInvalid, _: int) -> None:
    state.outputs.append(MessageChanged(event.message, _MESSAGE_STATES[type(event)]))


def _bus_quiet(state: State, event: BusQuiet, now_us: int) -> None:
    """Sleep or loss: asleep only with the interface up and the last known energy SAFE."""
    if event.interface_up and state.last_inlet is Inlet.SAFE:
        for message in event.messages:
            state.outputs.append(MessageChanged(message, MessageState.ASLEEP))
        state.asleep.add(event.channel)
        _halt(state, now_us)
        _see(state, event.frozen, now_us)
    else:
        _lose_bus(state, event.channel, now_us)


def _bus_failed(state: State, event: BusFailed, now_us: int) -> None:
    _lose_bus(state, event.channel, now_us)


def _lose_bus(state: State, channel: str, now_us: int) -> None:
    state.asleep.discard(channel)
    state.lost.add(channel)
    state.fault(FaultName.BUS_LOST, True)
    _halt(state, now_us)


def _bus_works(state: State, event: BusHeard | BusRestored, _: int) -> None:
    state.asleep.discard(event.channel)
    state.lost.discard(event.channel)
    state.fault(FaultName.BUS_LOST, bool(state.lost))


def _internal_error(state: State, _: InternalError, now_us: int) -> None:
    state.flags.add(Flag.INTERNAL_ERROR)
    state.fault(FaultName.INTERNAL_ERROR, True)
    _halt(state, now_us)


def _halt(state: State, now_us: int) -> None:
    for pin in state.pins.values():
        pin.halt(now_us)
        collect(state, pin)


def _requested(state: State, event: Requested, now_us: int) -> None:
    request.receive(state, event.request, event.source, now_us, event.proof)


def _not_authentic(state: State, event: NotAuthentic, _: int) -> None:
    state.failed_attempts += 1
    state.tell(
        EventName.AUTHENTICATION_FAILED,
        message=event.message,
        why=event.why,
        asks=", ".join(event.asks) or "nothing",
        attempts=state.failed_attempts,
    )


def _refused(state: State, event: Refused, _: int) -> None:
    """Tell of it, so that it is in the journal and people hear of it."""
    state.answer(event.request, event.source, event.why)
    details = {"request": event.request, "source": event.source, "why": event.why}
    state.tell(EventName.REQUEST_REFUSED, **details)


def _settings_changed(state: State, event: SettingsChanged, now_us: int) -> None:
    state.settings = event.settings
    spans.settings_changed(state, state.owner_again(), now_us)
    words = tuple(event.settings.words().items())
    state.outputs.append(SettingsTook(words, event.source))
    state.tell(EventName.SETTINGS_CHANGED, source=event.source)


def _segment_started(state: State, _: SegmentStarted, now_us: int) -> None:
    """Forget everything but the settings: what was known says nothing about now."""
    state.tell(EventName.NEW_SEGMENT)
    state.flags -= set(MANUAL.values())
    request.cancel(state)
    request.withdraw_stop(state)
    heating.end(state)
    for fault in FaultName:
        for about in (None, *Actuator):
            state.fault(fault, False, about)
    _halt(state, now_us)
    was, states = state.seen, {actuator: pin.state for actuator, pin in state.pins.items()}
    state.load(Memory(), now_us)
    for name in SIGNALS:
        value = getattr(Snapshot(), name)
        if getattr(was, name) is not value:
            state.outputs.append(SignalChanged(name, value, getattr(was, name)))
    for actuator, before in states.items():
        if before is not PinState.UNKNOWN:
            assumed = state.pins[actuator].assumed
            state.outputs.append(ActuatorChanged(actuator, PinState.UNKNOWN, before, assumed))


def _deadline_passed(_: State, __: DeadlinePassed, ___: int) -> None:
    """Nothing to note: the manager has done what was due."""


_TAKES: dict[type[Any], Callable[[State, Any, int], None]] = {
    Observed: _observed,
    MessageLost: _message,
    MessageBack: _message,
    MessageInvalid: _message,
    BusQuiet: _bus_quiet,
    BusHeard: _bus_works,
    BusFailed: _bus_failed,
    BusRestored: _bus_works,
    Requested: _requested,
    Refused: _refused,
    NotAuthentic: _not_authentic,
    SettingsChanged: _settings_changed,
    InternalError: _internal_error,
    SegmentStarted: _segment_started,
    DeadlinePassed: _deadline_passed,
}
