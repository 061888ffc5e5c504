"""Stories of each kind of event: what it changes in what is believed and remembered."""

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
    PARKED,
    Bench,
    S,
    charging,
    plugged,
    stop_to,
)

from vehicle.core.car import Car, Pin
from vehicle.core.inputs import (
    BusFailed,
    BusHeard,
    BusQuiet,
    BusRestored,
    InputEvent,
    InternalError,
    MessageBack,
    MessageInvalid,
    MessageLost,
    Observed,
    Refused,
    SegmentStarted,
)
from vehicle.core.intake import _TAKES
from vehicle.core.memory import Flag, Memory
from vehicle.core.names import (
    Charge,
    EventName,
    FaultName,
    MessageState,
    PinState,
    Request,
    Result,
    Source,
)
from vehicle.core.outputs import (
    ActuatorChanged,
    Answered,
    Decided,
    DriveOff,
    Fault,
    MessageChanged,
    Permit,
    SettingsTook,
    SignalChanged,
    WakeBus,
)
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.core.signals import CarLock, Feedback, Fitted, Inlet, Occupant, Session, Weld
from vehicle.core.snapshot import Snapshot

pytestmark = pytest.mark.fast

LOCKED: dict[str, Any] = {"car_lock": CarLock.LOCKED}
QUIET = BusQuiet("main", ("Body", "Charge"), (), interface_up=True)


def test_every_kind_of_event_is_taken_in() -> None:
    assert set(_TAKES) == set(InputEvent.__args__)


# ---- observations -------------------------------------------------------------------------------


def test_only_changed_signals_are_told() -> None:
    bench = Bench()
    outputs = bench.see(car_lock=CarLock.LOCKED, occupant=Occupant.EMPTY)
    told = [each for each in outputs if isinstance(each, SignalChanged)]
    assert told == [SignalChanged("car_lock", CarLock.LOCKED, CarLock.UNLOCKED)]


def test_an_observation_of_what_is_known_is_answered_by_silence() -> None:
    bench = plugged(**LOCKED)
    assert bench.see(**{**PARKED, "latch": Feedback.ENGAGED}) != []
    seen = bench.manager.snapshot
    assert bench.see(occupant=seen.occupant, inlet=seen.inlet) == []
    assert bench.give(Observed()) == []


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (MessageLost("Body"), MessageState.LOST),
        (MessageBack("Body"), MessageState.BACK),
        (MessageInvalid("Body"), MessageState.INVALID),
    ],
)
def test_what_becomes_of_a_message_is_told_and_moves_nothing(
    event: InputEvent, state: MessageState
) -> None:
    bench = charging(**LOCKED)
    assert bench.give(event) == [MessageChanged("Body", state)]


@pytest.mark.parametrize("signal", ["car_lock", "key", "session", "supply", "pilot", "weld"])
def test_a_signal_that_becomes_unknown_moves_nothing(signal: str) -> None:
    bench = charging(**LOCKED)
    bench.see(**{signal: type(getattr(bench.manager.snapshot, signal)).UNKNOWN})
    bench.run(60 * MIN)
    assert bench.commands() == []
    assert bench.state == "engaged"


def test_an_unknown_car_lock_and_energy_do_not_block_a_known_session() -> None:
    bench = Bench()
    bench.see(car_lock=CarLock.UNKNOWN, inlet=Inlet.UNKNOWN)
    bench.see(**{**AC_16, "inlet": Inlet.UNKNOWN, "session": Session.WAITING})
    bench.run(S)
    assert bench.commands() == [("latch", "engage")]


def test_an_empty_inlet_is_never_latched() -> None:
    for settings in (Settings(latch_mode=Mode.ALWAYS), Settings()):
        bench = Bench(settings=settings, **LOCKED)
        bench.see(session=Session.CHARGING)
        bench.run(60 * MIN)
        assert bench.commands() == []


def test_an_unknown_occupant_gets_no_engage_stroke() -> None:
    bench = Bench(settings=Settings(latch_mode=Mode.ALWAYS), occupant=Occupant.UNKNOWN, **LOCKED)
    bench.see(session=Session.CHARGING, inlet=Inlet.ENERGISED)
    bench.run(60 * MIN)
    assert bench.commands() == []


def test_a_sensor_that_the_profile_does_not_give_is_never_lost() -> None:
    bench = Bench(Car(latch=Pin(feedback=False)), latch=Feedback.RELEASED)
    bench.see(latch=Feedback.UNKNOWN)
    bench.run(MIN)
    assert bench.faults() == []
    assert bench.manager.deadline_us is None


