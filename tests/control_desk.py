"""The control socket's methods of one car, called without a socket: ``Desk`` and ``Client``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from owners_car import OwnersCar

from vehicle.runtime.control import Control
from vehicle.runtime.guest_book import GuestBook
from vehicle.runtime.settings_store import SettingsStore
from vehicle.runtime.varlink_access import Peer
from vehicle.runtime.varlink_call import Call
from vehicle.runtime.varlink_methods import CHARGELOCK_SIGNATURES, checked
from vehicle.runtime.varlink_wire import Request as Message
from vehicle.runtime.varlink_wire import VarlinkError
from vehicle.runtime.zones import ZoneFile

OWNER = Peer(1, 0, frozenset())


class Client:
    """A client that remembers what it is told."""

    def __init__(self, desk: Desk, method: str, parameters: dict[str, Any], peer: Peer) -> None:
        self.closed = False
        self.answered = asyncio.Event()
        self.told: list[dict[str, Any]] = []
        parameters = checked(CHARGELOCK_SIGNATURES[method], parameters)
        self.call = Call(Message(f"org.chargelock.{method}", parameters, True, False), peer, self)
        try:
            reply = desk.control.handlers[method](self.call)
        except VarlinkError as error:
            self.call.fail(error)
        else:
            if reply is not None:
                self.call.reply(reply)

    def send(self, message: bytes) -> None:
        """Take one reply."""
        self.told.append(json.loads(message[:-1]))
        self.answered.set()

    def finish(self, call: Call) -> None:
        """The call is over."""
        call.end()

    def leave(self) -> None:
        """Go away."""
        self.closed = True
        self.call.end()

    @property
    def reply(self) -> dict[str, Any]:
        """The last reply's parameters."""
        return self.told[-1]["parameters"]

    @property
    def error(self) -> str | None:
        """The error that ended the call."""
        return self.told[-1].get("error", "").rpartition(".")[2] or None

    @property
    def steps(self) -> list[str]:
        """The names of the steps so far."""
        return [each["parameters"]["step"] for each in self.told if "step" in each["parameters"]]

    @property
    def words(self) -> str:
        """Everything said so far, in words."""
        return "\n".join(str(value) for each in self.told for value in each["parameters"].values())


class Desk:
    """The methods of one car's service."""

    def __init__(self, car: OwnersCar, store: SettingsStore) -> None:
        self.car = car
        self.store = store
        self.guests = GuestBook(store.owner_path.with_name("guests.record"))
        self.guests.load()
        self.zones = ZoneFile(store.owner_path.with_name("zones.toml"))
        self.zones.load()
        self.control = Control(car, store, self.guests, self.zones)

    def ask(self, method: str, peer: Peer = OWNER, **parameters: Any) -> Client:
        """Call a method."""
        return Client(self, method, parameters, peer)

    async def change(self, method: str, peer: Peer = OWNER, **parameters: Any) -> Client:
        """Call a method that saves, and wait for its answer."""
        client = self.ask(method, peer, **parameters)
        await client.answered.wait()
        return client


def at_the_desk(
    folder: Path,
    story: Callable[[Desk], Coroutine[Any, Any, None]],
    car: OwnersCar | None = None,
    awake_s: float = 1,
) -> None:
    """Run a test's coroutine with a desk of its own, whose settings are kept in ``folder``."""

    async def told() -> None:
        with SettingsStore(folder / "settings.toml") as store:
            store.load()
            desk = Desk(car, store)
            try:
                await story(desk)
            finally:
                desk.control.close()

    car = car or OwnersCar()
    car.advance(awake_s)
    asyncio.run(told())
    assert car.listeners == 0, "somebody still listens"
