"""Stories of requests: who may ask for what, what follows in which order, and how each one ends."""

from __future__ import annotations

from typing import Any

import pytest
from core_bench import (
    AC_16,
    AC_32,
    ADAPTER,
    DC,
    LATCH,
    MIN,
    MS,
    Bench,
    S,
    charging,
    plugged,
    stop_to,
)

from vehicle.core.car import Car, Pin, WhenEmpty
from vehicle.core.inputs import (
    BusFailed,
    BusHeard,
    BusQuiet,
    BusRestored,
    InternalError,
    MessageLost,
    SegmentStarted,
)
from vehicle.core.memory import Flag, Timer
from vehicle.core.names import (
    Charge,
    Demand,
    EventName,
    FaultName,
    PinState,
    Request,
    Result,
    Source,
)
from vehicle.core.outputs import Answered, Command, Event, StopCharge, WakeBus
from vehicle.core.request import LATCH_LIMIT_US, _at_rest
from vehicle.core.settings import Settings, Toggle
from vehicle.core.signals import (
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    KeyZone,
    Occupant,
    Session,
    Supply,
    Weld,
)
from vehicle.core.situation import Asked

pytestmark = pytest.mark.fast

LOCKED: dict[str, Any] = {"car_lock": CarLock.LOCKED}
BOTH: dict[str, Any] = {"adapter_lock_fitted": Fitted.FITTED}
ALWAYS_ALLOWED = [Source.CLI, Source.REMOTE, Source.FOB, Source.SCREEN, Source.CAR]


def adapter_held(occupant: Occupant = Occupant.ADAPTER) -> Bench:
    """Return a locked car with both pins, whose adapter lock holds an adapter."""
    bench = Bench(**BOTH)
    bench.see(occupant=occupant, car_lock=CarLock.LOCKED)
    bench.run(10 * S)
    assert bench.manager.pin(ADAPTER).confirmed_engaged
    bench.clear()
    return bench


# ---- P3: the ways to ask ------------------------------------------------------------------------


@pytest.mark.parametrize("source", ALWAYS_ALLOWED)
def test_every_entitled_source_releases_a_locked_car_by_itself(source: Source) -> None:
    bench = plugged(**LOCKED)
    bench.unlatch(source)
    bench.run(S)
    assert bench.said(Answered) == [
        Answered(Request.UNLATCH, source, Result.ACCEPTED),
        Answered(Request.UNLATCH, source, Result.RELEASED),
    ]
    assert bench.commands() == [("latch", "release")]


@pytest.mark.parametrize("key", [zone for zone in KeyZone if zone is not KeyZone.AT_PORT])
def test_the_port_button_needs_the_key_at_the_port(key: KeyZone) -> None:
    bench = plugged(key=key, session=Session.WAITING)
    bench.unlatch(Source.PORT_BUTTON)
    assert bench.results() == [Result.REFUSED_KEY_NOT_AT_PORT]
    assert bench.event(EventName.REQUEST_REFUSED) == {
        "request": "unlatch",
        "source": "port-button",
        "why": "refused-key-not-at-port",
    }
    bench.run(MIN)
    assert bench.commands() == []


@pytest.mark.parametrize("car_lock", [CarLock.LOCKED, CarLock.UNKNOWN])
def test_the_port_button_needs_an_unlocked_car(car_lock: CarLock) -> None:
    bench = plugged(key=KeyZone.AT_PORT, session=Session.WAITING, car_lock=car_lock)
    bench.unlatch(Source.PORT_BUTTON)
    assert bench.results() == [Result.REFUSED_CAR_NOT_UNLOCKED]


def test_the_port_button_releases_with_the_key_at_the_port_of_an_unlocked_car() -> None:
    bench = plugged(key=KeyZone.AT_PORT, session=Session.WAITING)
    bench.unlatch(Source.PORT_BUTTON)
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]


def test_the_port_button_may_ask_to_latch_without_a_key() -> None:
    bench = plugged(key=KeyZone.ABSENT)
    bench.latch(Source.PORT_BUTTON)
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.ENGAGED]


def test_a_refused_way_leaves_the_others_working() -> None:
    bench = plugged(**LOCKED)
    bench.unlatch(Source.PORT_BUTTON)
    bench.unlatch(Source.SCREEN)
    bench.run(S)
    assert bench.results()[-1] is Result.RELEASED


@pytest.mark.parametrize("request_", list(Request))
def test_a_request_for_an_empty_inlet_is_refused(request_: Request) -> None:
    bench = Bench()
    bench.ask(request_)
    assert bench.results() == [Result.REFUSED_INLET_EMPTY]
    assert bench.commands() == []


