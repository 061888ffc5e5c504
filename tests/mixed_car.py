"""A car with every kind of protection, on two buses, and logs of whatever it may do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import strategies as st

from vehicle.wire.layout import MessageSpec
from vehicle.wire.profile import Profile, load_profile
from vehicle.wire.protection import code_of

DBC = """VERSION ""

NS_ :

BS_:

BU_: X

BO_ 256 Body: 8 X
 SG_ Lock : 0|2@1+ (1,0) [0|2] "" X
 SG_ Ask : 2|1@1+ (1,0) [0|1] "" X
 SG_ Mux M : 8|2@1+ (1,0) [0|3] "" X
 SG_ Near m1 : 16|2@1+ (1,0) [0|3] "" X

BO_ 257 Port: 8 X
 SG_ Cable : 26|2@1+ (1,0) [0|3] "" X
 SG_ Session : 28|3@1+ (1,0) [0|7] "" X

BO_ 2164195345 Latch: 8 X
 SG_ Sum : 0|8@1+ (1,0) [0|255] "" X
 SG_ Count : 12|4@1+ (1,0) [0|15] "" X
 SG_ State : 18|2@1+ (1,0) [0|3] "" X

BO_ 259 Energy: 6 X
 SG_ Sum : 40|8@1+ (1,0) [0|255] "" X
 SG_ Flow : 3|2@1+ (1,0) [0|3] "" X

BO_ 260 Press: 1 X
 SG_ Button : 0|2@1+ (1,0) [0|3] "" X

BO_ 261 Slow: 2 X
 SG_ Kind : 0|2@1+ (1,0) [0|3] "" X

BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;
BA_DEF_DEF_ "GenMsgCycleTime" 0;
BA_ "GenMsgCycleTime" BO_ 261 1500;
"""

TOML = """schema = 1
name = "mixed"
title = "Mixed car"
dbc = "mixed.dbc"

[car]
when_empty = "leave"

[car.latch]
fitted = "fitted"

[car.adapter]
fitted = "absent"

[message.Body]
stale_ms = 500
bus = "body"
[message.Port]
stale_ms = 300
bus = "charge"
protection = { kind = "e2e-p05", data_id = 0x2181 }
[message.Latch]
stale_ms = 300
bus = "charge"
[message.Latch.protection]
kind = "crc8"
polynomial = 0x1D
start = 0xFF
final_xor = 0x67
checksum = "Sum"
counter = "Count"
counter_max = 14
window = 4
[message.Energy]
stale_ms = 2500
bus = "charge"
protection = { kind = "crc8", polynomial = 0x2F, start = 0, final_xor = 0, checksum = "Sum" }
[message.Press]
event = true
bus = "body"
[message.Slow]
stale_ms = 4000
bus = "body"

[[signal.car_lock]]
rows = [
    { value = "unlocked", when = { "Body.Lock" = 1 } },
    { value = "locked", when = { "Body.Lock" = 2 } },
]
[[signal.key]]
rows = [{ value = "near", when = { "Body.Near" = 1 } }, { value = "far", when = {} }]
[[signal.occupant]]
rows = [
    { value = "empty", when = { "Port.Cable" = 1 } },
    { value = "connector", when = { "Port.Cable" = 2 } },
]
[[signal.latch]]
rows = [
    { value = "released", when = { "Latch.State" = 1 } },
    { value = "engaged", when = { "Latch.State" = 2 } },
]
[[signal.inlet]]
rows = [
    { value = "safe", when = { "Energy.Flow" = 1 } },
    { value = "energised", when = { "Energy.Flow" = 2 } },
]
[[signal.supply]]
rows = [{ value = "dc", when = { "Slow.Kind" = 2 } }, { value = "ac", when = {} }]
[[signal.session]]
rows = [
    { value = "none", when = { "Port.Session" = 1 } },
    { value = "waiting", when = { "Port.Session" = 2 } },
    { value = "charging", when = { "Port.Session" = 3 } },
    { value = "complete", when = { "Port.Session" = 5 } },
]
[[request]]
request = "unlatch"
source = "car"
when = { "Press.Button" = 1 }
"""

NAMES = ("Body", "Port", "Latch", "Energy", "Press", "Slow", "Stranger")
EVERYONE = "everyone"
"""One frame of each message, with the values that it had last."""

STEPS_US = (
    *(0, 1, 999, 20_000, 50_000, 299_999, 300_000, 300_001, 500_001, 1_500_000, 1_999_999),
    *(2_000_000, 2_000_001, 2_500_001, 4_000_001, 9_000_000, 86_400_000_000, 86_400_000_001),
    *(-1, -50_000, -1_000_000, -1_000_001, -5_000_000),
)
USUAL_STEPS_US = (0, 10_000, 20_000, 50_000)
"""Most of a log: else no message would ever settle."""


@dataclass(frozen=True, slots=True)
class Act:
    """Some frames in a row of one message."""

    name: str
    step_us: int
    values: int
    """What the readable bits hold."""
    times: int = 1
    fault: str = ""
    """"counter", "repeat", "sum", "short", "long", "remote", "error", "line" or none."""
    bus: str = "can0"


def write_mixed_car(folder: Path) -> Profile:
    """Write the car's files and load it."""
    (folder / "mixed.dbc").write_text(DBC, encoding="utf-8")
    path = folder / "mixed.toml"
    path.write_text(TOML, encoding="utf-8")
    return load_profile(path)


