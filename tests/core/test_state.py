"""The working form of the memory."""

from __future__ import annotations

import pytest

from vehicle.core.actuator import DrivenPin
from vehicle.core.car import Actuator, Car
from vehicle.core.pin import PinControl
from vehicle.core.settings import Settings
from vehicle.core.state import State

pytestmark = pytest.mark.fast


def test_a_state_in_which_nothing_was_decided_yet_wants_nothing() -> None:
    pins: dict[Actuator, PinControl] = {
        actuator: DrivenPin(actuator, Car().pin(actuator)) for actuator in Actuator
    }
    state = State(Car(), Settings(), pins)
    assert not any(state.wants_engaged(actuator) for actuator in Actuator)
