"""The simulated car as it truly is: doors, key, inlet, two pins with travel time, charger.

Knows: the truth, how people change it, and what each sensor would say about it.
Refuses to know: messages, checksums and bus sleep (``ecus``), and what the lock manager believes.

Nothing here trusts a command: a pin moves while it is driven, as far as it can, and a connector
comes out unless metal holds it.
"""

from __future__ import annotations

from collections.abc import Callable

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, Demand
from vehicle.core.record import record
from vehicle.runtime.around import AROUND_DEEDS, Around
from vehicle.runtime.charger import Phase, SimulatedCharger
from vehicle.runtime.key_search import KeySearch
from vehicle.runtime.orders import Orders, Step, Value
from vehicle.runtime.simulated_pin import SimulatedPin

START_PHASES = {
    "none": Phase.IDLE,
    "waiting": Phase.READY,
    "charging": Phase.FLOWING,
    "stopping": Phase.STOPPING,
}
"""A session's word at the beginning of a story -> where the charger then stands."""
START_SESSIONS = (*START_PHASES, "complete", "fault")


@record
class StartState:
    """How the car stands when the story begins."""

    doors: str = "unlocked"
    key: str = "near"
    connector: bool = False
    adapter: bool = False
    latch: str = "released"
    adapter_lock: str = "released"
    latch_fitted: bool = True
    adapter_lock_fitted: bool = True
    supply: str = "none"
    limit_a: int = 16
    amps: int = 16
    session: str = "none"
    remote: str = "none"
    """How requests come from afar: not at all, ``plain``, or signed with a key that we have."""
    surroundings: bool = False
    """Whether the car tells what is around it: the next four, and the station's kind."""
    outside_c: int = 20
    board_mv: int = 12_600
    cabin: str = "empty"
    place: str = "unknown"


class Plant:
    """The whole car."""

    def __init__(self, start: StartState, orders: Orders, *, reports_weld_test: bool) -> None:
        self._orders = orders
        self.now_us = 0
        self._pulses: dict[str, tuple[str, int]] = {}
        self.doors = start.doors
        self.key = KeySearch(orders, start.key)
        self.remote = start.remote
        self.tells_surroundings = start.surroundings
        self.around = Around(start.outside_c, start.board_mv, start.cabin, start.place)
        self.connector = start.connector
        self.adapter = start.adapter
        self.pins = {
            Actuator.LATCH: SimulatedPin(Actuator.LATCH, orders, start.latch, start.latch_fitted),
            Actuator.ADAPTER: SimulatedPin(
                Actuator.ADAPTER, orders, start.adapter_lock, start.adapter_lock_fitted
            ),
        }
        self.heater = False
        """Whether the inlet is heated."""
        self.charger = SimulatedCharger(orders, reports_weld_test=reports_weld_test)
        if start.connector:
            self._start_charger(start)

    def _start_charger(self, start: StartState) -> None:
        charger = self.charger
        charger.plug(0, start.supply, start.limit_a, start.amps, start.session != "complete")
        if start.session == "charging":
            charger.hear(Charge.DC if start.supply == "dc" else Charge.AC, False)
        if start.session in ("complete", "fault"):
            charger.end(0, start.session.capitalize())
        else:
            charger.begin_in(START_PHASES[start.session])

    # ---- time -----------------------------------------------------------------------------------

    @property
    def deadline_us(self) -> int | None:
        """When something changes by itself, or None."""
        times = [until_us for _, until_us in self._pulses.values()]
        times += [t for t in (self.charger.deadline_us,) if t is not None]
        change_us = self._orders.next_change_us(self.now_us)
        times += [t for t in (change_us,) if t is not None]
        return min(times, default=None)

    def advance(self, now_us: int) -> None:
        """Let time pass up to ``now_us``."""
        heated_us = now_us - self.now_us if self.heater else 0
        self.now_us = now_us
        for pin in self.pins.values():
            pin.heated_us += heated_us
            pin.advance(now_us)
        self._pulses = {
            name: (word, until_us)
            for name, (word, until_us) in self._pulses.items()
            if until_us > now_us
        }
        self.charger.advance(now_us)

    # ---- what is commanded over the bus ---------------------------------------------------------

    def drive(self, actuator: Actuator, demand: Demand) -> None:
        """Drive a pin's motor from now on; HOLD is no drive."""
        self.pins[actuator].drive = demand

    # ---- what people do -------------------------------------------------------------------------

    def do(self, step: Step) -> None:
        """Carry out a step of ``DEEDS`` at the time of the last ``advance``."""
        DEEDS[step.do](self, step)
        self.charger.advance(self.now_us)

    def pulse(self, name: str, word: str, for_us: int) -> None:
        """Show ``word`` as ``name`` for a while: a pressed button, a gesture."""
        self._pulses[name] = (word, self.now_us + for_us)

    def pulsed(self, name: str) -> str | None:
        """Return the word that is shown as ``name`` now, or None."""
        pulse = self._pulses.get(name)
        return None if pulse is None else pulse[0]

    def plug(self, **values: Value) -> None:
        """Push a connector in. A latch that stands in the empty opening blocks it."""
        if self.connector or (not self.adapter and self.pins[Actuator.LATCH].holds):
            return
        self.connector = True
        self.charger.plug(
            self.now_us,
            str(values["supply"]),
            int(values["limit_a"]),
            int(values["amps"]),
            bool(values["charge"]),
        )
        self.around.station = str(values.get("station", "unknown"))

    def pull_connector(self, force: bool) -> None:
        """Pull the connector. In an adapter nothing of the car's holds it."""
        held = not self.adapter and self.pins[Actuator.LATCH].holds
        if self.connector and (force or not held):
            self.connector = False
            self.around.station = "unknown"
            self.charger.unplug(self.now_us)

    def pull_adapter(self, force: bool) -> None:
        """Pull the adapter, and a connector in it with it."""
        held = any(pin.holds for pin in self.pins.values())
        if self.adapter and (force or not held):
            self.adapter = False
            self.pull_connector(force=True)

    def truth(self) -> dict[str, str]:
        """Return what is true now, in the words of a story's ``truth`` checks."""
        return {
            "doors": self.doors,
            "connector": "in" if self.connector else "out",
            "adapter": "in" if self.adapter else "out",
            "latch": self.pins[Actuator.LATCH].position,
            "adapter_lock": self.pins[Actuator.ADAPTER].position,
            "energy": "energised" if self.charger.energised else "safe",
            "amps": str(self.charger.current_a),
            "heater": "on" if self.heater else "off",
        }


