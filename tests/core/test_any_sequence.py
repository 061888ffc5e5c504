"""Whatever happens, in whatever order and at whatever time: the manager survives and stays safe.

Scripts are lists of (wait, event): any signal to any value, any request from anyone, any settings,
buses that sleep, fail and come back, errors, segments. Deadlines fire at their own time, as the
loop fires them.
"""

from __future__ import annotations

from typing import Protocol

import pytest
from core_safety import Watch
from hypothesis import given, settings
from hypothesis import strategies as st

from vehicle.core.car import Actuator, Car, Pin, StrokeLimits, WhenEmpty
from vehicle.core.inputs import (
    BusFailed,
    BusHeard,
    BusQuiet,
    BusRestored,
    DeadlinePassed,
    InputEvent,
    InternalError,
    MessageBack,
    MessageInvalid,
    MessageLost,
    NotAuthentic,
    Observed,
    Requested,
    SegmentStarted,
    SettingsChanged,
)
from vehicle.core.manager import LockManager
from vehicle.core.names import Authenticity, Demand, Proof, Request, Source
from vehicle.core.outputs import Command, DriveOff, Output
from vehicle.core.settings import HighCurrent, Mode, Settings, Toggle
from vehicle.core.signals import Feedback, Fitted, SignalValue
from vehicle.core.snapshot import SIGNALS

pytestmark = pytest.mark.whole

WAITS_US = [0, 1, 20_000, 59_999, 60_000, 60_001, 150_000, 599_999, 600_000, 800_000, 2_000_000]
WAITS_US += [4_800_000, 5_000_000, 10_000_000, 30_000_000, 61_000_000, 300_000_000, 3_600_000_000]

MIN_US = 60_000_000
FEEDBACK = {Actuator.LATCH: "latch", Actuator.ADAPTER: "adapter_lock"}
END = {Demand.ENGAGE: Feedback.ENGAGED, Demand.RELEASE: Feedback.RELEASED}

TRAVEL_US = 100_000

Script = list[tuple[int, InputEvent]]


NAMES = [name for name in SIGNALS if not name.endswith("fitted")] * 4
NAMES += ["latch_fitted", "adapter_lock_fitted"]


