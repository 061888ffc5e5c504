"""What a restart takes up again: what was done, not what was sensed, and no try a second time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from core_bench import AC_32, ADAPTER, DC, LATCH, MIN, MS, Bench, S, charging, plugged, stop_to
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_memory import MIDDLES, WHOLE, interrupted, jammed, manual, released, releasing, retrying

from vehicle.core.car import Actuator, Car
from vehicle.core.manager import LockManager
from vehicle.core.memory import Flag, Memory, Timer
from vehicle.core.names import Charge, FaultName, PinState, Request, Source
from vehicle.core.outputs import Command, Fault, StopCharge
from vehicle.core.pin import PinMemory, Step
from vehicle.core.plain import from_plain, to_plain
from vehicle.core.restart import PASSING_FAULTS, PASSING_FLAGS, PASSING_TIMERS, aged, surviving
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.core.settings_read import parse
from vehicle.core.signals import CarLock, Feedback, Inlet, Occupant, Place, Session, Supply, Weld
from vehicle.core.situation import Asked
from vehicle.core.snapshot import FEEDBACK_SIGNAL, Snapshot

pytestmark = pytest.mark.fast

UNLOCKED, LOCKED = {"car_lock": CarLock.UNLOCKED}, {"car_lock": CarLock.LOCKED}
TRAVEL = 200 * MS


def truth(bench: Bench, **changes: Any) -> dict[str, Any]:
    """Return every signal as the bench's manager knows it, with ``changes``."""
    seen = bench.manager.snapshot
    return {name: getattr(seen, name) for name in Snapshot._fields} | changes


def restart(bench: Bench, away_us: int = S, passed_us: int | None = None) -> None:
    """Let the service be away; ``passed_us``: how long the new one believes that it was."""
    kept = surviving(bench.manager.memory_at(bench.now_us), bench.car)
    kept = surviving(from_plain(Memory, to_plain(kept)), bench.car)
    kept = aged(kept, away_us if passed_us is None else passed_us)
    bench.now_us += away_us
    bench._arrivals.clear()
    bench.manager = LockManager(bench.car, bench.manager.settings)
    bench.manager.restore(kept, bench.now_us)
    bench.clear()
    bench._note(bench.manager.start(bench.now_us))


def again(bench: Bench, away_us: int = S, passed_us: int | None = None, **changes: Any) -> Bench:
    """Let the service be away, and hear everything again after it, with ``changes``."""
    known = truth(bench, **changes)
    restart(bench, away_us, passed_us)
    bench.see(**known)
    return bench


# ---- what every restart keeps and forgets -------------------------------------------------------


@pytest.mark.whole
@pytest.mark.parametrize("middle", MIDDLES)
@pytest.mark.parametrize("away_us", [0, 1, 3 * S, 400 * S])
def test_nothing_sensed_survives_and_nothing_is_lost_by_a_second_restart(
    middle: Callable[[], Bench], away_us: int
) -> None:
    bench = middle()
    kept = surviving(bench.manager.memory_at(bench.now_us), bench.car)
    assert surviving(kept, bench.car) == kept
    assert from_plain(Memory, to_plain(kept)) == kept
    older = aged(kept, away_us)
    assert surviving(older, bench.car) == older
    assert (older.snapshot, older.last_inlet) == (Snapshot(), Inlet.UNKNOWN)
    assert older.ages_us == Memory().ages_us
    for pin in (older.latch, older.adapter):
        kept_of_pin = {"rest_ends_in_us", "confirmed", "before", "unsettled"}
        for item in fields(PinMemory):
            if item.name not in kept_of_pin:
                assert getattr(pin, item.name) == getattr(PinMemory(), item.name)
    assert all(left_us >= 0 for _, left_us in older.timers)


