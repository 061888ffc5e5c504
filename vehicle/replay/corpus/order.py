"""What is asked of a run over a corpus, as one value that goes to every worker.

Knows: all that the results depend on besides the logs. Refuses to know: who does the work, and how
many they are; the results do not depend on that.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from dataclasses import field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vehicle.core.record import record
from vehicle.core.settings import Settings
from vehicle.replay.corpus.errors import OutputFolderError
from vehicle.replay.corpus.storage import Store, is_address
from vehicle.replay.corpus.time_limit import TimeLimit
from vehicle.wire.profile import Profile

SCHEMA = 1
"""Of the output folder. Whatever changes a file in it changes this or the version."""

MANIFEST = "manifest.json"


def version_here() -> str:
    """Return the version of chargelock that is installed here."""
    return version("chargelock")


@record
class Order:
    """One order. It travels between processes, and to machines that lack the profiles' files."""

    places: tuple[str, ...]
    """What was named: files, folders, patterns, addresses."""
    out: str
    """The output folder: a path, or an address."""
    base: Path
    """What relative paths start from."""
    profiles: tuple[Profile, ...]
    """To choose from for each log; of one alone it is only asked whether it fits."""
    settings: Settings | None = None
    """The owner's; None: those that a live recording tells, or the defaults."""
    against: Settings | None = None
    """What would be otherwise with these; None: nothing is compared."""
    shadow: bool = False
    """Another controller moved the pins."""
    reports: bool = True
    """A page is made of each log."""
    time_limit: TimeLimit | None = None
    """For each log; None: as long as it takes. No result depends on it: what took too long is tried
    again at the next start."""
    version: str = field(default_factory=version_here)
    """Of whoever asks; a worker must have the same."""

    def seconds_for(self, size_bytes: int) -> float | None:
        """Return how long a log of that size may take; None: as long as it takes."""
        return None if self.time_limit is None else self.time_limit.seconds(size_bytes)

    def manifest(self) -> dict[str, Any]:
        """Return what the results depend on, as it stands in the output folder."""
        return {
            "schema": SCHEMA,
            "chargelock": self.version,
            "logs": sorted(
                place if is_address(place) else str(self.base / place) for place in self.places
            ),
            "profiles": {profile.name: _digest(profile) for profile in self.profiles},
            "settings": None if self.settings is None else self.settings.words(),
            "against": None if self.against is None else self.against.words(),
            "shadow": self.shadow,
            "reports": self.reports,
        }


_WORDS = {
    "schema": "layout",
    "chargelock": "version of chargelock",
    "logs": "choice of logs",
    "profiles": "choice of profiles, or profiles that have changed since",
    "settings": "--settings",
    "against": "--against",
    "shadow": "--shadow",
    "reports": "--reports",
}
"""Key of the manifest -> what it is called where it is another."""


def claim(store: Store, order: Order) -> None:
    """Make the output folder this order's: write its manifest, or see that it is there.

    Raises: OutputFolderError where the folder is another order's, or holds anything else.
    """
    wanted = json.loads(json.dumps(order.manifest()))
    content = store.read(MANIFEST)
    if content is None:
        if strangers := [name for name in store.names() if not name.startswith(".")]:
            raise OutputFolderError(
                f"--out {order.out}: holds {strangers[0]}, and nothing of a corpus; name an empty"
                " or a new folder"
            )
        store.write(MANIFEST, json.dumps(wanted, indent=1, sort_keys=True).encode() + b"\n")
        return
    try:
        there = json.loads(content)
    except ValueError:
        there = None
    if not isinstance(there, dict):
        raise OutputFolderError(
            f"--out {order.out}: its {MANIFEST} is damaged; remove the folder, or name another"
        )
    other = [words for key, words in _WORDS.items() if there.get(key) != wanted[key]]
    if other:
        raise OutputFolderError(
            f"--out {order.out}: was made with another {other[0]}; name another folder, or remove"
            " this one"
        )


def _digest(profile: Profile) -> str:
    """Return what changes whenever the profile's files do."""
    text = profile.path.read_bytes()
    found = hashlib.sha256(text)
    for name in sorted(set(_dbc_names(tomllib.loads(text.decode())))):
        found.update((profile.path.parent / name).read_bytes())
    return found.hexdigest()


def _dbc_names(value: Any) -> Iterator[str]:
    """Yield every ``dbc = ...`` in a mapping file, at any depth."""
    inside = value.items() if isinstance(value, dict) else ()
    for key, each in inside:
        if key == "dbc" and isinstance(each, str):
            yield each
        yield from _dbc_names(each)
    if isinstance(value, list):
        for each in value:
            yield from _dbc_names(each)
