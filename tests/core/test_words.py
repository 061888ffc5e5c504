"""Every name that people meet has words, and what is held is said for every state."""

from __future__ import annotations

from enum import StrEnum
from itertools import product

import pytest

from vehicle.core.car import Actuator
from vehicle.core.names import Charge, FaultName, PinState, Result
from vehicle.core.signals import Fitted, Occupant
from vehicle.core.snapshot import SIGNALS, Snapshot
from vehicle.core.words import (
    CHARGE_WORDS,
    FAULT_WORDS,
    PIN_WORDS,
    RESULT_WORDS,
    SIGNAL_WORDS,
    STATE_WORDS,
    what_is_held,
)

pytestmark = pytest.mark.fast

TABLES: list[tuple[type[StrEnum], dict[str, str]]] = [
    (Actuator, {**PIN_WORDS}),
    (PinState, {**STATE_WORDS}),
    (Charge, {**CHARGE_WORDS}),
    (FaultName, {**FAULT_WORDS}),
    (Result, {**RESULT_WORDS}),
]


@pytest.mark.parametrize(("names", "words"), TABLES, ids=lambda each: getattr(each, "__name__", ""))
def test_every_name_has_its_own_words(names: type[StrEnum], words: dict[str, str]) -> None:
    """None is missing, none is left over, no two are the same, none is empty."""
    assert set(words) == set(names)
    assert len(set(words.values())) == len(words)
    assert all(text == text.strip() != "" for text in words.values())


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_value_of_every_signal_has_its_own_words(signal: str) -> None:
    """A new signal or value needs words before anybody meets it."""
    words = SIGNAL_WORDS[signal]
    assert set(words) == set(SIGNALS[signal])
    assert len(set(words.values())) == len(words)


def test_no_two_signals_share_their_words() -> None:
    """Whoever reads "released" must know which sensor said so."""
    told = [text for words in SIGNAL_WORDS.values() for text in words.values()]
    assert len(set(told)) == len(told)
    assert set(SIGNAL_WORDS) == set(SIGNALS)


CASES = list(product(Occupant, Fitted, Fitted, PinState, PinState, (False, True)))


def held(
    occupant: Occupant,
    latch_fitted: Fitted,
    adapter_fitted: Fitted,
    latch: PinState,
    adapter: PinState,
    assumed: bool,
) -> str:
    seen = Snapshot(
        occupant=occupant, latch_fitted=latch_fitted, adapter_lock_fitted=adapter_fitted
    )
    return what_is_held(seen, {Actuator.LATCH: latch, Actuator.ADAPTER: adapter}, assumed=assumed)


def test_what_is_held_is_a_sentence_in_every_case() -> None:
    """Over all occupants, pins and states."""
    for case in CASES:
        words = held(*case)
        assert words[0].isupper()
        assert words.endswith(".")


def test_locked_is_said_only_where_the_guarding_pin_is_engaged() -> None:
    """A connector's pin is the latch; an adapter's its own lock, or the latch without one."""
    for case in CASES:
        occupant, latch_fitted, adapter_fitted, latch, adapter, assumed = case
        with_adapter = occupant in (Occupant.ADAPTER, Occupant.ADAPTER_AND_CONNECTOR)
        own_lock = with_adapter and adapter_fitted is Fitted.FITTED
        state = adapter if own_lock else latch
        fitted = adapter_fitted if own_lock else latch_fitted
        sure = occupant not in (Occupant.EMPTY, Occupant.UNKNOWN)
        sure = sure and not (with_adapter and adapter_fitted is Fitted.UNKNOWN)
        engaged = sure and fitted is not Fitted.ABSENT and state is PinState.ENGAGED
        words = held(*case)
        assert (" is locked to the car." in words) == (engaged and not assumed), case
        assert (" is thought to be locked to the car." in words) == (engaged and assumed), case


def test_a_handle_in_an_adapter_is_always_said_to_be_free() -> None:
    """The adapter's lock does not hold the J1772 handle: nobody told the owner of the seed."""
    handle = "The handle in it cannot be locked: anyone can take it out."
    for case in CASES:
        words = held(*case)
        known = not words.startswith("It is not known what")
        assert (handle in words) == (case[0] is Occupant.ADAPTER_AND_CONNECTOR and known), case


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (PinState.ENGAGED, "The connector is locked to the car."),
        (PinState.RELEASED, "The connector is not locked: anyone can take it out."),
        (PinState.UNKNOWN, "It is not known whether the connector is locked."),
        (PinState.ENGAGING, "The connector is being locked."),
        (PinState.RELEASING, "The connector is being released."),
        (PinState.JAMMED, "The connector is in a lock that is jammed."),
    ],
)
def test_every_state_of_a_held_connector_is_said(state: PinState, words: str) -> None:
    """And an empty inlet, and an unknown one."""
    fitted, absent = Fitted.FITTED, Fitted.ABSENT
    assert held(Occupant.CONNECTOR, fitted, absent, state, PinState.UNKNOWN, False) == words
    assert held(Occupant.EMPTY, fitted, absent, state, state, False) == "Nothing is plugged in."
    unknown = held(Occupant.UNKNOWN, fitted, absent, state, state, False)
    assert unknown == "It is not known what is plugged in, or what holds it."
