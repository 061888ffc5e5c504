"""Line numbers for TOML keys, which ``tomllib`` does not give.

Knows: table headers, keys at the start of a line, and rows and texts of a list that start a line.
Refuses to know: whether the text is valid TOML, and what a key means. A key it cannot place gets
the line of the nearest table or key around it.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*="""
)
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*\.?""")


def _parts(dotted: str) -> Path:
    return tuple(next(g for g in m.groups() if g is not None) for m in _PART.finditer(dotted))


class Lines:
    """Where the tables and keys of one TOML text stand."""

    def __init__(self, text: str) -> None:
        self._at: dict[Path, int] = {(): 1}
        self._scan(text)

    def _scan(self, text: str) -> None:
        table: Path = ()
        key: Path = ()
        counts: dict[Path, int] = {}
        row = 0
        for number, line in enumerate(text.splitlines(), start=1):
            if header := _HEADER.match(line):
                table = self._header(_parts(header[2]), header[1] == "[[", counts)
                key = table
                for length in range(1, len(table) + 1):
                    self._at.setdefault(table[:length], number)
            elif found := _KEY.match(line):
                key = table + _parts(found[1])
                row = 0
                for length in range(len(table) + 1, len(key) + 1):
                    self._at.setdefault(key[:length], number)
            elif line.lstrip().startswith(("{", '"', "'")):
                self._at.setdefault((*key, row), number)
                row += 1

    @staticmethod
    def _header(parts: Path, listed: bool, counts: dict[Path, int]) -> Path:
        """Return a header's path, with the number of the current item after each list's name."""
        path: Path = ()
        for index, part in enumerate(parts):
            path = (*path, part)
            last = index == len(parts) - 1
            if last and listed:
                counts[path] = counts.get(path, -1) + 1
            if path in counts:
                path = (*path, counts[path])
        return path

    def of(self, path: Path) -> int:
        """Return the line of ``path``, or of the nearest thing around it that has one."""
        while path not in self._at:
            path = path[:-1]
        return self._at[path]
