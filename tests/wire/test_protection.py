"""Checksums, counters and the protection state machine, every state with every input."""

from __future__ import annotations

from collections import deque
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.wire.fields import Field
from vehicle.wire.layout import ProtectionSpec
from vehicle.wire.protection import (
    MAX_ERRORS,
    MIN_OK_INVALID,
    TRANSITIONS,
    Check,
    Protection,
    ProtectionState,
    Verdict,
    code_of,
)

P05 = ProtectionSpec("e2e-p05", data_id=0x2101)
CHECKSUM = Field("LIM_Contactors", "CRC", 0, 8)
COUNTER = Field("LIM_Contactors", "Alive", 8, 4)
CRC8 = ProtectionSpec(
    "crc8",
    polynomial=0x1D,
    start=0xFF,
    final_xor=0x67,
    checksum=CHECKSUM,
    counter=COUNTER,
    counter_max=14,
)
BOTH = pytest.mark.parametrize("spec", [P05, CRC8], ids=["e2e-p05", "crc8"])


def frame(spec: ProtectionSpec, counter: int, payload: bytes = bytes(8)) -> bytes:
    data = bytearray(payload)
    code_of(spec).protect(data, counter % (code_of(spec).counter_max + 1))
    return bytes(data)


def flipped(data: bytes, *bits: int) -> bytes:
    whole = int.from_bytes(data, "little")
    for bit in bits:
        whole ^= 1 << bit
    return whole.to_bytes(len(data), "little")


def in_state(spec: ProtectionSpec, state: ProtectionState) -> Protection:
    """A protection in a state, the counter last seen being 9, the window without errors."""
    protection = Protection(spec)
    steps = {
        ProtectionState.NODATA: [],
        ProtectionState.INIT: [9],
        ProtectionState.VALID: [8, 9],
        ProtectionState.INVALID: [None, None, None, 9],
    }[state]
    for step in steps:
        whole = frame(spec, step or 0)
        protection.feed(flipped(whole, 40) if step is None else whole)
    assert protection.state is state
    return protection


# ---- the checksum --------------------------------------------------------------------------------


@BOTH
@given(payload=st.binary(min_size=8, max_size=8), counter=st.integers(0, 255))
def test_every_error_of_one_or_two_bits_is_rejected(
    spec: ProtectionSpec, payload: bytes, counter: int
) -> None:
    data = frame(spec, counter, payload)
    code = code_of(spec)
    assert code.read(data) is not None
    for bit in range(64):
        assert code.read(flipped(data, bit)) is None
    for first, second in combinations(range(0, 64, 5), 2):
        assert code.read(flipped(data, first, second)) is None


@BOTH
def test_no_pair_of_flipped_bits_passes(spec: ProtectionSpec) -> None:
    data = frame(spec, 7, bytes(range(8)))
    code = code_of(spec)
    assert not any(code.read(flipped(data, *pair)) for pair in combinations(range(64), 2))


def test_only_the_right_data_id_is_accepted() -> None:
    data = frame(P05, 5, b"\0\0\0hello")
    accepted = [i for i in range(65536) if code_of(ProtectionSpec("e2e-p05", i)).read(data)]
    assert accepted == [0x2101]


@BOTH
def test_a_cut_or_lengthened_frame_is_rejected(spec: ProtectionSpec) -> None:
    data = frame(spec, 5, bytes(range(8)))
    code = code_of(spec)
    assert not any(code.read(data[:length]) for length in range(8))
    assert code.read(data + b"\x01") is None


def test_a_counter_that_is_never_sent_is_an_error() -> None:
    data = bytearray(8)
    COUNTER.put(data, 15)
    data[0] = code_of(CRC8)._checksum(data)  # type: ignore[attr-defined]
    assert Protection(CRC8).feed(bytes(data)) is Check.ERROR


def test_a_checksum_without_a_counter_takes_every_whole_frame() -> None:
    spec = ProtectionSpec("crc8", polynomial=0x2F, checksum=CHECKSUM)
    protection = Protection(spec)
    data = frame(spec, 0, b"\0same")
    assert [protection.feed(data) for _ in range(3)] == [Check.OK] * 3
    assert protection.state is ProtectionState.VALID
    assert spec.mask == 0xFF


# ---- the counter ---------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, Check.REPEATED),
        (1, Check.OK),
        (2, Check.OK_SOME_LOST),
        (3, Check.OK_SOME_LOST),
        (4, Check.WRONG_SEQUENCE),
        (-1, Check.WRONG_SEQUENCE),
    ],
)
def test_a_counter_step_is_judged_by_how_many_frames_are_missing(
    spec: ProtectionSpec, step: int, expected: Check
) -> None:
    protection = in_state(spec, ProtectionState.VALID)
    assert protection.feed(frame(spec, 9 + step)) is expected


@BOTH
def test_a_second_sender_is_found_out_however_well_it_keeps_to_the_firsts_counter(
    spec: ProtectionSpec,
) -> None:
    """It speaks first each time, and the true frame looks like a repetition, but is another."""
    protection = in_state(spec, ProtectionState.VALID)
    heard = []
    for counter in (10, 11, 12):
        heard.append(protection.feed(frame(spec, counter, bytes([0, 0, 0, 9, 9, 9, 9, 9]))))
        heard.append(protection.feed(frame(spec, counter)))
    assert heard == [Check.OK, Check.WRONG_SEQUENCE] * 3
    assert protection.state is ProtectionState.INVALID


