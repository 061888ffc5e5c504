"""Whether a message is whole, new, in order, and from its sender: checksum, counter, and a state.

Knows: AUTOSAR E2E profile 5 and an eight-bit checksum, the alive counter, and the E2E state machine
(NODATA, INIT, VALID, INVALID). Refuses to know: meaning, and time: silence is ``supervision``'s.

The ``autosar-e2e`` package checks only the CRC; sequence and state are ours. Names in capitals are
those of AUTOSAR's E2E protocol specification. Deviations, each on the strict side unless said:

1. A wrong sequence counts as an error in the window, as a wrong checksum does.
2. A repeated counter is no new data: it changes nothing here, so the message's gap runs on until
   it is lost. A repeated counter with another checksum is another sender's frame, and an error: two
   senders of one message make it INVALID, however well the second keeps to the first's sequence.
3. Errors before the first good frame count too, so a message that was never valid turns INVALID.
4. MinOkStateValid is 0: few frames are a matter of time, and time is not judged here.

The first good frame leads from NODATA to INIT: there is no counter yet to compare it with, so its
values are not used. The second, in sequence, leads to VALID and its values are used. In VALID a bad
frame is dropped; one more than MAX_ERRORS within the window leads to INVALID. After a wrong
sequence the received counter is the one to continue from, so a restarted sender costs one frame.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from e2e.p05 import e2e_p05_check, e2e_p05_protect

from vehicle.core.record import record
from vehicle.wire.layout import ProtectionSpec

MAX_ERRORS = 2
"""E2E MaxErrorStateInit and MaxErrorStateValid: bad frames within the window that are borne."""
MIN_OK_INVALID = 3
"""E2E MinOkStateInvalid: good frames in a row that lead from INVALID to VALID."""


class Check(StrEnum):
    """What one frame is worth (E2E check status)."""

    OK = "ok"
    OK_SOME_LOST = "ok-some-lost"
    REPEATED = "repeated"
    WRONG_SEQUENCE = "wrong-sequence"
    ERROR = "error"

    @property
    def good(self) -> bool:
        """Whether the frame is whole, new and in order."""
        return self is Check.OK or self is Check.OK_SOME_LOST


class ProtectionState(StrEnum):
    """What the message is worth (E2E state machine)."""

    NODATA = "nodata"
    INIT = "init"
    VALID = "valid"
    INVALID = "invalid"


class Verdict(StrEnum):
    """What the latest frame makes of the window."""

    GOOD = "good"
    BAD = "bad"
    ENOUGH_GOOD = "enough-good"
    TOO_MANY_BAD = "too-many-bad"


TRANSITIONS: dict[ProtectionState, dict[Verdict, ProtectionState]] = {
    ProtectionState.NODATA: {
        Verdict.GOOD: ProtectionState.INIT,
        Verdict.ENOUGH_GOOD: ProtectionState.INIT,
        Verdict.TOO_MANY_BAD: ProtectionState.INVALID,
    },
    ProtectionState.INIT: {
        Verdict.GOOD: ProtectionState.VALID,
        Verdict.ENOUGH_GOOD: ProtectionState.VALID,
        Verdict.TOO_MANY_BAD: ProtectionState.INVALID,
    },
    ProtectionState.VALID: {
        Verdict.TOO_MANY_BAD: ProtectionState.INVALID,
    },
    ProtectionState.INVALID: {
        Verdict.ENOUGH_GOOD: ProtectionState.VALID,
    },
}
"""A missing entry: the state stays."""


class Code(Protocol):
    """A checksum over a payload, and the counter in it."""

    counter_max: int

    def read(self, data: bytes) -> tuple[int | None, int] | None:
        """Return the counter, None if the message has none, and the checksum that is written.

        None instead of both where the payload is not whole.
        """

    def protect(self, payload: bytearray, counter: int) -> None:
        """Write counter and checksum."""


class E2eP05:
    """AUTOSAR E2E profile 5: CRC-16 in bytes 0 and 1, counter in byte 2, a DataID unsent."""

    counter_max = 255

    def __init__(self, spec: ProtectionSpec) -> None:
        self._data_id = spec.data_id

    def read(self, data: bytes) -> tuple[int | None, int] | None:
        """Return the header, where the CRC is right for this DataID; None if there is no header."""
        if len(data) < 3 or not e2e_p05_check(data, self._data_id):
            return None
        return data[2], data[0] | data[1] << 8

    def protect(self, payload: bytearray, counter: int) -> None:
        """Write the header."""
        payload[2] = counter
        e2e_p05_protect(payload, self._data_id, increment_counter=False)


@lru_cache(maxsize=16)
def crc8_table(polynomial: int) -> bytes:
    """Return the checksum of each byte value, highest bit first."""
    table = bytearray()
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc << 1 ^ polynomial if crc & 0x80 else crc << 1) & 0xFF
        table.append(crc)
    return bytes(table)


class Crc8:
    """One checksum byte over all other bytes, and optionally a counter somewhere."""

    def __init__(self, spec: ProtectionSpec) -> None:
        assert spec.checksum is not None
        self._table = crc8_table(spec.polynomial)
        self._spec = spec
        self._place = spec.checksum.bit_places[0] // 8
        self.counter_max = spec.counter_max

    def _checksum(self, data: bytes | bytearray) -> int:
        crc = self._spec.start
        for index, byte in enumerate(data):
            if index != self._place:
                crc = self._table[crc ^ byte]
        return crc ^ self._spec.final_xor

    def read(self, data: bytes) -> tuple[int | None, int] | None:
        """Return both, where the checksum is right, and the counter one that is ever sent."""
        if len(data) <= self._place or data[self._place] != self._checksum(data):
            return None
        if self._spec.counter is None:
            return None, data[self._place]
        counter = self._spec.counter.raw(data)
        if counter is None or counter > self.counter_max:
            return None
        return counter, data[self._place]

    def protect(self, payload: bytearray, counter: int) -> None:
        """Write counter and checksum."""
        if self._spec.counter is not None:
            self._spec.counter.put(payload, counter)
        payload[self._place] = self._checksum(payload)


def code_of(spec: ProtectionSpec) -> Code:
    """Return the checksum that a mapping names."""
    return E2eP05(spec) if spec.kind == "e2e-p05" else Crc8(spec)


@record
class ProtectionMemory:
    """What one message's protection remembers."""

    state: ProtectionState = ProtectionState.NODATA
    counter: int | None = None
    checksum: int | None = None
    """That of the frame which brought the counter."""
    window: tuple[bool, ...] = ()
    """The latest frames, oldest first; True: bad."""


