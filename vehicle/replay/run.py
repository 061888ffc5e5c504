"""Runs a recording through the very same decision code as the car, on the recording's own time.

Knows: how frames, side events and deadlines reach the loop, and what is counted on the way.
Refuses to know: formats (``readers``), how a journal line looks, and how a summary is shown.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import islice

from vehicle.core.outputs import Output
from vehicle.core.settings import Settings
from vehicle.replay.agreement import Agreement
from vehicle.replay.beside import started_of
from vehicle.replay.recording import Item, NewSegment, Recording, Stretch
from vehicle.replay.scan.columns import Wanted
from vehicle.replay.scan.kernels import Kernel, Scan, choose
from vehicle.replay.summary import Summary, degraded_words
from vehicle.replay.walk import Walk
from vehicle.runtime.loop import Sink
from vehicle.runtime.side_events import SideEvent
from vehicle.wire.frame import Frame
from vehicle.wire.profile import Profile, profiles_that_fit

VARIANT_HEAD_US = 30_000_000
"""How much of a recording is looked at to pick the car's software version.

Our own choice: six times as long as the slowest message may take to repeat (requirement S6 names
5 s), so that each that tells a version apart is heard, and a long recording is not read twice.
"""
IDS_HEAD_FRAMES = 100_000
"""How much of a recording is looked at to tell which profiles fit it: some 30 s of a full bus."""


class NothingInCommonError(Exception):
    """Not one frame of the recording has an identifier of the profile."""


class Replay:
    """One recording, one profile, one policy."""

    def __init__(
        self,
        recording: Recording,
        profile: Profile,
        settings: Settings | None = None,
        *,
        shadow: bool,
        events: Iterable[tuple[int, SideEvent]] = (),
        channels: Mapping[str, str] | None = None,
        kernel: Kernel | None = None,
        frame_by_frame: bool = False,
    ) -> None:
        """Prepare a replay.

        Args:
            recording: the frames.
            profile: the car.
            settings: the owner's settings at the beginning; None: the live recording's own, or the
                defaults.
            shadow: another controller moved the pins. The recording of a dry run says so itself.
            events: what happened beside the frames, in order of time.
            channels: the profile's bus -> the channel of the recording that it is on; a bus that
                is not named here is where the live recording says, or else on every channel.
            kernel: what reads the recording as columns; None: the quickest there is.
            frame_by_frame: every frame goes through the loop. The outcome is the same; this is
                what columns are compared with.
        """
        found = list(events)
        self._recording = recording
        self._profile = profile
        self._live = started_of(found)
        self._events = found
        self._channels = {**self._live_channels(), **(channels or {})}
        self._kernel = kernel or choose()
        self._frame_by_frame = frame_by_frame
        self.shadow = shadow or (self._live is not None and self._live.shadow)
        self.settings = settings or (self._live.settings if self._live else Settings())
        self.variant = self._pick_variant()
        """The variant that it begins with."""

    @property
    def epoch_us(self) -> int | None:
        """Wall-clock microseconds since 1970 at time 0, where that is known."""
        return self._recording.epoch_us if self._live is None else self._live.epoch_us

    def _live_channels(self) -> dict[str, str]:
        live = self._live
        return dict(live.channels) if live and live.profile == self._profile.name else {}

    def _pick_variant(self) -> str | None:
        if not self._profile.variant_names:
            return None
        if self._live is not None and self._live.profile == self._profile.name:
            return self._live.variant
        return self._profile.pick_variant(self._head())

    def _head(self) -> Iterator[tuple[int, Frame]]:
        """The frames of its beginning that a variant may be told by."""
        scan = Scan(self._kernel, Wanted(sorted(self._profile.receive_ids)))
        with closing(self._recording.columns(scan)) as stretches:
            for item in stretches:
                if isinstance(item, Stretch):
                    columns = item.columns
                    for kept in range(item.first, item.last):
                        now_us = columns.stamps_us[columns.rows[kept]]
                        frame = columns.frame(kept)
                        if now_us <= VARIANT_HEAD_US and self._is_ours(frame):
                            yield now_us, frame
                if item.now_us > VARIANT_HEAD_US:
                    return

    def run(
        self,
        sink: Sink,
        progress: Callable[[int], None] | None = None,
        meet: Callable[[Walk], None] | None = None,
    ) -> Summary:
        """Replay everything, giving each output to ``sink``; return the summary.

        ``progress`` is called now and then with the number of frames read. ``meet`` is given the
        walk before anything happens, to be asked at an output what no output tells. Ctrl-C ends
        the replay where it is, and the summary says so.

        Raises: NothingInCommonError where no frame has an identifier of the profile, and what the
        recording's reader raises.
        """
        summary = Summary(self._profile.name, self.variant, self.epoch_us)
        summary.kernel = "frames" if self._frame_by_frame else self._kernel.name
        summary.agreement = Agreement() if self.shadow else None

        def note(now_us: int, output: Output) -> None:
            summary.count(now_us, output)
            sink(now_us, output)

        walk = Walk(
            self._profile,
            self.variant,
            self.settings,
            note,
            shadow=self.shadow,
            channels=self._channels,
        )
        if meet is not None:
            meet(walk)
        try:
            self._go(walk, progress)
        except KeyboardInterrupt:
            summary.interrupted = True
            walk.flush()
        summary.variant = walk.variant
        summary.frames_used = walk.frames_used
        summary.messages_heard = len(walk.heard)
        summary.report = self._recording.report
        if summary.interrupted:
            # What was read ahead of the place where it ended has told nothing.
            ended_us = walk.last_us - self._shift_us()
            summary.report = replace(summary.report, duration_us=ended_us)
        if summary.frames_used == 0 and not summary.interrupted:
            raise NothingInCommonError(self._nothing_in_common())
        summary.degraded = degraded_words(self._profile, walk.variant, walk.heard)
        if summary.agreement is not None:
            summary.agreement.finish(walk.last_us)
        return summary

    def _go(self, walk: Walk, progress: Callable[[int], None] | None) -> None:
        live = self._live is not None
        if self._frame_by_frame:
            with closing(self._merged()) as items:
                walk.through(items, progress, live=live)
            return
        scan = Scan(self._kernel, Wanted(sorted(self._profile.receive_ids)))
        with closing(self._recording.columns(scan, self._shift_us(), live=live)) as stretches:
            walk.through_columns(stretches, self._events, scan, progress, live=live)

    def _is_ours(self, frame: Frame) -> bool:
        """Whether a frame with an identifier of the profile is on a channel of one of its buses."""
        buses = self._profile.buses_of[frame.can_id, frame.extended]
        return any(self._channels.get(bus, frame.channel) == frame.channel for bus in buses)

    def _nothing_in_common(self) -> str:
        """Say what the recording has instead, by its beginning."""
        with closing(iter(self._recording)) as items:
            frames = (item for _, item in items if isinstance(item, Frame))
            head = list(islice(frames, IDS_HEAD_FRAMES))
        ids = {(frame.can_id, frame.extended) for frame in head}
        name, ours = self._profile.name, self._profile.receive_ids
        if ids & ours and self._channels:
            buses = ", ".join(f"{bus}={channel}" for bus, channel in self._channels.items())
            heard = {each.channel for each in head if (each.can_id, each.extended) in ours}
            return (
                f"no identifier of profile {name} is on {buses} in this recording; it has some on"
                f" {', '.join(sorted(heard))}: see --channel"
            )
        return _nothing_in_common(name, ids)

    def _shift_us(self) -> int:
        """How far the events' clock is ahead of the recording's."""
        if self._live is None or self._recording.epoch_us is None:
            return 0
        return self._recording.epoch_us - self._live.epoch_us

    def _merged(self) -> Generator[tuple[int, Item | SideEvent], None, None]:
        """Frames and side events in order of time; at the same time the event goes first."""
        frames = self._frames()
        beside = ((now_us, 0, event) for now_us, event in self._events)
        with closing(frames):
            for now_us, _, item in heapq.merge(frames, beside, key=lambda each: each[:2]):
                yield now_us, item

    def _frames(self) -> Generator[tuple[int, int, Item], None, None]:
        """Frames on the clock of the events; a live recording's clock never breaks."""
        shift_us = self._shift_us()
        for now_us, item in self._recording:
            if self._live is not None and isinstance(item, NewSegment) and item.step_us > 0:
                shift_us += item.step_us
            else:
                yield now_us + shift_us, 1, item


def _nothing_in_common(name: str, ids_seen: set[tuple[int, bool]]) -> str:
    fits = profiles_that_fit(ids_seen)
    if not fits:
        return (
            f"no identifier of profile {name} is in this recording, and no shipped profile fits it;"
            " describe the car in a profile of its own (see chargelock profile check)"
        )
    words = ", ".join(f"{fit} ({count} in common)" for fit, count in fits)
    return f"no identifier of profile {name} is in this recording; profiles that do fit: {words}"
