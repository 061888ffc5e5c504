"""Which moments tell most of what would be otherwise."""

from __future__ import annotations

import json
import random

from vehicle.replay.compare import Difference
from vehicle.replay.corpus.moments import MOMENTS, Moment, moment_of, moments, most_telling

HELD = ("engage", "hold")
NOTHING = (None, None)


def moment(log: str, long_us: int, what: str = "latch demand", values: tuple = HELD) -> Moment:
    return Moment(log, None, "small", 100, 100 + long_us, what, values, NOTHING)


def test_held_or_not_tells_more_than_power_and_power_more_than_the_rest() -> None:
    rest = moment("a", 900, "permit", ("ac", "ac-limited"))
    power = moment("b", 500, "permit", ("none", "ac"))
    held = moment("c", 10)
    assumed = moment("d", 5, "latch state", ("engaged-assumed", "released"))
    assert most_telling([rest, power, assumed, held]) == [held, assumed, power, rest]


def test_ten_things_that_happen_tell_more_than_ten_logs_in_which_the_same_does() -> None:
    same = [moment(f"log{number}", 1_000 + number) for number in range(50)]
    others = [moment("log0", 1, f"what {number}", ("ac", "dc")) for number in range(4)]
    found = most_telling([*same, *others])
    assert len(found) == MOMENTS
    assert set(others) <= set(found)
    assert found[0] == same[-1]


def test_of_one_log_there_is_one_before_there_is_a_second() -> None:
    long = [moment("long", 10_000 + number) for number in range(30)]
    short = [moment(f"short{number}", number + 1) for number in range(5)]
    found = most_telling([*long, *short])
    assert {each.log for each in found} == {"long", *(f"short{number}" for number in range(5))}


def test_gathering_piece_by_piece_does_not_depend_on_what_was_left_out() -> None:
    """So that a run needs to hold ten only."""
    chance = random.Random(7)
    every = [
        moment(f"log{n}", chance.randrange(1, 10_000), f"what {chance.randrange(20)}")
        for n in range(400)
    ]
    gathered: list[Moment] = []
    for start in range(0, len(every), 25):
        gathered = most_telling([*gathered, *every[start : start + 25]])
    assert gathered == most_telling(every)


def test_only_the_outcome_counts_and_a_trip_through_json_changes_nothing() -> None:
    rule = Difference(0, 9, "latch rule", ("a", "b"), NOTHING, outcome=False)
    demand = Difference(1, 5, "latch demand", HELD, ("because", None), outcome=True)
    (found,) = moments("x.log", "reports/x.html", "small", [rule, demand])
    assert (found.from_us, found.to_us, found.reasons) == (1, 5, ("because", None))
    assert moment_of(json.loads(json.dumps(found.plain()))) == found
