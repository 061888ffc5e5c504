"""The running service's journal in an owner's words, with the time of day.

Knows: how a line gets its words and its clock time. Refuses to know: which lines are asked for.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from vehicle.cli.client import Client, ServiceNotReadyError
from vehicle.cli.console import width
from vehicle.cli.terminal import print_row
from vehicle.core.car import Actuator
from vehicle.core.names import EventName, PinState
from vehicle.core.outputs import ActuatorChanged, Event, SettingsTook, SignalChanged
from vehicle.core.snapshot import SIGNALS
from vehicle.replay.timeline import Timeline
from vehicle.runtime.journal_read import UnknownEntryError, entry_of

Line = Mapping[str, Any]

_DAY_S = 86_400


class JournalPrinter:
    """Prints journal lines of one service as words."""

    def __init__(self, client: Client) -> None:
        """Ask the service what is so now, and so what the words may take for granted."""
        self._columns = width()
        self._timeline = Timeline(shadow=False)
        self._settings: frozenset[tuple[str, str | int]] = frozenset()
        self._now_us = 0
        self._at_s = time.time()
        try:
            self._begin(client.call("Status"))
        except ServiceNotReadyError:
            return

    def _begin(self, status: Mapping[str, Any]) -> None:
        """Let the timeline know what no line may tell any more."""
        self._timeline = Timeline(shadow=status["shadow"])
        for each in status["signals"]:
            value: Any = SIGNALS[each["signal"]](each["value"])
            list(self._timeline.rows(0, SignalChanged(each["signal"], value, None)))
        for pin in status["pins"]:
            actuator, state = Actuator(pin["actuator"]), PinState(pin["state"])
            changed = ActuatorChanged(actuator, state, None, not pin["confirmed"])
            list(self._timeline.rows(0, changed))
        list(self._timeline.held(0))

    def clock(self, now_us: int) -> None:
        """Note that the service's clock reads ``now_us`` at this very moment."""
        self._now_us, self._at_s = now_us, time.time()

    def print(self, line: Line) -> None:
        """Print one line: some have no words that people need, some have several rows."""
        try:
            entry = entry_of(line)
        except UnknownEntryError:
            click.echo(json.dumps(line, sort_keys=True, ensure_ascii=False))
            return
        if isinstance(entry, Event) and entry.event is EventName.SETTINGS_CHANGED:
            return  # the line before says what changed
        if isinstance(entry, SettingsTook):
            entry = self._changed_only(entry)
        for row in self._timeline.rows(line["t"], entry):
            print_row(row, self._columns, self._stamp(line["t"]))

    def _changed_only(self, entry: SettingsTook) -> SettingsTook:
        """Return ``entry`` with those settings that differ from the ones told before."""
        before, self._settings = self._settings, frozenset(entry.settings)
        changed = tuple(each for each in entry.settings if each not in before)
        return replace(entry, settings=changed or entry.settings)

    def _stamp(self, t_us: int) -> str:
        """Return the time of day, and the date of what is older than a day."""
        ago_s = max(0, self._now_us - t_us) / 1e6
        shape = "%H:%M:%S" if ago_s < _DAY_S else "%m-%d %H:%M"
        return time.strftime(shape, time.localtime(self._at_s - ago_s))
