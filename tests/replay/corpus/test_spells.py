"""What counts as one session and one cable, and in which of them something differs."""

from __future__ import annotations

from vehicle.core.outputs import SignalChanged
from vehicle.core.signals import CarLock, Occupant, Session
from vehicle.replay.corpus.spells import Spells, touched


def spells(*changes: tuple[int, object], end_us: int = 100) -> Spells:
    made = Spells()
    for now_us, value in changes:
        made.note(now_us, SignalChanged("any", value, None))  # type: ignore[arg-type]
    made.finish(end_us)
    return made


def test_a_session_goes_on_through_complete_fault_and_unknown() -> None:
    made = spells(
        (10, Session.WAITING),
        (20, Session.CHARGING),
        (30, Session.UNKNOWN),
        (40, Session.CHARGING),
        (50, Session.COMPLETE),
        (60, Session.CHARGING),
        (70, Session.NONE),
        (80, Session.WAITING),
    )
    assert made.sessions == [(10, 70), (80, 100)]
    assert made.cables == []


def test_a_cable_goes_on_until_the_inlet_is_empty_and_takes_the_session_along() -> None:
    made = spells(
        (0, Occupant.EMPTY),
        (10, Occupant.ADAPTER),
        (20, Occupant.ADAPTER_AND_CONNECTOR),
        (25, Session.CHARGING),
        (30, Occupant.UNKNOWN),
        (40, Occupant.EMPTY),
        (50, Occupant.CONNECTOR),
        (60, CarLock.LOCKED),
    )
    assert made.cables == [(10, 40), (50, 100)]
    assert made.sessions == [(25, 40)]


def test_a_spell_is_touched_where_they_have_a_moment_in_common() -> None:
    held = [(10, 20), (30, 40), (50, 60)]
    assert touched(held, [(0, 10), (20, 30), (60, 70)]) == 0
    assert touched(held, [(0, 11)]) == 1
    assert touched(held, [(15, 16), (17, 18), (39, 51)]) == 3
    assert touched([], [(0, 100)]) == 0
