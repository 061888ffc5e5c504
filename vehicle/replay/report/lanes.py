"""The lanes of a report: which there are, what each is called, and how each of its values looks.

Knows: titles, the words of a value, and its tone. Refuses to know: times, pixels and colours; the
page's style sheet gives each tone a colour, by day, by night and in print.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, Demand, PinState
from vehicle.core.record import record
from vehicle.core.snapshot import FEEDBACK_SIGNAL, FITTED_SIGNAL, OPTIONAL, SIGNALS
from vehicle.core.words import CHARGE_WORDS, SIGNAL_WORDS, STATE_WORDS

ASSUMED = "-assumed"
"""Appended to a pin's state that no sensor confirms."""


class LaneTone(StrEnum):
    """What a value means at a glance."""

    UNKNOWN = "unknown"
    REST = "rest"
    HELD = "held"
    FREE = "free"
    LIVE = "live"
    BUSY = "busy"
    BAD = "bad"


_TONES: Mapping[LaneTone, tuple[str, ...]] = {
    LaneTone.UNKNOWN: ("unknown",),
    LaneTone.REST: (
        *("unlocked", "released", "empty", "none", "absent", "far", "hold", "safe"),
        *("passed", "up-to-16-a", "away", "good", "mild"),
    ),
    LaneTone.HELD: (
        *("locked", "engaged", "engage", "connector", "adapter", "adapter-and-connector"),
        *("near", "at-port", "inside", "present", "fitted", "complete", "occupied"),
        *("home", "work", "tethered", "portable", "socket"),
    ),
    LaneTone.FREE: ("release",),
    LaneTone.LIVE: ("charging", "ac", "dc", "ac-limited", "above-16-a"),
    LaneTone.BUSY: (
        *("waiting", "stopping", "engaging", "releasing", "moving", "testing", "energised"),
        "cold",
    ),
    LaneTone.BAD: ("jammed", "fault", "welded", "blocking", "low", "too-low"),
}
_TONE_OF = {word: tone for tone, words in _TONES.items() for word in words}


def tone_of(value: str) -> LaneTone:
    """Return the tone of a value; an hour of the day has no meaning of its own."""
    plain = value.removesuffix(ASSUMED)
    return LaneTone.HELD if plain.isdigit() else _TONE_OF[plain]


@record
class Lane:
    """One lane. ``key`` names the track that fills it; ``words`` says each value as a sentence."""

    key: str
    title: str
    words: Mapping[str, str]
    needs: Actuator | None = None
    """It is about this pin, and left out where the car is not known to have it."""
    optional: bool = False
    """It is left out where it is unknown throughout."""


def demand_key(actuator: Actuator) -> str:
    """Return the key of what the policy wants of ``actuator``."""
    return f"demand:{actuator}"


def state_key(actuator: Actuator) -> str:
    """Return the key of where ``actuator`` is in its lifecycle."""
    return f"state:{actuator}"


PERMIT = "permit"

_TITLES = {
    "car_lock": "car lock",
    "key": "key zone",
    "occupant": "in the inlet",
    "inlet": "inlet energy",
    "supply_limit": "supply limit",
    "pilot": "control pilot",
    "weld": "weld test",
}
_ALWAYS = ("car_lock", "key", "occupant", "session", "inlet")
"""Shown even where they are unknown throughout: that is worth seeing."""
_DEMAND_WORDS = {
    Demand.ENGAGE: "engage",
    Demand.RELEASE: "release",
    Demand.HOLD: "leave as it is",
}
_PIN_TITLES = {Actuator.LATCH: "latch", Actuator.ADAPTER: "adapter"}
_ABOUT_PINS = {*FEEDBACK_SIGNAL.values(), *FITTED_SIGNAL.values()}


def _signal(name: str) -> Lane:
    title = _TITLES.get(name, name.replace("_", " "))
    return Lane(name, title, SIGNAL_WORDS[name], optional=name not in _ALWAYS)


def _pin(actuator: Actuator, *, shadow: bool) -> Iterator[Lane]:
    title, sensor = _PIN_TITLES[actuator], FEEDBACK_SIGNAL[actuator]
    states = {
        f"{state}{suffix}": STATE_WORDS[state] + words
        for state in PinState
        for suffix, words in (("", ""), (ASSUMED, ", assumed"))
    }
    yield Lane(demand_key(actuator), f"{title} demand", _by_word(_DEMAND_WORDS), actuator)
    yield Lane(state_key(actuator), f"{title} state", states, actuator)
    theirs = f"car's {title}" if shadow else f"{title} sensor"
    yield Lane(sensor, theirs, SIGNAL_WORDS[sensor], actuator)


def _by_word(words: Mapping[Demand, str] | Mapping[Charge, str]) -> dict[str, str]:
    return {str(value): text for value, text in words.items()}


def lanes(*, shadow: bool) -> tuple[Lane, ...]:
    """Return every lane from the top of the page down.

    ``shadow``: the sensors tell where another controller holds its pins.
    """
    others = [name for name in SIGNALS if name not in _ALWAYS and name not in _ABOUT_PINS]
    inputs = [name for name in others if name not in OPTIONAL]
    circumstance = [name for name in others if name in OPTIONAL]
    return (
        *(_signal(name) for name in (*_ALWAYS, *inputs)),
        *(lane for actuator in Actuator for lane in _pin(actuator, shadow=shadow)),
        Lane(PERMIT, "permit", _by_word(CHARGE_WORDS)),
        *(_signal(name) for name in circumstance),
    )
