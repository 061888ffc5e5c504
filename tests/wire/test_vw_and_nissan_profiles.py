"""Volkswagen MEB and Golf GTE, and the Nissan Leaf: known by public layouts only."""

from __future__ import annotations

import pytest
from car_traces import frames_of, profile_of, told

ALL_LOCKED = {
    "TSG_FT_01": {"DriverDoorLocked": 1},
    "TSG_HFS_01": {"RearDriverSideLocked": 1},
    "TSG_HBFS_01": {"RearPassengerSideLocked": 1},
}


@pytest.mark.parametrize(
    ("step", "word"),
    [
        ({"ZV_02": {"LockedOutside": 1, "ActualStateAvailable": 1}}, "locked"),
        ({"ZV_02": {"LockedOutside": 0, "ActualStateAvailable": 1}}, "unlocked"),
        ({"ZV_02": {"LockedOutside": 0}}, None),
        ({"ZV_02": {"LockedOutsideTarget": 1, "ActualStateAvailable": 1}}, "unlocked"),
        (ALL_LOCKED, "locked"),
        (ALL_LOCKED | {"TSG_FT_01": {"DriverDoorLocked": 0}}, "unlocked"),
        ({"TSG_FT_01": {"DriverDoorLocked": 1}}, None),
        ({"TSG_HBFS_01": {"RearPassengerSideLocked": 0}}, "unlocked"),
        (ALL_LOCKED | {"ZV_02": {"LockedOutside": 0, "ActualStateAvailable": 1}}, "unlocked"),
    ],
)
def test_the_meb_believes_what_is_and_never_what_is_wanted(step, word):
    assert told("vw_meb", step).get("car_lock") == word


@pytest.mark.parametrize("locked", [0, 1])
def test_the_golf_reads_the_outside_lock(locked):
    seen = told("vw_golf_gte", {"ZV_02": {"LockedOutside": locked}})
    assert seen["car_lock"] == ("locked" if locked else "unlocked")


@pytest.mark.parametrize(
    ("charge_type", "charging", "believed"),
    [
        ("None", 0, ("empty", "none", "none", "safe")),
        ("AC_Type2", 0, ("connector", "waiting", "ac", None)),
        ("AC_Type2", 1, ("connector", "charging", "ac", "energised")),
        ("CCS", 1, ("connector", "charging", "dc", "energised")),
        ("ConnectedComplete", 0, ("connector", "complete", None, None)),
        ("None", 1, (None, "charging", None, "energised")),  # contradicts itself
    ],
)
def test_the_golf_is_safe_only_with_nothing_plugged_in(charge_type, charging, believed):
    step = {"ChargeManagement": {"ChargeType": charge_type, "ChargeInProgress": charging}}
    seen = told("vw_golf_gte", step)
    assert tuple(map(seen.get, ("occupant", "session", "supply", "inlet"))) == believed


def test_the_golfs_plug_lock_error_is_no_position():
    seen = told("vw_golf_gte", {"ChargeManagement": {"PlugLockError": 1, "ChargeType": 1}})
    assert "latch" not in seen


@pytest.mark.parametrize(
    ("driver", "others", "word"),
    [(1, 1, "locked"), (0, 1, "unlocked"), (1, 0, "unlocked"), (0, 0, "unlocked")],
)
def test_the_leaf_is_locked_only_with_every_door_locked(driver, others, word):
    doors = {"DriverDoorLocked": driver, "OtherDoorsLocked": others}
    assert told("nissan_leaf", {"BCM_Doors": doors})["car_lock"] == word


def test_the_leafs_lock_bits_are_0x10_and_0x08_of_byte_2():
    profile = profile_of("nissan_leaf")
    doors = {"DriverDoorLocked": 1}
    (_, frame), *_ = frames_of(profile, {"BCM_Doors": doors})
    assert frame.data[2] == 0x10


