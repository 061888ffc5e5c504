"""The simulated control units: the right frames at the right time, and a command well judged."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import pytest

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, Demand
from vehicle.runtime.ecus import (
    COMMAND_LIMIT_US,
    MESSAGES,
    SURROUNDINGS,
    WAKE_US,
    ControlUnits,
)
from vehicle.runtime.orders import FaultOrder, Orders
from vehicle.runtime.plant import Plant, StartState
from vehicle.wire.codec import Decoder, Sender
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile

FOREVER_US = 1_000_000_000


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("reference")


def units(
    profile: Profile, *faults: FaultOrder, jitter_us: int = 0, seed: int = 0, **start: Any
) -> tuple[Plant, ControlUnits]:
    orders = Orders(faults)
    plant = Plant(StartState(**start), orders, reports_weld_test=True)
    return plant, ControlUnits(profile, plant, orders, Random(seed), jitter_us)


def fault(what: str, to_us: int = FOREVER_US, **values: Any) -> FaultOrder:
    return FaultOrder(0, to_us, what, values)


def heard(bus: ControlUnits, to_us: int, from_us: int = 0) -> list[tuple[int, Frame]]:
    """Return the frames on the bus up to ``to_us``."""
    found = []
    now_us = from_us
    while (due_us := bus.deadline_us) is not None and due_us <= to_us:
        now_us = max(now_us, due_us)
        found += [(now_us, frame) for frame in bus.due(now_us)]
    return found


def times(profile: Profile, frames: list[tuple[int, Frame]], message: str) -> list[int]:
    can_id = profile.dbc.messages[message].can_id
    return [now_us for now_us, frame in frames if frame.can_id == can_id]


@pytest.mark.parametrize("message", [*MESSAGES, *SURROUNDINGS])
def test_each_message_keeps_the_cycle_of_the_dbc(profile: Profile, message: str) -> None:
    _, bus = units(profile, surroundings=True)
    sent = times(profile, heard(bus, 3_000_000), message)
    gaps = {later - earlier for earlier, later in pairwise(sent)}
    assert gaps == {profile.dbc.messages[message].cycle_us}


def test_the_first_frame_is_at_the_very_beginning(profile: Profile) -> None:
    _, bus = units(profile, jitter_us=5000)
    assert heard(bus, 0)[0][0] == 0


def test_jitter_delays_frames_but_does_not_add_up(profile: Profile) -> None:
    _, bus = units(profile, jitter_us=5000)
    sent = times(profile, heard(bus, 10_000_000), "DoorLockState")
    late = [now_us - index * 100_000 for index, now_us in enumerate(sent)]
    assert all(0 <= each <= 5000 for each in late)
    assert len(set(late)) > 10


def test_the_same_seed_gives_the_same_frames(profile: Profile) -> None:
    first, second, other = (
        heard(units(profile, jitter_us=5000, seed=seed)[1], 1_000_000) for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_the_frames_say_what_is_true(profile: Profile) -> None:
    start = {"doors": "driver-door-only", "key": "inside", "connector": True, "adapter": True}
    _, bus = units(profile, **start, adapter_lock="engaged", supply="ac", limit_a=20)
    decoder = Decoder(profile)
    said: dict[str, int] = {}
    for _, frame in heard(bus, 400_000):
        said |= decoder.decode(frame) or {}
    wanted = {"CarLock": 3, "KeyZone": 5, "ConnectorPresent": 2, "AdapterPresent": 2}
    wanted |= {"AdapterLockPosition": 2, "LatchPosition": 1, "Supply": 2, "SupplyLimit": 20}
    wanted |= {"Contactors": 1, "InletVoltage": 0, "PortRequest": 1, "FobGesture": 1}
    assert {name: said[name] for name in wanted} == wanted


def test_a_silent_message_is_not_sent_and_the_others_are(profile: Profile) -> None:
    _, bus = units(profile, fault("silent_message", message="KeyState"))
    frames = heard(bus, 1_000_000)
    assert times(profile, frames, "KeyState") == []
    assert times(profile, frames, "DcState")


def test_a_bad_checksum_is_bad_and_the_counter_runs_on(profile: Profile) -> None:
    _, bus = units(profile, fault("bad_checksum", to_us=500_000, message="DoorLockState"))
    decoder = Decoder(profile)
    frames = [frame for _, frame in heard(bus, 900_000) if frame.can_id == 528]
    believed = [decoder.decode(frame) is not None for frame in frames]
    assert believed == [False] * 5 + [True] * 5
    assert [frame.data[2] for frame in frames] == list(range(10))


def test_a_hanging_sender_repeats_the_very_same_frame(profile: Profile) -> None:
    order = FaultOrder(150_000, 450_000, "repeated_counter", {"message": "DoorLockState"})
    plant, bus = units(profile, order)
    frames = []
    for now_us in range(0, 700_000, 100_000):
        plant.doors = "locked" if now_us == 300_000 else plant.doors
        frames += [frame for frame in bus.due(now_us) if frame.can_id == 528]
    assert [frame.data[2] for frame in frames] == [0, 1, 1, 1, 1, 2, 3]
    assert frames[1] == frames[4] != frames[5]


def test_lost_frames_are_lost_at_about_the_ordered_rate(profile: Profile) -> None:
    _, bus = units(profile, fault("lost_frames", percent=20, message="ChargePortState"))
    frames = heard(bus, 50_000_000)
    assert 700 < len(times(profile, frames, "ChargePortState")) < 900
    assert len(times(profile, frames, "DcState")) == 500


def test_a_sleeping_bus_is_silent_until_it_is_woken(profile: Profile) -> None:
    _, bus = units(profile)
    bus.sleep()
    assert bus.deadline_us is None
    bus.hear(5_000_000, Sender(profile).wake())
    assert bus.deadline_us == 5_000_000 + WAKE_US
    assert heard(bus, 5_100_000, from_us=5_000_000)


def test_waking_an_awake_bus_changes_nothing(profile: Profile) -> None:
    _, bus = units(profile)
    heard(bus, 500_000)
    due_us = bus.deadline_us
    bus.hear(510_000, Sender(profile).wake())
    assert bus.deadline_us == due_us


def test_control_units_may_ignore_the_wake_frame(profile: Profile) -> None:
    _, bus = units(profile, fault("ignores_wake"))
    bus.sleep()
    bus.hear(5_000_000, Sender(profile).wake())
    assert bus.deadline_us is None


def test_a_command_is_obeyed_until_it_is_too_old(profile: Profile) -> None:
    plant, bus = units(profile)
    sender = Sender(profile)
    bus.hear(0, sender.command(latch="engage", adapter="release", permit="ac", stop=True))
    pins, charger = plant.pins, plant.charger
    assert pins[Actuator.LATCH].drive is Demand.ENGAGE
    assert pins[Actuator.ADAPTER].drive is Demand.RELEASE
    assert (charger.permit, charger.stop) == (Charge.AC, True)
    bus.due(COMMAND_LIMIT_US - 1)
    assert charger.permit is Charge.AC
    bus.due(COMMAND_LIMIT_US)
    assert pins[Actuator.LATCH].drive is Demand.HOLD
    assert (charger.permit, charger.stop) == (Charge.NONE, False)


def test_a_command_with_a_bad_checksum_or_a_repeated_counter_is_not_obeyed(
    profile: Profile,
) -> None:
    plant, bus = units(profile)
    sender = Sender(profile)
    first = sender.command()
    bus.hear(0, first)
    good = sender.command(latch="engage")
    bus.hear(50_000, good._replace(data=b"\0\0" + good.data[2:]))
    assert plant.pins[Actuator.LATCH].drive is Demand.HOLD
    bus.hear(100_000, good)
    assert plant.pins[Actuator.LATCH].drive is Demand.ENGAGE
    bus.hear(150_000, first._replace(data=good.data))
    bus.due(100_000 + COMMAND_LIMIT_US)
    assert plant.pins[Actuator.LATCH].drive is Demand.HOLD


def test_a_sleeping_control_unit_drives_nothing(profile: Profile) -> None:
    plant, bus = units(profile)
    bus.sleep()
    bus.hear(0, Sender(profile).command(latch="engage"))
    assert plant.pins[Actuator.LATCH].drive is Demand.HOLD
