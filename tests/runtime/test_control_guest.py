"""Guests at the control socket: a code made, used once, refused, slowed down, locked out."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from control_desk import Client, Desk, at_the_desk
from owners_car import PARKED, OwnersCar, fault

from vehicle.core.inputs import Refused, Requested
from vehicle.core.names import Request, Result, Source
from vehicle.core.outputs import Answered
from vehicle.runtime import control_guest, guest_pass
from vehicle.runtime.control_guest import WAITING_MAX
from vehicle.runtime.events_file import read_event, write_event
from vehicle.runtime.guest_pass import TRIES_MAX
from vehicle.runtime.journal import fields_of
from vehicle.runtime.outage import Moment
from vehicle.runtime.plant import StartState
from vehicle.runtime.varlink_access import Peer

STRANGER = Peer(2, 12345, frozenset())
WRONG = "000-000-000"


@pytest.fixture(autouse=True)
def quick_hash(monkeypatch) -> None:
    """The slow hash has tests of its own."""

    def quick(code: str, salt: bytes) -> bytes:
        return sha256(salt + code.encode()).digest()

    monkeypatch.setattr(control_guest, "digest_of", quick)
    monkeypatch.setattr(guest_pass.judge, "__defaults__", (quick,))


class Clock:
    """The machine's clocks, set by hand."""

    def __init__(self) -> None:
        self.now = Moment("boot", 5_000_000_000, 1_800_000_000_000_000)

    def __call__(self) -> Moment:
        return self.now

    def go(self, seconds: int) -> None:
        gone_us = seconds * 1_000_000
        self.now = replace(
            self.now,
            wall_us=self.now.wall_us + gone_us,
            boottime_us=self.now.boottime_us + gone_us,
        )


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(control_guest.GuestControl.__init__, "__defaults__", (clock,))
    return clock


@pytest.fixture
def run(tmp_path, clock):
    """Run a test's coroutine with a desk of its own."""
    return partial(at_the_desk, tmp_path)


async def added(desk: Desk, whom: str = "neighbour", valid_s: int = 7200, once: bool = True) -> str:
    """Return a new guest's code."""
    told = await desk.change("AddGuest", whom=whom, valid_s=valid_s, once=once)
    return told.reply["code"]


async def offered(desk: Desk, code: str) -> Client:
    """Offer a code, and wait for the first answer."""
    return await desk.change("UseGuestCode", STRANGER, code=code)


async def listed(desk: Desk) -> dict[str, Any]:
    return (await desk.change("ListGuests")).reply


async def settled(desk: Desk, used: int) -> None:
    """Wait until the one guest's code counts as used that often."""
    while (await listed(desk))["guests"][0]["used"] != used:
        pass


# ---- a code does what it is for -----------------------------------------------------------------


def test_a_guest_releases_the_cable_once(run) -> None:
    async def story(desk):
        code = await added(desk)
        client = await offered(desk, code.lower().replace("-", " "))
        desk.car.advance(5)
        assert client.reply["result"] == "released"
        assert "stop_requested" in client.steps
        assert desk.car.plant.doors == "locked"
        assert [each.source for _, each in desk.car.journal if isinstance(each, Answered)] == [
            Source.GUEST,
            Source.GUEST,
        ]
        again = await offered(desk, code)
        assert again.error == "CodeRefused"
        assert again.reply["verdict"] == "used-code"

    run(story)


def test_without_once_a_code_is_good_until_it_expires(run, clock) -> None:
    async def story(desk):
        code = await added(desk, once=False)
        for _ in range(2):
            assert (await offered(desk, code)).error is None
            desk.car.advance(5)
        clock.go(7200)
        assert (await offered(desk, code)).reply["verdict"] == "expired-code"
        assert (await listed(desk))["guests"][0] == {
            "whom": "neighbour",
            "left_s": 0,
            "once": False,
            "used": 2,
            "holds": False,
        }

    run(story)


@pytest.mark.parametrize(
    ("start", "error"),
    [
        (StartState(), "Unsafe"),
        (PARKED, "Failed"),
    ],
    ids=["empty", "stuck"],
)
def test_a_use_that_comes_to_nothing_is_given_back(run, start, error) -> None:
    async def story(desk):
        code = await added(desk)
        client = await offered(desk, code)
        desk.car.advance(60)
        await settled(desk, 0)
        assert client.error == error
        assert (await listed(desk))["guests"][0]["holds"]

    run(story, OwnersCar(start, fault("stuck_pin", pin="latch")))


def test_a_guest_who_leaves_has_used_the_code_all_the_same(run) -> None:
    async def story(desk):
        client = await offered(desk, await added(desk))
        client.leave()
        desk.car.advance(5)
        assert desk.car.plant.truth()["latch"] == "released"
        await settled(desk, 1)

    run(story)