@st.composite
def observations(draw: st.DrawFn) -> Observed:
    """Draw one to four signals with any values, and now and then the energy so far."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    values: list[tuple[str, SignalValue]] = []
    for name in names:
        values.append((name, draw(st.sampled_from(list(SIGNALS[name])))))  # type: ignore[arg-type]
    return Observed(tuple(values), draw(st.sampled_from([None, None, None, 0, 12_345])))


@st.composite
def choices(draw: st.DrawFn) -> Settings:
    """Draw any settings."""
    return Settings(
        auto_lock=draw(st.sampled_from(Toggle)),
        latch_mode=draw(st.sampled_from(Mode)),
        adapter_mode=draw(st.sampled_from(Mode)),
        unlock_while_charging_frees=draw(st.sampled_from(Toggle)),
        release_when_full=draw(st.sampled_from(Toggle)),
        release_grace_min=draw(st.sampled_from([0, 1, 30])),
        high_current=draw(st.sampled_from(HighCurrent)),
        power_cut_hold_s=draw(st.sampled_from([60, 300])),
    )


@st.composite
def sleeps(draw: st.DrawFn) -> BusQuiet:
    """Draw a bus that falls silent, with the interface up or not."""
    frozen = draw(observations()).values
    return BusQuiet("main", ("Body", "Charge"), frozen, draw(st.booleans()))


EVENTS = st.one_of(
    observations(),
    observations(),
    observations(),
    observations(),
    st.builds(Requested, st.sampled_from(Request), st.sampled_from(Source), st.sampled_from(Proof)),
    st.builds(NotAuthentic, st.just("Remote"), st.sampled_from(Authenticity)),
    st.builds(SettingsChanged, choices(), st.just("test")),
    sleeps(),
    st.sampled_from(
        [
            BusHeard("main"),
            BusFailed("main"),
            BusRestored("main"),
            MessageLost("Body"),
            MessageBack("Body"),
            MessageInvalid("Body"),
            SegmentStarted(),
            DeadlinePassed(),
        ]
    ),
)
RARE = st.one_of(EVENTS, EVENTS, EVENTS, EVENTS, st.just(InternalError("test")))
SCRIPTS = st.lists(st.tuples(st.sampled_from(WAITS_US), RARE), max_size=40)


@st.composite
def pins(draw: st.DrawFn) -> Pin:
    """Draw a pin: with or without sensor, with or without recovery pulse or debounce."""
    limits = StrokeLimits(
        tries=draw(st.integers(1, 3)),
        recovery=draw(st.booleans()),
        debounce_us=draw(st.sampled_from([0, 60_000])),
        settle_us=draw(st.sampled_from([1, 200_000])),
    )
    return Pin(feedback=draw(st.sampled_from([True, True, True, False])), limits=limits)


@st.composite
def cars(draw: st.DrawFn) -> Car:
    """Draw any car."""
    return Car(
        latch=draw(pins()),
        adapter=draw(pins()),
        when_empty=draw(st.sampled_from(WhenEmpty)),
        connector_locks_itself=draw(st.booleans()),
        reports_weld_test=draw(st.booleans()),
        can_wake=draw(st.booleans()),
        can_heat=draw(st.booleans()),
    )


class Managing(Protocol):
    """A manager, watched or not."""

    @property
    def deadline_us(self) -> int | None: ...

    def handle(self, event: InputEvent, now_us: int) -> list[Output]: ...


def play_on(
    manager: Managing, script: Script, now_us: int, *, obey: bool = False
) -> tuple[int, list[tuple[int, Output]]]:
    """Play ``script`` with exact deadlines, and pins that move as told where they ``obey``.

    Return the time at its end and what was said.
    """
    said: list[tuple[int, Output]] = []
    moves: dict[Actuator, tuple[int, Demand]] = {}

    def step(event: InputEvent) -> None:
        outputs = manager.handle(event, now_us)
        due_us = manager.deadline_us
        assert due_us is None or due_us > now_us, "a deadline that is not in the future"
        said.extend((now_us, each) for each in outputs)
        for output in outputs:
            if isinstance(output, Command) and obey:
                moves[output.actuator] = (now_us + TRAVEL_US, output.command)
            elif isinstance(output, DriveOff):
                moves.pop(output.actuator, None)

    for wait_us, event in script:
        until_us = now_us + wait_us
        while True:
            dues = [due_us for due_us in [manager.deadline_us] if due_us is not None]
            next_us = min([*dues, *(at_us for at_us, _ in moves.values())], default=until_us)
            if next_us >= until_us:
                break
            now_us = next_us
            arrived = [actuator for actuator, (at_us, _) in moves.items() if at_us == now_us]
            values = tuple((FEEDBACK[each], END[moves.pop(each)[1]]) for each in arrived)
            step(Observed(values) if values else DeadlinePassed())
        now_us = until_us
        step(event)
    return now_us, said


def play(
    manager: Managing, script: Script, now_us: int = 0, *, obey: bool = False
) -> list[tuple[int, Output]]:
    """Play ``script``, then let an hour pass; return what was said."""
    return play_on(manager, [*script, (60 * MIN_US, DeadlinePassed())], now_us, obey=obey)[1]


def fresh(car: Car, *, shadow: bool = False, start_us: int = 0) -> LockManager:
    """Return a manager that has started, and knows which pins its car has."""
    manager = LockManager(car, shadow=shadow)
    manager.start(start_us)
    fitted = (("latch_fitted", Fitted.FITTED), ("adapter_lock_fitted", Fitted.FITTED))
    manager.handle(Observed(fitted), start_us)
    return manager


def restarted(old: LockManager, now_us: int) -> LockManager:
    """Return a new manager that goes on from the old one's memory and settings."""
    manager = LockManager(old.car, old.settings, shadow=old.shadow)
    manager.restore(old.memory, now_us, old.vetoed)
    return manager


MANY = settings(max_examples=300, deadline=None, derandomize=True)
QUICK = settings(max_examples=80, deadline=None, derandomize=True)


def survived(car: Car, script: Script, shadow: bool, obey: bool) -> None:
    """No sequence raises, no command breaks a safety rule, no deadline lies in the past."""
    play(Watch(fresh(car, shadow=shadow)), script, obey=obey and not shadow)


@QUICK
@given(cars(), SCRIPTS, st.booleans(), st.booleans())
def test_any_sequence_is_survived_and_safe(
    car: Car, script: Script, shadow: bool, obey: bool
) -> None:
    survived(car, script, shadow, obey)


