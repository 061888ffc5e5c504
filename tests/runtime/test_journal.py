"""The journal: how a line is written, and a schema that holds every name in it."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from command_line import chargelock, lines_of
from drives import write_car, write_session
from jsonschema import Draft202012Validator
from recordings import LOGS, needs_recordings

from vehicle.core.car import Actuator
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
    Entry,
    Event,
    Fault,
    HeatInlet,
    MessageChanged,
    Permit,
    SettingsTook,
    SignalChanged,
    StopCharge,
    WakeBus,
)
from vehicle.core.policy import RULES
from vehicle.core.settings import Settings
from vehicle.core.signals import CarLock, Inlet, Session
from vehicle.core.snapshot import SIGNALS
from vehicle.runtime.journal import fields_of, is_entry, start_line, to_line
from vehicle.runtime.journal_schema import json_schema

LATCH = Actuator.LATCH
OWNER = tuple(Settings().words().items())

LINES: list[tuple[Entry, str]] = [
    (
        SignalChanged("car_lock", CarLock.LOCKED, CarLock.UNKNOWN),
        '{"kind":"signal","signal":"car_lock","t":7,"value":"locked","was":"unknown"}',
    ),
    (
        SignalChanged("car_lock", CarLock.UNKNOWN, None),
        '{"kind":"signal","signal":"car_lock","t":7,"value":"unknown","was":null}',
    ),
    (
        Decided(LATCH, Demand.HOLD, "otherwise", (("inlet", Because(Inlet.SAFE, 3)),), "home"),
        '{"actuator":"latch","because":{"inlet":{"age_us":3,"value":"safe"}},"demand":"hold",'
        '"kind":"decision","override":"home","rule":"otherwise","t":7}',
    ),
    (
        Command(LATCH, Demand.ENGAGE, 2),
        '{"actuator":"latch","command":"engage","kind":"command","t":7,"try":2}',
    ),
    (
        Command(LATCH, Demand.RELEASE, 2, recovery=True),
        '{"actuator":"latch","command":"release","kind":"command","recovery":true,"t":7,"try":2}',
    ),
    (
        ActuatorChanged(Actuator.ADAPTER, PinState.JAMMED, PinState.ENGAGING, True),
        '{"actuator":"adapter","assumed":true,"kind":"actuator","state":"jammed","t":7,'
        '"was":"engaging"}',
    ),
    (
        Permit(Charge.AC_LIMITED, None),
        '{"charge":"ac-limited","kind":"permit","t":7,"was":null}',
    ),
    (StopCharge(True, 1), '{"active":true,"kind":"stop","t":7,"try":1}'),
    (HeatInlet(True, 2), '{"active":true,"kind":"heat","t":7,"try":2}'),
    (
        Answered(Request.UNLATCH, Source.PORT_BUTTON, Result.REFUSED_NO_PIN),
        '{"kind":"request","request":"unlatch","result":"refused-no-pin","source":"port-button",'
        '"t":7}',
    ),
    (
        MessageChanged("Türschloss", MessageState.LOST),
        '{"kind":"message","message":"Türschloss","state":"lost","t":7}',
    ),
    (
        Event(EventName.UNPLUGGED_DURING_CHARGE, (("energy_wh", 4200),)),
        '{"energy_wh":4200,"event":"unplugged_during_charge","kind":"event",'
        '"severity":"warning","t":7}',
    ),
    (
        Fault(FaultName.BUS_LOST, True),
        '{"active":true,"fault":"bus_lost","kind":"fault","t":7}',
    ),
    (
        Fault(FaultName.FAILED_TO_ENGAGE, False, LATCH),
        '{"active":false,"actuator":"latch","fault":"failed_to_engage","kind":"fault","t":7}',
    ),
    (
        SettingsTook((("auto-lock", "off"), ("power-cut-hold-s", 300)), "cli"),
        '{"kind":"settings","settings":{"auto-lock":"off","power-cut-hold-s":300},"source":"cli",'
        '"t":7}',
    ),
]

VALIDATOR = Draft202012Validator(json_schema())


def kind_schema(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in json_schema()["oneOf"] if each["title"] == kind)
    return found


def words_in(schema: Any) -> Iterator[str]:
    """Every word that a schema names."""
    if isinstance(schema, dict):
        yield from (word for word in schema.get("enum", ()) if isinstance(word, str))
        if isinstance(schema.get("const"), str):
            yield schema["const"]
        for part in schema.values():
            yield from words_in(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from words_in(part)


# ---- lines --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("output", "line"), LINES, ids=lambda each: getattr(each, "kind", ""))
def test_a_line_is_written_to_the_byte(output: Entry, line: str) -> None:
    """Sorted keys, no spaces, letters as they are."""
    assert is_entry(output)
    assert to_line(7, output) == line
    assert fields_of(output) == {
        key: value for key, value in json.loads(line).items() if key != "t"
    }
    VALIDATOR.validate(json.loads(line))


def test_every_output_that_is_an_entry_has_a_line_here() -> None:
    """A new kind of output needs a line, a schema and a row above."""
    assert {type(output) for output, _ in LINES} == set(typing.get_args(Entry))


def test_motor_power_and_wake_frames_are_no_lines() -> None:
    """They are how a command is carried out, not what was decided."""
    assert not is_entry(DriveOff(LATCH))
    assert not is_entry(WakeBus())


def test_the_first_line_says_what_the_rest_is_about() -> None:
    """Which car, which software, whose pins, since when, and the owner's choices."""
    line = start_line(
        profile="small", variant=None, shadow=True, epoch_us=1, settings={"auto-lock": "on"}
    )
    assert line == (
        '{"epoch_us":1,"kind":"start","profile":"small","schema":1,'
        '"settings":{"auto-lock":"on"},"shadow":true,"t":0,"variant":null}'
    )
    VALIDATOR.validate(json.loads(line))


