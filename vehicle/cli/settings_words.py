"""How settings are told on a terminal: a list, one of them in full, a thought-up circumstance.

Knows: the service's answers. Refuses to know: what a setting does; ``Settings`` says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vehicle.cli.console import TOLD, named_lines, wrapped

Told = Mapping[str, Any]

_STATES = {"engaged": "held", "released": "free"}
_PINS = {"latch": "", "adapter": "adapter "}
"""The latch goes without saying."""


def listed(told: Told, columns: int, *, verbose: bool) -> Iterator[str]:
    """Yield every setting with its effective value and where that comes from."""
    values = {key: value for key, value in told["settings"].items() if key != "overrides"}
    widest = max(map(len, values), default=0)
    for key in values:
        effective = told["effective"][key]
        yield f"{key:<{widest}}  {effective:<15} {_origin(key, told)}".rstrip()
        if verbose:
            yield from _described(key, columns)
    yield from _overrides(told["overrides"], columns)
    if told["overrides"]:
        yield from named_lines("now", _circumstance(told["circumstance"]), columns)
    for note in told["notes"]:
        yield from named_lines("note", note, columns, TOLD)


def _origin(key: str, told: Told) -> str:
    """Say where a setting's effective value comes from, and what it would be without that."""
    for override in told["overrides"]:
        if override["key"] == key and override["wins"]:
            return f"when {override['when']}; otherwise {told['settings'][key]}"
    for who, words in (("owner", "yours"), ("vendor", "the vendor's")):
        if key in told[who]:
            below = told["vendor"].get(key) if who == "owner" else None
            without = below or told["defaults"].get(key)
            return f"{words}; otherwise {without}"
    return ""


def _overrides(overrides: Sequence[Told], columns: int) -> Iterator[str]:
    for override in overrides:
        state = ""
        if override["applies"]:
            state = " (now)" if override["wins"] else " (after another)"
        words = f"{override['key']} {override['value']} when {override['when']}{state}"
        yield from named_lines("override", words, columns)


def _circumstance(circumstance: Mapping[str, str]) -> str:
    known = [f"{name} {value}" for name, value in circumstance.items() if value != "unknown"]
    unknown = [name for name, value in circumstance.items() if value == "unknown"]
    words = ", ".join(known) or "nothing is known of the circumstance"
    return f"{words}; unknown: {', '.join(unknown)}" if known and unknown else words


def _described(key: str, columns: int) -> Iterator[str]:
    from vehicle.core.settings_told import described

    for each in described():
        if each.key == key:  # a newer service may have others
            yield from named_lines("", each.help, columns)
            yield from named_lines("fits", each.fits, columns)
            for value, gives_up in each.gives_up.items():
                yield from named_lines(value, f"gives up: {gives_up}", columns, TOLD)


def explained(key: str, told: Told, columns: int) -> Iterator[str]:
    """Yield what one setting does, what it is now, and which override decides that, if one does."""
    yield f"{key} is {told['effective'][key]}"
    yield from _described(key, columns)
    for who, words in (("owner", "yours"), ("vendor", "vendor"), ("defaults", "default")):
        if key in told[who]:
            yield from named_lines(words, told[who][key], columns)
    overrides = told["overrides"]
    yield from _overrides(overrides, columns)
    if overrides:
        yield from named_lines("now", _circumstance(told["circumstance"]), columns)
        winner = next((each for each in overrides if each["wins"]), None)
        decides = (
            "no override fits, so the setting itself holds"
            if winner is None
            else f"the first override that fits holds: when {winner['when']}"
        )
        yield from named_lines("so", decides, columns)


def rehearsed(told: Told, columns: int) -> Iterator[str]:
    """Yield what would be decided at each moment of a thought-up charge."""
    yield from named_lines("if", _circumstance(told["circumstance"]), columns)
    for override in told["overrides"]:
        if override["wins"]:
            words = f"{override['key']} {override['value']} when {override['when']}"
            yield from named_lines("override", words, columns)
    yield ""
    widest = max(len(each["words"]) for each in told["moments"])
    for each in told["moments"]:
        pin = _PINS.get(each["actuator"], "")
        verdict = pin + _STATES.get(each["state"], each["state"])
        before = f"{each['words']:<{widest}}  {verdict:<12}  "
        but = f" But {each['veto']}." if each["veto"] else ""
        yield from wrapped(before, " " * len(before), each["sentence"] + but, columns, {})
