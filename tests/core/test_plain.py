"""Frozen values as plain data, and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.car import Actuator
from vehicle.core.memory import Flag, Memory, Timer
from vehicle.core.names import FaultName, PinState, Source
from vehicle.core.pin import PinMemory
from vehicle.core.plain import NotPlainError, from_plain, to_plain
from vehicle.core.signals import CarLock
from vehicle.core.snapshot import Snapshot


@pytest.mark.whole
@given(st.from_type(Memory))
def test_every_memory_comes_back_from_json_as_it_was(memory):
    again = from_plain(Memory, json.loads(json.dumps(to_plain(memory))))
    assert again == memory
    assert hash(again) == hash(memory)


@pytest.mark.fast
def test_a_memory_is_told_in_plain_words_sorted_and_comes_back():
    """A fault of no pin beside one of the latch: None and a word have no order but as text."""
    memory = Memory(
        snapshot=Snapshot(car_lock=CarLock.LOCKED),
        asked_by=Source.CLI,
        flags=frozenset({Flag.WAKING, Flag.STOPPED, Flag.WELDED}),
        timers=((Timer.GRACE, -5), (Timer.WELD_RESULT, 7)),
        faults=frozenset({(FaultName.BUS_LOST, None), (FaultName.BUS_LOST, Actuator.LATCH)}),
        latch=PinMemory(state=PinState.JAMMED, attempt=3),
    )
    plain = to_plain(memory)
    assert list(plain) == list(Memory.__dataclass_fields__)
    assert plain["snapshot"]["car_lock"] == "locked"
    assert plain["energy_wh"] is None
    assert plain["asked_by"] == "cli"
    assert plain["flags"] == ["stopped", "waking", "welded"]
    assert plain["timers"] == [["grace", -5], ["weld-result", 7]]
    assert plain["faults"] == [["bus_lost", "latch"], ["bus_lost", None]]
    assert plain["latch"]["state"] == "jammed"
    assert plain["latch"]["attempt"] == 3
    assert type(plain["latch"]["state"]) is str
    assert from_plain(Memory, plain) == memory


@pytest.mark.fast
def test_a_tuple_of_one_kind_is_read_whatever_its_length():
    assert from_plain(tuple[int], [4], "one") == (4,)
    assert from_plain(tuple[int, ...], [4, 5, 6], "many") == (4, 5, 6)
    assert from_plain(tuple[int, ...], [], "none") == ()
    assert from_plain(tuple[int, str, bool], [4, "x", True], "three") == (4, "x", True)


@pytest.mark.fast
def test_absent_fields_keep_their_default():
    assert from_plain(PinMemory, {"state": "engaged"}) == PinMemory(state=PinState.ENGAGED)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ([], "PinMemory: [] is no table"),
        ({"speed": 1}, "PinMemory: unknown speed"),
        ({"speed": 1, "colour": 2}, "PinMemory: unknown colour, speed"),
        ({"state": "flying"}, "PinMemory.state: 'flying' is no PinState"),
        ({"attempt": True}, "PinMemory.attempt: True is no int"),
        ({"attempt": "1"}, "PinMemory.attempt: '1' is no int"),
        ({"recovered": 1}, "PinMemory.recovered: 1 is no bool"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(plain, message):
    with pytest.raises(NotPlainError) as error:
        from_plain(PinMemory, plain)
    assert str(error.value) == message


@pytest.mark.fast
@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"timers": [5]}, "Memory.timers: 5 is no list"),
        ({"timers": [["grace", "soon"]]}, "Memory.timers: 'soon' is no int"),
        ({"timers": [["grace"]]}, "Memory.timers: 1 items where 2 belong"),
        ({"asleep": "main"}, "Memory.asleep: 'main' is no list"),
        ({"faults": [["feedback_lost", "roof"]]}, "Memory.faults: 'roof' is no Actuator"),
    ],
)
def test_lists_and_pairs_that_do_not_fit_are_named(plain, message):
    with pytest.raises(NotPlainError) as error:
        from_plain(Memory, plain)
    assert str(error.value) == message
