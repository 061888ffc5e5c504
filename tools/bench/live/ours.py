"""Our live service on stand-in sockets, as a process of its own.

    python -m tools.bench.live.ours PROFILE filtered|unfiltered DRIVER-PORT ...

Knows: which of the product's parts ``chargelock run`` puts together.
Refuses to know: what is sent to it. It ends with its standard input, and then tells its counts.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from tools.bench.live.stand_in import HOST, Answer, StandIn
from vehicle.cli.service_process import settle_memory
from vehicle.core.settings import Settings
from vehicle.runtime.ports import Port
from vehicle.runtime.service import Service
from vehicle.runtime.sift import Sift, SiftingSelector, installed
from vehicle.runtime.wiring import Wiring
from vehicle.wire.profile import load_profile


class StandInPort(Port):
    """A SocketCAN port on a stand-in."""

    def __init__(self, channel: str, wiring: Wiring, driver: int, *, kernel_filters: bool) -> None:
        super().__init__("socketcan", channel, wiring.ids_on(channel))
        self.stand_in = StandIn(kernel_filters=kernel_filters)
        self.stand_in.real.connect((HOST, driver))

    def _open_socket(self) -> Any:
        return self.stand_in


async def main(path: Path, filters: str, drivers: list[int], sift: Sift | None) -> None:
    """Run until standard input ends."""
    profile = load_profile(path)
    channels = [f"bench{number}" for number, _ in enumerate(drivers)]
    wiring = Wiring(profile, channels)
    ports = [
        StandInPort(channel, wiring, driver, kernel_filters=filters == "filtered")
        for channel, driver in zip(channels, drivers, strict=True)
    ]
    for port in ports:
        port.open()
    service = Service(profile, ports, Settings(), wiring=wiring, sift=sift, say=print_error)
    service.start()
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, over.set)
    settle_memory()
    answer = Answer(*(port.stand_in.real.getsockname()[1] for port in ports))
    await over.wait()
    service.turn()
    received = service.translator.frames_used
    service.stop()
    answer.end(received)


def print_error(words: str) -> None:
    """Tell people what the service has to say."""
    print(words, file=sys.stderr)


if __name__ == "__main__":
    sift = installed()
    selector = None if sift is None else SiftingSelector(sift)
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        runner.run(main(Path(sys.argv[1]), sys.argv[2], [int(each) for each in sys.argv[3:]], sift))
