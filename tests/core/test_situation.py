"""The folds from signals to the policy's words, over all of their inputs."""

from __future__ import annotations

from itertools import product

import pytest

from vehicle.core.car import Actuator, Car, Pin, StrokeLimits, WhenEmpty
from vehicle.core.settings import ColdRelease, HighCurrent, Settings, Toggle
from vehicle.core.signals import (
    BoardSupply,
    CarLock,
    Fitted,
    Inlet,
    KeyZone,
    Occupant,
    Session,
    Supply,
    SupplyLimit,
    Temperature,
    Weld,
)
from vehicle.core.situation import (
    ACTIVE,
    SEATED,
    WITH_ADAPTER,
    WITH_CONNECTOR,
    Doors,
    Energy,
    Need,
    Phase,
    Plight,
    Seat,
    doors_of,
    energy_of,
    fitted,
    guarding_pin,
    need_of,
    phase_of,
    plight_of,
    seat_of,
)
from vehicle.core.snapshot import SIGNALS, Snapshot

pytestmark = pytest.mark.fast

LATCH, ADAPTER = Actuator.LATCH, Actuator.ADAPTER

GUARDS: dict[Occupant, dict[Fitted, Actuator | None]] = {
    # A1, per occupant: the guarding pin where the adapter lock is fitted, absent, not known.
    Occupant.UNKNOWN: dict.fromkeys(Fitted),
    Occupant.EMPTY: dict.fromkeys(Fitted),
    Occupant.CONNECTOR: dict.fromkeys(Fitted, LATCH),
    Occupant.ADAPTER: {Fitted.FITTED: ADAPTER, Fitted.ABSENT: LATCH, Fitted.UNKNOWN: None},
    Occupant.ADAPTER_AND_CONNECTOR: {
        Fitted.FITTED: ADAPTER,
        Fitted.ABSENT: LATCH,
        Fitted.UNKNOWN: None,
    },
}


def snapshots() -> list[Snapshot]:
    return [
        Snapshot(occupant=occupant, latch_fitted=latch, adapter_lock_fitted=adapter)
        for occupant, latch, adapter in product(Occupant, Fitted, Fitted)
    ]


def test_fitted_is_the_signal_of_that_pin() -> None:
    for seen in snapshots():
        assert fitted(seen, LATCH) is seen.latch_fitted
        assert fitted(seen, ADAPTER) is seen.adapter_lock_fitted


def test_the_guarding_pin_is_the_one_that_a1_names() -> None:
    for seen in snapshots():
        assert guarding_pin(seen) is GUARDS[seen.occupant][seen.adapter_lock_fitted]


def test_a_pin_holds_what_it_guards_and_leaves_an_empty_inlet_as_the_profile_says() -> None:
    for seen, actuator, when_empty in product(snapshots(), Actuator, WhenEmpty):
        seat = seat_of(seen, actuator, when_empty)
        guard = GUARDS[seen.occupant][seen.adapter_lock_fitted]
        if getattr(seen, f"{'latch' if actuator is LATCH else 'adapter_lock'}_fitted") == "absent":
            assert seat is Seat.NO_PIN
        elif seen.occupant is Occupant.EMPTY and when_empty is WhenEmpty.RELEASE:
            assert seat is Seat.EMPTY
        elif seen.occupant is Occupant.EMPTY:
            assert seat is Seat.EMPTY_LEAVE
        elif guard is None:
            assert seat is Seat.UNKNOWN
        else:
            assert (seat is Seat.SEATED) is (guard is actuator)
            assert (seat is Seat.OTHER_PIN) is (guard is not actuator)


DOORS = {
    (CarLock.UNKNOWN, False): Doors.UNKNOWN,
    (CarLock.UNKNOWN, True): Doors.UNKNOWN,
    (CarLock.LOCKED, False): Doors.LOCKED,
    (CarLock.LOCKED, True): Doors.LOCKED,
    (CarLock.UNLOCKED, False): Doors.UNLOCKED,
    (CarLock.UNLOCKED, True): Doors.OPENED,
}


def test_doors_are_opened_only_after_they_were_locked() -> None:
    assert set(DOORS) == set(product(CarLock, (False, True)))
    for (car_lock, locked_since_seated), doors in DOORS.items():
        assert doors_of(car_lock, locked_since_seated) is doors


