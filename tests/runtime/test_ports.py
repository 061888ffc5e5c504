"""A channel on interfaces without a CAN socket: threads, file descriptors, and their failures."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import can
import pytest
from live_bench import Wire

from vehicle.runtime import ports as ports_module
from vehicle.runtime.can_socket import BUS_OFF, CanSocket, build_frame, parse_frame
from vehicle.runtime.port_error import PortError
from vehicle.runtime.ports import Port
from vehicle.runtime.python_can import Arrived, from_message
from vehicle.wire.frame import Frame

PATIENCE_TURNS = 20_000


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    for _ in range(PATIENCE_TURNS):
        if true():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came")


def virtual(name: str, **options: Any) -> Port:
    return Port("virtual", name, [(0x100, False)], **options)


def test_a_thread_hands_over_every_frame_in_order() -> None:
    """python-can's virtual bus has no file descriptor."""

    async def main() -> None:
        port, batches = virtual("order"), [0]
        heard: list[Arrived] = []

        def ready() -> None:
            batches[0] += 1
            heard.extend(port.poll(1000))

        port.on_ready = ready
        port.open()
        assert port.reads
        with can.Bus(interface="virtual", channel="order") as sender:
            for number in range(500):
                sender.send(can.Message(arbitration_id=0x100, data=number.to_bytes(2)))
            await until(lambda: len(heard) == 500)
        assert [int.from_bytes(each.frame.data) for each in heard] == list(range(500))
        assert heard[0].frame == Frame(0x100, b"\0\0", "order", extended=True)
        assert heard[0].stamp_us is not None
        assert port.frames_received == 500
        port.close()
        assert not port.up

    run(main)


def test_what_is_sent_arrives() -> None:
    async def main() -> None:
        port = virtual("sending")
        port.open()
        with can.Bus(interface="virtual", channel="sending") as receiver:
            assert port.send(Frame(0x123, b"\x05", extended=True))
            message = receiver.recv(1)
            assert message is not None
            assert from_message(message, "c").frame == Frame(0x123, b"\x05", "c", extended=True)
        port.close()
        assert not port.send(Frame(0x123))

    run(main)


def test_after_narrow_only_the_wanted_identifiers_are_heard() -> None:
    async def main() -> None:
        port = virtual("narrow")
        port.open()
        port.narrow()
        with can.Bus(interface="virtual", channel="narrow") as sender:
            for can_id in (0x101, 0x100, 0x102):
                sender.send(can.Message(arbitration_id=can_id, is_extended_id=False))
            heard: list[Arrived] = []

            def some() -> bool:
                heard.extend(port.poll(10))
                return bool(heard)

            await until(some)
        assert [each.frame.can_id for each in heard] == [0x100]
        port.close()

    run(main)


class Failing:
    """A bus whose ``recv`` ends in an exception as soon as it may."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.shut = False

    def recv(self, timeout: float | None) -> None:
        raise self.error

    def fileno(self) -> int:
        raise NotImplementedError

    def shutdown(self) -> None:
        self.shut = True


class FailsOnce(Port):
    """Opens on a bus that fails, and then on a real one."""

    def __init__(self, name: str, error: BaseException) -> None:
        super().__init__("virtual", name, [])
        self.failing = Failing(error)
        self._failed = False

    def _open_bus(self) -> Any:
        if self._failed:
            return super()._open_bus()
        self._failed = True
        return self.failing


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (can.CanOperationError("transceiver on fire"), "transceiver on fire"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "Input/output error"),
    ],
)
def test_a_reader_that_fails_loses_its_channel_until_it_is_open_again(
    error: BaseException, why: str
) -> None:
    async def main() -> None:
        port = FailsOnce("failing", error)
        port.on_ready = lambda: list(port.poll(10)) and None
        port.open()
        changes = []

        def back() -> bool:
            changes.extend(port.take_changes())
            return len(changes) == 2

        await until(back)
        assert [(change.up, change.why) for change in changes] == [(False, why), (True, "open")]
        assert port.failing.shut
        port.close()

    run(main)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reader_that_dies_of_a_defect_loses_its_channel_too() -> None:
    """No exception leaves a channel that nobody reads."""

    async def main() -> None:
        port = FailsOnce("dying", ZeroDivisionError("a driver's defect"))
        port.open()
        await until(lambda: not port.reads)
        port.poll(10)
        assert [change.why for change in port.take_changes()] == ["its reader ended"]
        port.close()

    run(main)


def test_a_thread_that_hangs_in_its_driver_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has not come round for too long."""

    async def main() -> None:
        port = virtual("hanging")
        port.open()
        assert port.reads
        monkeypatch.setattr("vehicle.runtime.python_can.BEAT_S_MAX", -1.0)
        assert not port.reads
        port.close()

    run(main)


