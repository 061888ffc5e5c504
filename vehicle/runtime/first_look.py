"""What the first seconds on a bus tell: whether the profile fits it, and which variant the car is.

Knows: which identifiers were heard, and how long to wait before judging.
Refuses to know: channels, clocks, and what follows from a judgement.
"""

from __future__ import annotations

from vehicle.wire.frame import Frame
from vehicle.wire.layout import CanId
from vehicle.wire.loaded import Profile
from vehicle.wire.variants import Choice

MISFIT_US = 5_000_000
"""A bus that speaks for so long without one identifier of the profile is another car's."""
JUDGE_US = 10_000_000
"""How long the car is heard before its variant is chosen: a slow message repeats every 5 s."""
REJUDGE_US = 30_000_000
"""Until when a chosen variant may still turn out to be wrong; a replay looks as far ahead."""


class FirstLook:
    """One look at one car. Show it every frame, until it is ``over``."""

    def __init__(self, profile: Profile, variant: str | None = None) -> None:
        """Prepare; ``variant`` is what the car is taken for until it is judged."""
        self._ids = profile.receive_ids
        self._choice = Choice(profile.variants) if profile.variants else None
        self._first_us: int | None = None
        self._first_ours_us: int | None = None
        self.ids_seen: set[CanId] = set()
        """Identifiers heard while the profile was not recognised."""
        self.variant = variant
        """The variant that fits what was heard, once there was enough of it."""
        self.misfit = False
        """Others spoke for long enough, and nobody whom the profile knows."""
        self.over = False
        """Nothing more is to be learnt."""

    @property
    def recognised(self) -> bool:
        """Whether a frame of the profile was heard."""
        return self._first_ours_us is not None

    def see(self, now_us: int, frame: Frame) -> None:
        """Take one frame into account."""
        if frame.error:
            return
        can_id = (frame.can_id, frame.extended)
        if self._first_us is None:
            self._first_us = now_us
        if can_id not in self._ids:
            if not self.recognised:
                self.ids_seen.add(can_id)
                self.misfit = now_us - self._first_us >= MISFIT_US
            return
        if self._first_ours_us is None:
            self._first_ours_us = now_us
            self.misfit = False
        self._judge(now_us, now_us - self._first_ours_us, frame)

    def _judge(self, now_us: int, heard_us: int, frame: Frame) -> None:
        if self._choice is None:
            self.over = True
            return
        self._choice.feed(now_us, frame)
        if heard_us >= JUDGE_US:
            self.variant = self._choice.best
        settled = self.variant is not None or self._choice.hopeless
        self.over = heard_us >= REJUDGE_US and settled
