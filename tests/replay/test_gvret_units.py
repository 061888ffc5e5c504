"""The time unit of GVRET files, which state none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.replay.readers.csv_logs import gvret_scale


def bus(cycles_ms: dict[str, int], unit_us: int, span_ms: int) -> list[tuple[int, str]]:
    """A bus on which every id repeats with its own cycle, stamped in the given unit."""
    stamped = [
        ((time_ms * 1000 + index * 137) // unit_us, can_id)
        for index, (can_id, cycle_ms) in enumerate(cycles_ms.items())
        for time_ms in range(0, span_ms, cycle_ms)
    ]
    return sorted(stamped)


@given(
    cycles=st.dictionaries(
        st.sampled_from("abcdefgh"), st.sampled_from([5, 10, 20, 100, 200, 500]), min_size=1
    ),
    unit_us=st.sampled_from([1, 1000]),
)
def test_the_unit_of_a_cyclic_bus_is_found(cycles: dict[str, int], unit_us: int) -> None:
    assert gvret_scale(bus(cycles, unit_us, span_ms=6_000)) == unit_us


@pytest.mark.parametrize(
    ("stamps", "scale"),
    [
        ([], 1),
        ([(5, "a")], 1),
        ([(0, "a"), (0, "b")], 1),
        # Three frames within 2 us are impossible on any CAN bus.
        ([(0, "a"), (1, "b"), (2, "c")], 1000),
        ([(0, "a"), (300, "b"), (600, "c")], 1),
        # A burst stamped alike says nothing: the stamps of such exports are coarse.
        ([(10, "a")] * 20, 1),
        ([(-100, "a"), (-98, "b")], 1000),
    ],
)
def test_the_unit_of_a_few_lines_is_found(stamps: list[tuple[int, str]], scale: int) -> None:
    assert gvret_scale(stamps) == scale
