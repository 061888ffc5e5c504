"""What the sift is fed with: sockets, a car's frames with faults, buffers that are none.

Knows: ``_sift.c``'s promise, with the sieve in Python; and how a sieve and a lane are laid out.
Refuses to know: in which order anything is sent and read.
"""

from __future__ import annotations

import random
import socket
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

CLASSIC_SIZE, FD_SIZE = 16, 72
ERROR_FLAG, REMOTE_FLAG = 0x2000_0000, 0x4000_0000
Parts = tuple[int, "array[int]", "array[int]", "array[int]", list[object]]
"""A lane's."""
LENGTHS = (0, 1, 2, 3, 5, 8, 9, 11, 12, 16, 24, 28, 32, 48, 63, 64, 65, 255)


class Pair:
    """Two sockets: what is sent by one is read by the other, with a stamp where asked for."""

    def __init__(self, *, stamped: bool = False) -> None:
        self.theirs, self.ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.theirs.setblocking(False)
        self.ours.setblocking(False)
        if stamped:
            from vehicle.runtime.can_socket import SO_TIMESTAMPNS

            self.ours.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def __enter__(self) -> Pair:
        return self

    def __exit__(self, *_: object) -> None:
        self.theirs.close()
        self.ours.close()


class Car:
    """A car with every protection, messages of CAN FD besides, and what it sends."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        from mixed_car import write_mixed_car

        from vehicle.runtime.can_socket import first_word
        from vehicle.wire.protection import code_of
        from vehicle.wire.translator import Translator
        from vehicle.wire.unchanged import Guard, Rule, rules_of

        profile = write_mixed_car(folder)
        rules = list(rules_of(Translator(profile)))
        specs = [profile.layout.messages[rule.name] for rule in rules]
        self.words = [first_word((spec.can_id, spec.extended)) for spec in specs]
        self.payloads = [bytearray(dice.randbytes(spec.length)) for spec in specs]
        self.codes = [None if not s.protection else code_of(s.protection) for s in specs]
        for number in range(4):
            mask = dice.choice((0, (1 << 512) - 1, dice.getrandbits(512)))
            stale_us = dice.choice((-1, 0, 20_000, 300_000))
            rules.append(Rule(f"fd{number}", mask, stale_us, dice.randrange(2), Guard.NONE))
            self.words.append(0x500 + number)
            self.payloads.append(bytearray(dice.randbytes(dice.choice((0, 7, 8, 12, 48, 64)))))
            self.codes.append(None)
        self.rules = rules
        self.counters = [0] * len(rules)
        self.routes = dict(zip(self.words, range(len(rules)), strict=True))
        self.words.append(0x600)  # wanted, and of no rule

    def datagram(self, dice: random.Random) -> bytes:
        """Return what a socket gives next, mostly a frame much like the one before it."""
        number = dice.randrange(len(self.words))
        if number == len(self.rules):
            return self.packed(0x600, dice.randbytes(dice.randrange(9)))
        payload, code = self.payloads[number], self.codes[number]
        if payload and dice.random() < 0.03:
            payload[dice.randrange(len(payload))] ^= 1 << dice.randrange(8)
        if code is not None:
            step = dice.choice((0, 2, 7)) if dice.random() < 0.02 else 1
            self.counters[number] = (self.counters[number] + step) % (code.counter_max + 1)
            code.protect(payload, self.counters[number])
        packed = self.packed(self.words[number], bytes(payload))
        return packed if dice.random() < 0.95 else mangled(dice, packed)

    def packed(self, word: int, data: bytes) -> bytes:
        """Return a ``can_frame``, or a ``canfd_frame`` where the payload takes one."""
        room = FD_SIZE - 8 if len(data) > CLASSIC_SIZE - 8 else CLASSIC_SIZE - 8
        head = word.to_bytes(4, sys.byteorder) + bytes([len(data), 0, 0, 0])
        return head + data.ljust(room, b"\0")


def mangled(dice: random.Random, packed: bytes) -> bytes:
    """Return a frame with a fault. Never an empty one, which would end the reading."""
    made = bytearray(packed)
    what = dice.randrange(7)
    if what == 0:
        made[4] = dice.choice(LENGTHS)
    elif what == 1:
        made = made[:8].ljust(dice.choice((CLASSIC_SIZE, FD_SIZE)), b"\x55")
        made[4] = dice.choice(LENGTHS)
    elif what == 2:
        del made[dice.randrange(1, len(made)) :]
    elif what == 3:
        made += dice.randbytes(dice.choice((1, 56, 57, 1000)))
    elif what == 4:
        flagged = int.from_bytes(made[:4], sys.byteorder) | dice.choice((ERROR_FLAG, REMOTE_FLAG))
        made[:4] = flagged.to_bytes(4, sys.byteorder)
    elif what == 5:
        made[dice.randrange(5, 8)] ^= 0xFF
    else:
        made[8:] = dice.randbytes(len(made) - 8)
    return bytes(made)


class Plain:
    """What ``_sift.c`` promises, with the sieve in Python: nothing here but what it hands over."""

    def __init__(self, car: Car) -> None:
        from vehicle.replay.scan.columns import Columns, Wanted
        from vehicle.replay.scan.sieve import PlainSieve

        self._car = car
        self._wanted = set(car.words)
        self._columns = Columns(Wanted([(number, False) for number in range(len(car.rules))]))
        self._sieve = PlainSieve(car.rules)
        self._routes = [list(range(len(car.rules)))]

    def takes_time(self, data: bytes) -> bool:
        """Whether a datagram counts among those whose time is kept."""
        word = int.from_bytes(data[:4], sys.byteorder)
        sized = len(data) in (CLASSIC_SIZE, FD_SIZE)
        return sized and bool(word in self._wanted or word & ERROR_FLAG)

    def take(self, now_us: int, data: bytes) -> list[tuple[object, ...]]:
        """Return what is to be handed over for a datagram."""
        from vehicle.runtime.can_socket import parse_frame
        from vehicle.wire.frame import Frame

        if len(data) in (CLASSIC_SIZE, FD_SIZE) and not self.takes_time(data):
            return []
        frame = parse_frame(memoryview(data), "")
        rule = (
            None if frame is None else self._car.routes.get(int.from_bytes(data[:4], sys.byteorder))
        )
        if frame is None or rule is None:
            return [*self.flush(), (-1, data[: FD_SIZE + 1])]
        self._columns.clear()
        self._columns.add(now_us, Frame(rule, frame.data))
        found = self._sieve.take(self._columns, 0, 1, self._routes)
        return [each[1:] if each[0] < 0 else (-1, data) for each in found]

    def flush(self) -> list[tuple[object, ...]]:
        """Return what was passed over and not told yet."""
        return [each[1:] for each in self._sieve.flush()]


def sieve_parts(sift: ModuleType, car: Car) -> tuple[bytes, bytearray, bytearray, array[int]]:
    """Return a sieve's buffers as ``sift.py`` makes them."""
    rules = b"".join(rule.packed() for rule in car.rules)
    state = bytearray(sift.MESSAGE_BYTES * len(car.rules)), bytearray(sift.BUS_BYTES * 2)
    return rules, *state, array("q", [0, 0])


