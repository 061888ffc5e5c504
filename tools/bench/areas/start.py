"""Start-up: how long the commands take to be of use, and what the service then holds in memory.

Knows: which commands an owner waits for, and when a service is ready.
Refuses to know: how a process is measured.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tools.bench import process
from tools.bench.gateway import make_environment
from tools.bench.plan import Aim, Area, BenchError, Column, Contender, Figures, Group, Ratio, Size

PASS = "python -c pass"
FLOOR = "import asyncio, can, transitions"
HELP = "chargelock --help"
STATUS = "chargelock status"
RUN = "chargelock run, SocketCAN, ready"
RUN_VIRTUAL = "chargelock run, python-can, ready"
TIMES = f"x {PASS}"
READY_S_MAX = 60.0
"""A service that is not ready by then has failed."""
LIBRARIES = "import sys; sys.modules['asammdf'] = None; import asyncio, can, transitions"


class ServiceProcess:
    """``chargelock run``, from its start to its end."""

    def __init__(self, bin_folder: Path, folder: Path, interface: str) -> None:
        """Start it and wait until it says that it is ready.

        Raises BenchError where it does not.
        """
        self.socket = folder / "control.sock"
        folder.mkdir(exist_ok=True)
        channel = f"{folder.parent.name}-{folder.name}-{os.getpid()}"
        waiting = ["--wait"] if interface == "socketcan" else []
        notify = folder / "notify.sock"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(str(notify))
            ready.settimeout(READY_S_MAX)
            began_s = time.perf_counter()
            self._process = subprocess.Popen(
                [bin_folder / "chargelock", "run", "--interface", interface, "--channel",
                 channel, "--profile", "reference", "--state", folder / "state",
                 "--socket", self.socket, *waiting],
                env={**os.environ, "NOTIFY_SOCKET": str(notify), "CACHE_DIRECTORY": str(folder)},
                stderr=subprocess.PIPE,
            )  # fmt: skip
            self._wait(ready)
            self.wall_ms = (time.perf_counter() - began_s) * 1e3
        self.pid = self._process.pid

    def _wait(self, ready: socket.socket) -> None:
        said = self._process.stderr
        assert said is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(ready, selectors.EVENT_READ, lambda: ready.recv(4096))
            waiting.register(said, selectors.EVENT_READ, lambda: os.read(said.fileno(), 4096))
            words, told = b"", b""
            while b"READY=1" not in told:
                events = waiting.select(READY_S_MAX)
                for key, _ in events:
                    got = key.data()
                    if key.fileobj is ready:
                        told += got
                    else:
                        words += got
                if not events or not got:
                    self.stop()
                    raise BenchError(f"chargelock run did not become ready: {words.decode()}")

    def stop(self) -> None:
        """End it, and wait until it has."""
        self._process.terminate()
        self._process.communicate()


def run_until_ready(bin_folder: Path, folder: Path, interface: str) -> Figures:
    """Start the service; measure up to the moment when it decides, and its memory then."""
    service = ServiceProcess(bin_folder, folder, interface)
    figures = {
        "wall_ms": service.wall_ms,
        "cpu_ms": process.cpu_s(service.pid) * 1e3,
        "resident_mb": process.resident_mb(service.pid),
    }
    service.stop()
    return figures


def _group(title: str, bin_folder: Path, folder: Path, live: ServiceProcess) -> Group:
    command, python = str(bin_folder / "chargelock"), str(bin_folder / "python")
    told = ("--socket", str(live.socket))
    runs = {
        PASS: partial(process.run, [python, "-c", "pass"]),
        FLOOR: partial(process.run, [python, "-c", LIBRARIES]),
        HELP: partial(process.run, [command, "--help"]),
        STATUS: partial(process.run, [command, "status", *told], codes=(0, 4)),
        RUN: partial(run_until_ready, bin_folder, folder / "run", "socketcan"),
        RUN_VIRTUAL: partial(run_until_ready, bin_folder, folder / "run", "virtual"),
    }
    return Group(
        title,
        tuple(Contender(name, run) for name, run in runs.items()),
        (
            Aim(HELP, TIMES, 4.5),
            Aim(STATUS, TIMES, 6),
            Aim(RUN, TIMES, 13),
            Aim(RUN, "resident MB", 36),
        ),
    )


@contextlib.contextmanager
def _groups(size: Size) -> Iterator[list[Group]]:
    environments: list[tuple[str, str, tuple[str, ...]]] = [("as on a gateway", "gateway", ())]
    if not size.small:
        environments.append(("with asammdf installed too", "asammdf", ("mf4",)))
    with contextlib.ExitStack() as stack:
        groups = []
        for title, name, extras in environments:
            folder = size.scratch / name
            bin_folder = make_environment(folder, *extras)
            stack.callback(shutil.rmtree, folder)
            live = ServiceProcess(bin_folder, folder / "live", "virtual")
            stack.callback(live.stop)
            groups.append(_group(title, bin_folder, folder, live))
        yield groups


AREA = Area(
    "start",
    "Start-up",
    (
        Column("wall_ms", "ms"),
        Ratio("wall_ms", PASS, TIMES, 1),
        Column("cpu_ms", "cpu ms"),
        Ratio("cpu_ms", PASS, f"cpu x {PASS}", 1),
        Column("peak_mb", "peak MB"),
        Column("resident_mb", "resident MB", 1),
    ),
    _groups,
    (
        "Whole processes in an environment that holds what chargelock requires and nothing else.",
        "`run` is measured until it tells systemd that it is ready; on SocketCAN it waits for a"
        " channel that is not there yet, so that any machine can measure it.",
        f"`{FLOOR}` is the floor of `run` on python-can, asammdf kept out.",
    ),
)
