"""The simulated car's control units: they turn the truth into frames, and hear our command.

Knows: the reference bus: which message says what, each message's cycle, what a message fault does
to it, sleep and waking, and how a real unit judges and times out our command.
Refuses to know: what is decided from a frame, and what time it is.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from random import Random

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, Demand
from vehicle.runtime.around import AROUND_MESSAGES, Around
from vehicle.runtime.orders import Orders, Step
from vehicle.runtime.plant import Plant
from vehicle.runtime.telematics import (
    REQUEST,
    Intruder,
    freshness_state,
    remote_request,
    signer_of,
)
from vehicle.wire.codec import Decoder, Encoder
from vehicle.wire.findings import WireError
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile

Signals = Mapping[str, int | float | str]

COMMAND_LIMIT_US = 250_000
"""Silence after which a receiver takes our command as None: five cycles, as for any E2E message."""
WAKE_US = 20_000
"""How long the control units take from the wake frame to their first frame."""
STAGGER_US = 3_000
"""Between the first frames of two messages, so that they do not crowd."""

_DOORS = {"locked": "Locked", "unlocked": "Unlocked", "driver-door-only": "DriverDoorOnly"}
_ZONES = {
    "unknown": "SNA",
    "absent": "Absent",
    "far": "Far",
    "near": "Near",
    "at-port": "AtPort",
    "inside": "Inside",
}
_POSITIONS = {
    "unknown": "SNA",
    "released": "Released",
    "engaged": "Engaged",
    "moving": "Moving",
    "blocking": "Blocking",
}
_REQUESTS = {None: "None", "unlatch": "Unlatch", "latch": "Latch"}
_SUPPLIES = {"none": "None", "ac": "AC", "dc": "DC"}
_DRIVES = {0: Demand.HOLD, 1: Demand.ENGAGE, 2: Demand.RELEASE}
_PERMITS = {0: Charge.NONE, 1: Charge.AC_LIMITED, 2: Charge.AC, 3: Charge.DC}
_SUPPLY_LIMIT_SNA = 127


def _present(there: bool) -> str:
    return "Present" if there else "Absent"


def _fitted(there: bool) -> str:
    return "Fitted" if there else "Absent"


def _door_lock_state(plant: Plant) -> Signals:
    return {"CarLock": _DOORS[plant.doors]}


def _key_state(plant: Plant) -> Signals:
    return {
        "KeyZone": _ZONES[plant.key.found(plant.now_us)],
        "FobGesture": _REQUESTS[plant.pulsed("fob")],
    }


def _charge_state(plant: Plant) -> Signals:
    charger = plant.charger
    amperes = charger.current_a if charger.supply == "ac" else 0
    return {
        "Session": charger.session,
        "Supply": _SUPPLIES[charger.supply if charger.powered else "none"],
        "Pilot": _present(charger.powered),
        "ChargerOff": "Off" if charger.off else "NotOff",
        "SupplyLimit": charger.limit_a if charger.powered else _SUPPLY_LIMIT_SNA,
        "AcCurrent": float(amperes),
        "SessionEnergy": float(charger.energy_wh // 20 * 20),
    }


def _dc_state(plant: Plant) -> Signals:
    charger = plant.charger
    return {
        "Contactors": "Closed" if charger.contactors_closed else "Open",
        "WeldTest": charger.weld,
        "InletVoltage": float(charger.volts),
        "DcCurrent": float(charger.current_a if charger.supply == "dc" else 0),
    }


def _charge_port_state(plant: Plant) -> Signals:
    latch, adapter_lock = plant.pins[Actuator.LATCH], plant.pins[Actuator.ADAPTER]
    return {
        "ConnectorPresent": _present(plant.connector),
        "AdapterPresent": _present(plant.adapter),
        "LatchPosition": _POSITIONS[latch.sensed],
        "AdapterLockPosition": _POSITIONS[adapter_lock.sensed],
        "LatchFitted": _fitted(latch.fitted),
        "AdapterLockFitted": _fitted(adapter_lock.fitted),
        "PortButton": "NotPressed" if plant.pulsed("button") is None else "Pressed",
    }


def _cabin_request(plant: Plant) -> Signals:
    return {"PortRequest": _REQUESTS[plant.pulsed("screen")]}


MESSAGES: dict[str, Callable[[Plant], Signals]] = {
    "DoorLockState": _door_lock_state,
    "KeyState": _key_state,
    "ChargeState": _charge_state,
    "DcState": _dc_state,
    "ChargePortState": _charge_port_state,
    "CabinRequest": _cabin_request,
}
"""The reference bus's messages and what each says, in the order of their first frames."""
REMOTE_MESSAGES: dict[str, Callable[[Plant], Signals]] = {
    REQUEST: remote_request,
    "FreshnessState": freshness_state,
}
"""Those of a car with a telematics unit, after the others."""


def _about(says: Callable[[Around], Signals]) -> Callable[[Plant], Signals]:
    return lambda plant: says(plant.around)


SURROUNDINGS = {name: _about(says) for name, says in AROUND_MESSAGES.items()}
"""Those of a car that tells its surroundings, last of all."""


@dataclass(slots=True)
class _Cycle:
    """When one message is sent next: ``nominal_us`` keeps the cycle, ``due_us`` has the jitter."""

    period_us: int
    nominal_us: int
    due_us: int