def test_a_sensor_that_is_lost_in_shadow_is_no_fault_of_ours() -> None:
    bench = Bench(shadow=True)
    bench.see(latch=Feedback.UNKNOWN)
    bench.run(MIN)
    assert bench.faults() == []
    assert bench.manager.deadline_us is None


# ---- S6: bus sleep ------------------------------------------------------------------------------


def test_a_bus_that_falls_asleep_freezes_its_values_and_holds_the_pins() -> None:
    bench = plugged(**LOCKED)
    bench.see(car_lock=CarLock.UNKNOWN, latch=Feedback.UNKNOWN)
    bench.run(S)
    frozen = (("car_lock", CarLock.LOCKED), ("latch", Feedback.ENGAGED))
    bench.give(BusQuiet("main", ("Body", "Port"), frozen))
    assert bench.said(MessageChanged) == [
        MessageChanged("Body", MessageState.ASLEEP),
        MessageChanged("Port", MessageState.ASLEEP),
    ]
    bench.run(60 * MIN)
    assert bench.manager.snapshot.car_lock is CarLock.LOCKED
    assert bench.state == "engaged"
    assert bench.commands() == []
    assert bench.faults() == []
    assert bench.manager.deadline_us is None


@pytest.mark.parametrize("inlet", [Inlet.ENERGISED, Inlet.UNKNOWN])
def test_a_bus_that_falls_silent_without_safe_energy_is_lost(inlet: Inlet) -> None:
    bench = Bench(occupant=Occupant.CONNECTOR, inlet=inlet, **LOCKED)
    bench.give(QUIET)
    assert bench.faults() == [(FaultName.BUS_LOST, True)]
    assert bench.said(MessageChanged) == []


def test_energy_that_was_safe_before_it_became_unknown_counts_for_sleep() -> None:
    bench = plugged(**LOCKED)
    bench.see(inlet=Inlet.UNKNOWN)
    bench.give(BusQuiet("main", (), (("inlet", Inlet.SAFE),)))
    assert bench.faults() == []
    assert bench.manager.snapshot.inlet is Inlet.SAFE


def test_a_bus_whose_interface_is_down_is_lost() -> None:
    bench = plugged(**LOCKED)
    bench.give(BusQuiet("main", ("Body",), (), interface_up=False))
    assert bench.faults() == [(FaultName.BUS_LOST, True)]


def test_a_release_that_falls_due_wakes_a_sleeping_bus_once() -> None:
    settings = Settings(release_when_full=Toggle.ON, release_grace_min=10)
    bench = charging(AC_32, settings, Car(can_wake=True), **LOCKED)
    stop_to(bench)
    bench.run(MIN)
    bench.give(QUIET)
    bench.run(60 * MIN)
    assert len(bench.said(WakeBus)) == 1
    assert bench.commands() == []
    bench.give(BusHeard("main"))
    bench.run(S)
    assert bench.commands() == [("latch", "release")]


def test_a_release_that_falls_due_waits_where_the_bus_cannot_be_woken() -> None:
    settings = Settings(release_when_full=Toggle.ON, release_grace_min=10)
    bench = charging(AC_32, settings, **LOCKED)
    stop_to(bench)
    bench.give(QUIET)
    bench.run(60 * MIN)
    assert bench.said(WakeBus) == []
    assert bench.commands() == []
    bench.give(BusHeard("main"))
    assert bench.commands() == [("latch", "release")]


def test_a_stroke_is_stopped_when_its_bus_falls_asleep_and_done_after_waking() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    outputs = bench.give(QUIET)
    assert DriveOff(LATCH) in outputs
    bench.run(10 * MIN)
    assert bench.commands() == [("latch", "engage")]
    bench.stuck.clear()
    bench.give(BusHeard("main"))
    bench.run(S)
    assert bench.commands() == [("latch", "engage")] * 2
    assert bench.state == "engaged"


# ---- S10: a lost bus, an internal error ---------------------------------------------------------


def test_a_bus_that_fails_in_the_middle_of_a_stroke_stops_it_at_once() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    outputs = bench.give(BusFailed("main"))
    assert DriveOff(LATCH) in outputs
    assert (FaultName.BUS_LOST, True) in bench.faults()
    bench.run(10 * MIN)
    assert bench.commands() == [("latch", "engage")]


def test_a_lost_bus_withdraws_the_permit_and_keeps_the_position() -> None:
    bench = charging()
    bench.give(BusFailed("main"))
    assert bench.manager.permit is Charge.NONE
    assert bench.state == "engaged"
    bench.give(BusRestored("main"))
    assert bench.manager.permit is Charge.AC
    assert bench.faults() == [(FaultName.BUS_LOST, True), (FaultName.BUS_LOST, False)]
    assert bench.commands() == []