@pytest.mark.parametrize(
    ("status", "byte_5"), [("Charging", 0x08), ("PluggedWaiting", 0x18), ("Finished", 0x04)]
)
def test_the_leafs_charge_status_is_in_motorola_bit_order(status, byte_5):
    (_, frame), *_ = frames_of(profile_of("nissan_leaf"), {"OBC_Status": {"ChargeStatus": status}})
    assert frame.data[5] == byte_5


@pytest.mark.parametrize(
    ("status", "believed"),
    [
        ("Idle", ("empty", "none", "safe")),
        ("PlugIn", ("connector", "waiting", None)),
        ("TimerWait", ("connector", "waiting", None)),
        ("Charging", ("connector", "charging", "energised")),
        ("QuickCharging", ("connector", "charging", "energised")),
        ("Finished", (None, "complete", None)),
        (0x11, (None, None, None)),
    ],
)
def test_the_first_leaf_tells_its_session_in_one_byte(status, believed):
    seen = told("nissan_leaf", {"OBC_StatusZE0": {"ChargeStatus": status}})
    assert tuple(map(seen.get, ("occupant", "session", "inlet"))) == believed


def test_the_first_leafs_pilot_shows_a_cable_that_waits():
    seen = told("nissan_leaf", {"OBC_StatusZE0": {"ChargeStatus": "Idle", "PilotCurrent": 30}})
    assert (seen["occupant"], seen["pilot"]) == ("connector", "present")
    assert "inlet" not in seen


@pytest.mark.parametrize(
    ("step", "believed"),
    [
        ({"ChargeStatus": "Charging"}, ("connector", "charging", "energised")),
        ({"ChargeStatus": "PluggedWaiting"}, ("connector", "waiting", None)),
        ({"ChargeStatus": "Finished"}, (None, "complete", None)),
        ({"ChargeStatus": "Idle8"}, (None, "none", None)),
        ({"ChargeStatus": "IdleOrQuick", "QuickCharge": 1}, (None, "charging", "energised")),
        ({"ChargeStatus": "IdleOrQuick"}, (None, None, None)),
    ],
)
def test_the_later_leaf_never_calls_a_plugged_inlet_empty_or_safe(step, believed):
    seen = told("nissan_leaf", {"OBC_Status": step})
    assert tuple(map(seen.get, ("occupant", "session", "inlet"))) == believed


@pytest.mark.parametrize(
    ("amps", "limit"), [(16.0, "up-to-16-a"), (16.5, "above-16-a"), (0.0, None)]
)
def test_the_later_leafs_pilot_counts_in_one_phase_only(amps, limit):
    valid = {"OBC_Status": {"ChargePhase": "PilotValid", "PilotCurrent": amps}}
    other = {"OBC_Status": {"ChargePhase": 0x60, "PilotCurrent": amps}}
    assert told("nissan_leaf", valid).get("supply_limit") == limit
    assert "supply_limit" not in told("nissan_leaf", other)


@pytest.mark.parametrize("message", ["CHAdeMO_Station", "VCM_ChademoStation"])
@pytest.mark.parametrize(
    ("station", "believed"),
    [
        ({"ConnectorLocked": 1}, ("connector", None, "dc", None)),
        (
            {"ConnectorLocked": 1, "StationCharging": 1},
            ("connector", "charging", "dc", "energised"),
        ),
        (
            {"ConnectorLocked": 1, "StationCharging": 1, "StopControl": 1},
            ("connector", "stopping", "dc", "energised"),
        ),
        ({"ConnectorLocked": 1, "OutputVoltage": 60}, ("connector", None, "dc", "energised")),
        ({}, (None, None, None, None)),
    ],
)
def test_a_chademo_connector_tells_of_itself(message, station, believed):
    seen = told("nissan_leaf", {message: station})
    assert tuple(map(seen.get, ("occupant", "session", "supply", "inlet"))) == believed


def test_a_chademo_connector_locks_itself():
    assert profile_of("nissan_leaf").car.connector_locks_itself
