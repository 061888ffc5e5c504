"""Frozen values as plain data, and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.memory import Memory
from vehicle.core.names import PinState
from vehicle.core.pin import PinMemory
from vehicle.core.plain import NotPlainError, from_plain, to_plain


@given(st.from_type(Memory))
def test_every_memory_comes_back_from_json_as_it_was(memory):
    again = from_plain(Memory, json.loads(json.dumps(to_plain(memory))))
    assert again == memory
    assert hash(again) == hash(memory)


@pytest.mark.fast
def test_absent_fields_keep_their_default():
    assert from_plain(PinMemory, {"state": "engaged"}) == PinMemory(state=PinState.ENGAGED)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ([], "PinMemory: [] is no table"),
        ({"speed": 1}, "PinMemory: unknown speed"),
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
        ({"timers": [["grace"]]}, "Memory.timers: 1 items where 2 belong"),
        ({"asleep": "main"}, "Memory.asleep: 'main' is no list"),
        ({"faults": [["feedback_lost", "roof"]]}, "Memory.faults: 'roof' is no Actuator"),
    ],
)
def test_lists_and_pairs_that_do_not_fit_are_named(plain, message):
    with pytest.raises(NotPlainError) as error:
        from_plain(Memory, plain)
    assert str(error.value) == message
