"""Chronicles made up for tests of the page, and the page of one."""

from __future__ import annotations

from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.names import Demand, FaultName, PinState
from vehicle.core.outputs import ActuatorChanged, Decided, Fault, SignalChanged
from vehicle.core.settings import Settings, Toggle
from vehicle.core.signals import CarLock, Fitted
from vehicle.replay.report.chronicle import Chronicle
from vehicle.replay.report.page import Contents, Side, page

_DOORS = (CarLock.UNLOCKED, CarLock.LOCKED)


def chronicle_of(changes: int = 10, chronicle: Chronicle | None = None) -> Chronicle:
    """A chronicle in which the doors are locked and unlocked once a second, then the bus is lost.

    ``chronicle``: it goes on where this one ends.
    """
    if chronicle is None:
        chronicle = _begun()
    start_us = chronicle.end_us
    for change in range(1, changes + 1):
        now, was = _DOORS[change % 2], _DOORS[1 - change % 2]
        chronicle.take(start_us + change * 1_000_000, SignalChanged("car_lock", now, was))
    chronicle.take(chronicle.end_us + 5, Fault(FaultName.BUS_LOST, True))
    chronicle.finish(chronicle.end_us + 1_000_000)
    return chronicle


def _begun() -> Chronicle:
    chronicle = Chronicle(shadow=False)
    chronicle.take(0, SignalChanged("latch_fitted", Fitted.FITTED, None))
    chronicle.take(0, SignalChanged("car_lock", CarLock.UNLOCKED, None))
    chronicle.take(0, Decided(Actuator.LATCH, Demand.HOLD, "otherwise", ()))
    chronicle.take(0, ActuatorChanged(Actuator.LATCH, PinState.RELEASED, None, False))
    return chronicle


def page_of(chronicle: Chronicle, title: str = "drive.log", **more: Any) -> str:
    settings = Settings(auto_lock=Toggle.OFF).words()
    return page(Contents(title, [("profile", "small")], [Side("", chronicle, settings)], **more))
