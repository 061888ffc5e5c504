"""From a mapping file's ``[message.NAME]`` tables to messages: silence, protection, authentication.

Knows: how each key is written, and that what protects a message must fit into it. Refuses to know:
what a message says (``mapping``), and frames.
"""

from __future__ import annotations

from vehicle.wire.dbc import DbcMessage
from vehicle.wire.fields import Field
from vehicle.wire.findings import did_you_mean
from vehicle.wire.layout import MAX_DELTA, WINDOW, MessageSpec, ProtectionSpec, SecocSpec
from vehicle.wire.mapping import LONGEST_MS
from vehicle.wire.schema import Table

MAC_BITS_MIN = 24
"""Shortest authentication code. Source: AUTOSAR SecOC profile 1 (24Bit-CMAC-8Bit-FV)."""


def read_message(table: Table, message: DbcMessage, sent: bool) -> MessageSpec:
    """Read one ``[message.NAME]``."""
    event = table.boolean("event", False)
    stale_us: int | None = None
    if table.has("stale_ms"):
        stale_us = table.integer("stale_ms", 1, LONGEST_MS) * 1000
        if event:
            table.say("event", "and stale_ms exclude each other; an event never goes stale")
    elif not event and not sent:
        table.say(None, "needs stale_ms = N, or event = true if it is sent only on change")
    cycle_us = message.cycle_us
    if table.has("cycle_ms"):
        cycle_us = table.integer("cycle_ms", 1, LONGEST_MS) * 1000
    bus = table.text("bus", "main")
    protection = None
    if table.has("protection"):
        protection = read_protection(table.table("protection"), message)
    secoc = None
    if table.has("secoc"):
        taken = protection.mask if protection is not None else 0
        secoc = read_secoc(table.table("secoc"), message, taken)
    table.close()
    return MessageSpec(
        name=message.name,
        can_id=message.can_id,
        extended=message.extended,
        length=message.length,
        bus=bus,
        stale_us=stale_us,
        cycle_us=cycle_us,
        protection=protection,
        secoc=secoc,
    )


def read_protection(table: Table, message: DbcMessage) -> ProtectionSpec:
    """Read one ``protection`` table."""
    kind = table.choice("kind", ["e2e-p05", "crc8"])
    window = table.integer("window", 3, 255, WINDOW)
    max_delta = table.integer("max_delta", 1, 127, MAX_DELTA)
    if kind == "e2e-p05":
        data_id = table.integer("data_id", 0, 0xFFFF)
        if message.length < 4:
            table.say(None, f"E2E profile 5 needs 4 bytes or more; {message.name} has fewer")
        table.close()
        return ProtectionSpec(kind, data_id, window, max_delta)

    checksum = _own_field(table, "checksum", message)
    if checksum is not None and (checksum.length, checksum.bit_places[0] % 8) != (8, 0):
        table.say("checksum", f"{checksum.operand} is not one whole byte")
    counter = _own_field(table, "counter", message) if table.has("counter") else None
    most = counter.raw_range.stop - 1 if counter is not None else 255
    spec = ProtectionSpec(
        kind=kind,
        window=window,
        max_delta=max_delta,
        polynomial=table.integer("polynomial", 1, 0xFF),
        start=table.integer("start", 0, 0xFF, 0),
        final_xor=table.integer("final_xor", 0, 0xFF, 0),
        checksum=checksum,
        counter=counter,
        counter_max=table.integer("counter_max", 1, most, most),
    )
    table.close()
    return spec


def _own_field(table: Table, key: str, message: DbcMessage) -> Field | None:
    """Return the signal of ``message`` that a key names, or say why there is none."""
    name = table.text(key)
    if not name:
        return None
    if name not in message.fields:
        hint = did_you_mean(name, message.fields)
        table.say(key, f'{message.name} has no signal "{name}"; {hint}')
        return None
    return message.fields[name]


def read_secoc(table: Table, message: DbcMessage, taken: int) -> SecocSpec | None:
    """Read one ``secoc`` table; ``taken``: the bits of the message's counter and checksum."""
    data_id = table.integer("data_id", 0, 0xFFFF)
    freshness = _own_field(table, "freshness", message)
    mac = _own_field(table, "mac", message)
    counter = table.text("counter", "main")
    table.close()
    if freshness is None or mac is None:
        return None
    for key, each in (("freshness", freshness), ("mac", mac)):
        if each.signed or each.mux is not None:
            table.say(key, f"{each.operand} is signed or multiplexed; it must be plain bits")
        if each.mask & taken:
            table.say(key, f"{each.operand} overlaps what else protects {message.name}")
        taken |= each.mask
    if mac.length < MAC_BITS_MIN:
        table.say("mac", f"{mac.operand} has {mac.length} bits; {MAC_BITS_MIN} or more are needed")
    return SecocSpec(data_id, freshness, mac, counter)
