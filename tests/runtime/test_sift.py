"""Frames passed over before Python hears of them: the same as in a replay, and a loop's wait."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import selectors
import signal
import socket
import struct
import time
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mixed_car import EVERYONE, Act, Bus, acts, write_mixed_car

from vehicle.replay.readers.candump import parse_candump
from vehicle.replay.scan.columns import Columns, Wanted
from vehicle.replay.scan.passage import routes_of
from vehicle.replay.scan.sieve import PlainSieve, Record
from vehicle.runtime import sift as sift_module
from vehicle.runtime.can_socket import (
    SO_TIMESTAMPNS,
    build_frame,
    first_word,
    parse_frame,
)
from vehicle.runtime.clock import LiveClock
from vehicle.runtime.sift import Caught, Lane, Passed, Sift, SiftingSelector, error_of, installed
from vehicle.wire.frame import CLASSIC_BYTES_MAX, Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.translator import Translator
from vehicle.wire.unchanged import Guard, Rule, rules_of

needs_sift = pytest.mark.skipif(
    installed() is None, reason="no compiled part here; install again where there is a C compiler"
)

UNPROTECTED = Rule("Door", 0xFF, 500_000, 0, Guard.NONE)
"""A message of which one byte is read."""
DOOR, STRANGER = 0x210, 0x300
PATIENCE_S = 60


@pytest.fixture(scope="module")
def car(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return write_mixed_car(tmp_path_factory.mktemp("car"))


class Hand:
    """A clock that is set by hand, in microseconds."""

    def __init__(self) -> None:
        self.now_us = 0
        self.clock = LiveClock(lambda: self.now_us * 1000, lambda: self.now_us * 1000)


@contextlib.contextmanager
def datagrams(size: int = 1 << 20) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give a socket that frames are sent to, and the one that they are read from."""
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with theirs, ours:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
        ours.setblocking(False)
        yield theirs, ours


def doors(sift: Sift, ours: socket.socket) -> Lane:
    """Read one message from a socket."""
    sift.read_with([UNPROTECTED])
    return sift.add(ours.fileno(), [DOOR], {DOOR: 0})


def door(value: int, rest: int = 0) -> bytes:
    return build_frame(Frame(DOOR, bytes([value, rest])))


def frames_in(lane: Lane) -> list[bytes]:
    """Return the payloads that were handed over, and forget them."""
    caught = [each[1][8:10] for each in lane.caught if len(each) == 2]
    lane.caught.clear()
    return caught


# ---- what is passed over ------------------------------------------------------------------------


@needs_sift
@pytest.mark.whole
@settings(max_examples=40, deadline=None)
@given(played=acts(), cuts=st.sets(st.integers(0, 400), max_size=5))
@example(played=[Act(EVERYONE, 10_000, value, 60) for value in (0x05, 0x0A, 0x05)], cuts={200})
def test_what_a_replay_passes_over_is_passed_over_live(
    car: Profile, played: list[Act], cuts: set[int]
) -> None:
    columns = Columns(wanted := Wanted(sorted(car.receive_ids)))
    frames = wanted_frames(columns, Bus(car).lines(played))
    rules = rules_of(translator := Translator(car))
    plain, routes = PlainSieve(rules), routes_of(translator, rules, wanted)
    hand, sift = Hand(), Sift()
    sift.begin(hand.clock)
    sift.read_with(rules)
    with datagrams() as (theirs, ours):
        # The buses have no channels of their own, so every channel's frames may go the same way.
        words = dict(zip(map(first_word, wanted.ids), routes[0] if routes else (), strict=False))
        lane = sift.add(ours.fileno(), words, words)
        began_us = min((stamp_us for stamp_us, _ in frames), default=0)
        for kept, (stamp_us, frame) in enumerate(frames):
            hand.now_us = max(hand.now_us, stamp_us - began_us)
            columns.stamps_us[columns.rows[kept]] = hand.now_us
            theirs.send(build_frame(frame))
            assert sift.read(lane, 100, 100)
            assert told(lane.caught, frame) == plain_told(
                plain.take(columns, kept, kept + 1, routes), frame
            )
            lane.caught.clear()
            if kept in cuts:
                assert undated(sift.flush()) == plain_told(plain.flush(), frame)
        assert undated(sift.flush()) == [passed_of(each) for each in plain.flush()]


def wanted_frames(columns: Columns, lines: list[str]) -> list[tuple[int, Frame]]:
    """Put the lines' frames into the columns; return those that are kept there."""
    frames = []
    for line in lines:
        item = parse_candump(line)
        if not isinstance(item, tuple) or columns.full:
            continue
        stamp_us, frame = item
        if len(frame.data) > CLASSIC_BYTES_MAX and not frame.fd:
            continue  # no socket has such a frame
        before = columns.kept
        columns.add(stamp_us, frame)
        if columns.kept > before:
            frames.append((stamp_us, frame))
    return frames


