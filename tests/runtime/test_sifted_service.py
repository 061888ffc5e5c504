"""Whether frames are passed over or not: what is decided, told, sent and counted is the same.

Every run is played twice in virtual time, with and without the sieve, and compared as a whole.
"""

from __future__ import annotations

import asyncio
import random
import select
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_bench import Bench, CarOnWires, VirtualTimeLoop, Wire, in_virtual_time, reference
from mixed_car import Act, Bus, acts, write_mixed_car

from vehicle.core.inputs import Requested
from vehicle.core.names import Request, Source
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.replay.readers.candump import parse_candump
from vehicle.runtime.can_socket import BUS_OFF, RESTARTED, build_frame
from vehicle.runtime.clock import LiveClock
from vehicle.runtime.ears import Ears
from vehicle.runtime.ports import Port
from vehicle.runtime.sift import COMPILED, Lane, Passed, Sift
from vehicle.runtime.story import read_story
from vehicle.runtime.telematics import verifier_of
from vehicle.runtime.wiring import Wiring
from vehicle.wire.codec import Encoder
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile
from vehicle.wire.translator import Translator
from vehicle.wire.unchanged import rules_of

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(not COMPILED, reason="the compiled part is not built"),
]

STORIES = Path(__file__).resolve().parents[1] / "stories"
ALL = sorted(path.stem for path in STORIES.glob("*.toml"))
CHARGE = "ac_plug_charge_unlock_unplug"
FEW = (
    "bad_checksums",
    "bus_lost_while_charging",
    "bus_sleep_is_no_loss",
    "lost_frames",
    "repeated_counters",
)
"""Those in which messages fail."""

Beside = Callable[[Bench], Awaitable[None]]


class CountingSift(Sift):
    """Counts what it passes over."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0

    def read(self, lane: Lane, limit: int, enough: int) -> bool:
        drained = super().read(lane, limit, enough)
        self.passed += sum(each[1] for each in lane.caught if len(each) == 5)
        return drained

    def flush(self, lane: Lane | None = None) -> list[Passed]:
        told = super().flush(lane)
        self.passed += sum(each.frames for each in told)
        return told


class Told(NamedTuple):
    """Everything that a run shows."""

    journal: list[str]
    sent: list[list[Frame]]
    said: list[str]
    frames_used: int
    received: list[int]


def shown_by(bench: Bench) -> Told:
    # An interface that fails is told of in other words by other calls of the kernel.
    said = [line.partition(" is gone")[0] for line in bench.said]
    return Told(
        bench.journal,
        [wire.sent for wire in bench.wires],
        said,
        bench.service.translator.frames_used,
        [port.frames_received for port in bench.ports],
    )


class PartWire(Wire):
    """A channel on which only some of the car's frames are."""

    def __init__(self, channel: str, carries: Callable[[Frame], bool]) -> None:
        super().__init__(channel)
        self._carries = carries

    def put(self, frame: Frame) -> None:
        if self._carries(frame):
            super().put(frame)


def two_wires() -> list[Wire]:
    """One has the body's messages, one all others."""
    messages = reference().layout.messages.values()
    first = min(spec.bus for spec in messages)
    half = {spec.can_id for spec in messages if spec.bus == first}
    if len(half) == len(messages):
        half = {spec.can_id for spec in list(messages)[::2]}
    return [
        PartWire("can0", lambda frame: frame.can_id in half),
        PartWire("can1", lambda frame: frame.can_id not in half),
    ]


def played(
    name: str,
    sift: Sift | None,
    *,
    wires: Callable[[], list[Wire]] = lambda: [Wire()],
    beside: Beside | None = None,
    jitter_us: int = 0,
    late_us: int = 0,
    seed: int = 1,
    **options: Any,
) -> Told:
    """Play a story; ``late_us``: every fourth wait takes up to so much longer."""
    story = replace(read_story(STORIES / f"{name}.toml"), jitter_us=jitter_us)
    profile = reference()
    profile = replace(profile, car=story.car.apply(profile.car))
    options.setdefault("settings", story.settings)

    async def main(loop: VirtualTimeLoop) -> Bench:
        chance = random.Random(seed)
        if late_us:
            loop.virtual.late_us = lambda: chance.choice((0, 0, 0, chance.randrange(late_us)))
        bench = Bench(loop, profile, wires(), sift=sift, **options)
        bench.start()
        along = asyncio.create_task(beside(bench)) if beside is not None else None  # type: ignore[arg-type]
        await CarOnWires(bench, story, seed).drive()
        if along is not None:
            await along
        bench.service.stop()
        return bench

    return shown_by(in_virtual_time(main))


