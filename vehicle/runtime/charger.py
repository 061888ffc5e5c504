"""The simulated charger and EVSE: one session from the handshake to the measured end.

Knows: how AC and DC sessions begin, flow and stop, contactors, weld test, voltage decay, and that
energy flows only while the permit lasts and no stop is asked.
Refuses to know: messages, pins and doors. Time comes in with every call.

A session is a walk through ``COURSES``: each phase shows one word on the bus and lasts a fixed time
or until something is asked. The times are those of an ordinary station; DC follows the order of
IEC 61851-23: stop, current gone, contactors open, weld test, voltage gone.
"""

from __future__ import annotations

from enum import StrEnum

from vehicle.core.names import Charge
from vehicle.core.record import record
from vehicle.runtime.orders import Orders

DC_VOLTS = 400
AC_VOLTS = 230
DECAY_US = 1_200_000
"""How long the inlet's voltage takes to fall from DC_VOLTS to nothing, in a straight line."""
SAFE_VOLTS = 60
LIMITED_A = 16
"""What the permit ``ac-limited`` allows."""


class Phase(StrEnum):
    """Where the session is."""

    IDLE = "idle"
    HANDSHAKE = "handshake"
    READY = "ready"
    STARTING = "starting"
    FLOWING = "flowing"
    STOPPING = "stopping"
    OPENING = "opening"
    TESTING = "testing"
    OVER = "over"


@record
class Course:
    """One phase: the word it shows, and when it goes over into which one by itself."""

    session: str
    ac: tuple[int, Phase] | None = None
    dc: tuple[int, Phase] | None = None


COURSES: dict[Phase, Course] = {
    Phase.IDLE: Course("None"),
    Phase.HANDSHAKE: Course("None", (500_000, Phase.READY), (500_000, Phase.READY)),
    Phase.READY: Course("Waiting"),
    Phase.STARTING: Course("Waiting", (300_000, Phase.FLOWING), (1_500_000, Phase.FLOWING)),
    Phase.FLOWING: Course("Charging"),
    Phase.STOPPING: Course("Stopping", (300_000, Phase.OVER), (500_000, Phase.OPENING)),
    Phase.OPENING: Course("Stopping", None, (300_000, Phase.TESTING)),
    Phase.TESTING: Course("Stopping", (0, Phase.OVER), (1_000_000, Phase.OVER)),
    Phase.OVER: Course("None"),
}

_CLOSED = (Phase.FLOWING, Phase.STOPPING, Phase.OPENING)
"""The DC contactors are closed."""
_LIVE = (Phase.STARTING, *_CLOSED)
"""The station's voltage is on the DC inlet."""
_CURRENT = (Phase.FLOWING, Phase.STOPPING)
_ENDING = (Phase.STOPPING, Phase.OPENING, Phase.TESTING)


