"""The settings files: what they look like, and how a damaged one is told from one made by hand.

Knows: the TOML of the owner's and the vendor's file, the checksum, older versions of the format.
Refuses to know: which file holds when, how a file gets onto the disk, what a setting means.

The service's own files begin with their checksum, so that a file cut anywhere does not fit it. A
file without that line was written by hand, and counts if every key and value in it is right.
"""

from __future__ import annotations

import json
import re
import stat
import tomllib
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from vehicle.core.overrides import SEPARATOR
from vehicle.core.record import record
from vehicle.core.settings import OVERRIDES
from vehicle.core.settings_read import SettingsError, parse
from vehicle.runtime.settings_lines import with_lines

SCHEMA = 1
"""The file's schema version. ``_MIGRATIONS`` read older ones; newer ones are refused."""
FILE_BYTES_MAX = 64 * 1024
"""Longest file that is read. The service's own are under 1 KiB."""

Value = str | int

_MARK = b"# checksum crc32 "
_MARKED = re.escape(_MARK) + rb"([0-9a-f]{8})[^\n]*\n"
_ADVICE = "edited by hand? then delete this line, or the file counts as damaged"


class DamagedError(ValueError):
    """A settings file that cannot be used. The message says what is wrong with it."""


@record
class Change:
    """One recorded change."""

    generation: int
    """Counts up with every change, over all files."""
    who: str
    when_s: int | None
    """Wall-clock seconds since 1970, or None where nobody was there to say."""
    key: str
    old: Value | None
    """None: the owner had not set it."""
    new: Value | None
    """None: the owner unset it."""

    def fields(self) -> dict[str, Value | None]:
        """Return the change as it is written down."""
        return {
            "generation": self.generation,
            "who": self.who,
            "when_s": self.when_s,
            "key": self.key,
            "old": self.old,
            "new": self.new,
        }


@record
class Generation:
    """One version of the owner's file."""

    number: int = 0
    owner: tuple[tuple[str, Value], ...] = ()
    """The keys that the owner has set, sorted."""
    changes: tuple[Change, ...] = ()
    """The changes that made it, all at once; none where it was made by hand."""
    notes: tuple[str, ...] = ()
    """What people should know about how it was read, in words."""


# ---- writing ------------------------------------------------------------------------------------


def render(generation: Generation) -> bytes:
    """Return the content of the owner's file."""
    lines = [f"schema = {SCHEMA}", f"generation = {generation.number}", "", "[settings]"]
    for key, value in generation.owner:
        lines += _overrides(value) if key == OVERRIDES else [f"{key} = {_toml(value)}"]
    for change in generation.changes:
        lines += ["", "[[change]]"]
        fields = change.fields().items()
        lines += [f"{name} = {_toml(value)}" for name, value in fields if value is not None]
    body = ("\n".join(lines) + "\n").encode()
    return _MARK + f"{zlib.crc32(body):08x} ({_ADVICE})\n".encode() + body


def _overrides(value: Value) -> list[str]:
    """Return the overrides as a list, one to a line: so people read them, and errors count them."""
    texts = [_toml(text) for text in str(value).split(SEPARATOR)]
    return [f"{OVERRIDES} = [", *(f"    {text}," for text in texts), "]"]


def _toml(value: Value) -> str:
    """Write a flat value. A JSON string is a TOML basic string, but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# ---- reading ------------------------------------------------------------------------------------


def read_generation(path: Path) -> Generation:
    """Read the owner's file. Raises OSError, DamagedError, or SettingsError with the wrong key."""
    content = _content(path)
    marked = content.startswith(_MARK)
    if marked:
        match = re.match(_MARKED, content)
        content = content[match.end() :] if match else b""
        if match is None or match[1] != f"{zlib.crc32(content):08x}".encode():
            raise DamagedError(
                "its checksum does not fit: it was cut, or edited by hand; if you edited it, delete"
                " its first line and restart the service"
            )
    document = _document(content)
    if not document:
        raise DamagedError("it holds nothing")
    settings = _settings(document)
    if marked:
        return _from_service(document, settings)
    try:
        return _by_hand(path, settings)
    except SettingsError as error:
        raise with_lines(error, content.decode()) from error


