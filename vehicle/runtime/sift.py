"""Frames that tell nothing new, passed over before Python hears of them.

Knows: which sockets are read so, and how rules, sockets and state are laid out for C (``_sift``).
Refuses to know: what a frame means, and what follows from one that was passed over.

Most of what a car says, it has said before. Such a frame only counts as heard, and that can wait
until something is due: so the event loop waits in C (``SiftingSelector``), which reads a socket as
soon as it is readable and goes on waiting where all it read was passed over. ``flush`` then tells
how far each message was heard. What is passed over is ``wire.unchanged``'s to say, as in a replay.

This part is optional: without it every frame goes through Python, and what is decided is the same.
"""

from __future__ import annotations

import math
import os
import selectors
from array import array
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from vehicle.runtime.clock import LiveClock
from vehicle.wire.unchanged import RULE_BYTES, Rule

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

try:
    from vehicle.runtime import _sift
except ImportError:
    COMPILED = False
else:
    COMPILED = True
    """Whether the compiled part is there."""

CONTRACT = 2
"""The number of the agreement with the compiled part; see ``_sift.c``."""
BATCH_MAX = 512
"""Frames taken from one channel before everybody else gets a turn."""
_WAIT_MS_MAX = 1 << 30
_EPOLLIN, _EPOLLOUT = 1, 4


class Passed(NamedTuple):
    """Frames of one message that told nothing new."""

    rule: int
    """The number of the message's rule."""
    frames: int
    first_us: int
    """When the first of them arrived, by the live clock."""
    now_us: int
    """When the last of them did."""
    data: bytes
    """What it held."""


Caught = tuple[int, bytes] | tuple[int, int, int, int, bytes]
"""A frame that is handed over, as the kernel's stamp in microseconds since 1970 (-1: none) and its
bytes; or what ``Passed`` holds."""


class Lane(NamedTuple):
    """One socket, as C reads it."""

    descriptor: int
    words: array[int]
    """The identifiers that are wanted, with flag bits, sorted."""
    routes: array[int]
    """For each the number of its message's rule; -1: it is always handed over."""
    state: array[int]
    """How many frames were read; the longest that any lay unread, in microseconds, since that was
    last asked; the error that ended the reading, 0 for none; when the latest frame arrived."""
    caught: list[Caught]
    """What waits to be taken."""


class Sift:
    """One service's sockets and the sieve behind them."""

    def __init__(self) -> None:
        self._clock: LiveClock | None = None
        self._times = array("q", [0, 0])
        self._rules = b""
        self._parts: tuple[bytes, bytearray, bytearray, array[int]]
        self._lanes: list[Lane] = []
        self.read_with(())

    def begin(self, clock: LiveClock) -> None:
        """From now on tell the time by ``clock``."""
        self._clock = clock
        self._times[0], self._times[1] = clock.began_us, 0

    def read_with(self, rules: Sequence[Rule]) -> None:
        """From now on judge by ``rules``; every message's next frame is a first. Flush before."""
        self._rules = b"".join(rule.packed() for rule in rules)
        buses = 1 + max((rule.bus for rule in rules), default=0)
        self._parts = (
            self._rules,
            bytearray(_sift.MESSAGE_BYTES * len(rules)),
            bytearray(_sift.BUS_BYTES * buses),
            self._times,
        )

    def add(self, descriptor: int, wanted: Collection[int], routes: Mapping[int, int]) -> Lane:
        """Read a socket, which does not block.

        Args:
            descriptor: the socket's.
            wanted: first words of the frames that are wanted; error frames are besides.
            routes: for these the number of a rule, where there is one.
        """
        words = array("I", sorted(wanted))
        lane = Lane(
            descriptor,
            words,
            array("i", [routes.get(word, -1) for word in words]),
            array("q", [0, 0, 0, 0]),
            [],
        )
        self._lanes.append(lane)
        return lane

    def remove(self, lane: Lane) -> None:
        """Leave a socket alone."""
        self._lanes[:] = [each for each in self._lanes if each is not lane]

    def read(self, lane: Lane, limit: int, enough: int) -> bool:
        """Read up to ``limit`` frames, until ``enough`` were handed over, into ``lane.caught``.

        It may be a few more, since they are read several at a time. Return whether that was all
        there is. Where the interface fails, ``error_of`` tells.
        """
        clock = self._clock
        self._mind_clock()
        now_us = -1 if clock is None or clock.real else clock.look().now_us
        return _sift.read(self._parts, lane, limit, enough, now_us)

    def _mind_clock(self) -> None:
        if self._clock is not None:
            self._times[1] = self._clock.given_us

    def flush(self, lane: Lane | None = None) -> list[Passed]:
        """Return what was passed over and not told yet, of one lane or of all."""
        told: list[tuple[int, int, int, int, bytes]] = []
        _sift.flush(self._parts, lane, told)
        return [Passed(*each) for each in told]

    def wait(self, epoll: int, wait_ms: int) -> list[tuple[int, int]]:
        """Wait for an event that is none of a frame that is passed over; return (descriptor, mask).

        ``wait_ms``: for how long at most; -1: for good. In a lane that is returned something waits
        to be taken.
        """
        self._mind_clock()
        return _sift.wait(epoll, wait_ms, BATCH_MAX, self._parts, self._lanes)


def installed() -> Sift | None:
    """Return a new one; None where the compiled part is missing, or is another version's."""
    if not COMPILED or getattr(_sift, "CONTRACT", 0) != CONTRACT:
        return None
    return Sift() if _sift.RULE_BYTES == RULE_BYTES else None


class SiftingSelector(selectors.EpollSelector):
    """What an event loop waits with: frames that are passed over do not wake it."""

    def __init__(self, sift: Sift) -> None:
        super().__init__()
        self._sift = sift

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait as every selector does, at most ``timeout`` seconds."""
        wait_ms = -1
        if timeout is not None:
            wait_ms = min(_WAIT_MS_MAX, max(0, math.ceil(timeout * 1e3)))
        ready = []
        keys: Mapping[FileDescriptorLike, selectors.SelectorKey] = self.get_map()
        for descriptor, mask in self._sift.wait(self.fileno(), wait_ms):
            key = keys.get(descriptor)
            if key is not None:
                events = selectors.EVENT_WRITE if mask & ~_EPOLLIN else 0
                events |= selectors.EVENT_READ if mask & ~_EPOLLOUT else 0
                ready.append((key, events & key.events))
        return ready


def error_of(lane: Lane) -> OSError | None:
    """Return the error that ended the reading since that was last asked."""
    failed, lane.state[2] = lane.state[2], 0
    return OSError(failed, os.strerror(failed)) if failed else None
