"""Getting to know a bus: hear everybody until the car is recognised, and say where it is another.

Knows: the channels' filters, and what people are told. Refuses to know: how a car is recognised
(``first_look``), and what its variant changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from vehicle.runtime.first_look import FirstLook
from vehicle.runtime.ports import Port
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import profiles_that_fit


class Acquaintance:
    """One car on one service's channels. Show it every frame, until it is ``over``."""

    def __init__(
        self,
        profile: Profile,
        variant: str | None,
        ports: Sequence[Port],
        say: Callable[[str], None],
    ) -> None:
        self.wide = True
        """The channels still let everything through."""
        self._profile = profile
        self._ports = ports
        self._say = say
        self._look = FirstLook(profile, variant)
        self._telling: asyncio.Task[None] | None = None

    @property
    def variant(self) -> str | None:
        """The variant that the car is taken for."""
        return self._look.variant

    @property
    def over(self) -> bool:
        """Whether nothing more is to be learnt."""
        return self._look.over and not self.wide

    def see(self, now_us: int, frame: Frame) -> None:
        """Take one frame into account; with the first that tells enough, hear the profile only."""
        look = self._look
        look.see(now_us, frame)
        if self.wide and (look.recognised or look.misfit):
            self.wide = False
            for port in self._ports:
                port.narrow()
            if look.misfit:
                self._telling = asyncio.get_running_loop().create_task(self._tell_misfit())

    async def told(self) -> None:
        """Wait until what is being told is told."""
        if self._telling is not None:
            await self._telling

    def stop(self) -> None:
        """Tell nothing more."""
        if self._telling is not None:
            self._telling.cancel()

    async def _tell_misfit(self) -> None:
        # Loading every profile takes a second; frames are taken in meanwhile.
        fits = await asyncio.to_thread(profiles_that_fit, frozenset(self._look.ids_seen))
        words = ", ".join(f"{name} ({count} in common)" for name, count in fits) or "none shipped"
        self._say(
            f"no identifier of profile {self._profile.name} in 5 s of traffic; profiles that fit:"
            f" {words}"
        )
