"""Two senders of one unprotected message: found by what they say, told once, over in the end."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import LOGS, needs_recordings
from smallcar import DBC, TOML, write_car

from vehicle.core.inputs import MessageBack, MessageInvalid, MessageLost, Observed
from vehicle.core.plain import from_plain, to_plain
from vehicle.core.signals import CarLock, Feedback
from vehicle.replay.recording import open_recording
from vehicle.wire.frame import Frame
from vehicle.wire.memory import WireMemory
from vehicle.wire.profile import Profile, load_profile, profiles_that_fit
from vehicle.wire.rivals import CYCLES, Rivals
from vehicle.wire.supervision import SLOW_US
from vehicle.wire.translator import Translator, WireEvent

MS = 1000
CYCLE_US = 100 * MS
BODY = 0x100
WINDOW_US = CYCLES * CYCLE_US
TOLD = [MessageInvalid("Body"), Observed((("car_lock", CarLock.UNKNOWN),))]


def body(lock: int, spare: int = 0) -> Frame:
    return Frame(BODY, bytes([lock | spare << 2]) + bytes(7))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return load_profile(write_car(tmp_path_factory.mktemp("car")))


def play(
    translator: Translator, frames: list[tuple[int, Frame]], until_us: int = 0
) -> list[tuple[int, WireEvent]]:
    """Feed frames in time order with every deadline at its time; return what is told and when."""
    told: list[tuple[int, WireEvent]] = []
    for now_us, frame in [*sorted(frames), (until_us, None)]:
        while (due_us := translator.deadline_us) is not None and due_us < now_us:
            told += [(due_us, event) for event in translator.fire(due_us)]
        if frame is not None:
            told += [(now_us, event) for event in translator.feed(now_us, frame)]
    return told


def sender(
    lock: int, cycles: int, *, begin_us: int = 0, cycle_us: int = CYCLE_US, jitter_us: int = 0
) -> list[tuple[int, Frame]]:
    chance = random.Random(begin_us)
    return [
        (begin_us + n * cycle_us + chance.randint(0, jitter_us), body(lock)) for n in range(cycles)
    ]


def states(told: list[tuple[int, WireEvent]]) -> list[tuple[int, WireEvent]]:
    return [each for each in told if isinstance(each[1], MessageInvalid | MessageBack)]


@pytest.mark.parametrize("phase_us", [5 * MS, 30 * MS, 50 * MS, 95 * MS])
def test_two_senders_are_told_once_and_neither_is_believed(small: Profile, phase_us: int) -> None:
    frames = sender(1, 60, jitter_us=4 * MS) + sender(2, 60, begin_us=phase_us, jitter_us=4 * MS)
    told = play(Translator(small), frames)
    ((at_us, _),) = states(told)
    assert at_us < 10 * CYCLE_US
    at = [each[1] for each in told if each[0] == at_us]
    assert at == TOLD
    assert told[-1][0] == at_us, "nothing more is believed of either"


def test_a_flood_of_a_second_sender_is_told_too(small: Profile) -> None:
    frames = sender(1, 30) + sender(2, 300, begin_us=3 * MS, cycle_us=10 * MS)
    assert states(play(Translator(small), frames))[0][1] == MessageInvalid("Body")


def test_a_sender_whose_own_payload_never_stands_still_does_not_hide_the_other(
    small: Profile,
) -> None:
    """The button's bit is read, and one sender's changes in an order without a pattern."""
    chance = random.Random(1)
    noisy = [
        (n * CYCLE_US, Frame(BODY, bytes([1, chance.randint(0, 1)]) + bytes(6))) for n in range(40)
    ]
    told = play(Translator(small), noisy + sender(2, 40, begin_us=40 * MS))
    assert [event for _, event in states(told)] == [MessageInvalid("Body")]


def test_once_one_of_them_falls_silent_the_other_is_believed_after_ten_cycles(
    small: Profile,
) -> None:
    frames = sender(1, 100) + sender(2, 30, begin_us=40 * MS)
    told = play(Translator(small), frames, 100 * CYCLE_US)
    (_, (back_us, back)) = states(told)
    assert back == MessageBack("Body")
    last_return_us = 30 * CYCLE_US
    assert back_us == last_return_us + WINDOW_US
    assert (back_us, Observed((("car_lock", CarLock.UNLOCKED),))) in told
    assert all(when <= back_us for when, _ in told)


def test_where_both_fall_silent_the_message_is_lost_and_back_with_its_next_frame(
    small: Profile,
) -> None:
    frames = sender(1, 30) + sender(2, 30, begin_us=40 * MS)
    later_us = 30 * CYCLE_US + 5_000 * MS
    alive = [(n * CYCLE_US, Frame(0x101, bytes([2, 0, 0, 0]))) for n in range(90)]
    told = play(Translator(small), [*frames, *alive, (later_us, body(2))], later_us)
    events = [event for _, event in told]
    assert events.index(MessageInvalid("Body")) < events.index(MessageLost("Body"))
    at = [event for when, event in told if when == later_us]
    assert at == [MessageBack("Body"), Observed((("car_lock", CarLock.LOCKED),))]
    assert [event for _, event in states(told)] == [MessageInvalid("Body"), MessageBack("Body")]


@pytest.mark.parametrize("seed", range(5))
def test_one_sender_is_never_taken_for_two(small: Profile, seed: int) -> None:
    """A switch that flickers in every frame, lost frames, jitter, pauses and bursts."""
    chance = random.Random(seed)
    now_us, frames = 0, []
    for _ in range(3_000):
        roll = chance.random()
        if roll < 0.02:  # a pause; what was queued comes at once
            now_us += 6 * CYCLE_US
            frames += [(now_us + n * 300, body(chance.choice((1, 2)))) for n in range(6)]
        if roll > 0.05:
            frames.append((now_us + chance.randint(0, 15 * MS), body(chance.choice((1, 2)))))
        now_us += CYCLE_US
    told = play(Translator(small), frames)
    assert not [event for _, event in told if isinstance(event, MessageInvalid)]


def test_hands_that_flick_a_switch_on_a_message_that_comes_with_each_change_are_no_sender(
    small: Profile,
) -> None:
    chance = random.Random(3)
    now_us, frames = 0, []
    for n in range(600):
        now_us += chance.randint(40 * MS, 160 * MS)
        frames.append((now_us, body(1 + n % 2)))
    assert states(play(Translator(small), frames)) == []


def test_a_message_that_is_protected_or_slow_or_of_no_known_cycle_is_not_watched(
    small: Profile,
) -> None:
    specs = small.messages
    assert Rivals.of(specs["Body"]) is not None
    assert Rivals.of(specs["Slow"]) is None
    assert specs["Slow"].cycle_us > SLOW_US
    assert Rivals.of(specs["Fob"]) is None
    for spec in load_profile("reference").messages.values():
        assert spec.protection is None or Rivals.of(spec) is None


def test_it_leaves_the_other_messages_alone(small: Profile) -> None:
    frames = sender(1, 40) + sender(2, 40, begin_us=40 * MS)
    port = [(n * CYCLE_US, Frame(0x101, bytes([2 | 2 << 2, 0, 0, 0]))) for n in range(40)]
    translator = Translator(small)
    play(translator, frames + port)
    assert translator.tells("latch")
    assert not translator.tells("car_lock")


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 70), second=st.integers(10, 60), later_us=st.integers(0, 3 * MS))
def test_a_resumed_translator_goes_on_as_the_first_one_would_have(
    cut: int, second: int, later_us: int, small: Profile
) -> None:
    frames = sorted(sender(1, 100) + sender(2, second, begin_us=40 * MS))
    first, other = Translator(small), Translator(small)
    play(first, frames[:cut])
    at_us = (frames[cut - 1][0] if cut else 0) + later_us
    play(first, [], at_us)
    memory = from_plain(WireMemory, json.loads(json.dumps(to_plain(first.memory(at_us)))))
    assert other.resume(memory, at_us) == []
    assert other.memory(at_us) == memory
    assert play(other, frames[cut:], 200 * CYCLE_US) == play(first, frames[cut:], 200 * CYCLE_US)


def test_another_variant_begins_to_look_anew_and_believes_the_next_frame(tmp_path: Path) -> None:
    """It reads other bits, so what was compared says nothing."""
    variants = """