class SimulatedCharger:
    """The on-board charger together with the EVSE at the other end of the cable."""

    def __init__(self, orders: Orders, *, reports_weld_test: bool = True) -> None:
        self._orders = orders
        self._reports_weld_test = reports_weld_test
        self._now_us = 0
        self._due_us: int | None = None
        self._decays_from_us = -DECAY_US
        self._ends_as = "None"
        self._word: str | None = None
        """Shown instead of the phase's own word; None: the phase's own."""
        self._energy = 0
        """Through the inlet in this session, in volt ampere microseconds."""
        self.phase = Phase.IDLE
        self.supply = "none"
        self.powered = False
        self.limit_a = 0
        self.amps = 0
        self._limited = False
        """AC flows on a permit of at most LIMITED_A."""
        self.gives = False
        """The car gives energy to the supply."""
        self.wanted = False
        self.paused = False
        self.permit = Charge.NONE
        self.stop = False
        self.weld = "None"

    # ---- what is asked of it --------------------------------------------------------------------

    def plug(self, now_us: int, supply: str, limit_a: int, amps: int, charge: bool) -> None:
        """A connector of an EVSE was mated. ``supply`` none: the EVSE has no power."""
        self.supply, self.limit_a, self.amps = supply, limit_a, amps
        self.wanted, self.paused, self.gives = charge, False, False
        self._energy = 0
        self.powered = supply != "none"
        self._enter(Phase.HANDSHAKE if self.powered else Phase.IDLE, now_us)

    def begin_in(self, phase: Phase) -> None:
        """Stand in ``phase`` from the beginning, as if the session had come that far before."""
        self._enter(phase, 0)

    def unplug(self, now_us: int) -> None:
        """The connector is out; whatever flowed is interrupted."""
        self.power_cut(now_us)
        self.supply, self.weld = "none", "None"

    def power_cut(self, now_us: int) -> None:
        """The EVSE is dead; the car opens its contactors at once."""
        if self.supply == "dc" and self.phase in _LIVE:
            self._decays_from_us = now_us
        self.powered = False
        self._enter(Phase.IDLE, now_us)

    def power_back(self, now_us: int) -> None:
        """The EVSE lives again, and begins with a handshake."""
        self.powered = self.supply != "none"
        if self.powered:
            self._enter(Phase.HANDSHAKE, now_us)

    def charge(self, now_us: int, amps: int, gives: bool = False) -> None:
        """The car wants energy to flow; a session that is over begins anew."""
        self.wanted, self.paused, self.amps, self.gives = True, False, amps, gives
        if self.phase is Phase.OVER:
            self._enter(Phase.HANDSHAKE, now_us)

    def pause(self, paused: bool) -> None:
        """The session waits, or goes on."""
        self.paused = paused

    def end(self, now_us: int, ends_as: str) -> None:
        """The session ends on the station's or the battery's side: Complete, None or Fault."""
        self.wanted = False
        if self.phase in (Phase.STARTING, Phase.FLOWING):
            self._stop(now_us, ends_as)
        elif self.phase in _ENDING:
            self._ends_as = ends_as
        elif self.phase is not Phase.IDLE:
            self._ends_as = ends_as
            self._enter(Phase.OVER, now_us)

    def hear(self, permit: Charge, stop: bool) -> None:
        """Take the lock manager's word. Silence is heard as no permit and no stop."""
        self.permit, self.stop = permit, stop

    # ---- time -----------------------------------------------------------------------------------

    @property
    def deadline_us(self) -> int | None:
        """When the phase goes over by itself, or None."""
        return self._due_us

    def advance(self, now_us: int) -> None:
        """Let time pass up to ``now_us``."""
        while self._due_us is not None and self._due_us <= now_us:
            due_us = self._due_us
            self._count(due_us)
            self._go_on(due_us)
            self._react(due_us)
        undecayed = self._decays_from_us + DECAY_US > self._now_us
        if undecayed and self._orders.find("voltage_stays", now_us - 1):
            self._decays_from_us = now_us
        self._count(now_us)
        self._react(now_us)

    def _count(self, now_us: int) -> None:
        amperes, volts = abs(self.current_a), AC_VOLTS if self.supply == "ac" else DC_VOLTS
        self._energy += amperes * volts * (now_us - self._now_us)
        self._now_us = now_us

    def _go_on(self, now_us: int) -> None:
        course = COURSES[self.phase]
        timed = course.dc if self.supply == "dc" else course.ac
        assert timed is not None
        if self.weld == "Testing" and not self._orders.find("no_weld_result", now_us):
            self.weld = "Welded" if self._welded(now_us) else "Passed"
        following = timed[1]
        if following is Phase.OVER and self._ends_as == "Waiting":
            following = Phase.READY
        self._enter(following, now_us)

    def _enter(self, phase: Phase, now_us: int) -> None:
        course = COURSES[phase]
        timed = course.dc if self.supply == "dc" else course.ac
        self._due_us = None if timed is None else now_us + timed[0]
        if phase is Phase.HANDSHAKE:
            self.weld = "SNA" if self.supply == "dc" and self._reports_weld_test else "None"
        if phase is Phase.TESTING and self.supply == "dc":
            self._decays_from_us = now_us
            self.weld = "Testing" if self._reports_weld_test else "None"
        self._word = self._ends_as if phase is Phase.OVER else None
        if phase is Phase.OVER and self._orders.find("station_never_answers", now_us):
            self._word = "Stopping"
        self.phase = phase
        self._now_us = now_us

    def _react(self, now_us: int) -> None:
        """Begin or stop as permit, stop and pause ask."""
        ready = self.wanted and not self.paused and self.permitted and not self.stop
        if self.phase is Phase.READY and ready:
            self._enter(Phase.STARTING, now_us)
        elif self.phase is Phase.FLOWING and ready:
            self._limited = self.permit is Charge.AC_LIMITED
        elif self.phase in (Phase.STARTING, Phase.FLOWING) and not ready:
            self._stop(now_us, "None" if self.stop else "Waiting")
        elif self.phase is Phase.READY and self.stop:
            self._ends_as = "None"
            self._enter(Phase.OVER, now_us)
        elif self.phase in _ENDING and self.stop and self._ends_as == "Waiting":
            self._ends_as = "None"
        elif self.phase is Phase.OVER and ready and self._ends_as == "None":
            self._enter(Phase.HANDSHAKE, now_us)
        self._mind_deaf_station(now_us)

    def _mind_deaf_station(self, now_us: int) -> None:
        """A station that ignores the stop holds the session in STOPPING, current and all."""
        if self.phase is not Phase.STOPPING:
            return
        if self._orders.find("station_ignores_stop", now_us):
            self._due_us = None
        elif self._due_us is None:
            self._enter(Phase.STOPPING, now_us)

    def _stop(self, now_us: int, ends_as: str) -> None:
        """End what has begun; where nothing flowed yet no current and no contactor is awaited."""
        self._ends_as = ends_as
        self._enter(Phase.STOPPING if self.phase is Phase.FLOWING else Phase.TESTING, now_us)

    # ---- what can be measured -------------------------------------------------------------------

    @property
    def permitted(self) -> bool:
        """Whether the permit covers this supply."""
        if self.supply == "dc":
            return self.permit is Charge.DC
        return self.permit in (Charge.AC, Charge.AC_LIMITED)

    @property
    def session(self) -> str:
        """The session's word on the bus."""
        return COURSES[self.phase].session if self._word is None else self._word

    @property
    def current_a(self) -> int:
        """Current through the inlet; negative while the car gives energy."""
        if self.phase not in _CURRENT or not self.powered:
            return 0
        amperes = self.amps if self.supply == "dc" else min(self.amps, self.limit_a)
        if self.supply == "ac" and self._limited:
            amperes = min(amperes, LIMITED_A)
        return -amperes if self.gives else amperes

    @property
    def contactors_closed(self) -> bool:
        """Whether the DC contactors are closed."""
        if self.supply != "dc":
            return False
        return self.phase in _CLOSED or self._welded(self._now_us)

    def _welded(self, now_us: int) -> bool:
        """Whether the contactors stay closed although they should open."""
        welded = self._orders.find("welded_contactors", now_us) is not None
        return welded and (self.phase in (*_CLOSED, Phase.TESTING) or self.weld == "Welded")

    @property
    def volts(self) -> int:
        """DC voltage at the inlet."""
        if self.contactors_closed or (self.supply == "dc" and self.phase in _LIVE):
            return DC_VOLTS
        gone_us = self._now_us - self._decays_from_us
        return max(0, DC_VOLTS * (DECAY_US - gone_us) // DECAY_US)

    @property
    def energised(self) -> bool:
        """Whether a release now would meet energy."""
        return abs(self.current_a) >= 1 or self.contactors_closed or self.volts >= SAFE_VOLTS

    @property
    def off(self) -> bool:
        """Whether the charger neither takes nor gives energy."""
        return self.phase in (Phase.IDLE, Phase.HANDSHAKE, Phase.READY, Phase.OVER)

    @property
    def energy_wh(self) -> int:
        """Energy through the inlet in this session."""
        return self._energy // 3_600_000_000