@pytest.mark.parametrize("middle", MIDDLES)
def test_nothing_moves_before_the_pins_position_is_known_from_their_sensors(
    middle: Callable[[], Bench],
) -> None:
    """Not for what was asked, nor for what was under way, however long everything else is known."""
    bench = middle()
    known = truth(bench, inlet=Inlet.SAFE, occupant=Occupant.CONNECTOR)
    blind = dict.fromkeys(FEEDBACK_SIGNAL.values(), Feedback.UNKNOWN)
    restart(bench)
    assert {bench.manager.pin(each).state for each in Actuator} == {PinState.UNKNOWN}
    assert bench.manager.permit is Charge.NONE
    bench.run(10 * MIN)
    bench.see(**{**known, **blind})
    bench.run(10 * MIN)
    bench.see(**UNLOCKED)
    bench.run(MIN)
    bench.see(**LOCKED)
    bench.run(10 * MIN)
    assert bench.commands() == []


@pytest.mark.whole
@settings(max_examples=60, deadline=None)
@given(
    middle=st.sampled_from(MIDDLES),
    away_us=st.integers(0, 10 * MIN),
    cut_us=st.integers(0, 30 * S),
    stuck=st.booleans(),
)
@example(middle=interrupted, away_us=264 * S, cut_us=30 * S, stuck=False)
def test_a_restart_at_any_moment_moves_no_pin_that_would_not_have_been_moved(
    middle: Callable[[], Bench], away_us: int, cut_us: int, stuck: bool
) -> None:
    """With the car as it was, a restart never engages what was free, or frees what was held.

    What falls due while the service is away would have fallen due without a restart, too.
    """
    bench, unbroken = middle(), middle()
    bench.stuck = unbroken.stuck = {LATCH} if stuck else set()
    bench.run(cut_us)
    unbroken.run(cut_us + away_us + 2 * S)
    state, asked = bench.manager.pin(LATCH).state, bench.manager.asked
    stroking = bench.manager.pin(LATCH).stroking
    again(bench, away_us)
    bench.run(2 * S)
    moves = {direction for _, direction in bench.commands()}
    if state is PinState.RELEASED and asked is Asked.UNLATCH:
        assert "engage" not in moves
    if state is PinState.ENGAGED and asked is not Asked.UNLATCH and not stroking:
        assert moves <= {direction for _, direction in unbroken.commands()}


def test_each_flag_timer_and_fault_survives_unless_it_is_listed() -> None:
    whole = Memory(
        last_occupant=Occupant.CONNECTOR,
        flags=frozenset(Flag),
        timers=tuple((timer, 90 * S) for timer in sorted(Timer)),
        faults=frozenset((fault, None) for fault in FaultName),
    )
    kept = surviving(whole, Car())
    assert kept.flags == set(Flag) - PASSING_FLAGS
    assert {timer for timer, _ in kept.timers} == set(Timer) - PASSING_TIMERS
    assert {fault for fault, _ in kept.faults} == set(FaultName) - PASSING_FAULTS


def test_of_a_memory_in_which_everything_is_set_the_rest_is_forgotten() -> None:
    kept = surviving(WHOLE, Car())
    assert kept.asleep == kept.lost == frozenset()
    assert kept.energy_wh is None
    assert kept.asked_by is None
    assert kept.stop_attempt == 0


# ---- released, stopped, pulled ------------------------------------------------------------------


def test_a_released_connector_stays_free_until_it_was_out_or_the_car_was_locked_again() -> None:
    bench = again(released(), 3 * MIN)
    bench.run(20 * MIN)
    assert bench.commands() == []
    assert bench.manager.permit is Charge.NONE
    bench.see(**UNLOCKED)
    bench.see(**LOCKED)
    assert bench.commands() == [("latch", "engage")]


def test_a_car_that_was_found_locked_was_not_locked_again() -> None:
    """From unknown to locked is no relock."""
    bench = again(released(), car_lock=CarLock.UNKNOWN)
    bench.see(**LOCKED)
    bench.run(MIN)
    assert bench.commands() == []


def test_the_next_connector_is_a_new_one() -> None:
    bench = again(released(), occupant=Occupant.EMPTY)
    bench.run(10 * S)
    bench.see(occupant=Occupant.CONNECTOR)
    assert bench.commands() == [("latch", "engage")]


