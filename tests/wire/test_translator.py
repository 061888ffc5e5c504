"""Frames become events: changes, losses, requests, sleep."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smallcar import DBC, TOML, write_car

from vehicle.core.inputs import (
    BusHeard,
    BusQuiet,
    MessageBack,
    MessageInvalid,
    MessageLost,
    Observed,
    Requested,
)
from vehicle.core.names import Proof, Request, Source
from vehicle.core.signals import CarLock, Feedback, Fitted, Inlet, Occupant
from vehicle.core.snapshot import SIGNALS
from vehicle.wire.codec import Encoder
from vehicle.wire.frame import Frame
from vehicle.wire.profile import Profile, load_profile
from vehicle.wire.translator import Translator

MS = 1000
BODY, PORT, SLOW = 0x100, 0x101, 0x102
FOB = Frame(0x10000, b"\x01", extended=True)
LOCKED = Frame(BODY, bytes([2, 0, 0, 0, 0, 0, 0, 0]))
UNLOCKED = Frame(BODY, bytes([1, 0, 0, 0, 0, 0, 0, 0]))
PRESSED = Frame(BODY, bytes([2, 1, 0, 0, 0, 0, 0, 0]))
PLUGGED = Frame(PORT, bytes([2 | 2 << 2, 0, 0, 0]))
CHARGING = Frame(PORT, bytes([2 | 2 << 2, 0, 100, 0]))
FITTED = Frame(SLOW, b"\x02")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return load_profile(write_car(tmp_path_factory.mktemp("car")))


def run(translator: Translator, until_us: int) -> list[tuple[int, object]]:
    """Fire every deadline up to a time, each at its own time."""
    events: list[tuple[int, object]] = []
    while (due := translator.deadline_us) is not None and due <= until_us:
        events += [(due, event) for event in translator.fire(due)]
    return events


# ---- changes -------------------------------------------------------------------------------------


def test_the_first_frame_also_tells_what_the_profile_states(small: Profile) -> None:
    events = Translator(small).feed(0, LOCKED)
    values = (("car_lock", CarLock.LOCKED), ("adapter_lock_fitted", Fitted.ABSENT))
    assert events == [Observed(values)]


def test_a_frame_that_changes_nothing_tells_nothing(small: Profile) -> None:
    translator = Translator(small)
    translator.feed(0, LOCKED)
    assert translator.feed(100 * MS, LOCKED) == []
    unread_bits = Frame(BODY, bytes([2, 0, 7, 7, 7, 7, 7, 7]))
    assert translator.feed(200 * MS, unread_bits) == []
    assert translator.feed(300 * MS, UNLOCKED) == [Observed((("car_lock", CarLock.UNLOCKED),))]


def test_foreign_remote_and_error_frames_are_nothing(small: Profile) -> None:
    translator = Translator(small, channels={"main": "can0"})
    for frame in (
        Frame(0x700, b"\x02", "can0"),
        LOCKED._replace(channel="can1"),
        LOCKED._replace(channel="can0", extended=True),
        LOCKED._replace(channel="can0", remote=True),
        LOCKED._replace(channel="can0", error=True),
    ):
        assert translator.feed(0, frame) == []
    assert (translator.frames_used, translator.heard) == (0, set())
    translator.feed(0, LOCKED._replace(channel="can0"))
    assert (translator.frames_used, translator.heard) == (1, {"Body"})


def test_a_short_frame_silences_only_the_signals_beyond_its_end(small: Profile) -> None:
    translator = Translator(small)
    translator.feed(0, CHARGING)
    assert translator.feed(100, Frame(PORT, CHARGING.data[:1])) == [
        Observed((("inlet", Inlet.UNKNOWN),))
    ]


def test_a_value_that_says_nothing_is_unknown(small: Profile) -> None:
    translator = Translator(small)
    translator.feed(0, LOCKED)
    assert translator.feed(1, Frame(BODY, bytes([3] + [0] * 7))) == [
        Observed((("car_lock", CarLock.UNKNOWN),))
    ]


def test_what_is_fitted_stays_known(small: Profile) -> None:
    translator = Translator(small)
    assert ("latch_fitted", Fitted.FITTED) in translator.feed(0, FITTED)[0].values
    assert translator.feed(1, Frame(SLOW, b"\x00")) == []
    assert translator.feed(2, Frame(SLOW, b"\x01")) == [
        Observed((("latch_fitted", Fitted.ABSENT),))
    ]


def test_a_request_needs_a_change_from_known_false_to_true(small: Profile) -> None:
    translator = Translator(small)
    requested = Requested(Request.UNLATCH, Source.PORT_BUTTON, Proof.NONE)
    assert requested not in translator.feed(0, PRESSED)
    assert requested not in translator.feed(1, PRESSED)
    translator.feed(2, LOCKED)
    assert translator.feed(3, PRESSED) == [requested]
    translator.feed(4, LOCKED._replace(data=b"\x02"))
    assert requested not in translator.feed(5, PRESSED)


def test_reset_forgets_everything(small: Profile) -> None:
    translator = Translator(small)
    first = translator.feed(0, LOCKED)
    translator.feed(1, FITTED)
    translator.reset()
    assert translator.deadline_us is None
    assert (translator.frames_used, translator.heard) == (0, set())
    assert translator.feed(5, LOCKED) == first


# ---- silence -------------------------------------------------------------------------------------


def test_a_message_is_lost_exactly_at_its_limit(small: Profile) -> None:
    translator = Translator(small)
    translator.feed(7, PLUGGED)
    assert translator.deadline_us == 7 + 300 * MS
    assert translator.fire(6 + 300 * MS) == []
    assert translator.fire(7 + 300 * MS) == [
        MessageLost("Port"),
        Observed(
            (
                ("occupant", Occupant.UNKNOWN),
                ("inlet", Inlet.UNKNOWN),
                ("latch", Feedback.UNKNOWN),
            )
        ),
    ]


def test_a_frame_at_the_very_limit_is_in_time(small: Profile) -> None:
    translator = Translator(small)
    translator.feed(0, PLUGGED)
    assert translator.feed(300 * MS, PLUGGED) == []
    assert translator.deadline_us == 600 * MS


def test_a_deadline_that_nobody_fired_is_not_overheard(small: Profile) -> None:
    translator = Translator(small)
    translator.feed(0, PLUGGED)
    events = translator.feed(301 * MS, PLUGGED)
    assert [type(event) for event in events] == [MessageLost, Observed, MessageBack, Observed]


def test_a_lost_message_is_back_before_its_values(small: Profile) -> None:
    translator = Translator(small)
    translator.feed(0, PLUGGED)
    run(translator, 400 * MS)
    back, observed = translator.feed(400 * MS, PLUGGED)
    assert back == MessageBack("Port")
    assert ("latch", Feedback.ENGAGED) in observed.values


def test_an_event_is_never_lost(small: Profile) -> None:
    translator = Translator(small)
    translator.feed(0, FOB)
    assert translator.deadline_us is None


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(
        st.tuples(st.sampled_from([LOCKED, UNLOCKED, PLUGGED, FITTED, FOB]), st.integers(1, 9000)),
        max_size=40,
    )
)
def test_the_deadline_is_always_the_earliest_there_is(
    small: Profile, gaps: list[tuple[Frame, int]]
) -> None:
    """The cached deadline equals one worked out from nothing, whether or not anybody asks."""
    asked, unasked, now_us = Translator(small), Translator(small), 0
    told: list[list[object]] = [[], []]
    for frame, gap_ms in gaps:
        now_us += gap_ms * MS
        assert unasked.due_before(now_us) == asked.due_before(now_us)
        told[0] += [event for _, event in run(asked, now_us - 1)]
        told[0] += asked.feed(now_us, frame)
        told[1] += unasked.feed(now_us, frame)
        due = asked.supervision.next_due()
        assert asked.deadline_us == (None if due is None else due[0])
    assert told[0] == told[1]


def test_a_bus_that_may_be_quiet_after_all_is_not_missed(small: Profile) -> None:
    """The slow message stands in the way of quiet until it is heard again, being due itself."""
    translator = Translator(small)
    drive(translator, 8_000, slow=True)
    run(translator, 8_500 * MS)
    assert translator.deadline_us == 12_000 * MS, "the slow one's, for the bus is not quiet"
    translator.feed(8_600 * MS, FITTED)
    translator.feed(8_700 * MS, LOCKED)
    assert translator.due_before(20_000 * MS) == 9_200 * MS
    events = run(translator, 20_000 * MS)
    assert events[-1][0] == 15_600 * MS
    assert isinstance(events[-1][1], BusQuiet)


# ---- a bus that falls asleep ---------------------------------------------------------------------


def drive(translator: Translator, until_ms: int, slow: bool = False) -> None:
    """Both fast messages every 100 ms, the slow one at 0 if asked for."""
    if slow:
        translator.feed(0, FITTED)
    for now_ms in range(0, until_ms + 1, 100):
        translator.feed(now_ms * MS, LOCKED)
        translator.feed(now_ms * MS, PLUGGED)


def test_a_bus_is_quiet_two_seconds_after_its_last_frame(small: Profile) -> None:
    translator = Translator(small)
    drive(translator, 1000)
    events = run(translator, 60_000 * MS)
    assert [(now // MS, type(event)) for now, event in events] == [
        (1300, MessageLost),
        (1300, Observed),
        (1500, MessageLost),
        (1500, Observed),
        (3000, BusQuiet),
    ]
    quiet = events[-1][1]
    assert quiet == BusQuiet(
        "main",
        ("Body", "Port"),
        (
            ("occupant", Occupant.CONNECTOR),
            ("inlet", Inlet.SAFE),
            ("latch", Feedback.ENGAGED),
            ("car_lock", CarLock.LOCKED),
        ),
    )
    assert translator.deadline_us is None


def test_a_slow_message_is_awaited_before_the_bus_counts_as_quiet(small: Profile) -> None:
    translator = Translator(small)
    drive(translator, 1000, slow=True)
    events = run(translator, 60_000 * MS)
    when, quiet = events[-1]
    assert isinstance(quiet, BusQuiet)
    assert quiet.messages == ("Body", "Port", "Slow")
    assert when == 7_000 * MS  # the slow frame due at 5 s, and 2 s more


def test_a_slow_message_alone_never_counts_as_quiet_between_its_frames(small: Profile) -> None:
    translator = Translator(small)
    for now_s in range(0, 60, 5):
        assert run(translator, now_s * 1000 * MS) == []
        translator.feed(now_s * 1000 * MS, FITTED)


def test_a_message_that_stopped_long_before_is_lost_not_asleep(small: Profile) -> None:
    """The slow one stopped 8 s before the others: they did not fall asleep together."""
    translator = Translator(small)
    drive(translator, 8_000, slow=True)
    events = [event for _, event in run(translator, 60_000 * MS)]
    assert not any(isinstance(event, BusQuiet) for event in events)
    assert MessageLost("Slow") in events


def test_a_message_lost_before_says_nothing_about_the_silence(small: Profile) -> None:
    translator = Translator(small)
    translator.feed(0, PLUGGED)
    for now_ms in range(0, 5001, 100):
        run(translator, now_ms * MS)
        translator.feed(now_ms * MS, LOCKED)
    events = run(translator, 60_000 * MS)
    assert events[-1] == (
        7_000 * MS,
        BusQuiet("main", ("Body",), (("car_lock", CarLock.LOCKED),)),
    )


def asleep(small: Profile, slow: bool = False) -> Translator:
    translator = Translator(small)
    drive(translator, 1000, slow)
    run(translator, 10_000 * MS)
    assert translator.deadline_us is None
    return translator


def test_waking_tells_every_signal_again(small: Profile) -> None:
    translator = asleep(small)
    assert translator.feed(100_000 * MS, LOCKED) == [
        BusHeard("main"),
        MessageBack("Body"),
        Observed((("car_lock", CarLock.LOCKED),)),
    ]
    events = translator.feed(100_100 * MS, PLUGGED)
    assert events[0] == MessageBack("Port")
    assert dict(events[1].values) == {
        "occupant": Occupant.CONNECTOR,
        "inlet": Inlet.SAFE,
        "latch": Feedback.ENGAGED,
    }


def test_an_event_that_says_nothing_new_wakes_the_bus_too(small: Profile) -> None:
    translator = Translator(small)
    translator.feed(0, FOB)
    drive(translator, 1000)
    run(translator, 10_000 * MS)
    assert translator.feed(100_000 * MS, FOB) == [BusHeard("main")]


def test_what_stays_silent_after_waking_is_lost_at_its_own_limit(small: Profile) -> None:
    translator = asleep(small, slow=True)
    translator.feed(100_000 * MS, LOCKED)
    for now_ms in range(100_000, 113_000, 100):
        for when, event in run(translator, now_ms * MS):
            if event == MessageLost("Port"):
                assert when == 100_300 * MS
            elif event == MessageLost("Slow"):
                assert when == 112_000 * MS
                return
            else:
                # The core may hold these frozen, so their end is told.
                assert event == Observed(
                    (
                        ("occupant", Occupant.UNKNOWN),
                        ("inlet", Inlet.UNKNOWN),
                        ("latch", Feedback.UNKNOWN),
                    )
                )
        translator.feed(now_ms * MS, LOCKED)
    raise AssertionError("the slow message was never lost")


def test_a_frozen_signal_that_is_unknown_once_all_is_heard_is_told_so(small: Profile) -> None:
    translator = asleep(small)
    translator.feed(100_000 * MS, LOCKED)
    events = translator.feed(100_100 * MS, Frame(PORT, bytes(4)))
    assert dict(events[1].values) == {
        "occupant": Occupant.UNKNOWN,
        "inlet": Inlet.UNKNOWN,
        "latch": Feedback.UNKNOWN,
    }


def test_a_short_waking_keeps_the_rest_frozen(small: Profile) -> None:
    """One message is heard once; the slow one's limit has not ended when the bus sleeps again."""
    translator = asleep(small, slow=True)
    translator.feed(100_000 * MS, LOCKED)
    events = run(translator, 200_000 * MS)
    when, quiet = events[-1]
    assert isinstance(quiet, BusQuiet)
    assert when == 102_000 * MS
    assert quiet.messages == ("Body", "Slow")
    assert MessageLost("Slow") not in [event for _, event in events]


