"""The floor: a loop that reads a socket and answers a door message that changed.

    python -m tools.bench.live.echo DRIVER-PORT

Knows: where the door locks' bits are. Refuses to know: everything else, so nothing is
decided. A frame without payload ends it.
"""

from __future__ import annotations

import struct
import sys

from tools.bench.live.car import COMMAND_ID, LOCKED
from tools.bench.live.stand_in import HOST, Answer, open_socket

DOOR_ID = 0x210
_FRAME = struct.Struct("=IB3x8s")


def main(driver: int) -> None:
    """Run until an empty frame comes."""
    sock = open_socket()
    sock.connect((HOST, driver))
    buffer = bytearray(_FRAME.size)
    receive, unpack = sock.recv_into, _FRAME.unpack_from
    answer = Answer(sock.getsockname()[1])
    was = 0
    while True:
        receive(buffer)
        can_id, length, data = unpack(buffer)
        if can_id != DOOR_ID:
            if not length:
                break
            continue
        now = data[3] & 7
        if now != was:
            was = now
            demand = 1 if now == LOCKED else 2
            sock.send(_FRAME.pack(COMMAND_ID, 8, bytes([0, 0, 0, demand, 0, 0, 0, 0])))
    answer.end(None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