def assert_same(play: Callable[[Sift | None], Told], share: float = 0.5) -> Told:
    """Play with and without; ``share``: at least so many of the frames were passed over."""
    sift = CountingSift()
    without, told = play(None), play(sift)
    for at, lines in enumerate(zip(told.journal, without.journal, strict=False)):
        assert lines[0] == lines[1], at
    assert told == without
    assert sift.passed > share * told.frames_used
    return told


# ---- stories ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_every_story_goes_the_same_way(name: str) -> None:
    """Each fault, each setting, each kind of sleep."""
    assert_same(partial(played, name))


@pytest.mark.parametrize("name", FEW)
def test_a_story_of_failing_messages_goes_the_same_way_though_nobody_keeps_time(name: str) -> None:
    """The car's cycles jitter and our turns come late: every loss is told at the same moment."""
    assert_same(partial(played, name, jitter_us=3000, late_us=60_000), 0.3)


@pytest.mark.parametrize("name", ["bus_sleep_is_no_loss", "lost_frames"])
def test_a_story_on_two_channels_goes_the_same_way(name: str) -> None:
    assert_same(partial(played, name, wires=two_wires, jitter_us=3000, late_us=60_000), 0.3)


def test_a_car_that_is_heard_on_two_channels_at_once_is_not_passed_over() -> None:
    """Whose frame would be the one before?"""
    sift = CountingSift()
    twice = partial(played, "power_up_empty", wires=lambda: [Wire("can0"), Wire("can1")])
    assert twice(sift) == twice(None)
    assert sift.passed == 0


def test_a_dry_run_goes_the_same_way() -> None:
    """Nothing of ours wakes it: only the car's own deadlines do."""
    told = assert_same(partial(played, "lost_frames", dry_run=True, late_us=60_000), 0.3)
    assert told.sent == [[]]


def test_signed_requests_go_the_same_way() -> None:
    name = "remote_release_with_the_cars_key"

    def play(sift: Sift | None) -> Told:
        verifier = verifier_of("secoc")
        assert verifier is not None
        return played(name, sift, judge=verifier.judge)

    told = assert_same(play)
    assert '"result":"released","source":"remote"' in "\n".join(told.journal)


def test_beside_a_recorder_every_frame_is_recorded(tmp_path: Path) -> None:
    sift = CountingSift()
    with_it = played("power_up_empty", sift, record=tmp_path / "a.log")
    assert with_it == played("power_up_empty", None, record=tmp_path / "b.log")
    assert (tmp_path / "a.log").read_bytes() == (tmp_path / "b.log").read_bytes()
    assert sift.passed == 0


# ---- what happens beside ------------------------------------------------------------------------


async def owner(bench: Bench) -> None:
    for moment_us in range(500_000, 19_000_000, 731_003):
        await bench.until(moment_us)
        off = Settings(auto_lock=Toggle.OFF, latch_mode=Mode.ALWAYS)
        bench.service.change_settings(off if moment_us % 2 else Settings(), "cli")
        bench.service.give(Requested(Request.UNLATCH, Source.SCREEN))


async def stranger(bench: Bench) -> None:
    """Somebody says something else, now and then for long enough to be noticed."""
    encoder = Encoder(bench.profile, "can0")
    for moment_us in range(2_000_000, 18_000_000, 53_000):
        await bench.until(moment_us)
        if moment_us // 1_000_000 % 4 < 2:
            bench.wires[0].put(encoder.encode("DoorLockState", {"CarLock": 2}))


async def our_double(bench: Bench) -> None:
    """Somebody else sends what only we should, also while the car sleeps."""
    can_id, extended = min(bench.profile.transmit_ids)
    for moment_us in range(1_000_000, 18_000_000, 100_000):
        await bench.until(moment_us)
        bench.wires[0].put(Frame(can_id, bytes(8), "can0", extended))


async def cable_breaks(bench: Bench) -> None:
    for down_us, up_us in ((1_601_500, 5_001_500), (9_001_500, 9_201_500)):
        await bench.until(down_us)
        bench.wires[0].set_up(False)
        await bench.until(up_us)
        bench.wires[0].set_up(True)


