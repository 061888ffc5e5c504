"""A bench for one pin: a clock, a standing demand, a wire to the sensor, and a written record.

Knows: how a manager calls a pin: what is due first, then the demand that stands.
Refuses to know: what the pin should do.
"""

from __future__ import annotations

from vehicle.core.actuator import DrivenPin
from vehicle.core.car import Actuator, Pin, StrokeLimits
from vehicle.core.names import Demand, PinState
from vehicle.core.outputs import ActuatorChanged, Command, DriveOff, Output
from vehicle.core.pin import PinControl
from vehicle.core.shadow import ShadowPin
from vehicle.core.signals import Feedback

ENGAGE, RELEASE, HOLD = Demand.ENGAGE, Demand.RELEASE, Demand.HOLD

ON_US = 600_000
PAUSE_US = 4_800_000
SETTLE_US = 200_000
DEBOUNCE_US = 60_000
COOL_DOWN_US = 60_000_000

DEADLINES_MAX = 60
"""More deadlines than one wait can hold, so that a pin that asks without end is found out."""

TRIES = StrokeLimits()
PROMPT = StrokeLimits(debounce_us=0)
"""Every feedback counts at once, so that a test can speak of the moment it is felt."""


class Bench:
    """One pin, its surroundings, and ``record``: what it did and when, one string a line."""

    def __init__(
        self, limits: StrokeLimits = PROMPT, *, sensor: bool = True, shadow: bool = False
    ) -> None:
        self.fitted = Pin(feedback=sensor, limits=limits)
        self.kind: type[PinControl] = ShadowPin if shadow else DrivenPin
        self.pin: PinControl = self.kind(Actuator.LATCH, self.fitted)
        self.now_us = 0
        self.began_us = 0
        self.permitted = {ENGAGE, RELEASE}
        self.asked_for: list[Demand] = []
        self.demand: tuple[Demand, str, bool] = (HOLD, "start", False)
        self.record: list[str] = []
        self.told = self.pin.state

    def may(self, direction: Demand) -> bool:
        self.asked_for.append(direction)
        return direction in self.permitted

    # ---- what happens ---------------------------------------------------------------------------

    def want(self, demand: Demand, reason: str = "asked", *, blind: bool = False) -> list[str]:
        """Set the standing demand; return what the pin did at once."""
        self.demand = (demand, reason, blind)
        return self._settle()

    def feel(self, value: Feedback) -> list[str]:
        """Put ``value`` on the sensor; return what the pin did at once."""
        self.pin.sense(value, self.now_us)
        return self._settle()

    def permit(self, *directions: Demand) -> list[str]:
        """Let the interlock allow these directions only."""
        self.permitted = set(directions)
        return self._settle()

    def halt(self) -> list[str]:
        """Stop the pin, as after an internal error; nothing is demanded of it any more."""
        self.pin.halt(self.now_us)
        return self._note()

    def wait(self, span_us: int) -> list[str]:
        """Let time pass, with every deadline met in time; return what the pin did."""
        end_us, known = self.now_us + span_us, len(self.record)
        met = 0
        while (due_us := self.pin.deadline_us) is not None and due_us <= end_us:
            assert due_us >= self.now_us, "a deadline lies in the past"
            met += 1
            assert met <= DEADLINES_MAX, "the same deadlines come again and again"
            self.now_us = due_us
            self.pin.expire(self.may, due_us)
            self._settle()
        self.now_us = end_us
        return self.record[known:]

    def restart(self, away_us: int = 0) -> None:
        """Put a new pin in, with the memory of the old one, on a clock that says otherwise."""
        memory = self.pin.memory(self.now_us)
        self.now_us += away_us
        self.began_us += away_us
        self.pin = self.kind(Actuator.LATCH, self.fitted)
        self.pin.restore(memory, self.now_us)

    # ---- what it did ----------------------------------------------------------------------------

    def _settle(self) -> list[str]:
        self.pin.want(*self.demand, self.may, self.now_us)
        return self._note()

    def _note(self) -> list[str]:
        outputs, outcomes = self.pin.take()
        lines = [self._line(output) for output in outputs] + [str(outcome) for outcome in outcomes]
        time_us = self.now_us - self.began_us
        self.record += [f"{time_us} {line}" for line in lines]
        return self.record[len(self.record) - len(lines) :]

    def _line(self, output: Output) -> str:
        if isinstance(output, Command):
            assert output.actuator is Actuator.LATCH
            return f"{output.command} {'recovery' if output.recovery else output.attempt}"
        if isinstance(output, DriveOff):
            assert output.actuator is Actuator.LATCH
            return "off"
        assert isinstance(output, ActuatorChanged)
        assert output.actuator is Actuator.LATCH
        assert output.was is self.told
        self.told = output.state
        return f"is {output.state}{' assumed' if output.assumed else ''}"


def at(state: PinState, limits: StrokeLimits = PROMPT, *, sensor: bool = True) -> Bench:
    """Return a bench whose pin rests in an end position, with nothing recorded."""
    bench = Bench(limits, sensor=sensor)
    if sensor:
        bench.feel(Feedback(state))
        bench.wait(limits.debounce_us)
    else:
        bench.want(ENGAGE if state is PinState.ENGAGED else RELEASE)
        bench.wait(100_000_000)
        bench.want(HOLD)
    assert bench.pin.state is state
    bench.began_us = bench.now_us
    bench.record.clear()
    bench.asked_for.clear()
    return bench


def jammed_engaging() -> Bench:
    """A pin whose tries to engage are used up, at the moment it gave up."""
    bench = at(PinState.RELEASED)
    bench.want(ENGAGE)
    bench.wait(20_000_000)
    assert bench.pin.gave_up
    return bench


def in_recovery() -> Bench:
    """A pin in the recovery pulse before its last try to engage."""
    bench = at(PinState.RELEASED)
    bench.want(ENGAGE)
    bench.wait(2 * (ON_US + PAUSE_US) + 100_000)
    assert bench.record[-1] == f"{2 * (ON_US + PAUSE_US)} release recovery"
    return bench


def blind_release_over() -> Bench:
    """A pin at rest after a release that no sensor saw, at the moment it was over."""
    bench = Bench()
    bench.want(RELEASE, blind=True)
    bench.wait(ON_US + SETTLE_US)
    assert bench.record[-1] == f"{ON_US + SETTLE_US} blind-stroke-over"
    assert not bench.pin.gave_up
    bench.record.clear()
    return bench