# ---- all of it against a naive reading -----------------------------------------------------------

FRAMES = st.one_of(
    st.builds(
        lambda a, b: Frame(BODY, bytes([a, b] + [0] * 6)), st.integers(0, 3), st.integers(0, 1)
    ),
    st.builds(
        lambda a, c, n: Frame(PORT, bytes([a, c >> 8 & 255, c & 255, 0])[:n]),
        st.integers(0, 15),
        st.integers(-1100, 1100),
        st.sampled_from([1, 2, 4]),
    ),
    st.builds(lambda a: Frame(SLOW, bytes([a])), st.integers(0, 3)),
)


def naive(profile: Profile, heard: dict[int, tuple[int, bytes]], now_us: int) -> dict[str, object]:
    """Every signal from nothing but the last frame of each message. Fitted is left out: sticky."""

    def value(condition) -> bool | None:
        field = condition.field
        spec = profile.messages[field.message]
        when, data = heard.get(spec.can_id, (None, b""))
        if when is None or now_us >= when + spec.stale_us:
            return None
        raw = field.known(data)
        return None if raw is None else raw in condition.allowed

    def all_of(conditions) -> bool | None:
        truths = [value(condition) for condition in conditions]
        if False in truths:
            return False
        return None if None in truths else True

    found: dict[str, object] = {}
    for signal, sources in profile.layout.signals.items():
        found[signal] = SIGNALS[signal]("unknown")
        for source in sources:
            if all_of(source.valid_when) is not True:
                continue
            truths = [(all_of(row.when), row.value) for row in source.rows]
            decisive = [(truth, word) for truth, word in truths if truth is not False][:1]
            if decisive and decisive[0][0]:
                found[signal] = decisive[0][1]
                break
    return {signal: word for signal, word in found.items() if not signal.endswith("fitted")}


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(st.tuples(FRAMES, st.integers(0, 400)), min_size=1, max_size=60))
def test_what_was_observed_equals_a_naive_reading_at_every_moment(
    small: Profile, steps: list[tuple[Frame, int]]
) -> None:
    translator, now_us = Translator(small), 0
    heard: dict[int, tuple[int, bytes]] = {}
    told = {signal: SIGNALS[signal]("unknown") for signal in small.layout.signals}
    for frame, gap_ms in steps:
        now_us += gap_ms * MS
        for due, event in run(translator, now_us - 1):
            if isinstance(event, Observed):
                told.update(event.values)
                believed = {s: v for s, v in told.items() if not s.endswith("fitted")}
                assert believed == naive(small, heard, due)
        heard[frame.can_id] = (now_us, frame.data)
        events = translator.feed(now_us, frame) + [event for _, event in run(translator, now_us)]
        for event in events:
            if isinstance(event, Observed):
                told.update(event.values)
        believed = {s: v for s, v in told.items() if not s.endswith("fitted")}
        assert believed == naive(small, heard, now_us)