class Described(can.BusABC):
    """A bus with a file descriptor that is no CAN socket."""

    def __init__(self) -> None:
        self.theirs, self.ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ours.setblocking(False)
        super().__init__(channel="described")

    def fileno(self) -> int:
        return self.ours.fileno()

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        try:
            data = self.ours.recv(64)
        except BlockingIOError:
            return None, False
        if not data:
            raise can.CanOperationError("gone", errno.ENODEV)
        return can.Message(arbitration_id=0x100, data=data, is_extended_id=False), False

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        raise can.CanTimeoutError("no room")

    def shutdown(self) -> None:
        super().shutdown()
        self.ours.close()
        self.theirs.close()


class DescribedPort(Port):
    """On that bus."""

    def __init__(self) -> None:
        super().__init__("described", "x", [(0x100, False)])
        self.bus = Described()

    def _open_bus(self) -> Any:
        return self.bus


def test_an_interface_with_a_file_descriptor_needs_no_thread() -> None:
    async def main() -> None:
        port = DescribedPort()
        heard: list[Arrived] = []
        port.on_ready = lambda: heard.extend(port.poll(10))
        port.open()
        assert port._bus is not None
        assert port._bus._reader is None
        for number in range(20):
            port.bus.theirs.send(bytes([number]))
        await until(lambda: len(heard) == 20)
        assert [each.frame.data[0] for each in heard] == list(range(20))
        assert heard[0].stamp_us is None
        assert not port.send(Frame(0x120))
        assert (port.up, port.send_error) == (True, "no room")
        port.bus.theirs.send(b"")
        await until(lambda: not port.up)
        assert [change.why for change in port.take_changes()] == ["gone [Error Code 19]"]
        port.close()

    run(main)