async def bus_off(bench: Bench) -> None:
    """The controller gives up and restarts; what comes from then on is passed over again."""
    for moment_us, kind in ((3_001_500, BUS_OFF), (5_001_500, RESTARTED), (9_001_500, BUS_OFF)):
        await bench.until(moment_us)
        bench.wires[0].put_bytes(struct.pack("=IB3x8s", 0x2000_0000 | kind, 8, b""))


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        (CHARGE, owner),
        (CHARGE, stranger),
        ("bus_sleep_is_no_loss", our_double),
        (CHARGE, cable_breaks),
        (CHARGE, bus_off),
    ],
)
def test_what_happens_beside_goes_the_same_way(name: str, beside: Beside) -> None:
    assert_same(partial(played, name, beside=beside), 0.3)


def test_where_the_car_is_is_told_as_often_and_what_tells_it_is_never_passed_over() -> None:
    """Nobody but its reader may keep it."""
    told: list[tuple[float, float]] = []

    async def navigation(bench: Bench) -> None:
        bench.service.on_position = lambda *where: told.append(where)
        says = {"Latitude": 52.3731234, "Longitude": 4.8926123}
        frame = Encoder(bench.profile, "can0").encode("NavigationPosition", says)
        for second in range(2, 12):
            await bench.until(second * 1_000_000)
            bench.wires[0].put(frame)

    assert_same(partial(played, CHARGE, beside=navigation))
    assert len(told) == 20


# ---- any frames ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def car(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return write_mixed_car(tmp_path_factory.mktemp("car"))


def frames_of(car: Profile, acts: Sequence[Act]) -> list[tuple[int, Frame]]:
    """Return what a car's acts put on its buses, as (microseconds after the one before, frame)."""
    found = []
    last_us = None
    for line in Bus(car).lines(acts):
        item = parse_candump(line)
        if isinstance(item, tuple):
            then_us, frame = item
            step_us = 0 if last_us is None else max(0, then_us - last_us)
            found.append((min(step_us, 10_000_000), frame))
            last_us = then_us
    return found


def heard(
    car: Profile, frames: Sequence[tuple[int, Frame]], late_us: int, sift: Sift | None
) -> Told:
    async def main(loop: VirtualTimeLoop) -> Bench:
        chance = random.Random(7)
        wires = {name: Wire(name) for name in ("can0", "can1")}
        bench = Bench(loop, car, wires.values(), sift=sift)
        bench.start()
        now_us = loop.now_us
        if late_us:
            loop.virtual.late_us = lambda: chance.randrange(late_us)
        for step_us, frame in frames:
            now_us += step_us
            await bench.until(now_us)
            wires.get(frame.channel, wires["can0"]).put(frame)
        await bench.until(loop.now_us + 12_000_000)
        bench.service.stop()
        return bench

    return shown_by(in_virtual_time(main))


@settings(max_examples=20)
@given(played=acts(), late_us=st.sampled_from((0, 0, 30_000, 700_000)))
def test_whatever_a_car_says_is_heard_the_same_way(
    car: Profile, played: list[Act], late_us: int
) -> None:
    """Every protection, every fault, on two channels; whoever is passed over was heard in time."""
    usual = [Act("everyone", 20_000, 0, 30)]
    frames = frames_of(car, [*usual, *played, *usual])
    assert_same(partial(heard, car, frames, late_us), 0.0)


def test_a_bus_falls_quiet_in_time_after_a_message_of_it_was_lost(tmp_path: Path) -> None:
    """The next frame after the loss decides that the others stopped together, and is passed over.

    The bus is then quiet before anything else of it is due: nobody else would wake us.
    """
    write_mixed_car(tmp_path)
    path = tmp_path / "mixed.toml"
    text = path.read_text(encoding="utf-8").replace("stale_ms = 500", "stale_ms = 9000")
    path.write_text(text, encoding="utf-8")
    body, slow = Frame(0x100, b"\1\0", "can0"), Frame(0x105, b"\1\0", "can0")

    async def main(loop: VirtualTimeLoop, sift: Sift | None) -> list[tuple[int, int]]:
        bench, told = Bench(loop, load_profile(path), [Wire()], sift=sift, dry_run=True), []
        bench.start()
        bench.service.listen(lambda now_us, _: told.append((now_us, loop.now_us)))
        for half_seconds in range(30):
            bench.wires[0].put(body)
            if half_seconds < 20:
                bench.wires[0].put(slow)
            await bench.until(loop.now_us + 510_000)
        await bench.until(loop.now_us + 20_000_000)
        bench.service.stop()
        return told

    told = in_virtual_time(partial(main, sift=Sift()))
    assert told == in_virtual_time(partial(main, sift=None))
    assert max(then_us - now_us for now_us, then_us in told) <= 1


