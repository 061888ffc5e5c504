"""Everything the manager remembers, as one frozen value whose times are relative to now.

Knows: which flags, timers, faults and signals there are to remember, and which of them last.
Refuses to know: what sets or clears them; ``state.py`` is what the rooms beside this one work on.

``Memory`` can be stored across a restart, compared, and searched: two managers with equal memory
behave alike from then on.
"""

from __future__ import annotations

from dataclasses import field, replace
from enum import StrEnum

from vehicle.core.car import Actuator
from vehicle.core.names import Demand, FaultName, Source
from vehicle.core.patience import Patience
from vehicle.core.pin import PinMemory
from vehicle.core.record import record
from vehicle.core.signals import (
    BoardSupply,
    Cabin,
    Cable,
    Inlet,
    KeyZone,
    Occupant,
    Place,
    Session,
    Supply,
    Temperature,
)
from vehicle.core.situation import Asked
from vehicle.core.snapshot import SIGNALS, Snapshot


class Flag(StrEnum):
    """One thing that is remembered or not. All but those in LASTING end with the connector."""

    STOPPED = "stopped"
    """Charging was stopped on request; no permit until a new charge, a relock or an unplug."""
    NEW_CHARGE = "new-charge"
    """A session began since the pin was released."""
    INTERRUPTED = "interrupted"
    """The session was cut off, and nothing has followed it. Held while the power-cut timer runs."""
    GRACE_OVER = "grace-over"
    """The session is complete and the owner's grace time is over."""
    WAITED = "waited"
    """The session has waited so long that it counts as none, if the owner wants that."""
    RELOCKS = "relocks"
    """What was released was asked for: where nobody uses it, it is held again after a while."""
    LOCKED_SINCE_SEATED = "locked-since-seated"
    WELD_RESULT_WANTED = "weld-result-wanted"
    """A DC session ran; a release waits for the weld test that follows it."""
    NOT_SECURED_TOLD = "not-secured-told"
    LATCH_ANSWERED = "latch-answered"
    """The standing latch request has had its answer."""
    WAKING = "waking"
    """The sleeping bus was woken for a release that is due."""
    HEATING = "heating"
    """The inlet's heater is on."""
    FROZEN_LATCH = "frozen-latch"
    FROZEN_ADAPTER = "frozen-adapter"
    RELEASED_LATCH = "released-latch"
    RELEASED_ADAPTER = "released-adapter"
    MANUAL_LATCH = "manual-latch"
    MANUAL_ADAPTER = "manual-adapter"
    WELDED = "welded"
    """The contactors were found welded, and nothing has said otherwise since."""
    HEARD_LATCH = "heard-latch"
    HEARD_ADAPTER = "heard-adapter"
    INTERNAL_ERROR = "internal-error"


RELEASED = {Actuator.LATCH: Flag.RELEASED_LATCH, Actuator.ADAPTER: Flag.RELEASED_ADAPTER}
MANUAL = {Actuator.LATCH: Flag.MANUAL_LATCH, Actuator.ADAPTER: Flag.MANUAL_ADAPTER}
FROZEN = {Actuator.LATCH: Flag.FROZEN_LATCH, Actuator.ADAPTER: Flag.FROZEN_ADAPTER}
"""Which pin did not come out, and is heated for."""
HEARD = {Actuator.LATCH: Flag.HEARD_LATCH, Actuator.ADAPTER: Flag.HEARD_ADAPTER}

LASTING = frozenset(
    {
        Flag.LATCH_ANSWERED,
        Flag.WELDED,
        Flag.HEATING,
        Flag.HEARD_LATCH,
        Flag.HEARD_ADAPTER,
        Flag.INTERNAL_ERROR,
    }
)
"""Flags that do not end when the connector leaves the inlet; LATCH_ANSWERED ends with its request,
which then ends too, HEATING with its pins."""

GAVE_UP = {
    Demand.ENGAGE: FaultName.FAILED_TO_ENGAGE,
    Demand.RELEASE: FaultName.FAILED_TO_RELEASE,
}
"""What a pin was to do when its tries were used up -> the fault."""


class Timer(StrEnum):
    """A moment that is awaited. What follows from it is in the room that sets it."""

    POWER_CUT_HOLD = "power-cut-hold"
    GRACE = "grace"
    JUST_CHARGED = "just-charged"
    PILOT_LOST = "pilot-lost"
    WELD_RESULT = "weld-result"
    STOP_REPEAT = "stop-repeat"
    STOP_LIMIT = "stop-limit"
    ENERGY_LIMIT = "energy-limit"
    WAKE_LIMIT = "wake-limit"
    LATCH_LIMIT = "latch-limit"
    FEEDBACK_LATCH = "feedback-latch"
    FEEDBACK_ADAPTER = "feedback-adapter"
    LONG_WAIT = "long-wait"
    RELOCK_WINDOW = "relock-window"
    HEATING = "heating"
    KEY = "key"
    CABIN = "cabin"
    TEMPERATURE = "temperature"
    BOARD_SUPPLY = "board-supply"


@record
class Settled:
    """What flickering signals count as: see ``settling.py``."""

    key: KeyZone = KeyZone.UNKNOWN
    cabin: Cabin = Cabin.UNKNOWN
    temperature: Temperature = Temperature.UNKNOWN
    board_supply: BoardSupply = BoardSupply.UNKNOWN


FaultKey = tuple[FaultName, Actuator | None]


@record
class Memory:
    """The manager's whole memory. Times are microseconds from now."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    ages_us: tuple[int, ...] = (0,) * len(SIGNALS)
    settled: Settled = field(default_factory=Settled)
    last_session: Session = Session.UNKNOWN
    last_inlet: Inlet = Inlet.UNKNOWN
    last_occupant: Occupant = Occupant.UNKNOWN
    last_place: Place = Place.UNKNOWN
    last_supply: Supply = Supply.UNKNOWN
    last_cable: Cable = Cable.UNKNOWN
    energy_wh: int | None = None
    failed_attempts: int = 0
    """Frames that failed their authentication so far."""
    patience: tuple[tuple[Source, Patience], ...] = ()
    """Sources on the bus that were refused lately."""
    asked: Asked = Asked.NOTHING
    asked_by: Source | None = None
    stop_attempt: int = 0
    heatings: int = 0
    """How often the inlet was heated in this effort to release."""
    flags: frozenset[Flag] = frozenset()
    timers: tuple[tuple[Timer, int], ...] = ()
    faults: frozenset[FaultKey] = frozenset()
    asleep: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    latch: PinMemory = field(default_factory=PinMemory)
    adapter: PinMemory = field(default_factory=PinMemory)

    def without_ages(self) -> Memory:
        """Return the same memory with the signals' ages forgotten.

        Only how settled the evidence for a request from the bus is depends on them (``consent``).
        """
        return replace(self, ages_us=(0,) * len(SIGNALS))