@pytest.mark.parametrize("request_", list(Request))
def test_a_request_on_a_car_without_a_pin_is_refused(request_: Request) -> None:
    bench = plugged(latch_fitted=Fitted.ABSENT, **LOCKED)
    bench.ask(request_)
    assert bench.results() == [Result.REFUSED_NO_PIN]


@pytest.mark.parametrize("request_", list(Request))
@pytest.mark.parametrize(
    ("latch", "adapter_lock"),
    [
        (Fitted.UNKNOWN, Fitted.UNKNOWN),
        (Fitted.UNKNOWN, Fitted.ABSENT),
        (Fitted.ABSENT, Fitted.UNKNOWN),
    ],
)
def test_a_request_is_not_told_that_there_is_no_pin_before_the_car_has_told_so(
    request_: Request, latch: Fitted, adapter_lock: Fitted
) -> None:
    bench = plugged(latch_fitted=latch, adapter_lock_fitted=adapter_lock, **LOCKED)
    bench.ask(request_)
    assert bench.results() == [Result.PIN_UNKNOWN]
    assert bench.event(EventName.REQUEST_REFUSED)["why"] == "pin-unknown"


@pytest.mark.parametrize(
    ("occupant", "latch", "adapter_lock"),
    [
        (Occupant.CONNECTOR, Fitted.UNKNOWN, Fitted.FITTED),
        (Occupant.ADAPTER, Fitted.FITTED, Fitted.UNKNOWN),
    ],
)
def test_a_latch_request_waits_for_no_pin_that_is_not_known_to_be_there(
    occupant: Occupant, latch: Fitted, adapter_lock: Fitted
) -> None:
    bench = Bench(occupant=occupant, latch_fitted=latch, adapter_lock_fitted=adapter_lock)
    bench.latch()
    assert bench.results() == [Result.PIN_UNKNOWN]
    assert bench.commands() == []


@pytest.mark.parametrize(
    ("occupant", "adapter_lock", "result"),
    [
        (Occupant.ADAPTER, Fitted.UNKNOWN, Result.PIN_UNKNOWN),
        (Occupant.UNKNOWN, Fitted.UNKNOWN, Result.PIN_UNKNOWN),
        (Occupant.UNKNOWN, Fitted.ABSENT, Result.RELEASED),
        (Occupant.ADAPTER, Fitted.ABSENT, Result.RELEASED),
        (Occupant.CONNECTOR, Fitted.UNKNOWN, Result.RELEASED),
    ],
)
def test_an_unlatch_says_released_only_where_no_unknown_pin_may_hold(
    occupant: Occupant, adapter_lock: Fitted, result: Result
) -> None:
    bench = plugged(**LOCKED)
    bench.see(adapter_lock_fitted=adapter_lock, occupant=occupant)
    bench.unlatch()
    bench.run(S)
    assert bench.commands() == [("latch", "release")]
    assert bench.results() == [Result.ACCEPTED, result]


def test_a_latch_request_is_refused_where_the_guarding_pin_is_missing() -> None:
    bench = plugged(latch_fitted=Fitted.ABSENT, adapter_lock_fitted=Fitted.FITTED)
    bench.latch()
    assert bench.results() == [Result.REFUSED_NO_PIN]


def test_a_latch_request_for_an_unknown_occupant_is_refused() -> None:
    bench = Bench(occupant=Occupant.UNKNOWN)
    bench.latch()
    assert bench.results() == [Result.REFUSED_OCCUPANT_UNKNOWN]


def test_an_unlatch_request_for_an_unknown_occupant_is_carried_out() -> None:
    bench = plugged(**LOCKED)
    bench.see(occupant=Occupant.UNKNOWN)
    bench.unlatch()
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]


@pytest.mark.parametrize("request_", list(Request))
def test_a_request_after_the_manual_release_is_refused(request_: Request) -> None:
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    bench.clear()
    bench.ask(request_)
    assert bench.results() == [Result.MANUAL_RELEASE_PULLED]
    assert bench.events() == [EventName.REQUEST_REFUSED]


# ---- P4, S4: stop first, then release -----------------------------------------------------------


@pytest.mark.parametrize("kind", [AC_16, AC_32, DC])
def test_an_unlatch_stops_the_charge_waits_for_safe_and_releases(kind: dict[str, Any]) -> None:
    bench = charging(kind, **LOCKED)
    bench.unlatch()
    assert bench.results() == [Result.ACCEPTED]
    assert bench.stops() == [(True, 1)]
    assert bench.manager.permit is Charge.NONE
    bench.run(9 * S)
    assert bench.commands() == []
    assert bench.manager.decision(LATCH).demand is not Demand.RELEASE
    bench.see(inlet=Inlet.SAFE)
    bench.run(S)
    assert bench.commands() == [("latch", "release")]
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]
    assert bench.stops() == [(True, 1), (False, 0)]
    assert bench.manager.permit is Charge.NONE
    assert bench.manager.snapshot.car_lock is CarLock.LOCKED