def test_a_request_that_the_owner_takes_back_costs_the_guest_nothing(run) -> None:
    async def story(desk):
        client = await offered(desk, await added(desk))
        desk.car.give(Requested(Request.LATCH, Source.CLI))
        assert client.reply["result"] == Result.SUPERSEDED
        await settled(desk, 0)

    run(story)


def test_a_button_that_is_refused_meanwhile_is_not_the_guests_end(run) -> None:
    async def story(desk):
        client = await offered(desk, await added(desk))
        desk.car.give(Requested(Request.UNLATCH, Source.PORT_BUTTON))
        desk.car.advance(5)
        assert client.reply["result"] == "released"
        await settled(desk, 1)

    run(story)


# ---- codes that are refused ---------------------------------------------------------------------


def test_wrong_codes_are_counted_slowed_down_and_locked_out_and_the_owner_allows_them_again(
    run, clock
) -> None:
    async def story(desk):
        code = await added(desk, once=False)
        for number in range(TRIES_MAX):
            refused = await offered(desk, WRONG)
            assert refused.reply["verdict"] == "wrong-code"
            assert (await listed(desk))["tries"] == number + 1
            if number < TRIES_MAX - 1:
                assert refused.reply["wait_s"] == min(2**number, 64)
                assert (await offered(desk, code)).reply["verdict"] == "too-soon"
            clock.go(64)
        assert (await offered(desk, code)).reply["verdict"] == "locked-out"
        assert "too many wrong codes" in desk.ask("Status").words
        assert "guest allow" in (await offered(desk, code)).reply["advice"]
        assert (await desk.change("AllowGuests")).reply == {"tries": TRIES_MAX}
        assert (await offered(desk, code)).error is None
        desk.car.advance(5)

    run(story)


def test_a_lockout_and_a_use_outlive_a_restart(run, clock) -> None:
    codes: list[str] = []

    async def before(desk):
        codes.append(await added(desk))
        assert (await offered(desk, codes[0])).error is None
        desk.car.advance(5)
        for _ in range(TRIES_MAX):
            clock.go(64)
            await offered(desk, WRONG)

    async def after(desk):
        assert (await offered(desk, codes[0])).reply["verdict"] == "locked-out"
        await desk.change("AllowGuests")
        assert (await offered(desk, codes[0])).reply["verdict"] == "used-code"

    run(before)
    run(after)


def test_a_guest_is_let_go_once_over_a_bad_bus_and_a_restart_between(run, tmp_path) -> None:
    codes: list[str] = []

    def bad_bus() -> OwnersCar:
        return OwnersCar(PARKED, fault("lost_frames", percent=5), jitter_us=40_000)

    async def before(desk):
        codes.append(await added(desk))

    async def used(desk):
        client = await offered(desk, codes[0])
        desk.car.advance(10)
        assert client.reply["result"] == "released"
        await settled(desk, 1)

    async def after(desk):
        assert (await offered(desk, codes[0])).reply["verdict"] == "used-code"

    for story in (before, used, after):
        run(story, bad_bus(), 3)
    record = (tmp_path / "guests.record").read_text()
    assert codes[0] not in record
    whats = [json.loads(line.partition(" ")[2])["what"] for line in record.splitlines()]
    assert whats[0] == "added"
    assert "used" in whats


def test_a_code_that_is_refused_is_told_and_one_that_comes_too_soon_is_not(run) -> None:
    async def story(desk):
        await offered(desk, WRONG)
        assert (await offered(desk, WRONG)).reply["verdict"] == "too-soon"
        told = [fields_of(entry) for _, entry in desk.car.journal]
        refused = {"request": "unlatch", "source": "guest"}
        assert [each for each in told if each["kind"] == "request"] == [
            {"kind": "request", **refused, "result": "refused-code"}
        ]
        assert [each for each in told if each.get("event") == "request_refused"] == [
            {
                "kind": "event",
                "event": "request_refused",
                "severity": "notice",
                **refused,
                "why": "refused-code",
            }
        ]

    run(story)


def test_a_refusal_is_recorded_and_replays() -> None:
    refused = Refused(Request.UNLATCH, Source.GUEST, Result.REFUSED_CODE)
    assert read_event(write_event(7, refused)) == (7, refused)


def test_a_good_code_ends_the_counting(run, clock) -> None:
    async def story(desk):
        code = await added(desk)
        await offered(desk, WRONG)
        clock.go(64)
        await offered(desk, code)
        assert (await listed(desk))["tries"] == 0
        desk.car.advance(5)

    run(story)


def test_a_try_that_cannot_be_recorded_is_not_looked_at(run, monkeypatch) -> None:
    async def story(desk):
        code = await added(desk)
        before = desk.guests.book

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        refused = await offered(desk, code)
        assert refused.error == "Failed"
        assert "No space left on device" in refused.words
        assert desk.guests.book == before
        assert not any(isinstance(each, Answered) for _, each in desk.car.journal)

    run(story)


