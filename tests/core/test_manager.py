"""Stories of the whole manager: its start, its reasons, its permit, its time."""

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
    PARKED,
    Bench,
    S,
    charging,
    plugged,
    stop_to,
)

from vehicle.core import manager as manager_module
from vehicle.core.car import Car, Pin, StrokeLimits, WhenEmpty
from vehicle.core.inputs import DeadlinePassed, MessageLost, Observed, Requested
from vehicle.core.manager import LockManager
from vehicle.core.names import (
    Charge,
    Demand,
    EventName,
    FaultName,
    PinState,
    Request,
    Source,
)
from vehicle.core.outputs import (
    ActuatorChanged,
    Because,
    Command,
    Decided,
    DriveOff,
    Permit,
    SignalChanged,
)
from vehicle.core.policy import RULES
from vehicle.core.settings import HighCurrent, Mode, Settings, Toggle
from vehicle.core.signals import (
    CarLock,
    Feedback,
    Fitted,
    Inlet,
    Occupant,
    Session,
    Supply,
    SupplyLimit,
)
from vehicle.core.situation import Asked, Phase
from vehicle.core.snapshot import SIGNALS, Snapshot

pytestmark = pytest.mark.fast

LOCKED: dict[str, Any] = {"car_lock": CarLock.LOCKED}
OFF = Settings(auto_lock=Toggle.OFF)
ENGAGE, RELEASE = ("latch", "engage"), ("latch", "release")


# ---- the start ----------------------------------------------------------------------------------


def test_a_start_reports_every_signal_state_decision_and_the_permit_once() -> None:
    manager = LockManager(Car())
    outputs = manager.start(7)
    assert [each.signal for each in outputs if isinstance(each, SignalChanged)] == list(SIGNALS)
    states = [each for each in outputs if isinstance(each, ActuatorChanged)]
    assert [(each.actuator, each.state, each.was) for each in states] == [
        (LATCH, PinState.UNKNOWN, None),
        (ADAPTER, PinState.UNKNOWN, None),
    ]
    decided = [each for each in outputs if isinstance(each, Decided)]
    assert [(each.actuator, each.rule) for each in decided] == [
        (LATCH, "occupant_unknown"),
        (ADAPTER, "occupant_unknown"),
    ]
    assert [each for each in outputs if isinstance(each, Permit)] == [Permit(Charge.NONE, None)]
    assert len(outputs) == len(SIGNALS) + 5


def test_nothing_is_known_at_the_start_and_nothing_is_awaited() -> None:
    manager = LockManager(Car())
    manager.start(0)
    assert manager.snapshot == Snapshot()
    assert manager.permit is Charge.NONE
    assert manager.deadline_us is None
    assert manager.faults == frozenset()
    assert manager.asked is Asked.NOTHING
    assert manager.vetoed == {}
    assert manager.settings == Settings()


def test_a_permit_is_none_before_the_start() -> None:
    manager = LockManager(Car())
    assert manager.permit is Charge.NONE
    outputs = manager.handle(DeadlinePassed(), 0)
    assert [each for each in outputs if isinstance(each, Permit)] == [Permit(Charge.NONE, None)]


@pytest.mark.parametrize("feedback", [Feedback.ENGAGED, Feedback.RELEASED])
def test_the_start_state_is_found_from_feedback(feedback: Feedback) -> None:
    bench = Bench(occupant=Occupant.CONNECTOR, session=Session.UNKNOWN, latch=feedback)
    assert bench.state == feedback.value
    assert bench.commands() == []


def test_a_power_up_in_a_running_charge_moves_nothing_and_permits_it() -> None:
    bench = Bench(**{**DC, "latch": Feedback.ENGAGED})
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert bench.manager.permit is Charge.DC
    assert bench.events() == []


def test_a_time_before_the_last_event_is_refused_and_changes_nothing() -> None:
    bench = Bench()
    before = bench.manager.memory
    with pytest.raises(ValueError, match=r"^event at 5 us lies before 1500000 us$"):
        bench.manager.handle(Observed((("car_lock", CarLock.LOCKED),)), 5)
    assert bench.manager.memory == before


def test_a_decision_without_an_end_is_a_bug_that_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(manager_module, "ROUNDS_MAX", 1)
    bench = LockManager(Car())
    with pytest.raises(AssertionError, match="no stable decision within 1 rounds"):
        bench.start(0)


# ---- T1: reasons --------------------------------------------------------------------------------


