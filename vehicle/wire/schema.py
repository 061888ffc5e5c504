"""Reading a TOML table by the book: every wrong type, unknown key and impossible number is named.

Knows: tables, keys, types, bounds, and the line each stands on. Refuses to know: what any key is
for. A faulty key yields its default (or a harmless stand-in), so that one reading of a file names
all its faults and not only the first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, TypeVar

from vehicle.wire.findings import Finding, Severity, did_you_mean, line_named

if TYPE_CHECKING:
    from vehicle.wire.lines import Lines, Path

T = TypeVar("T")


@dataclass
class Document:
    """One mapping file while it is read."""

    file: FilePath
    text: str
    data: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)

    @cached_property
    def lines(self) -> Lines:
        """Where everything stands. Made when the first fault is told: most files have none."""
        from vehicle.wire.lines import Lines

        return Lines(self.text)

    @property
    def root(self) -> Table:
        """The file's top level."""
        return Table(self, self.data, ())


def open_document(file: FilePath) -> tuple[Document | None, list[Finding]]:
    """Read a TOML file; if that fails, say why."""
    try:
        text = file.read_bytes().decode("utf-8")
        return Document(file, text, tomllib.loads(text)), []
    except OSError as error:
        why = f"{error.strerror or 'cannot be read'}; name a profile or a TOML file"
        return None, [Finding(str(file), 0, "", why)]
    except UnicodeDecodeError as error:
        return None, [Finding(str(file), 0, "", f"not UTF-8 ({error.reason}); save it as UTF-8")]
    except tomllib.TOMLDecodeError as error:
        why = f"not valid TOML: {error}"
        return None, [Finding(str(file), line_named(why), "", why)]


class Table:
    """One table. Ask for each key it may have, then ``close`` it."""

    def __init__(self, document: Document, data: dict[str, Any], path: Path) -> None:
        self.document = document
        self.data = data
        self.path = path
        self._asked: set[str] = set()

    @property
    def name(self) -> str:
        """The table's dotted name, as people write it."""
        return ".".join(str(part) for part in self.path if isinstance(part, str))

    def say(self, key: str | int | None, text: str, *, note: bool = False) -> None:
        """Record what is wrong with ``key``, or with the whole table."""
        path = self.path if key is None else (*self.path, key)
        subject = self.name if not isinstance(key, str) else f"{self.name}.{key}".lstrip(".")
        severity = Severity.NOTE if note else Severity.ERROR
        line = self.document.lines.of(path)
        self.document.findings.append(
            Finding(str(self.document.file), line, subject, text, severity)
        )

    def has(self, key: str) -> bool:
        """Return whether the key is there. Asking makes it a known key."""
        self._asked.add(key)
        return key in self.data

    def take(self, key: str, kind: type[T], words: str, default: T | None, stand_in: T) -> T:
        """Return a key's value if it has the right type, else say so. ``None``: it is required."""
        if not self.has(key):
            if default is None:
                self.say(key, f"is missing; write {key} = {words}")
                return stand_in
            return default
        value = self.data[key]
        right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if not right:
            self.say(key, f"is {value!r}; write {words}")
            return stand_in if default is None else default
        return value  # type: ignore[no-any-return]

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string."""
        return self.take(key, str, '"text"', default, "")

    def boolean(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        return self.take(key, bool, "true or false", default, False)

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from ``low`` to ``high``."""
        words = f"a whole number from {low} to {high}"
        value = self.take(key, int, words, default, low)
        if not low <= value <= high:
            self.say(key, f"is {value}; write {words}")
            return low
        return value

    def choice(self, key: str, valid: Iterable[str], default: str | None = None) -> str:
        """Return one of the valid words."""
        words = list(valid)
        value = self.take(key, str, " or ".join(f'"{w}"' for w in words), default, words[0])
        if value not in words:
            self.say(key, f'does not know "{value}"; {did_you_mean(value, words)}')
            return words[0]
        return value

    def integers(self, key: str) -> list[int]:
        """Return a list of whole numbers; one alone counts as a list of one."""
        self.has(key)
        value = self.data.get(key, [])
        listed = value if isinstance(value, list) else [value]
        if any(isinstance(each, bool) or not isinstance(each, int) for each in listed):
            self.say(key, f"is {value!r}; write whole numbers, as in [0, 7]")
            return []
        return listed

    def texts(self, key: str) -> list[str]:
        """Return a list of strings."""
        value = self.take(key, list, '["text", ...]', [], [])
        if any(not isinstance(each, str) for each in value):
            self.say(key, 'must hold only strings: ["text", ...]')
            return []
        return value

    def table(self, key: str) -> Table:
        """Return a table, an empty one if the key is missing."""
        data = self.take(key, dict, "a table", {}, {})
        return Table(self.document, data, (*self.path, key))

    def tables(self, key: str) -> list[Table]:
        """Return a list of tables."""
        value = self.take(key, list, f"[[{key}]] tables", [], [])
        found = []
        for index, data in enumerate(value):
            if isinstance(data, dict):
                found.append(Table(self.document, data, (*self.path, key, index)))
            else:
                self.say(key, f"item {index + 1} is {data!r}; write a table")
        return found

    def close(self) -> None:
        """Name every key that nobody asked for."""
        for key in self.data:
            if key not in self._asked:
                self.say(key, f"is not a known key; {did_you_mean(key, self._asked)}")