def lane_of(car: Car, descriptor: int) -> Parts:
    """Return a lane's parts as ``sift.py`` makes them."""
    words = sorted(car.words)
    routes = array("i", [car.routes.get(word, -1) for word in words])
    return descriptor, array("I", words), routes, array("q", [0, 0, 0, 0]), []


def unstamped(caught: Sequence[object]) -> list[tuple[object, ...]]:
    """Return what was handed over without the kernel's stamps."""
    each_of = [each for each in caught if isinstance(each, tuple)]
    assert len(each_of) == len(caught)
    return [(-1, each[1]) if len(each) == 2 else each for each in each_of]


def undated(told: Sequence[object]) -> list[tuple[object, ...]]:
    """Return what was told without the time of the first frame that was passed over."""
    found: list[tuple[object, ...]] = []
    for each in told:
        assert isinstance(each, tuple)
        if len(each) == 5:
            rule, count, first_us, now_us, data = each
            assert first_us <= now_us
            found.append((rule, count, now_us, data))
        else:
            found.append(each)
    return found


def check_released(*buffers: object) -> None:
    """Fail where anybody still holds a buffer: one that is held neither grows nor goes."""
    for each in buffers:
        if isinstance(each, bytearray | array):
            each.append(0)
            each.pop()
        elif isinstance(each, memoryview):
            each.release()