def told(caught: list[Caught], frame: Frame) -> list[Passed | Frame]:
    """Return what waits in a lane; it was given ``frame`` alone."""
    found: list[Passed | Frame] = []
    for each in caught:
        if len(each) == 5:
            found += undated([Passed(*each)])
        else:
            assert each[1] == build_frame(frame)
            found.append(frame)
    return found


def plain_told(records: list[Record], frame: Frame) -> list[Passed | Frame]:
    """Return the same of a replay's sieve."""
    return [frame if each[0] >= 0 else passed_of(each) for each in records]


def passed_of(record: Record) -> Passed:
    """Return what a replay's sieve passed over; it does not keep when the first of it came."""
    _, rule, count, now_us, data = record
    return Passed(rule, count, 0, now_us, data)


def undated(told: list[Passed]) -> list[Passed]:
    """Return what was passed over without the time of the first."""
    assert all(each.first_us <= each.now_us for each in told)
    return [each._replace(first_us=0) for each in told]


@needs_sift
def test_a_frame_that_holds_nothing_new_is_passed_over_and_told_of_before_the_next_one() -> None:
    hand, sift = Hand(), Sift()
    sift.begin(hand.clock)
    with datagrams() as (theirs, ours):
        lane = doors(sift, ours)
        for moment_us, frame in ((10, door(1)), (20, door(1, 7)), (30, door(1, 9)), (40, door(2))):
            hand.now_us = moment_us
            theirs.send(frame)
            assert sift.read(lane, 100, 100)
        assert lane.caught[1] == (0, 2, 20, 30, bytes([1, 9]))
        assert frames_in(lane) == [bytes([1, 0]), bytes([2, 0])]
        assert sift.flush() == []
        assert lane.state[0] == 4


@needs_sift
def test_frames_that_nobody_wants_are_dropped_and_what_is_no_frame_is_handed_over() -> None:
    with datagrams() as (theirs, ours):
        sift = Sift()
        lane = doors(sift, ours)
        error = struct.pack("=IB3x8s", 0x2000_0040, 8, b"")
        for data in (build_frame(Frame(STRANGER, b"\1")), b"five!", error, door(1)[:15]):
            theirs.send(data)
        assert sift.read(lane, 100, 100)
        assert [each[1] for each in lane.caught] == [b"five!", error, door(1)[:15]]


@needs_sift
@pytest.mark.parametrize(
    "data",
    [struct.pack("=IB67x", DOOR, 13), struct.pack("=IB68x", DOOR, 2)],
    ids=["a length that CAN FD has not", "longer than any frame"],
)
def test_what_python_reads_as_no_frame_is_never_passed_over(data: bytes) -> None:
    with datagrams() as (theirs, ours):
        sift = Sift()
        lane = doors(sift, ours)
        for _ in range(3):
            theirs.send(data)
        assert sift.read(lane, 100, 100)
        assert [each[1] for each in lane.caught] == [data] * 3
        assert parse_frame(memoryview(data), "") is None
        assert sift.flush() == []


@needs_sift
def test_an_empty_datagram_ends_the_reading_as_a_failure() -> None:
    with datagrams() as (theirs, ours):
        sift = Sift()
        lane = doors(sift, ours)
        theirs.send(b"")
        assert sift.read(lane, 100, 100)
        failed = error_of(lane)
        assert failed is not None
        assert failed.errno == errno.EPIPE


@needs_sift
def test_a_reader_gets_as_many_as_it_asks_for_in_their_order() -> None:
    with datagrams() as (theirs, ours):
        sift = Sift()
        lane = doors(sift, ours)
        for number in range(200):
            theirs.send(door(number))
        found: list[bytes] = []
        while len(found) < 200:
            drained = sift.read(lane, 50, 1)
            found += frames_in(lane)
            assert drained == (len(found) == 200) or not drained
        assert [data[0] for data in found] == list(range(200))
        assert sift.read(lane, 50, 1)


@needs_sift
def test_a_socket_that_fails_tells_so_once() -> None:
    sift = Sift()
    closed = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    lane = sift.add(closed.fileno(), [], {})
    closed.close()
    assert sift.read(lane, 10, 1)
    failed = error_of(lane)
    assert failed is not None
    assert failed.errno == errno.EBADF
    assert error_of(lane) is None


def read_after_30_ms(sift: Sift) -> Lane:
    """Read two frames, the first of which lay for 30 ms."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind(("127.0.0.1", 0))
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        lane = doors(sift, ours)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs:
            theirs.connect(ours.getsockname())
            theirs.send(door(1))
            sent_ns = time.monotonic_ns()
            while time.monotonic_ns() - sent_ns < 30_000_000:
                time.sleep(0.005)
            theirs.send(door(1))
        while lane.state[0] < 2:
            sift.read(lane, 10, 10)
    return lane


@needs_sift
@pytest.mark.usefixtures("kernel_stamps")
def test_a_frame_that_lay_unread_shows_though_it_is_passed_over() -> None:
    """By the kernel's stamp: so does the one that came first of what is read at a time."""
    sift = Sift()
    sift.begin(LiveClock())
    assert read_after_30_ms(sift).state[1] >= 30_000
    (passed,) = sift.flush()
    assert passed.frames == 1