@pytest.mark.slow
@MANY
@given(cars(), SCRIPTS, st.booleans(), st.booleans())
def test_any_of_many_sequences_is_survived_and_safe(
    car: Car, script: Script, shadow: bool, obey: bool
) -> None:
    survived(car, script, shadow, obey)


def restarted_alike(car: Car, before: Script, after: Script, shadow: bool) -> None:
    """The memory holds all that counts: the outputs are the same with a restart and without."""
    manager = fresh(car, shadow=shadow)
    now_us, _ = play_on(manager, before, 0)
    other = restarted(manager, now_us)
    assert other.memory == manager.memory
    assert other.permit is manager.permit
    assert other.deadline_us == manager.deadline_us
    _, said = play_on(manager, after, now_us)
    _, said_after_restart = play_on(other, after, now_us)
    assert said_after_restart == said


@QUICK
@given(cars(), SCRIPTS, SCRIPTS, st.booleans())
def test_a_restart_at_any_moment_changes_nothing_that_follows(
    car: Car, before: Script, after: Script, shadow: bool
) -> None:
    restarted_alike(car, before, after, shadow)


@pytest.mark.slow
@MANY
@given(cars(), SCRIPTS, SCRIPTS, st.booleans())
def test_a_restart_at_any_of_many_moments_changes_nothing_that_follows(
    car: Car, before: Script, after: Script, shadow: bool
) -> None:
    restarted_alike(car, before, after, shadow)


@QUICK
@given(cars(), SCRIPTS)
def test_a_restart_before_every_event_stays_safe(car: Car, script: Script) -> None:
    """However often it is restarted, the manager goes on and stays safe."""
    watch = Watch(fresh(car))
    now_us = 0
    for step in script:
        now_us, _ = play_on(watch, [step], now_us)
        watch.inner = restarted(watch.inner, now_us)


@QUICK
@given(cars(), SCRIPTS, st.sampled_from([1, 17_000, 86_400_000_000]))
def test_the_same_sequence_gives_the_same_outputs_at_any_time_of_day(
    car: Car, script: Script, later_us: int
) -> None:
    """Only differences of times count."""
    first = play(fresh(car), script)
    again = play(fresh(car), script)
    later = play(fresh(car, start_us=later_us), script, later_us)
    assert again == first
    assert [(at_us - later_us, each) for at_us, each in later] == first


@QUICK
@given(cars(), SCRIPTS, st.lists(st.integers(0, 40_000_000), max_size=6))
def test_being_called_too_early_changes_nothing(
    car: Car, script: Script, calls_us: list[int]
) -> None:
    """A DeadlinePassed that nothing waits for is answered by silence."""
    plain = play(fresh(car), script)
    called = fresh(car)
    said: list[tuple[int, Output]] = []
    now_us = 0
    for wait_us, event in [*script, (3_600_000_000, DeadlinePassed())]:
        steps: Script = []
        at_us = 0
        for call_us in sorted(calls_us):
            if call_us < wait_us:
                steps.append((call_us - at_us, DeadlinePassed()))
                at_us = call_us
        steps.append((wait_us - at_us, event))
        now_us, more = play_on(called, steps, now_us)
        said += more
    assert said == plain


@QUICK
@given(cars(), SCRIPTS, st.booleans())
def test_steady_inputs_give_no_strokes(car: Car, script: Script, obey: bool) -> None:
    """Whatever came before: once the owner's own times are over, nothing moves by itself.

    Those times, grace and power cut, are at most half an hour here.
    """
    manager = Watch(fresh(car))
    quiet: Script = [(45 * MIN_US, DeadlinePassed())]
    now_us, _ = play_on(manager, [*script, *quiet], 0, obey=obey)
    _, said = play_on(manager, [(24 * 60 * MIN_US, DeadlinePassed())], now_us, obey=obey)
    assert [each for _, each in said if isinstance(each, Command)] == []


@QUICK
@given(cars(), SCRIPTS)
def test_observing_the_same_values_again_is_answered_by_silence(car: Car, script: Script) -> None:
    """An observation that changes nothing is no news."""
    manager = fresh(car)
    now_us, _ = play_on(manager, script, 0)
    seen = manager.snapshot
    same = Observed(tuple((name, getattr(seen, name)) for name in SIGNALS))
    assert manager.handle(same, now_us) == []
