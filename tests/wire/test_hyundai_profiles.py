"""The Hyundai Kona EV and Ioniq 5."""

from __future__ import annotations

import pytest
from car_traces import changes, events, frames_of, profile_of, recording, requests, told
from recordings import needs_recordings

from vehicle.core.inputs import MessageLost

AWAY = {"EvseDisconnected": 1}
PLUGGED = {"EvseDetected": 1}
QUIET = {"ChargeTrigger": 0}


def kona(port=None, latch=None, charge=None, **others):
    """One state of the Kona's bus; a message that is None is silent."""
    messages = {
        "OBC_PortState": port,
        "IGPM_ChargePort": None if latch is None else {"PortLocked": latch},
        "BMS_ChargeState": charge,
        **others,
    }
    return {name: values for name, values in messages.items() if values is not None}


MEASURED_ZERO = {
    "BMS_Contactors": {"DcRelayClosed": 0},
    "OBC_Sensors": {"AcCurrent": 0.0},
    "CCM_Output": {"PresentVoltage": 0.0},
}


@pytest.mark.parametrize(
    ("port", "occupant"),
    [
        (AWAY, "empty"),
        (PLUGGED, "connector"),
        ({}, None),  # the first frame after waking
        (AWAY | PLUGGED, None),  # nonsense
    ],
)
def test_the_kona_knows_a_connector_only_when_both_bits_agree(port, occupant):
    assert told("hyundai_kona_ev", kona(port)).get("occupant") == occupant


@pytest.mark.parametrize(
    ("step", "latch"),
    [
        (kona(latch=0), "released"),
        (kona(latch=1), "engaged"),
        (kona({"PortLocked": 1}), "engaged"),
        (kona({"PortLocked": 1}, latch=0), "released"),  # who moves it knows it
    ],
)
def test_the_konas_latch_is_what_the_body_controller_says(step, latch):
    assert told("hyundai_kona_ev", step).get("latch") == latch


@pytest.mark.parametrize(
    ("step", "session"),
    [
        (kona(AWAY, charge=QUIET), "none"),
        (kona(PLUGGED, charge=QUIET), "waiting"),
        (kona(PLUGGED, charge={"ChargeTrigger": 1}), "charging"),
        (kona(PLUGGED, charge={"ChargeTrigger": 1, "ChargeEndAck": 1}), "stopping"),
        (kona(PLUGGED, charge={"ChargeEndAck": 1}), "complete"),
        (kona(PLUGGED, CCM_Progress={"ChargeProgress": "CableCheck"}), "waiting"),
        (kona(PLUGGED, CCM_Progress={"ChargeProgress": "CurrentDemand"}), "charging"),
        (kona(PLUGGED, CCM_Progress={"ChargeProgress": "WeldingDetection"}), "stopping"),
        (kona(PLUGGED, charge=QUIET, CCM_Progress={"ChargeProgress": "None"}), "waiting"),
        (kona(PLUGGED), None),
        (kona(charge={"ChargeTrigger": 1}), None),
    ],
)
def test_the_konas_session_is_read_from_charger_battery_and_ccs(step, session):
    assert told("hyundai_kona_ev", step).get("session") == session


@pytest.mark.parametrize(
    ("step", "inlet"),
    [
        (kona(PLUGGED, charge=QUIET, **MEASURED_ZERO), "safe"),
        (kona(PLUGGED, **MEASURED_ZERO), None),
        (kona(PLUGGED, charge={"ChargeTrigger": 1}, **MEASURED_ZERO), "energised"),
        (kona(BMS_Contactors={"DcRelayClosed": 1}), "energised"),
        (kona(OBC_Sensors={"AcCurrent": 1.0}), "energised"),
        (kona(PLUGGED, CCM_Output={"PresentVoltage": 60.0}), "energised"),
        (
            kona(PLUGGED, charge=QUIET, **MEASURED_ZERO | {"OBC_Sensors": {"AcCurrent": 0.99}}),
            "safe",
        ),
        (kona(AWAY, BMS_Contactors={"DcRelayClosed": 0}), "safe"),
        (kona(AWAY), None),
    ],
)
def test_the_konas_inlet_is_safe_only_when_all_that_measures_says_so(step, inlet):
    assert told("hyundai_kona_ev", step).get("inlet") == inlet


@pytest.mark.parametrize(
    ("port", "others", "supply", "limit"),
    [
        (AWAY, {}, "none", None),
        (PLUGGED, {"CCM_Progress": {"ChargeProgress": "PreCharge"}}, "dc", None),
        (
            PLUGGED | {"AcCurrentPossible": 32.0},
            {"CCM_Progress": {}, "OBC_Sensors": {"AcVoltage": 230.0}},
            "ac",
            "above-16-a",
        ),
        # The owner may have set less than the EVSE offers.
        (
            PLUGGED | {"AcCurrentPossible": 10.0},
            {"CCM_Progress": {}, "OBC_Sensors": {}},
            None,
            None,
        ),
    ],
)
def test_the_kona_never_takes_its_own_setting_for_the_evses_limit(port, others, supply, limit):
    seen = told("hyundai_kona_ev", kona(port, **others))
    assert (seen.get("supply"), seen.get("supply_limit")) == (supply, limit)


def test_the_konas_charger_asks_for_the_latch_both_ways():
    profile = profile_of("hyundai_kona_ev")
    steps = [{}, {"PortLockRequest": 1}, {}, {"PortUnlockRequest": 1}, {}]
    seen = events(profile, frames_of(profile, *[kona(PLUGGED | step) for step in steps]))
    assert requests(seen) == [(0.05, "latch", "car"), (0.15, "unlatch", "car")]


def test_the_kona_reads_nothing_that_another_bus_contradicts():
    ids = {can_id for can_id, _ in profile_of("hyundai_kona_ev").receive_ids}
    assert ids.isdisjoint({0x541, 0x553, 0x595})


@pytest.mark.whole
@needs_recordings
def test_the_kona_without_a_cable_stays_empty_and_falls_silent_with_the_ignition():
    profile = profile_of("hyundai_kona_ev")
    seen = list(events(profile, recording("kona_2019_power_cycle_no_cable")))
    assert changes(seen, "occupant", "session", "latch", "inlet") == [
        (0.068, "latch", "released"),
        (2.253, "inlet", "safe"),
        (2.308, "occupant", "empty"),
        (2.308, "session", "none"),
        (9.899, "occupant", "unknown"),
        (9.899, "session", "unknown"),
        (9.899, "inlet", "unknown"),
    ]
    assert requests(seen) == []
    lost = {event.message for _, event in seen if isinstance(event, MessageLost)}
    assert "OBC_PortState" in lost
    assert "IGPM_ChargePort" not in lost


@pytest.mark.parametrize(
    ("byte", "word"),
    [(0x00, "locked"), (0x50, "unlocked"), (0x51, "unlocked"), (0x10, None), (50, None)],
)
def test_the_ioniq_5_knows_three_bytes_about_its_doors(byte, word):
    assert told("hyundai_ioniq5", {"Body_Doors": {"LockByte": byte}}).get("car_lock") == word


@pytest.mark.whole
@needs_recordings
def test_the_remote_lock_of_the_ioniq_5_is_one_change():
    seen = events(profile_of("hyundai_ioniq5"), recording("ioniq5_remote_lock"))
    assert changes(seen, "car_lock") == [
        (0.012, "car_lock", "unlocked"),
        (6.755, "car_lock", "locked"),
    ]