def test_a_release_needs_no_stop_where_no_session_is() -> None:
    bench = plugged(**LOCKED)
    bench.unlatch()
    bench.run(S)
    assert bench.stops() == []
    assert bench.results()[-1] is Result.RELEASED


@pytest.mark.parametrize("session", [Session.UNKNOWN, Session.WAITING, Session.STOPPING])
def test_a_stop_is_asked_for_where_a_session_may_be(session: Session) -> None:
    bench = plugged(session=session, **LOCKED)
    bench.unlatch()
    assert bench.stops() == [(True, 1)]


def test_an_unconfirmed_stop_is_repeated_every_ten_seconds_and_named_after_thirty() -> None:
    bench = charging()
    asked_us = bench.now_us
    bench.unlatch()
    bench.run(65 * S)
    attempts = [
        (at_us - asked_us, said.attempt)
        for at_us, said in bench.journal
        if isinstance(said, StopCharge)
    ]
    assert attempts == [(n * 10 * S, n + 1) for n in range(7)]
    assert bench.faults() == [(FaultName.STOP_NOT_CONFIRMED, True)]
    named = next(said for _, said in bench.journal if getattr(said, "fault", None))
    assert bench.when(named) == asked_us + 30 * S
    assert bench.manager.permit is Charge.NONE
    bench.clear()
    bench.see(inlet=Inlet.SAFE)
    bench.run(S)
    assert bench.faults() == [(FaultName.STOP_NOT_CONFIRMED, False)]
    assert bench.results() == [Result.RELEASED]


def test_energy_that_comes_back_before_the_release_is_stopped_again_and_named() -> None:
    bench = charging()
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.see(inlet=Inlet.SAFE)
    bench.run(12 * S)
    bench.see(inlet=Inlet.ENERGISED)
    bench.run(40 * S)
    assert len([each for each in bench.stops() if each[0]]) >= 4
    assert (FaultName.STOP_NOT_CONFIRMED, True) in bench.faults()


def test_a_stop_not_confirmed_ends_with_the_wish_to_stop() -> None:
    bench = charging(**LOCKED)
    bench.unlatch()
    bench.run(31 * S)
    bench.clear()
    bench.latch()
    assert bench.results() == [Result.SUPERSEDED, Result.ACCEPTED, Result.ENGAGED]
    assert bench.faults() == [(FaultName.STOP_NOT_CONFIRMED, False)]
    assert bench.stops() == [(False, 0)]
    assert bench.manager.permit is Charge.AC


def test_discharging_is_stopped_and_waited_for_like_charging() -> None:
    bench = plugged(supply=Supply.AC, session=Session.NONE, inlet=Inlet.ENERGISED, **LOCKED)
    bench.unlatch()
    bench.run(5 * S)
    assert bench.stops() == [(True, 1)]
    assert bench.commands() == []


def test_energy_that_comes_on_in_the_middle_of_a_release_stops_the_drive_at_once() -> None:
    bench = charging(AC_16)
    bench.unlatch()
    bench.see(inlet=Inlet.SAFE)
    bench.run(50 * MS)
    outputs = bench.see(inlet=Inlet.ENERGISED)
    assert any(type(each).__name__ == "DriveOff" for each in outputs)
    bench.run(100 * MS)
    assert bench.commands() == [("latch", "release")]


# ---- how an unlatch ends ------------------------------------------------------------------------


def test_an_unlatch_that_finds_the_energy_unknown_is_named_after_exactly_five_seconds() -> None:
    bench = charging()
    bench.see(inlet=Inlet.UNKNOWN)
    bench.unlatch()
    bench.run(5 * S - 1)
    assert bench.results() == [Result.ACCEPTED]
    bench.run(1)
    assert bench.results() == [Result.ACCEPTED, Result.ENERGY_UNKNOWN]
    assert bench.faults() == [(FaultName.ENERGY_UNKNOWN, True)]
    assert bench.commands() == []
    assert bench.manager.permit is Charge.NONE
    bench.see(inlet=Inlet.SAFE)
    assert bench.faults()[-1] == (FaultName.ENERGY_UNKNOWN, False)
    assert bench.commands() == []