def _from_service(document: Mapping[str, object], settings: Mapping[str, object]) -> Generation:
    """Our own file. A key that this version does not know was set in another: leave it out."""
    owner: dict[str, Value] = {}
    notes = []
    for key, value in settings.items():
        try:
            owner |= checked({key: value}, "left out")
        except SettingsError as error:
            notes.append(str(error))
    number, made = document.get("generation"), document.get("change", [])
    if isinstance(made, dict):  # as it was written before several could be made at once
        made = [made]
    if not isinstance(number, int) or not isinstance(made, list):
        raise DamagedError("its generation or change is missing")
    changes = tuple(change_from(each if isinstance(each, dict) else {}) for each in made)
    return Generation(number, tuple(sorted(owner.items())), changes, tuple(notes))


def _by_hand(path: Path, settings: Mapping[str, object]) -> Generation:
    owner = checked(settings, str(path))
    note = f"{path} was written by hand; it holds, and the next change writes it anew"
    return Generation(0, tuple(sorted(owner.items())), (), (note,))


def read_vendor(path: Path | None) -> dict[str, Value]:
    """Return the keys that the vendor's file sets; none where there is no file.

    Raises SettingsError, naming the file and what is wrong: that is a mistake, not damage.
    """
    if path is None or not path.exists():
        return {}
    try:
        content = _content(path)
        document = _document(content)
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); make it readable for the service"
        ) from error
    except DamagedError as error:
        raise SettingsError(f"{path}: {error}; mend the file") from error
    try:
        parse(document, str(path))
    except SettingsError as error:
        raise with_lines(error, content.decode()) from error
    document.pop("schema", None)
    return checked(document, str(path))


def checked(settings: Mapping[str, object], where: str) -> dict[str, Value]:
    """Return settings with their values as this version writes them. Raises SettingsError."""
    words = parse(settings, where).words()
    return {key: words[key] for key in settings}


def change_from(fields: Mapping[str, object]) -> Change:
    """Return a change from its written fields. Raises DamagedError where it is none."""
    generation, who, key = (fields.get(name) for name in ("generation", "who", "key"))
    when_s, old, new = (fields.get(name) for name in ("when_s", "old", "new"))
    if (
        isinstance(generation, int)
        and isinstance(who, str)
        and isinstance(key, str)
        and isinstance(when_s, int | None)
        and isinstance(old, str | int | None)
        and isinstance(new, str | int | None)
    ):
        return Change(generation, who, when_s, key, old, new)
    raise DamagedError(f"not a recorded change: {dict(fields)!r}")


def _content(path: Path) -> bytes:
    if not stat.S_ISREG(path.stat().st_mode):
        raise DamagedError("it is no file")
    with path.open("rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise DamagedError(f"it is longer than {FILE_BYTES_MAX} bytes")
    return content


def _document(content: bytes) -> dict[str, object]:
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise DamagedError(f"it is not UTF-8 text (byte {error.start})") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DamagedError(f"it is not TOML: {error}") from error


# ---- older versions -----------------------------------------------------------------------------


def _settings(document: Mapping[str, object]) -> dict[str, object]:
    """Return the document's settings as SCHEMA names them, migrated one version at a time."""
    schema = document.get("schema", 0)
    if not isinstance(schema, int) or isinstance(schema, bool) or not 0 <= schema <= SCHEMA:
        raise DamagedError(f"schema {schema!r} is not known here; this version reads 0 to {SCHEMA}")
    table = document.get("settings")
    if isinstance(table, dict):
        stray = sorted(document.keys() - {"schema", "generation", "settings", "change"})
        if stray:
            raise DamagedError(f"{stray[0]} stands outside of [settings]; move it below")
        settings = dict(table)
    else:  # by hand the table's header is easily left out
        settings = {key: value for key, value in document.items() if key != "schema"}
    for version in range(schema, SCHEMA):
        settings = _MIGRATIONS[version](settings)
    return settings


def _from_0(settings: Mapping[str, object]) -> dict[str, object]:
    """Version 0: no ``schema``; keys as the fields are called, toggles as booleans."""
    words = {True: "on", False: "off"}
    return {
        key.replace("_", "-"): words[value] if isinstance(value, bool) else value
        for key, value in settings.items()
    }


_MIGRATIONS: Mapping[int, Callable[[Mapping[str, object]], dict[str, object]]] = {0: _from_0}
"""Version -> how its settings become those of the next."""