# ---- real sockets -------------------------------------------------------------------------------


class UdpPort(Port):
    """A port on a socket that the kernel stamps frames of, as it does on a CAN socket."""

    class Socket:
        def __init__(self) -> None:
            self.real = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.real.bind(("127.0.0.1", 0))
            for name in ("recv_into", "send", "fileno", "setblocking", "getsockopt", "close"):
                setattr(self, name, getattr(self.real, name))

        def setsockopt(self, level: int, option: int, value: Any) -> None:
            if level == socket.SOL_SOCKET:
                self.real.setsockopt(level, option, value)

    def _open_socket(self) -> Any:
        self.udp = self.Socket()
        return self.udp


def kept_of(car: Profile, sift: Sift | None) -> list[bytes] | None:
    """Let frames of two channels lie unread, by turns; return the news in the order they are taken.

    On one channel all frames but one are the same; on the other each tells something new. None: a
    busy kernel had not delivered all of them when they were looked for.
    """

    async def main() -> list[bytes] | None:
        clock = LiveClock()
        ports = [UdpPort("socketcan", name, car.receive_ids) for name in ("can0", "can1")]
        for port in ports:
            port.open()
            port.narrow()
        ears = Ears(ports, clock, Wiring(car, ["can0", "can1"]))
        if sift is not None:
            rules = rules_of(Translator(car))
            body = next(number for number, rule in enumerate(rules) if rule.name == "Body")
            sift.begin(clock)
            sift.read_with(rules)
            ports[0].sift_by(sift, {0x100: body})
            ports[1].sift_by(sift, {})
        places = [port.udp.real.getsockname() for port in ports]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, select.epoll() as epoll:
            sender.sendto(build_frame(Frame(0x100, bytes([1, 0]))), places[0])
            select.select([ports[0].udp.real], [], [], 30)
            ears.take(clock.look())
            for number in range(40):
                same = Frame(0x100, bytes([1 if number < 20 else 2, 0]))
                sender.sendto(build_frame(same), places[0])
                sender.sendto(build_frame(Frame(0x105, bytes([number, 0]))), places[1])
            for port in ports:
                epoll.register(port.udp.real, select.EPOLLIN)
            if sift is not None:
                sift.wait(epoll.fileno(), 30_000)
            taken = ears.take(clock.look())
            late = sum(port.frames_received for port in ports) < 81
        for port in ports:
            port.close()
        return None if late else [each.data for _, _, each in taken if isinstance(each, Frame)]

    return asyncio.run(main())


@pytest.mark.usefixtures("kernel_stamps")
def test_news_on_several_channels_is_taken_in_the_order_of_the_kernels_stamps(car: Profile) -> None:
    """Also where one channel was read before the other, and both of them late."""
    found = every = None
    for _ in range(50):
        found = kept_of(car, Sift()) if found is None else found
        every = kept_of(car, None) if every is None else every
    assert found is not None
    assert every is not None
    assert len(every) == 80
    assert found == [data for at, data in enumerate(every) if at % 2 or at == 40]


def test_a_frame_that_was_passed_over_long_ago_does_not_look_unread(car: Profile) -> None:
    """What is told late was read in time, so the watchdog is fed."""

    async def main(loop: VirtualTimeLoop) -> None:
        wire = Wire()
        bench = Bench(loop, car, [wire], sift=Sift())
        bench.start()
        for _ in range(4):
            wire.put(Frame(0x105, b"\1\0", "can0"))
            wire.put(Frame(0x100, b"\1\0", "can0"))
            await bench.until(loop.now_us + 100_000)
        wire.put(Frame(0x105, b"\1\0", "can0"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        bench.service._alarm.stop()
        await bench.until(loop.now_us + 1_500_000)
        wire.put(Frame(0x105, b"\2\0", "can0"))
        assert bench.service.alive()
        bench.service.stop()

    in_virtual_time(main)


def test_a_frame_of_a_length_that_does_not_exist_is_none(car: Profile) -> None:
    """A virtual interface lets it through; a message that says nothing else is lost."""
    sound = [(100_000, Frame(0x100, b"\1\0", "can0", fd=True))] * 5

    def play(sift: Sift | None) -> Told:
        return heard(car, [*sound, *[(100_000, Frame(0x100, bytes(9), fd=True))] * 9], 0, sift)

    told = play(Sift())
    assert told.journal == play(None).journal
    assert any('"message":"Body","state":"lost"' in line for line in told.journal)
    assert told.frames_used == 5