def test_energy_that_becomes_known_in_time_does_not_end_an_unlatch() -> None:
    bench = charging()
    bench.unlatch()
    for value in (Inlet.UNKNOWN, Inlet.ENERGISED) * 3:
        bench.see(inlet=value)
        bench.run(4 * S)
    bench.see(inlet=Inlet.SAFE)
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]


def test_a_new_unlatch_clears_the_name_of_the_last_ones_failure() -> None:
    bench = charging()
    bench.see(inlet=Inlet.UNKNOWN)
    bench.unlatch()
    bench.run(6 * S)
    bench.clear()
    bench.unlatch()
    assert bench.faults() == [(FaultName.ENERGY_UNKNOWN, False)]


def test_energy_unknown_ends_with_the_connector() -> None:
    bench = charging()
    bench.see(inlet=Inlet.UNKNOWN)
    bench.unlatch()
    bench.run(6 * S)
    bench.clear()
    bench.see(occupant=Occupant.EMPTY)
    assert bench.faults() == [(FaultName.ENERGY_UNKNOWN, False)]


def test_an_unlatch_with_a_stuck_pin_ends_in_a_named_failure() -> None:
    bench = plugged(**LOCKED)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(30 * S)
    assert bench.results() == [Result.ACCEPTED, Result.FAILED_TO_RELEASE]
    assert bench.faults() == [(FaultName.FAILED_TO_RELEASE, True)]
    assert bench.event(EventName.JAMMED) == {"actuator": "latch", "command": "release"}
    releases = [each for each in bench.said(Command) if each.command is Demand.RELEASE]
    assert [each.attempt for each in releases] == [1, 2, 3]
    bench.stuck.clear()
    bench.run(MIN)
    bench.clear()
    bench.unlatch()
    bench.run(MIN)
    assert bench.results()[-1] is Result.RELEASED
    assert bench.faults() == [(FaultName.FAILED_TO_RELEASE, False)]


def test_an_unlatch_ends_when_the_connector_is_out() -> None:
    bench = charging(**LOCKED)
    bench.unlatch()
    bench.see(occupant=Occupant.EMPTY)
    assert bench.results() == [Result.ACCEPTED, Result.CONNECTOR_OUT]
    assert bench.stops() == [(True, 1), (False, 0)]
    assert bench.manager.deadline_us is None


def test_an_unlatch_ends_when_the_manual_release_is_pulled_and_the_stop_stands() -> None:
    bench = charging(**LOCKED)
    bench.unlatch()
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.MANUAL_RELEASE_PULLED]
    assert bench.stops() == [(True, 1)]
    bench.see(occupant=Occupant.EMPTY)
    assert bench.stops() == [(True, 1), (False, 0)]


def test_a_pin_that_cannot_be_driven_yet_is_not_called_released() -> None:
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.give(BusQuiet("main", ("Body",), ()))
    bench.unlatch()
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED]


def test_an_unlatch_ends_the_hold_after_a_power_cut() -> None:
    bench = charging(**LOCKED)
    bench.see(session=Session.NONE)
    assert Timer.POWER_CUT_HOLD in dict(bench.manager.memory.timers)
    bench.unlatch()
    assert Timer.POWER_CUT_HOLD not in dict(bench.manager.memory.timers)


def test_a_stop_that_is_named_as_not_confirmed_is_not_timed_any_more() -> None:
    bench = charging()
    bench.unlatch()
    bench.run(30 * S)
    assert bench.faults() == [(FaultName.STOP_NOT_CONFIRMED, True)]
    assert set(dict(bench.manager.memory.timers)) == {Timer.STOP_REPEAT}


def test_an_unlatch_without_a_sensor_word_drives_once_and_says_so() -> None:
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.run(S)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.FEEDBACK_LOST]
    assert bench.faults() == [(FaultName.FEEDBACK_LOST, True)]
    bench.run(MIN)
    assert bench.commands() == [("latch", "release")]


def test_a_release_without_a_sensor_word_is_not_undone_when_the_sensor_is_back() -> None:
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(10 * S)
    bench.see(latch=Feedback.RELEASED)
    bench.run(MIN)
    assert bench.commands() == [("latch", "release")]
    assert bench.rule() == "released_earlier"
    assert bench.faults()[-1] == (FaultName.FEEDBACK_LOST, False)


