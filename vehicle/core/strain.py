"""Cold and a weak 12 V supply as people think them up: what may keep a pin from moving.

Knows: the signals that tell of it, and how their values are written.
Refuses to know: what follows from any of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import get_type_hints

from vehicle.core.circumstance import fitting
from vehicle.core.record import record
from vehicle.core.signals import BoardSupply, Temperature


@record
class Strain:
    """What may keep a pin from moving, as it is thought up."""

    temperature: Temperature = Temperature.UNKNOWN
    board_supply: BoardSupply = BoardSupply.UNKNOWN


STRAINS: dict[str, type[StrEnum]] = get_type_hints(Strain)
"""Signal -> its values."""


def read_strain(given: Mapping[str, str]) -> Strain:
    """Return the strain that ``given`` tells, signal by signal; what it leaves out is unknown.

    Raises ConditionError for a word that is none of the signal's, with those that fit.
    """
    values = {
        name: STRAINS[name](fitting(name, word, _known(name))) for name, word in given.items()
    }
    return Strain(**values)  # type: ignore[arg-type]


def _known(name: str) -> list[str]:
    return [str(value) for value in STRAINS[name] if value != "unknown"]
