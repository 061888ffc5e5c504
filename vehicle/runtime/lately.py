"""The latest events that an owner may want to act on, for the status.

Knows: which events those are, how many are told and for how long. Refuses to know: how an event
comes about, and how it looks.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from vehicle.core.events_told import EVENTS, TO_ACT_ON, sentence
from vehicle.core.outputs import Entry, Event

EVENTS_MAX = 3
"""How many are told: more would hide what holds now."""
LATELY_US = 24 * 3_600_000_000
"""How long an event counts as lately: until its owner has slept over it."""


class Lately:
    """Give every journal entry to ``take``. The journal itself may forget events too soon."""

    def __init__(self) -> None:
        self._events: deque[tuple[int, Event]] = deque(maxlen=EVENTS_MAX)

    def take(self, now_us: int, entry: Entry) -> None:
        """Keep one entry, where it is an alarm or a warning."""
        if isinstance(entry, Event) and EVENTS[entry.event].severity in TO_ACT_ON:
            self._events.append((now_us, entry))

    def told(self, now_us: int) -> list[dict[str, Any]]:
        """Return what was kept and is not too old, the newest first, as the status tells it."""
        return [
            {
                "event": entry.event,
                "severity": EVENTS[entry.event].severity,
                "words": sentence(entry.event, entry.details),
                "advice": EVENTS[entry.event].advice,
                "age_us": now_us - then_us,
            }
            for then_us, entry in reversed(self._events)
            if now_us - then_us <= LATELY_US
        ]
