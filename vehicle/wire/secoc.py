"""Whether a frame was made with the car's own key, and is newer than all before it (AUTOSAR SecOC).

Knows: the authentication code, the freshness value behind its shown bits, and when a try must wait.
Refuses to know: where keys and used values are kept (``runtime``), time, and what a frame says.

The code is an AES-128-CMAC over the message's DataID (2 bytes, big endian), the payload with the
bits of its checksum, counter, freshness and code cleared, and the whole freshness value (8 bytes,
big endian); of it the highest bits are sent. The checksum and counter of ``protection`` lie around
it, so a frame that was damaged on its way is not taken for an attack.

A sender gives every frame the next value of its freshness counter, and shows the lowest bits. The
receiver takes the smallest value above the last one used that ends in these bits: it only moves
forward, and a value counts once. Whatever is sent again, was held back while newer frames passed,
or comes from before, has another value and another code. A message that shows more bits catches up
with a sender that went on while nobody listened.

``cryptography`` is needed only where there is a key, and is imported only then.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Protocol

from vehicle.core.names import Authenticity
from vehicle.core.patience import Patience
from vehicle.wire.layout import MessageSpec, SecocSpec

KEY_BYTES = 16
"""AES-128."""
FRESHNESS_BYTES = 8
"""AUTOSAR SecOC: a freshness value has up to 64 bits."""
_MAC_BITS = 128

Mac = Callable[[bytes], bytes]
"""The whole authentication code over some bytes: 16 bytes."""


class SecocMissingError(Exception):
    """A key is there, but the package that checks codes with it is not. The message says both."""


def mac_of(key: bytes) -> Mac:
    """Return AES-128-CMAC under ``key``, 16 bytes.

    Raises:
        SecocMissingError: ``cryptography`` is not installed.
    """
    try:
        from cryptography.hazmat.primitives.ciphers.algorithms import AES
        from cryptography.hazmat.primitives.cmac import CMAC
    except ImportError as error:
        raise SecocMissingError(
            "a SecOC key is given, but the package cryptography is not installed; install"
            " chargelock[secoc], or run without the key"
        ) from error
    begun = CMAC(AES(key))

    def mac(content: bytes) -> bytes:
        running = begun.copy()
        running.update(content)
        code: bytes = running.finalize()
        return code

    return mac


class Freshness(Protocol):
    """Keeps which values of each counter were used. It never forgets one, whatever happens."""

    def used(self, counter: str) -> int:
        """Return the largest value that was used, or may have been; -1: none."""

    def use(self, counter: str, value: int) -> bool:
        """Use ``value``, larger than ``used``; False: that cannot be kept, so it must not count."""

    def doubtful(self, counter: str, value: int) -> bool:
        """Return whether nobody knows any more if ``value`` was used: a crash came between."""


class UsedValues:
    """A ``Freshness`` that lasts as long as the process."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def used(self, counter: str) -> int:
        """Return the largest value that was used; -1: none."""
        return self._used.get(counter, -1)

    def use(self, counter: str, value: int) -> bool:
        """Use ``value``."""
        self._used[counter] = value
        return True

    def doubtful(self, counter: str, value: int) -> bool:
        """Return False: everything is known."""
        return False


def _covered(spec: MessageSpec, secoc: SecocSpec) -> int:
    """Return the bits that the code covers, the payload read as little-endian integer."""
    cleared = secoc.freshness.mask | secoc.mac.mask
    if spec.protection is not None:
        cleared |= spec.protection.mask
    return ~cleared


class _Message:
    """One message's layout, ready for its codes."""

    def __init__(self, spec: MessageSpec) -> None:
        assert spec.secoc is not None
        self.secoc = spec.secoc
        self.span = 1 << spec.secoc.freshness.length
        """How many values the shown bits tell apart."""
        self._covered = _covered(spec, spec.secoc)
        self._head = spec.secoc.data_id.to_bytes(2, "big")
        self._shift = _MAC_BITS - spec.secoc.mac.length

    def code(self, mac: Mac, data: bytes | bytearray, value: int) -> int:
        """Return the code of a payload with a freshness value, as sent."""
        covered = int.from_bytes(data, "little") & self._covered
        content = covered.to_bytes(len(data), "little")
        whole = mac(self._head + content + value.to_bytes(FRESHNESS_BYTES, "big"))
        return int.from_bytes(whole, "big") >> self._shift


class Verifier:
    """The receiving side of one key. ``judge`` is what a ``Translator`` asks."""

    def __init__(self, mac: Mac, freshness: Freshness) -> None:
        self._mac = mac
        self._freshness = freshness
        self._messages: dict[str, _Message] = {}
        self._patience: dict[str, Patience] = {}

    def judge(self, now_us: int, spec: MessageSpec, data: bytes) -> Authenticity:
        """Check one frame; a genuine one's freshness counts as used from now on.

        After failures the next frames of that message are not looked at for a while.
        """
        patience = self._patience.get(spec.name)
        if patience is not None and patience.exhausted(now_us):
            return Authenticity.UNCHECKED
        found = self._check(spec, data)
        if found in (Authenticity.FORGED, Authenticity.STALE):
            self._patience[spec.name] = (patience or Patience()).failed(now_us)
        return found

    def _check(self, spec: MessageSpec, data: bytes) -> Authenticity:
        message = self._messages.get(spec.name)
        if message is None:
            message = self._messages[spec.name] = _Message(spec)
        secoc = message.secoc
        shown, sent = secoc.freshness.raw(data), secoc.mac.raw(data)
        if shown is None or sent is None:
            return Authenticity.FORGED
        used = self._freshness.used(secoc.counter)
        value = used + 1 + (shown - used - 1) % message.span
        if self._fits(message, data, value, sent):
            kept = self._freshness.use(secoc.counter, value)
            return Authenticity.GENUINE if kept else Authenticity.UNCHECKED
        earlier = value - message.span
        if not self._fits(message, data, earlier, sent):
            return Authenticity.FORGED
        doubtful = self._freshness.doubtful(secoc.counter, earlier)
        return Authenticity.UNCHECKED if doubtful else Authenticity.STALE

    def _fits(self, message: _Message, data: bytes, value: int, sent: int) -> bool:
        if not 0 <= value < 1 << 8 * FRESHNESS_BYTES:
            return False
        size = (message.secoc.mac.length + 7) // 8
        code = message.code(self._mac, data, value)
        return hmac.compare_digest(code.to_bytes(size, "big"), sent.to_bytes(size, "big"))


class Signer:
    """The sending side of one key: for the simulated car, for playback and for tests."""

    def __init__(self, mac: Mac) -> None:
        self._mac = mac
        self._messages: dict[str, _Message] = {}
        self.next: dict[str, int] = {}
        """Counter -> the value that its next frame gets; one that is not there begins with 0."""

    def sign(self, spec: MessageSpec, payload: bytearray) -> None:
        """Write freshness and code into a payload that has everything else but its checksum."""
        if spec.secoc is None:
            return
        message = self._messages.setdefault(spec.name, _Message(spec))
        counter = spec.secoc.counter
        value = self.next.get(counter, 0)
        self.next[counter] = value + 1
        spec.secoc.freshness.put(payload, value % message.span)
        spec.secoc.mac.put(payload, message.code(self._mac, payload, value))
