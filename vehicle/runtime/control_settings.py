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
from dataclasses import dataclass
from typing import Any

from vehicle.core.settings import Settings, SettingsError
from vehicle.runtime.control_service import LiveService
from vehicle.runtime.settings_store import SettingsStore
from vehicle.runtime.varlink_call import Call
from vehicle.runtime.varlink_methods import bad_setting, failed
from vehicle.runtime.varlink_wire import VarlinkError

Reply = Mapping[str, Any]

NOT_CHANGED = "The settings are as they were."


@dataclass(frozen=True, slots=True)
class _Change:
    """A change that waits for its turn."""

    call: Call
    key: str
    value: str | None
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
            "PreviewSetting": self._preview,
            "SetSetting": lambda call: self._line_up(call, call.parameters["value"]),
            "UnsetSetting": lambda call: self._line_up(call, None),
        }

    def _get(self, _: Call) -> Reply:
        store = self._store
        paths = {"owner": str(store.owner_path), "audit": str(store.audit.path)}
        if store.vendor_path is not None:
            paths["vendor"] = str(store.vendor_path)
        return {
            "settings": in_words(self._service.manager.settings),
            "defaults": in_words(Settings()),
            "vendor": {key: str(value) for key, value in store.vendor_values.items()},
            "owner": {key: str(value) for key, value in store.owner_values.items()},
            "paths": paths,
            "notes": list(self._notes()),
        }

    def _preview(self, call: Call) -> Reply:
        try:
            settings, gives_up = self._store.preview(
                {call.parameters["key"]: call.parameters["value"]}
            )
        except SettingsError as error:
            raise bad_setting(str(error)) from error
        return {"settings": in_words(settings), "gives_up": gives_up}

    # ---- changing -------------------------------------------------------------------------------

    def _line_up(self, call: Call, value: str | None) -> None:
        self._waiting.append(_Change(call, call.parameters["key"], value, call.peer.user))
        if not self._saving:
            self._save_next()

    def _save_next(self) -> None:
        while self._waiting:
            change = self._waiting.popleft()
            try:
                _, gives_up = self._store.preview({change.key: change.value})
            except SettingsError as error:
                change.call.fail(bad_setting(str(error)))
                continue
            self._saving = True
            saved = asyncio.get_running_loop().run_in_executor(None, self._save, change)
            saved.add_done_callback(lambda done, c=change, g=gives_up: self._saved(c, g, done))  # type: ignore[misc]
            return

    def _save(self, change: _Change) -> Settings | VarlinkError:
        """In the thread: keep the change; return what holds, or what failed."""
        when_s = int(self._wall_s())
        try:
            return self._store.change(change.key, change.value, who=change.who, when_s=when_s)
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
            if result != self._service.manager.settings:
                self._service.change_settings(result, f"control socket, {change.who}")
            change.call.reply({"settings": in_words(result), "gives_up": gives_up})
        self._save_next()


def in_words(settings: Settings) -> dict[str, str]:
    """Return every key with its value as text."""
    return {key: str(value) for key, value in settings.words().items()}
