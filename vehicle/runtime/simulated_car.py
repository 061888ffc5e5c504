"""A simulated car to talk to over frames: the truth, and the control units that tell it.

Knows: which step concerns the plant, and which the bus. Refuses to know: the lock manager, stories,
and who listens.
"""

from __future__ import annotations

from random import Random

from vehicle.runtime.ecus import ControlUnits
from vehicle.runtime.orders import FaultOrder, Orders, Step
from vehicle.runtime.plant import DEEDS, Plant, StartState
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile


class SimulatedCar:
    """A car to talk to over frames: the truth and its control units. Also of use by itself."""

    def __init__(
        self,
        profile: Profile,
        start: StartState,
        faults: tuple[FaultOrder, ...] = (),
        seed: int = 0,
        jitter_us: int = 0,
    ) -> None:
        self.orders = Orders(faults)
        self.plant = Plant(start, self.orders, reports_weld_test=profile.car.reports_weld_test)
        random = Random(seed)
        self.units = ControlUnits(profile, self.plant, self.orders, random, jitter_us)

    @property
    def deadline_us(self) -> int | None:
        """When something happens by itself, or None."""
        times = (self.plant.deadline_us, self.units.deadline_us)
        return min((time_us for time_us in times if time_us is not None), default=None)

    def advance(self, now_us: int) -> None:
        """Let time pass up to ``now_us``; ask for every deadline in between."""
        self.plant.advance(now_us)

    def do(self, now_us: int, step: Step) -> None:
        """Carry out a step that concerns the car."""
        if step.do == "sleep":
            self.units.sleep()
        elif step.do == "wake":
            self.units.wake(now_us)
        elif step.do == "intrude":
            self.units.intrude(now_us, step)
        else:
            self.plant.do(step)

    def frames(self, now_us: int) -> list[Frame]:
        """Return what the car's control units put on the bus at ``now_us``."""
        return self.units.due(now_us)

    def hear(self, now_us: int, frame: Frame) -> None:
        """Take a frame of the lock manager's."""
        self.units.hear(now_us, frame)


CAR_STEPS = (*DEEDS, "sleep", "wake", "intrude")
