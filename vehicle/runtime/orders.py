"""The words of a story: what people and the world do, and which faults can be ordered.

Knows: each word, its parameters, their ranges and defaults, and when an ordered fault holds.
Refuses to know: how a story file is written, and how the simulated car carries a word out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from vehicle.core.car import Actuator
from vehicle.core.names import Request, Source
from vehicle.core.record import record
from vehicle.core.signals import Cabin, Cable, KeyZone, Place

Value = str | int | bool


@record
class Choice:
    """A parameter that is one of a few words. ``default`` None: it must be given."""

    valid: tuple[str, ...]
    default: str | None = None


@record
class Number:
    """A whole number from ``low`` to ``high``. ``default`` None: it must be given."""

    low: int
    high: int
    default: int | None = None


@record
class Truth:
    """A parameter that is true or false."""

    default: bool


@record
class Anything:
    """A parameter that is read elsewhere: a table of settings, the name of a message."""

    required: bool = True


Parameter = Choice | Number | Truth | Anything


@record
class Word:
    """One thing that can be done or ordered."""

    says: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


PINS = tuple(str(actuator) for actuator in Actuator)
DOORS = ("locked", "unlocked", "driver-door-only")
ZONES = tuple(str(zone) for zone in KeyZone)
PLACES = tuple(str(place) for place in Place)
CABINS = tuple(str(cabin) for cabin in Cabin)
STATIONS = tuple(str(station) for station in Cable)
SUPPLIES = ("ac", "dc", "none")
REMOTES = ("none", "plain", "secoc")
INTRUSIONS = ("forged", "replayed", "held-back")
POSITIONS = ("released", "engaged", "moving", "blocking", "unknown")

STEPS: dict[str, Word] = {
    "plug": Word(
        "A connector is pushed in: into the adapter if one is there, else into the inlet.",
        {
            "supply": Choice(SUPPLIES, "ac"),
            "limit_a": Number(0, 126, 16),
            "amps": Number(0, 500, 16),
            "charge": Truth(True),
            "station": Choice(STATIONS, "unknown"),
        },
    ),
    "unplug": Word(
        "Someone pulls the connector. It comes out unless a pin holds it, or with force.",
        {"force": Truth(False)},
    ),
    "insert_adapter": Word("The adapter is pushed into the inlet."),
    "remove_adapter": Word(
        "Someone pulls the adapter, and a connector in it. It comes out unless a pin holds it.",
        {"force": Truth(False)},
    ),
    "lock_car": Word("The doors are locked."),
    "unlock_car": Word("The doors are unlocked.", {"doors": Choice(DOORS, "unlocked")}),
    "key": Word("The key is somewhere else.", {"zone": Choice(ZONES)}),
    "key_distance": Word(
        "The key is carried to a distance from the inlet.", {"cm": Number(0, 10_000)}
    ),
    "weather": Word("It is so warm, or cold, outside.", {"celsius": Number(-40, 60)}),
    "board_supply": Word("The 12 V supply has this voltage.", {"mv": Number(0, 20_000)}),
    "cabin": Word("Someone sits in the car, or nobody does.", {"is": Choice(CABINS)}),
    "drive": Word("The car stands somewhere else.", {"place": Choice(PLACES)}),
    "charge": Word(
        "The car wants to charge: a timer, the sun, or a new start.", {"amps": Number(0, 500, 16)}
    ),
    "v2g": Word("The car gives energy to the supply.", {"amps": Number(1, 100, 16)}),
    "pause": Word("The car or the EVSE pauses; the session waits."),
    "resume": Word("The pause is over."),
    "complete": Word("The battery is full."),
    "stop_station": Word("Someone presses stop at the EVSE."),
    "session_fault": Word("The EVSE reports an error and ends the session."),
    "power_cut": Word("The EVSE loses its supply: pilot and current are gone at once."),
    "power_back": Word("The EVSE has its supply again and begins anew."),
    "button": Word("The button beside the inlet is pressed.", {"for_ms": Number(50, 10_000, 300)}),
    "fob": Word(
        "The fob's charge-port gesture.",
        {"request": Choice(tuple(Request), "unlatch"), "for_ms": Number(200, 10_000, 500)},
    ),
    "screen": Word(
        "The screen's charge-port button.",
        {"request": Choice(tuple(Request), "unlatch"), "for_ms": Number(100, 10_000, 400)},
    ),
    "remote": Word(
        "The owner asks from afar, and the telematics unit says so on the bus.",
        {"request": Choice(tuple(Request), "unlatch"), "for_ms": Number(600, 10_000, 1200)},
    ),
    "intrude": Word(
        "Someone at the bus's wires asks in the telematics unit's name, but without its key.",
        {
            "how": Choice(INTRUSIONS),
            "request": Choice(tuple(Request), "unlatch"),
            "times": Number(1, 100, 1),
            "every_ms": Number(10, 10_000, 600),
        },
    ),
    "request": Word(
        "Someone asks over the control socket.",
        {
            "request": Choice(tuple(Request), "unlatch"),
            "source": Choice((Source.CLI, Source.REMOTE), "cli"),
        },
    ),
    "hour": Word("The service's clock strikes this hour.", {"hour": Number(0, 23)}),
    "set": Word(
        "The owner changes settings.",
        {"settings": Anything(), "by": Choice((Source.CLI, Source.REMOTE), "cli")},
    ),
    "manual_release": Word(
        "Someone pulls the manual release of a pin.", {"pin": Choice(PINS, "latch")}
    ),
    "sleep": Word("Every control unit of the car stops sending."),
    "wake": Word("The car's control units begin to send again."),
    "restart": Word(
        "The lock manager loses power and is back after a while. It forgets everything, unless its"
        " service keeps what outlives a restart.",
        {"down_ms": Number(100, 60_000, 1000), "remembers": Truth(False)},
    ),
}
"""What a step may do."""

FAULTS: dict[str, Word] = {
    "stuck_pin": Word("A pin does not move when driven.", {"pin": Choice(PINS)}),
    "slow_pin": Word(
        "A pin's travel takes longer.",
        {"pin": Choice(PINS), "travel_ms": Number(100, 10_000, 900)},
    ),
    "frozen_pin": Word(
        "A pin is frozen in, until the inlet has been heated for long enough.",
        {"pin": Choice(PINS), "melts_s": Number(1, 7200, 900)},
    ),
    "lying_feedback": Word(
        "A pin's sensor tells one position, whatever the truth.",
        {"pin": Choice(PINS), "says": Choice(POSITIONS)},
    ),
    "silent_message": Word("A message is not sent.", {"message": Anything()}),
    "bad_checksum": Word("A message's checksum is wrong.", {"message": Anything()}),
    "repeated_counter": Word(
        "A message's sender hangs: the same frame, counter included, is sent again and again.",
        {"message": Anything()},
    ),
    "lost_frames": Word(
        "Frames are lost at random, ours included.",
        {"percent": Number(1, 100), "message": Anything(required=False)},
    ),
    "key_flicker": Word(
        "The key's place flickers between the true zone and another one.",
        {"zone": Choice(ZONES, "unknown"), "period_ms": Number(200, 60_000, 400)},
    ),
    "key_noise": Word(
        "The measured distance of a key errs by up to this.", {"cm": Number(1, 500, 50)}
    ),
    "station_ignores_stop": Word("The station goes on delivering current after a stop."),
    "station_never_answers": Word(
        "The station goes quiet after a stop: the energy goes, the session never ends."
    ),
    "welded_contactors": Word("The DC contactors do not open."),
    "voltage_stays": Word("The inlet's voltage does not decay once the contactors are open."),
    "no_weld_result": Word("The weld test never comes to a result."),
    "ignores_wake": Word("No control unit wakes up on our wake frame."),
    "bus_down": Word("Our interface to the bus is gone: nothing is heard or sent."),
}
"""What may go wrong to order."""


@record
class Step:
    """One thing that is done at a time."""

    at_us: int
    do: str
    values: Mapping[str, Value] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)
    """For ``set``: the settings keys to change."""
    line: int = 0


@record
class FaultOrder:
    """One fault and when it holds: from ``from_us`` up to, not including, ``to_us``."""

    from_us: int
    to_us: int
    what: str
    values: Mapping[str, Value] = field(default_factory=dict)


class Orders:
    """Every fault that was ordered, and which of them hold at a time."""

    def __init__(self, faults: Iterable[FaultOrder]) -> None:
        self._set(faults)

    def _set(self, faults: Iterable[FaultOrder]) -> None:
        self._faults = tuple(faults)
        self._bounds = sorted({bound for f in self._faults for bound in (f.from_us, f.to_us)})

    def begin(self, fault: FaultOrder) -> None:
        """Order one more fault, by hand; those that were over before it began are forgotten."""
        standing = (each for each in self._faults if each.to_us >= fault.from_us)
        self._set((*standing, fault))

    def end(self, what: str, now_us: int) -> None:
        """Let every fault ``what`` that holds now be over from ``now_us`` on."""
        self._set(
            replace(each, to_us=now_us)
            if each.what == what and each.from_us <= now_us < each.to_us
            else each
            for each in self._faults
        )

    def find(self, what: str, now_us: int, **where: str) -> FaultOrder | None:
        """Return the fault ``what`` that holds now; ``where`` names the pin or message concerned.

        An order that does not name one concerns all of them.
        """
        for fault in self._faults:
            if fault.what == what and fault.from_us <= now_us < fault.to_us:
                values = fault.values
                if all(values.get(key, value) == value for key, value in where.items()):
                    return fault
        return None

    def ordered(self, what: str) -> bool:
        """Return whether ``what`` is ordered at any time."""
        return any(fault.what == what for fault in self._faults)

    def next_change_us(self, now_us: int) -> int | None:
        """Return when the next fault begins or ends after ``now_us``."""
        return next((bound for bound in self._bounds if bound > now_us), None)
