"""What the demonstration's live view says: each panel as lines of words, each word with its look.

Knows: what deserves a place, in which words, and how it is set in so many columns.
Refuses to know: Textual, and which colour a look has. No look stands without a word or a sign that
says the same, so that nothing is lost without colours.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from enum import StrEnum

from vehicle.cli.demo_log import YOU, DemoLog
from vehicle.core.car import Actuator
from vehicle.core.ladder import first_step, steps
from vehicle.core.names import Demand, PinState
from vehicle.core.signals import Occupant, Session, Supply, SupplyLimit
from vehicle.core.situation import guarding_pin
from vehicle.core.whatif import ways
from vehicle.core.words import (
    CHARGE_WORDS,
    FAULT_WORDS,
    PIN_WORDS,
    STATE_WORDS,
    what_is_held,
)
from vehicle.replay.timeline import Tone
from vehicle.runtime.demo_actions import ACTIONS
from vehicle.runtime.demo_car import DemoCar


class Look(StrEnum):
    """How a piece of text is shown."""

    PLAIN = "plain"
    QUIET = "quiet"
    STRONG = "strong"
    KEY = "key"
    HELD = "held"
    DECIDED = "decided"
    MOVING = "moving"
    TROUBLE = "trouble"


Span = tuple[str, Look]
Line = tuple[Span, ...]

_SIGNS = {
    PinState.UNKNOWN: ("?", Look.MOVING),
    PinState.RELEASED: ("○", Look.PLAIN),
    PinState.ENGAGING: ("◐", Look.MOVING),
    PinState.ENGAGED: ("●", Look.HELD),
    PinState.RELEASING: ("◑", Look.MOVING),
    PinState.JAMMED: ("!", Look.TROUBLE),
}
_DEMANDS = {
    Demand.ENGAGE: "wanted: engaged",
    Demand.RELEASE: "wanted: released",
    Demand.HOLD: "wanted: no movement",
}
_TONES = {
    Tone.SENSED: Look.PLAIN,
    Tone.DECIDED: Look.DECIDED,
    Tone.DONE: Look.PLAIN,
    Tone.TOLD: Look.MOVING,
    Tone.TROUBLE: Look.TROUBLE,
    Tone.QUIET: Look.QUIET,
}
_LIMITS = {
    SupplyLimit.UP_TO_16_A: ", up to 16 A",
    SupplyLimit.ABOVE_16_A: ", above 16 A",
    SupplyLimit.UNKNOWN: "",
}
_NAME_WIDTH = 10
_CELL_WIDTH = 29
"""A fact: its name and at most 19 letters. Two stand side by side in 58 columns."""
_REACH_CELLS = 6
FIRST_STEPS = (
    "Try: p to plug in, u to pull the connector, a to charge, l to lock the car, r to ask for the"
    " release as from the phone. Then j to jam the pins, and r again."
)
QUIT = ("q", "quit", "")
"""The last of the keys: key, name and state, as an action has them."""


# ---- panels -------------------------------------------------------------------------------------


def head(car: DemoCar, columns: int) -> list[Line]:
    """Say what this is, and for how long it has run."""
    left, right = "chargelock demo: a simulated car", f"{car.now_us // 1_000_000} s"
    return [((left, Look.STRONG), (right.rjust(columns - len(left)), Look.QUIET))]


def held(car: DemoCar, columns: int) -> list[Line]:
    """Say what is held and what is not."""
    seen, manager = car.manager.snapshot, car.manager
    guard = guarding_pin(seen)
    states = {actuator: manager.pin(actuator).state for actuator in Actuator}
    assumed = guard is not None and manager.pin(guard).assumed
    sign, look = ("○", Look.PLAIN) if guard is None else _SIGNS[states[guard]]
    if seen.occupant is Occupant.UNKNOWN:
        sign, look = _SIGNS[PinState.UNKNOWN]
    look = Look.STRONG if look is Look.PLAIN else look
    return _wrapped(f"{sign} ", what_is_held(seen, states, assumed=assumed), columns, look)


def facts(car: DemoCar, columns: int) -> list[Line]:
    """Say what is known of the car, two facts to a line where there is room."""
    cells = [_cell(name, words) for name, words in _facts(car)]
    if columns < 2 * _CELL_WIDTH:
        return [tuple(cell) for cell in cells]
    half = (len(cells) + 1) // 2
    lines = zip(cells[:half], cells[half:], strict=True)
    return [(left[0], _padded(left[1]), *right) for left, right in lines]


def _facts(car: DemoCar) -> Iterator[tuple[str, str]]:
    seen = car.manager.snapshot
    amperes = abs(car.plant.charger.current_a)
    flows = f", {amperes} A" if seen.session is Session.CHARGING and amperes else ""
    limit = _LIMITS[seen.supply_limit] if seen.supply is Supply.AC else ""
    supply = seen.supply.upper() if seen.supply in (Supply.AC, Supply.DC) else seen.supply
    yield "doors", seen.car_lock
    yield "key", seen.key.replace("-", " ")
    yield "auto-lock", car.manager.settings.auto_lock
    yield "in inlet", seen.occupant.replace("-and-", "+").replace("empty", "nothing")
    yield "session", f"{seen.session}{flows}"
    yield "supply", f"{supply}{limit}"
    yield "voltage", {"safe": "safe", "energised": "ENERGISED"}.get(seen.inlet, seen.inlet)
    yield "permit", CHARGE_WORDS[car.manager.permit]


def pin(car: DemoCar, actuator: Actuator, columns: int, *, more: bool) -> list[Line]:
    """Say where a pin is, what is wanted of it and why; with ``more``, what would release it."""
    control, decision = car.manager.pin(actuator), car.manager.decision(actuator)
    sign, look = _SIGNS[control.state]
    cells = round(car.reach(actuator) * _REACH_CELLS)
    reach = "━" * cells + "·" * (_REACH_CELLS - cells)
    first = (
        (f"{sign} ", look),
        (f"{PIN_WORDS[actuator]:<18}", Look.STRONG),
        (f"{STATE_WORDS[control.state].removeprefix('position '):<10}", look),
        (f"{reach}  ", look),
        (_DEMANDS[decision.demand], Look.PLAIN),
    )
    lines = [first, *_wrapped("  ", decision.rule.sentence, columns, Look.QUIET)]
    if more and guarding_pin(car.manager.snapshot) is actuator:
        found = ways(car.manager, actuator, Demand.RELEASE, car.now_us)
        free_if = "; or ".join(way.brief for way in found if not way.setting)
        lines += _wrapped("  free if ", free_if, columns, Look.QUIET) if free_if else []
    return lines


def faults(car: DemoCar, columns: int, *, more: bool) -> list[Line]:
    """Say every fault that stands, and what the owner can do; with ``more``, all of it."""
    lines: list[Line] = []
    for fault, actuator in sorted(car.manager.faults, key=str):
        about = f" ({PIN_WORDS[actuator]})" if actuator is not None else ""
        words = f"{FAULT_WORDS[fault]}{about}. {first_step(fault)}"
        lines += _wrapped("! ", words[:1].upper() + words[1:], columns, Look.TROUBLE)
        for step in steps(fault, car.manager.car)[1:] if more else ():
            lines += _wrapped("  ", step.words, columns, Look.TROUBLE)
    for words in car.judged():
        lines += _wrapped("! ", f"This must never happen: {words}", columns, Look.TROUBLE)
    return lines


def log(story: DemoLog, columns: int, height: int) -> list[Line]:
    """Tell what happened last, as far as it fits; before anything has, what could be tried."""
    if not story.rows:
        return _wrapped("", FIRST_STEPS, columns, Look.QUIET)
    return [
        ((words, Look.STRONG if row.what == YOU else _TONES[row.tone]),)
        for words, row in story.lines(columns, height)
    ]


def keys(car: DemoCar, columns: int) -> list[Line]:
    """Say what each key does, and which of them stand switched on."""
    lines: list[list[Span]] = [[]]
    room = columns
    for key, name, state in (*((a.key, a.name, a.state(car)) for a in ACTIONS), QUIT):
        words = f" {name}: {state}" if state else f" {name}"
        gap = "  " if lines[-1] else ""
        if len(gap + key + words) > room and lines[-1]:
            lines.append([])
            gap, room = "", columns
        look = Look.MOVING if state else Look.PLAIN
        lines[-1] += [(gap, Look.PLAIN), (key, Look.KEY), (words, look)]
        room -= len(gap + key + words)
    return [tuple(line) for line in lines]


# ---- setting ------------------------------------------------------------------------------------


def _cell(name: str, words: str) -> tuple[Span, Span]:
    loud = words == "ENERGISED"
    return (f"{name:<{_NAME_WIDTH}}", Look.QUIET), (words, Look.MOVING if loud else Look.PLAIN)


def _padded(span: Span) -> Span:
    return span[0].ljust(_CELL_WIDTH - _NAME_WIDTH), span[1]


def _wrapped(before: str, words: str, columns: int, look: Look) -> list[Line]:
    pieces = textwrap.wrap(
        words,
        max(columns, len(before) + 1),
        initial_indent=before,
        subsequent_indent=" " * len(before),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [((piece, look),) for piece in pieces]


def plain(lines: Iterable[Line]) -> str:
    """Return lines as plain text, without looks."""
    return "\n".join("".join(text for text, _ in line) for line in lines)