def test_a_second_unlatch_without_a_sensor_word_drives_again() -> None:
    bench = plugged(**LOCKED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(10 * S)
    bench.unlatch()
    bench.run(10 * S)
    assert bench.commands() == [("latch", "release")] * 2
    assert bench.results()[-1] is Result.FEEDBACK_LOST


def test_a_lost_sensor_of_one_pin_does_not_keep_the_other_from_its_release() -> None:
    bench = adapter_held()
    bench.travel_us = 590 * MS
    bench.see(latch=Feedback.UNKNOWN)
    bench.stuck.add(LATCH)
    bench.unlatch()
    bench.run(20 * S)
    assert bench.results() == [Result.ACCEPTED, Result.FEEDBACK_LOST]
    assert bench.manager.pin(ADAPTER).state is PinState.RELEASED
    assert ("adapter", "engage") not in bench.commands()


def test_an_unlatch_of_an_adapter_releases_the_adapter_lock() -> None:
    bench = adapter_held()
    bench.unlatch()
    bench.run(S)
    assert bench.commands() == [("adapter", "release")]
    assert bench.results()[-1] is Result.RELEASED


def test_an_unlatch_of_a_pin_that_is_out_already_still_stops_the_charge() -> None:
    bench = charging(AC_16, Settings(auto_lock=Toggle.OFF))
    assert bench.state == "released"
    assert bench.manager.permit is Charge.AC_LIMITED
    bench.unlatch()
    assert bench.stops() == [(True, 1)]
    assert bench.manager.permit is Charge.NONE
    bench.see(inlet=Inlet.SAFE)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]
    assert bench.commands() == []


def test_welded_contactors_end_an_unlatch_at_once() -> None:
    bench = charging(DC, weld=Weld.WELDED)
    bench.unlatch()
    assert bench.results() == [Result.ACCEPTED, Result.CONTACTORS_WELDED]
    assert bench.commands() == []


def test_an_unlatch_is_not_done_with_the_adapter_lock_where_a_latch_may_hold() -> None:
    bench = Bench(latch_fitted=Fitted.UNKNOWN, adapter_lock_fitted=Fitted.FITTED)
    bench.see(occupant=Occupant.CONNECTOR)
    bench.unlatch()
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.PIN_UNKNOWN]


@pytest.mark.parametrize(
    ("there", "result"),
    [(Fitted.UNKNOWN, Result.PIN_UNKNOWN), (Fitted.ABSENT, Result.REFUSED_NO_PIN)],
)
def test_the_pin_that_vanishes_ends_an_unlatch(there: Fitted, result: Result) -> None:
    bench = charging()
    bench.unlatch()
    bench.see(latch_fitted=there)
    assert bench.results() == [Result.ACCEPTED, result]


@pytest.mark.parametrize("request_", list(Request))
def test_a_request_after_an_internal_error_is_told_so_at_once(request_: Request) -> None:
    bench = plugged(**LOCKED)
    bench.give(InternalError("a bug"))
    bench.clear()
    bench.ask(request_)
    bench.run(5 * MIN)
    assert bench.results() == [Result.INTERNAL_ERROR]
    assert bench.event(EventName.REQUEST_REFUSED)["why"] == "internal-error"
    assert bench.commands() == []


def test_an_internal_error_ends_an_unlatch_under_way() -> None:
    bench = charging()
    bench.unlatch()
    bench.give(InternalError("a bug"))
    assert bench.results() == [Result.ACCEPTED, Result.INTERNAL_ERROR]
    assert bench.stops() == [(True, 1), (False, 0)]
    assert bench.manager.asked is Asked.NOTHING


def test_an_internal_error_ends_a_latch_request_under_way() -> None:
    bench = plugged()
    bench.latch()
    bench.give(InternalError("a bug"))
    assert bench.results() == [Result.ACCEPTED, Result.INTERNAL_ERROR]


def test_a_segment_ends_a_request_without_an_outcome() -> None:
    bench = charging()
    bench.unlatch()
    bench.give(SegmentStarted())
    assert bench.results() == [Result.ACCEPTED, Result.CANCELLED]
    assert bench.stops() == [(True, 1), (False, 0)]


def test_a_watching_manager_gives_a_request_up_after_thirty_seconds() -> None:
    bench = Bench(shadow=True)
    bench.see(occupant=Occupant.CONNECTOR, latch=Feedback.ENGAGED, car_lock=CarLock.LOCKED)
    bench.run(S)
    bench.clear()
    bench.unlatch()
    bench.run(30 * S - 1)
    assert bench.results() == [Result.ACCEPTED]
    bench.run(1)
    assert bench.results() == [Result.ACCEPTED, Result.CANCELLED]


def test_a_watching_manager_sees_the_others_release() -> None:
    bench = Bench(shadow=True)
    bench.see(occupant=Occupant.CONNECTOR, latch=Feedback.ENGAGED, car_lock=CarLock.LOCKED)
    bench.run(S)
    bench.clear()
    bench.unlatch()
    bench.run(2 * S)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]
    assert bench.commands() == [("latch", "release")]


