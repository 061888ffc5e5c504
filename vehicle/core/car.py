"""What a car can do: the capabilities that a profile states and the core relies on.

Knows: pins, their strokes' limits, what an empty inlet wants. Refuses to know: messages and bits.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from vehicle.core.names import Source
from vehicle.core.record import record


class Actuator(StrEnum):
    """The two locking pins. The values are the journal's names."""

    LATCH = "latch"
    ADAPTER = "adapter"


class WhenEmpty(StrEnum):
    """What to do with a pin that is engaged in an empty inlet.

    On some cars "release" pushes the pin into the opening, so their profile says LEAVE.
    """

    RELEASE = "release"
    LEAVE = "leave"


@record
class StrokeLimits:
    """One pin's drive limits, from the actuator's data sheet or the car's own behaviour.

    Defaults: on-time from chargebyte's Tarragon (600 ms), duty from Harting 61 13 213 (pause of
    8 times the on-time), debounce from Tinkerforge's lock (50 to 75 ms). Settle time and cool-down
    are our own choice, for want of a data sheet that names them: a profile should.
    """

    on_time_us: int = 600_000
    """Longest drive of one pulse; opening always runs it in full. 1 to 3,000,000."""
    settle_us: int = 200_000
    """How long after the drive the feedback may still change before the stroke has failed. 0 to
    10,000,000."""
    tries: int = 3
    """Pulses before the pin is jammed. 1 to 3."""
    pause_factor: int = 8
    """Pause between pulses, in multiples of the on-time. 8 or more."""
    recovery: bool = True
    """Whether a reverse pulse is driven before the last try."""
    cool_down_us: int = 60_000_000
    """Rest after a jam, before a new demand is tried. 0 to 3,600,000,000."""
    debounce_us: int = 60_000
    """How long a feedback must stand before it is believed. 0 to 1,000,000."""


@record
class Pin:
    """One locking pin as fitted to this car."""

    feedback: bool = True
    """False: no sensor. The state is then assumed, never confirmed."""
    limits: StrokeLimits = field(default_factory=StrokeLimits)


@record
class Car:
    """The capabilities of one car, as its profile states them."""

    name: str = "reference"
    latch: Pin = field(default_factory=Pin)
    adapter: Pin = field(default_factory=Pin)
    when_empty: WhenEmpty = WhenEmpty.RELEASE
    connector_locks_itself: bool = False
    """DC connectors that latch themselves (CHAdeMO): DC is then permitted without a car latch."""
    reports_weld_test: bool = False
    """Whether a weld test's result is awaited (10 s at most) before a DC release."""
    can_wake: bool = False
    """Whether the profile has a frame that wakes the bus."""
    can_heat: bool = False
    """Whether the profile's command has words for heating the inlet."""
    takes_commands: bool = True
    """Whether pins can be driven over the profile; without, it only listens."""
    asked_by: tuple[Source, ...] = ()
    """In which ways the profile hears a release asked for over the car's bus."""
    manual_release: str = "See the owner's manual for the manual release."
    """Where this car's manual release is, in the owner's words; empty where it has none."""

    def pin(self, actuator: Actuator) -> Pin:
        """Return the pin that ``actuator`` names."""
        return self.latch if actuator is Actuator.LATCH else self.adapter