def few(dice: random.Random) -> tuple[object, ...]:
    """Return buffers that hold little or nothing."""
    return bytearray(dice.randrange(24)), array("q", [0] * dice.randrange(3)), array("i", [0])


def rubbish_sieve(dice: random.Random, sift: ModuleType, car: Car) -> object:
    """Return a sieve's buffers, most of them with something wrong in them."""
    rules, messages, buses, times = sieve_parts(sift, car)
    made: list[object] = [rules, messages, buses, times]
    what = dice.randrange(11)
    if what < 3:
        changed = bytearray(rules)
        for _ in range(dice.choice((1, 3, 50))):
            # One of the numbers behind the mask and the table.
            start = sift.RULE_BYTES * dice.randrange(len(car.rules)) + 320 + 4 * dice.randrange(14)
            extreme = dice.choice((0, 1, 7, 63, 64, 255, -1, (1 << 31) - 1, -(1 << 31)))
            changed[start : start + 4] = extreme.to_bytes(4, sys.byteorder, signed=True)
        made[0] = bytes(changed)
    elif what < 6:
        messages[:] = dice.choice((dice.randbytes(len(messages)), b"\xff" * len(messages)))
        buses[:] = dice.choice((dice.randbytes(len(buses)), bytes(len(buses))))
        for place in range(8, len(messages), 8):
            if dice.random() < 0.3:
                extreme = dice.choice((0, 1, -1, (1 << 63) - 1, -(1 << 63)))
                messages[place : place + 8] = extreme.to_bytes(8, sys.byteorder, signed=True)
        limit = 1 << dice.choice((20, 60, 61, 63))
        times[:] = array("q", [dice.randrange(-limit, limit) for _ in range(2)])
    elif what == 6:
        place = dice.randrange(4)
        made[place] = dice.choice((b"", bytes(3000), bytearray(3000), None, "text", *few(dice)))
    elif what == 7:
        place = dice.randrange(1, 4)
        odd = bytearray(8 * len(messages) + 9)
        made[place] = memoryview(odd)[dice.randrange(9) :: dice.choice((1, 1, 1, 2))]
    elif what == 8:
        made = made[: dice.randrange(5)] if dice.random() < 0.5 else made[::-1]
    elif what == 9:
        made[0] = made[1] = bytearray(rules)  # what is remembered would become a rule
    return tuple(made) if dice.random() < 0.98 else made


def rubbish_lane(dice: random.Random, car: Car, descriptor: int) -> object:
    """Return a lane's parts, most of them with something wrong in them."""
    made: list[object] = [*lane_of(car, descriptor)]
    what = dice.randrange(8)
    if what == 0:
        made[0] = dice.choice((-1, 0, 1 << 30, 1 << 31, 1 << 70, -(1 << 63), None, 2.5, "3"))
    elif what == 1:
        extremes = (-(1 << 31), (1 << 31) - 1, 0, -1, len(car.rules), len(car.rules) - 1)
        made[2] = array("i", [dice.choice(extremes) for _ in car.words])
    elif what == 2:
        made[1] = array("I", [dice.getrandbits(32) for _ in car.words])
    elif what == 3:
        made[3] = array("q", [dice.choice(((1 << 63) - 1, -(1 << 63), 0)) for _ in range(4)])
    elif what == 4:
        place = dice.randrange(1, 5)
        odd = memoryview(bytearray(400))[dice.randrange(9) :]
        made[place] = dice.choice((b"", bytes(400), odd, None, (), [0], *few(dice)))
    elif what == 5:
        made = made[: dice.randrange(6)] if dice.random() < 0.5 else [*made, made[4]]
    return tuple(made) if dice.random() < 0.98 else made