def test_two_lost_buses_are_both_needed_back() -> None:
    bench = charging()
    bench.give(BusFailed("main"))
    bench.give(BusFailed("body"))
    bench.give(BusHeard("main"))
    assert bench.manager.permit is Charge.NONE
    assert bench.faults() == [(FaultName.BUS_LOST, True)]
    bench.give(BusRestored("body"))
    assert bench.faults() == [(FaultName.BUS_LOST, True), (FaultName.BUS_LOST, False)]


def test_a_sleeping_bus_that_fails_is_lost() -> None:
    bench = plugged(**LOCKED)
    bench.give(QUIET)
    bench.give(BusFailed("main"))
    memory = bench.manager.memory
    assert (memory.asleep, memory.lost) == (frozenset(), frozenset({"main"}))


def test_a_pin_that_goes_on_moving_after_its_drive_was_cut_was_not_moved_by_hand() -> None:
    bench = plugged(**LOCKED)
    bench.unlatch()
    bench.give(BusFailed("main"))
    bench.run(S)
    bench.give(BusRestored("main"))
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    assert EventName.MANUAL_RELEASE_PULLED not in bench.events()
    assert bench.results()[-1] is Result.RELEASED


def test_an_internal_error_stops_everything_and_stays() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(session=Session.WAITING)
    outputs = bench.give(InternalError("test"))
    assert DriveOff(LATCH) in outputs
    assert (FaultName.INTERNAL_ERROR, True) in bench.faults()
    assert bench.manager.permit is Charge.NONE
    bench.see(**LOCKED)
    bench.see(session=Session.CHARGING)
    bench.run(60 * MIN)
    assert bench.commands() == [("latch", "engage")]
    assert (FaultName.INTERNAL_ERROR, False) not in bench.faults()


# ---- settings -----------------------------------------------------------------------------------


def test_new_settings_are_told_whole_and_hold_at_once() -> None:
    bench = charging(AC_16, **LOCKED)
    bench.see(inlet=Inlet.SAFE, session=Session.COMPLETE)
    outputs = bench.choose(auto_lock="off")
    (took,) = [each for each in outputs if isinstance(each, SettingsTook)]
    assert took.source == "test"
    assert dict(took.settings)["auto-lock"] == "off"
    assert bench.event(EventName.SETTINGS_CHANGED) == {"source": "test"}
    bench.run(S)
    assert bench.commands() == [("latch", "release")]
    assert bench.manager.settings.auto_lock is Toggle.OFF


@pytest.mark.parametrize("kind", [AC_32, DC])
def test_auto_lock_turned_off_in_the_middle_of_a_charge_leaves_safety_as_it_is(
    kind: dict[str, Any],
) -> None:
    bench = charging(kind)
    bench.choose(auto_lock="off")
    bench.run(MIN)
    assert bench.commands() == []
    assert bench.manager.permit is (Charge.DC if kind is DC else Charge.AC)
    bench.see(inlet=Inlet.SAFE, session=Session.WAITING)
    bench.run(60 * MIN)
    assert bench.commands() == [], "a pause holds"
    bench.see(session=Session.COMPLETE)
    bench.run(S)
    assert bench.commands() == [("latch", "release")]


def test_the_mode_of_the_adapter_is_its_own() -> None:
    bench = Bench(
        settings=Settings(latch_mode=Mode.OFF), adapter_lock_fitted=Fitted.FITTED, **LOCKED
    )
    bench.see(occupant=Occupant.ADAPTER)
    bench.run(S)
    assert bench.commands() == [("adapter", "engage")]
    bench.see(occupant=Occupant.CONNECTOR)
    bench.run(MIN)
    assert ("latch", "engage") not in bench.commands()


# ---- segments -----------------------------------------------------------------------------------


def test_a_new_segment_forgets_everything_but_the_settings() -> None:
    settings = Settings(latch_mode=Mode.ALWAYS)
    bench = charging(settings=settings, **LOCKED)
    bench.give(SegmentStarted())
    assert bench.events() == [EventName.NEW_SEGMENT]
    assert bench.manager.snapshot == Snapshot()
    assert bench.manager.memory == Memory()
    assert bench.manager.settings == settings
    assert bench.manager.permit is Charge.NONE
    assert bench.manager.deadline_us is None
    told = {each.signal for each in bench.said(SignalChanged)}
    assert told == set(PARKED)
    assert bench.said(ActuatorChanged) == [
        ActuatorChanged(LATCH, PinState.UNKNOWN, PinState.ENGAGED, False),
        ActuatorChanged(ADAPTER, PinState.UNKNOWN, PinState.RELEASED, False),
    ]


