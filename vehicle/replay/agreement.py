"""Shadow comparison: what we demanded beside where the car's own controller held its pins.

Knows: agreed, differed and unknown time per actuator, and releases while the inlet was not safe.
Refuses to know: why we demanded it, or why the car did otherwise.

HOLD agrees with anything. A pin that the car is not known to have is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.ends import END_FEEDBACK, OPPOSITE
from vehicle.core.names import Demand
from vehicle.core.outputs import Command, Decided, Output, SignalChanged
from vehicle.core.record import record
from vehicle.core.signals import Feedback, Fitted, Inlet
from vehicle.core.snapshot import FEEDBACK_SIGNAL, FITTED_SIGNAL

_PIN_OF_FEEDBACK = {signal: actuator for actuator, signal in FEEDBACK_SIGNAL.items()}
_PIN_OF_FITTED = {signal: actuator for actuator, signal in FITTED_SIGNAL.items()}


@record
class Interval:
    """A stretch of time with one demand and one position of the car's pin."""

    actuator: Actuator
    from_us: int
    to_us: int
    demand: Demand
    latch: Feedback

    @property
    def verdict(self) -> str:
        """``agreed``, ``differed`` or ``unknown`` (the pin at neither end, or not known)."""
        if self.demand is Demand.HOLD or self.latch is END_FEEDBACK[self.demand]:
            return "agreed"
        return "differed" if self.latch is END_FEEDBACK[OPPOSITE[self.demand]] else "unknown"

    def fields(self) -> dict[str, Any]:
        """Return the interval as it stands in the summary."""
        return {
            "actuator": self.actuator,
            "from_us": self.from_us,
            "to_us": self.to_us,
            "demand": self.demand,
            "latch": self.latch,
        }


@dataclass(slots=True)
class _Track:
    demand: Demand = Demand.HOLD
    latch: Feedback = Feedback.UNKNOWN
    since_us: int = 0


@dataclass(slots=True)
class Agreement:
    """Collects the comparison from the outputs of a replay in shadow."""

    intervals: list[Interval] = field(default_factory=list)
    releases_while_not_safe: int = 0
    """Our release commands while the inlet did not read safe. Anything but 0 is a defect."""
    car_released_while_not_safe: int = 0
    """How often the car's own latch let go while the inlet did not read safe to us."""
    _tracks: dict[Actuator, _Track] = field(
        default_factory=lambda: {actuator: _Track() for actuator in Actuator}
    )
    _fitted: set[Actuator] = field(default_factory=set)
    _inlet: Inlet = Inlet.UNKNOWN

    def note(self, now_us: int, output: Output) -> None:
        """Take one output of the core."""
        if isinstance(output, Decided):
            self._change(now_us, output.actuator, demand=output.demand)
        elif isinstance(output, Command):
            release = output.command is Demand.RELEASE
            self.releases_while_not_safe += release and self._inlet is not Inlet.SAFE
        elif isinstance(output, SignalChanged):
            self._signal(now_us, output)

    def _signal(self, now_us: int, output: SignalChanged) -> None:
        value = output.value
        if isinstance(value, Inlet):
            self._inlet = value
        elif isinstance(value, Feedback):
            freed = output.was is Feedback.ENGAGED and value is Feedback.RELEASED
            self.car_released_while_not_safe += freed and self._inlet is not Inlet.SAFE
            self._change(now_us, _PIN_OF_FEEDBACK[output.signal], latch=value)
        elif isinstance(value, Fitted):
            # UNKNOWN after a break in time takes nothing back: what was compared stays compared.
            actuator = _PIN_OF_FITTED[output.signal]
            if value is Fitted.FITTED:
                self._fitted.add(actuator)
            elif value is Fitted.ABSENT:
                self._fitted.discard(actuator)

    def _change(
        self,
        now_us: int,
        actuator: Actuator,
        *,
        demand: Demand | None = None,
        latch: Feedback | None = None,
    ) -> None:
        track = self._tracks[actuator]
        self._close(now_us, actuator)
        track.demand = track.demand if demand is None else demand
        track.latch = track.latch if latch is None else latch

    def _close(self, now_us: int, actuator: Actuator) -> None:
        """End the running interval, joining it to the one before where nothing differs."""
        track = self._tracks[actuator]
        if now_us == track.since_us:
            return
        ended = Interval(actuator, track.since_us, now_us, track.demand, track.latch)
        last = next((each for each in reversed(self.intervals) if each.actuator is actuator), None)
        track.since_us = now_us
        if last is not None and (last.demand, last.latch) == (ended.demand, ended.latch):
            self.intervals.remove(last)
            ended = Interval(actuator, last.from_us, now_us, ended.demand, ended.latch)
        self.intervals.append(ended)

    def finish(self, now_us: int) -> None:
        """End all intervals at the end of the recording, in order of their beginning."""
        for actuator in Actuator:
            self._close(now_us, actuator)
        here = [each for each in self.intervals if each.actuator in self._fitted]
        self.intervals = sorted(here, key=lambda each: (each.from_us, each.actuator))

    def time_us(self, verdict: str) -> int:
        """Return how long ``verdict`` held, over all actuators."""
        return sum(each.to_us - each.from_us for each in self.intervals if each.verdict == verdict)

    def fields(self) -> dict[str, Any]:
        """Return the comparison as it stands in the summary."""
        return {
            "intervals": [interval.fields() for interval in self.intervals],
            "agreed_us": self.time_us("agreed"),
            "differed_us": self.time_us("differed"),
            "unknown_us": self.time_us("unknown"),
            "releases_while_not_safe": self.releases_while_not_safe,
            "car_released_while_not_safe": self.car_released_while_not_safe,
        }
