"""The live service: buses in, decisions out, on one asyncio loop.

Knows: the order of one turn, when it must wake next, and whether it lives.
Refuses to know: how a channel is read, what is decided, who asks for what, and how it is shown.

One turn: every channel is read to its end, the frames go in by their time of arrival, then what
became of the channels, then what was asked; then every deadline before the turn began is met, so
nothing is taken for lost that lay unread; then our own frames leave, and only then is anybody told
what was decided: a command waits for no disk and no reader. A single channel hands over one frame
at a time; then no deadline is met before a turn that finds the channel read to its end.

Live equals replay: every frame and event is recorded with the very time it was decided with,
deadlines fire at their own time, and an event comes strictly after the frames before it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence

from vehicle.core.inputs import InputEvent, SettingsChanged
from vehicle.core.manager import LockManager
from vehicle.core.memory import Memory
from vehicle.core.names import Authenticity
from vehicle.core.outputs import Entry, Output
from vehicle.core.settings import Settings
from vehicle.runtime.acquaintance import Acquaintance
from vehicle.runtime.clock import LiveClock, Look
from vehicle.runtime.ears import Ears
from vehicle.runtime.journal import is_entry
from vehicle.runtime.loop import Loop, LoopMemory
from vehicle.runtime.ports import Port
from vehicle.runtime.recorder import Recorder
from vehicle.runtime.side_events import Judged, Started, VariantPicked
from vehicle.runtime.sift import Passed, Sift
from vehicle.runtime.sifting import Sifting
from vehicle.runtime.speaker import Speaker
from vehicle.runtime.wiring import Wiring
from vehicle.wire.frame import Frame
from vehicle.wire.layout import CanId
from vehicle.wire.loaded import Profile
from vehicle.wire.reader import Judge
from vehicle.wire.translator import Translator

JOURNAL_LINES_MAX = 1000
"""How many of the latest journal entries are kept at hand."""

Listener = Callable[[int, Entry], None]
Say = Callable[[str], None]


class Service:
    """One car's lock manager on its buses. Open the ports, then ``start`` it in a running loop."""

    def __init__(
        self,
        profile: Profile,
        ports: Sequence[Port],
        settings: Settings,
        *,
        wiring: Wiring | None = None,
        variant: str | None = None,
        dry_run: bool = False,
        clock: LiveClock | None = None,
        recorder: Recorder | None = None,
        memory: Memory | None = None,
        judge: Judge | None = None,
        sift: Sift | None = None,
        say: Say = lambda _: None,
    ) -> None:
        """Prepare.

        Args:
            profile: the car.
            ports: its channels, open or to be opened later.
            settings: the owner's.
            wiring: which bus is on which channel; None: as it is heard.
            variant: the software version that the car is taken for until it is judged.
            dry_run: decide and tell, and send nothing.
            clock: what tells the time.
            recorder: what takes down everything that comes in.
            memory: what was remembered before a restart.
            judge: checks authentication codes with the car's key; None: there is no key.
            sift: passes over frames that tell nothing new; not used beside a recorder, which takes
                down every frame.
            say: told, in one line, what people at the console want to know.
        """
        self.profile = profile
        self.ports = tuple(ports)
        self.variant = variant
        self.clock = clock or LiveClock()
        self.manager = LockManager(profile.car, settings, shadow=dry_run)
        self.journal: deque[tuple[int, Entry]] = deque(maxlen=JOURNAL_LINES_MAX)
        self.on_broken: Callable[[], None] = lambda: None
        """Called once if a turn ends in an exception: nothing is decided or sent any more."""
        self.on_memory: Callable[[Memory], None] | None = None
        """Given what is remembered, relative to the clock's zero, when that may have changed."""
        self.on_position: Callable[[float, float], None] = lambda *_: None
        """Told latitude and longitude, in degrees, where the car tells them. Nobody else is."""
        self.over = False
        """It was stopped, or broke."""
        self._wiring = wiring or Wiring(profile, [port.channel for port in ports])
        self._judge = judge
        self._signed_ids = _signed_ids(profile) if judge is not None else frozenset()
        self.translator = self._translator(variant)
        self._loop = Loop(self.manager, self.translator, self._sink)
        self._speaker = None if dry_run else Speaker(profile, self.ports, self._wiring)
        if recorder is not None or (self._speaker is not None and self._speaker.patient):
            sift = None
        self._sifting = None if sift is None else self._sifted_by(sift)
        self._sift_anew = False
        """What is passed over must be settled anew."""
        self._ears = Ears(self.ports, self.clock, self._wiring)
        self.foreign_senders = self._speaker.foreign if self._speaker is not None else set()
        """Identifiers of ours that somebody else sends."""
        self._position = profile.position
        self._position_id = -1 if self._position is None else self._position.spec.can_id
        self._recorder = recorder
        self._memory = LoopMemory(manager=memory or Memory())
        self._say = say
        self._listeners: list[Listener] = []
        self._untold: list[tuple[int, Output]] = []
        """What was decided in this turn."""
        self._given: deque[InputEvent] = deque()
        self._acquaintance = Acquaintance(profile, variant, self.ports, say)
        self._unacquainted = True
        """Something may yet be learnt of the car."""
        self._fed_us = -1
        """When the latest frame came."""
        self._passed_us = -1
        """When the latest came that was passed over."""
        self._turning = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_us = 0
        """When the timer wakes us: not later than ``_next_us``."""
        self._next_us: int | None = None
        """When something is next due; None: never."""
        for port in self.ports:
            port.on_ready = self.turn

    def _sifted_by(self, sift: Sift) -> Sifting:
        exempt = set(self.profile.transmit_ids)
        if self.profile.position is not None:
            spec = self.profile.position.spec
            exempt.add((spec.can_id, spec.extended))
        return Sifting(sift, self.clock, self.ports, exempt)

    # ---- beginning and end ----------------------------------------------------------------------

    def start(self) -> None:
        """Begin: nothing moves until the pins' position is known from their feedback.

        Raises OSError where the recording cannot be written.
        """
        now_us = self.clock.now_us()
        if self._recorder is not None:
            self._recorder.begin(now_us, self._started(self._memory, continues=False))
        self._loop.begin(self._memory, now_us)
        self.turn()

    def stop(self) -> None:
        """Stop actuating and withdraw the permit; the pins stay where they are."""
        if not self.over:
            self.turn()
        if not self.over:
            now_us = self._moment()
            self._loop.run_until(now_us)
            self._tell()
            self._tell_memory()
            if self._recorder is not None:
                self._recorder.close(now_us)
            if self._speaker is not None:
                self._speaker.farewell(now_us)
        self._end()

    def _end(self) -> None:
        self.over = True
        if self._timer is not None:
            self._timer.cancel()
        self._acquaintance.stop()
        for port in self.ports:
            port.close()

    def _started(self, memory: LoopMemory, *, continues: bool) -> Started:
        return Started(
            epoch_us=self.clock.epoch_us,
            profile=self.profile.name,
            variant=self.variant,
            shadow=self.manager.shadow,
            settings=self.manager.settings,
            memory=memory,
            continues=continues,
            channels=tuple(sorted(self._wiring.named.items())),
        )

    # ---- what others ask of it ------------------------------------------------------------------

    def give(self, event: InputEvent) -> None:
        """Take an event that is no frame, now."""
        self._given.append(event)
        self.turn()

    def change_settings(self, settings: Settings, source: str) -> None:
        """Put new settings into force."""
        self.give(SettingsChanged(settings, source))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` for every journal entry; return how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def channels_of(self, bus: str) -> Collection[str]:
        """Return the channels that the profile's ``bus`` is on, or may be on."""
        return self._wiring.channels_of(bus)

    def alive(self) -> bool:
        """Return whether decisions are made and every channel that is up is read.

        A turn is made to see. A silent bus is fine; a frame that lay unread for a second shows that
        its channel's reader did not read it when it came.
        """
        self.turn()
        return not self.over and self._ears.well

    # ---- one turn -------------------------------------------------------------------------------

    def turn(self) -> None:
        """Take in what there is, do what is due, and see when to wake next."""
        if self._turning or self.over:
            return
        self._turning = True
        whole = False
        try:
            self._turn_once()
            while self._given:
                self._turn_once()
            whole = True
        finally:
            self._turning = False
            if not whole:
                self._end()
                self.on_broken()
                self._tell()

    def _turn_once(self) -> None:
        look = self.clock.look()
        began_us = look.now_us
        self._take_in(look)
        if self._ears.stirred:
            for words in self._ears.told():
                self._sift_anew = True
                self._say(words)
            self._given.extend(self._ears.changes())
        if self._sift_anew and self._sifting is not None and not self._unacquainted:
            self._sift_anew = False
            for passed in self._sifting.sift.flush():
                self._pass_over(passed)
            self._sifting.renew(self.translator, self._wiring)
        if self._sleeps_on(began_us):
            return  # nobody was told anything: so it is with most of what is on a bus
        while self._given:
            self._hear(self._given.popleft())
        if self._loop.told and (self._next_us is None or began_us < self._next_us):
            self._speak()  # nothing was due before it, so a command needs not wait for what follows
        if self._ears.drained:
            self._loop.run_until(self.clock.give_out(began_us) - 1)
        self._speak()
        self._mind_recording()
        self._tell()
        self._tell_memory()
        self._arm()

    def _take_in(self, look: Look) -> None:
        """Hear what has arrived."""
        for arrived_us, port, heard in self._ears.take(look):
            if isinstance(heard, Passed):
                self._pass_over(heard)
                continue
            now_us = self.clock.give_out(arrived_us)
            if self._fed_us < self._passed_us <= now_us:
                self._fed_us = self._passed_us
            self._feed(now_us, port, heard)
        # Not before: the last that was passed over may have come after what another channel told.
        if self._fed_us < self._passed_us:
            self._fed_us = self.clock.give_out(self._passed_us)

    def _sleeps_on(self, now_us: int) -> bool:
        """Return whether nothing is due yet, and the timer for what will be is set.

        Frames that tell nothing new only put off what would be due without them, so the timer wakes
        us soon enough.
        """
        if self._given or self._loop.told or self.translator.rearmed or self._ears.more:
            return False
        if self._speaker is not None and self._speaker.woken:
            return False
        recorder, next_us = self._recorder, self._next_us
        if recorder is not None and recorder.due_us is not None:
            sooner = next_us is None or recorder.due_us < next_us
            if sooner or recorder.full:
                return False
        return next_us is None or (self._timer is not None and now_us < next_us)

    def _tell_memory(self) -> None:
        if self._loop.told:
            self._loop.told = False
            if self.on_memory is not None:
                self.on_memory(self.manager.memory_at(0))

    def _feed(self, now_us: int, port: Port, frame: Frame) -> None:
        if frame.can_id == self._position_id and self._located(port, frame):
            return  # neither recorded nor heard by anybody else
        if now_us <= self._fed_us and (frame.can_id, frame.extended) in self._signed_ids:
            # What is found of a frame stands before it, so it shares no moment with another.
            now_us = self.clock.give_out(self._fed_us + 1)
        if self._unacquainted:
            self._get_acquainted(now_us, frame)
        if self._recorder is not None and not self._acquaintance.wide:
            self._recorder.frame(now_us, frame)
        if not frame.error:
            can_id = (frame.can_id, frame.extended)
            if (port.channel, can_id) not in self._wiring.known:
                self._wiring.hear(port.channel, can_id)
                self._sift_anew = True
            if self._speaker is not None:
                foreign = self._speaker.heard(now_us, port.channel, frame)
                if foreign is not None:
                    self._say(foreign)
        self._fed_us = now_us
        self._loop.feed(now_us, frame)

    def _pass_over(self, passed: Passed) -> None:
        """Take note of frames of one message that told nothing new."""
        assert self._sifting is not None
        message, frame = self._sifting.told_by(passed)
        if self._speaker is not None:
            self._speaker.heard(passed.now_us, frame.channel, frame)
        self._passed_us = max(self._passed_us, passed.now_us)
        self.translator.pass_over(message, passed.frames, passed.now_us, frame.data)

    def _located(self, port: Port, frame: Frame) -> bool:
        """Return whether a frame is the one that tells the car's position; if so, pass that on."""
        position = self._position
        if position is None or frame.extended is not position.spec.extended or frame.error:
            return False
        if port.channel not in self._wiring.channels_of(position.spec.bus):
            return False
        where = None if frame.remote else position.read(frame.data)
        if where is not None:
            self.on_position(*where)
        return True

    def _get_acquainted(self, now_us: int, frame: Frame) -> None:
        acquaintance = self._acquaintance
        if not acquaintance.over:
            acquaintance.see(now_us, frame)
        # In a recording an event comes before the frames of its moment.
        if acquaintance.variant != self.variant and now_us > self._fed_us:
            self._read_as(now_us, acquaintance.variant)
        self._unacquainted = not acquaintance.over or acquaintance.variant != self.variant
        self._sift_anew = True

    def _read_as(self, now_us: int, variant: str | None) -> None:
        """Read the car as another variant; what was known of it stays known."""
        self.variant = variant
        self._say(f"the car is read as variant {variant or 'unknown'}")
        if self._recorder is not None:
            self._recorder.event(now_us, VariantPicked(variant))
        self.translator = self._translator(variant)
        self._loop.take_over(now_us, self.translator)

    def _translator(self, variant: str | None) -> Translator:
        return Translator(
            self.profile, variant, self._wiring.named, judge=self._judge, judged=self._judged
        )

    def _judged(self, now_us: int, message: str, outcome: Authenticity) -> None:
        if self._recorder is not None:
            self._recorder.event(now_us, Judged(message, outcome))

    def _hear(self, event: InputEvent) -> None:
        now_us = self._moment()
        if self._recorder is not None:
            self._recorder.event(now_us, event)
        self._loop.give(now_us, event)

    def _moment(self) -> int:
        """Return a present moment after every frame so far, and give it out."""
        self.clock.now_us()
        return self.clock.give_out(self._fed_us + 1)

    # ---- what goes out --------------------------------------------------------------------------

    def _sink(self, now_us: int, output: Output) -> None:
        if self._speaker is not None:
            self._speaker.take(now_us, output)
        self._untold.append((now_us, output))

    def _tell(self) -> None:
        """Tell what was decided. The frames that follow from it have left by now."""
        untold, self._untold = self._untold, []
        for now_us, output in untold:
            if is_entry(output):
                self.journal.append((now_us, output))
                for listener in tuple(self._listeners):
                    listener(now_us, output)

    def _speak(self) -> None:
        if self._speaker is None:
            return
        for failure in self._speaker.send(self.clock.look().now_us):
            self._say(f"{failure.channel}: our frames do not get out: {failure.what}")
            if self._recorder is not None:
                self._recorder.event(self._moment(), failure)

    def _mind_recording(self) -> None:
        recorder = self._recorder
        if recorder is None:
            return
        if recorder.full:
            now_us = self._moment()
            self._loop.run_until(now_us)
            memory = self._loop.memory(now_us)
            recorder.next_piece(now_us, self._started(memory, continues=True))
        elif recorder.due_us is not None and recorder.due_us <= self.clock.look().now_us:
            recorder.flush()

    def _arm(self) -> None:
        """Sleep until something is due; for good where nothing is."""
        loop = asyncio.get_running_loop()
        if self._ears.more:
            loop.call_soon(self.turn)
        next_us = self._loop.deadline_us
        self.translator.rearmed = False
        if next_us is not None:
            next_us += 1
        speaker_us = None
        if self._speaker is not None:
            speaker_us = self._speaker.deadline_us
            self._speaker.woken = False
        recorder_us = None if self._recorder is None else self._recorder.due_us
        for due_us in (speaker_us, recorder_us):
            if due_us is not None and (next_us is None or due_us < next_us):
                next_us = due_us
        self._next_us = next_us
        if self._timer is not None and (next_us is None or next_us < self._timer_us):
            self._timer.cancel()
            self._timer = None
        if self._timer is None and next_us is not None:
            self._timer_us = next_us
            wait_s = max(0, next_us - self.clock.look().now_us) / 1e6
            self._timer = loop.call_later(wait_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self.turn()


def _signed_ids(profile: Profile) -> frozenset[CanId]:
    """Return the identifiers of the messages that carry an authentication code."""
    specs = profile.messages.values()
    return frozenset((spec.can_id, spec.extended) for spec in specs if spec.secoc is not None)
