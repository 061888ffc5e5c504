"""How a car's raw values become the core's words: rows of conditions, with three-valued truth.

Knows: conditions on fields, rows, sources in order of preference, and that an unknown operand is
neither true nor false. Refuses to know: frames, time, and where the rows were written.

Rules of this file:
1. A condition is true, false, or unknown. A row is false if any condition is false, else unknown
   if any is unknown, else true.
2. Rows are tried from the top. The first true row gives the source's value; an unknown row stops
   the source as UNKNOWN, because a later row might be the wrong one.
3. A source of which no row is true says UNKNOWN. The first source that says something wins.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from vehicle.core.names import Request, Source
from vehicle.core.record import record
from vehicle.core.signals import SignalValue
from vehicle.wire.fields import Field


@record
class Condition:
    """A field reads one of ``allowed`` (raw values)."""

    field: Field
    allowed: range | frozenset[int]


Conditions = tuple[Condition, ...]


@record
class Row:
    """The value that holds when every condition does."""

    value: SignalValue
    when: Conditions


@record
class Rows:
    """One source of a signal. ``valid_when`` must be true for it to say anything."""

    valid_when: Conditions
    rows: tuple[Row, ...]


@record
class Asking:
    """A request, made when its conditions turn from false to true."""

    request: Request
    source: Source
    when: Conditions


# ---- the same, with each field replaced by its slot in a list of values --------------------------

SlotConditions = tuple[tuple[int, Container[int]], ...]
SlotRows = tuple[tuple[SlotConditions, tuple[tuple[SignalValue, SlotConditions], ...]], ...]
Values = Sequence[int | None]


def fields_of(*conditions: Conditions) -> Iterator[Field]:
    """Yield every field that conditions read."""
    for each in conditions:
        for condition in each:
            yield condition.field


def fields_of_sources(sources: Iterable[Rows]) -> Iterator[Field]:
    """Yield every field that a signal's sources read."""
    for source in sources:
        yield from fields_of(source.valid_when, *(row.when for row in source.rows))


def to_slots(conditions: Conditions, slots: Mapping[Field, int]) -> SlotConditions:
    """Compile conditions for a list of values."""
    return tuple((slots[c.field], c.allowed) for c in conditions)


def sources_to_slots(sources: Iterable[Rows], slots: Mapping[Field, int]) -> SlotRows:
    """Compile a signal's sources for a list of values."""
    return tuple(
        (
            to_slots(source.valid_when, slots),
            tuple((row.value, to_slots(row.when, slots)) for row in source.rows),
        )
        for source in sources
    )


def holds(conditions: SlotConditions, values: Values) -> bool | None:
    """Return True, False, or None for unknown."""
    truth: bool | None = True
    for slot, allowed in conditions:
        value = values[slot]
        if value is None:
            truth = None
        elif value not in allowed:
            return False
    return truth


def evaluate(sources: SlotRows, values: Values, unknown: SignalValue) -> SignalValue:
    """Return the value that the sources give, or ``unknown``."""
    for valid_when, rows in sources:
        if valid_when and holds(valid_when, values) is not True:
            continue
        for value, when in rows:
            truth = holds(when, values)
            if truth is False:
                continue
            if truth is True and value is not unknown:
                return value
            break
    return unknown