def acts() -> st.SearchStrategy[list[Act]]:
    """Whatever a car may do: mostly cyclic messages whose values seldom change, and any trouble."""
    faults = ("counter", "repeat", "sum", "short", "long", "remote", "error", "line")
    act = st.builds(
        Act,
        st.sampled_from((*NAMES, EVERYONE, EVERYONE, EVERYONE)),
        st.sampled_from(USUAL_STEPS_US * 6 + STEPS_US),
        st.sampled_from((0x00, 0x05, 0x05, 0x0A, 0x0A, 0x15, 0xFF)),
        st.sampled_from((1, 1, 1, 2, 5, 15, 30)),
        st.sampled_from(("",) * 30 + faults),
        st.sampled_from(("can0", "can0", "can0", "can1", "vcan12")),
    )
    return st.lists(act, min_size=1, max_size=60)


class Bus:
    """Turns acts into frames: counters and checksums as a sender would make them."""

    def __init__(self, profile: Profile) -> None:
        self._specs = profile.layout.messages
        self._counters = dict.fromkeys(NAMES, 0)
        self._values = dict.fromkeys(NAMES, 0x05)
        self._now_us = 1_700_000_000_000_000

    def lines(self, acts: Iterable[Act]) -> list[str]:
        """Return the candump lines, without line ends."""
        return [line for act in acts for line in self._lines(act)]

    def _lines(self, act: Act) -> list[str]:
        if act.name != EVERYONE:
            self._values[act.name] = act.values
            return [self._line(act) for _ in range(act.times)]
        each = [replace(act, name=name, values=self._values[name]) for name in NAMES]
        return [self._line(one) for _ in range(act.times) for one in each]

    def _line(self, act: Act) -> str:
        self._now_us += act.step_us
        seconds, micros = divmod(self._now_us, 1_000_000)
        stamp = f"({seconds}.{micros:06})"
        if act.fault == "line":
            return f"{stamp} {act.bus} 1G0#0"
        spec = self._specs.get(act.name)
        if spec is None:
            return f"{stamp} {act.bus} 7E{act.values & 0xF:X}#{act.values:02X}00"
        can_id = f"{spec.can_id:08X}" if spec.extended else f"{spec.can_id:03X}"
        if act.fault == "remote":
            return f"{stamp} {act.bus} {can_id}#R"
        if act.fault == "error":
            return f"{stamp} {act.bus} {0x20000000 | spec.can_id:08X}#0000"
        return f"{stamp} {act.bus} {can_id}#{self._payload(spec, act).hex().upper()}"

    def _payload(self, spec: MessageSpec, act: Act) -> bytes:
        noise = self._counters[act.name] & 0xC0
        payload = bytearray(act.values.to_bytes(1, "little") * spec.length)
        payload[-1] = payload[-1] & 0x3F | noise
        if spec.protection is not None:
            code = code_of(spec.protection)
            step = {"counter": 7, "repeat": 0}.get(act.fault, 1)
            self._counters[act.name] = (self._counters[act.name] + step) % (code.counter_max + 1)
            code.protect(payload, self._counters[act.name])
        if act.fault == "sum":
            payload[0] ^= 0x10
        if act.fault == "long":
            payload.append(0)
        return (
            bytes(payload[:-1]) if act.fault == "short" and len(payload) > 1 else bytes(payload[:8])
        )


def write_log(path: Path, profile: Profile, acts: Sequence[Act]) -> Path:
    """Write a candump log of these acts."""
    path.write_text("".join(f"{line}\n" for line in Bus(profile).lines(acts)), encoding="utf-8")
    return path
