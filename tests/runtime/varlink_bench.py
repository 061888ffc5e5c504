"""A control socket with toy methods, for the tests: in the test's own loop, or in a thread."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from vehicle.runtime.varlink import Interface, VarlinkServer
from vehicle.runtime.varlink_access import Access
from vehicle.runtime.varlink_call import Call, Heartbeat
from vehicle.runtime.varlink_connection import Limits
from vehicle.runtime.varlink_methods import (
    CHARGELOCK,
    CHARGELOCK_SIGNATURES,
    bad_setting,
    description_of,
)
from vehicle.runtime.varlink_socket import Listener, listen

GUARD_S = 60
"""How long a test waits for what must come at all. Nothing is measured by it."""

OWNER = Access(change_uids=frozenset({os.geteuid()}), change_gids=frozenset())
"""Whoever runs the tests may change."""
NOBODY = Access(change_uids=frozenset(), change_gids=frozenset(), change_words="somebody else")
"""Whoever runs the tests may only read."""

SETTINGS = {"auto-lock": "on", "release-grace-min": "15"}
LINE = {"t": 5, "kind": "permit", "charge": "ac", "was": None}
STATUS = {
    "held": "The connector is locked to the car.",
    "signals": [{"signal": "car_lock", "value": "locked", "words": "car locked", "age_us": 7}],
    "pins": [
        {
            "actuator": "latch",
            "fitted": "fitted",
            "state": "engaged",
            "words": "engaged",
            "confirmed": True,
            "demand": "engage",
            "rule": "car_locked",
            "sentence": "The car is locked.",
        }
    ],
    "permit": "ac",
    "permit_words": "AC",
    "faults": [
        {
            "fault": "bus_lost",
            "actuator": None,
            "words": "lost",
            "advice": "Switch the car on.",
            "steps": [{"step": "switch-on", "words": "Switch the car on."}],
        }
    ],
    "lately": [
        {
            "event": "not_secured",
            "severity": "warning",
            "words": "not held",
            "advice": "Look.",
            "age_us": 3,
        }
    ],
    "profile": "reference",
    "variant": None,
    "buses": [{"channel": "can0", "state": "up"}],
    "shadow": False,
    "settings": SETTINGS,
    "asked": None,
    "heating_s": None,
    "notes": ["ä note"],
    "uptime_s": 3,
}
WHY = {
    "actuator": "latch",
    "state": "engaged",
    "words": "engaged",
    "demand": "engage",
    "rule": "car_locked",
    "sentence": "The car is locked.",
    "because": [
        {
            "signal": "car_lock",
            "value": "locked",
            "words": "car locked",
            "age_us": 7,
        }
    ],
    "settings": {"latch-mode": "with-car"},
    "releases": [{"changes": ["ask"], "words": "Someone asks for it."}],
    "locks": [],
    "steps": [],
}
CHANGED = {"settings": SETTINGS, "gives_up": ["a sentence"]}
ALL_SETTINGS = {
    "settings": SETTINGS,
    "defaults": {},
    "vendor": {},
    "owner": {},
    "paths": {"owner": "/s"},
    "notes": [],
}


class Toy:
    """Methods that answer with samples and remember what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.streams: list[Call] = []
        self.beat_s: float | None = None

    def _answer(self, reply: dict[str, Any]) -> Any:
        def method(call: Call) -> dict[str, Any]:
            self.asked.append((call.method.rpartition(".")[2], dict(call.parameters)))
            return reply

        return method

    def _events(self, call: Call) -> None:
        self.streams.append(call)
        call.on_gone.append(lambda: self.streams.remove(call))
        if self.beat_s is not None:
            Heartbeat(call, self.beat_s, {"event": None, "heartbeat": True})
        call.reply({"event": LINE, "heartbeat": False}, continues=True)

    def _unlatch(self, call: Call) -> None:
        self.asked.append(("Unlatch", {}))
        call.reply(
            {"step": "stopping", "words": "stopping", "done": False, "result": None}, continues=True
        )
        call.reply({"step": "done", "words": "released", "done": True, "result": "released"})

    def _set(self, call: Call) -> dict[str, Any]:
        if call.parameters["key"] not in SETTINGS:
            raise bad_setting(f"unknown key {call.parameters['key']!r}")
        self.asked.append(("SetSetting", dict(call.parameters)))
        return CHANGED

    def interface(self) -> Interface:
        """Return the interface with all its methods but Latch."""
        return Interface(
            CHARGELOCK,
            description_of(CHARGELOCK),
            CHARGELOCK_SIGNATURES,
            {
                "Status": self._answer(STATUS),
                "Why": self._answer(WHY),
                "Events": self._events,
                "Journal": self._answer({"now_us": 9, "lines": [LINE]}),
                "Unlatch": self._unlatch,
                "GetSettings": self._answer(ALL_SETTINGS),
                "PreviewSetting": self._answer(CHANGED),
                "SetSetting": self._set,
                "UnsetSetting": self._answer(CHANGED),
            },
        )


class Bench:
    """A running server, its toy, and its socket's path."""

    def __init__(self, path: Path, access: Access, limits: Limits | None) -> None:
        self.toy = Toy()
        self.path = path
        self.server = VarlinkServer([self.toy.interface()], access, version="7", limits=limits)
        self.listener: Listener = listen(path, mode=0o666, group=None)

    def connect(self) -> socket.socket:
        """Return a connected client, non-blocking."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.connect(str(self.path))
        sock.setblocking(False)
        return sock


@asynccontextmanager
async def serving(
    folder: Path, access: Access = OWNER, limits: Limits | None = None
) -> AsyncIterator[Bench]:
    """Serve in this loop."""
    bench = Bench(folder / "control.sock", access, limits)
    bench.server.start(bench.listener.sock)
    try:
        async with asyncio.timeout(GUARD_S):
            yield bench
    finally:
        bench.server.stop()
        bench.listener.close()


@contextmanager
def serving_thread(access: Access = OWNER, limits: Limits | None = None) -> Iterator[Bench]:
    """Serve in a thread, in a folder that every user may enter, for clients that block."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        bench = Bench(Path(name) / "control.sock", access, limits)
        loop = asyncio.new_event_loop()
        loop.call_soon(lambda: bench.server.start(bench.listener.sock))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield bench
        finally:
            loop.call_soon_threadsafe(bench.server.stop)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
            bench.listener.close()


def call_bytes(method: str, parameters: object = None, **flags: object) -> bytes:
    """Return one call as sent."""
    if "." not in method:
        method = f"{CHARGELOCK}.{method}"
    call: dict[str, object] = {"method": method, **flags}
    if parameters is not None:
        call["parameters"] = parameters
    return json.dumps(call).encode() + b"\0"


class Reader:
    """Reads whole replies from a client's socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = b""

    async def reply(self) -> dict[str, Any] | None:
        """Return the next reply, or None where the server has closed."""
        loop = asyncio.get_running_loop()
        while b"\0" not in self._buffer:
            try:
                data = await loop.sock_recv(self.sock, 65536)
            except (ConnectionResetError, BrokenPipeError):
                return None
            if not data:
                return None
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        reply: dict[str, Any] = json.loads(message)
        return reply


async def ask(sock: socket.socket, method: str, parameters: object = None, **flags: object) -> Any:
    """Make one call and return its first reply, or None where the server has closed."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, call_bytes(method, parameters, **flags))
    return await Reader(sock).reply()


async def until(condition: Any) -> None:
    """Let the loop turn until ``condition()`` holds. The bench's guard ends a vain wait."""
    while not condition():
        await asyncio.sleep(0)


def open_descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
