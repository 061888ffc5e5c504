"""The live service: buses in, decisions out, on one asyncio loop.

Knows: the order of one turn, when it must wake next, and whether it lives.
Refuses to know: how a channel is read, what is decided, who asks for what, and how it is shown.

One turn: every channel is read to its end, the frames go in by their time of arrival, then what
became of the channels, then what was asked; then every deadline before the turn began is met, so
nothing is taken for lost that lay unread; then our own frames leave.

Live equals replay: every frame and event is recorded with the very time it was decided with,
deadlines fire at their own time, and an event comes strictly after the frames before it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from operator import itemgetter

from vehicle.core.manager import LockManager
from vehicle.core.memory import Memory
from vehicle.core.messages import BusFailed, BusRestored, Entry, InputEvent, Output, SettingsChanged
from vehicle.core.settings import Settings
from vehicle.runtime.clock import LiveClock
from vehicle.runtime.events_file import Started, VariantPicked
from vehicle.runtime.first_look import FirstLook
from vehicle.runtime.journal import is_entry
from vehicle.runtime.loop import Loop, LoopMemory
from vehicle.runtime.ports import Port
from vehicle.runtime.recorder import Recorder
from vehicle.runtime.speaker import Speaker
from vehicle.runtime.wiring import Wiring
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import profiles_that_fit
from vehicle.wire.translator import Translator

JOURNAL_LINES_MAX = 1000
"""How many of the latest journal entries are kept at hand."""

BATCH_MAX = 512
"""Frames taken from one channel before everybody else gets a turn."""

WAITED_US_MAX = 1_000_000
"""A frame that lay longer before anybody read it shows that nobody reads."""

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
            say: told, in one line, what people at the console want to know.
        """
        self.profile = profile
        self.ports = tuple(ports)
        self.variant = variant
        self.clock = clock or LiveClock()
        self.manager = LockManager(profile.car, settings, shadow=dry_run)
        self.journal: deque[tuple[int, Entry]] = deque(maxlen=JOURNAL_LINES_MAX)
        self.foreign_senders: set[int] = set()
        """Identifiers of ours that somebody else sends."""
        self.on_broken: Callable[[], None] = lambda: None
        """Called once if a turn ends in an exception: nothing is decided or sent any more."""
        self.over = False
        """It was stopped, or broke."""
        self._wiring = wiring or Wiring(profile, [port.channel for port in ports])
        self.translator = Translator(profile, variant, self._wiring.named)
        self._loop = Loop(self.manager, self.translator, self._sink)
        self._speaker = None if dry_run else Speaker(profile, self.ports, self._wiring)
        self._recorder = recorder
        self._memory = LoopMemory(manager=memory or Memory())
        self._say = say
        self._listeners: list[Listener] = []
        self._given: deque[InputEvent] = deque()
        self._failed: set[str] = set()
        self._look: FirstLook | None = FirstLook(profile, variant)
        self._wide = True
        self._waited_us: dict[str, int] = {}
        self._fed_us = -1
        self._turning = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_us = 0
        self._tasks: set[asyncio.Task[None]] = set()
        for port in self.ports:
            port.on_ready = self.turn

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
            if self._recorder is not None:
                self._recorder.close(now_us)
            if self._speaker is not None:
                self._speaker.farewell(now_us)
        self._end()

    def _end(self) -> None:
        self.over = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
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
        if self.over:
            return False
        return all(
            port.reads and self._waited_us.get(port.channel, 0) < WAITED_US_MAX
            for port in self.ports
            if port.up
        )

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

    def _turn_once(self) -> None:
        began_us = self.clock.look().now_us
        drained = self._take_frames()
        self._mind_interfaces()
        while self._given:
            self._hear(self._given.popleft())
        if drained:
            self._loop.run_until(self.clock.give_out(began_us) - 1)
        self._speak()
        self._mind_recording()
        self._arm(drained)

    def _take_frames(self) -> bool:
        """Take in what the channels received; return whether that was all."""
        arrivals: list[tuple[int, Port, Frame]] = []
        clock = self.clock
        for port in self.ports:
            batch = port.poll(BATCH_MAX)
            look = clock.look()
            times = [clock.arrived_us(look, stamp_us) for stamp_us, _ in batch]
            self._waited_us[port.channel] = look.now_us - times[0] if times else 0
            arrivals += [(at, port, frame) for at, (_, frame) in zip(times, batch, strict=True)]
        if len(self.ports) > 1:
            arrivals.sort(key=itemgetter(0))
        for arrived_us, port, frame in arrivals:
            self._feed(clock.give_out(arrived_us), port, frame)
        return all(port.drained for port in self.ports)

    def _feed(self, now_us: int, port: Port, frame: Frame) -> None:
        if self._look is not None:
            self._get_acquainted(self._look, now_us, frame)
        if self._recorder is not None and not self._wide:
            self._recorder.frame(now_us, frame)
        if self._speaker is not None and not frame.error:
            if self._speaker.is_ours(frame):
                self._mind_foreign_sender(port, frame)
            else:
                self._speaker.heard(now_us, port.channel)
        if self._wiring.hear(port.channel, (frame.can_id, frame.extended)):
            self._mind_interfaces()
        self._fed_us = now_us
        self._loop.feed(now_us, frame)

    def _hear(self, event: InputEvent) -> None:
        now_us = self._moment()
        if self._recorder is not None:
            self._recorder.event(now_us, event)
        self._loop.give(now_us, event)

    def _moment(self) -> int:
        """Return a present moment after every frame so far, and give it out."""
        self.clock.now_us()
        return self.clock.give_out(self._fed_us + 1)

    def _mind_interfaces(self) -> None:
        """Tell the core which buses cannot be heard any more, and which can again."""
        for port in self.ports:
            for up, why in port.take_changes():
                self._say(f"{port.channel} is {'back' if up else 'gone'}: {why}")
        failed = self._wiring.failed({port.channel for port in self.ports if not port.up})
        for bus in sorted(failed - self._failed):
            self._given.append(BusFailed(bus))
        for bus in sorted(self._failed - failed):
            self._given.append(BusRestored(bus))
        self._failed = failed

    def _mind_foreign_sender(self, port: Port, frame: Frame) -> None:
        if frame.can_id not in self.foreign_senders:
            self.foreign_senders.add(frame.can_id)
            self._say(
                f"{port.channel}: somebody else sends our identifier {frame.can_id:X}; if the car's"
                " own lock controller still works, use --dry-run"
            )

    # ---- getting acquainted ---------------------------------------------------------------------

    def _get_acquainted(self, look: FirstLook, now_us: int, frame: Frame) -> None:
        """Hear everything until the profile is recognised; find out which variant the car is."""
        look.see(now_us, frame)
        if self._wide and (look.recognised or look.misfit):
            self._wide = False
            for port in self.ports:
                port.narrow()
            if look.misfit:
                task = asyncio.get_running_loop().create_task(self._tell_misfit(look))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        if look.variant != self.variant and now_us > self._fed_us:
            self.variant = look.variant
            self._say(f"the car is read as variant {self.variant or 'unknown'}")
            if self._recorder is not None:
                self._recorder.event(now_us, VariantPicked(self.variant))
            self.translator = Translator(self.profile, self.variant, self._wiring.named)
            self._loop.take_over(now_us, self.translator)
        if look.over and look.variant == self.variant:
            self._look = None

    async def _tell_misfit(self, look: FirstLook) -> None:
        fits = await asyncio.to_thread(profiles_that_fit, frozenset(look.ids_seen))
        words = ", ".join(f"{name} ({count} in common)" for name, count in fits) or "none shipped"
        self._say(
            f"no identifier of profile {self.profile.name} in 5 s of traffic; profiles that fit:"
            f" {words}"
        )

    # ---- what goes out --------------------------------------------------------------------------

    def _sink(self, now_us: int, output: Output) -> None:
        if self._speaker is not None:
            self._speaker.take(now_us, output)
        if is_entry(output):
            self.journal.append((now_us, output))
            for listener in tuple(self._listeners):
                listener(now_us, output)

    def _speak(self) -> None:
        if self._speaker is None:
            return
        for failure in self._speaker.send(self.clock.now_us()):
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

    def _arm(self, drained: bool) -> None:
        """Sleep until something is due; for good where nothing is."""
        loop = asyncio.get_running_loop()
        if not drained:
            loop.call_soon(self.turn)
        due = [None if self._loop.deadline_us is None else self._loop.deadline_us + 1]
        if self._speaker is not None:
            due.append(self._speaker.deadline_us)
        if self._recorder is not None:
            due.append(self._recorder.due_us)
        next_us = min((due_us for due_us in due if due_us is not None), default=None)
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
