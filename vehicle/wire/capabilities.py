"""From the mapping file's tables to what the car can do and what may be sent to it.

Knows: ``[car]`` and ``[transmit]``. Refuses to know: what is received.
"""

from __future__ import annotations

from collections.abc import Mapping

from vehicle.core.car import Actuator, Car, Pin, StrokeLimits, WhenEmpty
from vehicle.core.names import Charge, FaultName, PinState, Request
from vehicle.core.signals import Fitted
from vehicle.core.snapshot import FITTED_SIGNAL
from vehicle.wire.dbc import Dbc, DbcMessage
from vehicle.wire.findings import did_you_mean
from vehicle.wire.layout import MessageSpec, SentMessage
from vehicle.wire.rules import Asking, Row, Rows
from vehicle.wire.schema import Table

_UNLATCH = Request.UNLATCH
_PIN_WORDS = (*PinState, "not-fitted")
HELD_WORDS = ("unknown", "empty", "nothing", "connector", "adapter", "adapter-only", "all")
"""What a status message can say is held; ``adapter-only``: a connector is there too, and free."""
DRIVE_WORDS = ("none", "engage", "release")
"""How a pin is driven."""

SENT_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "command": {
        "latch": DRIVE_WORDS,
        "adapter": DRIVE_WORDS,
        "permit": tuple(Charge),
        "stop": ("no", "yes"),
        "heat": ("no", "yes"),
    },
    "status": {
        "held": HELD_WORDS,
        "latch": _PIN_WORDS,
        "adapter": _PIN_WORDS,
        "fault": ("none", *FaultName, "other"),
    },
    "wake": {},
}
"""Kind of sent message -> its fields -> the words each may have."""


def read_car(
    root: Table,
    name: str,
    transmit: Mapping[str, SentMessage],
    requests: tuple[Asking, ...],
) -> tuple[Car, dict[Actuator, str]]:
    """Read ``[car]``; return it with each pin's ``fitted`` word.

    What is sent to the car says what else it can do: ``wake``, and the command's word ``heat``; and
    what it is heard to ask, in which ways a release can be asked for.
    """
    table = root.table("car")
    manual_release = table.text("manual_release", Car().manual_release)
    latch, latch_fitted = _pin(table.table("latch"))
    adapter, adapter_fitted = _pin(table.table("adapter"))
    car = Car(
        name=name,
        latch=latch,
        adapter=adapter,
        when_empty=WhenEmpty(table.choice("when_empty", WhenEmpty)),
        connector_locks_itself=table.boolean("connector_locks_itself", False),
        reports_weld_test=table.boolean("reports_weld_test", False),
        can_wake="wake" in transmit,
        can_heat="command" in transmit and "heat" in transmit["command"].words,
        takes_commands="command" in transmit,
        asked_by=tuple(sorted({each.source for each in requests if each.request is _UNLATCH})),
        manual_release="" if manual_release == "none" else manual_release,
    )
    table.close()
    return car, {Actuator.LATCH: latch_fitted, Actuator.ADAPTER: adapter_fitted}


def _pin(table: Table) -> tuple[Pin, str]:
    default = StrokeLimits()
    fitted = table.choice("fitted", ["fitted", "absent", "signal"])
    pin = Pin(
        feedback=table.boolean("feedback", fitted != "absent"),
        limits=StrokeLimits(
            on_time_us=table.integer("on_time_ms", 1, 3000, default.on_time_us // 1000) * 1000,
            settle_us=table.integer("settle_ms", 0, 10_000, default.settle_us // 1000) * 1000,
            tries=table.integer("tries", 1, 3, default.tries),
            pause_factor=table.integer("pause_factor", 8, 100, default.pause_factor),
            recovery=table.boolean("recovery", default.recovery),
            cool_down_us=table.integer("cool_down_s", 0, 3600, default.cool_down_us // 1_000_000)
            * 1_000_000,
            debounce_us=table.integer("debounce_ms", 0, 1000, default.debounce_us // 1000) * 1000,
        ),
    )
    table.close()
    return pin, fitted


def add_fitted(
    root: Table, fitted: dict[Actuator, str], signals: dict[str, tuple[Rows, ...]]
) -> dict[str, tuple[Rows, ...]]:
    """Return the signals with ``[car.*] fitted`` as rows that always hold."""
    found = dict(signals)
    for actuator, word in fitted.items():
        signal, table = FITTED_SIGNAL[actuator], root.table("car").table(actuator)
        if word == "signal":
            if signal not in signals:
                table.say("fitted", f'is "signal", so add [[signal.{signal}]]')
        elif signal in signals:
            table.say("fitted", f'is "{word}", but [[signal.{signal}]] says it too; keep one')
        else:
            found[signal] = (Rows((), (Row(Fitted(word), ()),)),)
    return found


def read_transmit(
    root: Table, dbc: Dbc, messages: dict[str, MessageSpec]
) -> dict[str, SentMessage]:
    """Read ``[transmit]``: kind -> the message, for the kinds this car has."""
    table = root.table("transmit")
    found = {}
    for kind, fields in SENT_WORDS.items():
        if not table.has(kind):
            continue
        sent = table.table(kind)
        name = sent.text("message")
        message = dbc.messages.get(name)
        if message is None:
            hint = did_you_mean(name, dbc.messages)
            sent.say("message", f'"{name}" is no message of {dbc.path.name}; {hint}')
            continue
        words = {field: _words(sent, field, valid, message) for field, valid in fields.items()}
        always = _raw_values(sent, "set", message)
        sent.close()
        spec = messages.get(name) or MessageSpec(
            name, message.can_id, message.extended, message.length, "main", None, message.cycle_us
        )
        found[kind] = SentMessage(spec, {k: v for k, v in words.items() if v}, always)
    table.close()
    return found


def _words(
    sent: Table, field: str, valid: tuple[str, ...], message: DbcMessage
) -> dict[str, dict[str, int]]:
    """Read what each word of one field is as raw values."""
    table = sent.table(field)
    found = {}
    for word in table.data:
        if word in valid:
            found[word] = _raw_values(table, word, message)
        else:
            table.say(word, f"is not a word of {field}; {did_you_mean(word, valid)}")
    if found and sent.path[-1] == "command":
        missing = [word for word in valid if word not in found]
        if missing:
            table.say(None, f"lacks {', '.join(missing)}; every command must be writable")
    return found


def _raw_values(table: Table, key: str, message: DbcMessage) -> dict[str, int]:
    """Read ``{ Signal = raw value }``."""
    values = table.table(key).data
    found = {}
    for signal, raw in values.items():
        field = message.fields.get(signal)
        if field is None:
            hint = did_you_mean(signal, message.fields)
            table.say(key, f'message {message.name} has no signal "{signal}"; {hint}')
        elif isinstance(raw, bool) or not isinstance(raw, int) or raw not in field.raw_range:
            span = f"{field.raw_range.start} to {field.raw_range.stop - 1}"
            table.say(key, f"{signal} = {raw!r}; write a raw value from {span}")
        else:
            found[signal] = raw
    return found
