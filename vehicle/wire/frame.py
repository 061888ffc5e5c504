"""One CAN frame as data. Knows nothing of interfaces, files or meaning."""

from __future__ import annotations

from typing import NamedTuple


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
