"""The two ends of a pin's way: where a demand leads, and what is known of a pin that is there.

Knows: of ENGAGE and of RELEASE the state and the feedback at the end, and the other direction.
Refuses to know: how a pin gets there. HOLD leads nowhere: the tables have no row for it.
"""

from __future__ import annotations

from vehicle.core.names import Demand, PinState
from vehicle.core.signals import Feedback

END_STATE = {Demand.ENGAGE: PinState.ENGAGED, Demand.RELEASE: PinState.RELEASED}
"""Demand -> the state of a pin that has arrived."""

END_FEEDBACK = {Demand.ENGAGE: Feedback.ENGAGED, Demand.RELEASE: Feedback.RELEASED}
"""Demand -> what the sensor says of a pin that has arrived."""

OPPOSITE = {Demand.ENGAGE: Demand.RELEASE, Demand.RELEASE: Demand.ENGAGE}
"""Demand -> the one that leads to the other end."""