def _set_doors(plant: Plant, step: Step) -> None:
    plant.doors = "locked" if step.do == "lock_car" else str(step.values["doors"])


def _insert_adapter(plant: Plant, _: Step) -> None:
    """The adapter goes in only into a free inlet with both pins out of the way."""
    if not plant.connector and not any(pin.holds for pin in plant.pins.values()):
        plant.adapter = True


def _charge(plant: Plant, step: Step) -> None:
    plant.charger.charge(plant.now_us, int(step.values["amps"]), gives=step.do == "v2g")


def _end(word: str) -> Callable[[Plant, Step], None]:
    return lambda plant, _: plant.charger.end(plant.now_us, word)


def _change(change: Callable[[Around, Step], None]) -> Callable[[Plant, Step], None]:
    return lambda plant, step: change(plant.around, step)


def _press(name: str) -> Callable[[Plant, Step], None]:
    def press(plant: Plant, step: Step) -> None:
        word = str(step.values.get("request", "pressed"))
        plant.pulse(name, word, int(step.values["for_ms"]) * 1000)

    return press


DEEDS: dict[str, Callable[[Plant, Step], None]] = {
    "plug": lambda plant, step: plant.plug(**step.values),
    "unplug": lambda plant, step: plant.pull_connector(bool(step.values["force"])),
    "insert_adapter": _insert_adapter,
    "remove_adapter": lambda plant, step: plant.pull_adapter(bool(step.values["force"])),
    "lock_car": _set_doors,
    "unlock_car": _set_doors,
    "key": lambda plant, step: plant.key.put(str(step.values["zone"])),
    "key_distance": lambda plant, step: plant.key.carry(int(step.values["cm"])),
    "charge": _charge,
    "v2g": _charge,
    "pause": lambda plant, _: plant.charger.pause(True),
    "resume": lambda plant, _: plant.charger.pause(False),
    "complete": _end("Complete"),
    "stop_station": _end("None"),
    "session_fault": _end("Fault"),
    "power_cut": lambda plant, _: plant.charger.power_cut(plant.now_us),
    "power_back": lambda plant, _: plant.charger.power_back(plant.now_us),
    "button": _press("button"),
    "fob": _press("fob"),
    "screen": _press("screen"),
    "remote": _press("remote"),
    "manual_release": lambda plant, step: plant.pins[Actuator(str(step.values["pin"]))].pull_back(),
    **{word: _change(change) for word, change in AROUND_DEEDS.items()},
}
"""Step -> how the car carries it out. The other steps are the bus's or the lock manager's."""
