"""Playing a recording onto buses: which frame is due when, and how well that was kept.

Knows: the schedule, seeking, pausing, which frames go to which channel, and timing errors.
Refuses to know: clocks, keys, sockets and formats; all of them are passed in.

Every frame's moment is reckoned from where the playing began, never from the frame before it, so
errors do not add up. A player that was held up for a second (its process was stopped, its disk
slow) goes on from there and says so, instead of sending a second's frames in one burst.
``can.MessageSync`` of python-can also keeps to absolute moments; it cannot seek, pause, change its
speed or say how well it did, sleeps past short gaps, and wants python-can's own readers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Protocol

from vehicle.core.record import record
from vehicle.replay.recording import NewSegment, Recording
from vehicle.wire.frame import Frame
from vehicle.wire.layout import CanId

STALL_NS = 1_000_000_000
"""A player that is so late does not make up for it."""

Send = Callable[[Frame], str | None]
"""Sends a frame; returns why the channel would not have it, None if it has. Raises OSError where
the channel is gone."""


class Key(Enum):
    """What somebody at the terminal wants besides seeking."""

    PAUSE = "pause"
    END = "end"


Wish = Key | int
"""A key, or how far to go in the recording, microseconds; negative for back."""


Where = Callable[[int], int]
"""The clock's time -> where in the recording that is, microseconds."""


class Clock(Protocol):
    """Time, and waiting for it."""

    def now_ns(self) -> int:
        """Return the time; it never runs backwards."""

    def wait(self, until_ns: int | None, where: Where, *, paused: bool) -> Wish | None:
        """Wait until then, None: for good; or return at once what somebody wants.

        ``where``, ``paused``: for whoever is shown how far it has come.
        """


class Left(StrEnum):
    """Why a frame of the recording was not sent."""

    IDENTIFIER = "other identifier"
    CHANNEL = "other channel"
    ERROR = "error frame"


@record
class Selection:
    """Which frames are played, and where."""

    sends: Mapping[str, Send]
    """The recording's channel -> what sends its frames."""
    otherwise: Send | None = None
    """What sends the frames of every other channel; None: they are left out."""
    ids: frozenset[CanId] | None = None
    """The identifiers that are played; None: all."""

    def of(self, frame: Frame) -> Send | Left:
        """Return what sends ``frame``, or why nothing does. A bus makes its error frames itself."""
        if frame.error:
            return Left.ERROR
        if self.ids is not None and (frame.can_id, frame.extended) not in self.ids:
            return Left.IDENTIFIER
        return self.sends.get(frame.channel, self.otherwise) or Left.CHANNEL


class Schedule:
    """The moment at which each time of a recording is due."""

    def __init__(self, speed: float, from_us: int, now_ns: int) -> None:
        """Let ``from_us`` of the recording be due at ``now_ns``, and go on ``speed`` times fast."""
        self._speed = speed
        self._from_us = from_us
        self._begun_ns = now_ns

    def due_ns(self, at_us: int) -> int:
        """Return when ``at_us`` of the recording is due."""
        return self._begun_ns + round((at_us - self._from_us) * 1000 / self._speed)

    def position_us(self, now_ns: int) -> int:
        """Return where in the recording the clock's time is."""
        return self._from_us + round((now_ns - self._begun_ns) * self._speed / 1000)

    def delay(self, by_ns: int) -> None:
        """Let everything be due so much later."""
        self._begun_ns += by_ns


class Errors:
    """How late frames were, in whole microseconds; three digits of it, so it takes little room."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, late_ns: int) -> None:
        """Count one frame that was so late."""
        late_us = max(0, late_ns) // 1000
        if late_us >= 1000:
            unit = 10 ** (len(str(late_us)) - 3)
            late_us = late_us // unit * unit
        self._counts[late_us] += 1

    def share_us(self, share: float) -> int | None:
        """Return what this share of the frames was not later than; None without frames."""
        left = share * self._counts.total()
        for late_us in sorted(self._counts):
            left -= self._counts[late_us]
            if left <= 0:
                return late_us
        return None

    def told(self) -> dict[str, int | None]:
        """Return the summary's figures."""
        return {"p50": self.share_us(0.5), "p99": self.share_us(0.99), "max": self.share_us(1.0)}


