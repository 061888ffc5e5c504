"""What the control socket's reading methods tell, and which function answers each method.

Knows: how the service's state becomes the answers of ``org.chargelock``.
Refuses to know: the wire protocol and who may call (``varlink``), how a request goes on
(``control_way``), how settings are kept (``control_settings``), and what is decided (the core).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.ladder import LADDERS, advice, steps
from vehicle.core.memory import Timer
from vehicle.core.names import Demand, FaultName, PinState, Request
from vehicle.core.outputs import Entry
from vehicle.core.situation import Asked, fitted, guarding_pin
from vehicle.core.snapshot import SIGNALS
from vehicle.core.way import Way as WhatIf
from vehicle.core.whatif import ways
from vehicle.core.words import (
    CHARGE_WORDS,
    FAULT_WORDS,
    SIGNAL_WORDS,
    STATE_WORDS,
    what_is_held,
)
from vehicle.runtime.control_guest import GuestControl
from vehicle.runtime.control_place import PlaceControl
from vehicle.runtime.control_service import LiveService
from vehicle.runtime.control_settings import SettingsControl, in_words
from vehicle.runtime.control_way import Way
from vehicle.runtime.guest_book import GuestBook
from vehicle.runtime.journal import fields_of
from vehicle.runtime.lately import Lately
from vehicle.runtime.settings_store import SettingsStore
from vehicle.runtime.surroundings import Surroundings
from vehicle.runtime.varlink_call import Call, Heartbeat
from vehicle.runtime.varlink_methods import invalid_parameter, not_ready
from vehicle.runtime.zones import ZoneFile

Reply = Mapping[str, Any]

HEARTBEAT_S = 30
"""How often a quiet stream gives a sign of life, where the client does not say."""
READY_US = 2_000_000
"""How long after its start the service waits for the car before it tells what it does not know."""

NOT_HEARD = (
    "the car has not been heard since the service started: it sleeps, or the profile, the channel"
    " or its bit rate do not fit"
)


class Control:
    """The handlers of ``org.chargelock`` for one service."""

    def __init__(
        self,
        service: LiveService,
        store: SettingsStore,
        guests: GuestBook,
        zones: ZoneFile,
        notes: Sequence[str] = (),
    ) -> None:
        """All that is kept is loaded already; ``notes``: what else people should know."""
        self._service = service
        self._store = store
        self._said = tuple(notes)
        self._lately = Lately()
        self._stop_listening = service.listen(self._lately.take)
        self._settings = SettingsControl(service, store, self._notes)
        self._guests = GuestControl(service, guests, self._check_ready)
        self._surroundings = Surroundings(service)
        self._place = PlaceControl(self._surroundings, zones)

    @property
    def handlers(self) -> dict[str, Callable[[Call], Reply | None]]:
        """Method name -> function."""
        return {
            "Status": self._status,
            "Why": self._why,
            "Events": self._events,
            "Journal": self._journal,
            "Unlatch": lambda call: self._ask(call, Request.UNLATCH),
            "Latch": lambda call: self._ask(call, Request.LATCH),
            **self._settings.handlers,
            **self._guests.handlers,
            **self._place.handlers,
        }

    def close(self) -> None:
        """Let go of the service; what is being written is written to its end."""
        self._stop_listening()
        self._surroundings.stop()
        self._guests.close()

    def _check_ready(self) -> None:
        """Raise NotReady while the car may yet be heard: what is unknown now is not worth telling.

        Later it is: a car that sleeps is not heard for days, and its owner may ask all the same.
        """
        if not self._service.translator.heard and self._service.clock.now_us() < READY_US:
            raise not_ready()

    def _ask(self, call: Call, request: Request) -> None:
        self._check_ready()
        Way(self._service, call, request).begin()

    # ---- status ---------------------------------------------------------------------------------

    def _status(self, _: Call) -> Reply:
        self._check_ready()
        service, manager = self._service, self._service.manager
        seen = manager.snapshot
        guard = guarding_pin(seen) or Actuator.LATCH
        states = {actuator: manager.pin(actuator).state for actuator in Actuator}
        now_us = service.clock.now_us()
        return {
            "held": what_is_held(seen, states, assumed=manager.pin(guard).assumed),
            "signals": [self._signal(name, now_us) for name in SIGNALS],
            "pins": [self._pin(actuator) for actuator in Actuator],
            "permit": manager.permit,
            "permit_words": CHARGE_WORDS[manager.permit],
            "faults": [self._fault(*fault) for fault in sorted(manager.faults, key=str)],
            "lately": self._lately.told(now_us),
            "profile": service.profile.name,
            "variant": service.variant,
            "buses": self._buses(),
            "shadow": manager.shadow,
            "settings": in_words(manager.settings),
            "asked": None if manager.asked is Asked.NOTHING else manager.asked,
            "heating_s": self._heating_s(now_us),
            "notes": self._notes(),
            "uptime_s": now_us // 1_000_000,
        }

    def _signal(self, name: str, now_us: int) -> dict[str, Any]:
        manager = self._service.manager
        value = getattr(manager.snapshot, name)
        age_us = now_us - manager.changed_us(name)
        words = SIGNAL_WORDS[name][value]
        return {"signal": name, "value": value, "words": words, "age_us": age_us}

    def _pin(self, actuator: Actuator) -> dict[str, Any]:
        manager = self._service.manager
        pin, decision = manager.pin(actuator), manager.decision(actuator)
        return {
            "actuator": actuator,
            "fitted": fitted(manager.snapshot, actuator),
            "state": pin.state,
            "words": STATE_WORDS[pin.state],
            "confirmed": not pin.assumed and pin.state is not PinState.UNKNOWN,
            "demand": decision.demand,
            "rule": decision.rule.name,
            "sentence": decision.rule.sentence,
        }

    def _fault(self, fault: FaultName, actuator: Actuator | None) -> dict[str, Any]:
        return {
            "fault": fault,
            "actuator": actuator,
            "words": FAULT_WORDS[fault],
            "advice": advice(fault, self._service.profile.car),
            "steps": self._steps(fault),
        }

    def _steps(self, fault: FaultName | None) -> list[dict[str, str]]:
        """Tell what the owner of this car can do about a fault; nothing about none."""
        found = () if fault is None else steps(fault, self._service.profile.car)
        return [{"step": each.rung, "words": each.words} for each in found]

    def _heating_s(self, now_us: int) -> int | None:
        """Tell for how many seconds the inlet is heated yet; None where it is not."""
        left_us = dict(self._service.manager.memory_at(now_us).timers).get(Timer.HEATING)
        return None if left_us is None else -(-left_us // 1_000_000)

    def _buses(self) -> list[dict[str, str]]:
        """Tell each channel's state; where it carries several buses, the gravest."""
        service, memory = self._service, self._service.manager.memory
        lost = {channel for bus in memory.lost for channel in service.channels_of(bus)}
        asleep = {channel for bus in memory.asleep for channel in service.channels_of(bus)}
        buses = []
        for port in service.ports:
            is_lost = not port.up or port.channel in lost
            state = "lost" if is_lost else "asleep" if port.channel in asleep else "up"
            buses.append({"channel": port.channel, "state": state})
        return buses

    def _notes(self) -> list[str]:
        notes = [*self._store.notes, *self._guests.notes, *self._place.notes, *self._said]
        if not self._service.translator.heard:
            notes.append(NOT_HEARD)
        for can_id in sorted(self._service.foreign_senders):
            notes.append(f"another device sends our identifier {can_id:X}: check the wiring")
        return notes

    # ---- why ------------------------------------------------------------------------------------

    def _why(self, call: Call) -> Reply:
        self._check_ready()
        manager = self._service.manager
        name = call.parameters["actuator"]
        if name is None:
            actuator = guarding_pin(manager.snapshot) or Actuator.LATCH
        elif name in tuple(Actuator):
            actuator = Actuator(name)
        else:
            raise invalid_parameter("actuator")
        decision, now_us = manager.decision(actuator), self._service.clock.now_us()
        owner = manager.effective.settings
        behind = manager.settings_behind(actuator)
        state = manager.pin(actuator).state
        free, held = state is PinState.RELEASED, state is PinState.ENGAGED
        released_if = () if free else ways(manager, actuator, Demand.RELEASE, now_us)
        locked_if = () if held else ways(manager, actuator, Demand.ENGAGE, now_us)
        return {
            "actuator": actuator,
            "state": state,
            "words": STATE_WORDS[state],
            "demand": decision.demand,
            "rule": decision.rule.name,
            "sentence": decision.rule.sentence,
            "because": [self._signal(signal, now_us) for signal in decision.rule.signals],
            "settings": {key: in_words(owner)[key] for key in behind},
            "overrides": [str(each) for each in manager.overrides_behind(actuator)],
            "releases": [_way(way) for way in released_if],
            "locks": [_way(way) for way in locked_if],
            "steps": [] if free else self._steps(_keeps_in(manager.faults, actuator)),
        }

    # ---- the journal ----------------------------------------------------------------------------

    def _journal(self, call: Call) -> Reply:
        lines = list(self._service.journal)[-call.parameters["count"] :]
        return {
            "now_us": self._service.clock.now_us(),
            "lines": [_line(now_us, entry) for now_us, entry in lines],
        }

    def _events(self, call: Call) -> None:
        def listen(now_us: int, entry: Entry) -> None:
            call.reply({"event": _line(now_us, entry), "heartbeat": False}, continues=True)

        call.on_gone.append(self._service.listen(listen))
        beat = {"event": None, "heartbeat": True}
        Heartbeat(call, call.parameters["heartbeat_s"] or HEARTBEAT_S, beat)
        call.reply(beat, continues=True)


def _keeps_in(
    faults: Collection[tuple[FaultName, Actuator | None]], actuator: Actuator
) -> FaultName | None:
    """Return the fault whose steps come first for who wants ``actuator`` to move; None if none."""
    about = {fault for fault, concerns in faults if concerns in (None, actuator)}
    return next((fault for fault in LADDERS if fault in about), None)


def _way(way: WhatIf) -> dict[str, Any]:
    return {"changes": list(way.changes), "words": way.words}


def _line(now_us: int, entry: Entry) -> dict[str, Any]:
    return {"t": now_us, **fields_of(entry)}
