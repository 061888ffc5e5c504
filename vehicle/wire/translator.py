"""Frames in, the core's events out: one car's messages as observations, losses and requests.

Knows: the order in which a frame is judged, which values are believed, and which change is worth an
event. Refuses to know: clocks, where frames come from, and what follows from an event.

A frame passes its protection first, then its authentication where there is a key, and is then
compared, under a mask of the bits that anybody reads, with the one before: if nothing changed it
only counts as heard. Else its fields are read one by one, and the signals and requests that depend
on them are worked out anew.

Rules of this file:
1. Only changes are events. The first frame also brings what the profile states as fixed.
2. A lost or invalid message's values are unknown at once; one bad frame is only dropped.
3. ``latch_fitted`` and ``adapter_lock_fitted`` stay known once known: hardware does not change.
4. A request is made when its condition turns from known-false to true, never from unknown.
5. In ``BusQuiet``, ``frozen`` are the signals that the losses changed, as they were before the
   first of them. The core may take them back; so after ``BusHeard`` each is told anew as soon as it
   is known, and as UNKNOWN as soon as one of its messages is lost for good, or all are heard and
   it is still unknown.
6. ``BusHeard`` comes with the first good frame of the bus. A protected message's first frame is
   good, though its values are used only from the second (see ``protection``).
7. A message's authentication outcome stands until the next one. So whoever has no key, a replay,
   needs only be told of its changes (``hold_for``) to go on as the one that had it.
"""

from __future__ import annotations

from collections.abc import Mapping

from vehicle.core.inputs import (
    BusHeard,
    BusQuiet,
    MessageBack,
    MessageInvalid,
    MessageLost,
    NotAuthentic,
    Observed,
    Requested,
)
from vehicle.core.names import Authenticity
from vehicle.wire.beliefs import Beliefs, Meaning
from vehicle.wire.frame import Frame
from vehicle.wire.layout import Layout
from vehicle.wire.loaded import Profile
from vehicle.wire.losses import Losses
from vehicle.wire.memory import WireMemory
from vehicle.wire.protection import Check, Protection, ProtectionState
from vehicle.wire.reader import Judge, Judged, Reader
from vehicle.wire.recall import recall, remember, resume_beliefs
from vehicle.wire.routes import EXTENDED, Routes
from vehicle.wire.supervision import BusWatch, Supervision, Watch

WireEvent = (
    Observed
    | MessageLost
    | MessageBack
    | MessageInvalid
    | NotAuthentic
    | BusQuiet
    | BusHeard
    | Requested
)
"""What a translator tells the core."""

_NEVER_US = 1 << 63


