"""Faults for the settings store: calls that fail or end the process, and what must hold after."""

from __future__ import annotations

import errno
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vehicle.core.settings import Settings
from vehicle.runtime.settings_audit import state
from vehicle.runtime.settings_store import SettingsStore

CALLS = ("open", "write", "fsync", "link", "unlink", "replace", "truncate", "ftruncate")
"""The calls of ``os`` by which the store changes anything."""

CHOICES: dict[str, tuple[str | int | None, ...]] = {
    "auto-lock": ("off", "on", None),
    "latch-mode": ("always", "off", "with-car", None),
    "release-grace-min": (0, 15, 1440, None),
}


def disk_full() -> None:
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def at_call(number: int, do: Callable[[], None], *, on: bool = False) -> Iterator[list[str]]:
    """Run ``do`` instead of the ``number``-th call; with ``on`` of every later one as well.

    Gives the names of the calls made so far.
    """
    made: list[str] = []
    kept = {name: getattr(os, name) for name in CALLS}

    def wrap(name: str) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            made.append(name)
            if len(made) == number or (on and len(made) > number):
                do()
            return kept[name](*given, **named)

        return call

    for name in CALLS:
        setattr(os, name, wrap(name))
    try:
        yield made
    finally:
        for name, function in kept.items():
            setattr(os, name, function)


def look(folder: Path) -> tuple[Settings, dict[str, str | int], list[str]]:
    """Start anew: return the settings, the owner's keys and the notes. The audit must fit."""
    with SettingsStore(folder / "settings.toml") as store:
        settings = store.load()
        owner = store.owner_values
        recorded = store.audit.changes()
        assert state(recorded) == owner, (recorded, owner)
        numbers = [change.generation for change in recorded]
        assert numbers == sorted(numbers), numbers
        return settings, owner, store.notes


# ---- run as a program: ends of the process, in processes of their own ---------------------------


def _child(body: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            body()
        finally:
            os._exit(0)
    return pid


def exit_at_every_call(folder: Path) -> int:
    """End the process at each call of a change in turn; return how many calls there are."""
    number = 0
    while True:
        number += 1
        _, before, _ = look(folder)
        value = 1 + before.get("release-grace-min", 0) % 1000

        def change(at: int = number, value: int = value) -> None:
            with SettingsStore(folder / "settings.toml") as store:
                store.load()
                with at_call(at, lambda: os._exit(7)):
                    store.change("release-grace-min", value, who="ann", when_s=at)

        _, status = os.waitpid(_child(change), 0)
        _, after, notes = look(folder)
        assert after in (before, {**before, "release-grace-min": value}), (number, before, after)
        assert notes == [] or notes[0].endswith("a torn last line was cut off"), notes
        if os.waitstatus_to_exitcode(status) == 0:
            assert after["release-grace-min"] == value
            return number - 1


def kill_at_random(folder: Path, kills: int, seed: int) -> int:
    """Kill a process that changes settings all the time; return how many changes were made."""
    chance = random.Random(seed)
    made = 0
    for round_ in range(kills):
        told, tell = os.pipe()

        def changes(seed: int = round_, tell: int = tell) -> None:
            mine = random.Random(seed)
            with SettingsStore(folder / "settings.toml") as store:
                store.load()
                while True:
                    key = mine.choice(sorted(CHOICES))
                    value = mine.choice(CHOICES[key])
                    settings = store.change(key, value, who=f"round {seed}", when_s=seed)
                    os.write(tell, f"{settings.words()}\n".encode())

        pid = _child(changes)
        os.close(tell)
        with os.fdopen(told) as heard:
            last = None
            for _ in range(chance.randrange(1, 6)):
                last = heard.readline().strip()
            for _ in range(chance.randrange(3000)):  # a little later, at no particular point
                pass
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            answered = heard.read().splitlines()
            made += 1 + len(answered)
            last = answered[-1] if answered else last
        settings, _, notes = look(folder)
        # What was answered holds, or the one change that was under way.
        different = [
            key for key, value in settings.words().items() if f"{key!r}: {value!r}" not in last
        ]
        assert len(different) <= 1, (round_, last, settings)
        assert [note for note in notes if "torn last line" not in note] == [], notes
    return made


if __name__ == "__main__":
    print(exit_at_every_call(Path(sys.argv[1])), kill_at_random(Path(sys.argv[1]), 200, seed=11))
