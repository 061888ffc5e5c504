"""The bench's recording: a busy bus for as long as wanted, as columns, and the car that is on it.

Knows: identifiers, cycles and values, seeded. Refuses to know: file formats.

Two hundred identifiers share a bus of 500 kbit/s at 88 % load, 4000 frames a second; a tenth of
them have 29 bits. Eight are the car's, with 5 % of the frames; three of these carry an alive
counter and a checksum, so that their payloads never repeat. Each of the eight changes its state
some thirteen times in the whole recording. Of the other payloads a third is constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

FRAMES_PER_S = 4000.0
START_US = 1_700_000_000_000_000
STRANGERS = 192
CHANGES = 13
COUNTER_MAX = 14
POLYNOMIAL = 0x1D


@dataclass(frozen=True)
class Sent:
    """One of the car's messages. Units last."""

    can_id: int
    name: str
    cycle_s: float
    length: int
    protected: bool = False


CAR = (
    Sent(0x0A5, "VehicleMotion", 0.010, 8, protected=True),
    Sent(0x1C0, "GearState", 0.050, 8, protected=True),
    Sent(0x2F4, "LockCommand", 0.050, 4),
    Sent(0x31A, "InletStatus", 0.050, 8, protected=True),
    Sent(0x3A2, "BodyDoors", 0.100, 8),
    Sent(0x3B7, "ChargeSession", 0.100, 8),
    Sent(0x42C, "KeylessAuth", 0.100, 6),
    Sent(0x18DAF110, "CrashStatus", 0.100, 8),
)

_SIGNALS = {
    "car_lock": ("BodyDoors", {"unlocked": (0, 1), "locked": (2, 3)}),
    "occupant": ("InletStatus", {"empty": (0,), "connector": (1, 2, 3)}),
    "latch": ("LockCommand", {"released": (0, 1), "engaged": (2, 3)}),
    "session": ("ChargeSession", {"none": (0,), "waiting": (1,), "charging": (2,)}),
    "inlet": ("VehicleMotion", {"safe": (0, 1), "energised": (2, 3)}),
    "key": ("KeylessAuth", {"far": (0, 1), "near": (2, 3)}),
    "supply": ("GearState", {"none": (0,), "ac": (1, 2, 3)}),
    "weld": ("CrashStatus", {"none": (0, 1), "passed": (2, 3)}),
}


@dataclass(frozen=True)
class Frames:
    """A recording as columns, in order of time."""

    stamps_us: Array
    ids: Array
    lengths: Array
    data: Array
    """Eight bytes each, zeros behind the payload."""

    def later(self, by_us: int) -> Frames:
        """Return the same, later."""
        return Frames(self.stamps_us + by_us, self.ids, self.lengths, self.data)


def _crc_table() -> Array:
    table = np.arange(256, dtype=np.int64)
    for _ in range(8):
        table = np.where(table & 0x80, table << 1 ^ POLYNOMIAL, table << 1) & 0xFF
    return table.astype(np.uint8)


def protected(state: int, count: int) -> list[bytes]:
    """Return so many protected payloads in a row, with ``state`` in their third byte."""
    data = np.zeros((count, 8), np.uint8)
    data[:, 2] = state
    _protect(data)
    return [row.tobytes() for row in data]


def _protect(data: Array) -> None:
    data[:, 1] = np.arange(len(data)) % (COUNTER_MAX + 1)
    table, crc = _crc_table(), np.full(len(data), 0xFF, np.uint8)
    for at in range(1, 8):
        crc = table[crc ^ data[:, at]]
    data[:, 0] = crc ^ 0xFF


def _times_us(dice: np.random.Generator, cycle_s: float, duration_s: float) -> Array:
    count = max(1, int(duration_s / cycle_s))
    jitter = dice.normal(0, cycle_s * 0.01, count)
    found: Array = (dice.random() + np.arange(count)) * cycle_s + jitter
    return found * 1e6


