"""The bench's car: its profile, and the frames of a bus that it shares with many others.

Knows: the reference car's messages, protected as they are in the car, and how to write a mapping
for a pin that is quick enough to be asked for again every few milliseconds.
Refuses to know: sockets, time, and who listens.

Of every 20 frames one is the car's: its six messages in turn, their values steady but for the door
locks. The other 19 bear identifiers that nobody here knows, and arbitrary bytes.
"""

from __future__ import annotations

import random
import re
from itertools import cycle
from pathlib import Path

from vehicle.runtime.can_socket import build_frame
from vehicle.wire.codec import Encoder
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import profile_path

ONE_OF = 20
"""Of so many frames one is the car's: 5 %."""
STRANGERS = 190
"""Identifiers on the bus besides the car's, a tenth of them extended."""
COUNTS = 256
"""An alive counter's values."""

BUSES = {
    "DoorLockState": "body",
    "KeyState": "body",
    "CabinRequest": "body",
    "ChargeState": "charge",
    "DcState": "charge",
    "ChargePortState": "port",
}
"""Message -> its bus where the car has three. What we send is on the port's."""

_STEADY: dict[str, dict[str, int | float | str]] = {
    "KeyState": {"KeyZone": 3, "FobGesture": 1},
    "CabinRequest": {"PortRequest": 1},
    "ChargeState": {"Session": 1, "Supply": 1, "Pilot": 1, "ChargerOff": 2, "SupplyLimit": 32},
    "DcState": {"Contactors": 1, "WeldTest": 1},
    "ChargePortState": {
        "ConnectorPresent": 2,
        "AdapterPresent": 1,
        "LatchFitted": 2,
        "AdapterLockFitted": 1,
        "PortButton": 1,
    },
}
LOCKED, UNLOCKED = 1, 2
COMMAND_ID = 0x120
DOOR = "DoorLockState"


def write_profile(folder: Path, *, buses: bool = False) -> Path:
    """Write the bench car's mapping beside its DBC in ``folder``, and return the mapping's path.

    It is the reference car with a latch that needs 10 ms, rests 80 ms after it, and has no sensor.
    """
    original = profile_path("reference")
    (folder / "chargelock.dbc").write_bytes(original.with_name("chargelock.dbc").read_bytes())
    text = original.read_text(encoding="utf-8")
    latch = text.index("[car.latch]")
    text = text[:latch] + re.sub(
        r"feedback = true\non_time_ms = 600\nsettle_ms = 200",
        "feedback = false\non_time_ms = 10\nsettle_ms = 0",
        text[latch:],
        count=1,
    )
    text = text.replace('name = "reference"', 'name = "bench"', 1)
    text = re.sub(r"\[\[signal\.latch\]\].*?\n\]\n", "", text, count=1, flags=re.DOTALL)
    if buses:
        places = BUSES | dict.fromkeys(("LockCommand", "LockStatus"), "port")
        for message, bus in places.items():
            head = re.escape(f"[message.{message}]")
            text = re.sub(rf"^({head}.*)$", rf'\1\nbus = "{bus}"', text, flags=re.MULTILINE)
        text += '\n[message.WakeUp]\nbus = "port"\n'
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path


class Traffic:
    """Endless frames, as the bytes of a ``can_frame``. The same seed gives the same ones."""

    def __init__(self, profile: Profile, seed: int, bus: str | None = None) -> None:
        """Prepare; ``bus``: only the car's messages on this one, where it has three."""
        chance = random.Random(seed)
        encoder = Encoder(profile)
        names = [name for name, place in BUSES.items() if bus in (None, place)]
        self.locked = False
        self.sent_of_car = 0
        """The car's frames so far."""
        self._messages = cycle(names)
        self._frames = {
            name: cycle([build_frame(encoder.encode(name, _STEADY[name])) for _ in range(COUNTS)])
            for name in names
            if name != DOOR
        }
        self._doors = {
            locked: [build_frame(each.encode(DOOR, {"CarLock": raw})) for _ in range(COUNTS)]
            for locked, raw, each in (
                (True, LOCKED, Encoder(profile)),
                (False, UNLOCKED, Encoder(profile)),
            )
        }
        """For each value of the counter."""
        self._strangers = cycle(_strangers(chance, profile))
        self._door_count = 0
        self._count = 0

    def next(self) -> bytes:
        """Return the next frame."""
        self._count += 1
        if self._count % ONE_OF:
            return next(self._strangers)
        self.sent_of_car += 1
        name = next(self._messages)
        return self._next_door() if name == DOOR else next(self._frames[name])

    def turn(self) -> bytes:
        """Lock the car, or unlock it; return the frame that tells."""
        self.locked = not self.locked
        self.sent_of_car += 1
        return self._next_door()

    def _next_door(self) -> bytes:
        frame = self._doors[self.locked][self._door_count % COUNTS]
        self._door_count += 1
        return frame


def _strangers(chance: random.Random, profile: Profile) -> list[bytes]:
    known = {can_id for can_id, _ in profile.receive_ids | profile.transmit_ids}
    ids = [(each, False) for each in chance.sample(range(0x100, 0x7F0), STRANGERS)]
    ids += [(each, True) for each in chance.sample(range(0x1000_0000, 0x1FFF_0000), STRANGERS // 9)]
    ids = [each for each in ids if each[0] not in known]
    return [
        build_frame(Frame(can_id, chance.randbytes(8), "", extended))
        for can_id, extended in (chance.choice(ids) for _ in range(4 * STRANGERS))
    ]


def is_command(frame: bytes, locked: bool) -> bool:
    """Return whether a ``can_frame`` tells the latch what a car that is ``locked`` calls for."""
    if int.from_bytes(frame[:4], "little") != COMMAND_ID:
        return False
    return frame[8 + 3] & 3 == (1 if locked else 2)
