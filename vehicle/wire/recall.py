"""From a translator's parts to its memory, and back into another's.

Knows: which part holds what. Refuses to know: what follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping

from vehicle.core.inputs import Observed
from vehicle.wire.beliefs import Beliefs
from vehicle.wire.layout import Layout
from vehicle.wire.memory import WireMemory, remember_bus, resume_bus
from vehicle.wire.reader import Reader, value_of
from vehicle.wire.supervision import BusWatch


def remember(
    readers: Mapping[str, Reader], buses: Mapping[str, BusWatch], beliefs: Beliefs, now_us: int
) -> WireMemory:
    """Return everything remembered at ``now_us``."""
    return WireMemory(
        messages=tuple((name, reader.memory(now_us)) for name, reader in readers.items()),
        buses=tuple((name, remember_bus(bus, now_us)) for name, bus in buses.items()),
        begun=beliefs.begun,
        values=tuple((field.operand, raw) for field, raw in beliefs.known().items()),
        told=tuple((signal, str(value)) for signal, value in beliefs.told.items()),
        doubtful=frozenset(beliefs.doubtful),
        energy_wh=beliefs.energy_wh,
    )


def recall(
    memory: WireMemory,
    now_us: int,
    readers: Mapping[str, Reader],
    buses: Mapping[str, BusWatch],
    theirs: Layout,
) -> None:
    """Let messages and buses go on from ``memory``, which was made with the layout ``theirs``.

    Raises:
        ValueError: the memory names a signal or value that does not exist.
    """
    for name, message in memory.messages:
        reader = readers.get(name)
        if reader is not None and theirs.messages.get(name) == reader.watch.spec:
            reader.resume(message, now_us)
    for name, bus in memory.buses:
        if name in buses:
            resume_bus(bus, buses[name], now_us)


def resume_beliefs(
    memory: WireMemory, beliefs: Beliefs, layout: Layout, theirs: Layout
) -> list[Observed]:
    """Let the beliefs of ``layout`` go on; return what it reads otherwise than ``theirs``.

    Raises:
        ValueError: the memory names a signal or value that does not exist.
    """
    if not memory.begun:
        return []
    raws, ours = dict(memory.values), set(layout.fields)
    known = {f: raws[f.operand] for f in theirs.fields if f in ours and f.operand in raws}
    told = {signal: value_of(signal, word) for signal, word in memory.told}
    return beliefs.resume(known, told, memory.doubtful, memory.energy_wh)
