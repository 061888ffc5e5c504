"""Other people's traffic on a channel, as a process of its own: anything but the profile's frames.

    python bus_load.py CHANNEL RECORDING|- FRAMES_A_SECOND

RECORDING is played again and again; "-" is made up from a seed. A rate of 0 is as fast as it goes.
It says how many frames it has sent, a number on a line, about every 100 frames and at the end.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bus_bench import PATIENCE_S, bus

from vehicle.replay.recording import open_recording
from vehicle.runtime.can_socket import CAN_RAW_FILTER, SOL_CAN_RAW, build_frame
from vehicle.wire.frame import Frame
from vehicle.wire.profile import load_profile

FRAMES = 20_000
BATCH = 100


class BusLoad:
    """The load's process, and how much it has sent."""

    def __init__(self, channel: str, recording: Path | None = None, rate: int = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, channel, str(recording or "-"), str(rate)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.sent = 0
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> BusLoad:
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.sent = int(line)


def made_up() -> Iterator[Frame]:
    """Return frames of many identifiers and lengths, the same each time."""
    random = Random(11)
    for _ in range(FRAMES):
        extended = random.random() < 0.1
        can_id = random.randrange(0x2000_0000 if extended else 0x800)
        yield Frame(can_id, random.randbytes(random.randrange(9)), "", extended)


def recorded(path: Path) -> Iterator[Frame]:
    """Return the first frames of a recording."""
    frames = (item for _, item in open_recording([path]) if isinstance(item, Frame))
    return itertools.islice(frames, FRAMES)


def main(channel: str, recording: str, rate: int) -> None:
    """Send until SIGTERM comes."""
    profile = load_profile("reference")
    own = profile.receive_ids | profile.transmit_ids
    frames = made_up() if recording == "-" else recorded(Path(recording))
    foreign = [build_frame(each) for each in frames if (each.can_id, each.extended) not in own]
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    sent = 0
    with bus(channel) as opened:
        wire: socket.socket = opened.socket
        wire.setsockopt(SOL_CAN_RAW, CAN_RAW_FILTER, b"")
        began_s = time.monotonic()
        for data in itertools.cycle(foreign):
            try:
                wire.send(data)
            except OSError as error:
                if error.errno not in (errno.ENOBUFS, errno.ENETDOWN):
                    raise
            sent += 1
            if sent % BATCH == 0:
                print(sent, flush=True)
                early_s = began_s + sent / rate - time.monotonic() if rate else 0
                if early_s > 0:
                    time.sleep(early_s)
            if ended:
                break
    with contextlib.suppress(BrokenPipeError):
        print(sent, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