@pytest.mark.parametrize("done", [True, False])
def test_a_release_that_was_under_way_counts_as_made(done: bool) -> None:
    """Whether or not it had arrived: what someone wanted free is not engaged by itself."""
    feedback = Feedback.RELEASED if done else Feedback.ENGAGED
    bench = again(releasing(), latch=feedback)
    bench.run(MIN)
    assert bench.commands() == []
    assert bench.manager.asked is Asked.NOTHING
    assert bench.manager.permit is Charge.NONE
    assert FaultName.UNEXPECTED_OPEN not in {fault for fault, _ in bench.manager.faults}


def test_a_release_of_the_cars_own_unlock_that_was_cut_off_is_finished() -> None:
    """Nobody has to ask for it: the car is still unlocked."""
    bench = plugged(**LOCKED)
    bench.stuck.add(LATCH)
    bench.see(**UNLOCKED)
    bench.run(300 * MS)
    bench.stuck.clear()
    again(bench)
    bench.run(10 * S)
    assert bench.commands() == [("latch", "release")]
    bench.see(car_lock=CarLock.UNKNOWN)
    bench.see(**LOCKED)
    bench.run(MIN)
    assert bench.state == "released"


def test_a_release_after_a_power_cut_is_not_remembered() -> None:
    """The pin, which may be half in, is driven out, and engages again when the power is back."""
    bench = charging(settings=Settings(latch_mode=Mode.WHILE_CHARGING))
    stop_to(bench, Session.NONE)
    bench.run(5 * MIN + 300 * MS)
    assert bench.manager.pin(LATCH).stroking
    again(bench, 10 * S, latch=Feedback.RELEASED)
    bench.run(MIN)
    bench.see(session=Session.CHARGING)
    assert bench.commands() == [("latch", "release"), ("latch", "engage")]


def test_a_pin_that_was_moved_out_of_an_empty_inlet_is_no_release_to_remember() -> None:
    bench = Bench()
    bench.see(latch=Feedback.ENGAGED)
    bench.run(100 * MS)
    assert bench.manager.pin(LATCH).stroking
    again(bench, occupant=Occupant.CONNECTOR, latch=Feedback.RELEASED, **LOCKED)
    bench.run(10 * S)
    assert bench.commands() == [("latch", "engage")]


def test_a_release_that_no_sensor_saw_is_not_made_again() -> None:
    bench = plugged(**LOCKED)
    bench.stuck.add(LATCH)
    bench.see(latch=Feedback.UNKNOWN)
    bench.unlatch()
    bench.run(10 * S)
    assert bench.results()[-1].value == "feedback-lost"
    again(bench)
    bench.run(10 * MIN)
    assert bench.commands() == []
    assert (FaultName.FEEDBACK_LOST, LATCH) in bench.manager.faults


def test_a_charge_that_was_stopped_stays_stopped() -> None:
    bench = charging(**LOCKED)
    bench.unlatch()
    again(bench, inlet=Inlet.SAFE, session=Session.WAITING)
    bench.run(MIN)
    assert bench.manager.permit is Charge.NONE


def test_a_manual_release_is_respected_after_a_restart_and_its_stop_is_asked_for_again() -> None:
    bench = again(manual(), 20 * MIN)
    assert bench.said(StopCharge) == [StopCharge(True, 1)]
    bench.run(MIN)
    assert bench.commands() == []
    assert (bench.rule(), bench.manager.permit) == ("manual_release_pulled", Charge.NONE)
    bench.see(occupant=Occupant.EMPTY)
    bench.see(occupant=Occupant.CONNECTOR, session=Session.NONE, inlet=Inlet.SAFE)
    assert bench.commands() == [("latch", "engage")]


