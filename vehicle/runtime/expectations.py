"""What a story expects of the journal, and whether a journal fulfils it.

Knows: journal lines as data, and the ways to ask for them. Refuses to know: how a journal came to
be, and what is right: the story's author does.

::

    [[expect]]
    says = "The latch is engaged before the charge is permitted."     required, in own words
    order = [ { kind = "actuator", actuator = "latch", state = "engaged" },
              { kind = "permit", charge = "ac" } ]     these lines come in this order
    within_s = [0, 5]               default: the whole story

    line = { kind = "command", command = "engage" }    such a line comes within the time
    line = { ... }, times = 2       so many such lines come, no more and no fewer
    line = { ... }, never = true    no such line comes
    line = { ... }, at_s = 4        what the journal last said of it, up to that time, is this
    truth = { connector = "in", latch = "engaged" }, at_s = 4
                                    the simulated car truly is so (words: ``Plant.truth``)

A pattern matches a journal line that has every given key with the given value. A fault, stop
or heating that the journal has not mentioned yet counts as not active.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vehicle.core.record import record
from vehicle.runtime.journal_schema import json_schema
from vehicle.wire.findings import did_you_mean
from vehicle.wire.schema import Table

Line = Mapping[str, Any]
Pattern = Mapping[str, Any]

TRUTHS = ("doors", "connector", "adapter", "latch", "adapter_lock", "energy", "amps", "heater")
"""What can be asked of the simulated car itself."""

IDENTITY: dict[str, tuple[str, ...]] = {
    "signal": ("signal",),
    "decision": ("actuator",),
    "actuator": ("actuator",),
    "permit": (),
    "stop": (),
    "heat": (),
    "fault": ("fault", "actuator"),
    "message": ("message",),
}
"""Kind of line that tells a state -> the keys that say whose. Other kinds tell moments."""

_QUIET_AT_FIRST = ("fault", "stop", "heat")
_EXTRA_KEYS = {"fault": ("actuator",), "command": ("recovery",)}


@record
class Expectation:
    """One ``[[expect]]``."""

    says: str
    patterns: tuple[Pattern, ...]
    from_us: int
    to_us: int
    """Both included; equal for ``at_s``."""
    form: str
    """``some``, ``times``, ``never``, ``order``, ``at`` or ``truth``."""
    times: int = 0
    where: str = ""
    """File and line, for the failure's message."""

    def failure(
        self, journal: Sequence[Line], truths: Sequence[tuple[int, Mapping[str, str]]]
    ) -> str | None:
        """Return what is wrong, naming file and line, or None where all is as expected."""
        if self.form == "truth":
            problem = self._truth(truths)
        elif self.form == "at":
            problem = self._state(journal)
        else:
            problem = self._moments(journal)
        return None if problem is None else f"{self.where}: {self.says} But {problem}"

    def _moments(self, journal: Sequence[Line]) -> str | None:
        lines = [line for line in journal if self.from_us <= line["t"] <= self.to_us]
        if self.form == "order":
            return _in_order(lines, self.patterns)
        pattern = self.patterns[0]
        found = [line for line in lines if matches(line, pattern)]
        span = f"from {self.from_us / 1e6:g} to {self.to_us / 1e6:g} s"
        if self.form == "never" and found:
            return f"{_show(pattern)} comes at {_times(found)}."
        if self.form == "some" and not found:
            outside = [line for line in journal if matches(line, pattern)]
            return f"{_show(pattern)} does not come {span} (elsewhere: {_times(outside)})."
        if self.form == "times" and len(found) != self.times:
            return f"{_show(pattern)} comes {len(found)} times {span}: {_times(found)}."
        return None

    def _state(self, journal: Sequence[Line]) -> str | None:
        pattern = self.patterns[0]
        kind = pattern["kind"]
        whose = {"kind": kind, **{k: pattern[k] for k in IDENTITY[kind] if k in pattern}}
        told = [line for line in journal if line["t"] <= self.to_us and matches(line, whose)]
        last = told[-1] if told else {}
        if not told and kind in _QUIET_AT_FIRST:
            last = {**whose, "active": False}
        if matches(last, pattern):
            return None
        said = {key: last.get(key) for key in pattern} if last else "nothing"
        return f"at {self.to_us / 1e6:g} s the journal says {said}, not {_show(pattern)}."

    def _truth(self, truths: Sequence[tuple[int, Mapping[str, str]]]) -> str | None:
        now = next(truth for at_us, truth in reversed(truths) if at_us <= self.to_us)
        wrong = {key: now[key] for key, want in self.patterns[0].items() if now[key] != want}
        return f"at {self.to_us / 1e6:g} s the car truly is {wrong}." if wrong else None


