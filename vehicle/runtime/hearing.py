"""What comes in on a car's channels, up to the loop that decides on it.

Knows: what is done with a frame before it is fed, which variant of the car it is read as, what is
passed over and when to look for it, and when the latest came. Refuses to know: when a turn is made,
what the loop has due, and everything that goes out.

A frame is, in this order: taken for the car's position, which goes nowhere else; shown to whoever
gets acquainted with the car; recorded; noted as heard on its channel and on our buses; fed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vehicle.core.inputs import BusFailed, BusRestored
from vehicle.core.manager import LockManager
from vehicle.core.names import Authenticity
from vehicle.runtime.acquaintance import Acquaintance
from vehicle.runtime.clock import LiveClock, Look
from vehicle.runtime.ears import Ears
from vehicle.runtime.loop import Loop, Sink
from vehicle.runtime.ports import Port
from vehicle.runtime.recorder import Recorder
from vehicle.runtime.side_events import Judged, VariantPicked
from vehicle.runtime.sift import Passed, Sift
from vehicle.runtime.sifting import Sifting
from vehicle.runtime.speaker import Speaker
from vehicle.runtime.wiring import Wiring
from vehicle.wire.frame import Frame
from vehicle.wire.layout import CanId
from vehicle.wire.loaded import Profile
from vehicle.wire.reader import Judge
from vehicle.wire.translator import Translator


class Hearing:
    """One service's way in. Ask it to ``take_in`` what there is; the rest follows by itself."""

    def __init__(
        self,
        profile: Profile,
        ports: Sequence[Port],
        wiring: Wiring,
        clock: LiveClock,
        manager: LockManager,
        sink: Sink,
        *,
        speaker: Speaker | None,
        recorder: Recorder | None,
        variant: str | None,
        judge: Judge | None,
        sift: Sift | None,
        say: Callable[[str], None],
        located: Callable[[float, float], None],
    ) -> None:
        """Prepare.

        Args:
            profile: the car.
            ports: its channels.
            wiring: which bus is on which channel.
            clock: what tells the time.
            manager: what decides.
            sink: takes what it decides.
            speaker: told of every frame, since we speak only where others do; None: we do not.
            recorder: what takes down every frame.
            variant: the software version that the car is taken for until it is judged.
            judge: checks authentication codes with the car's key; None: there is no key.
            sift: passes over frames that tell nothing new. It is not used beside a recorder.
            say: told, in one line, what people at the console want to know.
            located: told latitude and longitude, in degrees, where the car tells them.
        """
        self.variant = variant
        self.fed_us = -1
        """When the latest frame came."""
        self.profile = profile
        self._wiring = wiring
        self._clock = clock
        self._speaker = speaker
        self._recorder = recorder
        self._judge = judge
        self._say = say
        self._located = located
        self._signed_ids = _signed_ids(profile) if judge is not None else frozenset()
        self.translator = self._translator(variant)
        self.loop = Loop(manager, self.translator, sink)
        self.ears = Ears(ports, clock, wiring)
        self.acquaintance = Acquaintance(profile, variant, ports, say)
        self._unacquainted = True
        """Something may yet be learnt of the car."""
        self._position = profile.position
        self._position_id = -1 if self._position is None else self._position.spec.can_id
        usable = recorder is None and (speaker is None or not speaker.patient)
        self._sifting = None
        if sift is not None and usable:
            self._sifting = Sifting(sift, clock, ports, _never_passed_over(profile))
        self._sift_anew = False
        """What is passed over must be settled anew."""
        self._passed_us = -1
        """When the latest came that was passed over."""

    def moment(self) -> int:
        """Return a present moment after every frame so far, and give it out."""
        self._clock.now_us()
        return self._clock.give_out(self.fed_us + 1)

    @property
    def deadline_us(self) -> int | None:
        """When to look for what was passed over, though nothing is due; None: no need.

        Mostly such frames only put off what is due. But where a message was lost after the last
        frame of its bus, the next one shows whether the others stopped together: then the bus is
        quiet ``QUIET_US`` after it, so it is early enough to look this long after the last one.
        It is the same where nothing is passed over, so that both ways wake at the same moments.
        """
        end_us = self.translator.supervision.undecided_us(self._clock.look().now_us)
        return None if end_us is None else end_us + 1

    def take_in(self, look: Look) -> list[BusFailed | BusRestored]:
        """Hear what has arrived by ``look``, and return what has become of the buses."""
        changes: list[BusFailed | BusRestored] = []
        for arrived_us, port, heard in self.ears.take(look):
            if isinstance(heard, Passed):
                self._pass_over(heard)
                continue
            now_us = self._clock.give_out(arrived_us)
            if self.fed_us < self._passed_us <= now_us:
                self.fed_us = self._passed_us
            self._feed(now_us, port, heard)
        # Not before: the last that was passed over may have come after what another channel told.
        if self.fed_us < self._passed_us:
            self.fed_us = self._clock.give_out(self._passed_us)
        if self.ears.stirred:
            for words in self.ears.told():
                self._sift_anew = True
                self._say(words)
            changes += self.ears.changes()
        if self._sift_anew and self._sifting is not None and not self._unacquainted:
            self._sift_anew = False
            for passed in self._sifting.sift.flush():
                self._pass_over(passed)
            self._sifting.renew(self.translator, self._wiring)
        return changes

    def _feed(self, now_us: int, port: Port, frame: Frame) -> None:
        if frame.can_id == self._position_id and self._locates(port, frame):
            return  # neither recorded nor heard by anybody else
        if now_us <= self.fed_us and (frame.can_id, frame.extended) in self._signed_ids:
            # What is found of a frame stands before it, so it shares no moment with another.
            now_us = self._clock.give_out(self.fed_us + 1)
        if self._unacquainted:
            self._get_acquainted(now_us, frame)
        if self._recorder is not None and not self.acquaintance.wide:
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
        self.fed_us = now_us
        self.loop.feed(now_us, frame)

    def _pass_over(self, passed: Passed) -> None:
        """Take note of frames of one message that told nothing new."""
        assert self._sifting is not None
        message, frame = self._sifting.told_by(passed)
        if self._speaker is not None:
            self._speaker.heard(passed.now_us, frame.channel, frame)
        self._passed_us = max(self._passed_us, passed.now_us)
        self.translator.pass_over(message, passed.frames, passed.now_us, frame.data)

    def _locates(self, port: Port, frame: Frame) -> bool:
        """Return whether a frame is the one that tells the car's position; if so, pass that on."""
        position = self._position
        if position is None or frame.extended is not position.spec.extended or frame.error:
            return False
        if port.channel not in self._wiring.channels_of(position.spec.bus):
            return False
        where = None if frame.remote else position.read(frame.data)
        if where is not None:
            self._located(*where)
        return True

    # ---- which car it is ------------------------------------------------------------------------

    def _get_acquainted(self, now_us: int, frame: Frame) -> None:
        acquaintance = self.acquaintance
        if not acquaintance.over:
            acquaintance.see(now_us, frame)
        # In a recording an event comes before the frames of its moment.
        if acquaintance.variant != self.variant and now_us > self.fed_us:
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
        self.loop.take_over(now_us, self.translator)

    def _translator(self, variant: str | None) -> Translator:
        return Translator(
            self.profile, variant, self._wiring.named, judge=self._judge, judged=self._judged
        )

    def _judged(self, now_us: int, message: str, outcome: Authenticity) -> None:
        if self._recorder is not None:
            self._recorder.event(now_us, Judged(message, outcome))


def _never_passed_over(profile: Profile) -> frozenset[CanId]:
    """Return the identifiers of what only we send, and of what tells where the car is."""
    position = profile.position
    where = () if position is None else ((position.spec.can_id, position.spec.extended),)
    return frozenset((*profile.transmit_ids, *where))


def _signed_ids(profile: Profile) -> frozenset[CanId]:
    """Return the identifiers of the messages that carry an authentication code."""
    specs = profile.messages.values()
    return frozenset((spec.can_id, spec.extended) for spec in specs if spec.secoc is not None)