def test_a_segment_where_nothing_was_known_tells_of_nothing_that_changed() -> None:
    bench = plugged()
    bench.give(SegmentStarted())
    bench.clear()
    bench.give(SegmentStarted())
    assert bench.events() == [EventName.NEW_SEGMENT]
    assert len(bench.journal) == 1


def test_a_segment_in_the_middle_of_a_stroke_tells_each_state_once() -> None:
    bench = plugged()
    bench.stuck.add(LATCH)
    bench.see(**LOCKED)
    bench.clear()
    outputs = bench.give(SegmentStarted())
    assert DriveOff(LATCH) in outputs
    assert bench.said(ActuatorChanged) == [
        ActuatorChanged(LATCH, PinState.UNKNOWN, PinState.ENGAGING, False),
        ActuatorChanged(ADAPTER, PinState.UNKNOWN, PinState.RELEASED, False),
    ]


def test_a_segment_ends_faults_and_withdraws_the_stop_of_a_manual_release() -> None:
    bench = charging(**LOCKED)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    bench.clear()
    bench.give(SegmentStarted())
    assert bench.faults() == [(FaultName.UNEXPECTED_OPEN, False)]
    assert bench.stops() == [(False, 0)]
    assert bench.manager.faults == frozenset()


def test_a_segment_tells_each_fault_that_ends_with_its_pin() -> None:
    bench = charging(**LOCKED)
    bench.see(latch=Feedback.RELEASED)
    bench.run(S)
    bench.give(BusFailed("main"))
    bench.clear()
    bench.give(SegmentStarted())
    assert bench.said(Fault) == [
        Fault(FaultName.UNEXPECTED_OPEN, False, LATCH),
        Fault(FaultName.BUS_LOST, False),
    ]


def test_a_segment_tells_each_signal_that_is_forgotten_and_what_it_was() -> None:
    bench = Bench(weld=Weld.UNKNOWN)
    bench.give(SegmentStarted())
    assert bench.said(SignalChanged) == [
        SignalChanged(name, type(value).UNKNOWN, value)
        for name, value in PARKED.items()
        if name not in ("supply_limit", "weld")
    ]


def test_a_segment_tells_of_a_pin_without_a_sensor_as_assumed() -> None:
    bench = Bench(Car(latch=Pin(feedback=False)), latch=Feedback.UNKNOWN)
    bench.see(occupant=Occupant.CONNECTOR, **LOCKED)
    bench.run(10 * S)
    bench.clear()
    bench.give(SegmentStarted())
    assert bench.said(ActuatorChanged) == [
        ActuatorChanged(LATCH, PinState.UNKNOWN, PinState.ENGAGED, True),
        ActuatorChanged(ADAPTER, PinState.UNKNOWN, PinState.RELEASED, False),
    ]


def test_a_segment_ends_a_lost_bus_and_a_sleeping_one() -> None:
    bench = plugged(**LOCKED)
    bench.give(BusQuiet("body", (), ()))
    bench.give(BusFailed("main"))
    bench.give(SegmentStarted())
    memory = bench.manager.memory
    assert (memory.asleep, memory.lost, memory.faults) == (frozenset(), frozenset(), frozenset())


def test_a_segment_begins_like_a_start() -> None:
    bench = plugged(**LOCKED)
    bench.give(SegmentStarted())
    bench.clear()
    bench.see(**{**PARKED, **LOCKED, "occupant": Occupant.CONNECTOR, "latch": Feedback.ENGAGED})
    bench.run(S)
    assert bench.state == "engaged"
    assert bench.rule() == "car_locked"
    assert bench.commands() == []
    assert [each.charge for each in bench.said(Permit)] == []
    assert bench.said(Decided) != []
    assert Flag.LOCKED_SINCE_SEATED in bench.manager.memory.flags
    assert bench.manager.pin(ADAPTER).state is PinState.RELEASED


def test_a_refusal_from_before_the_core_is_answered_and_told() -> None:
    bench = plugged()
    bench.give(Refused(Request.UNLATCH, Source.GUEST, Result.REFUSED_UNPROTECTED))
    assert bench.said(Answered) == [
        Answered(Request.UNLATCH, Source.GUEST, Result.REFUSED_UNPROTECTED)
    ]
    assert bench.event(EventName.REQUEST_REFUSED) == {
        "request": "unlatch",
        "source": "guest",
        "why": "refused-unprotected",
    }
