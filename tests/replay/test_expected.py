"""Every row of EXPECTED.csv: what a correct lock manager does beside seven real recordings.

The recordings are replayed by the command itself, in shadow, and judged by its journal. Each
phrase of ``must`` and ``must_not`` has one check here; a phrase without a check fails.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from command_line import chargelock, lines_of, of_kind
from jsonschema import Draft202012Validator
from recordings import LOGS, needs_recordings

from vehicle.runtime.journal_schema import json_schema

pytestmark = pytest.mark.whole

Journal = tuple[dict[str, Any], ...]
Check = Callable[["Span"], None]


class Span:
    """One row's stretch of time in its journal."""

    def __init__(self, journal: Journal, from_s: float, to_s: float, observed: str) -> None:
        self.journal = journal
        self.from_s = from_s
        self.to_s = to_s
        self.observed = observed

    def inside(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """The lines of one kind within the span; a cable seen at 12.3996 s is "12.4" there."""
        return [
            line
            for line in of_kind(self.journal, kind, **fields)
            if self.from_s <= round(line["t"] / 1e6, 3) < self.to_s
        ]

    def at(self, time_s: float, kind: str, value: str, **fields: Any) -> Any:
        """What held at ``time_s``: the field ``value`` of the last line of one kind until then."""
        lines = [
            line for line in of_kind(self.journal, kind, **fields) if line["t"] <= time_s * 1e6
        ]
        return lines[-1][value]

    def demand(self, time_s: float) -> str:
        found: str = self.at(time_s, "decision", "demand", actuator="latch")
        return found

    def first(self, kind: str, **fields: Any) -> float:
        """When the first such line of the whole recording stands, in seconds."""
        time_us: int = of_kind(self.journal, kind, **fields)[0]["t"]
        return time_us / 1e6


# ---- must ---------------------------------------------------------------------------------------


def one_engage_command(span: Span) -> None:
    (command,) = span.inside("command")
    assert (command["actuator"], command["command"]) == ("latch", "engage")


def limited_until_engaged(span: Span) -> None:
    engaged = next(s["t"] for s in span.inside("signal", signal="latch", value="engaged"))
    for permit in span.inside("permit"):
        assert permit["charge"] in ("none", "ac-limited") or permit["t"] >= engaged
    assert span.at(span.from_s, "permit", "charge") in ("none", "ac-limited")


def engage_throughout(span: Span) -> None:
    assert span.demand(span.from_s) == "engage"
    assert {line["demand"] for line in span.inside("decision", actuator="latch")} <= {"engage"}


def charging(span: Span) -> None:
    (change,) = span.inside("signal", signal="session")
    assert change["value"] == "charging"
    assert change["t"] / 1e6 < span.from_s + 2.5


def one_release_by_the_car(span: Span) -> None:
    (command,) = span.inside("command")
    assert (command["actuator"], command["command"]) == ("latch", "release")
    assert 139.301 <= command["t"] / 1e6 <= 140.002
    results = [line["result"] for line in span.inside("request", request="unlatch", source="car")]
    assert results[0] == "accepted"
    assert results[-1] == "released"


def engage_although_unlocked(span: Span) -> None:
    engaged_s = span.first("command", command="engage", actuator="latch")
    assert span.from_s <= engaged_s < 10.21
    assert span.demand(10.21) == "engage"
    assert span.at(10.21, "signal", "value", signal="car_lock") == "unlocked"


def charging_from_16_1(span: Span) -> None:
    assert span.first("signal", signal="session", value="charging") == pytest.approx(16.1, abs=0.5)
    assert span.at(span.to_s, "signal", "value", signal="session") == "charging"


def release_in_the_gap(span: Span) -> None:
    assert span.demand(19.83) == span.demand(20.5) == span.demand(20.88) == "release"
    (command,) = span.inside("command")
    assert command["command"] == "release"
    assert span.at(19.83, "signal", "value", signal="car_lock") == "unlocked"
    assert span.at(19.83, "signal", "value", signal="session") in ("complete", "none")


def doors_follow(span: Span) -> None:
    presses = re.findall(r"\b(lock|unlock) ((?:[\d.]+(?: and )?)+)", span.observed)
    assert presses
    for word, times in presses:
        for time in times.split(" and "):
            found = span.at(float(time) + 0.5, "signal", "value", signal="car_lock")
            assert found == f"{word}ed", f"{word} at {time} s"


def one_remote_lock(span: Span) -> None:
    (change,) = span.inside("signal", signal="car_lock")
    assert (change["was"], change["value"]) == ("unlocked", "locked")


MUST: dict[str, Check] = {
    "exactly one engage command": one_engage_command,
    "permit none or ac-limited until feedback ENGAGED": limited_until_engaged,
    "engage demanded throughout": engage_throughout,
    "session charging": charging,
    "exactly one release command between 139.302 and 140.002 (request source: car)": (
        one_release_by_the_car
    ),
    "engage demanded before 10.21 although the car is unlocked": engage_although_unlocked,
    "session charging from about 16.1": charging_from_16_1,
    "release demanded between 19.83 and 20.88 (car unlocked; session over)": release_in_the_gap,
    "car_lock follows each within 0.5 s": doors_follow,
    "exactly one car_lock change unlocked to locked": one_remote_lock,
}


# ---- must not -----------------------------------------------------------------------------------


def no_command(span: Span) -> None:
    assert span.inside("command") == []


def no_fault(span: Span) -> None:
    assert span.inside("fault", active=True) == []


def no_engage_while_empty(span: Span) -> None:
    empty = span.at(span.to_s - 0.1, "signal", "value", signal="occupant")
    assert empty == "empty"
    assert span.inside("decision", demand="engage") == []


def no_high_permit_before(time_s: float) -> Check:
    def check(span: Span) -> None:
        high = [p for p in of_kind(span.journal, "permit") if p["charge"] in ("ac", "dc")]
        assert high
        assert all(permit["t"] / 1e6 >= time_s for permit in high)

    return check


def no_release_before(time_s: float, seated_from_s: float) -> Check:
    def check(span: Span) -> None:
        for line in of_kind(span.journal, "decision", actuator="latch", demand="release"):
            assert not seated_from_s <= line["t"] / 1e6 < time_s

    return check


MUST_NOT: dict[str, Check] = {
    "any command": no_command,
    "any fault": no_fault,
    "any latch fault": no_fault,
    "engage demanded while the inlet is empty": no_engage_while_empty,
    "permit ac or dc before 17.2": no_high_permit_before(17.199),
    "release demanded before 139.3": no_release_before(139.3, 12.39),
    "permit ac before 10.2": no_high_permit_before(10.2),
    "release demanded before 19.82": no_release_before(19.82, 0.0),
}


# ---- rows ---------------------------------------------------------------------------------------


def rows() -> list[dict[str, str]]:
    """The table's rows; none where the recordings are not here."""
    table = LOGS / "EXPECTED.csv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def phrases(cell: str) -> list[str]:
    """A cell's phrases: parted by semicolons, but not within brackets."""
    return [phrase.strip() for phrase in re.split(r";(?![^(]*\))", cell) if phrase.strip()]


@cache
def journal_of(case: str, profile: str) -> Journal:
    """The journal that the command writes for one case."""
    (log,) = sorted((LOGS / case).glob(f"{case}.log*"))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        done = chargelock("replay", log, "--profile", profile, "--shadow", "--journal", path)
        assert (done.returncode, done.stderr) == (0, "")
        return tuple(lines_of(path.read_text(encoding="utf-8")))


def name_of(row: dict[str, str]) -> str:
    return f"{row['case']}-{row['t_from_s']}"


@needs_recordings
@pytest.mark.parametrize("row", rows(), ids=name_of)
def test_the_real_car_is_judged_as_expected(row: dict[str, str]) -> None:
    """The row's must and must_not hold in the journal of a replay in shadow."""
    journal = journal_of(row["case"], row["profile"])
    span = Span(journal, float(row["t_from_s"]), float(row["t_to_s"]), row["observed_on_real_car"])
    checks = [MUST[phrase] for phrase in phrases(row["must"])]
    checks += [MUST_NOT[phrase] for phrase in phrases(row["must_not"])]
    assert checks
    for check in checks:
        check(span)


@needs_recordings
def test_every_check_is_asked_for_by_some_row() -> None:
    """A check that no row names proves nothing."""
    asked = {phrase for row in rows() for phrase in phrases(row["must"])}
    forbidden = {phrase for row in rows() for phrase in phrases(row["must_not"])}
    assert (asked, forbidden) == (set(MUST), set(MUST_NOT))


@needs_recordings
@pytest.mark.parametrize("row", rows(), ids=name_of)
def test_nothing_is_released_while_the_inlet_does_not_read_safe(row: dict[str, str]) -> None:
    """Each release command of the journal stands where the inlet reads safe."""
    inlet = "unknown"
    for line in journal_of(row["case"], row["profile"]):
        if line["kind"] == "signal" and line["signal"] == "inlet":
            inlet = line["value"]
        if line["kind"] == "command" and line["command"] == "release":
            assert inlet == "safe"


@needs_recordings
@pytest.mark.parametrize(("case", "profile"), sorted({(r["case"], r["profile"]) for r in rows()}))
def test_every_line_of_a_shadow_journal_keeps_to_the_schema(case: str, profile: str) -> None:
    """The journals that the rows are judged by hold no unknown word."""
    validator = Draft202012Validator(json_schema())
    for line in journal_of(case, profile):
        validator.validate(line)
