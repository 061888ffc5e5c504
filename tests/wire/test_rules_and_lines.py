"""Three-valued rows, and the line numbers of TOML keys."""

from __future__ import annotations

import pytest

from vehicle.core.signals import CarLock
from vehicle.wire.findings import Finding, ProfileError, Severity, did_you_mean
from vehicle.wire.lines import Lines
from vehicle.wire.rules import evaluate, holds

T, F, U = 1, 0, None
IS_1 = frozenset({1})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), True),
        ((T,), True),
        ((F,), False),
        ((U,), None),
        ((T, T), True),
        ((T, F), False),
        ((F, T), False),
        ((T, U), None),
        ((U, T), None),
        ((F, U), False),
        ((U, F), False),
        ((U, U), None),
    ],
)
def test_a_known_false_operand_decides_whatever_the_others_are(
    values: tuple[int | None, ...], expected: bool | None
) -> None:
    conditions = tuple((slot, IS_1) for slot in range(len(values)))
    assert holds(conditions, values) is expected


ROWS = (
    (CarLock.LOCKED, ((0, IS_1),)),
    (CarLock.UNLOCKED, ((1, IS_1),)),
)
SOURCES = (
    ((), ROWS),
    (((2, IS_1),), ((CarLock.UNLOCKED, ()),)),
)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((T, T, F), CarLock.LOCKED),
        ((F, T, F), CarLock.UNLOCKED),
        ((U, T, F), CarLock.UNKNOWN),  # an unknown row stops the source
        ((U, T, T), CarLock.UNLOCKED),  # and the next source is asked
        ((F, F, T), CarLock.UNLOCKED),  # so it is where no row holds
        ((F, F, F), CarLock.UNKNOWN),
        ((F, F, U), CarLock.UNKNOWN),  # valid_when must be true, not merely unknown
    ],
)
def test_the_first_source_that_says_something_wins(
    values: tuple[int | None, ...], expected: CarLock
) -> None:
    assert evaluate(SOURCES, values, CarLock.UNKNOWN) is expected


TEXT = """schema = 1
"odd key" = 2

[car.latch]
fitted = "signal"   # said by a row

[[signal.inlet]]
rows = [
    { value = "safe" },
    { value = "energised" },
]

[[signal.inlet]]
valid_when = { "A.B" = 1 }
rows = [{ value = "safe" }]

[[variant]]
name = "x"
[[variant.signal.inlet]]
a.b = 1
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("schema",), 1),
        (("odd key",), 2),
        (("car",), 4),
        (("car", "latch"), 4),
        (("car", "latch", "fitted"), 5),
        (("car", "latch", "missing"), 4),
        (("signal", "inlet"), 7),
        (("signal", "inlet", 0, "rows", 1, "value"), 10),
        (("signal", "inlet", 1), 13),
        (("signal", "inlet", 1, "valid_when", "A.B"), 14),
        (("signal", "inlet", 1, "rows", 0), 15),
        (("variant", 0, "name"), 18),
        (("variant", 0, "signal", "inlet", 0), 19),
        (("variant", 0, "signal", "inlet", 0, "a", "b"), 20),
        (("nowhere",), 1),
    ],
)
def test_a_key_has_the_line_it_stands_on_or_that_of_what_is_around_it(
    path: tuple[str | int, ...], line: int
) -> None:
    assert Lines(TEXT).of(path) == line


def test_a_finding_reads_as_one_line() -> None:
    assert str(Finding("a.toml", 3, "car.x", "is odd")) == "a.toml:3: error: car.x: is odd"
    assert str(Finding("a.toml", 0, "", "is odd", Severity.NOTE)) == "a.toml: note: is odd"


def test_a_profile_error_puts_errors_first_and_names_only_them() -> None:
    note = Finding("a", 1, "", "n", Severity.NOTE)
    fault = Finding("a", 2, "", "e")
    error = ProfileError("x", [note, fault])
    assert error.findings == (fault, note)
    assert str(error) == "profile x cannot be used:\n  a:2: error: e"


def test_the_nearest_word_is_named_else_all() -> None:
    assert did_you_mean("lockd", ["locked", "open"]) == 'did you mean "locked"?'
    assert did_you_mean("zzz", ["b", "a"]) == "use one of: a, b"
    assert did_you_mean("zzz", []) == "none is possible here"
