"""One locking pin of the simulated car: metal, motor and position switch.

Knows: how far it stands out, how ice and other ordered faults slow or stop it, and what its switch
says. Refuses to know: what it holds, and why it is driven.
"""

from __future__ import annotations

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.runtime.orders import Orders

TRAVEL_US = 250_000
"""An ordinary pin's travel from end to end, well within the 600 ms that a pulse may last."""


class SimulatedPin:
    """One locking pin: metal, motor and position switch."""

    def __init__(self, actuator: Actuator, orders: Orders, position: str, fitted: bool) -> None:
        self._orders = orders
        self._name = str(actuator)
        self.now_us = 0
        self.fitted = fitted
        self.reach_us = TRAVEL_US if position == "engaged" else 0
        """How far it stands out, in microseconds of an ordinary travel."""
        self._rest = 0
        """What a slow travel has left below one microsecond, so that no step loses any."""
        self.drive = Demand.HOLD
        self.heated_us = 0
        """For how long the inlet was heated so far."""

    def advance(self, now_us: int) -> None:
        """Move for the time since the last call, as the motor drives."""
        elapsed_us, self.now_us = now_us - self.now_us, now_us
        if self.drive is Demand.HOLD or not self.fitted:
            return
        if self._orders.find("stuck_pin", now_us - 1, pin=self._name) or self._frozen:
            return
        slow = self._orders.find("slow_pin", now_us - 1, pin=self._name)
        if slow is not None:
            travel_us = int(slow.values["travel_ms"]) * 1000
            elapsed_us, self._rest = divmod(elapsed_us * TRAVEL_US + self._rest, travel_us)
        moved_us = elapsed_us if self.drive is Demand.ENGAGE else -elapsed_us
        self.reach_us = max(0, min(TRAVEL_US, self.reach_us + moved_us))

    @property
    def _frozen(self) -> bool:
        ice = self._orders.find("frozen_pin", self.now_us - 1, pin=self._name)
        return ice is not None and self.heated_us < int(ice.values["melts_s"]) * 1_000_000

    def pull_back(self) -> None:
        """The manual release was pulled."""
        self.reach_us = 0

    @property
    def holds(self) -> bool:
        """Whether the metal holds what is seated: the pin stands out more than half way."""
        return self.fitted and self.reach_us > TRAVEL_US // 2

    @property
    def position(self) -> str:
        """The true position, in the words of the position switch."""
        if self.reach_us == 0:
            return "released"
        return "engaged" if self.reach_us == TRAVEL_US else "moving"

    @property
    def sensed(self) -> str:
        """What the position switch says."""
        lie = self._orders.find("lying_feedback", self.now_us, pin=self._name)
        if not self.fitted:
            return "unknown"
        return self.position if lie is None else str(lie.values["says"])