def test_a_decision_tells_its_signals_and_how_long_each_has_had_its_value() -> None:
    bench = plugged(occupant=Occupant.CONNECTOR)
    bench.see(**LOCKED)
    bench.run(9 * S)
    bench.clear()
    bench.see(session=Session.COMPLETE)
    bench.see(car_lock=CarLock.UNLOCKED)
    (decided,) = bench.said(Decided)
    assert decided == Decided(
        LATCH,
        Demand.RELEASE,
        "car_unlocked",
        (
            ("car_lock", Because(CarLock.UNLOCKED, 0)),
            ("session", Because(Session.COMPLETE, 0)),
        ),
    )
    bench.run(3 * S)
    bench.see(**LOCKED)
    (_, locked) = bench.said(Decided)
    assert dict(locked.because)["car_lock"] == Because(CarLock.LOCKED, 0)
    assert bench.manager.changed_us("session") == bench.now_us - 3 * S


def test_the_age_of_a_signal_counts_from_its_change_and_not_from_its_last_word() -> None:
    bench = plugged(session=Session.WAITING)
    bench.run(10 * S)
    bench.see(session=Session.WAITING, supply=Supply.AC)
    bench.see(session=Session.NONE)
    bench.run(4 * S)
    bench.clear()
    bench.choose(latch_mode="always")
    decided = bench.said(Decided)
    for each in decided:
        for name, because in each.because:
            assert because.age_us == bench.now_us - bench.manager.changed_us(name)


def test_a_decision_is_told_when_its_rule_changes_though_the_demand_does_not() -> None:
    bench = plugged(**LOCKED)
    assert bench.rule() == "car_locked"
    bench.see(session=Session.WAITING)
    assert bench.decided() == ["session_active"]
    assert bench.commands() == []


def test_the_situation_is_what_the_policy_decided_on() -> None:
    bench = charging()
    assert bench.manager.situation(LATCH).phase is Phase.ACTIVE
    assert bench.manager.decision(LATCH).rule in RULES
    assert bench.manager.asked is Asked.NOTHING
    bench.unlatch()
    assert bench.manager.asked is Asked.UNLATCH
    assert bench.manager.situation(LATCH).asked is Asked.UNLATCH


# ---- A5, A8: only feedback moves a pin ----------------------------------------------------------


def test_a_command_is_not_a_fact() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    assert bench.commands() == [ENGAGE]
    assert bench.state == "engaging"
    bench.run(799 * MS)
    assert bench.state == "engaging"
    bench.see(latch=Feedback.ENGAGED)
    assert bench.state == "engaging"
    bench.run(MS)
    assert bench.state != "engaged", "the try is over before the sensor is believed"


def test_engaging_stops_on_feedback_once_it_has_stood_for_the_debounce_time() -> None:
    bench = plugged()
    began_us = bench.now_us
    bench.see(**LOCKED)
    bench.run(S)
    engaged = ActuatorChanged(LATCH, PinState.ENGAGED, PinState.ENGAGING, False)
    assert bench.when(engaged) == began_us + 150 * MS + 60 * MS
    assert bench.when(DriveOff(LATCH)) == bench.when(engaged)


def test_releasing_runs_its_full_time() -> None:
    bench = plugged(**LOCKED)
    began_us = bench.now_us
    bench.unlatch()
    bench.run(S)
    assert bench.when(DriveOff(LATCH)) == began_us + 600 * MS


def test_a_pin_without_a_sensor_is_assumed_and_never_confirmed() -> None:
    bench = Bench(Car(latch=Pin(feedback=False)), latch=Feedback.UNKNOWN)
    bench.stuck.add(LATCH)
    bench.see(**{**AC_32, "inlet": Inlet.SAFE, "session": Session.WAITING})
    bench.run(10 * S)
    changed = [each for each in bench.said(ActuatorChanged) if each.actuator is LATCH]
    assert all(each.assumed for each in changed)
    assert changed[-1].state is PinState.ENGAGED
    assert bench.manager.permit is Charge.AC_LIMITED
    bench.see(supply=Supply.DC)
    assert bench.manager.permit is Charge.NONE


# ---- A4: an empty inlet -------------------------------------------------------------------------


def test_a_pin_that_blocks_an_empty_inlet_is_released() -> None:
    bench = Bench(inlet=Inlet.UNKNOWN, latch=Feedback.ENGAGED)
    assert bench.commands() == []
    bench.see(inlet=Inlet.SAFE)
    bench.run(S)
    assert bench.commands() == [RELEASE]


def test_a_pin_in_an_empty_inlet_is_left_where_the_car_wants_it_so() -> None:
    bench = Bench(Car(when_empty=WhenEmpty.LEAVE), latch=Feedback.ENGAGED)
    bench.run(60 * MIN)
    assert bench.commands() == []


