"""A story file: how the car stands, what happens when, which faults are ordered, what is expected.

Knows: the format below, and every fault of a file by file, line, key and nearest valid word.
Refuses to know: how a story is played (``simulator``) and judged (``expectations``).

A story is TOML::

    title = "..."               required; one sentence
    tells = "..."               what it shows, in more words
    end_s = 20                  required; when the story is over
    profile = "reference"       a profile whose bus is the reference bus
    jitter_ms = 2               each frame is late by up to this, drawn from the seed

    [settings]                  the owner's settings, keys as in a settings file
    [start]                     doors = "unlocked", key = "near", connector = false,
                                adapter = false, latch = "released", adapter_lock = "released",
                                latch_fitted = true, adapter_lock_fitted = true, supply = "none",
                                limit_a = 16, amps = 16, session = "none", remote = "none"
                                (or "plain", or "secoc", where the service has the car's key),
                                surroundings = false; where true, also outside_c = 20,
                                board_mv = 12600, cabin = "empty", place = "unknown"
    [car]                       what this car's profile would say otherwise: latch_feedback,
                                adapter_feedback = true, when_empty = "release",
                                reports_weld_test = true, connector_locks_itself = false,
                                can_heat = true

    [[step]]                    what happens: a word of ``orders.STEPS`` and its parameters;
                                shorter: step = [ {...}, {...} ] above the first table
    at_s = 3.2
    do = "plug"
    supply = "ac"

    [[fault]]                   what is broken: a word of ``orders.FAULTS`` and its parameters
    from_s = 4                  default 0
    to_s = 9                    default: the end
    what = "stuck_pin"
    pin = "latch"

    [[expect]]                  see ``expectations``

A recording of a story with a ``[car]`` table replays alike only with a profile that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from vehicle.core.car import Car, WhenEmpty
from vehicle.core.record import record
from vehicle.core.settings import Settings
from vehicle.core.settings_read import SettingsError, parse
from vehicle.runtime.around import AROUND_MESSAGES, MILLIVOLTS_MAX
from vehicle.runtime.ecus import MESSAGES, REMOTE_MESSAGES
from vehicle.runtime.expectations import Expectation, moment_us, read_expectation
from vehicle.runtime.orders import (
    CABINS,
    DOORS,
    FAULTS,
    PLACES,
    REMOTES,
    STEPS,
    SUPPLIES,
    ZONES,
    Anything,
    Choice,
    FaultOrder,
    Number,
    Parameter,
    Step,
    Truth,
    Value,
)
from vehicle.runtime.plant import START_SESSIONS, StartState
from vehicle.wire.findings import Finding, did_you_mean
from vehicle.wire.schema import Table, open_document

END_S_MAX = 7200
"""The longest story, in seconds."""

_START_WORDS = {
    "doors": DOORS,
    "key": ZONES,
    "latch": ("released", "engaged"),
    "adapter_lock": ("released", "engaged"),
    "supply": SUPPLIES,
    "session": START_SESSIONS,
    "remote": REMOTES,
    "cabin": CABINS,
    "place": PLACES,
}
_START_LIMITS = {
    "limit_a": (0, 126),
    "amps": (0, 500),
    "outside_c": (-40, 60),
    "board_mv": (0, MILLIVOLTS_MAX),
}


class StoryError(ValueError):
    """A story cannot be played. ``findings`` holds everything that is wrong with the file."""

    def __init__(self, path: Path, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        lines = "\n  ".join(map(str, self.findings))
        super().__init__(f"story {path} cannot be played:\n  {lines}")


@record
class CarOptions:
    """What a story says of the car's capabilities; None: as the profile says."""

    latch_feedback: bool | None = None
    adapter_feedback: bool | None = None
    when_empty: WhenEmpty | None = None
    reports_weld_test: bool | None = None
    connector_locks_itself: bool | None = None
    can_heat: bool | None = None

    def apply(self, car: Car) -> Car:
        """Return ``car`` as this story wants it."""
        if self.latch_feedback is not None:
            car = replace(car, latch=replace(car.latch, feedback=self.latch_feedback))
        if self.adapter_feedback is not None:
            car = replace(car, adapter=replace(car.adapter, feedback=self.adapter_feedback))
        if self.when_empty is not None:
            car = replace(car, when_empty=self.when_empty)
        if self.reports_weld_test is not None:
            car = replace(car, reports_weld_test=self.reports_weld_test)
        if self.connector_locks_itself is not None:
            car = replace(car, connector_locks_itself=self.connector_locks_itself)
        if self.can_heat is not None:
            car = replace(car, can_heat=self.can_heat)
        return car


