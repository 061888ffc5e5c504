"""A stretch of a recording as columns: every frame's time, and the frames that a profile reads.

Knows: how the columns lie in memory, and which identifiers are wanted.
Refuses to know: formats, what a payload means, and who fills and who reads the columns.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from vehicle.wire.frame import CLASSIC_BYTES_MAX, PAYLOAD_BYTES, STANDARD_ID_MAX, Frame
from vehicle.wire.layout import CanId

ROOM = 1 << 14
"""Frames that one ``Columns`` holds at most, where a kernel does not ask for another number."""

STAMP_US_MAX = 1 << 61
"""No recording is 73,000 years away from 1970: a stamp beyond it, to either side, is damage."""

_STANDARD_IDS = STANDARD_ID_MAX + 1


class Wanted:
    """The identifiers worth keeping, and the channels on which they were met so far."""

    def __init__(self, ids: Iterable[CanId]) -> None:
        """``ids``: identifiers and whether each has 29 bits; their order is their index."""
        self.ids: tuple[CanId, ...] = tuple(dict.fromkeys(ids))
        self.index: dict[CanId, int] = {can_id: index for index, can_id in enumerate(self.ids)}
        self.standard = array("i", [-1] * _STANDARD_IDS)
        """11-bit identifier -> index, or -1."""
        extended = sorted((can_id, index) for (can_id, long), index in self.index.items() if long)
        self.extended_ids = array("I", [can_id for can_id, _ in extended])
        """29-bit identifiers, ascending, and below the index of each."""
        self.extended_index = array("i", [index for _, index in extended])
        for (can_id, long), index in self.index.items():
            if not long:
                self.standard[can_id] = index
        self.channels: list[str] = []
        """Channel names in the order they were met."""
        self._channel_index: dict[str, int] = {}

    def channel(self, name: str) -> int:
        """Return a channel's index; a new one is added."""
        index = self._channel_index.setdefault(name, len(self.channels))
        if index == len(self.channels):
            self.channels.append(name)
        return index


class Columns:
    """Up to ``room`` frames in the order of their file.

    ``stamps_us[:frames]`` has every readable frame, because time is made of all of them. The other
    columns, up to ``kept``, have only data frames with a wanted identifier; ``rows`` says which
    frame of the stretch each is. Whoever fills a row fills all of it: bytes behind a payload are 0.
    """

    __slots__ = (
        "channels",
        "counts",
        "idents",
        "lengths",
        "parts",
        "payloads",
        "room",
        "rows",
        "stamps_us",
        "wanted",
    )

    def __init__(self, wanted: Wanted, room: int = ROOM) -> None:
        self.wanted = wanted
        self.room = room
        """Frames that there is room for."""
        self.stamps_us = array("q", bytes(8 * room))
        """Microseconds as recorded; once on the recording's clock, ``now_us``."""
        self.rows = array("i", bytes(4 * room))
        self.idents = array("i", bytes(4 * room))
        """Index into ``wanted.ids``."""
        self.channels = array("i", bytes(4 * room))
        """Index into ``wanted.channels``."""
        self.lengths = array("i", bytes(4 * room))
        """Payload bytes, 0 to 64."""
        self.payloads = bytearray(PAYLOAD_BYTES * room)
        self.counts = array("q", [0, 0])
        """``frames`` and ``kept``, where a compiled kernel can write them."""
        self.parts = (
            self.stamps_us,
            self.rows,
            self.idents,
            self.channels,
            self.lengths,
            self.payloads,
            self.counts,
        )
        """All of it, in the order in which a compiled kernel takes it."""

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return self.counts[0]

    @property
    def kept(self) -> int:
        """How many of them are wanted."""
        return self.counts[1]

    @property
    def full(self) -> bool:
        """Whether there is no room for another frame."""
        return self.counts[0] >= self.room

    def clear(self) -> None:
        """Make room again."""
        self.counts[0] = self.counts[1] = 0

    def add(self, stamp_us: int, frame: Frame) -> None:
        """Add one frame."""
        row, kept = self.counts
        self.stamps_us[row] = stamp_us
        self.counts[0] = row + 1
        can_id, data, channel, extended, _, remote, error = frame
        ident = self.wanted.index.get((can_id, extended))
        if ident is None or remote or error:
            return
        self.put(kept, row, ident, self.wanted.channel(channel), data)
        self.counts[1] = kept + 1

    def put(self, kept: int, row: int, ident: int, channel: int, data: bytes) -> None:
        """Fill the row of a wanted frame; the counts are the caller's."""
        self.rows[kept] = row
        self.idents[kept] = ident
        self.channels[kept] = channel
        self.lengths[kept] = len(data)
        start = PAYLOAD_BYTES * kept
        self.payloads[start : start + PAYLOAD_BYTES] = data.ljust(PAYLOAD_BYTES, b"\0")

    def data(self, kept: int) -> bytes:
        """Return the payload of a wanted frame."""
        start = PAYLOAD_BYTES * kept
        return bytes(self.payloads[start : start + self.lengths[kept]])

    def frame(self, kept: int) -> Frame:
        """Return a wanted frame as others know it."""
        can_id, extended = self.wanted.ids[self.idents[kept]]
        channel = self.wanted.channels[self.channels[kept]]
        length = self.lengths[kept]
        return Frame(can_id, self.data(kept), channel, extended, length > CLASSIC_BYTES_MAX)