def test_a_multiplexed_signal_keeps_its_value_while_other_pages_are_sent(tmp_path: Path) -> None:
    dbc = DBC.replace("SG_ Lock : 0|2@1+", "SG_ Lock m1 : 0|2@1+").replace(
        "SG_ Spare : 2|6@1+", "SG_ Page M : 4|4@1+"
    )
    translator = Translator(load_profile(write_car(tmp_path, TOML, dbc)))
    page = [Frame(BODY, bytes([number << 4 | 2] + [0] * 7)) for number in range(3)]
    assert "car_lock" not in dict(translator.feed(0, page[0])[0].values)
    assert translator.feed(1, page[1]) == [Observed((("car_lock", CarLock.LOCKED),))]
    assert translator.feed(2, page[2]) == []
    assert translator.feed(3, Frame(BODY, bytes([1 << 4 | 1] + [0] * 7))) == [
        Observed((("car_lock", CarLock.UNLOCKED),))
    ]


# ---- protection ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference() -> Profile:
    return load_profile("reference")


def bad(frame: Frame) -> Frame:
    return frame._replace(data=bytes([frame.data[0] ^ 1]) + frame.data[1:])


def lock_frames(reference: Profile, count: int, lock: str = "Locked") -> list[Frame]:
    encoder = Encoder(reference)
    return [encoder.encode("DoorLockState", {"CarLock": lock}) for _ in range(count)]