@pytest.mark.parametrize(
    ("interface", "error", "says"),
    [
        ("nonsense", None, 'Unknown interface type "nonsense"; see python-can'),
        ("socketcan", errno.ENODEV, "No such device; see `ip link show type can`"),
        ("socketcan", errno.ENETDOWN, "Network is down; bring it up: sudo ip link set c up"),
        ("socketcan", errno.EPERM, "not permitted; run it as root, or as the service"),
        ("socketcan", errno.EAFNOSUPPORT, "this kernel has no SocketCAN"),
    ],
)
def test_a_channel_that_cannot_be_opened_says_why_and_what_to_do(
    interface: str, error: int | None, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refused(Port):
        def _open_socket(self) -> Any:
            assert error is not None
            raise OSError(error, os.strerror(error))

    async def main() -> None:
        with pytest.raises(PortError) as caught:
            Refused(interface, "c", []).open()
        assert caught.value.errno == error
        assert caught.value.strerror is not None
        assert caught.value.strerror.startswith(f"channel c of interface {interface} cannot be")
        assert says in caught.value.strerror

    run(main)


def test_a_lost_channel_is_tried_at_most_half_a_second_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It must be back within a second of the interface's return."""
    waits: list[float] = []

    class Never(Port):
        def _open_socket(self) -> Any:
            raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        real = loop.call_later

        def call_later(wait_s: float, *words: Any) -> asyncio.TimerHandle:
            waits.append(wait_s)
            return real(0.0, *words)

        monkeypatch.setattr(loop, "call_later", call_later)
        port = Never("socketcan", "c", [])
        port.open_later()
        while len(waits) < 12:
            await asyncio.sleep(0)
        port.close()

    run(main)
    assert waits[:5] == [0.05, 0.1, 0.2, 0.4, 0.5]
    assert max(waits) == ports_module.REOPEN_S_MAX


def test_a_kernels_frame_is_read_as_it_was_built() -> None:
    frames = [
        Frame(0x7FF, b"\x01\x02", "c"),
        Frame(0x1FFF_FFFF, b"", "c", extended=True),
        Frame(0x123, bytes(range(12)), "c", fd=True),
        Frame(0x123, bytes(64), "c", extended=True, fd=True),
        Frame(0x123, b"", "c", remote=True),
    ]
    for frame in frames:
        assert parse_frame(memoryview(build_frame(frame)), "c") == frame


def test_importing_can_never_imports_asammdf_even_where_it_is_installed() -> None:
    """It would cost the gateway a second and 120 MB. Loading a profile must not bring it either."""
    pytest.importorskip("asammdf")
    program = (
        "import sys\n"
        "from vehicle.runtime.python_can import import_can\n"
        "from vehicle.wire.profile import load_profile\n"
        "load_profile('reference')\n"
        "import_can()\n"
        "assert 'can' in sys.modules and 'cantools' in sys.modules\n"
        "print([name for name in ('asammdf', 'pandas', 'numpy') if name in sys.modules])\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout == "[]\n"


def test_a_socket_hears_only_what_is_wanted_and_errors_even_where_the_kernel_lets_all_through() -> (
    None
):
    """A filter takes at most 512 identifiers, and lets pass what lay in the socket before."""
    wire = Wire().open()
    heard = CanSocket(wire, "can0")  # type: ignore[arg-type]
    heard.hear_only([(0x100, False), (0x1ABCDEF, True)])
    frames = [
        Frame(0x100, b"1", "can0"),
        Frame(0x101, b"2", "can0"),
        Frame(0x100, b"3", "can0", extended=True),
        Frame(0x1ABCDEF, b"4", "can0", extended=True),
        Frame(0x1ABCDE, b"5", "can0"),
    ]
    for frame in frames:
        wire.put(frame)
    wire.put_bytes(struct.pack("=IB3x8s", 0x2000_0000 | BUS_OFF, 8, b""))
    batch: list[Arrived] = []
    assert heard.read(batch, 100, 100)
    assert [each.frame.data[:1] for each in batch] == [b"1", b"4", b"\0"]
    assert (batch[-1].frame.error, heard.received) == (True, 6)
    heard.close()


def test_no_more_is_read_at_once_than_was_asked_for_wanted_or_not() -> None:
    wire = Wire().open()
    heard = CanSocket(wire, "can0")  # type: ignore[arg-type]
    heard.hear_only([(0x100, False)])
    for _ in range(30):
        wire.put(Frame(0x101))
    batch: list[Arrived] = []
    assert [heard.read(batch, 20, 20), heard.read(batch, 20, 20)] == [False, True]
    assert (batch, heard.received) == ([], 30)
    heard.close()


def test_what_is_longer_than_any_frame_is_not_read_as_one() -> None:
    wire = Wire().open()
    heard = CanSocket(wire, "can0")  # type: ignore[arg-type]
    wire.put_bytes(struct.pack("=IB68x", 0x100, 8))
    wire.put(Frame(0x101, b"1", "can0"))
    batch: list[Arrived] = []
    assert heard.read(batch, 100, 100)
    assert [each.frame.can_id for each in batch] == [0x101]
    heard.close()
