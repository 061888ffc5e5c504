"""The readable timeline: the sentences that a person reads."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from drives import write_car, write_session
from recordings import LOGS, needs_recordings

from vehicle.core.car import Actuator
from vehicle.core.inputs import Requested
from vehicle.core.ladder import first_step
from vehicle.core.names import (
    Charge,
    Demand,
    EventName,
    FaultName,
    MessageState,
    PinState,
    Request,
    Result,
    Source,
)
from vehicle.core.outputs import (
    ActuatorChanged,
    Answered,
    Because,
    Command,
    Decided,
    DriveOff,
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
from vehicle.core.settings import Settings
from vehicle.core.signals import CarLock, Fitted, Inlet, Occupant, Session
from vehicle.replay.beside import events_beside
from vehicle.replay.recording import open_recording
from vehicle.replay.run import Replay
from vehicle.replay.timeline import Row, Timeline, Tone
from vehicle.runtime.events_file import events_path, write_events
from vehicle.wire.profile import load_profile

LATCH_HERE = SignalChanged("latch_fitted", Fitted.FITTED, None)


def told(*outputs: Output, shadow: bool = False) -> list[str]:
    """What the timeline says of each output, as "what: words"."""
    timeline = Timeline(shadow=shadow)
    return [f"{row.what}: {row.words}" for each in outputs for row in timeline.rows(0, each)]


def story(log: Path, profile: str | Path, *, shadow: bool) -> list[str]:
    """The whole timeline of a recording, as the command shows it."""
    rows: list[Row] = []
    timeline = Timeline(shadow=shadow)
    last_us = 0

    def sink(now_us: int, output: Output) -> None:
        nonlocal last_us
        if now_us != last_us:
            rows.extend(timeline.held(last_us))
        last_us = now_us
        rows.extend(timeline.rows(now_us, output))

    recording = open_recording([log])
    events = events_beside(recording, shadow=shadow)
    Replay(recording, load_profile(profile), Settings(), shadow=shadow, events=events).run(sink)
    rows.extend(timeline.held(last_us))
    return [f"{row.now_us / 1e6:.3f} {row.what}: {row.words}" for row in rows]


def in_order(found: list[str], *sentences: str) -> None:
    """Assert that these sentences are told, in this order."""
    rest = iter(found)
    for sentence in sentences:
        assert any(sentence == line for line in rest), sentence


# ---- whole stories ------------------------------------------------------------------------------


@needs_recordings
def test_the_tesla_session_reads_as_it_happened() -> None:
    """Cable in, latched, charging; the car asks to let go, power is cut, the cable leaves."""
    name = "tesla_m3_us_ac_session"
    found = story(LOGS / name / f"{name}.log", "tesla_model3", shadow=True)
    in_order(
        found,
        "0.000 held: Nothing is plugged in.",
        "12.400 car: connector in the inlet",
        "12.400 car: session waiting",
        "12.400 latch demand: engage: a session is active: waiting, charging or stopping"
        " (session waiting just now)",
        "12.400 latch command: we would engage the charge-port latch",
        "12.400 held: The connector is not locked: anyone can take it out.",
        "17.199 car: latch sensor: engaged",
        "17.259 latch: charge-port latch engaged",
        "17.259 permit: we would allow AC",
        "17.259 held: The connector is locked to the car.",
        "19.199 car: charging",
        "19.199 car: inlet energised",
        "138.502 request: unlatch from car: accepted",
        "138.502 charger: we would ask it to stop charging",
        "138.502 permit: we would allow no charging",
        "139.302 car: inlet safe",
        "139.302 latch demand: release: someone entitled asked for the release, and the inlet is"
        " safe (inlet safe just now; connector in the inlet for 2.1 min)",
        "139.302 latch command: we would release the charge-port latch",
        "139.462 latch: charge-port latch released",
        "139.462 request: unlatch from car: done: released",
        "139.462 held: The connector is not locked: anyone can take it out.",
        "140.002 car: inlet empty",
        "140.002 held: Nothing is plugged in.",
    )
    assert not [line for line in found if " adapter" in line]
    assert float(found[-1].split()[0]) < 140.1, "the door's cycles after the session are no news"


@needs_recordings
def test_a_car_without_a_latch_says_so() -> None:
    """The 2014 i3 with a Type 1 inlet has no motor, and nothing is demanded of one."""
    name = "bmw_i3_2014_ac_t1_start"
    found = story(LOGS / name / f"{name}.log.gz", "bmw_i3", shadow=True)
    in_order(
        found,
        "16.375 car: car has no charge-port latch",
        "16.375 held: The connector cannot be locked by this car: anyone can take it out.",
        "16.423 car: charging",
    )
    assert not [line for line in found if " demand: " in line or " command: " in line]


def test_a_session_that_we_command_reads_as_commands(tmp_path: Path) -> None:
    """Without shadow nothing is conditional, and a frame without a checksum asks in vain."""
    log = write_session(tmp_path / "s.log")
    asked = Requested(Request.UNLATCH, Source.CLI)
    write_events(events_path(log), [(6_010_000, asked)])
    found = story(log, write_car(tmp_path), shadow=False)
    in_order(
        found,
        "1.000 latch: charge-port latch engaging",
        "1.000 latch command: engage the charge-port latch",
        "1.000 held: The connector is being locked.",
        "2.060 permit: allow AC",
        "6.000 request: unlatch from car: refused: the message that asks has no checksum and"
        " counter",
        "6.010 charger: ask it to stop charging",
        "6.500 latch command: release the charge-port latch",
        "7.100 charger: withdraw the request to stop",
    )
    assert not [line for line in found if "would" in line]


def test_what_is_held_is_said_once_a_moment_and_only_when_it_changes(tmp_path: Path) -> None:
    """Two changes of one moment give one sentence."""
    found = story(write_session(tmp_path / "s.log"), write_car(tmp_path), shadow=True)
    held = [line for line in found if " held: " in line]
    assert len({line.split()[0] for line in held}) == len(held)
    words = [line.partition("held: ")[2] for line in held]
    assert all(one != two for one, two in itertools.pairwise(words))


# ---- single rows --------------------------------------------------------------------------------


def test_the_first_value_of_a_signal_is_no_news() -> None:
    """At the start everything is unknown, and nobody needs to read that thirteen times."""
    assert told(SignalChanged("car_lock", CarLock.UNKNOWN, None)) == []
    assert told(SignalChanged("car_lock", CarLock.LOCKED, CarLock.UNKNOWN)) == ["car: car locked"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_reads_as_a_clause(rule: object) -> None:
    """The sentence goes on after a colon, and ends without a full stop before its reasons."""
    name = getattr(rule, "name", "")
    decided = Decided(Actuator.LATCH, Demand.ENGAGE, name, (("inlet", Because(Inlet.SAFE, 0)),))
    (line,) = told(LATCH_HERE, decided)
    words = line.removeprefix("latch demand: engage: ").removesuffix(" (inlet safe just now)")
    assert words
    assert not words.endswith(".")
    assert words.startswith("DC") or words[0].islower()


@pytest.mark.parametrize(
    ("age_us", "words"),
    [
        (0, "just now"),
        (49_999, "just now"),
        (50_000, "for 0.1 s"),
        (6_799_881, "for 6.8 s"),
        (99_000_000, "for 99.0 s"),
        (126_902_050, "for 2.1 min"),
        (5_999_000_000, "for 100.0 min"),
        (7_200_000_000, "for 2.0 h"),
    ],
)
def test_ages_are_told_as_people_tell_them(age_us: int, words: str) -> None:
    """Seconds, minutes or hours."""
    why = (("session", Because(Session.WAITING, age_us)),)
    (line,) = told(LATCH_HERE, Decided(Actuator.LATCH, Demand.ENGAGE, "session_active", why))
    assert line.endswith(f"(session waiting {words})")


def test_unknown_inputs_are_named_only_where_nothing_else_is() -> None:
    """What is known decided; where nothing is known, that is the reason."""
    supply = ("inlet", Because(Inlet.UNKNOWN, 9))
    occupant = ("occupant", Because(Occupant.UNKNOWN, 0))
    seated = ("occupant", Because(Occupant.CONNECTOR, 0))
    (mixed,) = told(LATCH_HERE, Decided(Actuator.LATCH, Demand.HOLD, "otherwise", (supply, seated)))
    assert mixed.endswith("(connector in the inlet just now)")
    (unknown,) = told(
        LATCH_HERE, Decided(Actuator.LATCH, Demand.HOLD, "occupant_unknown", (occupant,))
    )
    assert unknown == (
        "latch demand: leave as it is: nobody knows what is in the inlet, so nothing moves"
        " (inlet's occupant unknown just now)"
    )


def test_a_demand_on_a_pin_that_may_not_be_there_waits_until_it_is_known() -> None:
    """The i3 learns from the kind of its inlet whether it has a latch."""
    engage = Decided(Actuator.LATCH, Demand.ENGAGE, "session_active", ())
    hold = Decided(Actuator.LATCH, Demand.HOLD, "otherwise", ())
    fitted = SignalChanged("latch_fitted", Fitted.FITTED, Fitted.UNKNOWN)
    absent = SignalChanged("latch_fitted", Fitted.ABSENT, Fitted.UNKNOWN)
    here = "car: car has a charge-port latch"
    demand = "latch demand: engage: a session is active: waiting, charging or stopping"
    assert told(engage, fitted) == [here, demand]
    assert told(engage, fitted, fitted) == [here, demand, here]
    assert told(hold, fitted) == [here]
    assert told(engage, absent) == ["car: car has no charge-port latch"]


def test_a_jam_is_trouble_and_a_sensorless_pin_is_assumed() -> None:
    """What is not confirmed is not told as if it were."""
    jammed = ActuatorChanged(Actuator.LATCH, PinState.JAMMED, PinState.ENGAGING, False)
    (row,) = Timeline(shadow=False).rows(0, jammed)
    assert (row.words, row.tone) == ("charge-port latch jammed", Tone.TROUBLE)
    assumed = ActuatorChanged(Actuator.ADAPTER, PinState.ENGAGED, PinState.ENGAGING, True)
    assert told(assumed) == ["adapter: adapter lock engaged, assumed"]
    assert told(ActuatorChanged(Actuator.LATCH, PinState.UNKNOWN, None, False)) == []


def test_only_the_guarding_pin_without_a_sensor_makes_what_is_held_an_assumption() -> None:
    """A sensorless adapter lock says nothing about the connector that the latch holds."""
    timeline = Timeline(shadow=False)
    for output in (
        LATCH_HERE,
        SignalChanged("occupant", Occupant.CONNECTOR, Occupant.EMPTY),
        ActuatorChanged(Actuator.LATCH, PinState.ENGAGED, PinState.ENGAGING, False),
        ActuatorChanged(Actuator.ADAPTER, PinState.UNKNOWN, PinState.RELEASED, True),
    ):
        list(timeline.rows(0, output))
    (row,) = timeline.held(0)
    assert row.words == "The connector is locked to the car."
    list(timeline.rows(0, ActuatorChanged(Actuator.LATCH, PinState.ENGAGED, None, True)))
    (row,) = timeline.held(0)
    assert row.words == "The connector is thought to be locked to the car."


def test_tries_and_the_reverse_pulse_are_told() -> None:
    """Who listens to the pin knows what it is doing."""
    latch = Actuator.LATCH
    assert told(
        Command(latch, Demand.ENGAGE, 1),
        Command(latch, Demand.ENGAGE, 2),
        Command(latch, Demand.RELEASE, 2, recovery=True),
    ) == [
        "latch command: engage the charge-port latch",
        "latch command: engage the charge-port latch, try 2",
        "latch command: reverse pulse to free the pin: release the charge-port latch",
    ]


@pytest.mark.parametrize(
    ("attempt", "words"),
    [(1, ""), (2, ", asking for the 2nd time"), (3, ", asking for the 3rd time")]
    + [(n, f", asking for the {n}th time") for n in (4, 11, 12, 13, 111)]
    + [(21, ", asking for the 21st time")],
)
def test_a_repeated_stop_says_how_often(attempt: int, words: str) -> None:
    """A station that does not listen is worth knowing."""
    assert told(StopCharge(True, attempt)) == [f"charger: ask it to stop charging{words}"]


def test_heating_says_how_often() -> None:
    """A second time says that the first has not helped."""
    said = told(HeatInlet(True, 1), HeatInlet(True, 2), HeatInlet(False, 0))
    assert said == [
        "heater: heat the inlet",
        "heater: heat the inlet, for the 2nd time",
        "heater: end the heating",
    ]


def test_other_outputs_read_as_sentences() -> None:
    """Permit, request, message, event, fault and settings."""
    assert told(
        Permit(Charge.NONE, None),
        Permit(Charge.AC_LIMITED, Charge.NONE),
        Answered(Request.UNLATCH, Source.PORT_BUTTON, Result.REFUSED_KEY_NOT_AT_PORT),
        MessageChanged("CP_status", MessageState.LOST),
        Event(EventName.UNPLUGGED_DURING_CHARGE, (("energy_wh", 4200),)),
        Event(EventName.ADAPTER_LEFT_BEHIND),
        Event(EventName.WAKING_BUS),
        Event(EventName.SETTINGS_CHANGED, (("source", "cli"),)),
        SettingsTook((("auto-lock", "off"), ("power-cut-hold-s", 300)), "cli"),
        DriveOff(Actuator.LATCH),
    ) == [
        "permit: allow AC up to 16 A",
        "request: unlatch from port-button: refused: the key is not at the charge port",
        "message: CP_status not heard any more: its signals are unknown",
        "warning: unplugged during the charge (4.2 kWh so far)."
        " If it was not you, look after the cable; plug it in again to go on.",
        "warning: the handle is gone, the adapter is still in the inlet."
        " Take the adapter with you: unlock the car, or chargelock unlatch.",
        "info: waking the car's bus for the release",
        "notice: the settings changed (by cli)",
        "settings: from cli: auto-lock off, power-cut-hold-s 300",
    ]


@pytest.mark.parametrize("state", MessageState)
def test_every_state_of_a_message_has_words(state: MessageState) -> None:
    """A new state needs a sentence."""
    (line,) = told(MessageChanged("Body", state))
    assert line.startswith("message: Body ")


@pytest.mark.parametrize("fault", FaultName)
def test_a_fault_says_what_to_do_and_says_when_it_is_over(fault: FaultName) -> None:
    """The advice comes with the fault, not with its end."""
    up, over = told(Fault(fault, True, Actuator.LATCH), Fault(fault, False))
    assert "[charge-port latch]" in up
    assert up.endswith(first_step(fault))
    assert over.startswith("fault: over: ")
    assert first_step(fault) not in over
