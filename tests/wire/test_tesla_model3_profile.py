"""The Tesla Model 3 and Y: 0x25D alone, the messages that refine it, and the software versions."""

from __future__ import annotations

import pytest
from car_traces import (
    changes,
    events,
    frames_of,
    profile_of,
    recording,
    requests,
    told,
    variant_of,
)
from recordings import needs_recordings

from vehicle.core.inputs import MessageLost
from vehicle.wire.frame import Frame

US = "us-2019"
EMPTY = {"InsertEnable": 1, "LatchState": "Disengaged"}
SEATED = {"InsertEnable": 1, "CablePresent": 1, "LatchState": "Disengaged"}
HELD = {"InsertEnable": 1, "CablePresent": 1, "CableSecured": 1, "LatchState": "Engaged"}
POWERED = HELD | {"InsertEnable": 0}


def bus(port, **others):
    """One state of the bus; messages by keyword."""
    return {"CP_status": port} | others


def evse(pilot="LineCharge", **more):
    return {"PilotState": pilot, **more}


@pytest.mark.parametrize(
    ("port", "believed"),
    [
        (
            EMPTY,
            {"occupant": "empty", "session": "none", "supply": "none"}
            | {"inlet": "safe", "latch": "released"},
        ),
        (
            SEATED,
            {"occupant": "connector", "session": "waiting", "inlet": "safe", "latch": "released"},
        ),
        (
            HELD,
            {"occupant": "connector", "session": "waiting", "inlet": "safe", "latch": "engaged"},
        ),
        (
            POWERED,
            {"occupant": "connector", "session": "charging"}
            | {"inlet": "energised", "latch": "engaged"},
        ),
    ],
)
def test_the_port_alone_is_enough_for_a_session(port, believed):
    seen = told("tesla_model3", bus(port), variant=US)
    assert seen == believed | {"latch_fitted": "fitted"}


@pytest.mark.parametrize("state", ["Engaged", "Blocking"])
def test_a_latch_in_an_empty_inlet_shows_no_connector(state):
    seen = told("tesla_model3", bus(EMPTY | {"LatchState": state}), variant=US)
    assert (seen["occupant"], seen["latch"]) == ("empty", state.lower())


def test_an_unavailable_latch_is_unknown():
    assert "latch" not in told("tesla_model3", bus(EMPTY | {"LatchState": 0}), variant=US)


def test_secured_without_present_is_another_layout_and_unknown():
    assert "occupant" not in told("tesla_model3", bus(EMPTY | {"CableSecured": 1}), variant=US)


@pytest.mark.parametrize(
    ("vehicle", "simple", "word"),
    [
        ("PassiveBleUnlocked", 1, "unlocked"),
        ("PassiveBleUnlocked", 0, "unlocked"),
        ("PassiveBleLocked", 2, "locked"),
        ("RemoteLocked", 2, "locked"),
        ("CrashUnlocked", 1, "unlocked"),
        ("NotAvailable", 2, "locked"),
        ("NotAvailable", 1, "unlocked"),
        ("NotAvailable", 0, None),
        ("PassiveBleUnlocked", 2, None),  # a contradiction
        ("PassiveBleLocked", 1, None),
    ],
)
def test_the_doors_are_known_unless_the_words_contradict(vehicle, simple, word):
    security = {"VehicleLockStatus": vehicle, "SimpleLockStatus": simple}
    step = bus(EMPTY, VCSEC_authentication=security)
    assert told("tesla_model3", step, variant=US).get("car_lock") == word


@pytest.mark.parametrize(
    ("step", "session"),
    [
        (bus(HELD, CP_evseStatus=evse(AcChargeState="Enabled")), "waiting"),  # seen without energy
        (bus(HELD, BMS_status={"ChargeStatus2020": "Charging"}), "waiting"),  # seen without energy
        (bus(HELD, BMS_status={"ChargeStatus2020": "Complete"}), "complete"),
        (bus(HELD, BMS_status={"ChargeStatus2020": "Stopped"}), "waiting"),
        (bus(POWERED, BMS_status={"ChargeStatus2020": "Complete"}), "charging"),
        (bus(EMPTY, BMS_status={"ChargeStatus2020": "Complete"}), "none"),
        (bus(POWERED, CP_evseStatus=evse(AcChargeState="ChargerShutdown")), "stopping"),
        (bus(HELD, CP_evseStatus=evse(AcChargeState="ChargerShutdown")), "waiting"),
        (bus(HELD, CP_evseStatus=evse(AcChargeState="Fault")), "fault"),
        (bus(HELD, CP_chargeStatus={"HvChargeStatus": "Faulted"}), "fault"),
        (bus(POWERED, CP_chargeStatus={"ShutdownRequest": "Graceful"}), "stopping"),
        (bus(POWERED, CP_chargeStatusOld={"ShutdownRequest": "Emergency"}), "stopping"),
        (bus(HELD, CP_evseStatus=evse("None")), "none"),
        (bus(HELD, CP_evseStatus=evse("Idle")), "waiting"),
        (bus(POWERED, CP_evseStatus=evse("None")), "charging"),
    ],
)
def test_other_messages_refine_the_session(step, session):
    assert told("tesla_model3", step, variant=US).get("session") == session


