"""How the simulated car's key system finds the key: by zone, or by a distance that it measures.

Knows: where the key is, what the measured distance errs by, and which zone that makes.
Refuses to know: messages, and what a zone is good for.
"""

from __future__ import annotations

from random import Random

from vehicle.runtime.orders import Orders

ZONE_ENDS_CM = {"at-port": 100, "near": 300, "far": 3_000}
"""Zone -> how far from the inlet it ends; beyond them all the key is absent. Our own choice: keys
that open doors by themselves are commonly found within one to two metres."""


class KeySearch:
    """One car's key, and what its key system makes of it."""

    def __init__(self, orders: Orders, zone: str) -> None:
        self._orders = orders
        self.zone = zone
        """The true zone."""
        self._distance_cm: int | None = None

    def put(self, zone: str) -> None:
        """Put the key into a zone, well away from its ends."""
        self.zone, self._distance_cm = zone, None

    def carry(self, distance_cm: int) -> None:
        """Carry the key to a distance from the inlet."""
        self.zone, self._distance_cm = zone_at(distance_cm), distance_cm

    def found(self, now_us: int) -> str:
        """Return the zone that the key system tells at a moment."""
        zone = self._measured(now_us)
        flicker = self._orders.find("key_flicker", now_us)
        if flicker is None:
            return zone
        half_us = int(flicker.values["period_ms"]) * 500
        other = ((now_us - flicker.from_us) // half_us) % 2
        return str(flicker.values["zone"]) if other else zone

    def _measured(self, now_us: int) -> str:
        noise = self._orders.find("key_noise", now_us)
        if self._distance_cm is None or noise is None:
            return self.zone
        off_cm = int(noise.values["cm"])
        # The moment is the seed: whoever looks again at the same moment finds the same.
        return zone_at(max(0, self._distance_cm + Random(now_us).randint(-off_cm, off_cm)))


def zone_at(distance_cm: int) -> str:
    """Return the zone that lies ``distance_cm`` from the inlet."""
    ends = ZONE_ENDS_CM.items()
    return next((zone for zone, end_cm in ends if distance_cm <= end_cm), "absent")