def test_a_dry_run_moves_nothing_and_uses_no_code_up(run) -> None:
    async def story(desk):
        code = await added(desk)
        assert desk.ask("UseGuestCode", code=code).error == "Unsafe"
        assert (await listed(desk))["guests"][0]["holds"]

    run(story, OwnersCar(dry_run=True))


def test_a_car_that_was_not_heard_yet_uses_no_code_up(run) -> None:
    async def story(desk):
        assert desk.ask("UseGuestCode", code=WRONG).error == "NotReady"
        assert (await listed(desk))["tries"] == 0

    run(story, awake_s=0)


def test_looking_at_a_code_does_not_hold_up_the_decisions(run, monkeypatch) -> None:
    looking, go_on = threading.Event(), threading.Event()

    def slow(_: str, __: bytes) -> bytes:
        looking.set()
        assert go_on.wait(60)
        return b""

    async def story(desk):
        monkeypatch.setattr(guest_pass.judge, "__defaults__", (slow,))
        client = desk.ask("UseGuestCode", code=WRONG)
        while not looking.is_set():
            await asyncio.sleep(0)
        desk.car.advance(3)
        owner = desk.ask("Unlatch")
        desk.car.advance(5)
        assert owner.reply["result"] == "released"
        assert client.told == []
        further = [desk.ask("UseGuestCode", code=WRONG) for _ in range(WAITING_MAX)]
        assert further[-1].error == "Failed"
        assert "too many people at once" in further[-1].words
        go_on.set()
        await client.answered.wait()
        assert client.error == "CodeRefused"

    run(story)


# ---- the owner's side ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"whom": " "}, "1 to 60 characters"),
        ({"whom": "x" * 61}, "1 to 60 characters"),
        ({"whom": "a\x1b[31m"}, "1 to 60 characters"),
        ({"valid_s": 59}, "the nearest is 1 min"),
        ({"valid_s": 604_801}, "the nearest is 7 d"),
    ],
)
def test_a_guest_that_cannot_be_is_refused_with_what_fits(run, fields, words) -> None:
    async def story(desk):
        whole = {"whom": "neighbour", "valid_s": 7200, "once": True, **fields}
        refused = await desk.change("AddGuest", **whole)
        assert refused.error == "BadGuest"
        assert words in refused.reply["message"]
        assert (await listed(desk))["guests"] == []

    run(story)


def test_a_guest_gets_a_second_code_only_when_the_first_holds_no_more(run, clock) -> None:
    async def story(desk):
        first = await added(desk)
        refused = await desk.change("AddGuest", whom="neighbour", valid_s=60, once=True)
        assert 'chargelock guest revoke "neighbour"' in refused.reply["message"]
        clock.go(7200)
        second = await added(desk)
        assert first != second
        assert len((await listed(desk))["guests"]) == 1
        assert (await offered(desk, first)).reply["verdict"] in ("wrong-code", "expired-code")

    run(story)


def test_a_revoked_code_is_a_wrong_code_and_a_name_like_it_is_named(run) -> None:
    async def story(desk):
        code = await added(desk)
        near = await desk.change("RevokeGuest", whom="neigbour")
        assert near.error == "BadGuest"
        assert near.reply["message"] == "no guest is called 'neigbour'; did you mean 'neighbour'?"
        assert (await desk.change("RevokeGuest", whom="neighbour")).reply == {"whom": "neighbour"}
        assert (await listed(desk))["guests"] == []
        assert (await offered(desk, code)).reply["verdict"] == "wrong-code"

    run(story)


def test_there_are_as_many_passes_as_first_letters_and_old_ones_make_room(run, clock) -> None:
    async def story(desk):
        for number in range(guest_pass.PASSES_MAX):
            await added(desk, f"guest {number}")
        refused = await desk.change("AddGuest", whom="one more", valid_s=60, once=True)
        assert "revoke one first" in refused.reply["message"]
        clock.go(7200)
        await added(desk, "one more")

    run(story)


def test_the_record_says_who_did_what_and_holds_no_code(run, tmp_path, clock) -> None:
    codes: list[str] = []

    async def story(desk):
        codes.append(await added(desk))
        await offered(desk, WRONG)
        clock.go(1)
        await offered(desk, codes[0])
        desk.car.advance(5)
        await desk.change("RevokeGuest", whom="neighbour")

    run(story)
    raw = (tmp_path / "guests.record").read_text(encoding="ascii")
    lines = [json.loads(line.partition(" ")[2]) for line in raw.splitlines()]
    assert [(each["what"], each["who"]) for each in lines] == [
        ("added", "root"),
        ("trying", "uid 12345"),
        ("refused", "uid 12345"),
        ("trying", "uid 12345"),
        ("used", "uid 12345"),
        ("revoked", "root"),
    ]
    for code in (codes[0], codes[0].replace("-", ""), codes[0].replace("-", "").lower()):
        assert code not in raw
