"""With the preset that is named after it, the manager behaves as a known car is documented to do.

One table to a car. Sources: the makers' manuals (Nissan Leaf 2012 and 2020, Kia and Hyundai, Jaguar
I-Pace), the public text of Škoda's programming interface, and Tesla's service bulletins.
"""

from __future__ import annotations

import pytest
from owners_life import AC, AC_LATER, DC, FREE, HELD, IDLE, Life

pytestmark = pytest.mark.whole


def lived(preset: str, *steps: tuple[str, str], pin: str = "latch") -> None:
    """Let every step happen, and look where the pin stands after it."""
    life = Life(preset)
    for number, (what, expected) in enumerate(steps, 1):
        life.go(what)
        assert life.pin(pin) == expected, f"step {number}, {what}: {life.car.journal[-1]}"


LEAF = [
    # LOCK: on connecting, until the doors are unlocked.
    ("leaf-lock", (IDLE, HELD), ("lock_car", HELD), ("unlock_car", FREE)),
    ("leaf-lock", (AC, HELD), ("lock_car", HELD), ("complete", HELD), ("unlock_car", FREE)),
    ("leaf-lock", (AC_LATER, HELD), ("wait 60", HELD)),
    # The fob, and the doors, free it for a while; locking the doors again holds it at once.
    ("leaf-lock", (AC, HELD), ("lock_car", HELD), ("fob", FREE)),
    ("leaf-lock", (AC, HELD), ("lock_car", HELD), ("unlock_car", FREE), ("lock_car", HELD)),
    # Freed and not taken, it is held again after half a minute: by the fob, and by the doors.
    (
        "leaf-lock",
        (AC, HELD),
        ("lock_car", HELD),
        ("fob", FREE),
        ("wait 20", FREE),
        ("wait 8", HELD),
    ),
    (
        "leaf-lock",
        (AC, HELD),
        ("lock_car", HELD),
        ("unlock_car", FREE),
        ("wait 20", FREE),
        ("wait 8", HELD),
    ),
    (
        "leaf-lock",
        (AC, HELD),
        ("lock_car", HELD),
        ("complete", HELD),
        ("unlock_car", FREE),
        ("wait 20", FREE),
        ("wait 8", HELD),
    ),
    # AUTO: while charging, and freed at its end. Not while a timer waits.
    ("leaf-auto", (AC_LATER, HELD), ("wait 60", FREE), ("charge", HELD)),
    ("leaf-auto", (IDLE, FREE), ("lock_car", FREE)),
    ("leaf-auto", (AC, HELD), ("lock_car", HELD), ("complete", FREE)),
    # UNLOCK: not held. DC is held whatever the switch says.
    ("leaf-unlock", (AC, FREE), ("lock_car", FREE), ("complete", FREE)),
    ("leaf-unlock", (DC, HELD), ("complete", FREE)),
    ("leaf-auto", (DC, HELD), ("complete", FREE)),
]


@pytest.mark.parametrize(("preset", "steps"), [(each[0], each[1:]) for each in LEAF])
def test_a_nissan_leaf_has_three_positions(preset, steps) -> None:
    lived(preset, *steps)


@pytest.mark.slow
def test_a_nissan_leaf_at_auto_is_held_five_minutes_through_a_power_cut_and_again_after() -> None:
    steps = (AC, HELD), ("power_cut", HELD), ("wait 280", HELD), ("wait 30", FREE)
    lived("leaf-auto", *steps, ("power_back", HELD))


KIA = [
    ("kia-always", (IDLE, HELD), ("lock_car", HELD), ("unlock_car", FREE)),
    ("kia-always", (AC, HELD), ("lock_car", HELD), ("complete", HELD), ("unlock_car", FREE)),
    ("kia-while-charging", (IDLE, FREE), ("lock_car", FREE)),
    ("kia-while-charging", (AC, HELD), ("lock_car", HELD), ("complete", FREE)),
    ("kia-dont-lock", (AC, FREE), ("lock_car", FREE), ("complete", FREE)),
    ("kia-dont-lock", (DC, HELD), ("complete", FREE)),
    # All doors unlocked frees it, for a quarter of a minute; locking them holds it at once.
    (
        "kia-always",
        (AC, HELD),
        ("lock_car", HELD),
        ("unlock_car", FREE),
        ("wait 7", FREE),
        ("wait 8", HELD),
    ),
    ("kia-always", (AC, HELD), ("lock_car", HELD), ("unlock_car", FREE), ("lock_car", HELD)),
]


@pytest.mark.parametrize(("preset", "steps"), [(each[0], each[1:]) for each in KIA])
def test_a_kia_locks_always_while_charging_or_not(preset, steps) -> None:
    lived(preset, *steps)


VW = [
    ("vw-stay-locked", (AC, HELD), ("lock_car", HELD), ("complete", HELD), ("unlock_car", FREE)),
    ("vw-unlock-when-charged", (AC, HELD), ("lock_car", HELD), ("complete", FREE)),
    # The choice is about AC only.
    (
        "vw-unlock-when-charged",
        (DC, HELD),
        ("lock_car", HELD),
        ("complete", HELD),
        ("unlock_car", FREE),
    ),
    # Unlocking during the charge does not end it; asking does.
    ("vw-stay-locked", (AC, HELD), ("lock_car", HELD), ("unlock_car", HELD), ("ask remote", FREE)),
]


@pytest.mark.parametrize(("preset", "steps"), [(each[0], each[1:]) for each in VW])
def test_a_volkswagen_stays_locked_or_unlocks_ac_when_charged(preset, steps) -> None:
    lived(preset, *steps)


JAGUAR = [
    # AC: unlocking the car frees it, within six seconds.
    ("jaguar", (AC, HELD), ("lock_car", HELD), ("unlock_car", FREE)),
    ("jaguar", (AC, HELD), ("lock_car", HELD), ("complete", HELD), ("unlock_car", FREE)),
    # Freed and not taken, a minute later it charges on, held.
    (
        "jaguar",
        (AC, HELD),
        ("lock_car", HELD),
        ("fob", FREE),
        ("wait 50", FREE),
        ("wait 10", HELD),
    ),
    # DC: one press leaves it running, the second one ends it.
    ("jaguar", (DC, HELD), ("lock_car", HELD), ("unlock_car", HELD), ("fob", FREE)),
]


@pytest.mark.parametrize(("preset", "steps"), [(each[0], each[1:]) for each in JAGUAR])
def test_a_jaguar_frees_ac_on_unlocking_and_dc_on_a_second_press(preset, steps) -> None:
    lived(preset, *steps)


TESLA = [
    # The adapter follows the car's lock, also once the handle has gone from it.
    (("insert_adapter", FREE), (AC, HELD), ("lock_car", HELD), ("unplug", HELD), ("wait 60", HELD)),
    (("insert_adapter", FREE), ("lock_car", HELD), ("unlock_car", FREE)),
    (("insert_adapter", FREE), (AC, HELD), ("lock_car", HELD), ("ask screen", FREE)),
    (("insert_adapter", FREE), (AC, HELD), ("lock_car", HELD), ("complete", HELD)),
]


def test_a_teslas_port_stays_unlocked_below_5_degrees_but_while_it_charges() -> None:
    cold = ("weather celsius=4", FREE), ("wait 65", FREE)
    lived("tesla", *cold, ("lock_car", FREE), (AC, HELD), ("complete", FREE), ("wait 60", FREE))


@pytest.mark.parametrize("steps", TESLA)
def test_a_teslas_adapter_follows_the_car_and_stays_when_its_handle_goes(steps) -> None:
    lived("tesla", *steps, pin="adapter_lock")