@BOTH
def test_whose_frame_the_counter_came_with_is_remembered(spec: ProtectionSpec) -> None:
    memory = in_state(spec, ProtectionState.VALID).memory
    for payload, check in ((bytes(8), Check.REPEATED), (b"\0\0\0other", Check.WRONG_SEQUENCE)):
        again = Protection(spec)
        again.resume(memory)
        assert again.feed(frame(spec, 9, payload)) is check


@BOTH
def test_the_counter_wraps(spec: ProtectionSpec) -> None:
    protection = Protection(spec)
    checks = {protection.feed(frame(spec, counter)) for counter in range(600)}
    assert checks == {Check.OK}


def test_the_step_allowed_is_the_mappings() -> None:
    protection = Protection(ProtectionSpec("e2e-p05", 0x2101, max_delta=1))
    protection.feed(frame(P05, 0))
    assert protection.feed(frame(P05, 2)) is Check.WRONG_SEQUENCE


def test_after_a_wrong_sequence_the_received_counter_is_continued_from() -> None:
    protection = in_state(P05, ProtectionState.VALID)
    assert protection.feed(frame(P05, 100)) is Check.WRONG_SEQUENCE
    assert protection.feed(frame(P05, 101)) is Check.OK
    assert protection.state is ProtectionState.VALID


# ---- the state machine ---------------------------------------------------------------------------

N, I, V, X = ProtectionState  # noqa: E741
NEXT = {
    #  state: good, some lost, repeated, wrong sequence, checksum error
    N: (I, I, I, I, N),  # no counter to compare with: every whole frame is a first one
    I: (V, V, I, I, I),
    V: (V, V, V, V, V),
    X: (X, X, X, X, X),  # one good frame is not enough
}


@BOTH
@pytest.mark.parametrize("state", ProtectionState)
def test_every_state_with_every_single_frame(spec: ProtectionSpec, state: ProtectionState) -> None:
    inputs = [frame(spec, 10), frame(spec, 11), frame(spec, 9), frame(spec, 30)]
    inputs.append(flipped(frame(spec, 10), 50))
    for data, expected in zip(inputs, NEXT[state], strict=True):
        protection = in_state(spec, state)
        protection.feed(data)
        assert protection.state is expected


@BOTH
@pytest.mark.parametrize("state", [N, I, V])
def test_more_errors_than_allowed_lead_to_invalid(
    spec: ProtectionSpec, state: ProtectionState
) -> None:
    protection = in_state(spec, state)
    for _ in range(MAX_ERRORS):
        protection.feed(flipped(frame(spec, 0), 50))
        assert protection.state is state
    protection.feed(flipped(frame(spec, 0), 50))
    assert protection.state is X


def test_wrong_sequences_count_as_errors() -> None:
    protection = in_state(P05, V)
    for counter in (50, 90, 130):
        protection.feed(frame(P05, counter))
    assert protection.state is X


def test_repeated_frames_change_nothing_however_many() -> None:
    protection = in_state(P05, V)
    for _ in range(50):
        assert protection.feed(frame(P05, 9)) is Check.REPEATED
    assert protection.state is V
    assert protection.feed(frame(P05, 10)) is Check.OK


def test_invalid_needs_good_frames_in_a_row() -> None:
    protection = in_state(P05, X)
    for counter in range(10, 10 + MIN_OK_INVALID - 2):
        protection.feed(frame(P05, counter))
        assert protection.state is X
    protection.feed(flipped(frame(P05, 0), 50))
    for counter in range(10 + MIN_OK_INVALID - 2, 10 + 2 * MIN_OK_INVALID - 3):
        protection.feed(frame(P05, counter))
        assert protection.state is X
    protection.feed(frame(P05, 10 + 2 * MIN_OK_INVALID - 3))
    assert protection.state is V


def test_reset_begins_anew() -> None:
    protection = in_state(P05, V)
    protection.reset()
    assert protection.state is N
    assert protection.feed(frame(P05, 9)) is Check.OK
    assert protection.state is I


def test_the_table_knows_every_state_and_no_other() -> None:
    assert set(TRANSITIONS) == set(ProtectionState)
    assert all(set(row) <= set(Verdict) for row in TRANSITIONS.values())


@given(st.lists(st.sampled_from(["next", "skip", "repeat", "jump", "bad"]), max_size=60))
def test_the_state_follows_a_naive_reading_of_the_rules(inputs: list[str]) -> None:
    protection = Protection(P05)
    state, counter, first = N, 0, True
    window: deque[bool] = deque(maxlen=5)
    for word in inputs:
        step = {"next": 1, "skip": 3, "repeat": 0, "jump": 60, "bad": 0}[word]
        counter = (counter + step) % 256
        data = frame(P05, counter)
        protection.feed(flipped(data, 33, 34) if word == "bad" else data)
        good = word in ("next", "skip") or (first and word != "bad")
        repeated = word == "repeat" and not first
        first = first and word == "bad"
        if not repeated:
            window.append(not good)
            if not good and sum(window) > MAX_ERRORS and state is not X:
                state = X
                window.clear()
            elif good and state is N:
                state = I
            elif good and (state is I or list(window)[-3:] == [False] * 3):
                state = V
        assert protection.state is state
