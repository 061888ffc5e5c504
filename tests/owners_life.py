"""A car and its owner, one thing after the other: ``Life``, for stories that are told in Python."""

from __future__ import annotations

import re

from owners_car import OwnersCar

from vehicle.core.inputs import Requested
from vehicle.core.names import Request, Source
from vehicle.core.outputs import Event
from vehicle.core.presets import preset_named
from vehicle.core.settings import Settings
from vehicle.core.settings_read import parse
from vehicle.runtime.orders import STEPS, FaultOrder
from vehicle.runtime.plant import StartState

AC = "plug supply=ac limit_a=16 amps=16"
AC_LATER = "plug supply=ac limit_a=16 amps=16 charge=false"
DC = "plug supply=dc limit_a=0 amps=100"
IDLE = "plug supply=none limit_a=0 amps=0 charge=false"

HELD, FREE = "engaged", "released"


class Life:
    """A car whose owner chose settings, or a preset by its name, and what happens to it."""

    def __init__(self, chosen: Settings | str = "tesla", *faults: FaultOrder) -> None:
        settings = parse(preset_named(chosen).wishes) if isinstance(chosen, str) else chosen
        start = StartState(doors="unlocked", key="near", surroundings=True)
        self.car = OwnersCar(start, *faults, settings=settings)
        self.car.advance(1)

    def go(self, what: str) -> None:
        """Let something happen, such as ``lock_car``, ``wait 30`` or ``ask remote``; wait 5 s."""
        word, *given = what.split()
        if word == "wait":
            self.car.advance(float(given[0]))
            return
        if word == "ask":
            self.car.give(Requested(Request.UNLATCH, Source(given[0])))
        else:
            values = {name: each.default for name, each in STEPS[word].parameters.items()}
            for each in given:
                name, _, value = each.partition("=")
                number = re.fullmatch(r"-?\d+", value)
                values[name] = (
                    int(value) if number else {"false": False, "true": True}.get(value, value)
                )
            self.car.do(word, **values)
        self.car.advance(5)

    def all(self, *steps: str) -> None:
        """Let several things happen, one after the other."""
        for step in steps:
            self.go(step)

    def pin(self, name: str) -> str:
        return self.car.plant.truth()[name]

    @property
    def latch(self) -> str:
        return self.pin("latch")

    @property
    def events(self) -> dict[str, dict[str, str | int]]:
        """What people were told so far: name -> the details of the last one."""
        told = [entry for _, entry in self.car.journal if isinstance(entry, Event)]
        return {str(event.event): dict(event.details) for event in told}
