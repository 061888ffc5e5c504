"""Calls on the control socket: answers, errors, streams, access and introspection."""

from __future__ import annotations

import asyncio
import socket

import pytest
from varlink_bench import (
    LINE,
    NOBODY,
    STATUS,
    Reader,
    ask,
    call_bytes,
    open_descriptors,
    serving,
    until,
)

from vehicle.runtime.varlink import Interface, VarlinkServer
from vehicle.runtime.varlink_access import Access
from vehicle.runtime.varlink_call import AlreadyAnsweredError
from vehicle.runtime.varlink_methods import CHARGELOCK_SIGNATURES

DESCRIBE = "org.varlink.service.GetInterfaceDescription"


def test_a_method_answers_with_its_reply(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                assert await ask(client, "Status") == {"parameters": STATUS}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("method", "parameters", "error", "told"),
    [
        ("org.nowhere.Thing", None, "InterfaceNotFound", {"interface": "org.nowhere"}),
        ("Nothing", None, "MethodNotFound", {"method": "org.chargelock.Nothing"}),
        ("org.chargelock.", None, "MethodNotFound", {"method": "org.chargelock."}),
        (".", None, "InterfaceNotFound", {"interface": ""}),
        ("\ud800.x", None, "InterfaceNotFound", {"interface": "\ud800"}),
        ("Latch", None, "MethodNotImplemented", {"method": "org.chargelock.Latch"}),
        ("Journal", None, "InvalidParameter", {"parameter": "count"}),
        ("Journal", {"count": "9"}, "InvalidParameter", {"parameter": "count"}),
        ("Journal", {"count": True}, "InvalidParameter", {"parameter": "count"}),
        ("Journal", {"count": 1.0}, "InvalidParameter", {"parameter": "count"}),
        ("Journal", {"count": 0}, "InvalidParameter", {"parameter": "count"}),
        ("Journal", {"count": 1_000_001}, "InvalidParameter", {"parameter": "count"}),
        ("Journal", {"count": None}, "InvalidParameter", {"parameter": "count"}),
        ("Why", {"actuator": 3}, "InvalidParameter", {"parameter": "actuator"}),
        ("Why", {"actuator": "x" * 1025}, "InvalidParameter", {"parameter": "actuator"}),
        ("Why", {"actuater": "latch"}, "InvalidParameter", {"parameter": "actuater"}),
        ("Events", {"heartbeat_s": 1}, "ExpectedMore", {}),
        (DESCRIBE, {"interface": "org.no"}, "InterfaceNotFound", {"interface": "org.no"}),
    ],
)
def test_a_wrong_call_is_answered_by_the_standard_error(tmp_path, method, parameters, error, told):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                reply = await ask(client, method, parameters)
                assert reply == {"error": f"org.varlink.service.{error}", "parameters": told}
                assert await ask(client, "Status") == {"parameters": STATUS}

    asyncio.run(story())


