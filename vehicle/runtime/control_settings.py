"""The control socket's methods for settings: read, previewed, changed one after the other.

Knows: who changed what, and that saving takes time that the decision loop does not have.
Refuses to know: files, and what a setting means.

A change is flushed to the disk before it holds, which may take longer than the car's units wait
for our next frame. So it is saved in a thread, and taken into force on the loop when that is done;
changes of several owners wait in line.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vehicle.core.car import Actuator
from vehicle.core.circumstance import DIMENSIONS, Circumstance, ConditionError, read_circumstance
from vehicle.core.record import record
from vehicle.core.rehearsal import MOMENT_WORDS, Decided, rehearse
from vehicle.core.resolve import Effective
from vehicle.core.settings import Settings
from vehicle.core.settings_read import SettingsError
from vehicle.core.signals import Fitted
from vehicle.core.situation import fitted
from vehicle.core.strain import STRAINS, read_strain
from vehicle.core.words import CHARGE_WORDS
from vehicle.runtime.control_service import LiveService
from vehicle.runtime.settings_store import SettingsStore
from vehicle.runtime.settings_wishes import Wish, Wishes, preset_wish, wish
from vehicle.runtime.varlink_call import Call
from vehicle.runtime.varlink_methods import bad_setting, failed
from vehicle.runtime.varlink_wire import VarlinkError

Reply = Mapping[str, Any]

NOT_CHANGED = "The settings are as they were."
LIMIT_A = 16
"""Above this an AC supply needs a lock. Source: GB/T 18487.1-2023 Annex I."""


@record
class _Change:
    """A change that waits for its turn."""

    call: Call
    wish: Wish
    who: str


class SettingsControl:
    """The handlers of the settings' methods."""

    def __init__(
        self,
        service: LiveService,
        store: SettingsStore,
        notes: Callable[[], Sequence[str]],
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """``notes``: what people should know; ``wall_s``: the time of day in seconds since 1970."""
        self._service = service
        self._store = store
        self._notes = notes
        self._wall_s = wall_s
        self._waiting: deque[_Change] = deque()
        self._saving = False

    @property
    def handlers(self) -> dict[str, Callable[[Call], Reply | None]]:
        """Method name -> function."""
        return {
            "GetSettings": self._get,
            "PreviewSetting": lambda call: self._preview(_wished(call)),
            "SetSetting": lambda call: self._line_up(call, _wished(call)),
            "UnsetSetting": lambda call: self._line_up(call, _wished(call)),
            "PreviewPreset": lambda call: self._preview(preset_wish(call.parameters["name"])),
            "TakePreset": lambda call: self._line_up(call, preset_wish(call.parameters["name"])),
            "TrySettings": self._try,
        }

    def _get(self, _: Call) -> Reply:
        store = self._store
        paths = {"owner": str(store.owner_path), "audit": str(store.audit.path)}
        if store.vendor_path is not None:
            paths["vendor"] = str(store.vendor_path)
        manager = self._service.manager
        return {
            "settings": in_words(manager.settings),
            "effective": in_words(manager.effective.settings),
            "overrides": _overrides(manager.settings, manager.effective, manager.circumstance),
            "circumstance": _circumstance(manager.circumstance),
            "defaults": in_words(Settings()),
            "vendor": {key: str(value) for key, value in store.vendor_values.items()},
            "owner": {key: str(value) for key, value in store.owner_values.items()},
            "paths": paths,
            "notes": list(self._notes()),
        }

    def _preview(self, wish: Wish) -> Reply:
        before = self._service.manager.settings
        try:
            settings, gives_up = self._store.preview(wish(before))
        except SettingsError as error:
            raise bad_setting(str(error)) from error
        return _changed(before, settings, gives_up)

    def _try(self, call: Call) -> Reply:
        given = {name: word for name, word in call.parameters.items() if word}
        strains = {name: word for name, word in given.items() if name in STRAINS}
        try:
            thought_up = read_circumstance({k: w for k, w in given.items() if k in DIMENSIONS})
            strain = read_strain(strains)
        except ConditionError as error:
            raise bad_setting(f"settings: {error}") from error
        manager = self._service.manager
        rehearsed = rehearse(
            manager.car,
            manager.settings,
            thought_up,
            high_current=(call.parameters["limit_a"] or 0) > LIMIT_A,
            pins=frozenset(
                actuator
                for actuator in Actuator
                if fitted(manager.snapshot, actuator) is not Fitted.ABSENT
            ),
            strain=strain,
        )
        effective, circumstance = rehearsed.effective, rehearsed.circumstance
        return {
            "effective": in_words(effective.settings),
            "overrides": _overrides(manager.settings, effective, circumstance),
            "circumstance": {**_circumstance(circumstance), **strains},
            "moments": [_moment(each) for each in rehearsed.moments],
        }

    # ---- changing -------------------------------------------------------------------------------

    def _line_up(self, call: Call, wish: Wish) -> None:
        self._waiting.append(_Change(call, wish, call.peer.user))
        if not self._saving:
            self._save_next()

    def _save_next(self) -> None:
        while self._waiting:
            change = self._waiting.popleft()
            try:
                # What is wished for may depend on what holds when its turn has come.
                wishes = change.wish(self._service.manager.settings)
                _, gives_up = self._store.preview(wishes)
            except SettingsError as error:
                change.call.fail(bad_setting(str(error)))
                continue
            self._saving = True
            saved = asyncio.get_running_loop().run_in_executor(None, self._save, wishes, change.who)
            saved.add_done_callback(lambda done, c=change, g=gives_up: self._saved(c, g, done))  # type: ignore[misc]
            return

    def _save(self, wishes: Wishes, who: str) -> Settings | VarlinkError:
        """In the thread: keep the change; return what holds, or what failed."""
        when_s = int(self._wall_s())
        try:
            return self._store.change_all(wishes, who=who, when_s=when_s)
        except OSError as error:
            return failed(str(error), NOT_CHANGED)

    def _saved(
        self, change: _Change, gives_up: list[str], done: asyncio.Future[Settings | VarlinkError]
    ) -> None:
        self._saving = False
        result = done.result()
        if isinstance(result, VarlinkError):
            change.call.fail(result)
        else:
            before = self._service.manager.settings
            if result != before:
                self._service.change_settings(result, f"control socket, {change.who}")
            change.call.reply(_changed(before, result, gives_up))
        self._save_next()


def in_words(settings: Settings) -> dict[str, str]:
    """Return every key with its value as text."""
    return {key: str(value) for key, value in settings.words().items()}


def _wished(call: Call) -> Wish:
    given = call.parameters
    values = {given["key"]: given.get("value"), **(given.get("also") or {})}
    return wish(values, given["when"])


def _changed(before: Settings, after: Settings, gives_up: list[str]) -> Reply:
    was, now = in_words(before), in_words(after)
    changes = [
        {"key": key, "was": was[key], "becomes": now[key]} for key in now if now[key] != was[key]
    ]
    return {"settings": now, "gives_up": gives_up, "changes": changes}


def _overrides(
    settings: Settings, effective: Effective, circumstance: Circumstance
) -> list[dict[str, Any]]:
    """Return every override in its order, and how it fares in ``circumstance``."""
    return [
        {
            "key": each.key,
            "value": str(each.value),
            "when": str(each.when),
            "applies": each.when.matches(circumstance),
            "wins": (each.key, each) in effective.by,
        }
        for each in settings.overrides
    ]


def _circumstance(circumstance: Circumstance) -> dict[str, str]:
    return {name: str(getattr(circumstance, name)) for name in DIMENSIONS}


def _moment(decided: Decided) -> dict[str, Any]:
    return {
        "moment": decided.moment,
        "words": MOMENT_WORDS[decided.moment],
        "actuator": decided.actuator,
        "demand": decided.demand,
        "state": decided.state,
        "rule": decided.rule.name,
        "sentence": decided.rule.sentence,
        "overrides": [str(each) for each in decided.overrides],
        "permit": decided.permit,
        "permit_words": CHARGE_WORDS[decided.permit],
        "veto": decided.veto,
    }
