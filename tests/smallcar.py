"""A small unprotected car and a small protected one, written to a folder for a test."""

from __future__ import annotations

from pathlib import Path

HEAD = 'VERSION ""\n\nNS_ :\n\nBS_:\n\nBU_: X\n\n'

DBC = (
    HEAD
    + """BO_ 256 Body: 8 X
 SG_ Lock : 0|2@1+ (1,0) [0|2] "" X
 SG_ Spare : 2|6@1+ (1,0) [0|0] "" X
 SG_ Button : 8|1@1+ (1,0) [0|1] "" X

BO_ 257 Port: 4 X
 SG_ Cable : 0|2@1+ (1,0) [0|3] "" X
 SG_ Latch : 2|2@1+ (1,0) [0|3] "" X
 SG_ Current : 15|16@0- (0.1,0) [-100|100] "A" X

BO_ 258 Slow: 1 X
 SG_ Fitted : 0|2@1+ (1,0) [0|3] "" X

BO_ 2147549184 Fob: 1 X
 SG_ Gesture : 0|2@1+ (1,0) [0|3] "" X

BO_ 300 Drive: 8 X
 SG_ Latch : 0|2@1+ (1,0) [0|3] "" X

BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;
BA_DEF_DEF_ "GenMsgCycleTime" 0;
BA_ "GenMsgCycleTime" BO_ 256 100;
BA_ "GenMsgCycleTime" BO_ 257 100;
BA_ "GenMsgCycleTime" BO_ 258 5000;
VAL_ 257 Cable 0 "SNA" 1 "No" 2 "Yes" ;
"""
)

TOML = """schema = 1
name = "small"
title = "Small car"
dbc = "small.dbc"

[car]
when_empty = "leave"

[car.latch]
fitted = "signal"

[car.adapter]
fitted = "absent"

[message.Body]
stale_ms = 500
[message.Port]
stale_ms = 300
[message.Slow]
stale_ms = 12000
[message.Fob]
event = true

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

[[signal.inlet]]
valid_when = { "Port.Cable" = [1, 2] }
rows = [
    { value = "energised", when = { "Port.Current" = { min = 1 } } },
    { value = "energised", when = { "Port.Current" = { max = -1 } } },
    { value = "safe", when = {} },
]
[[signal.inlet]]
rows = [{ value = "safe", when = { "Port.Latch" = 1, "Body.Lock" = 1 } }]

[[signal.latch]]
rows = [
    { value = "released", when = { "Port.Latch" = 1 } },
    { value = "engaged", when = { "Port.Latch" = 2 } },
]

[[signal.latch_fitted]]
rows = [
    { value = "absent", when = { "Slow.Fitted" = 1 } },
    { value = "fitted", when = { "Slow.Fitted" = 2 } },
]

[[request]]
request = "unlatch"
source = "port-button"
when = { "Body.Button" = 1 }

[[request]]
request = "unlatch"
source = "fob"
when = { "Fob.Gesture" = 1 }
"""


def write_car(folder: Path, toml: str = TOML, dbc: str = DBC) -> Path:
    """Write the two files; return the mapping's path."""
    (folder / "small.dbc").write_text(dbc, encoding="utf-8")
    path = folder / "small.toml"
    path.write_text(toml, encoding="utf-8")
    return path
