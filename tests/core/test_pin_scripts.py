"""One driven pin under any script of demands, feedback, waits and vetoes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pin_bench import ENGAGE, HOLD, RELEASE, Bench

from vehicle.core.car import StrokeLimits
from vehicle.core.names import Demand
from vehicle.core.signals import Feedback

pytestmark = pytest.mark.whole

LIMITS = st.builds(
    StrokeLimits,
    on_time_us=st.sampled_from((1, 20_000, 600_000)),
    settle_us=st.sampled_from((0, 200_000, 7_000_000)),
    tries=st.integers(1, 3),
    pause_factor=st.sampled_from((8, 20)),
    recovery=st.booleans(),
    cool_down_us=st.sampled_from((0, 1_000_000, 60_000_000)),
    debounce_us=st.sampled_from((0, 60_000)),
)
STEPS = st.one_of(
    st.tuples(
        st.just("want"),
        st.sampled_from(Demand),
        st.sampled_from(("one", "two")),
        st.booleans(),
    ),
    st.tuples(st.just("feel"), st.sampled_from(Feedback)),
    st.tuples(
        st.just("wait"),
        st.one_of(
            st.sampled_from((0, 1, 59_999, 60_000, 60_001, 200_000, 600_000, 4_800_000)),
            st.integers(0, 90_000_000),
        ),
    ),
    st.tuples(st.just("permit"), st.sampled_from(((), (ENGAGE,), (RELEASE,), (ENGAGE, RELEASE)))),
    st.tuples(st.just("halt")),
)
SCRIPTS = st.lists(STEPS, max_size=30)
CAREFULLY = settings(derandomize=True, deadline=None, max_examples=200)


def play(bench: Bench, step: tuple) -> None:
    match step:
        case ("want", demand, reason, blind):
            bench.want(demand, reason, blind=blind)
        case ("feel", value):
            bench.feel(value if bench.fitted.feedback else Feedback.UNKNOWN)
        case ("wait", span_us):
            bench.wait(span_us)
        case ("permit", directions):
            bench.permit(*directions)
        case _:
            bench.demand = (HOLD, "halt", False)
            bench.halt()


@dataclass(frozen=True)
class Pulse:
    direction: str
    kind: str
    start_us: int
    end_us: int

    @property
    def driven_us(self) -> int:
        return self.end_us - self.start_us


def pulses(bench: Bench) -> list[Pulse]:
    """Return what was driven; every pulse must have ended before the next."""
    found: list[Pulse] = []
    running: tuple[str, str, int] | None = None
    for line in bench.record:
        time_us, what, *kind = line.split()
        if what in ("engage", "release"):
            assert running is None, "a pulse began while another ran"
            running = (what, kind[0], int(time_us))
        elif what == "off":
            assert running is not None, "a motor was stopped that did not run"
            found.append(Pulse(*running, int(time_us)))
            running = None
    assert running is None
    return found


@CAREFULLY
@given(LIMITS, st.booleans(), SCRIPTS)
def test_no_script_makes_a_pin_exceed_its_duty_its_tries_or_its_permissions(
    limits: StrokeLimits, sensor: bool, script: list[tuple]
) -> None:
    bench = Bench(limits, sensor=sensor)
    for step in script:
        before = len(bench.record)
        asked_before = len(bench.asked_for)
        play(bench, step)
        for line in bench.record[before:]:
            _, what, *kind = line.split()
            if what in ("engage", "release"):
                assert Demand(what) in bench.permitted
                assert Demand(what) in bench.asked_for[asked_before:]
                assert bench.demand[0] is not HOLD
                assert kind[0] == "recovery" or int(kind[0]) <= limits.tries
    bench.want(HOLD)
    bench.wait(100_000_000)
    assert not bench.pin.stroking
    driven = pulses(bench)
    owed_us = 0
    for pulse in driven:
        assert pulse.driven_us <= limits.on_time_us
    for last, pulse in pairwise(driven):
        rested_us = pulse.start_us - last.end_us
        needed_us = limits.pause_factor * last.driven_us + owed_us
        owed_us = 0
        if rested_us < needed_us:
            # The one exception: an engage stroke cuts a release short, and pays for it later.
            assert (last.direction, pulse.direction, pulse.kind) == ("release", "engage", "1")
            assert last.kind != "recovery"
            assert rested_us <= limits.settle_us
            owed_us = needed_us - rested_us
    for pulse, line in zip(driven, [x for x in bench.record if " off" in x], strict=True):
        assert line == f"{pulse.end_us} off"


@CAREFULLY
@given(LIMITS, st.booleans(), SCRIPTS)
def test_a_pin_restored_at_every_step_behaves_as_one_that_was_never_away(
    limits: StrokeLimits, sensor: bool, script: list[tuple]
) -> None:
    stayed, restored = Bench(limits, sensor=sensor), Bench(limits, sensor=sensor)
    for number, step in enumerate(script):
        play(stayed, step)
        restored.restart(away_us=1_000_003 * number)
        play(restored, step)
        assert restored.record == stayed.record
        assert restored.pin.memory(restored.now_us) == stayed.pin.memory(stayed.now_us)
        assert restored.pin.state is stayed.pin.state
        due, due_there = stayed.pin.deadline_us, restored.pin.deadline_us
        assert (due is None) is (due_there is None)
        if due is not None and due_there is not None:
            assert due_there - restored.now_us == due - stayed.now_us


@CAREFULLY
@given(LIMITS, SCRIPTS, st.sampled_from(Demand), st.sampled_from(Feedback), st.booleans())
def test_steady_inputs_end_in_rest(
    limits: StrokeLimits, script: list[tuple], demand: Demand, feedback: Feedback, blind: bool
) -> None:
    bench = Bench(limits)
    for step in script:
        play(bench, step)
    bench.permit(ENGAGE, RELEASE)
    bench.feel(feedback)
    bench.want(demand, "last", blind=blind)
    bench.wait(400_000_000)
    before = len(bench.record)
    bench.wait(4_000_000_000)
    assert bench.record[before:] == []
    assert bench.pin.deadline_us is None


@CAREFULLY
@given(LIMITS, SCRIPTS)
def test_what_is_told_is_what_is(limits: StrokeLimits, script: list[tuple]) -> None:
    bench = Bench(limits)
    told = "unknown"
    for step in script:
        known = len(bench.record)
        play(bench, step)
        for line in bench.record[known:]:
            _, what, *rest = line.split()
            if what == "is":
                assert rest[0] != told, "the same state was told twice"
                told = rest[0]
        assert told == bench.pin.state
        if bench.pin.confirmed_engaged:
            assert bench.pin.feedback is Feedback.ENGAGED
        if told == "released":
            assert bench.pin.feedback is Feedback.RELEASED