def test_an_unlatch_after_a_failed_engagement_drives_the_pin_out_whatever_its_sensor_says() -> None:
    """A single switch says "released" of a pin that is half in, too."""
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(30 * S)
    assert bench.state == "jammed"
    bench.clear()
    bench.unlatch()
    assert bench.results() == [Result.ACCEPTED], "not done yet: the motor has to rest"
    bench.run(2 * MIN)
    assert bench.commands() == [("latch", "release")]
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]
    assert bench.state == "released"
    bench.unlatch()
    bench.run(2 * MIN)
    assert bench.commands() == [("latch", "release")]


# ---- one request at a time ----------------------------------------------------------------------


def test_the_same_request_again_is_already_pending() -> None:
    bench = charging()
    bench.unlatch(Source.SCREEN)
    bench.unlatch(Source.FOB)
    assert bench.said(Answered)[-1] == Answered(Request.UNLATCH, Source.FOB, Result.ALREADY_PENDING)
    assert bench.stops() == [(True, 1)]
    bench.see(inlet=Inlet.SAFE)
    bench.run(S)
    assert bench.said(Answered)[-1] == Answered(Request.UNLATCH, Source.SCREEN, Result.RELEASED)


def test_a_latch_request_again_is_already_pending_until_it_is_answered() -> None:
    bench = plugged()
    bench.latch(Source.SCREEN)
    bench.latch(Source.FOB)
    bench.run(S)
    assert bench.said(Answered) == [
        Answered(Request.LATCH, Source.SCREEN, Result.ACCEPTED),
        Answered(Request.LATCH, Source.FOB, Result.ALREADY_PENDING),
        Answered(Request.LATCH, Source.SCREEN, Result.ENGAGED),
    ]


def test_a_latch_request_after_an_answered_one_gets_an_answer_of_its_own() -> None:
    bench = plugged()
    bench.latch(Source.SCREEN)
    bench.run(S)
    bench.clear()
    bench.latch(Source.FOB)
    assert bench.said(Answered) == [
        Answered(Request.LATCH, Source.FOB, Result.ACCEPTED),
        Answered(Request.LATCH, Source.FOB, Result.ENGAGED),
    ]
    bench.run(5 * MIN)
    assert bench.results() == [Result.ACCEPTED, Result.ENGAGED]
    assert bench.commands() == []


def test_a_latch_request_that_finds_an_answered_one_unheld_ends_within_its_limit() -> None:
    bench = plugged()
    bench.latch()
    bench.run(S)
    bench.see(latch=Feedback.UNKNOWN)
    bench.clear()
    bench.latch()
    bench.run(LATCH_LIMIT_US)
    assert bench.results() == [Result.ACCEPTED, Result.FAILED_TO_ENGAGE]


def test_a_latch_request_supersedes_an_unlatch_under_way() -> None:
    bench = plugged(**LOCKED)
    bench.unlatch(Source.SCREEN)
    bench.latch(Source.CLI)
    bench.run(20 * S)
    assert bench.said(Answered)[1:] == [
        Answered(Request.UNLATCH, Source.SCREEN, Result.SUPERSEDED),
        Answered(Request.LATCH, Source.CLI, Result.ACCEPTED),
        Answered(Request.LATCH, Source.CLI, Result.ENGAGED),
    ]
    assert bench.state == "engaged"


def test_an_unlatch_supersedes_an_unanswered_latch_request() -> None:
    bench = plugged()
    bench.latch()
    bench.unlatch()
    bench.run(20 * S)
    assert bench.results() == [
        Result.ACCEPTED,
        Result.SUPERSEDED,
        Result.ACCEPTED,
        Result.RELEASED,
    ]


# ---- latch requests -----------------------------------------------------------------------------


def test_a_latch_request_holds_in_an_unlocked_car_until_it_is_opened() -> None:
    bench = plugged()
    bench.latch()
    bench.run(60 * MIN)
    assert bench.results() == [Result.ACCEPTED, Result.ENGAGED]
    assert bench.rule() == "lock_requested"
    bench.see(car_lock=CarLock.LOCKED)
    bench.run(S)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.ENGAGED]
    assert bench.commands() == [("latch", "engage"), ("latch", "release")]


def test_opening_the_car_cancels_a_latch_request_under_way() -> None:
    bench = plugged(**LOCKED)
    bench.unlatch()
    bench.run(S)
    bench.clear()
    bench.latch()
    bench.see(car_lock=CarLock.UNLOCKED)
    assert bench.results() == [Result.ACCEPTED, Result.CANCELLED]


