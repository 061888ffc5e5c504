"""The snapshot: what is believed after a change."""

from __future__ import annotations

import pytest

from vehicle.core.snapshot import SIGNALS, Snapshot

pytestmark = pytest.mark.fast


def test_a_change_of_any_signal_changes_that_signal_alone() -> None:
    for name, kind in SIGNALS.items():
        for value in kind:
            changed = Snapshot().after({name: value})  # type: ignore[dict-item]
            assert changed == Snapshot()._replace(**{name: value})  # type: ignore[arg-type]
            assert type(changed) is Snapshot


def test_several_signals_change_at_once_and_none_for_nothing() -> None:
    locked, near = SIGNALS["car_lock"]("locked"), SIGNALS["key"]("near")
    changed = Snapshot().after({"key": near, "car_lock": locked})  # type: ignore[dict-item]
    assert (changed.car_lock, changed.key, changed.occupant) == (locked, near, "unknown")
    assert changed.after({}) == changed
