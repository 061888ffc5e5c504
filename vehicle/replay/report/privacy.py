"""What a page never shows: who the vehicle is, and where it was.

Knows: what a vehicle identification number and a position look like. Refuses to know: where a text
comes from. No signal holds either; a file's name, a message's or an event's words could.
"""

from __future__ import annotations

import re
from typing import Any

LEFT_OUT = "(left out)"

_VIN = re.compile(
    r"(?<![A-Z0-9])(?=[A-Z0-9]*[0-9])(?=[A-Z0-9]*[A-Z])[A-HJ-NPR-Z0-9]{17}(?![A-Z0-9])", re.I
)
"""Seventeen letters and digits without I, O and Q, some of each (ISO 3779)."""
_POSITION = re.compile(
    r"[-+]?\d{1,3}\.\d{3,}\s*°?\s*[NS]?\s*[,;/_ ]\s*[-+]?\d{1,3}\.\d{3,}\s*°?[EW]?"
)
"""Two decimal degrees, to a hundred metres or better, beside each other."""


def told_to_all(words: str) -> str:
    """Return ``words`` without what says which vehicle it is, or where."""
    return _POSITION.sub(LEFT_OUT, _VIN.sub(LEFT_OUT, words))


def all_told(value: Any) -> Any:
    """Return plain data with every text in it told to all; numbers are kept."""
    if isinstance(value, str):
        return told_to_all(value)
    if isinstance(value, dict):
        return {told_to_all(key): all_told(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        if value and isinstance(value[0], int):
            return value  # times and indices, of which there may be many
        return [all_told(item) for item in value]
    return value