PHASES = {
    # Session: (nothing remembered, interrupted, full, both)
    Session.UNKNOWN: (Phase.UNKNOWN,) * 4,
    Session.NONE: (Phase.NONE, Phase.INTERRUPTED, Phase.NONE, Phase.INTERRUPTED),
    Session.WAITING: (Phase.ACTIVE,) * 4,
    Session.CHARGING: (Phase.ACTIVE,) * 4,
    Session.STOPPING: (Phase.ACTIVE,) * 4,
    Session.COMPLETE: (Phase.COMPLETE, Phase.COMPLETE, Phase.FULL, Phase.FULL),
    Session.FAULT: (Phase.FAULT, Phase.INTERRUPTED, Phase.FAULT, Phase.INTERRUPTED),
}


def test_the_phase_tells_a_finished_session_from_one_that_was_cut_off() -> None:
    assert set(PHASES) == set(Session)
    for session, phases in PHASES.items():
        remembered = ((False, False), (True, False), (False, True), (True, True))
        for (interrupted, full), phase in zip(remembered, phases, strict=True):
            for waited in (False, True):
                expected = Phase.WAITING if waited and session is Session.WAITING else phase
                found = phase_of(session, interrupted=interrupted, full=full, waited=waited)
                assert found is expected


def test_a_pin_is_in_a_plight_only_where_the_owner_wants_it_released_for_that() -> None:
    for board, cold, lock, key, when, low in product(
        BoardSupply, Temperature, CarLock, KeyZone, ColdRelease, Toggle
    ):
        owner = Settings(cold_release=when, low_supply_release=low)
        weak = board in (BoardSupply.LOW, BoardSupply.TOO_LOW)
        by = key in (KeyZone.NEAR, KeyZone.AT_PORT, KeyZone.INSIDE) and lock is CarLock.UNLOCKED
        wanted = when is ColdRelease.ALWAYS or (when is ColdRelease.ATTENDED and by)
        plight = plight_of(board, cold, lock, key, owner)
        if weak and low is Toggle.ON:
            assert plight is Plight.RUNS_DOWN
        elif cold is Temperature.COLD and wanted:
            assert plight is Plight.FREEZES
        else:
            assert plight is Plight.NONE


def test_only_a_safe_inlet_without_welded_contactors_and_weld_test_is_safe() -> None:
    for inlet, weld, awaited in product(Inlet, Weld, (False, True)):
        energy = energy_of(inlet, weld, awaited)
        if weld is Weld.WELDED:
            assert energy is Energy.WELDED
        elif inlet is Inlet.ENERGISED:
            assert energy is Energy.ENERGISED
        elif inlet is Inlet.UNKNOWN:
            assert energy is Energy.UNKNOWN
        else:
            assert energy is (Energy.TESTING if awaited else Energy.SAFE)


def test_dc_and_ac_above_16_a_need_a_lock_unless_the_owner_chose_16_a() -> None:
    for supply, limit, choice in product(Supply, SupplyLimit, HighCurrent):
        need = need_of(supply, limit, Settings(high_current=choice))
        high_ac = supply is Supply.AC and limit is SupplyLimit.ABOVE_16_A
        if supply is Supply.UNKNOWN:
            assert need is Need.UNKNOWN
        elif supply is Supply.DC or (high_ac and choice is HighCurrent.LOCK):
            assert need is Need.LOCK
        else:
            assert need is Need.FREE


def test_the_groups_of_values_are_complete() -> None:
    assert set(ACTIVE) == {session for session in Session if session.name.endswith("ING")}
    assert set(SEATED) == set(Occupant) - {Occupant.UNKNOWN, Occupant.EMPTY}
    assert {occupant for occupant in Occupant if "adapter" in occupant} == set(WITH_ADAPTER)
    assert {occupant for occupant in Occupant if "connector" in occupant} == set(WITH_CONNECTOR)


@pytest.mark.parametrize(("name", "kind"), SIGNALS.items())
def test_every_signal_can_be_unknown_and_begins_so(name: str, kind: type) -> None:
    unknown = kind("unknown")
    assert getattr(Snapshot(), name) is unknown
    assert next(iter(kind)) is unknown


def test_a_car_gives_the_pin_that_the_actuator_names() -> None:
    latch, adapter = Pin(feedback=False), Pin(limits=StrokeLimits(tries=1))
    car = Car(latch=latch, adapter=adapter)
    assert car.pin(LATCH) is latch
    assert car.pin(ADAPTER) is adapter


def test_the_stroke_limits_are_those_of_the_data_sheets() -> None:
    limits = StrokeLimits()
    assert limits.on_time_us == 600_000
    assert limits.pause_factor == 8
    assert limits.tries == 3
    assert 50_000 <= limits.debounce_us <= 75_000