def make_frames(count: int, seed: int) -> Frames:
    """Return about ``count`` frames; the same for the same seed."""
    dice = np.random.default_rng(seed)
    duration_s = count / FRAMES_PER_S
    parts: list[tuple[Array, Array, Array, Array]] = []

    def send(can_id: int, length: int, times: Array, data: Array) -> None:
        data[:, length:] = 0
        parts.append((times, np.full(len(times), can_id), np.full(len(times), length), data))

    for sent in CAR:
        times = _times_us(dice, sent.cycle_s, duration_s)
        data = np.zeros((len(times), 8), np.uint8)
        turns = np.sort(dice.integers(0, len(times), CHANGES))
        state = np.cumsum(dice.integers(1, 4, CHANGES + 1)) % 4
        data[:, 2] = state[np.searchsorted(turns, np.arange(len(times)), side="right")] << 2
        if sent.protected:
            _protect(data)
        send(sent.can_id, sent.length, times, data)
    cycles = dice.choice([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0], STRANGERS)
    rate = FRAMES_PER_S - sum(1 / sent.cycle_s for sent in CAR)
    cycles *= (1 / cycles).sum() / rate
    standard = np.setdiff1d(np.arange(0x080, 0x7C0), [sent.can_id for sent in CAR])
    ids = [*dice.choice(standard, STRANGERS - 20, replace=False)]
    ids += [0x18FE0000 + each for each in dice.choice(0xFFFF, 20, replace=False)]
    for number, (can_id, cycle_s) in enumerate(zip(ids, cycles, strict=True)):
        times = _times_us(dice, float(cycle_s), duration_s)
        data = np.empty((len(times), 8), np.uint8)
        data[:] = dice.integers(0, 256, 8)
        if number % 3:
            data[:, 3] = np.cumsum(dice.integers(0, 3, len(times))) & 0xFF
        send(int(can_id), int(dice.choice([8, 8, 8, 7, 6, 4, 2])), times, data)
    stamps, can_ids, lengths, payloads = (
        np.concatenate([part[each] for part in parts]) for each in range(4)
    )
    order = np.argsort(stamps, kind="stable")
    stamps_us = np.maximum(stamps[order], 0).astype(np.int64) + START_US
    return Frames(stamps_us, can_ids[order], lengths[order].astype(np.uint8), payloads[order])


def write_car(folder: Path) -> Path:
    """Write the car's profile, and the same messages as a DBC for others; return the profile."""
    dbc = ['VERSION ""\n\nNS_ :\n\nBS_:\n\nBU_: ECU\n']
    toml = ['schema = 1\nname = "bench"\ntitle = "Bench"\ndbc = "bench.dbc"\n']
    toml.append('[car]\nwhen_empty = "leave"\n[car.latch]\nfitted = "fitted"\n')
    toml.append('[car.adapter]\nfitted = "absent"\n')
    for sent in CAR:
        can_id = sent.can_id | (0x8000_0000 if sent.can_id > 0x7FF else 0)
        dbc.append(f"BO_ {can_id} {sent.name}: {sent.length} ECU")
        if sent.protected:
            dbc.append(' SG_ Crc : 0|8@1+ (1,0) [0|255] "" ECU')
            dbc.append(' SG_ Alive : 8|4@1+ (1,0) [0|14] "" ECU')
        dbc.append(' SG_ State : 18|2@1+ (1,0) [0|3] "" ECU\n')
        toml.append(f"[message.{sent.name}]\nstale_ms = {round(sent.cycle_s * 10_000)}")
        if sent.protected:
            toml.append(
                'protection = { kind = "crc8", polynomial = 0x1D, start = 0xFF, final_xor = 0xFF,'
                ' checksum = "Crc", counter = "Alive", counter_max = 14 }'
            )
    for signal, (message, values) in _SIGNALS.items():
        toml.append(f"[[signal.{signal}]]\nrows = [")
        for value, states in values.items():
            when = f'{{ "{message}.State" = {list(states)} }}'
            toml.append(f'    {{ value = "{value}", when = {when} }},')
        toml.append("]")
    (folder / "bench.dbc").write_text("\n".join(dbc))
    path = folder / "bench.toml"
    path.write_text("\n".join(toml))
    return path
