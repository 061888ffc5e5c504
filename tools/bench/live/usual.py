"""The service that most people would write: python-can's Notifier, cantools, and transitions.

    python -m tools.bench.live.usual PROFILE DRIVER-PORT

Knows: the door locks and the latch command. It checks no counter and no checksum.
Refuses to know: everything else that a lock manager must. It ends with its standard input.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.bench.live.car import COMMAND_ID, DOOR, LOCKED
from tools.bench.live.stand_in import HOST, Answer, open_socket
from vehicle.runtime.python_can import import_can

can = import_can()

import cantools  # noqa: E402
from can.interfaces.socketcan import socketcan  # noqa: E402
from transitions import Machine  # noqa: E402


class Latch:
    """The model of a two-state machine, which gives it its triggers."""

    state: str
    lock: Callable[[], bool]
    unlock: Callable[[], bool]


def main(path: Path, driver: int) -> None:
    """Run until standard input ends."""
    sock = open_socket()
    sock.connect((HOST, driver))
    # The bus as its constructor leaves it, but for the socket's family.
    bus = object.__new__(socketcan.SocketcanBus)
    bus.socket = sock
    bus.channel = "bench"
    bus._filters = None
    bus._is_filtered = True
    bus._is_shutdown = True
    database: Any = cantools.database.load_file(path.with_name("chargelock.dbc"))
    command = database.get_message_by_frame_id(COMMAND_ID)
    door = database.get_message_by_name(DOOR).frame_id
    ids = {message.frame_id for message in database.messages}
    transitions = [["lock", "released", "engaged"], ["unlock", "engaged", "released"]]
    latch = Latch()
    Machine(latch, ["released", "engaged"], "released", transitions, ignore_invalid_triggers=True)
    received = 0

    def on_message(message: Any) -> None:
        nonlocal received
        if message.arbitration_id not in ids or message.is_extended_id:
            return
        received += 1
        values = database.decode_message(message.arbitration_id, message.data, decode_choices=False)
        if message.arbitration_id != door:
            return
        before = latch.state
        (latch.lock if values["CarLock"] == LOCKED else latch.unlock)()
        if latch.state == before:
            return
        data = command.encode(
            {
                "Checksum": 0,
                "AliveCounter": 0,
                "LatchCommand": 1 if latch.state == "engaged" else 2,
                "AdapterLockCommand": 0,
                "ChargePermit": 0,
                "StopCharging": 0,
                "HeatInlet": 0,
            }
        )
        message = can.Message(arbitration_id=COMMAND_ID, data=data, is_extended_id=False)
        sock.send(socketcan.build_can_frame(message))

    notifier = can.Notifier(bus, [on_message])
    answer = Answer(sock.getsockname()[1])
    sys.stdin.read()
    notifier.stop()
    answer.end(received)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
