"""One CAN frame as data. Knows nothing of interfaces, files or meaning."""

from __future__ import annotations

from typing import NamedTuple

STANDARD_ID_MAX = 0x7FF
EXTENDED_ID_MAX = 0x1FFF_FFFF
"""Also the mask of an identifier's bits where flags stand above them."""

CLASSIC_BYTES_MAX = 8
"""The longest payload of a classic CAN frame; a longer one is CAN FD."""

PAYLOAD_BYTES = 64
"""The longest payload of a CAN FD frame."""

FD_LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)
"""DLC -> payload bytes of a CAN FD frame. Source: ISO 11898-1."""


class Frame(NamedTuple):
    """A CAN or CAN FD frame as received or to be sent. Its time travels beside it."""

    can_id: int
    """11 bit, or 29 bit where ``extended``; without flag bits."""
    data: bytes = b""
    channel: str = ""
    """The bus it was seen on, in the source's own words ("can0", "1")."""
    extended: bool = False
    fd: bool = False
    remote: bool = False
    error: bool = False
