"""Who may ask for a release: the evidence that each way of asking needs, as a table.

Knows: what was checked of a request, what the key and the doors must say for it, and that failed
tries are slowed down. Refuses to know: bits, codes and keys (``wire.secoc``), and what follows.

Whoever can write on a bus can write a request with the right checksum and counter. Where the car's
own key proves the sender, that is enough. Else the request counts only together with a history that
fits it: key and doors say so, and have said so for a while. An intruder then has to speak for the
key's and the doors' control units as well, beside them, for all that time; and two senders of one
message make it invalid (``wire.protection``), which ends the evidence.

A key near the car, or an unlocked car, never asks for anything by itself: an action always does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from vehicle.core.names import Proof, Result, Source
from vehicle.core.patience import Patience
from vehicle.core.signals import CarLock, KeyZone
from vehicle.core.state import State

SETTLED_US = 1_000_000
"""How long key and doors must have said what they say.

The E2E window of the reference car's slowest message (five frames of ``KeyState``, 200 ms each):
within it two senders of one message are found out.
"""

_HEARD = (KeyZone.FAR, KeyZone.NEAR, KeyZone.AT_PORT, KeyZone.INSIDE)


class Evidence(StrEnum):
    """One thing that must be so for a request to count."""

    KEY_AT_PORT = "key-at-port"
    KEY_HEARD = "key-heard"
    CAR_UNLOCKED = "car-unlocked"
    OWNER_IN_CAR = "owner-in-car"
    KEY_SETTLED = "key-settled"
    DOORS_SETTLED = "doors-settled"
    IN_CAR_SETTLED = "in-car-settled"


def _key_at_port(state: State, _: int) -> bool:
    """the key is at the charge port"""
    return state.settled.key is KeyZone.AT_PORT


def _key_heard(state: State, _: int) -> bool:
    """the key is heard, however far"""
    return state.seen.key in _HEARD


def _car_unlocked(state: State, _: int) -> bool:
    """the car is unlocked"""
    return state.seen.car_lock is CarLock.UNLOCKED


def _owner_in_car(state: State, _: int) -> bool:
    """the car is unlocked, or the key is inside"""
    return state.seen.car_lock is CarLock.UNLOCKED or state.seen.key is KeyZone.INSIDE


def _key_settled(state: State, now_us: int) -> bool:
    """the key has been there for 1 s"""
    return now_us - state.changed_us["key"] >= SETTLED_US


def _doors_settled(state: State, now_us: int) -> bool:
    """the doors have been so for 1 s"""
    return now_us - state.changed_us["car_lock"] >= SETTLED_US


def _in_car_settled(state: State, now_us: int) -> bool:
    """either for 1 s"""
    unlocked = state.seen.car_lock is CarLock.UNLOCKED and _doors_settled(state, now_us)
    return unlocked or (state.seen.key is KeyZone.INSIDE and _key_settled(state, now_us))


EVIDENCE: dict[Evidence, tuple[Callable[[State, int], bool], Result]] = {
    Evidence.KEY_AT_PORT: (_key_at_port, Result.REFUSED_KEY_NOT_AT_PORT),
    Evidence.KEY_HEARD: (_key_heard, Result.REFUSED_KEY_NOT_HEARD),
    Evidence.CAR_UNLOCKED: (_car_unlocked, Result.REFUSED_CAR_NOT_UNLOCKED),
    Evidence.OWNER_IN_CAR: (_owner_in_car, Result.REFUSED_CAR_NOT_UNLOCKED),
    Evidence.KEY_SETTLED: (_key_settled, Result.REFUSED_JUST_CHANGED),
    Evidence.DOORS_SETTLED: (_doors_settled, Result.REFUSED_JUST_CHANGED),
    Evidence.IN_CAR_SETTLED: (_in_car_settled, Result.REFUSED_JUST_CHANGED),
}
"""How each is told, and how a request without it ends. The functions' docstrings are their words.
"""

_BUTTON = (Evidence.KEY_AT_PORT, Evidence.CAR_UNLOCKED)
_SETTLED = (Evidence.KEY_SETTLED, Evidence.DOORS_SETTLED)

NEEDED: dict[Source, dict[Proof, tuple[Evidence, ...] | None]] = {
    Source.CLI: {Proof.LOCAL: (), Proof.AUTHENTIC: None, Proof.INTACT: None},
    # An app's owner is anywhere. Without a key for the bus, only an owner beside the car counts.
    Source.REMOTE: {
        Proof.LOCAL: (),
        Proof.AUTHENTIC: (),
        Proof.INTACT: (Evidence.KEY_HEARD, Evidence.CAR_UNLOCKED, *_SETTLED),
    },
    # A button outside the car: a relayed key, or a passer-by at an unlocked car, is not enough.
    Source.PORT_BUTTON: {
        Proof.LOCAL: _BUTTON,
        Proof.AUTHENTIC: _BUTTON,
        Proof.INTACT: (*_BUTTON, *_SETTLED),
    },
    # The fob's button is an action of its own, so its doors may be locked.
    Source.FOB: {
        Proof.LOCAL: (),
        Proof.AUTHENTIC: (),
        Proof.INTACT: (Evidence.KEY_HEARD, Evidence.KEY_SETTLED),
    },
    # People sit in a locked car while it charges.
    Source.SCREEN: {
        Proof.LOCAL: (),
        Proof.AUTHENTIC: (),
        Proof.INTACT: (Evidence.OWNER_IN_CAR, Evidence.IN_CAR_SETTLED),
    },
    Source.CAR: {
        Proof.LOCAL: (),
        Proof.AUTHENTIC: (),
        Proof.INTACT: (Evidence.CAR_UNLOCKED, Evidence.DOORS_SETTLED),
    },
    Source.GUEST: {Proof.LOCAL: (), Proof.AUTHENTIC: None, Proof.INTACT: None},
    # No frame says this: it is our own reading of the doors, and the owner's choice.
    Source.CAR_UNLOCK: {Proof.LOCAL: (), Proof.AUTHENTIC: None, Proof.INTACT: None},
}
"""Source -> proof -> the evidence that a release needs; None: that way does not exist.

A frame without checksum and counter (``Proof.NONE``) never releases.
"""


def refuse_release(state: State, source: Source, proof: Proof, now_us: int) -> Result | None:
    """Return why a request to release does not count; None where it does.

    Failed tries from the bus are counted, and slowed down for their own source only. One that is
    proven by the car's key, or that came in locally, never waits for those.
    """
    if state.shadow and source is Source.CAR:
        return None  # it tells what another controller does, and releases nothing of ours
    if proof in (Proof.LOCAL, Proof.AUTHENTIC):
        return _missing(state, source, proof, now_us)
    patience = state.patience.get(source, Patience())
    if patience.exhausted(now_us):
        return Result.REFUSED_TOO_OFTEN
    refused = _missing(state, source, proof, now_us)
    if refused is not None:
        state.patience[source] = patience.failed(now_us)
    return refused


def worth_telling(state: State, source: Source, why: Result) -> bool:
    """Return whether a refusal is told: that a try has to wait, once in every wait.

    Whoever floods the bus with requests must not flood the journal.
    """
    if why is not Result.REFUSED_TOO_OFTEN:
        return True
    patience = state.patience[source]
    state.patience[source] = replace(patience, told=True)
    return not patience.told


def _missing(state: State, source: Source, proof: Proof, now_us: int) -> Result | None:
    needed = NEEDED[source].get(proof)
    if needed is None:
        return Result.REFUSED_UNPROTECTED
    for evidence in needed:
        holds, result = EVIDENCE[evidence]
        if not holds(state, now_us):
            return result
    return None
