"""The lanes of a report: every value that can stand in one has words and a tone."""

from __future__ import annotations

import pytest

from vehicle.core.names import Charge, Demand, PinState
from vehicle.core.snapshot import SIGNALS
from vehicle.replay.report.lanes import ASSUMED, Lane, LaneTone, lanes, tone_of

EVERY = {lane.key: lane for lane in lanes(shadow=False)}


@pytest.mark.parametrize("lane", EVERY.values(), ids=lambda lane: lane.key)
def test_every_value_of_a_lane_has_words_and_a_tone(lane: Lane) -> None:
    assert lane.words
    assert all(words and tone_of(value) in LaneTone for value, words in lane.words.items())


def test_every_signal_but_which_pins_there_are_has_a_lane() -> None:
    assert set(SIGNALS) - set(EVERY) == {"latch_fitted", "adapter_lock_fitted"}


def test_no_value_is_missing_from_its_lane() -> None:
    for name in set(SIGNALS) & set(EVERY):
        assert set(EVERY[name].words) == set(SIGNALS[name])
    assert set(EVERY["permit"].words) == set(Charge)
    for pin in ("latch", "adapter"):
        assert set(EVERY[f"demand:{pin}"].words) == set(Demand)
        states = {f"{state}{suffix}" for state in PinState for suffix in ("", ASSUMED)}
        assert set(EVERY[f"state:{pin}"].words) == states


def test_in_shadow_the_sensor_is_called_the_cars_own() -> None:
    titles = [lane.title for lane in lanes(shadow=True)]
    assert "car's latch" in titles
    assert "latch sensor" not in titles