def test_a_manual_release_that_was_pulled_meanwhile_is_noticed() -> None:
    """The pin was engaged and at rest, nobody could command it, and it is open."""
    bench = again(charging(**LOCKED), 20 * MIN, latch=Feedback.RELEASED)
    bench.run(MIN)
    assert bench.commands() == []
    assert (FaultName.UNEXPECTED_OPEN, LATCH) in bench.manager.faults
    assert bench.manager.permit is Charge.NONE


def test_a_connector_that_is_gone_was_not_freed_by_hand() -> None:
    gone = {"occupant": Occupant.EMPTY, "session": Session.NONE, "inlet": Inlet.SAFE}
    bench = again(plugged(**LOCKED), latch=Feedback.RELEASED, **gone)
    bench.run(MIN)
    assert bench.events() == []
    assert bench.manager.faults == frozenset()


def test_a_place_that_is_not_heard_again_yet_is_still_the_place() -> None:
    """A car does not drive off with something in its inlet, and no gap moves a pin."""
    owner = parse({"overrides": ["auto-lock=off when place=home"]})
    bench = plugged(owner, place=Place.HOME, **LOCKED)
    assert bench.state == "released"
    again(bench, place=Place.UNKNOWN)
    bench.run(MIN)
    assert bench.commands() == []


# ---- requests -----------------------------------------------------------------------------------


def test_a_wish_to_hold_the_cable_stays() -> None:
    """Else a restart would free what someone asked to be held."""
    bench = plugged(**UNLOCKED)
    bench.latch()
    bench.run(2 * S)
    again(bench, 20 * MIN)
    bench.run(MIN)
    assert bench.commands() == []
    assert (bench.state, bench.rule()) == ("engaged", "lock_requested")
    assert bench.results() == []


def test_a_request_to_hold_that_nothing_has_answered_still_has_its_time_limit() -> None:
    bench = plugged()
    bench.see(latch=Feedback.UNKNOWN)
    bench.latch()
    again(bench, 10 * MIN)
    bench.run(0)
    assert [each.value for each in bench.results()] == ["failed-to-engage"]


def test_a_release_that_was_asked_for_is_asked_for_again_and_then_done() -> None:
    bench = plugged(**LOCKED)
    bench.see(inlet=Inlet.UNKNOWN)
    bench.unlatch()
    again(bench)
    bench.see(inlet=Inlet.SAFE)
    bench.run(MIN)
    assert bench.commands() == []
    bench.ask(Request.UNLATCH, Source.CLI)
    bench.run(2 * S)
    assert bench.commands() == [("latch", "release")]
    assert bench.state == "released"


# ---- tries, jams, pauses ------------------------------------------------------------------------


def test_a_jam_is_still_one_and_no_try_is_given_back() -> None:
    bench = again(jammed(), 10 * MIN)
    bench.run(10 * MIN)
    assert bench.commands() == []
    assert bench.state == "jammed"
    assert bench.said(Fault) == [Fault(FaultName.FAILED_TO_ENGAGE, True, LATCH)]


def test_a_jammed_pin_permits_after_a_restart_what_it_permitted_before() -> None:
    bench = Bench()
    bench.stuck.add(LATCH)
    bench.see(**{**AC_32, "inlet": Inlet.SAFE, "session": Session.WAITING})
    bench.run(MIN)
    before = bench.manager.permit
    assert before is Charge.AC_LIMITED
    again(bench)
    bench.run(S)
    assert bench.manager.permit is before


def test_a_new_demand_after_a_jam_waits_for_what_is_left_of_the_cool_down() -> None:
    bench = jammed()
    left_us = bench.manager.memory_at(bench.now_us).latch.rest_ends_in_us
    assert 20 * S < left_us < MIN
    bench.stuck.clear()
    again(bench, 15 * S)
    bench.run(2 * S)
    bench.see(session=Session.WAITING)
    assert bench.commands() == []
    bench.run(left_us - 17 * S - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "engage")]
    bench.run(2 * S)
    assert bench.state == "engaged"
    assert bench.manager.faults == frozenset()