def test_optional_parameters_reach_the_method_as_none(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                for parameters in (None, {}, {"actuator": None}):
                    await ask(client, "Why", parameters)
                await ask(client, "Why", {"actuator": "latch"})
            assert [given["actuator"] for _, given in bench.toy.asked] == [
                None,
                None,
                None,
                "latch",
            ]

    asyncio.run(story())


def test_more_on_a_method_with_one_reply_gets_one_reply(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                assert await ask(client, "Status", more=True) == {"parameters": STATUS}

    asyncio.run(story())


def test_progress_goes_to_those_who_asked_for_more_and_the_last_reply_to_all(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                first = await ask(client, "Unlatch", more=True)
                assert (first["continues"], first["parameters"]["done"]) == (True, False)
            with bench.connect() as client:
                only = await ask(client, "Unlatch")
                assert only["parameters"]["result"] == "released"
                assert "continues" not in only

    asyncio.run(story())


def test_a_oneway_call_is_carried_out_and_never_answered(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                for call in (
                    call_bytes("SetSetting", {"key": "auto-lock", "value": "off"}, oneway=True),
                    call_bytes("Nothing", oneway=True),
                    call_bytes("Unlatch", oneway=True, more=True),
                    call_bytes("Events", oneway=True, more=True),
                ):
                    await asyncio.get_running_loop().sock_sendall(client, call)
                assert await ask(client, "Status") == {"parameters": STATUS}
            assert [name for name, _ in bench.toy.asked] == ["SetSetting", "Unlatch", "Status"]
            assert bench.toy.streams == []

    asyncio.run(story())


def test_a_oneway_call_is_carried_out_although_its_client_leaves_at_once(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                for _ in range(20):
                    client.send(call_bytes("Why", oneway=True))
            await until(lambda: len(bench.toy.asked) == 20)
            await until(lambda: bench.server.clients == 0)

    asyncio.run(story())


def test_a_stream_goes_on_until_its_client_leaves(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            client = bench.connect()
            first = await ask(client, "Events", more=True)
            assert first == {"parameters": {"event": LINE, "heartbeat": False}, "continues": True}
            (call,) = bench.toy.streams
            call.reply({"event": None, "heartbeat": True}, continues=True)
            assert (await Reader(client).reply())["parameters"]["heartbeat"] is True
            client.close()
            await until(lambda: call.gone)
            assert bench.toy.streams == []
            call.reply({"event": None, "heartbeat": True}, continues=True)

    asyncio.run(story())


def test_calls_behind_a_stream_wait_for_its_end(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                await ask(client, "Events", more=True)
                await asyncio.get_running_loop().sock_sendall(client, call_bytes("Status"))
                (call,) = bench.toy.streams
                reader = Reader(client)
                call.reply({"event": None, "heartbeat": True})
                assert "continues" not in await reader.reply()
                assert await reader.reply() == {"parameters": STATUS}
                assert bench.toy.streams == []

    asyncio.run(story())


def test_a_method_that_answers_twice_is_told_so(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client:
                await ask(client, "Events", more=True)
                (call,) = bench.toy.streams
                call.reply({"event": None, "heartbeat": True})
                with pytest.raises(AlreadyAnsweredError, match=r"Events has had its last reply"):
                    call.reply({"event": None, "heartbeat": True})

    asyncio.run(story())


def test_a_mistake_in_a_method_goes_up_and_costs_only_its_own_client(tmp_path):
    def broken(_):
        raise ZeroDivisionError("a mistake")

    async def story():
        async with serving(tmp_path) as bench:
            told = []
            asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
            bench.server._interfaces["org.chargelock"].handlers["Why"] = broken
            with bench.connect() as client, bench.connect() as other:
                reply, whole = await asyncio.gather(ask(client, "Why"), ask(other, "Status"))
                assert reply is None
                assert whole == {"parameters": STATUS}
            assert [type(what["exception"]) for what in told] == [ZeroDivisionError]

    asyncio.run(story())


def test_a_handler_without_a_signature_is_a_mistake_at_the_start():
    with pytest.raises(ValueError, match="no such method: Nothing"):
        Interface("org.chargelock", "", CHARGELOCK_SIGNATURES, {"Nothing": lambda _: None})


@pytest.mark.parametrize("method", sorted(CHARGELOCK_SIGNATURES))
def test_who_may_only_read_is_denied_every_change(tmp_path, method):
    given = {"key": "auto-lock", "value": "off"} if method == "SetSetting" else None

    async def story():
        async with serving(tmp_path, NOBODY) as bench:
            with bench.connect() as client:
                reply = await ask(client, method, given, more=True)
            needs = CHARGELOCK_SIGNATURES[method].needs
            is_denied = reply.get("error") == "org.chargelock.Denied"
            assert is_denied == (needs == "change")
            if is_denied:
                assert reply["parameters"] == {"needed": "somebody else"}
                assert bench.toy.asked == []

    asyncio.run(story())


def test_nobody_reads_where_reading_is_closed(tmp_path):
    closed = Access(frozenset(), frozenset(), read_all=False)

    async def story():
        async with serving(tmp_path, closed) as bench:
            with bench.connect() as client:
                reply = await ask(client, "org.varlink.service.GetInfo")
                assert reply["error"] == "org.chargelock.Denied"

    asyncio.run(story())


def test_descriptors_that_come_along_are_not_kept(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            with bench.connect() as client, (tmp_path / "file").open("w") as file:
                before = open_descriptors()
                for _ in range(20):
                    socket.send_fds(client, [call_bytes("Status")], [file.fileno()] * 8)
                    assert await Reader(client).reply() == {"parameters": STATUS}
                # this client's side of the connection is the server's as well: the same process
                assert open_descriptors() == before + 1

    asyncio.run(story())


def test_stopping_ends_every_client_and_its_streams(tmp_path):
    async def story():
        async with serving(tmp_path) as bench:
            before = open_descriptors()
            clients = [bench.connect() for _ in range(5)]
            for client in clients:
                await ask(client, "Events", more=True)
            bench.server.stop()
            assert bench.toy.streams == []
            for client in clients:
                assert await Reader(client).reply() is None
                client.close()
            assert open_descriptors() == before

    asyncio.run(story())


def test_a_socket_that_is_no_unix_socket_is_refused():
    async def story():
        server = VarlinkServer([], NOBODY)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.close()
        assert server.adopt(sock) is False

    asyncio.run(story())