def test_a_protected_value_is_used_from_the_second_frame(reference: Profile) -> None:
    first, second, *_ = lock_frames(reference, 2)
    translator = Translator(reference)
    assert translator.feed(0, first) == []
    assert translator.deadline_us is None
    assert translator.feed(1, second) == [Observed((("car_lock", CarLock.LOCKED),))]


def test_a_single_bad_frame_is_dropped_and_changes_nothing(reference: Profile) -> None:
    frames = lock_frames(reference, 4)
    unlocked = lock_frames(reference, 4, "Unlocked")
    translator = Translator(reference)
    translator.feed(0, frames[0])
    translator.feed(1, frames[1])
    assert translator.feed(2, bad(unlocked[2])) == []
    assert translator.deadline_us == 1 + 500 * MS
    assert translator.feed(3, frames[3]) == []


def test_too_many_bad_frames_make_the_message_invalid_until_it_is_good_again(
    reference: Profile,
) -> None:
    frames = lock_frames(reference, 8)
    translator = Translator(reference)
    for now_us, frame in enumerate(frames[:2]):
        translator.feed(now_us, frame)
    told = [translator.feed(now_us, bad(frames[2])) for now_us in (10, 11, 12, 13)]
    invalid = [MessageInvalid("DoorLockState"), Observed((("car_lock", CarLock.UNKNOWN),))]
    assert told == [[], [], invalid, []]
    back = [translator.feed(20 + index, frame) for index, frame in enumerate(frames[2:5])]
    assert back == [
        [],
        [],
        [MessageBack("DoorLockState"), Observed((("car_lock", CarLock.LOCKED),))],
    ]