def test_a_connector_that_goes_in_the_middle_of_an_engage_stroke_stops_it() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(inlet=Inlet.UNKNOWN)
    bench.see(**LOCKED)
    outputs = bench.see(occupant=Occupant.EMPTY)
    assert DriveOff(LATCH) in outputs
    bench.run(60 * MIN)
    assert bench.commands() == [ENGAGE]


# ---- S1, S3: energy -----------------------------------------------------------------------------


@pytest.mark.parametrize("inlet", [Inlet.ENERGISED, Inlet.UNKNOWN])
@pytest.mark.parametrize("kind", [AC_16, AC_32, DC])
def test_nothing_releases_while_energy_may_flow(kind: dict[str, Any], inlet: Inlet) -> None:
    settings = Settings(
        latch_mode=Mode.WHILE_CHARGING,
        release_when_full=Toggle.ON,
        unlock_while_charging_frees=Toggle.ON,
    )
    bench = charging(kind, settings, **LOCKED)
    bench.see(inlet=inlet)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.unlatch(Source.REMOTE)
    for session in (Session.COMPLETE, Session.FAULT, Session.NONE, Session.UNKNOWN):
        bench.see(session=session)
        bench.run(10 * MIN)
    bench.choose(auto_lock="off")
    bench.run(60 * MIN)
    assert RELEASE not in bench.commands()
    assert bench.state == "engaged"


def test_energy_that_comes_on_in_the_middle_of_a_release_turns_a_stroke_that_must_hold() -> None:
    bench = charging(DC)
    bench.unlatch()
    bench.see(inlet=Inlet.SAFE)
    bench.run(200 * MS)
    bench.see(inlet=Inlet.ENERGISED)
    bench.run(S)
    assert bench.commands() == [RELEASE, ENGAGE]
    assert bench.state == "engaged"


def test_dc_is_locked_while_energised_whatever_the_owner_chose() -> None:
    bench = plugged(OFF, supply=Supply.DC)
    assert bench.commands() == []
    bench.see(inlet=Inlet.ENERGISED)
    bench.run(S)
    assert bench.commands() == [ENGAGE]
    assert bench.rule() == "inlet_energised"


@pytest.mark.parametrize("kind", [AC_32, DC])
def test_auto_lock_off_engages_for_a_charge_that_needs_it_and_frees_it_afterwards(
    kind: dict[str, Any],
) -> None:
    bench = charging(kind, OFF)
    assert bench.state == "engaged"
    assert bench.manager.permit is (Charge.DC if kind is DC else Charge.AC)
    stop_to(bench)
    bench.run(S)
    assert bench.commands() == [RELEASE]


def test_auto_lock_off_never_engages_for_16_a_or_an_unknown_limit() -> None:
    for limit in (SupplyLimit.UP_TO_16_A, SupplyLimit.UNKNOWN):
        bench = charging({**AC_16, "supply_limit": limit}, OFF, **LOCKED)
        assert bench.state == "released"
        assert bench.manager.permit is Charge.AC_LIMITED


def test_auto_lock_off_may_stay_unlocked_and_charge_at_16_a() -> None:
    bench = charging(AC_32, Settings(auto_lock=Toggle.OFF, high_current=HighCurrent.LIMIT))
    assert bench.state == "released"
    assert bench.manager.permit is Charge.AC_LIMITED


# ---- S2: the permit -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [AC_32, DC])
def test_the_permit_waits_for_the_latch(kind: dict[str, Any]) -> None:
    bench = Bench()
    bench.see(**{**kind, "inlet": Inlet.SAFE, "session": Session.WAITING})
    assert bench.manager.permit is Charge.NONE
    bench.run(209 * MS)
    assert bench.manager.permit is Charge.NONE
    bench.run(MS)
    wanted = Charge.DC if kind is DC else Charge.AC
    assert bench.manager.permit is wanted
    assert bench.said(Permit) == [Permit(wanted, Charge.NONE)]


def test_a_car_without_a_latch_gets_ac_and_no_dc() -> None:
    for car, dc in ((Car(), Charge.NONE), (Car(connector_locks_itself=True), Charge.DC)):
        bench = Bench(car, latch_fitted=Fitted.ABSENT)
        bench.see(**AC_32)
        assert bench.manager.permit is Charge.AC
        bench.see(supply=Supply.DC)
        assert bench.manager.permit is dc
        assert bench.commands() == []


def test_a_feedback_that_is_lost_takes_the_permit_back() -> None:
    bench = charging(DC)
    bench.see(latch=Feedback.UNKNOWN)
    assert bench.manager.permit is Charge.NONE