def test_a_jam_that_somebody_mended_meanwhile_is_none() -> None:
    bench = again(jammed(), latch=Feedback.ENGAGED)
    bench.run(S)
    assert (bench.state, bench.manager.faults) == ("engaged", frozenset())
    assert bench.manager.memory.latch.before is None


def test_a_jam_that_is_taken_up_again_is_remembered_as_it_was() -> None:
    before = jammed()
    was = before.manager.memory.latch
    bench = again(before)
    bench.run(S)
    now = bench.manager.memory.latch
    assert now.state is was.state is PinState.JAMMED
    for name in ("goal", "reason", "attempt", "recovered", "gave_up", "before"):
        assert getattr(now, name) == getattr(was, name), name
    assert (now.attempt, now.recovered, now.before) == (3, True, None)


def test_a_jam_ends_with_the_demand_to_the_other_end() -> None:
    """As it does without a restart: the next demand is a new one."""
    bench = again(jammed(), 2 * MIN)
    bench.stuck.clear()
    bench.see(**UNLOCKED)
    bench.run(10 * S)
    bench.clear()
    bench.see(**LOCKED)
    assert bench.commands() == [("latch", "engage")]


def test_a_jam_of_another_connector_is_forgotten() -> None:
    bench = again(jammed(), 2 * MIN, occupant=Occupant.EMPTY)
    bench.stuck.clear()
    bench.run(MIN)
    assert bench.commands() == [("latch", "release")], "it may stand in the way of the next one"
    bench.see(occupant=Occupant.CONNECTOR)
    assert bench.commands() == [("latch", "release"), ("latch", "engage")]


def test_tries_go_on_where_the_restart_cut_them_off() -> None:
    """One pulse was made; two are left, with the pause that the first has earned."""
    bench = again(retrying())
    bench.run(6 * S)
    assert bench.manager.pin(LATCH).stroking
    assert bench.manager.memory.latch.before is None, "it goes on in the stroke's own memory"
    bench.run(2 * MIN)
    assert [each.attempt for each in bench.said(Command) if not each.recovery] == [2, 3]
    assert bench.state == "jammed"
    assert (FaultName.FAILED_TO_ENGAGE, LATCH) in bench.manager.faults


def test_a_pulse_that_was_cut_off_has_earned_its_whole_pause() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.run(100 * MS)
    limits = bench.car.latch.limits
    again(bench, 200 * MS)
    owed_us = limits.on_time_us - 300 * MS + limits.pause_factor * limits.on_time_us
    bench.run(owed_us - 1)
    assert bench.commands() == []
    bench.run(1)
    assert [each.attempt for each in bench.said(Command)] == [2]


def test_a_last_try_that_was_cut_off_is_a_jam_with_its_cool_down() -> None:
    """A stroke that pulls the supply down ends the process again and again: not for ever."""
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    while bench.manager.memory.latch.attempt < 3:
        bench.run(50 * MS)
    assert bench.manager.memory.latch.step is Step.DRIVE
    again(bench)
    bench.run(10 * MIN)
    assert bench.commands() == []
    assert bench.said(Fault) == [Fault(FaultName.FAILED_TO_ENGAGE, True, LATCH)]


@pytest.mark.whole
@settings(max_examples=40, deadline=None)
@given(cuts_us=st.lists(st.integers(0, 20 * S), min_size=1, max_size=12))
def test_however_often_it_restarts_no_more_tries_are_made_than_without(cuts_us: list[int]) -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    made = 0
    for cut_us in cuts_us:
        bench.run(cut_us)
        made += sum(not each.recovery for each in bench.said(Command))
        again(bench, 10 * MS)
    bench.run(5 * MIN)
    made += sum(not each.recovery for each in bench.said(Command))
    assert made <= bench.car.latch.limits.tries
    assert bench.state == "jammed"


# ---- times --------------------------------------------------------------------------------------