def test_a_latch_request_ends_the_memory_of_a_release() -> None:
    bench = plugged(**LOCKED)
    bench.unlatch()
    bench.run(10 * S)
    bench.clear()
    bench.latch()
    bench.run(S)
    assert bench.commands() == [("latch", "engage")]
    assert Flag.STOPPED not in bench.manager.memory.flags


def test_a_latch_request_with_a_stuck_pin_ends_in_a_named_failure() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.latch()
    bench.run(30 * S)
    assert bench.results() == [Result.ACCEPTED, Result.FAILED_TO_ENGAGE]
    assert bench.faults() == [(FaultName.FAILED_TO_ENGAGE, True)]


def test_a_latch_request_ends_when_the_connector_is_out() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.latch()
    bench.see(occupant=Occupant.EMPTY)
    assert bench.results() == [Result.ACCEPTED, Result.CONNECTOR_OUT]
    assert bench.manager.memory.asked.value == "nothing"


def test_an_answered_latch_request_ends_in_silence_when_the_connector_is_out() -> None:
    bench = plugged()
    bench.latch()
    bench.run(S)
    bench.see(occupant=Occupant.EMPTY)
    assert bench.results() == [Result.ACCEPTED, Result.ENGAGED]
    assert bench.manager.memory.asked.value == "nothing"
    assert Flag.LATCH_ANSWERED not in bench.manager.memory.flags


def test_a_latch_request_ends_when_the_manual_release_is_pulled() -> None:
    bench = plugged()
    bench.latch()
    bench.run(S)
    bench.clear()
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert bench.manager.memory.asked.value == "nothing"
    assert EventName.MANUAL_RELEASE_PULLED in bench.events()


def test_a_hand_on_the_other_pin_ends_a_latch_request_that_has_no_answer_yet() -> None:
    bench = Bench(Car(when_empty=WhenEmpty.LEAVE), **BOTH, latch=Feedback.ENGAGED)
    bench.stuck |= {LATCH, ADAPTER}
    bench.see(occupant=Occupant.ADAPTER)
    bench.latch()
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.MANUAL_RELEASE_PULLED]


def test_only_the_guarding_pin_answers_a_latch_request() -> None:
    bench = Bench(**BOTH, latch=Feedback.ENGAGED)
    bench.stuck |= {LATCH, ADAPTER}
    bench.see(occupant=Occupant.ADAPTER)
    bench.latch()
    assert Result.ENGAGED not in bench.results()


def test_a_latch_request_that_nothing_answers_is_bounded() -> None:
    bench = plugged()
    bench.see(latch=Feedback.UNKNOWN)
    bench.latch()
    bench.run(120 * S - 1)
    assert bench.results() == [Result.ACCEPTED]
    bench.run(1)
    assert bench.results() == [Result.ACCEPTED, Result.FAILED_TO_ENGAGE]


# ---- S6: a sleeping or lost bus -----------------------------------------------------------------


def asleep(bench: Bench) -> None:
    """Let the bus fall asleep with everything as it is."""
    bench.give(BusQuiet("main", ("Body",), (), interface_up=True))
    bench.clear()


def test_an_unlatch_wakes_a_sleeping_bus_where_the_car_can() -> None:
    bench = plugged(car=Car(can_wake=True), **LOCKED)
    asleep(bench)
    bench.unlatch()
    assert len(bench.said(WakeBus)) == 1
    assert EventName.WAKING_BUS in bench.events()
    assert bench.commands() == []
    bench.run(2 * S)
    bench.give(BusHeard("main"))
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]
    assert bench.faults() == []


def test_a_bus_is_woken_once_for_a_release_and_again_only_after_it_was_awake() -> None:
    """Each time it falls asleep with the release still due; never for what is no release."""
    bench = plugged(car=Car(can_wake=True), **LOCKED)
    asleep(bench)
    bench.run(10 * S)
    assert bench.said(WakeBus) == [], "nothing is due"
    bench.unlatch()
    bench.run(10 * S)
    bench.give(MessageLost("Body"))
    assert len(bench.said(WakeBus)) == 1
    bench.stuck.add(LATCH)
    bench.give(BusHeard("main"))
    bench.run(300 * MS)
    assert bench.state == "releasing"
    asleep(bench)
    bench.run(10 * S)
    assert len(bench.said(WakeBus)) == 0, "it was woken as it fell asleep"
    bench.give(BusHeard("main"))
    bench.give(BusQuiet("main", ("Body",), (), interface_up=True))
    assert bench.events().count(EventName.WAKING_BUS) == len(bench.said(WakeBus)) == 1


