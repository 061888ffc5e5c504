"""What is believed about the car at one moment.

Knows: one value per signal; stale, invalid and never heard are already UNKNOWN here.
Refuses to know: where values come from, what should be done about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, get_type_hints

from vehicle.core.car import Actuator
from vehicle.core.signals import (
    BoardSupply,
    Cabin,
    Cable,
    CarLock,
    Feedback,
    Fitted,
    Hour,
    Inlet,
    KeyZone,
    Occupant,
    Pilot,
    Place,
    Session,
    SignalValue,
    Supply,
    SupplyLimit,
    Temperature,
    Weld,
)


class Snapshot(NamedTuple):
    """One value per signal. Field names are the journal's signal names.

    A tuple, because one is made for each change, compared and looked up by its value: that costs a
    fraction of what a data class of so many fields would.
    """

    car_lock: CarLock = CarLock.UNKNOWN
    key: KeyZone = KeyZone.UNKNOWN
    occupant: Occupant = Occupant.UNKNOWN
    session: Session = Session.UNKNOWN
    supply: Supply = Supply.UNKNOWN
    supply_limit: SupplyLimit = SupplyLimit.UNKNOWN
    pilot: Pilot = Pilot.UNKNOWN
    inlet: Inlet = Inlet.UNKNOWN
    weld: Weld = Weld.UNKNOWN
    latch: Feedback = Feedback.UNKNOWN
    adapter_lock: Feedback = Feedback.UNKNOWN
    latch_fitted: Fitted = Fitted.UNKNOWN
    adapter_lock_fitted: Fitted = Fitted.UNKNOWN
    place: Place = Place.UNKNOWN
    hour: Hour = Hour.UNKNOWN
    cabin: Cabin = Cabin.UNKNOWN
    cable: Cable = Cable.UNKNOWN
    temperature: Temperature = Temperature.UNKNOWN
    board_supply: BoardSupply = BoardSupply.UNKNOWN

    def after(self, changes: Mapping[str, SignalValue]) -> Snapshot:
        """Return the snapshot with the values of ``changes``, whose keys are all signal names.

        ``_replace`` does the same in three functions and a check.
        """
        return tuple.__new__(Snapshot, map(changes.get, self._fields, self))


SIGNALS: dict[str, type[StrEnum]] = get_type_hints(Snapshot)
"""Signal name -> its enum, in the snapshot's order."""

OPTIONAL = frozenset({"place", "hour", "cabin", "cable", "temperature", "board_supply"})
"""Signals that a car need not tell: they pick overrides or add comfort, no rule needs them.

They may be told from outside of the bus."""

FEEDBACK_SIGNAL = {Actuator.LATCH: "latch", Actuator.ADAPTER: "adapter_lock"}
"""Pin -> the signal that tells its position."""

FITTED_SIGNAL = {Actuator.LATCH: "latch_fitted", Actuator.ADAPTER: "adapter_lock_fitted"}
"""Pin -> the signal that tells whether the car has it."""