@dataclass
class Played:
    """What was played so far."""

    frames: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """``Left`` -> how many frames."""
    refused: Counter[str] = field(default_factory=Counter)
    """Why a channel would not have a frame -> how many of them."""
    laps: int = 0
    """How often the end was reached."""
    stalls: int = 0
    """How often the player was a second late and went on from there."""
    position_us: int = 0
    """Where in the recording it is."""
    errors: Errors = field(default_factory=Errors)


class Player:
    """Plays a recording once or for ever. ``played`` can be read at any time."""

    def __init__(
        self,
        recording: Recording,
        selection: Selection,
        clock: Clock,
        *,
        speed: float | None,
        start_us: int = 0,
        loop: bool = False,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            speed: how many times as fast as it was recorded, above 0; None: as fast as it goes.
            start_us: where in the recording each lap begins.
            loop: begin again at the end, for ever.
        """
        self.played = Played()
        self._recording = recording
        self._selection = selection
        self._clock = clock
        self._speed = speed
        self._start_us = start_us
        self._loop = loop

    def run(self) -> None:
        """Play to the end, or until somebody wants it to end. Raises what sending raises."""
        from_us: int | None = self._start_us
        while from_us is not None:
            self.played.position_us = from_us
            from_us = self._lap(from_us)

    def _lap(self, from_us: int) -> int | None:
        """Play from there on; return where to go on afterwards, None: nowhere."""
        schedule = None
        if self._speed is not None:
            schedule = Schedule(self._speed, from_us, self._clock.now_ns())
        before = self.played.frames
        with closing(self._chosen(from_us)) as chosen:
            for at_us, frame, send in chosen:
                wish = self._until_due(schedule, at_us)
                if wish is Key.END:
                    return None
                if isinstance(wish, int):
                    return max(0, self.played.position_us + wish)
                self._send(send, frame)
        self.played.laps += 1
        # A whole lap without a frame takes no time: for ever would be a busy loop.
        idle = from_us <= self._start_us and self.played.frames == before
        return self._start_us if self._loop and not idle else None

    def _chosen(self, from_us: int) -> Generator[tuple[int, Frame, Send], None, None]:
        with closing(iter(self._recording)) as items:
            for at_us, item in items:
                if at_us < from_us or isinstance(item, NewSegment):
                    continue
                send = self._selection.of(item)
                if isinstance(send, Left):
                    self.played.left_out[send] += 1
                else:
                    yield at_us, item, send

    def _until_due(self, schedule: Schedule | None, at_us: int) -> Wish | None:
        """Wait for a frame's moment, through pauses; return what else somebody wants."""
        played = self.played
        paused_ns: int | None = None

        def where(now_ns: int) -> int:
            if schedule is None:
                return at_us
            return min(at_us, schedule.position_us(paused_ns or now_ns))

        while True:
            due_ns = 0 if schedule is None else schedule.due_ns(at_us)
            try:
                paused = paused_ns is not None
                wish = self._clock.wait(None if paused else due_ns, where, paused=paused)
            finally:
                now_ns = self._clock.now_ns()
                played.position_us = where(now_ns)
            if wish is None and schedule is not None:
                self._note_late(schedule, now_ns - due_ns)
            if wish is not Key.PAUSE:
                return wish
            if paused_ns is None:
                paused_ns = now_ns
            else:
                if schedule is not None:
                    schedule.delay(now_ns - paused_ns)
                paused_ns = None

    def _note_late(self, schedule: Schedule, late_ns: int) -> None:
        self.played.errors.add(late_ns)
        if late_ns >= STALL_NS:
            self.played.stalls += 1
            schedule.delay(late_ns)

    def _send(self, send: Send, frame: Frame) -> None:
        refused = send(frame)
        if refused is None:
            self.played.frames += 1
        else:
            self.played.refused[refused] += 1
