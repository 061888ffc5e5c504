"""The lifecycle of a pin: every state with every trigger, and every cell of its table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from transitions import Machine, MachineError
from transitions.extensions import GraphMachine

from vehicle.core import lifecycle
from vehicle.core.lifecycle import (
    TRANSITIONS,
    IllegalTransitionError,
    Lifecycle,
    Trigger,
    moves_of,
)
from vehicle.core.names import PinState

pytestmark = pytest.mark.fast

MATRIX = """
           | engage           | release          | seated  | cleared  | timed_out | found_engaged | found_released | lost_track
unknown    | engaging/between_ends | releasing/rested |         |          |           | engaged       | released       |
released   | engaging/rested  |                  |         |          |           | engaged       |                | unknown
engaging   |                  | releasing        | engaged |          | jammed    |               |                | unknown
engaged    |                  | releasing/rested |         |          |           |               | released       | unknown
releasing  | engaging         |                  |         | released | jammed    |               |                | unknown
jammed     | engaging/rested  | releasing/rested | engaged | released |           |               |                | unknown
"""  # noqa: E501
"""State x trigger -> where it leads, and after a slash the guard that may refuse."""

Answers = tuple[bool, bool]
"""rested_now, between_now"""
GUARDS = {
    "": lambda _: True,
    "rested": lambda answers: answers[0],
    "between_ends": lambda answers: all(answers),
}

Outcome = PinState | str
Walk = dict[tuple[PinState, Trigger, Answers], Outcome]
EVERY_ANSWER = list(product((True, False), repeat=2))


def cells() -> Iterator[tuple[PinState, Trigger, str, str]]:
    head, *rows = [line.split("|") for line in MATRIX.strip("\n").splitlines()]
    triggers = [Trigger(word.strip()) for word in head[1:]]
    for state, *row in rows:
        for trigger, cell in zip(triggers, row, strict=True):
            dest, _, guard = cell.strip().partition("/")
            yield PinState(state.strip()), trigger, dest, guard


def expected() -> Walk:
    walk: Walk = {}
    for (state, trigger, dest, guard), answers in product(cells(), EVERY_ANSWER):
        passes = GUARDS[guard](answers)
        walk[state, trigger, answers] = (
            "illegal" if not dest else PinState(dest) if passes else "refused"
        )
    return walk


def steps() -> Iterator[tuple[tuple[PinState, Trigger, Answers], Outcome]]:
    """Fire every trigger in every state with every answer of the guards."""
    pin = Lifecycle()
    for state, trigger, answers in product(PinState, Trigger, EVERY_ANSWER):
        pin.rested_now, pin.between_now = answers
        pin.state = state
        try:
            fired = pin.fire(trigger)
        except IllegalTransitionError:
            assert pin.state is state
            yield (state, trigger, answers), "illegal"
        else:
            assert fired or pin.state is state
            yield (state, trigger, answers), pin.state if fired else "refused"


def test_every_trigger_in_every_state_leads_where_the_matrix_says() -> None:
    assert dict(steps()) == expected()


def test_the_moves_are_those_of_the_table_and_no_others() -> None:
    assert moves_of(TRANSITIONS) == {
        (state, trigger): (PinState(dest), guard or None)
        for state, trigger, dest, guard in cells()
        if dest
    }


class Model:
    """What the state machine's own dispatch moves. The guards are asked of a pin of ours."""

    state: PinState

    def __init__(self, pin: Lifecycle) -> None:
        self.rested, self.between_ends = pin.rested, pin.between_ends


def test_a_pin_moves_as_the_state_machine_itself_moves_a_model() -> None:
    pin = Lifecycle()
    model = Model(pin)
    machine = Machine(
        model, PinState, transitions=TRANSITIONS, initial="unknown", auto_transitions=False
    )
    walk: Walk = {}
    for state, trigger, answers in product(PinState, Trigger, EVERY_ANSWER):
        pin.rested_now, pin.between_now = answers
        machine.set_state(state)
        try:
            fired = getattr(model, trigger.value)()
        except MachineError:
            walk[state, trigger, answers] = "illegal"
        else:
            walk[state, trigger, answers] = model.state if fired else "refused"
    assert walk == dict(steps())


def mutants() -> Iterator[list[Any]]:
    for index, row in enumerate(TRANSITIONS):
        before, after = TRANSITIONS[:index], TRANSITIONS[index + 1 :]
        yield [*before, *after]
        for column, kind in (("source", PinState), ("dest", PinState), ("trigger", Trigger)):
            for other in kind:
                if other != row[column]:
                    yield [*before, {**row, column: other}, *after]
        for guard in ("rested", "between_ends", None):
            changed = {name: value for name, value in row.items() if name != "conditions"}
            if guard is not None:
                changed["conditions"] = guard
            if changed != row:
                yield [*before, changed, *after]


@pytest.mark.whole
def test_a_change_of_any_cell_of_the_table_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    golden = expected()
    count = 0
    for table in mutants():
        monkeypatch.setattr(lifecycle, "MOVES", moves_of(table))
        assert any(golden[step] != found for step, found in steps()), table
        count += 1
    assert count == len(TRANSITIONS) * (1 + 5 + 5 + 7 + 2)


def test_an_illegal_transition_says_what_and_where() -> None:
    with pytest.raises(IllegalTransitionError, match=r"^seated is not possible while unknown$"):
        Lifecycle().fire(Trigger.SEATED)


def test_every_trigger_has_its_row() -> None:
    assert {row["trigger"] for row in TRANSITIONS} == {trigger.value for trigger in Trigger}


def test_every_guard_exists() -> None:
    for row in TRANSITIONS:
        guard = row.get("conditions")
        assert guard is None or callable(getattr(Lifecycle(), guard))


def test_two_pins_share_the_table_and_not_the_state() -> None:
    one, other = Lifecycle(), Lifecycle()
    one.fire(Trigger.FOUND_ENGAGED)
    assert one.state is PinState.ENGAGED
    assert other.state is PinState.UNKNOWN


def test_no_two_rows_answer_the_same_trigger_in_the_same_state() -> None:
    keys = [(row["source"], row["trigger"]) for row in TRANSITIONS]
    assert len(keys) == len(set(keys))


def test_the_table_can_be_drawn_as_a_diagram() -> None:
    machine = GraphMachine(
        states=PinState,
        transitions=TRANSITIONS,
        initial=PinState.UNKNOWN,
        auto_transitions=False,
        graph_engine="mermaid",
        show_conditions=True,
    )
    drawing = machine.get_graph().source
    for row in TRANSITIONS:
        arrow = rf"{row['source'].name} --> {row['dest'].name}: .*\b{row['trigger']}\b"
        assert re.search(arrow, drawing), arrow


def test_a_new_lifecycle_is_rested_and_not_between_its_ends() -> None:
    pin = Lifecycle()
    assert (pin.state, pin.rested_now, pin.between_now) == (PinState.UNKNOWN, True, False)


def test_a_row_of_the_table_is_what_the_machine_takes() -> None:
    row = lifecycle._row(Trigger.ENGAGE, PinState.RELEASED, PinState.ENGAGING)
    assert row == {"trigger": "engage", "source": "released", "dest": "engaging"}
    guarded = lifecycle._row(Trigger.ENGAGE, PinState.RELEASED, PinState.ENGAGING, "rested")
    assert guarded == {**row, "conditions": "rested"}
