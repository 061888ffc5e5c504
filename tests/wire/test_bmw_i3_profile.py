"""The BMW i3: each signal by table, and the four recorded cases by their times."""

from __future__ import annotations

import pytest
from car_traces import changes, events, frames_of, profile_of, recording, told
from recordings import LOGS, needs_recordings

from vehicle.core.inputs import MessageInvalid
from vehicle.wire.frame import Frame

# What an idle car says, with and without DC charging.
AC_ONLY = {"ContactorState": "Invalid", "ContactorInfo": "Invalid"}
DC_OPEN = {"ContactorState": "Open", "ContactorInfo": "Ok"}
DC_CLOSED = {"ContactorState": "Closed", "ContactorInfo": "Ok"}
NO_DC_VOLTAGE = 510.0
"""Raw 255, which cars without DC charging send."""


def bus(port=None, contactors=None, charge=None, phase=None, station=None, locks=None):
    """One state of the bus; a message that is None is silent."""
    messages = {
        "LIM_PortState": port,
        "LIM_Contactors": contactors,
        "BMS_ChargeControl": charge,
        "BMS_ChargePhase": None if phase is None else {"TargetPhase": phase},
        "LIM_DcSupply": None if station is None else {"ChargerState": station},
        "Body_Locks": locks,
    }
    return {name: values for name, values in messages.items() if values is not None}


def port(pilot="NoPilot", plug=1, volts=NO_DC_VOLTAGE, **more):
    return {"PlugPresent": plug, "PilotState": pilot, "InletVoltage": volts, **more}


def charge(status="NoCharge", request="None"):
    return {"ChargeStatus": status, "ChargeRequest": request}


EMPTY = bus(port(plug=0), AC_ONLY, charge())


@pytest.mark.parametrize(
    ("state", "motor", "word"),
    [
        (1, 8, "unlocked"),
        (4, 8, "locked"),
        (3, 8, "unlocked"),  # the driver's door alone
        (1, 3, "unlocked"),  # locking begins
        (4, 3, "locked"),  # locked, the motor still runs
        (4, 1, "locked"),  # unlocking begins
        (1, 1, "unlocked"),
        (0, 8, None),
        (2, 8, None),
        (15, 15, None),
    ],
)
def test_the_doors_follow_the_state_nibble_whatever_the_motor_does(state, motor, word):
    seen = told("bmw_i3", bus(locks={"LockState": state, "LockMotor": motor}))
    assert seen.get("car_lock") == word