@pytest.mark.parametrize(
    ("step", "inlet"),
    [
        (bus(HELD, ChargeLineStatus={"LineCurrent": 15.0}), "energised"),
        (bus(HELD, ChargeLineStatus={"LineCurrent": 0.9}), "safe"),
        (bus(POWERED, ChargeLineStatus={"LineCurrent": 0.0}), "energised"),
        (
            bus(
                HELD,
                CP_evseStatus=evse("FastCharge", EvseChargeType="DC"),
                CP_dcChargeStatus={"OutputVoltage": 5000, "Stale": 0},
            ),
            "energised",
        ),
        (
            bus(
                HELD,
                CP_evseStatus=evse("FastCharge", EvseChargeType="DC"),
                CP_dcChargeStatus={"OutputVoltage": 5000, "Stale": 1},
            ),
            "safe",
        ),
        (bus(HELD, BMS_status={"ChargeStatus2020": "Charging"}), "safe"),
    ],
)
def test_whatever_shows_energy_makes_the_inlet_energised(step, inlet):
    assert told("tesla_model3", step, variant=US).get("inlet") == inlet


def test_a_silent_line_current_is_not_a_zero():
    profile = profile_of("tesla_model3")
    flowing = bus(HELD, ChargeLineStatus={"LineCurrent": 15.0})
    frames = frames_of(profile, flowing)
    frames += frames_of(profile, *[bus(POWERED)] * 40, start_us=50_000)
    seen = list(events(profile, frames, US))
    assert MessageLost("ChargeLineStatus") in [event for _, event in seen]
    assert changes(seen, "inlet")[1:] == [(0.0, "inlet", "energised")]


@pytest.mark.parametrize(
    ("step", "supply", "limit"),
    [
        (evse("LineCharge", EvseChargeType="AC", PilotCurrent=16.0), "ac", "up-to-16-a"),
        (evse("LineCharge", EvseChargeType="AC", PilotCurrent=16.5), "ac", "above-16-a"),
        (evse("LineCharge", PilotCurrent=0.0), "ac", None),
        (evse("FastCharge", EvseChargeType="DC"), "dc", None),
        (evse("Idle", PilotCurrent=32.0), None, None),
    ],
)
def test_the_evse_tells_kind_and_current(step, supply, limit):
    seen = told("tesla_model3", bus(HELD, CP_evseStatus=step), variant=US)
    assert (seen.get("supply"), seen.get("supply_limit")) == (supply, limit)


@pytest.mark.parametrize(
    ("state", "pilot"),
    [
        ("None", "absent"),
        ("LineCharge", "present"),
        ("Idle", "present"),
        ("Invalid", None),
        (7, None),
    ],
)
def test_a_faulted_pilot_is_neither_present_nor_absent(state, pilot):
    seen = told("tesla_model3", bus(HELD, CP_evseStatus=evse(state)), variant=US)
    assert seen.get("pilot") == pilot


def test_a_car_that_speaks_of_its_adapter_lock_has_one():
    seen = told("tesla_model3", bus(HELD, FC_status={"AdapterLocked": 1}), variant=US)
    assert (seen["adapter_lock"], seen["adapter_lock_fitted"]) == ("engaged", "fitted")
    assert "adapter_lock_fitted" not in told("tesla_model3", bus(HELD), variant=US)


@pytest.mark.parametrize("variant", ["us-2019", "us-2024"])
def test_the_cars_own_wish_to_let_go_is_a_request_each_time_it_begins(variant):
    profile = profile_of("tesla_model3")
    controls = ["Idle", "DisengageRequested", "Idle", "DisengageRequested", "Disengaging"]
    steps = [bus(POWERED | {"LatchControl": control}) for control in controls]
    seen = events(profile, frames_of(profile, *steps), variant)
    assert requests(seen) == [(0.05, "unlatch", "car"), (0.15, "unlatch", "car")]


def test_a_wish_that_was_missed_between_two_frames_is_known_by_the_drive_that_follows():
    profile = profile_of("tesla_model3")
    # Bytes 1 and 2 as in the car of 2019 with CCS, which went from idle to disengaging.
    payloads = ["5f38050000000080", "5f380d0000000080", "2f38110000000080"]
    frames = [(n * 100_000, Frame(0x25D, bytes.fromhex(p), "")) for n, p in enumerate(payloads)]
    assert requests(events(profile, frames, "ccs-2019")) == [(0.1, "unlatch", "car")]