@dataclass(frozen=True)
class Story:
    """One story, ready to be played."""

    name: str
    """The file's name without ``.toml``."""
    title: str
    tells: str
    end_us: int
    profile: str = "reference"
    jitter_us: int = 2000
    settings: Settings = field(default_factory=Settings)
    start: StartState = field(default_factory=StartState)
    car: CarOptions = field(default_factory=CarOptions)
    steps: tuple[Step, ...] = ()
    """In time order; steps at the same time in the file's order."""
    faults: tuple[FaultOrder, ...] = ()
    expectations: tuple[Expectation, ...] = ()


def read_story(path: Path) -> Story:
    """Read a story file.

    Raises:
        StoryError: it cannot be played; the error carries every finding.
    """
    document, findings = open_document(path)
    if document is None:
        raise StoryError(path, findings)
    root = document.root
    end_us = root.integer("end_s", 1, END_S_MAX) * 1_000_000
    story = Story(
        name=path.stem,
        title=root.text("title"),
        tells=root.text("tells", ""),
        end_us=end_us,
        profile=root.text("profile", "reference"),
        jitter_us=root.integer("jitter_ms", 0, 40, 2) * 1000,
        settings=_settings(root, "settings", Settings()),
        start=_start(root.table("start")),
        car=_car(root.table("car")),
        steps=tuple(sorted((_step(t, end_us) for t in root.tables("step")), key=_at_us)),
        faults=tuple(_fault(t, end_us) for t in root.tables("fault")),
        expectations=tuple(read_expectation(t, end_us) for t in root.tables("expect")),
    )
    root.close()
    if document.findings:
        raise StoryError(path, document.findings)
    return story


def _at_us(step: Step) -> int:
    return step.at_us


def _settings(table: Table, key: str, before: Settings) -> Settings:
    """Return ``before`` with the changes that a table of settings keys makes."""
    changes = table.table(key).data
    try:
        return parse({**before.words(), **changes}, key)
    except SettingsError as error:
        table.say(key, f"cannot be used: {error}")
        return before


def _start(table: Table) -> StartState:
    values: dict[str, Value] = {}
    for item in fields(StartState):
        default = getattr(StartState(), item.name)
        if item.name in _START_WORDS:
            values[item.name] = table.choice(item.name, _START_WORDS[item.name], default)
        elif item.name in _START_LIMITS:
            values[item.name] = table.integer(item.name, *_START_LIMITS[item.name], default)
        else:
            values[item.name] = table.boolean(item.name, default)
    table.close()
    return StartState(**values)  # type: ignore[arg-type]


def _car(table: Table) -> CarOptions:
    def truth(key: str) -> bool | None:
        return table.boolean(key, False) if table.has(key) else None

    options = CarOptions(
        latch_feedback=truth("latch_feedback"),
        adapter_feedback=truth("adapter_feedback"),
        when_empty=WhenEmpty(table.choice("when_empty", WhenEmpty))
        if table.has("when_empty")
        else None,
        reports_weld_test=truth("reports_weld_test"),
        connector_locks_itself=truth("connector_locks_itself"),
        can_heat=truth("can_heat"),
    )
    table.close()
    return options


def _step(table: Table, end_us: int) -> Step:
    at_us = moment_us(table, "at_s", end_us)
    do = table.choice("do", STEPS)
    values = _parameters(table, STEPS[do].parameters)
    settings: dict[str, Value] = {}
    if do == "set":
        settings = dict(table.table("settings").data)
        _settings(table, "settings", Settings())
    table.close()
    return Step(at_us, do, values, settings, table.document.lines.of(table.path))


def _fault(table: Table, end_us: int) -> FaultOrder:
    from_us = moment_us(table, "from_s", end_us) if table.has("from_s") else 0
    to_us = moment_us(table, "to_s", end_us) if table.has("to_s") else end_us
    if from_us >= to_us:
        table.say("to_s", "must be later than from_s")
    what = table.choice("what", FAULTS)
    values = _parameters(table, FAULTS[what].parameters)
    table.close()
    return FaultOrder(from_us, to_us, what, values)


def _parameters(table: Table, parameters: Mapping[str, Parameter]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for key, parameter in parameters.items():
        match parameter:
            case Choice(valid, default):
                values[key] = table.choice(key, valid, default)
            case Number(low, high, default):
                values[key] = table.integer(key, low, high, default)
            case Truth(default):
                values[key] = table.boolean(key, default)
            case Anything(required):
                if key == "message" and (required or table.has(key)):
                    values[key] = _message(table)
    return values


def _message(table: Table) -> str:
    names = (*MESSAGES, *REMOTE_MESSAGES, *AROUND_MESSAGES, "LockCommand")
    name = table.text("message")
    if name not in names:
        table.say("message", f'"{name}" is not sent on this bus; {did_you_mean(name, names)}')
    return name