@needs_sift
def test_a_wall_clock_that_was_set_makes_no_frame_look_unread() -> None:
    """A stamp from long before what was told already is no frame's age: the watchdog is fed."""
    sift, clock = Sift(), LiveClock()
    clock.give_out(3_600_000_000)
    sift.begin(clock)
    assert read_after_30_ms(sift).state[1] == 0


# ---- the wait -----------------------------------------------------------------------------------


def in_a_sifted_loop(main: Callable[[Sift], Coroutine[Any, Any, None]]) -> None:
    """Run ``main`` in an event loop that waits with a sift."""
    sift = Sift()
    sift.begin(LiveClock())
    selector = SiftingSelector(sift)
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        runner.run(asyncio.wait_for(main(sift), PATIENCE_S))


@needs_sift
def test_a_loop_is_woken_by_what_is_handed_over_and_by_nothing_else() -> None:
    async def main(sift: Sift) -> None:
        with datagrams() as (theirs, ours):
            lane, wakes = doors(sift, ours), [0]
            news = asyncio.Event()

            def readable() -> None:
                wakes[0] += 1
                news.set()

            loop = asyncio.get_running_loop()
            loop.add_reader(ours.fileno(), readable)
            theirs.send(door(1))
            await news.wait()
            assert frames_in(lane) == [bytes([1, 0])]
            before = wakes[0]
            for number in range(100):
                theirs.send(door(1, number))
                theirs.send(build_frame(Frame(STRANGER)))
            while lane.state[0] < 201:
                await asyncio.sleep(0.001)
            assert wakes[0] == before
            news.clear()
            theirs.send(door(2))
            await news.wait()
            assert frames_in(lane) == [bytes([2, 0])]
            loop.remove_reader(ours.fileno())

    in_a_sifted_loop(main)


@needs_sift
def test_a_loop_that_waits_so_meets_its_timers_threads_signals_and_writers() -> None:
    async def main(sift: Sift) -> None:
        loop = asyncio.get_running_loop()
        with datagrams() as (theirs, ours):
            doors(sift, ours)
            loop.add_reader(ours.fileno(), lambda: None)
            flood = asyncio.create_task(keep_sending(theirs))
            began_s = loop.time()
            await asyncio.sleep(0.05)
            assert loop.time() - began_s >= 0.05
            assert await asyncio.to_thread(lambda: 42) == 42
            signalled = asyncio.Event()
            loop.add_signal_handler(signal.SIGUSR1, signalled.set)
            os.kill(os.getpid(), signal.SIGUSR1)
            await signalled.wait()
            loop.remove_signal_handler(signal.SIGUSR1)
            written = asyncio.Event()
            loop.add_writer(theirs.fileno(), written.set)
            await written.wait()
            loop.remove_writer(theirs.fileno())
            flood.cancel()
            loop.remove_reader(ours.fileno())

    in_a_sifted_loop(main)


class RungError(Exception):
    """What a signal's handler raises."""


@needs_sift
def test_a_signal_ends_a_wait_that_frames_keep_busy(request: pytest.FixtureRequest) -> None:
    armed = False

    def ring(_number: int, _frame: FrameType | None) -> None:
        nonlocal armed
        if armed:
            armed = False
            raise RungError

    def wait_for_it(waits: SiftingSelector) -> None:
        nonlocal armed
        armed = True
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        waits.select()

    before = signal.signal(signal.SIGALRM, ring)
    request.addfinalizer(lambda: signal.signal(signal.SIGALRM, before))
    request.addfinalizer(lambda: signal.setitimer(signal.ITIMER_REAL, 0))
    sift = Sift()
    with datagrams() as (theirs, ours), datagrams() as (_, empty), SiftingSelector(sift) as waits:
        # The selector tells without end of a socket that nobody reads: it knows it by the number
        # that another one has now.
        waits.register(ours, selectors.EVENT_READ)
        kept = os.dup(ours.fileno())
        request.addfinalizer(lambda: os.close(kept))
        os.dup2(empty.fileno(), ours.fileno())
        theirs.send(door(1))
        doors(sift, ours)
        with pytest.raises(RungError):
            wait_for_it(waits)


async def keep_sending(theirs: socket.socket) -> None:
    """Send frames that tell nothing."""
    theirs.setblocking(False)
    while True:
        with contextlib.suppress(BlockingIOError):
            theirs.send(build_frame(Frame(STRANGER)))
        await asyncio.sleep(0)


# ---- with and without ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting", [("COMPILED", False), ("CONTRACT", -1), ("RULE_BYTES", 1)], ids=lambda each: each[0]
)
def test_without_its_compiled_part_or_with_another_versions_there_is_none(
    monkeypatch: pytest.MonkeyPatch, setting: tuple[str, Any]
) -> None:
    monkeypatch.setattr(sift_module, *setting)
    assert installed() is None
