"""From the mapping file's tables to conditions, rows and requests.

Knows: how each part of the format is written, and that every operand must exist, be able to hold
the value it is compared with, and belong to a message with a stale limit. Refuses to know: the
file as a whole (``profile``), and frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from vehicle.core.names import Request, Source
from vehicle.core.signals import SignalValue
from vehicle.core.snapshot import SIGNALS
from vehicle.wire.dbc import Dbc
from vehicle.wire.fields import Field
from vehicle.wire.findings import did_you_mean
from vehicle.wire.layout import MessageSpec, Plausible
from vehicle.wire.rules import Asking, Condition, Conditions, Row, Rows
from vehicle.wire.schema import Table

_BOUNDS = ("min", "max", "above", "below")
LONGEST_MS = 24 * 3600 * 1000
"""A day: the longest time that a mapping may name."""


@dataclass
class Names:
    """What operands may refer to: the DBC, the declared messages, and extra SNA values."""

    dbc: Dbc
    messages: dict[str, MessageSpec]
    sna: dict[str, frozenset[int]]

    def field(self, table: Table, key: str | int | None, operand: str) -> Field | None:
        """Return the field that ``Message.Signal`` names, or say why there is none."""
        name, dot, signal = operand.partition(".")
        message = self.dbc.messages.get(name)
        if not dot or message is None:
            hint = did_you_mean(name, self.dbc.messages)
            table.say(key, f'"{operand}" names no message of {self.dbc.path.name}; {hint}')
            return None
        found = message.fields.get(signal)
        if found is None:
            hint = did_you_mean(signal, message.fields)
            table.say(key, f'message {name} has no signal "{signal}"; {hint}')
            return None
        if operand in self.sna:
            found = replace(found, sna=found.sna | self.sna[operand])
        return found

    def operand(self, table: Table, key: str | int | None, operand: str) -> Field | None:
        """Return a field that can be read: its message must say when it is stale."""
        found = self.field(table, key, operand)
        if found is None:
            return None
        name = found.message
        if name not in self.messages:
            table.say(key, f'reads "{operand}", so add [message.{name}] with stale_ms or event')
        return found


def read_sna(root: Table, dbc: Dbc) -> dict[str, frozenset[int]]:
    """Read ``[sna]``: operand -> further raw values that say nothing."""
    table = root.table("sna")
    names = Names(dbc, {}, {})
    found = {}
    for operand in table.data:
        values = table.integers(operand)
        field = names.field(table, operand, operand)
        if field is None:
            continue
        for value in values:
            if value not in field.raw_range:
                table.say(operand, f"raw value {value} does not fit into {field.length} bits")
        found[operand] = frozenset(values)
    return found


def read_conditions(names: Names, table: Table, key: str) -> Conditions:
    """Read ``key = { "Message.Signal" = 1, ... }``."""
    when = table.table(key)
    found = []
    for operand, wanted in when.data.items():
        field = names.operand(table, key, operand)
        if field is not None:
            allowed = _allowed(table, key, field, wanted)
            found.append(Condition(field, allowed))
    return tuple(found)


def _allowed(table: Table, key: str, field: Field, wanted: Any) -> range | frozenset[int]:
    """Return the raw values that a condition allows."""
    if isinstance(wanted, dict):
        return _between(table, key, field, wanted)
    values = wanted if isinstance(wanted, list) else [wanted]
    good = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int):
            words = "a raw whole number, a list of them, or { min, max, above, below }"
            table.say(key, f"{field.operand} is compared with {value!r}; write {words}")
        elif value not in field.raw_range:
            span = f"{field.raw_range.start} to {field.raw_range.stop - 1}"
            table.say(key, f"{field.operand} can never be {value}: {field.length} bits hold {span}")
        elif value in field.sna:
            table.say(key, f"{field.operand} = {value} is SNA, so it is unknown and never holds")
        else:
            good.append(value)
    if not values:
        table.say(key, f"{field.operand} has an empty list, so it never holds")
    return frozenset(good)


def _between(table: Table, key: str, field: Field, bounds: dict[str, Any]) -> range:
    """Turn physical bounds into a range of raw values, exactly."""
    low, high = field.raw_range.start, field.raw_range.stop - 1
    for word, bound in bounds.items():
        if word not in _BOUNDS:
            table.say(key, f'{field.operand} does not know "{word}"; use {", ".join(_BOUNDS)}')
            continue
        number = isinstance(bound, int | float) and not isinstance(bound, bool)
        if not number or not math.isfinite(bound):
            table.say(key, f"{field.operand}: {word} is {bound!r}; write a number")
            continue
        exact = (Fraction(str(bound)) - field.offset) / field.scale
        strict = word in ("above", "below")
        if (word in ("min", "above")) == (field.scale > 0):
            low = max(low, math.floor(exact) + 1 if strict else math.ceil(exact))
        else:
            high = min(high, math.ceil(exact) - 1 if strict else math.floor(exact))
    if low > high:
        table.say(key, f"{field.operand} can never be within {bounds}")
    return range(low, high + 1)


def read_signal(names: Names, signal: str, tables: list[Table]) -> tuple[Rows, ...]:
    """Read every ``[[signal.NAME]]`` of one signal, in order of preference."""
    kind = SIGNALS[signal]
    sources = []
    for table in tables:
        valid_when = read_conditions(names, table, "valid_when")
        rows = []
        for row in table.tables("rows"):
            word = row.choice("value", [value for value in kind if value != "unknown"])
            if not row.has("when"):
                row.say(None, "has no when; write when = { ... }, or when = {} if it always holds")
            value: SignalValue = kind(word)  # type: ignore[assignment]
            rows.append(Row(value, read_conditions(names, row, "when")))
            row.close()
        if not rows:
            table.say(None, "has no rows; write rows = [{ value = ..., when = { ... } }]")
        table.close()
        sources.append(Rows(valid_when, tuple(rows)))
    return tuple(sources)


def read_signals(names: Names, root: Table) -> dict[str, tuple[Rows, ...]]:
    """Read ``[signal]``."""
    table = root.table("signal")
    found = {}
    for signal in table.data:
        if signal not in SIGNALS:
            table.say(signal, f"is not a signal; {did_you_mean(signal, SIGNALS)}")
            table.has(signal)
            continue
        found[signal] = read_signal(names, signal, table.tables(signal))
    return found


def read_requests(names: Names, root: Table) -> tuple[Asking, ...]:
    """Read every ``[[request]]``."""
    found = []
    for table in root.tables("request"):
        request = Request(table.choice("request", Request))
        # The command line is never on the bus, and the car's unlock is our own reading of it.
        sources = [Source.CAR, Source.PORT_BUTTON, Source.FOB, Source.SCREEN, Source.REMOTE]
        source = Source(table.choice("source", sources))
        when = read_conditions(names, table, "when")
        if not when:
            table.say("when", "is empty, so the request could never be made; write a condition")
        table.close()
        found.append(Asking(request, source, when))
    return tuple(found)


def read_plausible(names: Names, root: Table) -> tuple[Plausible, ...]:
    """Read a variant's ``plausible`` list."""
    found = []
    for table in root.tables("plausible"):
        if table.has("never"):
            never = read_conditions(names, table, "never") + read_conditions(names, table, "when")
            fields = tuple(condition.field for condition in never)
            found.append(Plausible(fields, never=never))
        else:
            operand = table.text("signal")
            field = names.operand(table, "signal", operand) if operand else None
            values = frozenset(table.integers("values"))
            longest = (
                table.integer("longest_ms", 0, LONGEST_MS, -1)
                if (table.has("longest_ms"))
                else None
            )
            if not values:
                table.say(None, "needs values = [...], or never = { ... }")
            if field is not None:
                limit = None if longest is None else longest * 1000
                found.append(Plausible((field,), values, limit))
        table.close()
    return tuple(found)
