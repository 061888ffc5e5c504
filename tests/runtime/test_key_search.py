"""The simulated key system: zones by distance, and what noise and flicker make of them."""

from __future__ import annotations

import pytest

from vehicle.runtime.key_search import ZONE_ENDS_CM, KeySearch, zone_at
from vehicle.runtime.orders import FaultOrder, Orders

SECOND_US = 1_000_000


def search(*faults: FaultOrder) -> KeySearch:
    return KeySearch(Orders(faults), "near")


def noise(cm: int) -> FaultOrder:
    return FaultOrder(0, 60 * SECOND_US, "key_noise", {"cm": cm})


@pytest.mark.parametrize(("zone", "end_cm"), ZONE_ENDS_CM.items())
def test_each_zone_ends_where_the_next_begins(zone: str, end_cm: int) -> None:
    assert zone_at(end_cm) == zone
    assert zone_at(end_cm + 1) != zone


def test_a_key_that_is_carried_is_found_in_the_zone_of_its_distance() -> None:
    key = search()
    for distance_cm, zone in ((0, "at-port"), (200, "near"), (2_000, "far"), (9_000, "absent")):
        key.carry(distance_cm)
        assert key.zone == key.found(SECOND_US) == zone


def test_noise_makes_a_key_at_a_border_be_found_on_both_sides() -> None:
    key = search(noise(50))
    key.carry(100)
    assert {key.found(tenth * 100_000) for tenth in range(100)} == {"at-port", "near"}


def test_the_same_moment_finds_the_same() -> None:
    key = search(noise(50))
    key.carry(100)
    moments = range(0, 10 * SECOND_US, 200_000)
    assert [key.found(each) for each in moments] == [key.found(each) for each in moments]


def test_noise_says_nothing_of_a_key_that_lies_well_within_its_zone() -> None:
    key = search(noise(500))
    key.put("inside")
    assert key.found(SECOND_US) == "inside"
