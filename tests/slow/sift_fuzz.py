"""Feeds the compiled sift whatever a socket or a caller may hold; compares it with the plain sieve.

Run as a program, with the extension module to load and a folder for scratch files:

    python sift_fuzz.py _sift.so SCRATCH

The module may be one that a sanitizer watches; that one must be loaded into a process of its own.
Ends with an AssertionError, or by the sanitizer's hand, at the first fault; the seeds are fixed.
What is sent through a pair of UNIX sockets is read as from a CAN socket: so it can be of any size.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, ModuleType

from kernel_fuzz import load
from sift_feed import (
    CLASSIC_SIZE,
    FD_SIZE,
    Car,
    Pair,
    Parts,
    Plain,
    check_released,
    lane_of,
    rubbish_lane,
    rubbish_sieve,
    sieve_parts,
    undated,
    unstamped,
)

NAME = "vehicle.runtime._sift"
FRAME_ROUNDS = 60
FRAME_STEPS = 60
WAIT_ROUNDS = 40
WAIT_STEPS = 60
CALL_ROUNDS = 15_000
STORM_LANES = 300
EPOLLIN = select.EPOLLIN
STEPS_US = (0, 0, 1_000, 20_000, 20_000, 300_001, 2_000_001, 5_000_000, -1, -50_000)


def fuzz_frames(sift: ModuleType, scratch: Path) -> None:
    """Compare with the plain sieve: two sockets, any datagram, any number at a time."""
    for seed in range(FRAME_ROUNDS):
        dice = random.Random(seed)
        car = Car(scratch, dice)
        plain, parts, now_us = Plain(car), sieve_parts(sift, car), 0
        with Pair() as one, Pair() as other:
            lanes = [(pair, lane_of(car, pair.ours.fileno())) for pair in (one, other)]
            for _ in range(FRAME_STEPS):
                now_us = max(0, now_us + dice.choice(STEPS_US))
                pair, lane = dice.choice(lanes)
                floor_us = lane[3][3]
                expected: list[tuple[object, ...]] = []
                for _ in range(dice.choice((0, 1, 1, 5, 15, 16, 17, 40))):
                    data = car.datagram(dice)
                    pair.theirs.send(data)
                    if plain.takes_time(data):
                        floor_us = max(floor_us, now_us)
                    expected += plain.take(max(now_us, floor_us), data)
                limit, enough = dice.choice((1, 16, 512)), dice.choice((1, 16, 512))
                while not sift.read(parts, lane, limit, enough, now_us):
                    pass
                assert undated(lane[4]) == expected, f"frames, seed {seed}"
                assert lane[3][3] == floor_us
                assert all(sys.getrefcount(each) <= 3 for each in lane[4])
                lane[4].clear()
                told: list[object] = []
                sift.flush(parts, dice.choice((None, lane)), told)
                assert undated(told) == plain.flush(), f"frames, seed {seed}"
        check_released(*parts[1:], *(each for _, lane in lanes for each in lane[1:4]))


def fuzz_wait(sift: ModuleType, scratch: Path) -> None:
    """Compare with the plain sieve: lanes that come, go, or stay when their sockets are gone."""
    for seed in range(WAIT_ROUNDS):
        dice = random.Random(seed)
        car = Car(scratch, dice)
        plain, parts = Plain(car), sieve_parts(sift, car)
        lanes: list[Parts] = []
        pairs: list[tuple[Pair, Parts]] = []
        with select.epoll() as epoll, contextlib.ExitStack() as stack:
            for _ in range(WAIT_STEPS):
                if not pairs or dice.random() < 0.2:
                    pair = stack.enter_context(Pair(stamped=dice.random() < 0.5))
                    epoll.register(pair.ours, EPOLLIN)
                    # A descriptor is used again: of lanes with the same one the first is read.
                    lanes.insert(0, lane_of(car, pair.ours.fileno()))
                    pairs.append((pair, lanes[0]))
                if dice.random() < 0.1:
                    pair, lane = pairs.pop(dice.randrange(len(pairs)))
                    pair.__exit__()
                    if dice.random() < 0.5:
                        lanes[:] = [each for each in lanes if each is not lane]
                    lanes.append(lane_of(car, -1))
                    continue
                pair, lane = dice.choice(pairs)
                data = car.datagram(dice)
                pair.theirs.send(data)
                ready = sift.wait(epoll.fileno(), dice.choice((0, 0, 1)), 512, parts, lanes)
                expected = plain.take(lane[3][3], data)
                assert undated(unstamped(lane[4])) == expected, f"wait, seed {seed}"
                assert ready == ([(pair.ours.fileno(), EPOLLIN)] if expected else [])
                lane[4].clear()
                told: list[object] = []
                sift.flush(parts, None, told)
                assert undated(told) == plain.flush(), f"wait, seed {seed}"
            check_released(*parts[1:], *(each for lane in lanes for each in lane[1:4]))


def fuzz_storms(sift: ModuleType, scratch: Path) -> None:
    """Hundreds of lanes at once, and a socket that has none: nothing is lost, or told twice."""
    dice = random.Random(0)
    car = Car(scratch, dice)
    plain, parts = Plain(car), sieve_parts(sift, car)
    with select.epoll() as epoll, contextlib.ExitStack() as stack:
        pairs = [stack.enter_context(Pair(stamped=bool(n % 2))) for n in range(STORM_LANES)]
        lanes = [lane_of(car, pair.ours.fileno()) for pair in pairs]
        for pair in pairs:
            epoll.register(pair.ours, EPOLLIN)
        dropped, sent = 0, 0
        for pair in pairs * 2:
            for _ in range(dice.choice((1, 10, 40))):
                data = car.datagram(dice)
                pair.theirs.send(data)
                sent += 1
                dropped += len(data) in (CLASSIC_SIZE, FD_SIZE) and not plain.takes_time(data)
        stranger = stack.enter_context(Pair())
        stranger.theirs.send(b"for somebody else")
        epoll.register(stranger.ours, EPOLLIN)
        told: set[int] = set()
        while ready := sift.wait(epoll.fileno(), 0, 16, parts, lanes):
            told.update(descriptor for descriptor, _ in ready)
            if stranger.ours.fileno() in told:
                epoll.modify(stranger.ours, 0)
        assert stranger.ours.fileno() in told
        assert sum(lane[3][0] for lane in lanes) == sent
        assert all(lane[0] in told or not lane[4] for lane in lanes)
        passed: list[object] = []
        sift.flush(parts, None, passed)
        caught = [each for lane in lanes for each in unstamped([*lane[4]])] + unstamped(passed)
        frames = sum(1 if len(each) == 2 else int(str(each[1])) for each in caught)
        assert frames + dropped == sent


class AlarmError(Exception):
    """What a signal's handler raises."""


