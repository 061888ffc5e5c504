"""The control socket under hostile clients: everything is bounded, and the others are served."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from varlink_bench import (
    GUARD_S,
    LINE,
    NOBODY,
    OWNER,
    STATUS,
    Reader,
    ask,
    call_bytes,
    open_descriptors,
    serving,
    until,
)

from vehicle.runtime.varlink import VarlinkServer
from vehicle.runtime.varlink_connection import Limits
from vehicle.runtime.varlink_wire import (
    MESSAGE_BYTES_MAX,
    BadMessageError,
    Framer,
    parse_request,
    reply_bytes,
)

STATUS_CALL = call_bytes("Status")


async def _push(sock: socket.socket, data: bytes) -> int:
    """Send until all is sent or the server closes; return how much was taken."""
    loop = asyncio.get_running_loop()
    sent = 0
    try:
        while sent < len(data):
            await loop.sock_sendall(sock, data[sent : sent + 4096])
            sent += 4096
    except (BrokenPipeError, ConnectionResetError):
        pass
    return sent


# ---- size ---------------------------------------------------------------------------------------


def test_sixteen_megabytes_without_an_end_are_cut_off_at_the_limit(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
                sent = await _push(client, b"x" * 16 * 1024 * 1024)
                assert sent < 8 * MESSAGE_BYTES_MAX
                assert await Reader(client).reply() is None
            assert bench.server.clients == 0

    asyncio.run(story())


@pytest.mark.parametrize(("over", "answered"), [(0, True), (1, False)])
def test_the_longest_message_is_answered_and_one_byte_more_is_cut_off(tmp_path, over, answered):
    call = call_bytes("Status")[:-1]
    call += b" " * (MESSAGE_BYTES_MAX - len(call) + over) + b"\0"

    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                await asyncio.get_running_loop().sock_sendall(client, call + STATUS_CALL)
                assert (await Reader(client).reply() is not None) is answered

    asyncio.run(story())


def test_a_framer_gives_the_same_messages_however_the_bytes_come():
    chance = random.Random(3)
    messages = [bytes(chance.choices(b"ab{}", k=chance.randrange(40))) for _ in range(200)]
    stream = b"".join(message + b"\0" for message in messages)
    for _ in range(50):
        framer, got, at = Framer(64), [], 0
        while at < len(stream):
            step = chance.choice((1, 2, 7, 63, 400))
            framer.feed(stream[at : at + step])
            at += step
            while framer.waiting:
                got.append(framer.take())
        assert got == messages


# ---- clients ------------------------------------------------------------------------------------


def test_of_a_thousand_clients_the_first_are_served_and_the_rest_refused_at_once(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            before = open_descriptors()
            kept = [bench.connect() for _ in range(64)]
            for client in kept:
                assert await ask(client, "Status") == {"parameters": STATUS}
            for _ in range(936):
                with bench.connect() as refused:
                    assert await Reader(refused).reply() is None
                    assert bench.server.clients == 64
            for client in kept:
                assert await ask(client, "Status") == {"parameters": STATUS}
                client.close()
            await until(lambda: bench.server.clients == 0)
            assert open_descriptors() == before

    asyncio.run(story())


def test_a_thousand_clients_at_once_leave_sixty_four(tmp_path):
    async def one(bench, answers):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        while True:
            try:
                sock.connect(str(bench.path))
                break
            except BlockingIOError:  # the backlog is full: again, a turn later
                await asyncio.sleep(0)
        try:
            answers.append(await ask(sock, "Status") is not None)
        except (BrokenPipeError, ConnectionResetError):
            answers.append(False)
        await until(lambda: len(answers) == 1000)
        sock.close()

    async def story():
        async with serving(tmp_path) as bench:
            before = open_descriptors()
            answers = []
            await asyncio.gather(*(one(bench, answers) for _ in range(1000)))
            assert answers.count(True) == 64
            await until(lambda: bench.server.clients == 0)
            assert open_descriptors() == before

    asyncio.run(story())


def test_who_may_only_read_cannot_shut_the_owner_out(tmp_path):
    async def story():
        async with serving(tmp_path, NOBODY) as bench:
            readers = [bench.connect() for _ in range(48)]
            for client in readers:
                assert await ask(client, "Status") == {"parameters": STATUS}
            with bench.connect() as refused:
                assert await Reader(refused).reply() is None
            bench.server._access = OWNER
            with bench.connect() as owner:
                assert (await ask(owner, "Unlatch"))["parameters"]["done"] is True
            for client in readers:
                client.close()

    asyncio.run(story())


def _all_descriptors() -> list[int]:
    holes = []
    with suppress(OSError):
        while True:
            holes.append(os.dup(0))
    return holes


def test_running_out_of_descriptors_costs_new_clients_only_and_passes(tmp_path, monkeypatch):
    monkeypatch.setattr("vehicle.runtime.varlink._ACCEPT_PAUSE_S", 0.01)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                assert await ask(client, "Status") == {"parameters": STATUS}
                waiting = bench.connect()
                limit = max(int(one.name) for one in Path("/proc/self/fd").iterdir()) + 8
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
                holes = _all_descriptors()
                try:
                    assert await ask(client, "Status") == {"parameters": STATUS}
                    await until(lambda: bench.server._accept_again is not None)
                    assert await ask(client, "Status") == {"parameters": STATUS}
                finally:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                    for hole in holes:
                        os.close(hole)
                assert await ask(waiting, "Status") == {"parameters": STATUS}
                waiting.close()

    asyncio.run(story())


# ---- clients that do not read -------------------------------------------------------------------


def test_fifteen_hundred_calls_in_one_go_are_all_answered_in_order(tmp_path):
    methods = ["org.varlink.service.GetInfo", "Journal", "Nothing"]
    calls = [
        call_bytes("Nothing" + str(number))
        if number % 3 == 2
        else call_bytes(methods[number % 3], {"count": 1} if number % 3 else None)
        for number in range(1500)
    ]

    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                for call in calls:  # written whole before anything is read
                    await asyncio.get_running_loop().sock_sendall(client, call)
                reader = Reader(client)
                for number in range(1500):
                    reply = await reader.reply()
                    if number % 3 == 0:
                        assert reply["parameters"]["product"] == "chargelock"
                    elif number % 3 == 1:
                        assert reply["parameters"] == {"now_us": 9, "lines": [LINE]}
                    else:
                        assert reply["parameters"]["method"].endswith(f"Nothing{number}")

    asyncio.run(story())


def test_a_stream_that_outruns_its_reader_is_cut_off(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                await ask(client, "Events", more=True)
                (call,) = bench.toy.streams
                sent = 0
                while not call.gone:
                    sent += 1
                    call.reply({"event": {"x": "y" * 1000}, "heartbeat": False}, continues=True)
                assert 256 < sent < 1000
                assert bench.toy.streams == []
                assert bench.server.clients == 0

    asyncio.run(story())


def test_a_client_that_reads_nothing_while_replies_wait_is_cut_off(tmp_path):
    async def story():
        async with serving(tmp_path, limits=Limits(stall_s=0.05)) as bench:
            with bench.connect() as client, bench.connect() as other:
                assert await ask(client, "Status") == {"parameters": STATUS}
                pushed = asyncio.create_task(_push(client, STATUS_CALL * 100_000))
                await until(lambda: bench.server.clients == 1)
                assert await pushed < 100_000 * len(STATUS_CALL)
                assert await ask(other, "Status") == {"parameters": STATUS}

    asyncio.run(story())


def test_what_waits_for_a_client_that_does_not_read_is_bounded(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                assert await ask(client, "Status") == {"parameters": STATUS}
                (connection,) = bench.server._clients
                pushed = asyncio.create_task(_push(client, STATUS_CALL * 10_000))
                await until(lambda: len(connection._outgoing) > 256 * 1024)
                turns = bench.server.turns
                for _ in range(100):
                    await asyncio.sleep(0)
                assert bench.server.turns <= turns + 1
                assert len(connection._outgoing) < 256 * 1024 + 2 * len(reply_bytes(STATUS))
                pushed.cancel()

    asyncio.run(story())


def test_one_long_reply_reaches_a_client_that_reads_slowly(tmp_path):
    long = {"lines": [{"x": "y" * 100}] * 20_000}

    async def story():
        async with serving(tmp_path) as bench:
            bench.server._interfaces["org.chargelock"].handlers["Journal"] = lambda _: long
            with bench.connect() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                assert await ask(client, "Journal", {"count": 1}) == {"parameters": long}
                assert await ask(client, "Status") == {"parameters": STATUS}

    asyncio.run(story())


def test_a_vanished_idle_subscriber_is_noticed_by_the_heartbeat(tmp_path):
    async def story():
        async with serving(tmp_path, limits=Limits(stall_s=0.05)) as bench:
            bench.toy.beat_s = 0.0001
            client = bench.connect()
            await ask(client, "Events", more=True)
            assert len(bench.toy.streams) == 1
            # The client stops reading without closing, as a stopped process does.
            await until(lambda: not bench.toy.streams)
            assert bench.server.clients == 0
            client.close()

    asyncio.run(story())


def test_a_half_closed_subscriber_that_then_goes_is_noticed_by_the_heartbeat(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            bench.toy.beat_s = 0.001
            client = bench.connect()
            await ask(client, "Events", more=True)
            client.shutdown(socket.SHUT_WR)
            assert (await Reader(client).reply())["parameters"]["heartbeat"] is True
            client.close()
            await until(lambda: not bench.toy.streams)
            assert bench.server.clients == 0

    asyncio.run(story())


def test_no_timer_runs_for_a_client_that_asks_for_nothing(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                assert await ask(client, "Status") == {"parameters": STATUS}
                turns = bench.server.turns
                pending = list(asyncio.get_running_loop()._scheduled)
                assert len(pending) == 1  # the test's own guard
                assert bench.server.turns == turns

    asyncio.run(story())


# ---- half-closed --------------------------------------------------------------------------------


def test_a_client_that_is_done_sending_still_gets_all_its_replies(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                client.sendall(STATUS_CALL * 5 + b'{"method":"cut')
                client.shutdown(socket.SHUT_WR)
                reader = Reader(client)
                for _ in range(5):
                    assert await reader.reply() == {"parameters": STATUS}
                assert await reader.reply() is None
            assert bench.server.clients == 0

    asyncio.run(story())


def test_a_client_that_leaves_its_replies_unread_is_let_go(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            client = bench.connect()
            client.sendall(STATUS_CALL * 3)
            await until(lambda: len(bench.toy.asked) == 3)
            client.close()  # the server's next read fails with a reset
            await until(lambda: bench.server.clients == 0)

    asyncio.run(story())


def test_a_reading_that_was_for_nothing_does_no_harm(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                assert await ask(client, "Status") == {"parameters": STATUS}
                (connection,) = bench.server._clients
                connection._readable()
                assert await ask(client, "Status") == {"parameters": STATUS}
                connection.close()
                connection.send(b"nothing")

    asyncio.run(story())


def test_a_client_that_reads_no_more_is_let_go_without_a_signal(tmp_path):
    story = f"""
