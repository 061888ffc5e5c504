"""A DBC's text, looked at line by line before anybody parses it.

Knows: where messages and signals stand, and the faults that published DBC files really have, each
with words a person can act on. Refuses to know: the DBC grammar as a whole; that is cantools' work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from vehicle.wire.findings import Finding, Severity, did_you_mean

_MESSAGE = re.compile(r"^\s*BO_\s+(\d+)\s+(\S+?)\s*:\s*(\d+)\s+\S+")
_SIGNAL = re.compile(
    r"^\s*SG_\s+(\S+?)\s*(\s[Mm]\S*)?\s*:\s*(\d+)\|(\d+)@([01])([+-])\s*"
    r"\(([^,]+),([^)]+)\)\s*\[([^|]*)\|([^\]]*)\]\s*\"[^\"]*\"\s*\S"
)
_VALUES = re.compile(r"^\s*VAL_\s+(\d+)\s+(\S+)\s")
_COMMENT = re.compile(r"^\s*CM_\s+(\S+)")
_NUMBER = re.compile(r"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$")
_MOJIBAKE = re.compile("[\u00c2\u00c3][\u0080-\u00bf\u2018-\u2122]|\ufffd")

_INDEPENDENT = 0xC0000000
"""Vector's message for signals without a message; a bus never carries it."""


@dataclass(frozen=True)
class RawSignal:
    """A signal as its line says it."""

    name: str
    line: int
    start: int
    length: int
    big_endian: bool
    mux: str


