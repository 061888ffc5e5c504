"""Plays a car's buses to one service, turns the door locks now and then, and times the answers.

Knows: when which frame is due, and how to tell a service's answer. Refuses to know: what a service
is made of.

Frames are sent in bursts every half millisecond, whatever is due by then. An answer's latency runs
from the moment just before the deciding frame is sent to the kernel's stamp on the first frame that
commands what the car's state calls for: how long this process takes to look does not count.
"""

from __future__ import annotations

import contextlib
import gc
import random
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tools.bench import process
from tools.bench.live.car import Traffic, is_command
from tools.bench.live.stand_in import HOST, open_socket
from tools.bench.plan import SPOILT, BenchError, Figures

BURST_S = 0.000_5
LATE_S_MAX = 0.01
"""A driver that stood still for longer leaves out what was due: no bus makes up for lost time."""
REACHED_MIN = 0.95
"""With a smaller part of the load the run is not what it says."""
MISSED_MAX = 0.01
"""With a larger part of the turns missed, or any frame lost, a service has broken down."""
WARM_UP_S = 1.0
"""Before anything counts."""
TURN_S = (0.1, 0.12)
"""Shortest and longest time between two turns of the locks: the pin has rested by then."""
ANSWER_S_MAX = 0.3
"""An answer that takes longer never comes: the pin's stroke is over long before."""
END_S_MAX = 10.0
"""A service that takes longer to end has failed."""

_TIMESPEC = struct.Struct("@qq")


@dataclass(frozen=True)
class Load:
    """What is played."""

    frames_per_s: int
    """On each bus."""
    seconds: float
    """After the warm-up."""
    traffics: Sequence[Traffic]
    """One for each bus; the first has the door locks."""
    seed: int


@dataclass
class Tally:
    """What came of it."""

    latencies_us: list[float] = field(default_factory=list)
    missed: int = 0
    core_percent: float = 0.0
    frames: int = 0
    elapsed_s: float = 0.0


@contextlib.contextmanager
def open_sockets(count: int) -> Iterator[list[socket.socket]]:
    """Open sockets that do not wait; close them at the end."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(open_socket()) for _ in range(count)]
        for sock in sockets:
            sock.setblocking(False)
        yield sockets


@contextlib.contextmanager
def running(
    module: str, words: Sequence[str], sockets: Sequence[socket.socket]
) -> Iterator[subprocess.Popen[str]]:
    """Run a service that talks to ``sockets``, connected, and kill it at the end.

    Raises BenchError where it does not start.
    """
    drivers = [str(sock.getsockname()[1]) for sock in sockets]
    service = subprocess.Popen(
        [sys.executable, "-m", f"tools.bench.live.{module}", *words, *drivers],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=process.ROOT,
    )
    try:
        assert service.stdout is not None
        ports = service.stdout.readline().split()
        if len(ports) != len(sockets):
            raise BenchError(f"{module} did not start: {service.communicate()[1].strip()}")
        for sock, port in zip(sockets, ports, strict=True):
            sock.connect((HOST, int(port)))
        yield service
    finally:
        service.kill()
        service.communicate()


def drive(module: str, words: Sequence[str], load: Load) -> Figures:
    """Run one service under a load; return the figures of its latency, its load and its losses.

    Raises BenchError where it does not start, does not answer, or does not end.
    """
    with contextlib.ExitStack() as stack:
        sockets = stack.enter_context(open_sockets(len(load.traffics)))
        service = stack.enter_context(running(module, words, sockets))
        gc.collect()
        gc.disable()
        try:
            tally = _play(service.pid, sockets, load)
        finally:
            gc.enable()
        for sock in sockets:
            sock.send(bytes(16))  # ends a service that only reads
        try:
            counts, complaints = service.communicate(timeout=END_S_MAX)
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"{module} did not end") from error
    if service.returncode:
        raise BenchError(f"{module} failed: {complaints.strip()}")
    figures = _figures(tally)
    if counts.strip():
        figures["lost"] = sum(each.sent_of_car for each in load.traffics) - int(counts)
    planned = load.frames_per_s * len(load.traffics)
    figures[SPOILT] = (
        figures["frames_per_s"] < REACHED_MIN * planned
        or figures["missed"] > MISSED_MAX * (figures["missed"] + figures["answered"])
        or figures.get("lost", 0) > 0
    )
    return figures


def _figures(tally: Tally) -> dict[str, float]:
    ranked = sorted(tally.latencies_us)
    if not ranked:
        raise BenchError("the door locks were never answered")
    return {
        "p50_us": ranked[len(ranked) // 2],
        "p99_us": ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)],
        "max_us": ranked[-1],
        "core_percent": tally.core_percent,
        "frames_per_s": tally.frames / tally.elapsed_s,
        "answered": len(ranked),
        "missed": tally.missed,
    }


def _play(pid: int, sockets: Sequence[socket.socket], load: Load) -> Tally:
    chance = random.Random(load.seed)
    tally = Tally()
    lanes = [
        (sock.send, traffic.next) for sock, traffic in zip(sockets, load.traffics, strict=True)
    ]
    doors, turn = sockets[0], load.traffics[0].turn
    began_s = now_s = time.monotonic()
    warm_s, end_s = began_s + WARM_UP_S, began_s + WARM_UP_S + load.seconds
    turn_at_s, asked_ns, asked_s = warm_s, 0, 0.0
    sent, left_out, warm_sent, cpu_s = 0, 0, 0, -1.0
    while now_s < end_s or asked_ns:
        if cpu_s < 0 and now_s >= warm_s:
            cpu_s, warm_s, warm_sent = process.cpu_s(pid), now_s, sent
        due = int((now_s - began_s) * load.frames_per_s) - sent - left_out
        at_most = int(LATE_S_MAX * load.frames_per_s)
        if due > at_most:
            left_out += due - at_most
            due = at_most
        # A burst never waits for its own end: what falls due meanwhile belongs to the next.
        turning = chance.randrange(due) if due and not asked_ns and now_s >= turn_at_s else -1
        for number in range(due):
            for send, next_frame in lanes:
                send(next_frame())
            if number == turning:
                frame = turn()
                asked_ns, asked_s = time.time_ns(), now_s
                doors.send(frame)
        sent += due
        for stamp_ns in _answers(sockets, load.traffics[0].locked):
            if asked_ns:
                tally.latencies_us.append((stamp_ns - asked_ns) / 1e3)
                asked_ns, turn_at_s = 0, now_s + chance.uniform(*TURN_S)
        if asked_ns and now_s - asked_s > ANSWER_S_MAX:
            tally.missed += 1
            asked_ns, turn_at_s = 0, now_s
        time.sleep(BURST_S)
        now_s = time.monotonic()
    tally.elapsed_s = now_s - warm_s
    tally.core_percent = (process.cpu_s(pid) - cpu_s) / tally.elapsed_s * 100
    tally.frames = (sent - warm_sent) * len(lanes)
    return tally


def _answers(sockets: Sequence[socket.socket], locked: bool) -> Iterator[int]:
    """Read everything that came; give the stamps of commands that the car's state calls for."""
    for sock in sockets:
        with contextlib.suppress(BlockingIOError):
            while True:
                data, ancillary, _, _ = sock.recvmsg(128, 128)
                if is_command(data, locked):
                    seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
                    yield seconds * 1_000_000_000 + nanoseconds