class ControlUnits:
    """Every control unit of the simulated car."""

    def __init__(
        self, profile: Profile, plant: Plant, orders: Orders, random: Random, jitter_us: int
    ) -> None:
        """Prepare for one profile; each frame is late by up to ``jitter_us``.

        Raises:
            WireError: the profile's DBC lacks messages of the reference bus.
        """
        self._says = MESSAGES | (REMOTE_MESSAGES if plant.remote != "none" else {})
        self._says |= SURROUNDINGS if plant.tells_surroundings else {}
        missing = [name for name in self._says if name not in profile.dbc.messages]
        if missing:
            raise WireError(
                f"profile {profile.name} cannot be simulated: its DBC lacks {', '.join(missing)};"
                " name one whose bus is the reference bus"
            )
        self._plant = plant
        self._orders = orders
        self._random = random
        self._jitter_us = jitter_us
        self._signer = signer_of(plant.remote)
        self._intruder = Intruder(profile, random)
        self._intrusions: list[tuple[int, str, str]] = []
        """When the intruder sends next, how, and what it asks."""
        self._encoder = Encoder(profile, "can0", self._signer)
        self._decoder = Decoder(profile)
        self._sent: dict[str, Frame] = {}
        self._cycles: dict[str, _Cycle] = {}
        self._periods_us = {name: profile.dbc.messages[name].cycle_us or 0 for name in self._says}
        self._command_ends_us: int | None = None
        self.wake(0)

    # ---- time -----------------------------------------------------------------------------------

    @property
    def deadline_us(self) -> int | None:
        """When the next frame is due or our command is too old, or None."""
        times = [cycle.due_us for cycle in self._cycles.values()]
        if self._command_ends_us is not None:
            times.append(self._command_ends_us)
        times += [due_us for due_us, _, _ in self._intrusions[:1]]
        return min(times, default=None)

    def sleep(self) -> None:
        """Stop sending."""
        self._cycles.clear()

    def wake(self, now_us: int) -> None:
        """Begin to send at ``now_us``; does nothing where they send already."""
        if self._cycles:
            return
        for index, name in enumerate(self._says):
            first_us = now_us + index * STAGGER_US
            self._cycles[name] = _Cycle(self._periods_us[name], first_us, first_us)

    def due(self, now_us: int) -> list[Frame]:
        """Return the frames that are on the bus at ``now_us``."""
        frames = []
        for name, cycle in self._cycles.items():
            while cycle.due_us <= now_us:
                cycle.nominal_us += cycle.period_us
                jitter_us = self._random.randint(0, self._jitter_us)
                cycle.due_us = max(now_us + 1, cycle.nominal_us + jitter_us)
                frame = self._frame(name, now_us)
                if frame is not None and not self.lost(name, now_us):
                    frames.append(frame)
        if self._command_ends_us is not None and self._command_ends_us <= now_us:
            self._obey(None, now_us)
        return frames + self._intruding(now_us, {frame.can_id for frame in frames})

    def intrude(self, now_us: int, step: Step) -> None:
        """Let somebody at the wires send frames, one every ``every_ms``."""
        how, request = str(step.values["how"]), _REQUESTS[str(step.values["request"])]
        every_us = int(step.values["every_ms"]) * 1000
        for number in range(int(step.values["times"])):
            self._intrusions.append((now_us + number * every_us, how, request))
        self._intrusions.sort()

    def _intruding(self, now_us: int, sent: Container[int]) -> list[Frame]:
        """Return the intruder's frame that is due, where its message is not on the bus just now."""
        if not self._intrusions or self._intrusions[0][0] > now_us:
            return []
        _, how, request = self._intrusions.pop(0)
        if self._intruder.can_id in sent:
            self._intrusions.insert(0, (now_us + 1, how, request))
            return []
        return [self._intruder.frame(how, request, self._signer)]

    # ---- what is sent ---------------------------------------------------------------------------

    def _frame(self, name: str, now_us: int) -> Frame | None:
        if self._orders.find("silent_message", now_us, message=name):
            return None
        if name in self._sent and self._orders.find("repeated_counter", now_us, message=name):
            return self._sent[name]
        says = self._says[name](self._plant)
        frame = self._encoder.encode(name, says)
        if name == REQUEST:
            self._intruder.hear(frame, str(says["PortRequest"]))
        if self._orders.find("bad_checksum", now_us, message=name):
            frame = frame._replace(data=bytes([frame.data[0] ^ 0xFF]) + frame.data[1:])
        self._sent[name] = frame
        return frame

    def lost(self, name: str, now_us: int) -> bool:
        """Return whether a frame of message ``name`` is lost on the bus now, at random."""
        order = self._orders.find("lost_frames", now_us, message=name)
        return order is not None and self._random.randrange(100) < int(order.values["percent"])

    # ---- what is heard --------------------------------------------------------------------------

    def hear(self, now_us: int, frame: Frame) -> None:
        """Take a frame of the lock manager's."""
        name = self._decoder.message_of(frame)
        if name == "WakeUp" and not self._orders.find("ignores_wake", now_us):
            self.wake(now_us + WAKE_US)
        elif name == "LockCommand" and self._cycles and not self.lost(name, now_us):
            values = self._decoder.decode(frame)
            if values is not None:
                self._obey(values, now_us)

    def _obey(self, values: Mapping[str, int] | None, now_us: int) -> None:
        """Do what the command says; None is silence, which drives and permits nothing."""
        command = values or {}
        self._command_ends_us = None if values is None else now_us + COMMAND_LIMIT_US
        self._plant.drive(Actuator.LATCH, _DRIVES[command.get("LatchCommand", 0)])
        self._plant.drive(Actuator.ADAPTER, _DRIVES[command.get("AdapterLockCommand", 0)])
        self._plant.heater = bool(command.get("HeatInlet", 0))
        permit = _PERMITS[command.get("ChargePermit", 0)]
        self._plant.charger.hear(permit, bool(command.get("StopCharging", 0)))
        self._plant.charger.advance(now_us)