def matches(line: Line, pattern: Pattern) -> bool:
    """Return whether ``line`` has every key of ``pattern`` with its value."""
    missing = object()
    return all(line.get(key, missing) == value for key, value in pattern.items())


def _in_order(lines: Iterable[Line], patterns: Sequence[Pattern]) -> str | None:
    left = list(patterns)
    after_us = 0
    for line in lines:
        if left and matches(line, left[0]):
            after_us = line["t"]
            left.pop(0)
    if not left:
        return None
    return f"{_show(left[0])} does not come after {after_us / 1e6:g} s."


def _show(pattern: Pattern) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in pattern.items()) + "}"


def _times(lines: Iterable[Line]) -> str:
    return ", ".join(f"{line['t'] / 1e6:g} s" for line in lines) or "never"


# ---- reading ------------------------------------------------------------------------------------


def read_expectation(table: Table, end_us: int) -> Expectation:
    """Read one ``[[expect]]``; what is wrong with it goes into the document's findings."""
    at_us = moment_us(table, "at_s", end_us) if table.has("at_s") else None
    from_us, to_us = _span(table, end_us)
    times = table.integer("times", 0, 10_000, 0)
    forms = [name for name in ("line", "order", "truth") if table.has(name)]
    patterns: tuple[Pattern, ...] = ()
    form = "some"
    if len(forms) != 1:
        table.say(None, 'needs exactly one of "line", "order" and "truth"')
    elif forms == ["truth"]:
        form, patterns = "truth", (_read_truth(table),)
    elif forms == ["order"]:
        rows = table.tables("order")
        form, patterns = "order", tuple(read_pattern(row) for row in rows)
    else:
        patterns = (read_pattern(table.table("line")),)
        never = table.boolean("never", False)
        form = "never" if never else "times" if table.has("times") else "some"
        if at_us is not None:
            form = "at"
            if patterns[0].get("kind") not in IDENTITY:
                table.say("at_s", f"asks for a state; only {', '.join(IDENTITY)} tell one")
    if form == "truth" and at_us is None:
        table.say("truth", "needs at_s = seconds")
    if at_us is not None:
        from_us = to_us = at_us
    says = table.text("says")
    table.close()
    where = f"{table.document.file}:{table.document.lines.of(table.path)}"
    return Expectation(says, patterns, from_us, to_us, form, times, where)


def moment_us(table: Table, key: str, end_us: int) -> int:
    """Return a time in seconds as microseconds; it must lie within the story."""
    table.has(key)
    return _moment_us(table, key, table.data.get(key), end_us)


def _moment_us(table: Table, key: str, value: object, end_us: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        table.say(key, f"is {value!r}; write seconds, as in {key} = 2.5")
        return 0
    if not 0 <= value * 1_000_000 <= end_us:
        table.say(key, f"is {value}; the story runs from 0 to {end_us / 1e6:g} s")
        return 0
    return round(value * 1_000_000)


def _span(table: Table, end_us: int) -> tuple[int, int]:
    if not table.has("within_s"):
        return 0, end_us
    span = table.data["within_s"]
    if not isinstance(span, list) or len(span) != 2:
        table.say("within_s", f"is {span!r}; write within_s = [from, to]")
        return 0, end_us
    from_us, to_us = (_moment_us(table, "within_s", value, end_us) for value in span)
    if from_us > to_us:
        table.say("within_s", f"is {span!r}; the first must not be later than the second")
    return from_us, to_us


def _read_truth(table: Table) -> Pattern:
    row = table.table("truth")
    for key in row.data:
        if key not in TRUTHS:
            row.say(key, f"is nothing that can be asked; {did_you_mean(key, TRUTHS)}")
    return {key: str(value) for key, value in row.data.items() if key in TRUTHS}


def read_pattern(table: Table) -> Pattern:
    """Return a pattern for journal lines, every name in it checked against the journal's schema."""
    kinds = {each["title"]: each["properties"] for each in json_schema()["oneOf"]}
    kind = table.choice("kind", kinds)
    schema = kinds[kind]
    for key, value in table.data.items():
        if key == "kind" or (kind == "event" and key not in schema):
            continue
        known = (*schema, *_EXTRA_KEYS.get(kind, ()))
        if key not in known:
            table.say(key, f"is no key of a {kind} line; {did_you_mean(key, known)}")
            continue
        words = _words(schema.get(key, {}))
        if words and value not in words:
            table.say(key, f"does not know {value!r}; {did_you_mean(str(value), words)}")
    return dict(table.data)


def _words(schema: Mapping[str, Any]) -> list[str]:
    """Return the words that a schema allows; none where it allows anything but words."""
    for each in (schema, *schema.get("anyOf", ())):
        if "enum" in each:
            return list(each["enum"])
    return []
