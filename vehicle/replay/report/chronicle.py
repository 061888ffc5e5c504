"""Takes down a replay for a page: every track's changes, every decision, and every mark.

Knows: which change belongs to which track, and what would release a pin at each of its changes.
Refuses to know: how a page looks.

A track is a list of (time, value) that holds from its time on. Of several changes at the same
microsecond the last counts, as nothing ever stood on the others; the rows keep them all.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Protocol

from vehicle.core.car import Actuator
from vehicle.core.events_told import sentence
from vehicle.core.manager import LockManager
from vehicle.core.names import Demand, PinState
from vehicle.core.outputs import (
    ActuatorChanged,
    Answered,
    Command,
    Decided,
    Event,
    Fault,
    HeatInlet,
    Output,
    Permit,
    SignalChanged,
    StopCharge,
)
from vehicle.core.record import record
from vehicle.core.way import CHANGE_WORDS
from vehicle.core.whatif import ways
from vehicle.core.words import FAULT_WORDS, PIN_WORDS, RESULT_WORDS
from vehicle.replay.report.lanes import ASSUMED, PERMIT, demand_key, state_key
from vehicle.replay.timeline import Row, Timeline
from vehicle.wire.frame import Frame

Ways = dict[tuple[object, ...], str]
"""What would release a pin, by all that it depends on besides the car."""

RELEASED_ALREADY = "nothing is needed: the pin is released"
RELEASING_ALREADY = "nothing more is needed: a release is what is wanted"
NOTHING_RELEASES = "nothing that people or the car can bring about by themselves"
NOT_RECORDED = "not recorded: a journal does not hold it"


STOP = "stop"
"""The track that tells whether the charge is asked to stop."""
HEAT = "heat"
"""The track that tells whether the inlet is heated."""


def fault_key(fault: Fault) -> str:
    """Return the key of the track that tells whether a fault is active."""
    return f"fault:{fault.fault}" + (f":{fault.actuator}" if fault.actuator is not None else "")


@dataclass(slots=True)
class Track:
    """One value over time. ``values`` are indices of ``names``."""

    times_us: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def note(self, now_us: int, name: str) -> None:
        """From ``now_us`` on the value is ``name``."""
        value = self.names.setdefault(name, len(self.names))
        if self.times_us and self.times_us[-1] == now_us:
            self.values[-1] = value
            if len(self.values) > 1 and self.values[-2] == value:
                self.times_us.pop()
                self.values.pop()
        elif not self.values or self.values[-1] != value:
            self.times_us.append(now_us)
            self.values.append(value)

    def at(self, now_us: int) -> str | None:
        """Return the value that holds at ``now_us``; None before the first."""
        found = bisect_right(self.times_us, now_us)
        return list(self.names)[self.values[found - 1]] if found else None


NO_TRACK = Track()
"""What stands for a track that never began. Nothing is noted on it."""


@record
class Mark:
    """A moment that must be seen: an event, a fault that begins or ends, a request, a command."""

    now_us: int
    kind: str
    words: str
    cause: str = ""
    """The identifier of the frame that it follows from, in hexadecimal; empty: of no frame."""


@dataclass(slots=True)
class Why:
    """Of one pin: the rules that decided, by which override, and what would have released it."""

    rule: Track = field(default_factory=Track)
    override: Track = field(default_factory=Track)
    releases: Track = field(default_factory=Track)


class Origin(Protocol):
    """What outputs come from, asked while one is handed over."""

    @property
    def manager(self) -> LockManager:
        """Return what decides."""

    @property
    def cause(self) -> Frame | None:
        """Return the frame that an output follows from; None where it is a deadline's."""