@pytest.mark.parametrize("occupant", [Occupant.EMPTY, Occupant.CONNECTOR])
def test_a_bus_is_woken_for_no_pin_that_is_out_and_for_no_empty_inlet(occupant: Occupant) -> None:
    bench = Bench(Car(can_wake=True), occupant=occupant)
    asleep(bench)
    bench.unlatch()
    assert bench.said(WakeBus) == []
    bench = Bench(Car(can_wake=True))
    asleep(bench)
    bench.see(latch=Feedback.ENGAGED)
    bench.run(S)
    assert (bench.rule(), bench.state) == ("inlet_empty", "engaged")
    assert bench.said(WakeBus) == []


def test_a_bus_that_is_heard_is_not_called_asleep_while_the_unlatch_still_waits() -> None:
    bench = plugged(**LOCKED)
    asleep(bench)
    bench.unlatch()
    bench.run(6 * S)
    bench.give(BusHeard("main"))
    bench.see(inlet=Inlet.ENERGISED)
    assert bench.manager.asked is Asked.UNLATCH
    assert bench.faults()[-1] == (FaultName.BUS_ASLEEP, False)


def test_a_bus_that_is_heard_in_time_is_never_called_asleep() -> None:
    bench = plugged(**LOCKED)
    asleep(bench)
    bench.unlatch()
    bench.run(2 * S)
    bench.see(inlet=Inlet.ENERGISED)
    bench.give(BusHeard("main"))
    bench.run(20 * S)
    assert bench.manager.asked is Asked.UNLATCH
    assert bench.faults() == []


def test_an_unlatch_waits_for_a_bus_that_cannot_be_woken_and_says_so_after_five_seconds() -> None:
    bench = plugged(**LOCKED)
    asleep(bench)
    bench.unlatch()
    bench.run(5 * S - 1)
    assert bench.faults() == []
    bench.run(1)
    assert bench.faults() == [(FaultName.BUS_ASLEEP, True)]
    assert bench.said(WakeBus) == []
    bench.run(60 * MIN)
    assert bench.commands() == []
    bench.give(BusHeard("main"))
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]
    assert bench.faults() == [(FaultName.BUS_ASLEEP, True), (FaultName.BUS_ASLEEP, False)]


def test_a_request_that_waits_for_a_sleeping_bus_costs_no_wake_ups() -> None:
    bench = plugged(**LOCKED)
    asleep(bench)
    bench.unlatch()
    bench.run(MIN)
    assert bench.manager.deadline_us is None


def test_energy_that_is_there_when_the_bus_wakes_is_stopped_and_named() -> None:
    bench = plugged(**LOCKED)
    asleep(bench)
    bench.unlatch()
    bench.run(10 * MIN)
    bench.give(BusHeard("main"))
    bench.see(inlet=Inlet.ENERGISED)
    assert bench.stops() == [(True, 1)]
    bench.run(30 * S)
    assert bench.faults()[-1] == (FaultName.STOP_NOT_CONFIRMED, True)


def test_an_unlatch_on_a_lost_bus_waits_under_its_fault_and_is_carried_out_afterwards() -> None:
    bench = plugged(**LOCKED)
    bench.give(BusFailed("main"))
    bench.unlatch()
    bench.run(MIN)
    assert bench.commands() == []
    assert (FaultName.BUS_LOST, None) in bench.manager.faults
    bench.give(BusRestored("main"))
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]


# ---- pins without a sensor ----------------------------------------------------------------------


def test_a_pin_without_a_sensor_ends_an_unlatch_as_assumed() -> None:
    bench = Bench(Car(latch=Pin(feedback=False)), latch=Feedback.UNKNOWN)
    bench.stuck.add(LATCH)
    bench.see(occupant=Occupant.CONNECTOR, car_lock=CarLock.LOCKED)
    bench.run(10 * S)
    bench.clear()
    bench.unlatch()
    bench.run(S)
    assert bench.results() == [Result.ACCEPTED, Result.RELEASED]
    assert [each for each in bench.said(Event) if each.event is EventName.JAMMED] == []


def test_stop_to_is_used_with_a_complete_session_that_frees_an_unlocked_car() -> None:
    bench = charging()
    stop_to(bench)
    bench.run(S)
    assert bench.state == "released"


# ---- at rest ------------------------------------------------------------------------------------


def test_requests_rest_only_while_nothing_is_asked_told_or_awaited() -> None:
    state = plugged().manager._state
    assert _at_rest(state)
    for name, busy in (
        ("asked", Asked.LATCH),
        ("stop_attempt", 1),
        ("faults", {(FaultName.SUPPLY_LOW, None)}),
        ("timers", {Timer.WAKE_LIMIT: 1}),
    ):
        state = plugged().manager._state
        setattr(state, name, busy)
        assert not _at_rest(state), name
