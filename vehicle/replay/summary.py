"""What a replay found, as one value.

Knows: what is counted, its names in JSON, and what a car's messages could not tell.
Refuses to know: how it is shown, and where the outputs come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.outputs import Command, Event, Fault, Output
from vehicle.replay.agreement import Agreement
from vehicle.replay.readers.tally import ReadReport
from vehicle.wire.profile import Profile


@dataclass(slots=True)
class Summary:
    """What a replay found. Field names are the ``--json`` contract."""

    profile: str
    variant: str | None
    epoch_us: int | None
    kernel: str = ""
    """What read the recording."""
    frames_used: int = 0
    messages_heard: int = 0
    """Messages of which a frame was believed."""
    report: ReadReport = field(default_factory=ReadReport)
    commands: Counter[tuple[Actuator, Demand]] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    degraded: list[str] = field(default_factory=list)
    agreement: Agreement | None = None
    interrupted: bool = False
    """Ctrl-C ended it before the recording's end: this is what was known by then."""

    def fields(self) -> dict[str, Any]:
        """Return the summary as one JSON object."""
        skipped = {
            cause: {"count": each.count, "positions": list(each.positions)}
            for cause, each in self.report.frames_skipped.items()
        }
        fields: dict[str, Any] = {
            "profile": self.profile,
            "variant": self.variant,
            "epoch_us": self.epoch_us,
            "kernel": self.kernel,
            "formats": dict(self.report.formats),
            "frames_read": self.report.frames_read,
            "frames_used": self.frames_used,
            "frames_skipped": skipped,
            "stamps_clamped": self.report.clamped,
            "segments": self.report.segments,
            "duration_s": self.report.duration_us / 1e6,
            "commands": {
                actuator: {
                    "engage": self.commands[actuator, Demand.ENGAGE],
                    "release": self.commands[actuator, Demand.RELEASE],
                }
                for actuator in Actuator
            },
            "events": dict(sorted(self.events.items())),
            "faults": dict(sorted(self.faults.items())),
            "degraded": self.degraded,
            "interrupted": self.interrupted,
        }
        if self.agreement is not None:
            fields["agreement"] = self.agreement.fields()
        return fields

    def count(self, now_us: int, output: Output) -> None:
        """Count one output."""
        if isinstance(output, Command):
            self.commands[output.actuator, output.command] += 1
        elif isinstance(output, Event):
            self.events[output.event] += 1
        elif isinstance(output, Fault) and output.active:
            self.faults[output.fault] += 1
        if self.agreement is not None:
            self.agreement.note(now_us, output)


_SIGNAL_NAMES = {"occupant": "connector"}
"""What people call a signal, where that is another word than the journal's."""


def degraded_words(profile: Profile, variant: str | None, heard: Iterable[str]) -> list[str]:
    """Return, in words, what this car's messages could not tell in this recording."""
    words = [
        f"no {_SIGNAL_NAMES.get(signal, signal.replace('_', ' '))} signal on this bus"
        + (f": {profile.lacks_words[signal]}" if signal in profile.lacks_words else "")
        for signal in profile.lacks
    ]
    if profile.variant_names and variant is None:
        names = ", ".join(profile.variant_names)
        words.append(f"the car's software version fits none of {names}: some signals stay unknown")
    silent = sorted(set(profile.layout_of(variant).messages) - set(heard))
    if silent:
        words.append(f"never heard: {', '.join(silent)}")
    return words