def test_a_wish_that_stands_when_it_is_first_heard_is_no_request():
    profile = profile_of("tesla_model3")
    frames = frames_of(profile, bus(POWERED | {"LatchControl": "DisengageRequested"}))
    assert requests(events(profile, frames, US)) == []


# ---- software versions --------------------------------------------------------------------------


def resting(*payloads, other=()):
    """Return 0x25D payloads, each standing for 3 s of 100 ms frames, among other frames."""
    stamped = []
    for number, payload in enumerate(payloads):
        for tick in range(30):
            now_us = number * 3_000_000 + tick * 100_000
            stamped.append((now_us, Frame(0x25D, bytes.fromhex(payload), "can0")))
            stamped += [(now_us + 1, frame) for frame in other]
    return stamped


def battery(status, place):
    """Return a 0x212 frame with the charge status at one of its places."""
    return Frame(0x212, (status << place).to_bytes(8, "little"), "can0")


@pytest.mark.parametrize(
    ("frames", "variant"),
    [
        (resting("2408040000000080"), "us-2019"),
        (resting("580c010000000080"), "us-2019"),
        # Bytes 1 and 2 as in the car of 2019 with CCS: door idle, latch idle.
        (resting("4428050000000080"), "ccs-2019"),
        (resting("4438050000000080"), "ccs-2019"),
        (resting("2408040000000080", other=[battery(7, 11)]), "us-2024"),
        (resting("580c010000000080", other=[battery(3, 32)]), "us-2024"),
        (resting("580c010000000080", other=[battery(3, 11)]), "us-2019"),
        (resting("4428050000000080", other=[battery(7, 11)]), "ccs-2024"),
        (resting("24f8070000000080"), "other"),
        (resting("2408050000000080", "2408050000000080"), "other"),  # engages for six seconds
        ([], "other"),
    ],
)
def test_the_software_version_is_picked_by_what_rests(frames, variant):
    assert profile_of("tesla_model3").pick_variant(frames) == variant


def test_the_shifted_layout_finds_the_wish_to_let_go_in_its_own_place():
    profile = profile_of("tesla_model3")
    idle, wish = "4438050000000080", "4438090000000080"
    frames = [(n * 100_000, Frame(0x25D, bytes.fromhex(p), "")) for n, p in enumerate([idle, wish])]
    assert requests(events(profile, frames, "ccs-2019")) == [(0.1, "unlatch", "car")]
    assert requests(events(profile, frames, "us-2019")) == []


def test_other_software_is_read_by_what_did_not_move():
    profile = profile_of("tesla_model3")
    complete = {"ChargeStatus2020": "Complete", "ChargeStatus2024": "Complete"}
    step = bus(HELD | {"LatchControl": "DisengageRequested"}, BMS_status=complete)
    assert told("tesla_model3", step, variant="other")["session"] == "waiting"
    frames = frames_of(profile, bus(HELD), step)
    assert requests(events(profile, frames, "other")) == []


def test_before_a_version_is_picked_the_port_is_read_but_not_the_session():
    seen = told("tesla_model3", bus(POWERED))
    assert (seen["occupant"], seen["inlet"], seen["latch"]) == ("connector", "energised", "engaged")
    assert "session" not in seen


# ---- the recording ------------------------------------------------------------------------------


@pytest.mark.whole
@needs_recordings
def test_the_us_session_is_followed_to_the_millisecond():
    profile = profile_of("tesla_model3")
    frames = recording("tesla_m3_us_ac_session")
    variant = variant_of(profile, frames)
    assert variant == profile.pick_variant(frames) == US
    seen = list(events(profile, frames, variant))
    assert changes(seen) == [
        (0.0, "occupant", "empty"),
        (0.0, "session", "none"),
        (0.0, "supply", "none"),
        (0.0, "inlet", "safe"),
        (0.0, "latch", "released"),
        (0.0, "latch_fitted", "fitted"),
        (12.4, "occupant", "connector"),
        (12.4, "session", "waiting"),
        (12.4, "supply", "unknown"),
        (17.199, "latch", "engaged"),
        (19.199, "session", "charging"),
        (19.199, "inlet", "energised"),
        (139.302, "session", "waiting"),
        (139.302, "inlet", "safe"),
        (139.402, "latch", "released"),
        (140.002, "occupant", "empty"),
        (140.002, "session", "none"),
        (140.002, "supply", "none"),
    ]
    assert requests(seen) == [(138.502, "unlatch", "car"), (139.302, "unlatch", "car")]