[[variant]]
name = "old"
plausible = [{ signal = "Port.Cable", values = [1, 2] }]
[[variant.signal.latch]]
rows = [{ value = "engaged", when = { "Body.Spare" = 5 } }]
[[variant]]
name = "new"
plausible = [{ signal = "Port.Cable", values = [3] }]
"""
    rows = TOML[TOML.index("[[signal.latch]]") : TOML.index("[[signal.latch_fitted]]")]
    path = write_car(tmp_path, TOML.replace(rows, "") + variants, DBC)
    profile = load_profile(path)
    first = Translator(profile)
    frames = sorted(sender(1, 30) + sender(2, 30, begin_us=40 * MS))
    play(first, frames)
    now_us = frames[-1][0]
    second = Translator(profile, "old")
    second.resume(first.memory(now_us), now_us, first.layout)
    told = second.feed(now_us + CYCLE_US, body(2, spare=5))
    assert told[0] == MessageBack("Body")
    assert ("latch", Feedback.ENGAGED) in told[1].values  # type: ignore[union-attr]


@pytest.mark.slow
@needs_recordings
def test_no_recorded_car_is_taken_for_two() -> None:
    logs = [*LOGS.glob("*/*.log"), *LOGS.glob("*/*.log.gz")]
    assert logs
    for path in sorted(logs):
        frames = [(now, item) for now, item in open_recording([path]) if isinstance(item, Frame)]
        for name, _ in profiles_that_fit({(f.can_id, f.extended) for _, f in frames}):
            profile = load_profile(name)
            watched = [n for n, spec in profile.messages.items() if Rivals.of(spec) is not None]
            told = play(Translator(profile), frames)
            invalid = {e.message for _, e in told if isinstance(e, MessageInvalid)}
            assert invalid.isdisjoint(watched), path.name