def test_a_stuck_sender_is_lost_though_it_keeps_sending(reference: Profile) -> None:
    first, second = lock_frames(reference, 2)
    translator = Translator(reference)
    translator.feed(0, first)
    translator.feed(100 * MS, second)
    for now_ms in range(200, 600, 100):
        assert run(translator, now_ms * MS) == []
        assert translator.feed(now_ms * MS, second) == []
    assert run(translator, 600 * MS)[0] == (600 * MS, MessageLost("DoorLockState"))


def test_a_message_from_another_sender_is_not_believed(reference: Profile) -> None:
    """The same payload, protected with another message's DataID."""
    encoder = Encoder(reference)
    frames = [encoder.encode("KeyState", {"KeyZone": 1}) for _ in range(3)]
    translator = Translator(reference)
    told = [translator.feed(n, Frame(0x210, frame.data)) for n, frame in enumerate(frames)]
    assert told == [[], [], [MessageInvalid("DoorLockState")]]
    assert translator.heard == set()


def test_the_first_good_frame_wakes_the_bus_and_the_second_is_believed(
    reference: Profile,
) -> None:
    frames = lock_frames(reference, 4)
    translator = Translator(reference)
    translator.feed(0, frames[0])
    translator.feed(100 * MS, frames[1])
    run(translator, 10_000 * MS)
    assert translator.feed(20_000 * MS, bad(frames[2])) == []
    assert translator.feed(20_100 * MS, frames[2]) == [BusHeard("main")]
    assert translator.feed(20_200 * MS, frames[3]) == [
        MessageBack("DoorLockState"),
        Observed((("car_lock", CarLock.LOCKED),)),
    ]


def test_energy_is_told_when_it_changes_and_beside_every_change(reference: Profile) -> None:
    encoder, translator = Encoder(reference), Translator(reference)
    told = []
    for now_us, energy in enumerate([20.0, 20.0, 40.0, 40.0]):
        frame = encoder.encode("ChargeState", {"Session": "None", "SessionEnergy": energy})
        told += translator.feed(now_us, frame)
    assert [event.energy_wh for event in told] == [20, 40]
    assert told[1].values == ()


def test_an_unknown_variant_is_refused_by_name(tmp_path: Path) -> None:
    profile = load_profile(write_car(tmp_path, TOML))
    with pytest.raises(ValueError, match='no variant "x"'):
        Translator(profile, "x")