class Protection:
    """One received message's protection: feed every frame, then ask ``state``."""

    def __init__(self, spec: ProtectionSpec) -> None:
        self._code = code_of(spec)
        self._max_delta = spec.max_delta
        self._window: deque[bool] = deque(maxlen=spec.window)
        self._counter: int | None = None
        self._checksum: int | None = None
        self.state = ProtectionState.NODATA

    def reset(self) -> None:
        """Forget everything: the message was lost, so its counter may have gone anywhere."""
        self._window.clear()
        self._counter = self._checksum = None
        self.state = ProtectionState.NODATA

    @property
    def memory(self) -> ProtectionMemory:
        """What is remembered now."""
        return ProtectionMemory(self.state, self._counter, self._checksum, tuple(self._window))

    def resume(self, memory: ProtectionMemory) -> None:
        """Go on from ``memory``."""
        self.state = memory.state
        self._counter, self._checksum = memory.counter, memory.checksum
        self._window.clear()
        self._window.extend(memory.window)

    def pass_over(self, data: bytes) -> None:
        """Take note of good frames that changed nothing; the last of them was ``data``."""
        self._counter, self._checksum = self._code.read(data) or (None, None)

    def feed(self, data: bytes) -> Check:
        """Judge one frame and move the state."""
        found = self._code.read(data)
        check = Check.ERROR if found is None else self._follow(*found)
        if check is Check.OK and self.state is ProtectionState.VALID and not any(self._window):
            return check  # the usual frame: nothing can change, and time is dear
        if check is Check.REPEATED:
            return check
        verdict = self._verdict(check.good)
        following = TRANSITIONS[self.state].get(verdict, self.state)
        if following is ProtectionState.INVALID and self.state is not following:
            self._window.clear()
        self.state = following
        return check

    def _follow(self, counter: int | None, checksum: int) -> Check:
        """Return how a whole frame follows the one before."""
        last, self._counter = self._counter, counter
        told, self._checksum = self._checksum, checksum
        if counter is None or last is None:
            return Check.OK
        delta = (counter - last) % (self._code.counter_max + 1)
        if delta == 0:
            return Check.REPEATED if checksum == told else Check.WRONG_SEQUENCE
        if delta == 1:
            return Check.OK
        return Check.OK_SOME_LOST if delta <= self._max_delta else Check.WRONG_SEQUENCE

    def _verdict(self, good: bool) -> Verdict:
        window = self._window
        window.append(not good)
        if not good:
            return Verdict.TOO_MANY_BAD if sum(window) > MAX_ERRORS else Verdict.BAD
        if self.state is ProtectionState.INVALID:
            latest = list(window)[-MIN_OK_INVALID:]
            enough = len(latest) == MIN_OK_INVALID and not any(latest)
            return Verdict.ENOUGH_GOOD if enough else Verdict.GOOD
        return Verdict.GOOD