def fuzz_signals(sift: ModuleType, scratch: Path) -> None:
    """A signal ends a wait for good, also one that is kept busy by what tells nothing."""
    car = Car(scratch, random.Random(0))
    parts = sieve_parts(sift, car)

    armed = False

    def ring(_number: int, _frame: FrameType | None) -> None:
        nonlocal armed
        if armed:
            armed = False
            raise AlarmError

    def wait_for_alarm(epoll: int, lanes: list[Parts]) -> None:
        nonlocal armed
        try:
            armed = True
            sift.wait(epoll, -1, 512, parts, lanes)
        except AlarmError:
            return
        raise AssertionError("a wait without end ended")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    with select.epoll() as epoll, Pair() as busy, Pair() as other:
        for _ in range(10):
            wait_for_alarm(epoll.fileno(), [])
        # From here on epoll tells without end of a socket that nobody reads: it knows it by the
        # number that another one has now.
        number = busy.ours.fileno()
        epoll.register(number, EPOLLIN)
        busy.theirs.send(b"never read")
        kept = os.dup(number)
        os.dup2(other.ours.fileno(), number)
        for _ in range(10):
            wait_for_alarm(epoll.fileno(), [lane_of(car, number)])
        os.close(kept)
    signal.setitimer(signal.ITIMER_REAL, 0)


def fuzz_calls(sift: ModuleType, scratch: Path) -> None:
    """Call with rubbish in every place: an answer or an ordinary exception, and nothing else."""
    car = Car(scratch, random.Random(0))
    refused = 0
    with select.epoll() as epoll, Pair(stamped=True) as pair:
        epoll.register(pair.ours, EPOLLIN)
        for seed in range(CALL_ROUNDS):
            dice = random.Random(seed)
            for _ in range(dice.choice((0, 1, 3, 20))):
                with contextlib.suppress(BlockingIOError):
                    pair.theirs.send(car.datagram(dice) if dice.random() < 0.99 else b"")
            lane_fd = pair.ours.fileno()
            sieve = rubbish_sieve(dice, sift, car)
            lane = rubbish_lane(dice, car, lane_fd)
            limit = dice.choice((1, 16, 512, 512, 512, 0, -1, (1 << 63) - 1, -(1 << 63), 1 << 63))
            enough = dice.choice((1, 16, 512, 512, 512, 0, -1, (1 << 63) - 1, -(1 << 63)))
            moment_us = dice.choice((-1, 0, 5_000_000, 1 << 61, (1 << 63) - 1, -(1 << 63)))
            lanes: list[object] = [rubbish_lane(dice, car, 77) for _ in range(dice.randrange(2))]
            lanes.append(lane)
            counts = sys.getrefcount(sieve), sys.getrefcount(lane)
            call = dice.randrange(3)
            try:
                if call == 0:
                    sift.read(sieve, lane, limit, enough, moment_us)
                elif call == 1:
                    whole = dice.random() < 0.5
                    sift.flush(
                        sieve, None if whole else lane, dice.choice(([], [], lanes, (), None))
                    )
                else:
                    waited = dice.choice(
                        (epoll.fileno(),) * 6 + (-1, 0, 1 << 40, pair.ours.fileno())
                    )
                    sift.wait(waited, 0, limit, sieve, dice.choice((lanes, lanes, lanes, lane)))
            except (TypeError, ValueError, OverflowError, BufferError):
                refused += 1
            except OSError as error:
                if error.errno not in (errno.EBADF, errno.EINVAL):
                    raise
                refused += 1
            assert (sys.getrefcount(sieve), sys.getrefcount(lane)) == counts, f"calls, seed {seed}"
            for each in (*of(sieve), *of(lane)):
                check_released(each)
    assert 0 < refused < CALL_ROUNDS


def of(parts: object) -> Iterator[object]:
    """Return the parts of what may have none."""
    return iter(parts if isinstance(parts, tuple | list) else ())


def main() -> None:
    """Fuzz everything that the module offers."""
    sift = load(Path(sys.argv[1]), NAME)
    scratch = Path(sys.argv[2])
    fuzz_calls(sift, scratch)
    fuzz_frames(sift, scratch)
    fuzz_wait(sift, scratch)
    fuzz_storms(sift, scratch)
    fuzz_signals(sift, scratch)
    print("nothing found")


if __name__ == "__main__":
    main()
