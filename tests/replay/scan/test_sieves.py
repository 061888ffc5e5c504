"""Every kernel's sieve and clock against the plain ones: record by record, row by row."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixed_car import Act, Bus, acts, write_mixed_car

from vehicle.replay.readers.candump import parse_candump
from vehicle.replay.scan.clock import AHEAD_US_MAX, run_clock
from vehicle.replay.scan.columns import Columns, Wanted
from vehicle.replay.scan.kernels import Kernel, choose, installed
from vehicle.replay.scan.passage import routes_of
from vehicle.replay.scan.sieve import Record, Sieve
from vehicle.wire.profile import Profile
from vehicle.wire.translator import Translator
from vehicle.wire.unchanged import rules_of

PLAIN = choose("plain")

others = pytest.mark.parametrize(
    "kernel",
    [each for each in installed() if each.name != PLAIN.name],
    ids=lambda kernel: kernel.name,
)


@pytest.fixture(scope="module")
def car(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return write_mixed_car(tmp_path_factory.mktemp("car"))


def columns_of_acts(car: Profile, wanted: Wanted, played: list[Act]) -> Columns:
    columns = Columns(wanted)
    for line in Bus(car).lines(played):
        item = parse_candump(line)
        if isinstance(item, tuple) and not columns.full:
            columns.add(*item)
    run_clock(columns, 0, array("q", [columns.stamps_us[0], 0, 0, 0]))
    return columns


@others
@pytest.mark.whole
@settings(max_examples=50, deadline=None)
@given(played=acts(), cuts=st.lists(st.integers(0, 400), max_size=5), data=st.data())
def test_every_sieve_keeps_and_tells_the_same(
    kernel: Kernel, car: Profile, played: list[Act], cuts: list[int], data: st.DataObject
) -> None:
    wanted = Wanted(sorted(car.receive_ids))
    columns = columns_of_acts(car, wanted, played)
    translator = Translator(car)
    rules = rules_of(translator)
    routes = routes_of(translator, rules, wanted)
    bounds = sorted({0, columns.kept, *(cut for cut in cuts if cut < columns.kept)})
    deeds = [data.draw(st.sampled_from(("", "", "flush", "forget"))) for _ in bounds]

    def run(sieve: Sieve) -> list[list[Record]]:
        found = []
        for first, last, deed in zip(bounds, bounds[1:], deeds, strict=False):
            found.append(sieve.take(columns, first, last, routes))
            if deed:
                found.append(sieve.flush())
            if deed == "forget":
                sieve.forget()
        return [*found, sieve.flush()]

    assert run(kernel.sieve(rules)) == run(PLAIN.sieve(rules))


@others
@settings(max_examples=80, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.integers(-3, 1_000_000),
            st.sampled_from((-1_000_000, -1_000_001, AHEAD_US_MAX, AHEAD_US_MAX + 1, 1 << 60)),
        ),
        min_size=1,
        max_size=60,
    ),
    first=st.integers(0, 5),
    shift_us=st.sampled_from((0, 7, -9)),
)
def test_every_clock_takes_the_same_steps(
    kernel: Kernel, steps: list[int], first: int, shift_us: int
) -> None:
    outcomes = []
    for clock in (kernel.clock, PLAIN.clock):
        columns = Columns(Wanted(()))
        stamp_us = 0
        for row, step_us in enumerate(steps):
            stamp_us = max(-(1 << 61), min(1 << 61, stamp_us + step_us))
            columns.stamps_us[row] = stamp_us
        columns.counts[0] = len(steps)
        state = array("q", [columns.stamps_us[0], 5, 2, shift_us])
        row = clock(columns, min(first, len(steps)), state)
        outcomes.append((row, list(state), list(columns.stamps_us[: len(steps)])))
    assert outcomes[0] == outcomes[1]
