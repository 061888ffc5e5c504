"""The simulated car's telematics unit, and an intruder on its bus.

Knows: how requests from afar are signed, and what somebody at the bus's wires can make of what they
have heard. Refuses to know: when anything is sent, and what becomes of it.

The intruder knows everything but the key: the layout, the checksums and the counters. It sends with
the counter that the unit would use next, so its frame is whole and in order.
"""

from __future__ import annotations

from random import Random

from vehicle.runtime.plant import Plant
from vehicle.wire.codec import Encoder
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.protection import code_of
from vehicle.wire.secoc import Signer, UsedValues, Verifier, mac_of

REMOTE_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
"""The simulated car's key. Source: the AES-128 example key of NIST SP 800-38B."""
REQUEST = "RemoteRequest"
FIRST_FRESHNESS = 4000
"""Where the unit's freshness stands when a story begins; any car has been driven before."""
HELD_BACK = 200
"""How many frames ago a held-back one was signed. It shows 8 bits, so at most 255."""

Signals = dict[str, int | float | str]


def verifier_of(remote: str) -> Verifier | None:
    """Return our side of the key, for a story's ``start.remote``; None where we have none."""
    return Verifier(mac_of(REMOTE_KEY), UsedValues()) if remote == "secoc" else None


def signer_of(remote: str) -> Signer | None:
    """Return the car's side of the key; None where the car has none."""
    if remote != "secoc":
        return None
    signer = Signer(mac_of(REMOTE_KEY))
    signer.next["main"] = FIRST_FRESHNESS
    return signer


class Intruder:
    """Someone at the bus's wires."""

    def __init__(self, profile: Profile, random: Random) -> None:
        self._profile = profile
        self.can_id = profile.messages[REQUEST].can_id
        """The identifier that it speaks in the name of."""
        self._random = random
        self._counter = 0
        self._latest: dict[str, Frame] = {}
        """Request -> the latest frame that asked for it."""

    def hear(self, frame: Frame, asks: str) -> None:
        """Take note of a frame of the unit's."""
        self._latest[asks] = frame
        self._counter = frame.data[2]

    def frame(self, how: str, asks: str, signer: Signer | None) -> Frame:
        """Return a frame that asks, made up (``forged``), heard before (``replayed``), or made by
        the unit itself and kept from the bus until now (``held-back``)."""
        unprotected = Encoder(self._profile, "can0")
        frame = unprotected.encode(REQUEST, {"PortRequest": asks})
        spec = self._profile.messages[REQUEST]
        assert spec.protection is not None
        assert spec.secoc is not None
        payload = bytearray(frame.data)
        if how == "replayed":
            payload[:] = self._latest.get(asks, frame).data
        elif how == "held-back" and signer is not None:
            counter = spec.secoc.counter
            earlier = Signer(mac_of(REMOTE_KEY))
            earlier.next[counter] = signer.next[counter] - HELD_BACK
            earlier.sign(spec, payload)
        else:
            spec.secoc.freshness.put(payload, self._random.randrange(256))
            spec.secoc.mac.put(payload, self._random.randrange(1 << 28))
        self._counter = (self._counter + 1) % 256
        code_of(spec.protection).protect(payload, self._counter)
        return frame._replace(data=bytes(payload))


def remote_request(plant: Plant) -> Signals:
    """Return what the unit says: the request, as long as it is reported."""
    words = {None: "None", "unlatch": "Unlatch", "latch": "Latch"}
    return {"PortRequest": words[plant.pulsed("remote")]}


def freshness_state(_: Plant) -> Signals:
    """Return what the unit says of its freshness: the signing says it all."""
    return {}