@pytest.mark.parametrize(
    ("step", "session"),
    [
        (EMPTY, "none"),
        (bus(port("NoPilot"), AC_ONLY, charge()), "none"),
        (bus(port("AC_NotReady"), AC_ONLY, charge()), "waiting"),
        (bus(port("AC_NotReady"), AC_ONLY, charge("Init", "PlugIn")), "waiting"),
        (bus(port("AC_NotReady"), AC_ONLY, charge("Pause", "Timer")), "waiting"),
        (bus(port("AC_NotReady"), AC_ONLY, charge("NoCharge", "PlugIn")), "complete"),
        (bus(port("AC_Ready"), AC_ONLY, charge("Init", "PlugIn")), "charging"),
        (bus(port("AC_Ready"), AC_ONLY, charge("Active", "PlugIn")), "charging"),
        (bus(port("AC_Ready"), AC_ONLY, charge("NoCharge", "PlugIn")), "stopping"),
        (bus(port("AC_Ready", ChargeEnd="Driver"), AC_ONLY, charge("Active")), "stopping"),
        (bus(port("AC_NotReady", ChargeEnd="Driver"), AC_ONLY, charge("Init")), "complete"),
        (bus(port("AC_NotReady", ChargeEnd="Invalid"), AC_ONLY, charge("Init")), "waiting"),
        (bus(port("AC_Ready"), AC_ONLY, charge("Complete", "PlugIn")), "complete"),
        (bus(port("AC_Ready"), AC_ONLY, charge("Error", "PlugIn")), "fault"),
        (bus(port("Error"), AC_ONLY, charge("Init", "PlugIn")), "fault"),
        (bus(port("Static"), AC_ONLY, charge("Init", "PlugIn")), "waiting"),
        (bus(port("Static"), AC_ONLY, charge("NoCharge")), "none"),
        (bus(port("Static"), AC_ONLY), None),
        (bus(port("AC_Ready"), AC_ONLY), "charging"),  # without the car's charge status
        (bus(port("AC_NotReady")), "waiting"),
        (bus(port("Pct5_NotReady", volts=0.0), DC_OPEN, charge("Init"), phase=0), "waiting"),
        (bus(port("Pct5_NotReady", volts=0.0), DC_OPEN, charge("Init"), phase=4), "complete"),
        (bus(port("Pct5_NotReady", volts=0.0), DC_OPEN, charge("Init")), None),  # begin or end?
        (bus(port("Pct5_NotReady", volts=360.0), DC_CLOSED, charge(), phase=4), "stopping"),
        (bus(port("Pct5_Ready", volts=360.0), DC_CLOSED, charge("Active"), phase=3), "charging"),
        (
            bus(port("Pct5_Ready", volts=360.0), DC_CLOSED, charge("Active"), 3, "SwitchOff"),
            "stopping",
        ),
        (bus(port("Pct5_Ready", volts=360.0), DC_CLOSED, charge("Active"), 4), "stopping"),
    ],
)
def test_the_session_is_read_from_plug_pilot_and_the_cars_own_status(step, session):
    assert told("bmw_i3", step).get("session") == session


@pytest.mark.parametrize(
    ("step", "inlet"),
    [
        (EMPTY, "safe"),
        (bus(port("AC_NotReady"), AC_ONLY, charge("Init")), "safe"),
        (bus(port("AC_NotReady"), AC_ONLY, charge("Active")), None),  # not taken back yet
        (bus(port("AC_NotReady"), AC_ONLY), None),
        (bus(port("AC_NotReady")), None),
        (bus(port("AC_Ready"), AC_ONLY, charge("Init")), "energised"),
        (bus(port("AC_Ready")), "energised"),
        (bus(port("Error"), AC_ONLY, charge("Init")), None),
        # 0 V of the DC side says nothing of AC.
        (bus(port("AC_Ready", volts=0.0), DC_OPEN, charge("Active")), "energised"),
        (bus(port("AC_NotReady", volts=0.0), DC_OPEN, charge("Init")), "safe"),
        (bus(port("AC_NotReady", volts=502.0), DC_OPEN, charge("Init")), "safe"),  # AC, by code
        (bus(port("AC_NotReady", volts=502.0), DC_CLOSED, charge("Init")), "energised"),
        (bus(port("AC_NotReady", volts=508.0), DC_OPEN, charge("Init")), None),  # error
        (bus(port("Static", volts=504.0, ChargingType=9), DC_OPEN, charge("Init")), None),
        (bus(port("Pct5_NotReady", volts=58.0), DC_OPEN, charge("Init")), "safe"),
        (bus(port("Pct5_NotReady", volts=60.0), DC_OPEN, charge("Init")), "energised"),
        (bus(port("Pct5_NotReady", volts=500.0), DC_OPEN, charge("Init")), "energised"),
        (bus(port("Pct5_NotReady", volts=504.0), DC_OPEN, charge("Init")), None),  # a code
        (bus(port("Pct5_NotReady", volts=10.0), DC_CLOSED, charge("Init")), "energised"),
        (bus(port("Pct5_NotReady", volts=10.0), AC_ONLY, charge("Init")), None),
        (bus(port("Pct5_Ready", volts=10.0), DC_OPEN, charge("Init")), "energised"),
    ],
)
def test_the_inlet_is_safe_only_with_every_side_shown_safe(step, inlet):
    assert told("bmw_i3", step).get("inlet") == inlet


