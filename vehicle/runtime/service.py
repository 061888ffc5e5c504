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
from vehicle.core.outputs import Entry, Output
from vehicle.core.settings import Settings
from vehicle.runtime.alarm import Alarm
from vehicle.runtime.clock import LiveClock
from vehicle.runtime.hearing import Hearing
from vehicle.runtime.live_recording import LiveRecording
from vehicle.runtime.loop import LoopMemory
from vehicle.runtime.ports import Port
from vehicle.runtime.recorder import Recorder
from vehicle.runtime.sift import Sift
from vehicle.runtime.speaker import Speaker
from vehicle.runtime.teller import Listener, Teller
from vehicle.runtime.wiring import Wiring
from vehicle.wire.loaded import Profile
from vehicle.wire.reader import Judge
from vehicle.wire.translator import Translator

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
        self.clock = clock or LiveClock()
        self.manager = LockManager(profile.car, settings, shadow=dry_run)
        self._teller = Teller()
        self.journal: Sequence[tuple[int, Entry]] = self._teller.journal
        """The latest journal entries."""
        self.on_broken: Callable[[], None] = lambda: None
        """Called once if a turn ends in an exception: nothing is decided or sent any more."""
        self.on_memory: Callable[[Memory], None] | None = None
        """Given what is remembered, relative to the clock's zero, when that may have changed."""
        self.on_position: Callable[[float, float], None] = lambda *_: None
        """Told latitude and longitude, in degrees, where the car tells them. Nobody else is."""
        self.over = False
        """It was stopped, or broke."""
        self._wiring = wiring or Wiring(profile, [port.channel for port in ports])
        self._recorder = recorder
        self._speaker = None if dry_run else Speaker(profile, self.ports, self._wiring)
        self._hearing = Hearing(
            profile,
            self.ports,
            self._wiring,
            self.clock,
            self.manager,
            self._sink,
            speaker=self._speaker,
            recorder=recorder,
            variant=variant,
            judge=judge,
            sift=sift,
            say=say,
            located=lambda *where: self.on_position(*where),
        )
        self._recording = None
        if recorder is not None:
            self._recording = LiveRecording(
                recorder, self.clock, self.manager, self._wiring, self._hearing
            )
        self._loop = self._hearing.loop
        self._ears = self._hearing.ears
        self.foreign_senders = self._speaker.foreign if self._speaker is not None else set()
        """Identifiers of ours that somebody else sends."""
        self._memory = LoopMemory(manager=memory or Memory())
        self._say = say
        self._given: deque[InputEvent] = deque()
        self._turning = False
        self._alarm = Alarm(self.clock, self.turn)
        for port in self.ports:
            port.on_ready = self.turn

    # ---- beginning and end ----------------------------------------------------------------------

    def start(self) -> None:
        """Begin: nothing moves until the pins' position is known from their feedback.

        Raises OSError where the recording cannot be written.
        """
        now_us = self.clock.now_us()
        if self._recording is not None:
            self._recording.begin(now_us, self._memory)
        self._loop.begin(self._memory, now_us)
        self.turn()

    def stop(self) -> None:
        """Stop actuating and withdraw the permit; the pins stay where they are."""
        if not self.over:
            self.turn()
        if not self.over:
            now_us = self._hearing.moment()
            self._loop.run_until(now_us)
            self._teller.tell()
            self._tell_memory()
            if self._recorder is not None:
                self._recorder.close(now_us)
            if self._speaker is not None:
                self._speaker.farewell(now_us)
        self._end()

    def _end(self) -> None:
        self.over = True
        self._alarm.stop()
        self._hearing.acquaintance.stop()
        for port in self.ports:
            port.close()

    # ---- what others ask of it ------------------------------------------------------------------

    @property
    def translator(self) -> Translator:
        """What reads the car's frames now."""
        return self._hearing.translator

    @property
    def variant(self) -> str | None:
        """The software version that the car is read as; None: not known."""
        return self._hearing.variant

    def give(self, event: InputEvent) -> None:
        """Take an event that is no frame, now."""
        self._given.append(event)
        self.turn()

    def change_settings(self, settings: Settings, source: str) -> None:
        """Put new settings into force."""
        self.give(SettingsChanged(settings, source))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` for every journal entry; return how to stop that."""
        return self._teller.listen(listener)

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
                self._teller.tell()

    def _turn_once(self) -> None:
        look = self.clock.look()
        began_us = look.now_us
        self._given.extend(self._hearing.take_in(look))
        if self._sleeps_on(began_us):
            return  # nobody was told anything: so it is with most of what is on a bus
        while self._given:
            self._hear(self._given.popleft())
        if self._loop.told and (self._alarm.due_us is None or began_us < self._alarm.due_us):
            self._speak()  # nothing was due before it, so a command needs not wait for what follows
        if self._ears.drained:
            self._loop.run_until(self.clock.give_out(began_us) - 1)
        self._speak()
        if self._recording is not None:
            self._recording.mind()
        self._teller.tell()
        self._tell_memory()
        self._arm()

    def _sleeps_on(self, now_us: int) -> bool:
        """Return whether nothing is due yet, and the timer for what will be is set.

        Frames that tell nothing new only put off what would be due without them, or bring it on
        later than the timer rings for them (``Hearing.deadline_us``), so it wakes us soon enough.
        """
        if self._given or self._loop.told or self.translator.rearmed or self._ears.more:
            return False
        if self._speaker is not None and self._speaker.woken:
            return False
        recording = self._recording
        if recording is not None and recording.due_before(self._alarm.due_us):
            return False
        return self._alarm.holds(now_us)

    def _tell_memory(self) -> None:
        if self._loop.told:
            self._loop.told = False
            if self.on_memory is not None:
                self.on_memory(self.manager.memory_at(0))

    def _hear(self, event: InputEvent) -> None:
        now_us = self._hearing.moment()
        if self._recorder is not None:
            self._recorder.event(now_us, event)
        self._loop.give(now_us, event)

    # ---- what goes out --------------------------------------------------------------------------

    def _sink(self, now_us: int, output: Output) -> None:
        if self._speaker is not None:
            self._speaker.take(now_us, output)
        self._teller.untold.append((now_us, output))

    def _speak(self) -> None:
        if self._speaker is None:
            return
        for failure in self._speaker.send(self.clock.look().now_us):
            self._say(f"{failure.channel}: our frames do not get out: {failure.what}")
            if self._recorder is not None:
                self._recorder.event(self._hearing.moment(), failure)

    def _arm(self) -> None:
        """Sleep until something is due; for good where nothing is."""
        loop = asyncio.get_running_loop()
        if self._ears.more:
            loop.call_soon(self.turn)
        loop_us, speaker_us = self._loop.deadline_us, None
        self.translator.rearmed = False
        if self._speaker is not None:
            speaker_us, self._speaker.woken = self._speaker.deadline_us, False
        times_us = (
            None if loop_us is None else loop_us + 1,
            self._hearing.deadline_us,
            speaker_us,
            None if self._recorder is None else self._recorder.due_us,
        )
        self._alarm.set(min((each for each in times_us if each is not None), default=None))