class Translator:
    """One car on its buses. Feed it every frame in time order; call ``fire`` at ``deadline_us``."""

    def __init__(
        self,
        profile: Profile,
        variant: str | None = None,
        channels: Mapping[str, str] | None = None,
        *,
        judge: Judge | None = None,
        judged: Judged = lambda *_: None,
    ) -> None:
        """Prepare for one profile.

        Args:
            profile: the car.
            variant: its software version; None: only what is the same in all of them is known.
            channels: the profile's bus -> the frames' channel. A bus that is not named here is
                heard on every channel.
            judge: checks authentication codes; None: there is no key.
            judged: told of each change of an outcome, before the frame takes effect.

        Raises:
            ValueError: the profile has no such variant.
        """
        self.layout = profile.layout_of(variant)
        self._channels = dict(channels or {})
        self._judge = judge
        self._judged = judged
        self._meaning = Meaning(self.layout)
        self.reset()

    def reset(self) -> None:
        """Forget everything that was heard: a new segment begins."""
        self.supervision = Supervision(self.layout.messages.values())  # who is silent
        watches = self.supervision.watches
        readers = {name: Reader(watch, self._meaning.mask(name)) for name, watch in watches.items()}
        self._beliefs = Beliefs(
            self._meaning, lambda name: watches[name].frozen, lambda name: readers[name].proof
        )
        self.readers: Mapping[str, Reader] = readers
        """What is kept of each message, by name."""
        self._losses = Losses(self.supervision, readers, self._beliefs)
        self.routes = Routes(readers.values(), self._channels)
        self._due_us = -_NEVER_US
        """Never later than the next deadline; equal to it unless ``_moved``."""
        self._due: Watch | BusWatch | str | None = None
        self._moved = True
        self.rearmed = True
        """Something may be due earlier than ``deadline_us`` said. Whoever sleeps until then sets
        this to False."""
        self.frames_used = 0
        """Frames whose identifier and channel are the profile's."""
        self.heard: set[str] = set()
        """Messages of which a frame was believed."""

    def tells(self, signal: str) -> bool:
        """Return whether the car itself tells ``signal`` now."""
        return self._beliefs.told.get(signal, "unknown") != "unknown"

    # ---- memory ----------------------------------------------------------------------------------

    def memory(self, now_us: int) -> WireMemory:
        """Return everything remembered at ``now_us``; no deadline before it may still be due."""
        return remember(self.readers, self.supervision.buses, self._beliefs, now_us)

    def resume(
        self, memory: WireMemory, now_us: int, layout: Layout | None = None
    ) -> list[Observed]:
        """Go on from ``memory`` at ``now_us``; return what is read otherwise than it was there.

        ``layout`` is the one that the memory was made with, where that is another variant's: of a
        message or a field only what is the same in both is taken over, so nothing that was lost is
        believed, and nothing is taken for lost that was never heard.

        Raises:
            ValueError: the memory names a signal or value that does not exist.
        """
        recall(memory, now_us, self.readers, self.supervision.buses, layout or self.layout)
        self._losses.resumed(same_bits=layout is None or layout == self.layout)
        self._rearm()
        return resume_beliefs(memory, self._beliefs, self.layout, layout or self.layout)

    # ---- frames ----------------------------------------------------------------------------------

    def feed(self, now_us: int, frame: Frame) -> list[WireEvent]:
        """Take a frame in; return what it tells, which is mostly nothing.

        Deadlines before ``now_us`` that nobody fired are fired first, so that none is overheard.
        """
        can_id, data, channel, extended, _, remote, error = frame
        events = self.fire(now_us - 1) if now_us > self._due_us else []
        reader = self.routes[channel].get(can_id | EXTENDED if extended else can_id)
        if reader is None or remote or error:
            return events
        self.frames_used += 1
        watch = reader.watch
        bus = watch.bus
        bus.last_us = now_us
        if bus.undecided:
            self._rearm()
        elif self._due is watch or self._due is bus:
            self._moved = True  # to a later time, so what is known of it still is a lower bound
        if reader.protection is not None:
            protection = reader.protection
            check = protection.feed(data)
            usual = check is Check.OK or check is Check.OK_SOME_LOST
            if not usual or protection.state is not ProtectionState.VALID:
                return events + self._unused(now_us, reader, protection, check)
        if reader.secoc and not reader.authentic(now_us, data, self._judge, self._judged):
            return events + self._not_authentic(reader, data)
        masked = int.from_bytes(data, "little") & reader.mask
        if masked == reader.masked and len(data) == reader.length:
            watch.heard_us = watch.base_us = now_us
            return events
        reader.masked = masked
        reader.length = len(data)
        return events + self._changed(now_us, reader, data)

    def pass_over(self, message: str, count: int, now_us: int, data: bytes) -> None:
        """Take note of ``count`` good frames of a message, none of which held anything new.

        The last was ``data`` at ``now_us``. The caller made sure that nothing fell due between
        them (``wire.unchanged``).
        """
        self.frames_used += count
        self.readers[message].pass_over(now_us, data)
        watch = self.readers[message].watch
        if watch.bus.undecided:
            self._rearm()
        elif self._due is watch or self._due is watch.bus:
            self._moved = True

    def _unused(
        self, now_us: int, reader: Reader, protection: Protection, check: Check
    ) -> list[WireEvent]:
        """A frame whose values are not used: bad, repeated, or good but not yet enough."""
        events: list[WireEvent] = []
        watch = reader.watch
        self._rearm()
        if check.good:
            if watch.bus.quiet:
                events.append(self._wake(now_us, watch.bus))
            if watch.base_us is not None:
                # Believed once, or awaited after a silence: its sender lives, so the gap restarts.
                watch.heard_us = watch.base_us = now_us
        if protection.state is ProtectionState.INVALID and not reader.invalid:
            reader.invalid = True
            reader.masked = -1
            events.append(MessageInvalid(reader.name))
            events += self._beliefs.forget(reader.name)
        return events

    def hold_for(self, message: str, outcome: Authenticity) -> None:
        """Take the outcome of a message's next frames from whoever had the key."""
        reader = self.readers.get(message)
        if reader is not None:
            reader.authenticity = outcome

    def _not_authentic(self, reader: Reader, data: bytes) -> list[WireEvent]:
        """A frame that is not the car's own: it changes nothing, and does not count as heard."""
        self._rearm()
        why = reader.authenticity
        if why is None or why is Authenticity.UNCHECKED:
            return []
        return [NotAuthentic(reader.name, why, self._beliefs.asked_in(reader.name, data))]

    def _changed(self, now_us: int, reader: Reader, data: bytes) -> list[WireEvent]:
        """A believed frame that is the first, the first again, or holds something new."""
        events: list[WireEvent] = []
        watch = reader.watch
        self._rearm()
        if reader.rivals is not None and reader.rivals.changed(
            now_us, (reader.masked, reader.length)
        ):
            return [*self._losses.contested(now_us, reader, reader.rivals)]
        if watch.bus.quiet:
            events.append(self._wake(now_us, watch.bus))
        if reader.invalid or watch.lost_us is not None:
            events.append(MessageBack(reader.name))
        reader.invalid = False
        reader.lost_values = {}
        watch.hear(now_us)
        self.heard.add(reader.name)
        events += self._beliefs.read(reader.name, data)
        return events

    # ---- silence ---------------------------------------------------------------------------------

    @property
    def deadline_us(self) -> int | None:
        """When ``fire`` is to be called; None while nothing can be lost."""
        if self._moved:
            self._moved = False
            due = self.supervision.next_due()
            self._due_us, self._due = due if due is not None else (_NEVER_US, None)
        return None if self._due is None else self._due_us

    def due_before(self, now_us: int) -> int | None:
        """Return the deadline if it lies before ``now_us``. Cheap enough to ask at every frame."""
        if now_us <= self._due_us:
            return None
        due_us = self.deadline_us
        return due_us if due_us is not None and due_us < now_us else None

    def fire(self, now_us: int) -> list[WireEvent]:
        """Return what follows from silence up to ``now_us``, that moment included."""
        events: list[WireEvent] = []
        while True:
            due_us = self.deadline_us
            if due_us is None or due_us > now_us:
                return events
            due = self._due
            self._rearm()
            if isinstance(due, Watch):
                events += self._losses.lost(due_us, self.readers[due.spec.name])
            elif isinstance(due, str):
                events += self._losses.uncontested(self.readers[due])
            elif due is not None:
                events.append(self._losses.quiet(due))

    def _rearm(self) -> None:
        """Something new may be due, and earlier than what is known."""
        self._moved = self.rearmed = True
        self._due_us = -_NEVER_US

    def still_quiet(self, bus: str) -> BusQuiet | None:
        """Return once more that a bus is quiet, if it is; nothing of it is frozen anew."""
        return self._losses.still_quiet(bus)

    def _wake(self, now_us: int, bus: BusWatch) -> BusHeard:
        bus.wake(now_us)
        return BusHeard(bus.name)
