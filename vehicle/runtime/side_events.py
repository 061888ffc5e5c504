"""What happens beside the frames: what a recording of frames cannot hold.

Knows: the events that a service itself brings in, besides those of the core.
Refuses to know: how they are written (``events_file``), and what follows from them.
"""

from __future__ import annotations

from vehicle.core.inputs import InputEvent
from vehicle.core.memory import Memory
from vehicle.core.names import Authenticity
from vehicle.core.record import record
from vehicle.core.settings import Settings
from vehicle.runtime.loop import LoopMemory


@record
class Started:
    """A live recording, or a piece of one, begins here."""

    epoch_us: int
    """Wall-clock microseconds since 1970 at t = 0."""
    profile: str
    variant: str | None
    shadow: bool
    settings: Settings
    memory: LoopMemory
    continues: bool = False
    """It is a later piece: nothing is reported anew."""
    channels: tuple[tuple[str, str], ...] = ()
    """The profile's buses that are on one channel only, each with it."""


@record
class VariantPicked:
    """From here on frames are read as those of this software version of the car."""

    variant: str | None


@record
class SendFailed:
    """Frames of ours did not get out; told once until one does. Nothing follows from it."""

    channel: str
    what: str


@record
class Ended:
    """Every deadline up to here, this moment included, was met; then the recording ended."""


@record
class Judged:
    """What the holder of the key found of a message's frames from here on. A replay has no key."""

    message: str
    outcome: Authenticity


@record
class Recalled:
    """The lock manager is back after a segment began, and takes up what its service kept."""

    memory: Memory
    """As old as it is now."""


SideEvent = InputEvent | Started | VariantPicked | SendFailed | Ended | Judged | Recalled
"""What may stand in an events file."""