class Chronicle:
    """Give every output of one replay to ``take``, then call ``finish``."""

    def __init__(self, *, shadow: bool, ways: Ways | None = None) -> None:
        """``shadow``: another controller moved the pins.

        ``ways``: those found in earlier replays of the same car; what is found here is added.
        """
        self.shadow = shadow
        self.tracks: dict[str, Track] = {}
        self.whys = {actuator: Why() for actuator in Actuator}
        self.marks: list[Mark] = []
        self.rows: list[Row] = []
        self.end_us = 0
        self._timeline = Timeline(shadow=shadow)
        self._origin: Origin | None = None
        self._ways: Ways = {} if ways is None else ways

    def meet(self, origin: Origin) -> None:
        """Take what the outputs come from: it is asked what would release a pin."""
        self._origin = origin

    def take(self, now_us: int, output: Output) -> None:
        """Take down one output."""
        if now_us != self.end_us:
            self._say_what_is_held()
            self.end_us = now_us
        self._note_output(now_us, output)
        self.rows += self._timeline.rows(now_us, output)
        self._note_ways(now_us)

    def finish(self, now_us: int) -> None:
        """End at ``now_us``: until then the last values hold."""
        self._say_what_is_held()
        self.end_us = max(self.end_us, now_us)

    def _say_what_is_held(self) -> None:
        self.rows += self._timeline.held(self.end_us)

    def _note(self, key: str, now_us: int, name: str) -> None:
        self.tracks.setdefault(key, Track()).note(now_us, name)

    def _note_output(self, now_us: int, output: Output) -> None:
        """Put one output on the tracks and among the marks that it belongs to."""
        match output:
            case SignalChanged():
                self._note(output.signal, now_us, output.value)
            case Decided():
                self._note(demand_key(output.actuator), now_us, output.demand)
                why = self.whys[output.actuator]
                why.rule.note(now_us, output.rule)
                why.override.note(now_us, output.override or "")
            case ActuatorChanged():
                suffix = ASSUMED if output.assumed else ""
                self._note(state_key(output.actuator), now_us, f"{output.state}{suffix}")
            case Permit():
                self._note(PERMIT, now_us, output.charge)
            case Command():
                again = "" if output.attempt == 1 else f", try {output.attempt}"
                words = f"{output.command} the {PIN_WORDS[output.actuator]}{again}"
                self.marks.append(Mark(now_us, "command", words, self._cause()))
            case Event():
                words = sentence(output.event, output.details)
                self.marks.append(Mark(now_us, "event", words))
            case Fault():
                about = f", {PIN_WORDS[output.actuator]}" if output.actuator is not None else ""
                kind = "fault" if output.active else "over"
                self.marks.append(Mark(now_us, kind, FAULT_WORDS[output.fault] + about))
                self._note(fault_key(output), now_us, "active" if output.active else "over")
            case StopCharge():
                self._note(STOP, now_us, "asked for" if output.active else "not asked for")
            case HeatInlet():
                self._note(HEAT, now_us, "on" if output.active else "off")
            case Answered():
                words = f"{output.request} from {output.source}: {RESULT_WORDS[output.result]}"
                self.marks.append(Mark(now_us, "request", words))

    def _cause(self) -> str:
        frame = None if self._origin is None else self._origin.cause
        return "" if frame is None else f"{frame.can_id:0{8 if frame.extended else 3}X}"

    def _note_ways(self, now_us: int) -> None:
        """Note what would release each pin, as things stand after this output."""
        for actuator, why in self.whys.items():
            why.releases.note(now_us, self._releases(actuator, now_us))

    def _releases(self, actuator: Actuator, now_us: int) -> str:
        if self._origin is None:
            return NOT_RECORDED
        manager = self._origin.manager
        pin = manager.pin(actuator)
        if pin.state is PinState.RELEASED:
            return RELEASED_ALREADY
        decided_on = (manager.situation(actuator), manager.effective.settings, manager.waits_for)
        may_move = (manager.silent, manager.faults, manager.snapshot.board_supply)
        asked = (actuator, decided_on, may_move, manager.manual_release, pin.state, pin.feedback)
        if asked not in self._ways:
            self._ways[asked] = _ways(manager, actuator, now_us)
        return self._ways[asked]


def _ways(manager: LockManager, actuator: Actuator, now_us: int) -> str:
    found = [way for way in ways(manager, actuator, Demand.RELEASE, now_us) if not way.setting]
    if found:
        together = (", and ".join(CHANGE_WORDS[each] for each in way.changes) for way in found)
        return "; or ".join(together)
    wanted = manager.decision(actuator).demand
    return RELEASING_ALREADY if wanted is Demand.RELEASE else NOTHING_RELEASES