@dataclass
class Raw:
    """What a DBC's lines say."""

    messages: dict[str, int] = field(default_factory=dict)
    """Message -> line."""
    lengths: dict[str, int] = field(default_factory=dict)
    signals: dict[str, list[RawSignal]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    """DBC identifier (bit 31 marks 29-bit ones) -> message."""

    def line_of(self, message: str, signal: str) -> int:
        """Return the line of a signal, of its message if there is no such line, or 0."""
        for found in self.signals.get(message, ()):
            if found.name == signal:
                return found.line
        return self.messages.get(message, 0)


def read_text(path: Path) -> tuple[str, list[Finding]]:
    """Read a DBC as UTF-8, else as Windows-1252, which is what most tools write.

    Raises:
        OSError: the file cannot be read.
    """
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        why = "not UTF-8, read as Windows-1252; save the file as UTF-8"
        # Latin-1 stands in for the few bytes that Windows-1252 leaves undefined.
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
        return text, [Finding(str(path), line, "", why, Severity.NOTE)]
    return text, []


class _Linter:
    """One pass over the lines."""

    def __init__(self, path: Path) -> None:
        self.raw = Raw()
        self.findings: list[Finding] = []
        self._file = str(path)
        self._message = ""
        self._sections: set[str] = set()
        self._in_string = False

    def say(self, line: int, signal: str, text: str, note: bool = False) -> None:
        severity = Severity.NOTE if note else Severity.ERROR
        self.findings.append(Finding(self._file, line, signal, text, severity))

    def feed(self, number: int, line: str) -> None:
        if _MOJIBAKE.search(line):
            self.say(number, "", "garbled characters (UTF-8 read as Windows-1252 once)", note=True)
        inside = self._in_string
        if line.replace('\\"', "").count('"') % 2:
            self._in_string = not inside
        if inside:
            return
        word = line.split(maxsplit=1)[0].rstrip(":") if line.strip() else ""
        if not line[:1].isspace():
            self._sections.add(word)
        check = {
            "BO_": self._bo,
            "SG_": self._sg,
            "VAL_": self._val,
            "CM_": self._cm,
        }.get(word)
        if check is not None and not (line[:1].isspace() and word != "SG_"):
            check(number, line)

    def _bo(self, number: int, line: str) -> None:
        if "NS_" in self._sections and not self._sections & {"BS_", "BU_"} and not self.raw.names:
            text = 'no "BS_:" and "BU_:" between NS_ and the first message; add both'
            self.say(number, "NS_", text)
        found = _MESSAGE.match(line)
        if found is None:
            self._message = ""
            self.say(number, "BO_", "not a message line; write: BO_ <id> <name>: <bytes> <sender>")
            return
        identifier, name, length = int(found[1]), found[2], int(found[3])
        self._message = name
        if name in self.raw.messages:
            self.say(number, name, "a second message of this name; give each its own")
            self._message = ""
        self.raw.messages.setdefault(name, number)
        self.raw.lengths.setdefault(name, length)
        self.raw.signals.setdefault(name, [])
        self._name(number, name)
        self._identifier(number, identifier, name)
        self.raw.names[identifier] = name

    def _identifier(self, number: int, identifier: int, name: str) -> None:
        if 0x7FF < identifier <= 0x1FFFFFFF:
            fixed = identifier | 0x80000000
            text = f"29-bit id {identifier} without bit 31; write {fixed}"
            self.say(number, name, text)
        elif identifier > 0x9FFFFFFF or 0x1FFFFFFF < identifier < 0x80000000:
            if identifier != _INDEPENDENT:
                text = f"id {identifier} is no CAN id: 11 bits, or 29 bits with bit 31 set"
                self.say(number, name, text)
        elif identifier in self.raw.names:
            other = self.raw.names[identifier]
            text = f"has the same id as {other}; frames are read as {other}"
            self.say(number, name, text, note=True)

    def _sg(self, number: int, line: str) -> None:
        found = _SIGNAL.match(line)
        if found is None:
            parts = line.split()
            name = parts[1].rstrip(":") if len(parts) > 1 else "SG_"
            text = (
                "not a whole signal line; write: SG_ <name> : <start>|<bits>@<order><sign>"
                ' (<scale>,<offset>) [<min>|<max>] "<unit>" <receiver>'
            )
            self.say(number, f"{self._message}.{name}", text)
            return
        name = found[1]
        operand = f"{self._message}.{name}"
        self._name(number, name)
        for what, value in zip(("scale", "offset"), (found[7], found[8]), strict=True):
            if not _NUMBER.match(value.strip()):
                text = f"{what} {value.strip()} is no DBC number; write a digit before the point"
                self.say(number, operand, text)
        if int(found[4]) < 1:
            self.say(number, operand, "has no bits; a signal has 1 to 64")
        elif self._message:
            mux = (found[2] or "").strip()
            big_endian = found[5] == "0"
            signal = RawSignal(name, number, int(found[3]), int(found[4]), big_endian, mux)
            if any(other.name == name for other in self.raw.signals[self._message]):
                text = "a second signal of this name in the message; the later one is used"
                self.say(number, operand, text, note=True)
            self.raw.signals[self._message].append(signal)

    def _name(self, number: int, name: str) -> None:
        if name[:1].isdigit():
            text = f"the name starts with a digit; rename it, for example to _{name}"
            self.say(number, name, text)

    def _val(self, number: int, line: str) -> None:
        found = _VALUES.match(line)
        if found is None:
            return
        message = self.raw.names.get(int(found[1]))
        if message is None:
            self.say(number, found[2], f"VAL_ for id {found[1]}, which no message has; remove it")
            return
        signals = [signal.name for signal in self.raw.signals[message]]
        if found[2] not in signals:
            operand = f"{message}.{found[2]}"
            hint = did_you_mean(found[2], signals)
            self.say(number, operand, f"VAL_ for a signal that does not exist; {hint}")

    def _cm(self, number: int, line: str) -> None:
        found = _COMMENT.match(line)
        if found and found[1].isdigit():
            text = "CM_ without BO_ or SG_ before the id; add the word"
            self.say(number, self.raw.names.get(int(found[1]), "CM_"), text)


def lint(path: Path, text: str) -> tuple[Raw, list[Finding]]:
    """Read a DBC's lines and name the faults that cantools would stop at, or pass over."""
    linter = _Linter(path)
    for number, line in enumerate(text.splitlines(), start=1):
        linter.feed(number, line)
    if not linter.raw.messages and not linter.findings:
        linter.say(0, "", "no message in this file; is it a DBC?")
    return linter.raw, linter.findings
