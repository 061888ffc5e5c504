"""The control socket's methods for guests: passes made and revoked, and a code used once.

Knows: that looking at a code takes a quarter of a second that the decision loop does not have, and
what gives a use back. Refuses to know: how a pass is judged or kept, and how a release goes.

Everything that touches the passes happens in one thread, one thing after the other; what follows
from it happens on the loop. Whoever may connect may offer a code: the code is what entitles.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from vehicle.core.inputs import Refused
from vehicle.core.names import Request, Result, Source
from vehicle.core.outputs import Answered, Entry
from vehicle.runtime.control_service import LiveService
from vehicle.runtime.control_way import FOR_OTHERS, OPENS, SHADOW_ADVICE, SHADOW_WORDS, Way
from vehicle.runtime.guest_book import GuestBook, GuestStoreError, What
from vehicle.runtime.guest_pass import (
    SALT_BYTES,
    VALID_S_MAX,
    VALID_S_MIN,
    WHOM_CHARACTERS_MAX,
    Pass,
    Verdict,
    digest_of,
    judge,
    left_s,
    new_code,
    shown,
)
from vehicle.runtime.guest_words import COUNTED, VERDICT_WORDS, no_guest, refusal
from vehicle.runtime.outage import Moment, this_moment
from vehicle.runtime.varlink_call import Call
from vehicle.runtime.varlink_methods import bad_guest, failed, unsafe
from vehicle.runtime.varlink_wire import VarlinkError

Reply = Mapping[str, Any]

WAITING_MAX = 8
"""How many calls may wait for the thread; further ones are refused."""

NOT_CHANGED = "The guest codes are as they were."
_FREED = (Result.RELEASED, Result.CONNECTOR_OUT, Result.MANUAL_RELEASE_PULLED)
"""Results with which a code has done what it was for. After any other one its use is given back."""


class GuestControl:
    """The handlers of the guests' methods. Use it within the running event loop, then ``close``."""

    def __init__(
        self,
        service: LiveService,
        book: GuestBook,
        check_ready: Callable[[], None],
        moment: Callable[[], Moment] = this_moment,
    ) -> None:
        """``book`` must be loaded; ``check_ready`` raises NotReady where the car is yet unheard."""
        self._service = service
        self._book = book
        self._moment = moment
        self._check_ready = check_ready
        self._thread = ThreadPoolExecutor(1, "guests")
        self._waiting = 0
        self._following: set[Callable[[], None]] = set()

    @property
    def handlers(self) -> dict[str, Callable[[Call], None]]:
        """Method name -> function."""
        return {
            "AddGuest": lambda call: self._later(call, self._add),
            "ListGuests": lambda call: self._later(call, self._list),
            "RevokeGuest": lambda call: self._later(call, self._revoke),
            "AllowGuests": lambda call: self._later(call, self._allow),
            "UseGuestCode": self._use,
        }

    @property
    def notes(self) -> list[str]:
        """What people should know about the guest codes, in words."""
        locked = [VERDICT_WORDS[Verdict.LOCKED_OUT]] if self._book.book.locked_out else []
        return [*self._book.notes, *locked]

    def close(self) -> None:
        """Follow no release any more, and let the thread end with what it is doing."""
        for stop in tuple(self._following):
            stop()
        self._thread.shutdown()

    # ---- the thread -----------------------------------------------------------------------------

    def _later(
        self,
        call: Call,
        work: Callable[[Call], Reply],
        then: Callable[[Reply], None] | None = None,
    ) -> None:
        """Do ``work`` in the thread; reply what it returns, or hand that to ``then`` on the loop.

        What ``work`` raises as VarlinkError, or as GuestStoreError, ends the call.
        """
        if self._waiting >= WAITING_MAX:
            call.fail(failed("too many people at once ask about guest codes", "Try again."))
            return
        self._waiting += 1

        def worked() -> Reply | VarlinkError:
            try:
                return work(call)
            except VarlinkError as error:
                return error
            except GuestStoreError as error:
                return failed(str(error), NOT_CHANGED)

        def done(future: asyncio.Future[Reply | VarlinkError]) -> None:
            self._waiting -= 1
            result = future.result()
            if isinstance(result, VarlinkError):
                if result.parameters.get("verdict") in COUNTED:
                    told = Refused(Request.UNLATCH, Source.GUEST, Result.REFUSED_CODE)
                    self._service.give(told)
                call.fail(result)
            elif then is None:
                call.reply(result)
            else:
                then(result)

        asyncio.get_running_loop().run_in_executor(self._thread, worked).add_done_callback(done)

    def _add(self, call: Call) -> Reply:
        whom, valid_s = " ".join(call.parameters["whom"].split()), call.parameters["valid_s"]
        if not 1 <= len(whom) <= WHOM_CHARACTERS_MAX or not whom.isprintable():
            raise bad_guest(f"a guest's name has 1 to {WHOM_CHARACTERS_MAX} characters")
        if not VALID_S_MIN <= valid_s <= VALID_S_MAX:
            nearest = "1 min" if valid_s < VALID_S_MIN else "7 d"
            raise bad_guest(f"a code is valid for 1 min to 7 d; the nearest is {nearest}")
        import secrets  # not at every start: hardly one of them makes a code

        now, book = self._moment(), self._book.book
        for each in book.passes:
            if each.whom == whom and self._holds(each, now):
                raise bad_guest(
                    f"{whom!r} has a code that still holds; to make another, take that back first:"
                    f' chargelock guest revoke "{whom}"'
                )
        # A pass that does not hold any more makes room for a new one.
        taken = "".join(each.letter for each in book.passes if self._holds(each, now))
        try:
            code = new_code(taken, secrets.choice)
        except ValueError as error:
            raise bad_guest(str(error)) from error
        for each in book.passes:
            if each.letter == code[0]:
                self._book.record(What.REVOKED, now, call.peer.user, whom=each.whom)
        salt = secrets.token_bytes(SALT_BYTES)
        fields = {"whom": whom, "valid_s": valid_s, "once": call.parameters["once"]}
        self._book.record(
            What.ADDED,
            now,
            call.peer.user,
            letter=code[0],
            salt=salt.hex(),
            digest=digest_of(code, salt).hex(),
            **fields,
        )
        return {"code": shown(code), **fields, "locked_out": self._book.book.locked_out}

    @staticmethod
    def _holds(one: Pass, now: Moment) -> bool:
        return bool(left_s(one, now)) and not (one.once and one.used)

    def _list(self, _: Call) -> Reply:
        now, book = self._moment(), self._book.book
        return {
            "guests": [
                {
                    "whom": each.whom,
                    "left_s": left_s(each, now),
                    "once": each.once,
                    "used": each.used,
                    "holds": self._holds(each, now),
                }
                for each in book.passes
            ],
            "tries": book.tries,
            "locked_out": book.locked_out,
            "pause_s": book.pause_s(now),
        }

    def _revoke(self, call: Call) -> Reply:
        whom = call.parameters["whom"]
        known = [each.whom for each in self._book.book.passes]
        if whom not in known:
            raise bad_guest(no_guest(whom, known))
        self._book.record(What.REVOKED, self._moment(), call.peer.user, whom=whom)
        return {"whom": whom}

    def _allow(self, call: Call) -> Reply:
        tries = self._book.book.tries
        self._book.record(What.ALLOWED_AGAIN, self._moment(), call.peer.user)
        return {"tries": tries}

    # ---- using a code ---------------------------------------------------------------------------

    def _use(self, call: Call) -> None:
        self._check_ready()
        if self._service.manager.shadow:
            raise unsafe(SHADOW_WORDS, SHADOW_ADVICE)
        self._later(call, self._try, lambda good: self._release(call, good["pass"]))

    def _try(self, call: Call) -> Reply:
        """In the thread: look at the code; return whose pass it is. Raises CodeRefused."""
        now, who = self._moment(), call.peer.user
        barred = self._book.book.barred(now)
        if barred is not None:
            raise refusal(self._book.book, barred, now)
        self._book.record(What.TRYING, now, who)
        verdict, found = judge(self._book.book, call.parameters["code"], now)
        if verdict is not Verdict.GOOD or found is None:
            whom = None if found is None else found.whom
            self._book.record(What.REFUSED, now, who, verdict=verdict, whom=whom)
            raise refusal(self._book.book, verdict, now)
        self._book.record(What.USED, now, who, letter=found.letter, whom=found.whom)
        return {"pass": found}

    def _release(self, call: Call, used: Pass) -> None:
        """On the loop: ask for the release, and give the use back where it comes to nothing."""

        opened = False

        def take(_: int, entry: Entry) -> None:
            nonlocal opened
            if not isinstance(entry, Answered) or entry.request is not Request.UNLATCH:
                return
            if entry.result in OPENS:
                opened = opened or entry.source is Source.GUEST
            elif entry.result not in FOR_OTHERS and (opened or entry.source is Source.GUEST):
                stop()
                if entry.result not in _FREED:
                    self._give_back(used, entry.result)

        def stop() -> None:
            self._following.discard(stop)
            unlisten()

        unlisten = self._service.listen(take)
        self._following.add(stop)
        Way(self._service, call, Request.UNLATCH, Source.GUEST).begin()

    def _give_back(self, used: Pass, why: Result) -> None:
        def work() -> None:
            for each in self._book.book.passes:
                if (each.letter, each.salt) == (used.letter, used.salt):
                    now = self._moment()
                    self._book.record(What.GIVEN_BACK, now, "", letter=each.letter, why=why)

        def done(future: asyncio.Future[None]) -> None:
            error = future.exception()
            if isinstance(error, GuestStoreError):
                self._book.notes.append(str(error))
            elif error is not None:
                raise error

        asyncio.get_running_loop().run_in_executor(self._thread, work).add_done_callback(done)
