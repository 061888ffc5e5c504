"""A small car in two files, and candump logs of it, for tests that replay a whole story."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DBC = """VERSION ""

NS_ :

BS_:

BU_: X

BO_ 256 Body: 1 X
 SG_ Lock : 0|2@1+ (1,0) [0|3] "" X
 SG_ Ask : 2|1@1+ (1,0) [0|1] "" X

BO_ 257 Port: 2 X
 SG_ Cable : 0|2@1+ (1,0) [0|3] "" X
 SG_ Latch : 2|2@1+ (1,0) [0|3] "" X
 SG_ Energy : 4|2@1+ (1,0) [0|3] "" X
 SG_ Session : 8|3@1+ (1,0) [0|7] "" X
"""

TOML = """schema = 1
name = "small"
title = "Small car"
dbc = "small.dbc"

[car]
when_empty = "leave"

[car.latch]
fitted = "fitted"

[car.adapter]
fitted = "absent"

[message.Body]
stale_ms = 500
[message.Port]
stale_ms = 500

[[signal.car_lock]]
rows = [
    { value = "unlocked", when = { "Body.Lock" = 1 } },
    { value = "locked", when = { "Body.Lock" = 2 } },
]
[[signal.occupant]]
rows = [
    { value = "empty", when = { "Port.Cable" = 1 } },
    { value = "connector", when = { "Port.Cable" = 2 } },
]
[[signal.latch]]
rows = [
    { value = "released", when = { "Port.Latch" = 1 } },
    { value = "engaged", when = { "Port.Latch" = 2 } },
]
[[signal.inlet]]
rows = [
    { value = "safe", when = { "Port.Energy" = 1 } },
    { value = "energised", when = { "Port.Energy" = 2 } },
]
[[signal.supply]]
rows = [{ value = "none", when = { "Port.Session" = 1 } }, { value = "ac", when = {} }]
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
when = { "Body.Ask" = 1 }
"""

PARKED = {"Lock": 1, "Ask": 0, "Cable": 1, "Latch": 1, "Energy": 1, "Session": 1}
"""An unlocked car with nothing plugged in."""

CYCLE_US = 100_000


def write_car(folder: Path) -> Path:
    """Write the small car's files; return the mapping's path."""
    (folder / "small.dbc").write_text(DBC, encoding="utf-8")
    path = folder / "small.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


def candump(moments: Mapping[float, Mapping[str, int]], end_s: float, start_us: int = 0) -> str:
    """Return a log: from each moment (seconds) on, these raw values hold until they are changed.

    Both messages are sent every 100 ms, Body first. ``start_us``: the first frame's stamp.
    """
    changes = sorted((round(at_s * 1e6), values) for at_s, values in moments.items())
    values = dict(PARKED)
    lines = []
    for now_us in range(0, round(end_s * 1e6), CYCLE_US):
        while changes and changes[0][0] <= now_us:
            values |= changes.pop(0)[1]
        body = values["Lock"] | values["Ask"] << 2
        port = values["Cable"] | values["Latch"] << 2 | values["Energy"] << 4
        stamp = f"({(start_us + now_us) // 1_000_000}.{(start_us + now_us) % 1_000_000:06})"
        lines.append(f"{stamp} can0 100#{body:02X}\n")
        lines.append(f"{stamp} can0 101#{port:02X}{values['Session']:02X}\n")
    return "".join(lines)


SESSION: dict[float, dict[str, int]] = {
    1.0: {"Cable": 2, "Session": 2},
    2.0: {"Latch": 2},
    3.0: {"Session": 3, "Energy": 2},
    6.0: {"Ask": 1},
    6.5: {"Session": 5, "Energy": 1},
    7.0: {"Latch": 1, "Ask": 0},
    8.0: {"Cable": 1, "Session": 1},
}
"""Plugged in, latched, charging; the car asks to let go, the charge ends, the connector leaves."""


def write_session(path: Path) -> Path:
    """Write the log of one whole session, 9 s long."""
    path.write_text(candump(SESSION, 9.0), encoding="utf-8")
    return path
