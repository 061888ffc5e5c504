"""What each name means in an owner's words.

Knows: one sentence for every signal value, fault and request result, and how to say what is
held and what is not. Refuses to know: when anything happens. A test holds every name to a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, FaultName, PinState, Result
from vehicle.core.signals import Fitted, Occupant
from vehicle.core.situation import fitted, guarding_pin
from vehicle.core.snapshot import Snapshot

SIGNAL_WORDS: dict[str, dict[str, str]] = {
    "car_lock": {"locked": "car locked", "unlocked": "car unlocked", "unknown": "car lock unknown"},
    "key": {
        "absent": "key absent",
        "far": "key far",
        "near": "key near",
        "at-port": "key at the charge port",
        "inside": "key inside",
        "unknown": "key unknown",
    },
    "occupant": {
        "empty": "inlet empty",
        "connector": "connector in the inlet",
        "adapter": "adapter in the inlet",
        "adapter-and-connector": "adapter with connector in the inlet",
        "unknown": "inlet's occupant unknown",
    },
    "session": {
        "none": "no session",
        "waiting": "session waiting",
        "charging": "charging",
        "stopping": "session stopping",
        "complete": "charge complete",
        "fault": "session ended in a fault",
        "unknown": "session unknown",
    },
    "supply": {
        "none": "no supply",
        "ac": "AC supply",
        "dc": "DC supply",
        "unknown": "supply unknown",
    },
    "supply_limit": {
        "up-to-16-a": "supply offers up to 16 A",
        "above-16-a": "supply offers more than 16 A",
        "unknown": "supply's limit unknown",
    },
    "pilot": {
        "absent": "control pilot absent",
        "present": "control pilot present",
        "unknown": "control pilot unknown",
    },
    "inlet": {
        "safe": "inlet safe",
        "energised": "inlet energised",
        "unknown": "inlet's energy unknown",
    },
    "weld": {
        "none": "no weld test",
        "testing": "weld test running",
        "passed": "weld test passed",
        "welded": "contactors welded",
        "unknown": "weld test unknown",
    },
    "latch": {
        "released": "latch sensor: released",
        "engaged": "latch sensor: engaged",
        "moving": "latch sensor: moving",
        "blocking": "latch sensor: blocking",
        "unknown": "latch sensor: unknown",
    },
    "adapter_lock": {
        "released": "adapter lock sensor: released",
        "engaged": "adapter lock sensor: engaged",
        "moving": "adapter lock sensor: moving",
        "blocking": "adapter lock sensor: blocking",
        "unknown": "adapter lock sensor: unknown",
    },
    "latch_fitted": {
        "fitted": "car has a charge-port latch",
        "absent": "car has no charge-port latch",
        "unknown": "not known whether the car has a charge-port latch",
    },
    "adapter_lock_fitted": {
        "fitted": "car has an adapter lock",
        "absent": "car has no adapter lock",
        "unknown": "not known whether the car has an adapter lock",
    },
    "place": {
        "home": "at home",
        "work": "at work",
        "away": "away from home and work",
        "unknown": "place unknown",
    },
    "hour": {
        **{f"{hour:02}": f"between {hour}:00 and {hour + 1}:00" for hour in range(24)},
        "unknown": "time of day unknown",
    },
    "cabin": {
        "empty": "nobody in the car",
        "occupied": "someone in the car",
        "unknown": "not known whether someone is in the car",
    },
    "cable": {
        "tethered": "cable belongs to the station",
        "portable": "the owner's portable EVSE",
        "socket": "public socket, the owner's cable",
        "unknown": "not known whose cable it is",
    },
    "temperature": {
        "cold": "cold at the inlet",
        "mild": "no frost at the inlet",
        "unknown": "temperature unknown",
    },
    "board_supply": {
        "too-low": "12 V supply too low to move a pin",
        "low": "12 V supply low",
        "good": "12 V supply good",
        "unknown": "12 V supply unknown",
    },
}
"""Signal -> value -> words."""

PIN_WORDS = {Actuator.LATCH: "charge-port latch", Actuator.ADAPTER: "adapter lock"}

STATE_WORDS: dict[PinState, str] = {
    PinState.UNKNOWN: "position unknown",
    PinState.RELEASED: "released",
    PinState.ENGAGING: "engaging",
    PinState.ENGAGED: "engaged",
    PinState.RELEASING: "releasing",
    PinState.JAMMED: "jammed",
}

CHARGE_WORDS: dict[Charge, str] = {
    Charge.NONE: "no charging",
    Charge.AC_LIMITED: "AC up to 16 A",
    Charge.AC: "AC",
    Charge.DC: "DC",
}

FAULT_WORDS: dict[FaultName, str] = {
    FaultName.FAILED_TO_ENGAGE: "the pin could not be engaged",
    FaultName.FAILED_TO_RELEASE: "the pin could not be released",
    FaultName.UNEXPECTED_OPEN: "the pin opened without a command",
    FaultName.UNEXPECTED_CLOSE: "the pin closed without a command",
    FaultName.FEEDBACK_LOST: "the pin's sensor is not heard",
    FaultName.ENERGY_UNKNOWN: "it is not known whether the inlet is safe",
    FaultName.STOP_NOT_CONFIRMED: "the charge did not stop within 30 s",
    FaultName.CONTACTORS_WELDED: "the contactors are welded",
    FaultName.BUS_ASLEEP: "the car's bus sleeps and did not wake",
    FaultName.BUS_LOST: "the car's bus is lost",
    FaultName.INTERNAL_ERROR: "the lock manager had an internal error",
    FaultName.SUPPLY_LOW: "the 12 V supply is low: soon the pins cannot be moved any more",
}

RESULT_WORDS: dict[Result, str] = {
    Result.ACCEPTED: "accepted",
    Result.ALREADY_PENDING: "already under way",
    Result.RELEASED: "done: released",
    Result.ENGAGED: "done: engaged",
    Result.CONNECTOR_OUT: "over: the connector is out",
    Result.SUPERSEDED: "replaced by a newer request",
    Result.CANCELLED: "cancelled",
    Result.FAILED_TO_ENGAGE: "failed: the pin could not be engaged",
    Result.FAILED_TO_RELEASE: "failed: the pin could not be released",
    Result.FEEDBACK_LOST: "the pin was driven, but its sensor is not heard: check by hand",
    Result.ENERGY_UNKNOWN: "failed: it is not known whether the inlet is safe",
    Result.SUPPLY_TOO_LOW: "failed: the 12 V supply is too low to move the pin",
    Result.CONTACTORS_WELDED: "failed: the contactors are welded",
    Result.MANUAL_RELEASE_PULLED: "not needed: the manual release was pulled",
    Result.PIN_UNKNOWN: "failed: the car has not told yet which locks it has",
    Result.INTERNAL_ERROR: "failed: the lock manager had an internal error",
    Result.REFUSED_UNPROTECTED: "refused: the message that asks has no checksum and counter",
    Result.REFUSED_KEY_NOT_AT_PORT: "refused: the key is not at the charge port",
    Result.REFUSED_KEY_NOT_HEARD: "refused: the key is not heard",
    Result.REFUSED_CAR_NOT_UNLOCKED: "refused: the car is not unlocked",
    Result.REFUSED_JUST_CHANGED: "refused: key or doors have only just changed; ask once more",
    Result.REFUSED_TOO_OFTEN: "refused: too many failed tries; wait some seconds and ask once more",
    Result.REFUSED_CODE: "refused: the guest's code is not taken",
    Result.REFUSED_INLET_EMPTY: "refused: the inlet is empty",
    Result.REFUSED_OCCUPANT_UNKNOWN: "refused: it is not known what is in the inlet",
    Result.REFUSED_NO_PIN: "refused: this car has no powered pin there",
}

_THINGS = {
    Occupant.CONNECTOR: "connector",
    Occupant.ADAPTER: "adapter",
    Occupant.ADAPTER_AND_CONNECTOR: "adapter",
}
_HANDLE_IS_FREE = " The handle in it cannot be locked: anyone can take it out."


def what_is_held(seen: Snapshot, states: Mapping[Actuator, PinState], *, assumed: bool) -> str:
    """Say in words what is held and what is not.

    ``assumed``: the guarding pin has no sensor, so its engagement is not confirmed.
    """
    if seen.occupant is Occupant.EMPTY:
        return "Nothing is plugged in."
    guard = guarding_pin(seen)
    if guard is None:
        return "It is not known what is plugged in, or what holds it."
    thing = _THINGS[seen.occupant]
    handle = _HANDLE_IS_FREE if seen.occupant is Occupant.ADAPTER_AND_CONNECTOR else ""
    if fitted(seen, guard) is Fitted.ABSENT:
        return f"The {thing} cannot be locked by this car: anyone can take it out.{handle}"
    state = states[guard]
    if state is PinState.ENGAGED:
        how = "is thought to be locked" if assumed else "is locked"
        return f"The {thing} {how} to the car.{handle}"
    if state is PinState.RELEASED:
        return f"The {thing} is not locked: anyone can take it out.{handle}"
    if state is PinState.UNKNOWN:
        return f"It is not known whether the {thing} is locked.{handle}"
    doing = {
        PinState.ENGAGING: "is being locked",
        PinState.RELEASING: "is being released",
        PinState.JAMMED: "is in a lock that is jammed",
    }
    return f"The {thing} {doing[state]}.{handle}"