@pytest.mark.parametrize(
    ("info", "state", "weld"),
    [
        ("Ok", "Open", "passed"),
        ("Ok", "Closed", None),
        ("WeldTest1", "Open", "testing"),
        ("WeldTest3", "Open", "testing"),
        ("Welded1", "Open", "welded"),
        ("WeldFault", "Open", "welded"),
        ("UnexpectedVoltage", "Open", None),
        ("Invalid", "Invalid", "none"),
    ],
)
def test_the_weld_test_is_passed_only_with_open_contactors(info, state, weld):
    seen = told("bmw_i3", bus(contactors={"ContactorInfo": info, "ContactorState": state}))
    assert seen.get("weld") == weld


@pytest.mark.parametrize(
    ("pilot_a", "cable_a", "limit"),
    [
        (10, 13, "up-to-16-a"),
        (16, 0, "up-to-16-a"),
        (32, 0, "above-16-a"),
        (32, 13, "up-to-16-a"),
        (32, 20, "above-16-a"),
        (32, 255, "above-16-a"),  # Type 1: the cable is not measured
        (0, 32, None),
        (255, 32, None),
    ],
)
def test_the_supply_offers_the_smaller_of_pilot_and_cable(pilot_a, cable_a, limit):
    step = bus(port("AC_NotReady", PilotCurrent=pilot_a, CableCurrent=cable_a))
    assert told("bmw_i3", step).get("supply_limit") == limit


@pytest.mark.parametrize(
    ("kind", "fitted"),
    [("None", None), ("AC_Type1", "absent"), ("AC_Type2", "fitted"), ("AC_CCS_1", None)],
)
def test_the_kind_of_inlet_tells_whether_there_is_a_latch(kind, fitted):
    assert told("bmw_i3", bus(port(ChargingType=kind))).get("latch_fitted") == fitted


def test_a_known_latch_stays_known_when_the_cable_is_gone():
    seen = told("bmw_i3", bus(port(ChargingType="AC_Type1")), bus(port(plug=0)))
    assert seen["latch_fitted"] == "absent"


def test_no_button_on_the_fob_asks_for_anything():
    profile = profile_of("bmw_i3")
    assert (0x23A, False) not in profile.receive_ids
    assert profile.layout.requests == ()


def test_contactors_with_a_wrong_checksum_are_not_believed():
    profile = profile_of("bmw_i3")
    good = frames_of(profile, *[bus(contactors=DC_OPEN)] * 3)
    bad = [(t, Frame(f.can_id, bytes([f.data[0] ^ 1]) + f.data[1:], f.channel)) for t, f in good]
    seen = list(events(profile, bad))
    assert changes(seen, "weld") == []
    assert any(isinstance(event, MessageInvalid) for _, event in seen)


# ---- recordings ---------------------------------------------------------------------------------


def decoded(case, *signals):
    return changes(events(profile_of("bmw_i3"), recording(case)), *signals)


@pytest.mark.whole
@needs_recordings
def test_the_type_2_plug_in_is_followed_to_the_millisecond():
    case = "bmw_i3_ac_t2_plug_in_unlocked_car"
    assert decoded(case, "occupant", "session", "latch", "inlet", "car_lock") == [
        (0.0, "occupant", "empty"),
        (0.0, "session", "none"),
        (0.0, "latch", "released"),
        (0.009, "car_lock", "unlocked"),
        (0.301, "inlet", "safe"),  # the second frame of 0x272 is the first that is used
        (6.917, "occupant", "connector"),
        (7.117, "session", "waiting"),
        (10.209, "latch", "engaged"),
        (10.269, "session", "charging"),
        (10.269, "inlet", "energised"),
    ]
    assert decoded(case, "latch_fitted", "supply_limit") == [
        (7.117, "supply_limit", "up-to-16-a"),
        (7.207, "latch_fitted", "fitted"),
    ]


