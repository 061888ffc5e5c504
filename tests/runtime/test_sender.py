"""What we send: when, how often, and saying what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, Demand, FaultName, PinState
from vehicle.core.outputs import (
    ActuatorChanged,
    Command,
    DriveOff,
    Fault,
    HeatInlet,
    Output,
    Permit,
    SignalChanged,
    StopCharge,
    WakeBus,
)
from vehicle.core.signals import Fitted, Occupant
from vehicle.runtime.sender import (
    CHANGE_GAP_US,
    GRAVEST_FIRST,
    QUIET_US,
    NotListedError,
    Transmitter,
)
from vehicle.wire.codec import Decoder
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("reference")


def sent(
    profile: Profile, *outputs: Output, until_us: int = 0
) -> list[tuple[int, str, dict[str, int]]]:
    """Return (time, message, values) of all that is sent after ``outputs`` on an awake bus."""
    transmitter, decoder = Transmitter(profile), Decoder(profile)
    for output in outputs:
        transmitter.take(0, output)
    transmitter.heard(0)
    found = []
    now_us: int | None = 0
    while now_us is not None and now_us <= until_us:
        for frame in transmitter.due(now_us):
            found.append((now_us, str(decoder.message_of(frame)), decoder.decode(frame) or {}))
        now_us = transmitter.deadline_us
    return found


def command(profile: Profile, *outputs: Output) -> dict[str, int]:
    return next(values for _, name, values in sent(profile, *outputs) if name == "LockCommand")


def status(profile: Profile, *outputs: Output) -> dict[str, int]:
    return next(values for _, name, values in sent(profile, *outputs) if name == "LockStatus")


def seated(occupant: Occupant, adapter_lock: Fitted = Fitted.FITTED) -> list[Output]:
    return [
        SignalChanged("occupant", occupant, None),
        SignalChanged("latch_fitted", Fitted.FITTED, None),
        SignalChanged("adapter_lock_fitted", adapter_lock, None),
    ]


def pin(actuator: Actuator, state: PinState, assumed: bool = False) -> ActuatorChanged:
    return ActuatorChanged(actuator, state, None, assumed)


def test_each_message_keeps_its_cycle(profile: Profile) -> None:
    times = [(at_us, name) for at_us, name, _ in sent(profile, until_us=1_000_000)]
    assert [t for t, name in times if name == "LockCommand"] == list(range(0, 1_000_001, 50_000))
    assert [t for t, name in times if name == "LockStatus"] == [0, 500_000, 1_000_000]


def test_a_command_that_says_something_new_leaves_at_once_and_begins_its_cycle_anew(
    profile: Profile,
) -> None:
    transmitter, decoder = Transmitter(profile), Decoder(profile)
    transmitter.heard(0)
    transmitter.due(0)
    transmitter.take(7_000, Command(Actuator.LATCH, Demand.ENGAGE, 1))
    assert transmitter.deadline_us == 7_000
    (frame,) = transmitter.due(7_000)
    assert (decoder.decode(frame) or {})["LatchCommand"] == 1
    assert transmitter.deadline_us == 57_000


def test_news_never_leave_in_quick_succession(profile: Profile) -> None:
    transmitter = Transmitter(profile)
    transmitter.heard(0)
    transmitter.due(0)
    sent_us = []
    for now_us in range(1_000, 1_000_000, 1_000):
        engages = now_us // 1_000 % 2
        news = Command(Actuator.LATCH, Demand.ENGAGE, 1) if engages else DriveOff(Actuator.LATCH)
        transmitter.take(now_us, news)
        due_us = transmitter.deadline_us
        if due_us is not None and due_us <= now_us:
            sent_us += [now_us for f in transmitter.due(now_us) if f.can_id == 288]
    assert len(sent_us) > 90
    for first, second, third in zip(sent_us, sent_us[1:], sent_us[2:], strict=False):
        assert third - first >= CHANGE_GAP_US, "one of news and one of the cycle at most"
        assert second > first


def test_news_that_are_taken_back_in_time_cost_no_frame_more_than_one(profile: Profile) -> None:
    transmitter = Transmitter(profile)
    transmitter.heard(0)
    transmitter.due(0)
    transmitter.take(5_000, Permit(Charge.AC, None))
    transmitter.take(5_000, Permit(Charge.NONE, Charge.AC))
    assert len(transmitter.due(5_000)) == 1
    assert transmitter.deadline_us == 55_000


def test_nothing_new_is_said_on_a_bus_that_sleeps(profile: Profile) -> None:
    transmitter = Transmitter(profile)
    transmitter.heard(0)
    while (due_us := transmitter.deadline_us) is not None:
        transmitter.due(due_us)
    transmitter.take(QUIET_US + 1, Command(Actuator.LATCH, Demand.ENGAGE, 1))
    assert transmitter.deadline_us is None
    assert transmitter.due(QUIET_US + 1) == []


def test_nothing_is_sent_before_a_frame_was_heard(profile: Profile) -> None:
    transmitter = Transmitter(profile)
    transmitter.take(0, Command(Actuator.LATCH, Demand.ENGAGE, 1))
    assert transmitter.deadline_us is None
    assert transmitter.due(1_000_000) == []


def test_a_bus_on_which_nobody_speaks_is_left_alone(profile: Profile) -> None:
    last_us = sent(profile, until_us=10_000_000)[-1][0]
    assert QUIET_US - 50_000 <= last_us < QUIET_US


def test_a_frame_just_before_the_silence_would_be_one_leaves_nothing_unsent(
    profile: Profile,
) -> None:
    """Whoever asked in between when to call again is not told anew, and calls in time."""
    transmitter, cycle_us = Transmitter(profile), 50_000
    transmitter.heard(0)
    transmitter.due(QUIET_US - 20_000)
    due_us = transmitter.deadline_us
    told = transmitter.heard(QUIET_US - 10_000)
    assert told or due_us == QUIET_US - 20_000 + cycle_us
    assert len(transmitter.due(QUIET_US - 20_000 + cycle_us)) == 1


@pytest.mark.parametrize("late_us", [0, 1, 30_000, 10_000_000])
def test_nothing_stays_due_when_the_turn_for_it_comes_after_the_bus_fell_silent(
    profile: Profile, late_us: int
) -> None:
    transmitter = Transmitter(profile)
    transmitter.heard(0)
    transmitter.due(QUIET_US - 10_000)
    transmitter.take(QUIET_US - 1, Permit(Charge.AC, None))
    assert transmitter.deadline_us == QUIET_US - 1
    assert transmitter.due(QUIET_US + late_us) == []
    assert transmitter.deadline_us is None
    transmitter.heard(QUIET_US + late_us)
    assert len(transmitter.due(QUIET_US + late_us)) == 2


@given(
    turns=st.lists(
        st.tuples(st.integers(0, 2 * QUIET_US), st.sampled_from(["hear", "permit", "deny", "wait"]))
    )
)
def test_after_every_turn_the_next_one_is_due_later_or_never(
    profile: Profile, turns: list[tuple[int, str]]
) -> None:
    transmitter, now_us = Transmitter(profile), 0
    for wait_us, what in turns:
        now_us += wait_us
        if what == "hear":
            transmitter.heard(now_us)
        elif what != "wait":
            charge = Charge.AC if what == "permit" else Charge.NONE
            transmitter.take(now_us, Permit(charge, None))
        transmitter.due(now_us)
        assert transmitter.deadline_us is None or transmitter.deadline_us > now_us


def test_sending_begins_again_with_the_first_frame_heard(profile: Profile) -> None:
    transmitter = Transmitter(profile)
    transmitter.heard(0)
    transmitter.due(0)
    assert transmitter.due(9_000_000) == []
    transmitter.heard(9_000_000)
    assert transmitter.deadline_us == 9_000_000
    assert len(transmitter.due(9_000_000)) == 2


def test_a_late_call_sends_one_frame_and_never_a_burst(profile: Profile) -> None:
    transmitter = Transmitter(profile)
    transmitter.heard(0)
    transmitter.due(0)
    assert len([f for f in transmitter.due(170_000) if f.can_id == 288]) == 1
    assert transmitter.due(210_000) == []
    assert len(transmitter.due(220_000)) == 1


@pytest.mark.parametrize(("demand", "raw"), [(Demand.ENGAGE, 1), (Demand.RELEASE, 2)])
def test_the_drive_lasts_from_the_command_to_its_end(
    profile: Profile, demand: Demand, raw: int
) -> None:
    begin, end = Command(Actuator.LATCH, demand, 1), DriveOff(Actuator.LATCH)
    assert command(profile)["LatchCommand"] == 0
    assert command(profile, begin)["LatchCommand"] == raw
    assert command(profile, begin)["AdapterLockCommand"] == 0
    assert command(profile, begin, end)["LatchCommand"] == 0


def test_the_two_pins_are_driven_apart(profile: Profile) -> None:
    values = command(
        profile,
        Command(Actuator.LATCH, Demand.RELEASE, 1),
        Command(Actuator.ADAPTER, Demand.ENGAGE, 1),
        DriveOff(Actuator.LATCH),
    )
    assert (values["LatchCommand"], values["AdapterLockCommand"]) == (0, 1)


@pytest.mark.parametrize(("charge", "raw"), [*zip(Charge, (0, 1, 2, 3), strict=True)])
def test_the_permit_is_sent_as_it_is(profile: Profile, charge: Charge, raw: int) -> None:
    assert command(profile, Permit(charge, None))["ChargePermit"] == raw


def test_the_stop_stands_until_it_is_withdrawn(profile: Profile) -> None:
    asked = StopCharge(True, 1)
    assert command(profile, asked)["StopCharging"] == 1
    assert command(profile, asked, StopCharge(True, 2))["StopCharging"] == 1
    assert command(profile, asked, StopCharge(False, 0))["StopCharging"] == 0


def test_the_heating_stands_until_it_ends(profile: Profile) -> None:
    asked = HeatInlet(True, 1)
    assert command(profile)["HeatInlet"] == 0
    assert command(profile, asked)["HeatInlet"] == 1
    assert command(profile, asked, HeatInlet(False, 0))["HeatInlet"] == 0


@pytest.mark.parametrize(
    ("outputs", "held"),
    [
        ([], 0),
        (seated(Occupant.EMPTY), 1),
        ([*seated(Occupant.CONNECTOR), pin(Actuator.LATCH, PinState.RELEASED)], 2),
        ([*seated(Occupant.CONNECTOR), pin(Actuator.LATCH, PinState.ENGAGING)], 2),
        ([*seated(Occupant.CONNECTOR), pin(Actuator.LATCH, PinState.ENGAGED)], 3),
        ([*seated(Occupant.CONNECTOR), pin(Actuator.LATCH, PinState.ENGAGED, True)], 0),
        (seated(Occupant.CONNECTOR), 0),
        ([*seated(Occupant.ADAPTER), pin(Actuator.ADAPTER, PinState.ENGAGED)], 4),
        ([*seated(Occupant.ADAPTER), pin(Actuator.LATCH, PinState.ENGAGED)], 0),
        ([*seated(Occupant.ADAPTER_AND_CONNECTOR), pin(Actuator.ADAPTER, PinState.ENGAGED)], 5),
        (
            [*seated(Occupant.ADAPTER, Fitted.ABSENT), pin(Actuator.LATCH, PinState.ENGAGED)],
            4,
        ),
        (
            [*seated(Occupant.ADAPTER, Fitted.UNKNOWN), pin(Actuator.LATCH, PinState.ENGAGED)],
            0,
        ),
        (
            [
                SignalChanged("occupant", Occupant.CONNECTOR, None),
                SignalChanged("latch_fitted", Fitted.ABSENT, None),
            ],
            2,
        ),
    ],
)
def test_held_means_held_for_sure(profile: Profile, outputs: list[Output], held: int) -> None:
    assert status(profile, *outputs)["Held"] == held


def test_the_pins_states_are_told_and_a_missing_pin_as_missing(profile: Profile) -> None:
    values = status(
        profile,
        SignalChanged("adapter_lock_fitted", Fitted.ABSENT, None),
        pin(Actuator.LATCH, PinState.JAMMED),
    )
    assert (values["LatchState"], values["AdapterLockState"]) == (5, 6)


def test_of_several_faults_the_gravest_is_named(profile: Profile) -> None:
    lost = Fault(FaultName.FEEDBACK_LOST, True, Actuator.LATCH)
    welded = Fault(FaultName.CONTACTORS_WELDED, True)
    assert status(profile)["FaultCode"] == 0
    assert status(profile, lost, welded)["FaultCode"] == 8
    assert status(profile, lost, welded, replace(welded, active=False))["FaultCode"] == 5


def test_every_fault_has_its_rank() -> None:
    assert sorted(GRAVEST_FIRST) == sorted(FaultName)


def test_the_wake_frame_is_sent_once_and_at_once_on_a_sleeping_bus(profile: Profile) -> None:
    transmitter = Transmitter(profile)
    transmitter.take(5, WakeBus())
    assert transmitter.deadline_us == 0
    assert [frame.can_id for frame in transmitter.due(5)] == [1280]
    assert transmitter.due(6) == []
    assert transmitter.deadline_us is None


def test_a_bus_without_a_wake_frame_cannot_be_woken(profile: Profile) -> None:
    deaf = replace(profile, transmit={"command": profile.transmit["command"]})
    with pytest.raises(NotListedError, match="lists no wake frame"):
        Transmitter(deaf).take(0, WakeBus())


def test_a_frame_that_is_not_listed_never_leaves(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    transmitter = Transmitter(profile)
    monkeypatch.setattr(transmitter._frames, "command", lambda *_, **__: Frame(0x333, bytes(8)))
    transmitter.heard(0)
    with pytest.raises(NotListedError, match="frame 333 is not on profile reference's transmit"):
        transmitter.due(0)


def test_a_car_that_takes_no_command_is_sent_none(profile: Profile) -> None:
    assert sent(replace(profile, transmit={}), until_us=1_000_000) == []


def test_a_reset_forgets_drive_permit_and_bus(profile: Profile) -> None:
    transmitter, decoder = Transmitter(profile), Decoder(profile)
    began = (Command(Actuator.LATCH, Demand.ENGAGE, 1), Permit(Charge.DC, None), HeatInlet(True, 1))
    for output in began:
        transmitter.take(0, output)
    transmitter.heard(0)
    transmitter.reset()
    assert transmitter.deadline_us is None
    transmitter.heard(0)
    values = decoder.decode(transmitter.due(0)[0]) or {}
    words = ("LatchCommand", "ChargePermit", "HeatInlet")
    assert [values[word] for word in words] == [0, 0, 0]