import asyncio, pathlib, signal, socket, sys
sys.path[:0] = {sys.path!r}
from varlink_bench import call_bytes, serving, until

async def story():
    async with serving(pathlib.Path({str(tmp_path)!r})) as bench:
        client = bench.connect()
        client.shutdown(socket.SHUT_RD)
        client.send(call_bytes("Status"))
        await until(lambda: bench.toy.asked and not bench.server.clients)

signal.signal(signal.SIGPIPE, signal.SIG_DFL)
asyncio.run(story())
print("alive")
"""
    ended = subprocess.run(
        [sys.executable, "-c", story], capture_output=True, text=True, check=False, timeout=GUARD_S
    )
    assert (ended.returncode, ended.stdout) == (0, "alive\n"), ended.stderr
    assert ended.returncode != -signal.SIGPIPE


# ---- fairness -----------------------------------------------------------------------------------


@pytest.mark.parametrize("floods", [1, 7, 63])
def test_floods_delay_anothers_call_by_a_bounded_number_of_turns(tmp_path, floods):
    async def flood(sock):
        loop = asyncio.get_running_loop()
        while True:
            await loop.sock_sendall(sock, STATUS_CALL * 100)

    async def drain(sock):
        while await asyncio.get_running_loop().sock_recv(sock, 1 << 20):
            pass

    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as other:
                assert await ask(other, "Status") == {"parameters": STATUS}
                socks = [bench.connect() for _ in range(floods)]
                tasks = [asyncio.create_task(do(sock)) for sock in socks for do in (flood, drain)]
                await until(lambda: bench.server.turns > 100)
                handled = []
                bench.server._interfaces["org.chargelock"].handlers["Why"] = lambda _: (
                    handled.append((bench.server.turns, len(bench.toy.asked)))
                    or {"rule": "car_locked"}
                )
                for _ in range(5):
                    before = bench.server.turns, len(bench.toy.asked)
                    assert await ask(other, "Why") == {"parameters": {"rule": "car_locked"}}
                    turns, calls = (at - was for at, was in zip(handled.pop(), before, strict=True))
                    # one turn until the loop hears of it, then four clients to a turn
                    assert turns <= 2 + -(-(floods + 1) // 4)
                    assert calls <= 4 * turns
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                for sock in socks:
                    sock.close()

    asyncio.run(story())


# ---- anything at all ----------------------------------------------------------------------------

SEEDS = [
    STATUS_CALL[:-1],
    call_bytes("Events", {"heartbeat_s": 5}, more=True)[:-1],
    call_bytes("SetSetting", {"key": "auto-lock", "value": "off"}, oneway=True)[:-1],
    call_bytes("org.varlink.service.GetInterfaceDescription", {"interface": "org.x"})[:-1],
    call_bytes("Journal", {"count": 10**9})[:-1],
]
ODD = [
    b"",
    b"null",
    b"[" * 8000,
    b'{"a":' * 1500,
    b'{"method":' + b"9" * 8000 + b"}",
    b'{"method":"org.chargelock.Journal","parameters":{"count":' + b"9" * 5000 + b"}}",
    b'{"method":"org.chargelock.Journal","parameters":{"count":1e999}}',
    b'{"method":"org.chargelock.Journal","parameters":{"count":NaN}}',
    b'{"method":"org.chargelock.Status","parameters":[]}',
    b'{"method":"org.chargelock.Status","more":1}',
    b'{"method":"org.chargelock.Status","upgrade":true}',
    b'{"method":"\\ud800.\\udfff","parameters":{"\\u0000":"\\ud800"}}',
    b'\xff\xfe{\x00"\x00',
    b'{"method":"org.chargelock.Status","parameters":{"\xc3\x28":1}}',
]


def _mutated(chance: random.Random) -> bytes:
    kind = chance.randrange(10)
    if kind == 0:
        return chance.choice(ODD)
    if kind == 1:
        return chance.randbytes(chance.randrange(200)).replace(b"\0", b"\1")
    message = bytearray(chance.choice(SEEDS))
    for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
        at = chance.randrange(len(message) + 1)
        edit = chance.randrange(3)
        if edit == 0:
            message[at:at] = chance.choice((b'"', b"{", b"}", b",", b"\\", b"\xc3", b"1", b"true"))
        elif edit == 1:
            del message[at : at + chance.randrange(1, 6)]
        elif at < len(message):
            message[at] = chance.randrange(1, 256)
    return bytes(message)


def _batches(chance: random.Random, count: int) -> Iterator[list[bytes]]:
    """Messages as one connection takes them: up to the first that ends it, or begins a stream."""
    batch: list[bytes] = []
    for _ in range(count):
        batch.append(_mutated(chance))
        if not _is_request(batch[-1]) or parse_request(batch[-1]).more:
            yield batch
            batch = []
    yield batch


@pytest.mark.whole
@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_nothing_that_a_client_can_send_raises_or_wedges_the_server(tmp_path, count):
    """Random and mutated messages, each of which the server reads."""
    batches = _batches(random.Random(20250101), count)
    told = []

    async def play(server):
        loop = asyncio.get_running_loop()
        for batch in batches:
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            assert server.adopt(theirs)
            await loop.sock_sendall(ours, b"\0".join(batch) + b"\0")
            ours.shutdown(socket.SHUT_WR)
            reader = Reader(ours)
            answers = 0
            while (reply := await reader.reply()) is not None:
                answers += 1
                if reply.get("continues"):
                    break
            silent = sum(parse_request(one).oneway for one in batch[:-1])
            assert answers - (len(batch) - silent) in (-1, 0)
            ours.close()
            await until(lambda: server.clients == 0)

    async def story():
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
        async with serving(tmp_path) as bench:
            bench.toy.beat_s = 0.0
            before = open_descriptors()
            await play(bench.server)
            await until(lambda: bench.server.clients == 0)
            assert bench.toy.streams == []
            assert open_descriptors() == before
            with bench.connect() as client:
                assert await ask(client, "Status") == {"parameters": STATUS}

    asyncio.run(story())
    assert told == []


def test_every_message_is_read_as_a_request_or_named_bad():
    chance = random.Random(7)
    good = 0
    for _ in range(100_000):
        good += _is_request(_mutated(chance))
    assert 30_000 < good < 90_000


def _is_request(message: bytes) -> bool:
    try:
        parse_request(message)
    except BadMessageError:
        return False
    return True


def test_a_server_that_was_never_started_can_be_stopped():
    VarlinkServer([], OWNER).stop()
