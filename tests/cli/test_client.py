"""The command line's client: calls, streams, and an exit code for each way to fail."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runtime"))
from varlink_bench import LINE, NOBODY, STATUS, serving_thread

from vehicle.cli.client import (
    BadGuestError,
    BadSettingError,
    Client,
    ClientError,
    CodeRefusedError,
    DeniedError,
    FailedError,
    ServiceError,
    ServiceNotReadyError,
    ServiceUnreachableError,
    UnsafeError,
)
from vehicle.runtime.varlink_connection import Limits
from vehicle.runtime.varlink_methods import denied, failed, not_ready, unsafe


def test_a_call_returns_its_reply_and_the_next_one_too():
    with serving_thread() as bench, Client(str(bench.path)) as client:
        assert client.call("Status") == STATUS
        assert client.call("Journal", {"count": 3}) == {"now_us": 9, "lines": [LINE]}
        assert client.call("org.varlink.service.GetInfo")["product"] == "chargelock"


def test_a_stream_gives_each_reply_and_ends_with_the_last():
    with serving_thread() as bench, Client(str(bench.path)) as client:
        assert [step["done"] for step in client.stream("Unlatch")] == [False, True]
        assert client.call("Status") == STATUS


def test_a_stream_with_heartbeats_goes_on_until_it_is_closed():
    with serving_thread() as bench:
        bench.toy.beat_s = 0.001
        with Client(str(bench.path)) as client:
            events = client.stream("Events", {"heartbeat_s": 1}, quiet_s=30)
            assert next(events) == {"event": LINE, "heartbeat": False}
            assert next(events) == {"event": None, "heartbeat": True}


@pytest.mark.parametrize(
    ("error", "kind", "code", "words"),
    [
        (denied("root"), DeniedError, 3, "not allowed; this needs root"),
        (unsafe("it is on", "Stop it."), UnsafeError, 5, "refused: it is on\nStop it."),
        (failed("it is stuck", "Push."), FailedError, 6, "failed: it is stuck\nPush."),
        (not_ready(), ServiceNotReadyError, 4, "ask again"),
    ],
    ids=["denied", "unsafe", "failed", "not ready"],
)
def test_each_error_of_the_interface_has_its_exit_code(error, kind, code, words):
    def method(_):
        raise error

    with serving_thread() as bench:
        bench.server._interfaces["org.chargelock"].handlers["Why"] = method
        with Client(str(bench.path)) as client, pytest.raises(kind) as told:
            client.call("Why")
        assert told.value.exit_code == code
        assert words in str(told.value)


@pytest.mark.parametrize(
    ("method", "given", "words"),
    [
        ("org.nowhere.Thing", {}, "does not know org.nowhere"),
        ("Nothing", {}, "does not know org.chargelock.Nothing; restart it"),
        ("Latch", {}, "does not offer org.chargelock.Latch"),
        ("Journal", {"count": -1}, "does not take this value for count"),
        ("Events", {}, "the service answered org.varlink.service.ExpectedMore"),
    ],
)
def test_a_call_that_the_service_does_not_know_is_told(method, given, words):
    with (
        serving_thread() as bench,
        Client(str(bench.path)) as client,
        pytest.raises(ServiceError, match=words) as told,
    ):
        client.call(method, given)
    assert told.value.exit_code == 1


def test_a_bad_setting_is_misuse():
    with (
        serving_thread() as bench,
        Client(str(bench.path)) as client,
        pytest.raises(BadSettingError, match="unknown key 'no'") as told,
    ):
        client.call("SetSetting", {"key": "no", "value": "x"})
    assert told.value.exit_code == 2


def test_a_change_by_a_reader_is_denied():
    with (
        serving_thread(NOBODY) as bench,
        Client(str(bench.path)) as client,
        pytest.raises(DeniedError, match="this needs somebody else"),
    ):
        client.call("Unlatch")


# ---- no service ---------------------------------------------------------------------------------


def test_no_socket_or_a_dead_one_means_that_no_service_is_running(tmp_path):
    path = tmp_path / "s"
    for _ in range(2):
        with pytest.raises(ServiceUnreachableError, match="no service is running there") as told:
            Client(str(path))
        assert told.value.exit_code == 4
        if not path.exists():
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(path))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "become a member of the socket's group"),
        (TimeoutError("timed out"), "does not accept connections"),
        (OSError("AF_UNIX path too long"), r"cannot connect \(AF_UNIX path too long\)"),
    ],
)
def test_a_connection_that_fails_says_what_to_do(monkeypatch, error, words):
    def refuse(*_):
        raise error

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(ServiceUnreachableError, match=words):
        Client("/s")


@contextmanager
def _impostor(tmp_path, answer: bytes, *, hang: bool = False):
    """Something that takes one call and answers ``answer``."""
    done = threading.Event()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()

        def serve():
            client, _ = server.accept()
            with client:
                client.recv(65536)
                client.sendall(answer)
                if hang:
                    done.wait(60)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield str(tmp_path / "s")
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400\0",
        b"[]\0",
        b'"x"\0',
        b'{"parameters":[1]}\0',
        b"[" * 100_000 + b"\0",
        b"\xff\0",
    ],
)
def test_what_does_not_speak_varlink_is_named(tmp_path, answer):
    with (
        _impostor(tmp_path, answer) as path,
        Client(path) as client,
        pytest.raises(ServiceUnreachableError, match="does not speak Varlink"),
    ):
        client.call("Status")


@pytest.mark.parametrize("answer", [b"", b'{"parameters":'])
def test_a_service_that_goes_away_is_told(tmp_path, answer):
    with (
        _impostor(tmp_path, answer) as path,
        Client(path) as client,
        pytest.raises(ServiceUnreachableError, match="closed the connection"),
    ):
        client.call("Status")


def test_a_call_on_a_connection_that_has_gone_is_told(tmp_path):
    with _impostor(tmp_path, b"") as path, Client(path) as client:
        for _ in range(2):
            with pytest.raises(ServiceUnreachableError, match="closed the connection"):
                client.call("Status")


def test_a_service_that_hangs_is_told(tmp_path):
    with (
        _impostor(tmp_path, b"", hang=True) as path,
        Client(path, timeout_s=0.01) as client,
        pytest.raises(ServiceUnreachableError, match="does not answer in time"),
    ):
        client.call("Status")


def test_a_reply_without_an_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("vehicle.cli.client._REPLY_BYTES_MAX", 1000)
    with (
        _impostor(tmp_path, b"x" * 5000) as path,
        Client(path) as client,
        pytest.raises(ServiceUnreachableError, match="a reply of more than 1000 bytes"),
    ):
        client.call("Status")


def test_a_service_with_too_many_clients_is_told():
    with serving_thread(limits=Limits(clients_max=1)) as bench, Client(str(bench.path)) as first:
        assert first.call("Status") == STATUS
        with (
            Client(str(bench.path)) as second,
            pytest.raises(ServiceUnreachableError, match="has too many clients; try again"),
        ):
            second.call("Status")


def test_an_error_with_parameters_left_out_is_still_told(tmp_path):
    with (
        _impostor(tmp_path, b'{"error":"org.chargelock.Denied"}\0') as path,
        Client(path) as client,
        pytest.raises(DeniedError, match=r"this needs \?"),
    ):
        client.call("Unlatch")


def test_every_error_says_how_the_command_ends():
    codes = {kind: kind.exit_code for kind in (ClientError, *ClientError.__subclasses__())}
    assert codes == {
        ClientError: 1,
        ServiceError: 1,
        BadGuestError: 2,
        BadSettingError: 2,
        CodeRefusedError: 3,
        DeniedError: 3,
        ServiceUnreachableError: 4,
        ServiceNotReadyError: 4,
        UnsafeError: 5,
        FailedError: 6,
    }


def test_the_client_needs_nothing_that_starts_slowly():
    code = "import sys, vehicle.cli.client; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    slow = {"asyncio", "click", "can", "cantools", "transitions", "dataclasses", "tomllib"}
    # an editable install's own finder may load a few; it is no part of the client
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print('\\n'.join(sys.modules))"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert slow & (set(loaded) - set(bare)) == set()
    assert not [name for name in loaded if name.startswith(("vehicle.runtime", "vehicle.core"))]
