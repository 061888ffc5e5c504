"""The way through one recording: every item of it, in order of time, into the loop.

Knows: what each kind of item does, and what has been seen so far.
Refuses to know: where items come from, and what becomes of the outputs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from vehicle.core.inputs import SegmentStarted
from vehicle.core.manager import LockManager
from vehicle.core.settings import Settings
from vehicle.replay.recording import Break, Item, NewSegment, Stretch
from vehicle.replay.scan.kernels import Scan
from vehicle.replay.scan.passage import Passage
from vehicle.runtime.events_fields import EventsFileError
from vehicle.runtime.loop import Loop, LoopMemory, Sink
from vehicle.runtime.side_events import (
    Ended,
    Judged,
    Recalled,
    SendFailed,
    SideEvent,
    Started,
    VariantPicked,
)
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.translator import Translator

PROGRESS_FRAMES = 5_000
"""How often progress is told: some times a second even where much is printed."""


class Walk:
    """One walk. Call ``through`` once; then ask what was seen."""

    def __init__(
        self,
        profile: Profile,
        variant: str | None,
        settings: Settings,
        sink: Sink,
        *,
        shadow: bool,
        channels: Mapping[str, str],
    ) -> None:
        self._profile = profile
        self._channels = channels
        self._sink = sink
        self.manager = LockManager(profile.car, settings, shadow=shadow)
        """Decides; it may be asked at any output what no output tells."""
        self._translator = Translator(profile, variant, channels)
        self._loop = Loop(self.manager, self._translator, sink)
        self._passage: Passage | None = None
        self._begun = False
        self._used = 0
        """Frames that translators used before this one, or before their latest reset."""
        self._heard: set[str] = set()
        self.variant = variant
        """The car's software version, as far as it is known."""
        self.last_us = 0

    @property
    def cause(self) -> Frame | None:
        """The frame that an output follows from while it is handed over; None: a deadline."""
        return self._loop.cause

    @property
    def frames_used(self) -> int:
        """Frames whose identifier and channel are the profile's."""
        return self._used + self._translator.frames_used

    @property
    def heard(self) -> set[str]:
        """Messages of which a frame was believed."""
        return self._heard | self._translator.heard

    def through(
        self,
        items: Iterable[tuple[int, Item | SideEvent]],
        progress: Callable[[int], None] | None,
        *,
        live: bool,
    ) -> None:
        """Feed everything to the loop, and at the end every deadline up to the last item.

        ``live``: a ``Started`` comes first and begins; else the recording begins at 0.

        Raises: EventsFileError where a memory is not one of this version.
        """
        frames = 0
        if not live:
            self._begin(0, LoopMemory(), continues=False)
        for now_us, item in items:
            self.last_us = now_us
            if isinstance(item, Frame):
                self._loop.feed(now_us, item)
                frames += 1
                if progress is not None and frames % PROGRESS_FRAMES == 0:
                    progress(frames)
            else:
                self._take(now_us, item)
        self._loop.run_until(self.last_us)

    def through_columns(
        self,
        stretches: Iterable[Stretch | Break],
        events: Sequence[tuple[int, SideEvent]],
        scan: Scan,
        progress: Callable[[int], None] | None,
        *,
        live: bool,
    ) -> None:
        """Do what ``through`` does with frames that come as columns; ``events`` are in order.

        An event goes before the frames of its time, as in a merge of both.

        Raises: EventsFileError where a memory is not one of this version.
        """
        passage = self._passage = Passage(self._loop, self._translator, scan)
        frames = 0
        if not live:
            self._begin(0, LoopMemory(), continues=False)
        waiting = deque(events)
        for item in stretches:
            first = item.first if isinstance(item, Stretch) else 0
            while waiting and waiting[0][0] <= item.now_us:
                now_us, event = waiting.popleft()
                if isinstance(item, Stretch):
                    first = passage.take_before(item.columns, first, item.last, now_us)
                self._aside(now_us, event)
            if isinstance(item, Stretch):
                passage.take(item.columns, first, item.last)
                frames += item.frames
                if progress is not None:
                    progress(frames)
                self.last_us = item.now_us
            else:
                self._aside(item.now_us, item.segment)
        for now_us, event in waiting:
            self._aside(now_us, event)
        self.flush()
        self._loop.run_until(self.last_us)

    def flush(self) -> None:
        """Count what was passed over and not told yet, wherever the walk was broken off."""
        if self._passage is not None:
            self._passage.flush()
            self.last_us = max(self.last_us, self._passage.now_us)

    def _aside(self, now_us: int, item: NewSegment | SideEvent) -> None:
        """Take what is no frame, between frames that come as columns."""
        assert self._passage is not None
        self.last_us = now_us
        self._passage.flush()
        reading = self._translator
        self._take(now_us, item)
        if isinstance(item, NewSegment):
            self._passage.forget()
        elif self._translator is not reading:
            self._passage.read_with(self._translator)

    def _take(self, now_us: int, item: NewSegment | SideEvent) -> None:
        if isinstance(item, NewSegment):
            self._put_aside()
            self._loop.give(now_us, SegmentStarted())
        elif isinstance(item, Started):
            ours = item.profile == self._profile.name
            memory = item.memory if ours else LoopMemory()
            self._begin(now_us, memory, continues=ours and item.continues)
        elif isinstance(item, Recalled):
            self._loop.begin(LoopMemory(manager=item.memory), now_us)
        elif isinstance(item, VariantPicked):
            self._read_as(now_us, item.variant)
        elif isinstance(item, Judged):
            self._loop.hold_for(now_us, item.message, item.outcome)
        elif isinstance(item, Ended):
            self._loop.run_until(now_us)
        elif not isinstance(item, SendFailed):
            self._loop.give(now_us, item)

    def _begin(self, now_us: int, memory: LoopMemory, *, continues: bool) -> None:
        if self._begun:
            return  # the next piece of the same run, which is under way
        self._begun = True
        try:
            self._loop.begin(memory, now_us, continues=continues)
        except ValueError as error:
            raise EventsFileError(
                f"the memory that the recording begins with was written by another version: {error}"
            ) from error
        if continues:
            for output in self.manager.standing():  # for those who read this piece alone
                self._sink(now_us, output)

    def _read_as(self, now_us: int, variant: str | None) -> None:
        if variant is not None and variant not in self._profile.variant_names:
            return  # the recording is replayed with another profile
        self._put_aside()
        self._translator = Translator(self._profile, variant, self._channels)
        self._loop.take_over(now_us, self._translator)
        self.variant = variant

    def _put_aside(self) -> None:
        """Keep what a translator counted that is about to forget it."""
        self._used += self._translator.frames_used
        self._heard |= self._translator.heard