def test_the_adapter_lock_guards_an_adapter_and_its_permit() -> None:
    bench = Bench(adapter_lock_fitted=Fitted.FITTED)
    bench.see(
        **{
            **AC_32,
            "occupant": Occupant.ADAPTER_AND_CONNECTOR,
            "inlet": Inlet.SAFE,
            "session": Session.WAITING,
        }
    )
    bench.run(S)
    assert bench.commands() == [("adapter", "engage")]
    assert bench.manager.permit is Charge.AC


# ---- A7: pauses ---------------------------------------------------------------------------------


def test_the_next_stroke_waits_for_eight_times_the_on_time() -> None:
    bench = plugged()
    bench.see(**LOCKED)
    bench.run(S)
    bench.see(car_lock=CarLock.UNLOCKED)
    bench.run(10 * S)
    first, second = (at_us for at_us, each in bench.journal if isinstance(each, Command))
    off_us = bench.when(DriveOff(LATCH))
    assert second - off_us == 8 * (off_us - first)


def test_flicker_of_the_doors_does_not_drive_the_pin_more_than_its_duty_allows() -> None:
    bench = plugged()
    for _ in range(200):
        bench.see(car_lock=CarLock.LOCKED)
        bench.run(100 * MS)
        bench.see(car_lock=CarLock.UNLOCKED)
        bench.run(100 * MS)
    driven_us = began_us = 0
    for at_us, each in bench.journal:
        if isinstance(each, Command):
            began_us = at_us
        elif isinstance(each, DriveOff):
            driven_us += at_us - began_us
    assert 0 < driven_us * 9 <= 40 * S + 9 * 600 * MS


def test_two_pins_have_limits_of_their_own() -> None:
    limits = StrokeLimits(on_time_us=300 * MS, debounce_us=0)
    bench = Bench(Car(adapter=Pin(limits=limits)), adapter_lock_fitted=Fitted.FITTED)
    bench.see(occupant=Occupant.ADAPTER, **LOCKED)
    bench.run(10 * S)
    bench.clear()
    began_us = bench.now_us
    bench.unlatch()
    bench.run(S)
    assert bench.when(DriveOff(ADAPTER)) == began_us + 300 * MS


# ---- S8: vetoes ---------------------------------------------------------------------------------


def test_a_veto_is_told_once_while_it_stands() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(inlet=Inlet.ENERGISED)
    bench.see(**LOCKED)
    bench.run(11 * S)
    assert bench.event(EventName.COMMAND_VETOED) == {
        "actuator": "latch",
        "command": "release",
        "why": "the inlet is energised, not safe",
    }
    bench.run(60 * MIN)
    assert bench.events().count(EventName.COMMAND_VETOED) == 1


# ---- a watching manager -------------------------------------------------------------------------


def test_a_watching_manager_tells_the_first_stroke_it_would_begin_and_drives_nothing() -> None:
    bench = Bench(shadow=True)
    assert bench.manager.shadow
    bench.see(occupant=Occupant.CONNECTOR, **LOCKED)
    bench.run(60 * MIN)
    assert bench.commands() == [ENGAGE]
    assert bench.said(DriveOff) == []
    bench.see(latch=Feedback.ENGAGED)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    bench.see(latch=Feedback.UNKNOWN)
    bench.run(60 * MIN)
    assert [fault for fault, _ in bench.faults() if fault is not FaultName.FEEDBACK_LOST] == []


# ---- time ---------------------------------------------------------------------------------------


def test_the_deadline_is_the_nearest_of_all() -> None:
    bench = charging()
    assert bench.manager.deadline_us is None
    bench.unlatch()
    assert bench.manager.deadline_us == bench.now_us + 10 * S
    bench.see(inlet=Inlet.UNKNOWN)
    assert bench.manager.deadline_us == bench.now_us + 5 * S


def test_an_idle_car_awaits_nothing() -> None:
    for bench in (Bench(), plugged(**LOCKED), charging(DC)):
        bench.run(MIN)
        assert bench.manager.deadline_us is None


def test_deadlines_that_fall_together_are_all_kept() -> None:
    bench = charging()
    bench.unlatch()
    bench.run(30 * S - 1)
    bench.clear()
    bench.run(1)
    assert bench.stops() == [(True, 4)]
    assert bench.faults() == [(FaultName.STOP_NOT_CONFIRMED, True)]


def test_a_late_call_does_what_was_due() -> None:
    manager = LockManager(Car())
    manager.start(0)
    first = {**PARKED, "occupant": Occupant.CONNECTOR, "car_lock": CarLock.LOCKED}
    manager.handle(Observed(tuple(first.items())), 0)
    outputs = manager.handle(MessageLost("Body"), 90 * MIN)
    assert any(isinstance(each, Command) for each in outputs)
    manager.handle(Requested(Request.UNLATCH, Source.CLI), 91 * MIN)
    assert manager.handle(DeadlinePassed(), 91 * MIN) == []
