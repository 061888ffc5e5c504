"""A translator that resumes from another's memory goes on exactly as that one does."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smallcar import TOML, write_car

from vehicle.core.inputs import InputEvent, MessageBack, MessageLost, Observed
from vehicle.core.plain import from_plain, to_plain
from vehicle.core.signals import CarLock, Feedback, Occupant
from vehicle.runtime.simulator import run_story
from vehicle.runtime.story import read_story
from vehicle.wire.frame import Frame
from vehicle.wire.loaded import Profile
from vehicle.wire.memory import WireMemory
from vehicle.wire.profile import load_profile
from vehicle.wire.translator import Translator, WireEvent

STORIES = Path(__file__).resolve().parents[1] / "stories"
TRACES = (
    "bad_checksums",
    "bus_sleep_is_no_loss",
    "lost_frames",
    "lost_port_message_while_charging",
    "repeated_counters",
    "unlatch_meets_a_bus_that_stays_asleep",
    "unlatch_wakes_the_bus",
)
"""Stories in which messages are lost, invalid, asleep and back."""


@cache
def profile() -> Profile:
    return load_profile("reference")


@cache
def trace(name: str) -> tuple[tuple[int, Frame], ...]:
    return run_story(read_story(STORIES / f"{name}.toml"), 0, profile=profile()).frames


def stored(memory: WireMemory) -> WireMemory:
    """The memory as it comes back from a file."""
    return from_plain(WireMemory, json.loads(json.dumps(to_plain(memory))))


def play(
    translator: Translator, frames: tuple[tuple[int, Frame], ...], shift_us: int = 0
) -> list[tuple[int, WireEvent]]:
    """Feed frames, firing every deadline at its own time; return what is told."""
    told: list[tuple[int, WireEvent]] = []
    for now_us, frame in frames:
        while (due_us := translator.deadline_us) is not None and due_us < now_us + shift_us:
            told += [(due_us - shift_us, event) for event in translator.fire(due_us)]
        told += [(now_us, event) for event in translator.feed(now_us + shift_us, frame)]
    return told


@pytest.mark.whole
@pytest.mark.parametrize("name", TRACES)
@settings(max_examples=8, deadline=None)
@given(share=st.floats(0, 1), later_us=st.integers(0, 20_000_000), shift_us=st.integers(0, 10**12))
def test_a_resumed_translator_tells_what_the_first_one_would_have_told(
    name: str, share: float, later_us: int, shift_us: int
) -> None:
    """Wherever it is cut, between frames or in a silence, and whatever the new clock says."""
    frames = trace(name)
    cut = round(share * len(frames))
    first = Translator(profile())
    play(first, frames[:cut])
    at_us = (frames[cut - 1][0] if cut else 0) + later_us
    if cut < len(frames):
        at_us = min(at_us, frames[cut][0])
    while (due_us := first.deadline_us) is not None and due_us < at_us:
        first.fire(due_us)
    memory = stored(first.memory(at_us))
    second = Translator(profile())
    assert second.resume(memory, at_us + shift_us) == []
    assert second.memory(at_us + shift_us) == memory
    assert play(second, frames[cut:], shift_us) == play(first, frames[cut:])


VARIANTS = """
[[variant]]
name = "old"
plausible = [{ signal = "Port.Cable", values = [1, 2] }]
[[variant.signal.latch]]
rows = [
    { value = "released", when = { "Port.Latch" = 1 } },
    { value = "engaged", when = { "Port.Latch" = 2 } },
]
[[variant]]
name = "new"
plausible = [{ signal = "Port.Cable", values = [3] }]
[[variant.signal.latch]]
rows = [
    { value = "engaged", when = { "Port.Latch" = 1 } },
    { value = "released", when = { "Port.Latch" = 2 } },
]
"""


@pytest.fixture
def two_variants(tmp_path: Path) -> Profile:
    """The small car in two software versions that read the latch the other way round."""
    rows = TOML[TOML.index("[[signal.latch]]") : TOML.index("[[signal.latch_fitted]]")]
    return load_profile(write_car(tmp_path, TOML.replace(rows, "") + VARIANTS))


def port(latch: int) -> Frame:
    return Frame(0x101, bytes([2 | latch << 2, 0, 0, 0]), "can0")


BODY = Frame(0x100, bytes([2]) + bytes(7), "can0")


def hand_over(
    profile: Profile, first: Translator, to: str | None, now_us: int
) -> tuple[Translator, list[InputEvent]]:
    second = Translator(profile, to)
    return second, [*second.resume(first.memory(now_us), now_us, first.layout)]


def test_a_variant_that_is_found_tells_only_what_it_reads_otherwise(two_variants: Profile) -> None:
    """The doors were known before, and stay so; the latch is known from the bits heard before."""
    first = Translator(two_variants)
    first.feed(0, BODY)
    first.feed(0, port(latch=1))
    second, told = hand_over(two_variants, first, "old", 50_000)
    assert told == [Observed((("latch", Feedback.RELEASED),))]
    assert second.feed(50_000, port(latch=1)) == []
    assert second.feed(50_000, BODY) == []


def test_a_variant_that_was_wrong_leaves_nothing_behind(two_variants: Profile) -> None:
    """What only the wrong variant knew is unknown again; what both know stays."""
    first = Translator(two_variants, "old")
    first.feed(0, BODY)
    first.feed(0, port(latch=1))
    second, told = hand_over(two_variants, first, None, 50_000)
    assert told == [Observed((("latch", Feedback.UNKNOWN),))]
    assert second.feed(60_000, port(latch=1)) == []


def test_two_variants_read_the_same_bits_in_their_own_way_at_once(two_variants: Profile) -> None:
    """The raw value is the same, so nobody has to wait for the next frame."""
    first = Translator(two_variants, "old")
    first.feed(0, port(latch=1))
    _, told = hand_over(two_variants, first, "new", 50_000)
    assert told == [Observed((("latch", Feedback.ENGAGED),))]


def test_what_was_lost_before_the_hand_over_comes_back_after_it(two_variants: Profile) -> None:
    """A loss is told once, and its end is told too."""
    first = Translator(two_variants)
    first.feed(0, BODY)
    first.feed(0, port(latch=1))
    assert first.feed(400_000, BODY)[0] == MessageLost("Port")
    second, told = hand_over(two_variants, first, "old", 400_000)
    assert told == []
    assert second.deadline_us == first.deadline_us
    back = second.feed(500_000, port(latch=2))
    assert back[0] == MessageBack("Port")
    assert ("occupant", Occupant.CONNECTOR) in back[1].values  # type: ignore[union-attr]


def test_a_silence_goes_on_over_the_hand_over(two_variants: Profile) -> None:
    """The stale limit counts from the last frame, not from the hand-over."""
    first = Translator(two_variants)
    first.feed(0, BODY)
    second, _ = hand_over(two_variants, first, "old", 300_000)
    assert second.deadline_us == 500_000
    lost = second.fire(500_000)
    assert lost == [MessageLost("Body"), Observed((("car_lock", CarLock.UNKNOWN),))]


def test_a_memory_that_names_no_signal_of_ours_is_refused(two_variants: Profile) -> None:
    """It is of another version of this program."""
    memory = WireMemory(begun=True, told=(("colour", "red"),))
    with pytest.raises(ValueError, match="no signal colour"):
        Translator(two_variants).resume(memory, 0)
