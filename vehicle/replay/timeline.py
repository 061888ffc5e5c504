"""The readable timeline: what happened, what was decided and why, in words.

Knows: which words and which emphasis each output gets. Refuses to know: terminals; it yields rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

from vehicle.core.car import Actuator
from vehicle.core.events_told import EVENTS, TO_ACT_ON, Severity, sentence
from vehicle.core.ladder import first_step
from vehicle.core.names import Demand, MessageState, PinState
from vehicle.core.outputs import (
    ActuatorChanged,
    Answered,
    Because,
    Command,
    Decided,
    Event,
    Fault,
    HeatInlet,
    MessageChanged,
    Output,
    Permit,
    SettingsTook,
    SignalChanged,
    StopCharge,
)
from vehicle.core.policy import RULES
from vehicle.core.record import record
from vehicle.core.signals import Fitted
from vehicle.core.situation import guarding_pin
from vehicle.core.snapshot import FITTED_SIGNAL, Snapshot
from vehicle.core.words import (
    CHARGE_WORDS,
    FAULT_WORDS,
    PIN_WORDS,
    RESULT_WORDS,
    SIGNAL_WORDS,
    STATE_WORDS,
    what_is_held,
)


class Tone(StrEnum):
    """How a row is shown."""

    SENSED = "sensed"
    DECIDED = "decided"
    DONE = "done"
    TOLD = "told"
    TROUBLE = "trouble"
    QUIET = "quiet"


@record
class Row:
    """One line of the timeline."""

    now_us: int
    what: str
    words: str
    tone: Tone


_DEMAND_WORDS = {
    Demand.ENGAGE: "engage",
    Demand.RELEASE: "release",
    Demand.HOLD: "leave as it is",
}
_MESSAGE_WORDS = {
    MessageState.LOST: "not heard any more: its signals are unknown",
    MessageState.BACK: "heard again",
    MessageState.INVALID: "fails its checksum or counter, or has two senders: all of it is unknown",
    MessageState.ASLEEP: "asleep with its bus: values are kept",
}
_PIN_OF_FITTED = {signal: actuator for actuator, signal in FITTED_SIGNAL.items()}
_SENTENCES = {rule.name: rule.sentence for rule in RULES}


class Timeline:
    """Turns outputs into rows. It remembers only what is needed to say what is held."""

    def __init__(self, *, shadow: bool) -> None:
        """``shadow``: another controller acts; say what we would have done."""
        self._would = "we would " if shadow else ""
        self._seen: dict[str, object] = {}
        self._untold: dict[Actuator, Decided] = {}
        """The latest decision for a pin that the car is not known to have."""
        self._states = dict.fromkeys(Actuator, PinState.UNKNOWN)
        self._assumed_pins = dict.fromkeys(Actuator, False)
        self._held = what_is_held(Snapshot(), self._states, assumed=False)

    def rows(self, now_us: int, output: Output) -> Iterator[Row]:
        """Yield the rows for one output; none for what people need not see."""
        if isinstance(output, SignalChanged):
            yield from self._signal(now_us, output)
        elif isinstance(output, Decided):
            yield from self._decision(now_us, output)
        elif isinstance(output, ActuatorChanged):
            yield from self._actuator(now_us, output)
        else:
            yield from self._other(now_us, output)

    def held(self, now_us: int) -> Iterator[Row]:
        """Yield a row saying what is held, where that has changed since the last one."""
        snapshot = Snapshot(**self._seen)  # type: ignore[arg-type]
        words = what_is_held(snapshot, self._states, assumed=self._assumed(snapshot))
        if words != self._held:
            self._held = words
            yield Row(now_us, "held", words, Tone.TOLD)

    def _assumed(self, snapshot: Snapshot) -> bool:
        guard = guarding_pin(snapshot)
        return guard is not None and self._assumed_pins[guard]

    def _signal(self, now_us: int, output: SignalChanged) -> Iterator[Row]:
        self._seen[output.signal] = output.value
        if output.was is not None:
            words = SIGNAL_WORDS[output.signal][output.value]
            yield Row(now_us, "car", words, Tone.SENSED)
        actuator = _PIN_OF_FITTED.get(output.signal)
        untold = self._untold.get(actuator) if actuator is not None else None
        if output.value is Fitted.FITTED and untold is not None:
            if untold.demand is not Demand.HOLD:
                yield _demand(now_us, replace(untold, because=()))
            del self._untold[untold.actuator]

    def _decision(self, now_us: int, output: Decided) -> Iterator[Row]:
        """Tell a demand; one on a pin that the car may not have waits until it is known to."""
        if self._seen.get(FITTED_SIGNAL[output.actuator]) is Fitted.FITTED:
            yield _demand(now_us, output)
        else:
            self._untold[output.actuator] = output

    def _actuator(self, now_us: int, output: ActuatorChanged) -> Iterator[Row]:
        self._states[output.actuator] = output.state
        self._assumed_pins[output.actuator] = output.assumed
        if output.was is not None:
            assumed = ", assumed" if output.assumed else ""
            words = f"{PIN_WORDS[output.actuator]} {STATE_WORDS[output.state]}{assumed}"
            tone = Tone.TROUBLE if output.state is PinState.JAMMED else Tone.DONE
            yield Row(now_us, str(output.actuator), words, tone)

    def _other(self, now_us: int, output: Output) -> Iterator[Row]:
        match output:
            case Command():
                yield Row(now_us, f"{output.actuator} command", self._command(output), Tone.DONE)
            case Permit() if output.was is not None:
                words = f"{self._would}allow {CHARGE_WORDS[output.charge]}"
                yield Row(now_us, "permit", words, Tone.DONE)
            case StopCharge():
                yield Row(now_us, "charger", self._stop(output), Tone.DONE)
            case HeatInlet():
                again = "" if output.attempt == 1 else f", for the {_ordinal(output.attempt)} time"
                words = f"heat the inlet{again}" if output.active else "end the heating"
                yield Row(now_us, "heater", f"{self._would}{words}", Tone.DONE)
            case Answered():
                words = f"{output.request} from {output.source}: {RESULT_WORDS[output.result]}"
                yield Row(now_us, "request", words, Tone.TOLD)
            case MessageChanged():
                words = f"{output.message} {_MESSAGE_WORDS[output.state]}"
                yield Row(now_us, "message", words, Tone.QUIET)
            case Event():
                yield _event(now_us, output)
            case Fault():
                yield Row(now_us, "fault", _fault(output), Tone.TROUBLE)
            case SettingsTook():
                words = ", ".join(f"{key} {value}" for key, value in output.settings)
                yield Row(now_us, "settings", f"from {output.source}: {words}", Tone.TOLD)

    def _command(self, output: Command) -> str:
        what = f"{self._would}{output.command} the {PIN_WORDS[output.actuator]}"
        if output.recovery:
            return f"reverse pulse to free the pin: {what}"
        return what if output.attempt == 1 else f"{what}, try {output.attempt}"

    def _stop(self, output: StopCharge) -> str:
        if not output.active:
            return f"{self._would}withdraw the request to stop"
        again = "" if output.attempt == 1 else f", asking for the {_ordinal(output.attempt)} time"
        return f"{self._would}ask it to stop charging{again}"


def _demand(now_us: int, output: Decided) -> Row:
    known = [each for each in output.because if each[1].value.value != "unknown"]
    because = "; ".join(_because(signal, why) for signal, why in known or output.because)
    behind = f" ({because})" if because else ""
    words = f"{_DEMAND_WORDS[output.demand]}: {_clause(_SENTENCES[output.rule])}{behind}"
    tone = Tone.QUIET if output.demand is Demand.HOLD else Tone.DECIDED
    return Row(now_us, f"{output.actuator} demand", words, tone)


def _clause(sentence: str) -> str:
    """Return a sentence as it stands after a colon: "DC" keeps its capitals, "The" does not."""
    words = sentence.removesuffix(".")
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _because(signal: str, why: Because) -> str:
    return f"{SIGNAL_WORDS[signal][why.value]} {_age(why.age_us)}"


def _age(age_us: int) -> str:
    age_s = age_us / 1e6
    if age_s < 0.05:
        return "just now"
    if age_s < 100:
        return f"for {age_s:.1f} s"
    return f"for {age_s / 60:.1f} min" if age_s < 6000 else f"for {age_s / 3600:.1f} h"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number // 10 % 10 == 1 else ending}"


def _event(now_us: int, output: Event) -> Row:
    told = EVENTS[output.event]
    words = sentence(output.event, output.details)
    if told.severity in TO_ACT_ON:
        return Row(now_us, str(told.severity), f"{words}. {told.advice}", Tone.TROUBLE)
    tone = Tone.TOLD if told.severity is Severity.NOTICE else Tone.QUIET
    return Row(now_us, str(told.severity), words, tone)


def _fault(output: Fault) -> str:
    about = f" [{PIN_WORDS[output.actuator]}]" if output.actuator is not None else ""
    words = FAULT_WORDS[output.fault]
    if not output.active:
        return f"over: {words}{about}"
    return f"{words}{about}. {first_step(output.fault)}"