@pytest.mark.whole
@needs_recordings
def test_the_type_1_car_charges_without_a_latch():
    case = "bmw_i3_2014_ac_t1_start"
    assert decoded(case, "occupant", "session", "latch_fitted", "latch") == [
        (0.067, "occupant", "empty"),
        (0.067, "session", "none"),
        (0.067, "latch", "released"),
        (16.082, "occupant", "connector"),
        (16.273, "session", "waiting"),
        (16.375, "latch_fitted", "absent"),
        (16.423, "session", "charging"),
    ]


@pytest.mark.whole
@needs_recordings
def test_the_ccs_session_ends_in_the_order_that_the_car_keeps():
    case = "bmw_i3_2019_ccs_end_ionity"
    signals = ("session", "inlet", "weld", "latch", "occupant", "supply")
    assert decoded(case, *signals) == [
        (0.167, "occupant", "connector"),
        (0.167, "session", "charging"),
        (0.167, "supply", "dc"),
        (0.167, "inlet", "energised"),
        (0.167, "latch", "engaged"),
        (16.574, "session", "stopping"),
        (17.775, "weld", "testing"),
        (17.94, "inlet", "safe"),
        (19.828, "session", "complete"),
        (19.828, "weld", "passed"),
        (20.878, "latch", "released"),
        (21.65, "session", "none"),
        (25.483, "supply", "unknown"),
        (25.494, "occupant", "empty"),
        (25.494, "supply", "none"),
    ]


@pytest.mark.whole
@needs_recordings
def test_the_doors_follow_each_press_of_the_fob_within_half_a_second():
    assert decoded("bmw_i3_fob_lock_unlock_no_cable", "car_lock") == [
        (0.45, "car_lock", "unlocked"),
        (11.93, "car_lock", "locked"),
        (17.83, "car_lock", "unlocked"),
        (39.87, "car_lock", "locked"),
        (42.65, "car_lock", "unlocked"),
    ]


@pytest.mark.whole
@needs_recordings
@pytest.mark.parametrize(
    "case",
    [
        "bmw_i3_ac_t2_plug_in_unlocked_car",
        "bmw_i3_2014_ac_t1_start",
        "bmw_i3_2019_ccs_end_ionity",
        "bmw_i3_fob_lock_unlock_no_cable",
    ],
)
def test_the_checksum_of_0x272_fits_every_recorded_frame(case):
    told_invalid = [
        event
        for _, event in events(profile_of("bmw_i3"), recording(case))
        if isinstance(event, MessageInvalid)
    ]
    assert told_invalid == []


@pytest.mark.whole
@needs_recordings
def test_a_log_with_many_lost_frames_still_tells_a_whole_session_and_its_stop():
    path = LOGS / "formats" / "gvret" / "i3_ptcan_ms_lost_frames_head.csv"
    frames = []
    for line in path.read_text().splitlines()[1:]:
        stamp_ms, can_id, _, bus_number, length, *data = line.split(",")
        if int(can_id, 16) < 0x800:
            payload = bytes(int(byte, 16) for byte in data[: int(length)])
            frames.append((int(stamp_ms) * 1000, Frame(int(can_id, 16), payload, bus_number)))
    seen = list(events(profile_of("bmw_i3"), frames))
    assert not any(isinstance(event, MessageInvalid) for _, event in seen)
    assert changes(seen, "occupant", "session", "inlet") == [
        (0.143, "occupant", "empty"),
        (0.143, "session", "none"),
        (0.578, "inlet", "safe"),
        (1.465, "occupant", "connector"),
        (1.55, "session", "waiting"),
        (1.664, "session", "charging"),
        (1.664, "inlet", "energised"),
        (3.752, "session", "stopping"),  # the handle's button was pressed at 3.592
        (3.987, "session", "complete"),
        (3.987, "inlet", "safe"),
        (4.364, "occupant", "empty"),
        (4.364, "session", "none"),
    ]