# ---- schema -------------------------------------------------------------------------------------


def test_the_schema_is_a_schema() -> None:
    """It says which version of the language it is written in, and keeps to it."""
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("signal", SIGNALS),
        *(("signal", values) for values in SIGNALS.values()),
        *(("decision", values) for values in SIGNALS.values()),
        ("decision", SIGNALS),
        ("decision", Actuator),
        ("decision", Demand),
        ("decision", [rule.name for rule in RULES]),
        ("command", [Demand.ENGAGE, Demand.RELEASE]),
        ("actuator", PinState),
        ("permit", Charge),
        ("request", Request),
        ("request", Source),
        ("request", Result),
        ("message", MessageState),
        ("event", EventName),
        ("fault", FaultName),
    ],
)
def test_the_schema_holds_every_name(kind: str, names: Any) -> None:
    """Whoever reads journals finds each word in it."""
    assert {str(name) for name in names} <= set(words_in(kind_schema(kind)))


def test_every_kind_of_line_is_in_the_schema() -> None:
    """And no kind that is never written."""
    kinds = {output.kind for output in typing.get_args(Entry)}
    assert {each["title"] for each in json_schema()["oneOf"]} == {"start", *kinds}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "signal", "t": 0, "signal": "car_lock", "value": "energised", "was": None},
        {"kind": "signal", "t": 0, "signal": "car_lock", "value": "locked", "was": "safe"},
        {"kind": "signal", "t": 0, "signal": "mood", "value": "locked", "was": None},
        {"kind": "signal", "t": 0, "signal": "car_lock", "value": "locked"},
        {"kind": "signal", "t": -1, "signal": "car_lock", "value": "locked", "was": None},
        {"kind": "signal", "t": 0.5, "signal": "car_lock", "value": "locked", "was": None},
        {"kind": "command", "t": 0, "actuator": "latch", "command": "hold", "try": 1},
        {"kind": "permit", "t": 0, "charge": "AC", "was": None},
        {"kind": "fault", "t": 0, "fault": "tired", "active": True},
        {"kind": "weather", "t": 0},
    ],
)
def test_the_schema_refuses_what_is_never_written(wrong: dict[str, Any]) -> None:
    """A schema that takes anything holds nothing."""
    assert not VALIDATOR.is_valid(wrong)


@pytest.mark.parametrize(("output", "line"), LINES, ids=lambda each: getattr(each, "kind", ""))
def test_the_schema_takes_keys_that_later_versions_add(output: Entry, line: str) -> None:
    """Readers ignore what they do not know, and so does the schema."""
    assert VALIDATOR.is_valid({**json.loads(line), "later": 1})


# ---- whole journals -----------------------------------------------------------------------------


def check_journal(text: str) -> None:
    """Hold a whole journal against the contract."""
    assert text.endswith("\n")
    lines = lines_of(text)
    for raw, line in zip(text.splitlines(), lines, strict=True):
        VALIDATOR.validate(line)
        assert raw == json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert [line["kind"] == "start" for line in lines] == [True, *[False] * (len(lines) - 1)]
    times = [line["t"] for line in lines]
    assert times == sorted(times)
    assert [
        line["signal"] for line in lines if line.get("was", "") is None and "signal" in line
    ] == [*SIGNALS]
    told: dict[Any, str | None] = {}
    for line in lines:
        for key, name in (("signal", "value"), ("state", "state"), ("charge", "charge")):
            if line["kind"] in ("signal", "actuator", "permit") and key in line:
                about = (line["kind"], line.get("signal") or line.get("actuator"))
                assert line["was"] == told.get(about), line
                assert line["was"] != line[name], line
                told[about] = line[name]


@pytest.mark.parametrize("shadow", [True, False])
def test_a_journal_keeps_its_contract(shadow: bool, tmp_path: Path) -> None:
    """Every line by the schema, time never back, each ``was`` what was told before."""
    car, log = write_car(tmp_path), write_session(tmp_path / "session.log")
    flags = ["--shadow"] if shadow else []
    done = chargelock("replay", log, "--profile", car, "--journal", "-", *flags)
    assert done.returncode == 0
    check_journal(done.stdout)


RECORDINGS = {
    "tesla_m3_us_ac_session": "tesla_model3",
    "bmw_i3_2014_ac_t1_start": "bmw_i3",
    "bmw_i3_2019_ccs_end_ionity": "bmw_i3",
    "bmw_i3_ac_t2_plug_in_unlocked_car": "bmw_i3",
    "bmw_i3_fob_lock_unlock_no_cable": "bmw_i3",
    "kona_2019_power_cycle_no_cable": "hyundai_kona_ev",
    "ioniq5_remote_lock": "hyundai_ioniq5",
}


@pytest.mark.whole
@needs_recordings
@pytest.mark.parametrize("case", RECORDINGS)
def test_the_journals_of_real_recordings_keep_the_contract(case: str) -> None:
    """Without shadow, so that our strokes, retries and faults appear in it."""
    (log,) = (LOGS / case).glob(f"{case}.log*")
    done = chargelock("replay", log, "--profile", RECORDINGS[case], "--journal", "-")
    assert (done.returncode, done.stderr) == (0, "")
    check_journal(done.stdout)


def test_names_are_lower_case() -> None:
    """Every enum value that can appear is a lower-case word without spaces."""
    enums: list[type[StrEnum]] = [*SIGNALS.values(), Demand, PinState, Charge, MessageState]
    enums += [FaultName, EventName, Result, Request, Source, Actuator, Session]
    for value in (str(value) for kind in enums for value in kind):
        assert value == value.lower()
        assert " " not in value