def test_the_hold_of_an_interrupted_session_goes_on_and_the_outage_counts() -> None:
    """It was held for 4 s, then nobody was there for 100 s: 196 s are left of 300 s."""
    bench = again(interrupted(), 100 * S, **UNLOCKED)
    assert bench.rule() == "session_interrupted"
    bench.run(196 * S - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


def test_where_nobody_knows_how_long_it_was_the_hold_lasts_its_whole_rest() -> None:
    bench = again(interrupted(), 100 * S, passed_us=0, **UNLOCKED)
    bench.run(296 * S - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


def test_a_hold_that_ended_while_nobody_was_there_has_ended() -> None:
    bench = again(interrupted(), 20 * MIN, **UNLOCKED)
    bench.run(S)
    assert bench.commands() == [("latch", "release")]


@pytest.mark.parametrize("ended", [Session.NONE, Session.FAULT])
def test_a_session_that_ended_unseen_is_an_interrupted_one(ended: Session) -> None:
    """Nobody knows how it ended, so it is held, and nobody saw a connector go."""
    bench = again(charging(**UNLOCKED), 20 * MIN, session=ended, inlet=Inlet.SAFE)
    bench.run(4 * MIN)
    assert (bench.rule(), bench.commands()) == ("session_interrupted", [])
    bench.see(occupant=Occupant.EMPTY)
    assert bench.events() == ["connector_removed_while_engaged"]


def test_a_grace_time_goes_on() -> None:
    owner = Settings(release_when_full=Toggle.ON, release_grace_min=5)
    bench = charging(settings=owner, **LOCKED)
    stop_to(bench)
    bench.run(MIN)
    again(bench, 2 * MIN)
    bench.run(2 * MIN - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


def test_a_weld_test_is_still_awaited_and_its_time_begins_with_the_first_safe_reading() -> None:
    bench = charging(DC, car=Car(reports_weld_test=True), weld=Weld.UNKNOWN, **UNLOCKED)
    bench.see(inlet=Inlet.SAFE, session=Session.STOPPING)
    bench.run(9 * S)
    again(bench, 5 * S, session=Session.NONE, supply=Supply.NONE)
    bench.run(10 * S - 1)
    assert bench.commands() == []
    bench.run(1)
    assert bench.commands() == [("latch", "release")]


def test_welded_contactors_stay_welded_until_something_says_otherwise() -> None:
    bench = charging(DC, weld=Weld.WELDED, **UNLOCKED)
    again(bench, weld=Weld.UNKNOWN, inlet=Inlet.SAFE, session=Session.NONE)
    bench.run(MIN)
    assert (bench.rule(), bench.commands()) == ("contactors_welded", [])


def test_a_sensor_that_was_dead_leaves_the_charge_as_limited_as_it_was() -> None:
    bench = charging()
    bench.see(latch=Feedback.UNKNOWN)
    bench.run(5 * S)
    assert bench.manager.permit is Charge.AC_LIMITED
    again(bench)
    assert bench.manager.permit is Charge.AC_LIMITED
    assert (FaultName.FEEDBACK_LOST, LATCH) in bench.manager.faults


def test_an_internal_error_ends_with_its_process() -> None:
    memory = Memory(
        flags=frozenset({Flag.INTERNAL_ERROR}),
        faults=frozenset({(FaultName.INTERNAL_ERROR, None), (FaultName.BUS_LOST, None)}),
    )
    assert surviving(memory, Car()) == Memory()


def test_a_stroke_that_no_sensor_followed_leaves_no_tries_behind() -> None:
    """It is over, wherever it led: there is no end to go on to."""
    blind = PinMemory(gave_up=True, reason="release_requested", attempt=1)
    assert surviving(Memory(latch=blind), Car()).latch == PinMemory()


def test_both_pins_have_memories_of_their_own() -> None:
    bench = Bench(adapter_lock_fitted=plugged().manager.snapshot.latch_fitted)
    bench.stuck.add(ADAPTER)
    bench.see(occupant=Occupant.ADAPTER, **LOCKED)
    bench.run(MIN)
    again(bench)
    bench.run(S)
    assert bench.manager.pin(ADAPTER).state is PinState.JAMMED
    assert bench.state == "released"
    assert bench.commands() == []
