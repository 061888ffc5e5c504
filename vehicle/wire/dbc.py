"""A DBC file as compiled fields, with every fault of the file named by line.

Knows: how to load a DBC through cantools, once, and turn each signal into a ``Field``; the text
cantools refuses, and why. Refuses to know: which of the signals anybody needs.

cantools is the compiler here, never the per-frame path: it refuses a whole frame for one signal
that overlaps another. It is imported inside the function that loads, because that takes time that
most commands need not spend.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from vehicle.wire.fields import Field
from vehicle.wire.findings import Finding, Severity, line_named
from vehicle.wire.lean import without

if TYPE_CHECKING:
    from cantools.database.can import Database, Message, Signal

    from vehicle.wire.dbc_text import Raw


@dataclass(frozen=True)
class DbcMessage:
    """One message of a DBC."""

    name: str
    can_id: int
    extended: bool
    length: int
    """Bytes, as the DBC says; frames on the bus may be longer or shorter."""
    cycle_us: int | None
    """GenMsgCycleTime; None where the DBC gives none or 0."""
    fields: dict[str, Field]
    choices: dict[str, dict[int, str]]
    """Signal -> raw value -> label, for signals with a value table."""


@dataclass(frozen=True)
class Dbc:
    """A loaded DBC."""

    path: Path
    messages: dict[str, DbcMessage] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[tuple[int, bool], DbcMessage]:
        """(CAN identifier, extended) -> message; of two with one identifier, the first."""
        found: dict[tuple[int, bool], DbcMessage] = {}
        for message in self.messages.values():
            found.setdefault((message.can_id, message.extended), message)
        return found


def load_dbc(path: Path) -> tuple[Dbc | None, list[Finding]]:
    """Load a DBC and say everything that is wrong with it.

    Overlapping and overlong signals are notes: fields are extracted one by one, so they do no harm
    beyond themselves. Anything else that cantools refuses is an error, and no Dbc is returned.
    """
    from vehicle.wire.dbc_text import lint, read_text

    try:
        text, findings = read_text(path)
    except OSError as error:
        why = error.strerror or "cannot be read"
        return None, [Finding(str(path), 0, "", f"{why}; the mapping's dbc names this file")]
    raw, linted = lint(path, text)
    findings += linted
    database = _load(path, text, raw, findings)
    if database is None:
        return None, findings
    messages: dict[str, DbcMessage] = {}
    for message in database.messages:
        if message.name not in messages:  # a second one of the name is an error already
            messages[message.name] = _message(path, message, raw, findings)
    return Dbc(path, messages), findings


def _load(path: Path, text: str, raw: Raw, findings: list[Finding]) -> Database | None:
    """Load strictly, else loosely with a note of why, else not at all with an error."""
    with without("asammdf"):
        import cantools.database
        from cantools.database.errors import UnsupportedDatabaseFormatError

    try:
        return cantools.database.load_string(text, "dbc", strict=True)  # type: ignore[return-value]
    except UnsupportedDatabaseFormatError as error:
        strict_error = _words(str(error))
    try:
        loose = cantools.database.load_string(text, "dbc", strict=False)
    except UnsupportedDatabaseFormatError:
        if not any(f.severity is Severity.ERROR for f in findings):
            # Our own look at the text named nothing, so cantools' words are the best there are.
            findings.append(Finding(str(path), line_named(strict_error), "", strict_error))
        return None
    findings += _overlaps(path, raw)
    if not any(f.severity is Severity.NOTE for f in findings):
        findings.append(Finding(str(path), 0, "", strict_error, Severity.NOTE))
    return loose  # type: ignore[return-value]


def _words(error: str) -> str:
    words = error.removeprefix("DBC: ").strip('"').replace("\n", " ")
    if words.startswith("'") and words.endswith("'"):
        return f"the attribute {words} is used but not defined; add its BA_DEF_ and BA_DEF_DEF_"
    return words


def _overlaps(path: Path, raw: Raw) -> Iterator[Finding]:
    """Name signals that share bits with an earlier one of their message, or leave the payload."""
    for message, signals in raw.signals.items():
        placed: list[tuple[str, set[int], str]] = []
        for signal in signals:
            field_ = Field(message, signal.name, signal.start, signal.length, signal.big_endian)
            bits = set(field_.bit_places)
            name = f"{message}.{signal.name}"
            if field_.bytes_needed > raw.lengths[message]:
                text = f"does not fit into {raw.lengths[message]} bytes; only longer frames have it"
                yield Finding(str(path), signal.line, name, text, Severity.NOTE)
            for other, taken, mux in placed:
                pages = mux.startswith("m") and signal.mux.startswith("m") and mux != signal.mux
                if bits & taken and not pages:
                    text = f"overlaps {other}; both are read, each by itself"
                    yield Finding(str(path), signal.line, name, text, Severity.NOTE)
            placed.append((signal.name, bits, signal.mux))


def _message(path: Path, message: Message, raw: Raw, findings: list[Finding]) -> DbcMessage:
    signals = {signal.name: signal for signal in message.signals}
    fields: dict[str, Field] = {}
    choices: dict[str, dict[int, str]] = {}
    for name, signal in signals.items():
        text = ""
        if signal.is_float:
            text = "floating-point signals are not read; map another signal"
        elif signal.scale == 0:
            text = "its scale is 0, so it has no value and is not read; write 1 or its true scale"
        if text:
            line = raw.line_of(message.name, name)
            operand = f"{message.name}.{name}"
            findings.append(Finding(str(path), line, operand, text, Severity.NOTE))
            continue
        fields[name] = _field(message.name, signal, signals)
        if signal.choices:
            choices[name] = {int(raw_): str(label) for raw_, label in signal.choices.items()}
    cycle = message.cycle_time
    return DbcMessage(
        name=message.name,
        can_id=message.frame_id,
        extended=message.is_extended_frame,
        length=message.length,
        cycle_us=cycle * 1000 if cycle else None,
        fields=fields,
        choices=choices,
    )


def _field(message: str, signal: Signal, others: dict[str, Signal]) -> Field:
    scale = Fraction(str(signal.scale))
    offset = Fraction(str(signal.offset))
    bounds: list[int | None] = []
    for physical in (signal.minimum, signal.maximum):
        # A multiplexer counts by its raw value, so its scale may be 0.
        bounded = physical is not None and scale != 0
        exact = (Fraction(str(physical)) - offset) / scale if bounded else None
        # Rounded to the nearest step: DBC ranges are often written with too few digits.
        bounds.append(None if exact is None else round(exact))
    if scale < 0:
        bounds.reverse()
    labels = dict(signal.choices or {})
    mux = others.get(signal.multiplexer_signal or "")
    return Field(
        message=message,
        name=signal.name,
        start=signal.start,
        length=signal.length,
        big_endian=signal.byte_order == "big_endian",
        signed=signal.is_signed,
        scale=scale,
        offset=offset,
        low=bounds[0],
        high=bounds[1],
        sna=frozenset(int(raw) for raw, label in labels.items() if str(label).upper() == "SNA"),
        unit=signal.unit or "",
        mux=_field(message, mux, others) if mux is not None else None,
        mux_ids=frozenset(signal.multiplexer_ids or ()),
    )
