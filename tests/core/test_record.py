"""Records behave as the standard library's frozen data classes, whatever is used of them first."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import (
    FrozenInstanceError,
    asdict,
    dataclass,
    field,
    fields,
    is_dataclass,
    replace,
)
from inspect import signature
from typing import Any, NamedTuple

import pytest

from vehicle.core import record as record_module
from vehicle.core.record import record

pytestmark = pytest.mark.fast


class Pair(NamedTuple):
    """The same class twice: as a record nobody has used yet, and as the standard library's."""

    ours: Any
    theirs: Any


def _fresh() -> Pair:
    def make(kind: Callable[[type[Any]], type[Any]]) -> type[Any]:
        class Cable:
            """A cable."""

            amperes: int
            name: str = "blue"
            uses: list[str] = field(default_factory=list)

            def long(self) -> str:
                """Return it in words."""
                return f"{self.name} {self.amperes}"

        return kind(Cable)

    return Pair(make(record), make(dataclass(frozen=True, slots=True)))


@record
class Plug:
    """One that can be pickled: its module knows it by name."""

    pins: int
    kind: str = "type-2"


FIRST_USES: dict[str, Callable[[Any], Any]] = {
    "made": lambda cable: cable(1),
    "made with nothing": lambda cable: cable(1, uses=None),
    "made by name": lambda cable: cable(name="red", amperes=3, uses=["home"]),
    "shown": lambda cable: repr(cable(2)),
    "asked": lambda cable: cable(2).long(),
    "compared with an equal": lambda cable: cable(1, "red") == cable(1, "red"),
    "compared with another": lambda cable: cable(1, "red") == cable(2, "red"),
    "compared with a tuple": lambda cable: cable(1, "red") == (1, "red", []),
    "replaced": lambda cable: replace(cable(1), amperes=5),
    "taken apart": lambda cable: asdict(cable(1)),
    "copied": lambda cable: copy.deepcopy(cable(1)),
    "listed": lambda cable: [each.name for each in fields(cable)],
    "inspected": lambda cable: list(signature(cable).parameters),
    "inspected for its annotations": lambda cable: [
        each.annotation for each in signature(cable).parameters.values()
    ],
    "known": lambda cable: (is_dataclass(cable), cable.__match_args__, cable.__slots__),
}


@pytest.mark.parametrize("use", FIRST_USES)
def test_a_record_behaves_as_a_frozen_data_class_at_its_first_use_and_later(use: str) -> None:
    """The methods are made by the first call, and no call may tell."""
    cable, known = _fresh()
    for _ in range(2):
        assert repr(FIRST_USES[use](cable)) == repr(FIRST_USES[use](known))


WRONG_USES: dict[str, Callable[[Any], Any]] = {
    "too few": lambda cable: cable(),
    "too many": lambda cable: cable(1, "red", [], 4),
    "unknown": lambda cable: cable(1, colour="red"),
    "not hashable": lambda cable: hash(cable(1)),
    "set": lambda cable: setattr(cable(1), "amperes", 2),
    "deleted": lambda cable: delattr(cable(1), "amperes"),
}


@pytest.mark.parametrize("use", WRONG_USES)
def test_a_record_refuses_what_a_frozen_data_class_refuses(use: str) -> None:
    """By the same exception; what would change a record says so in the same words."""
    cable, known = _fresh()
    with pytest.raises((TypeError, FrozenInstanceError)) as theirs:
        WRONG_USES[use](known)
    for _ in range(2):
        with pytest.raises(theirs.type) as ours:
            WRONG_USES[use](cable)
        if theirs.type is FrozenInstanceError:
            assert str(ours.value) == str(theirs.value)


def test_equal_records_have_one_hash() -> None:
    """So that they can be keys; the first use of the class is the comparison of two unpickled."""
    assert {Plug(7): "seven"}[Plug(7)] == "seven"
    assert len({Plug(7), Plug(7), Plug(5)}) == 2


def test_a_record_that_was_pickled_before_its_class_was_used_compares_by_its_fields() -> None:
    """Unpickling calls no ``__init__``: a worker's first use of a class may be a comparison."""

    def restored(cable: Any) -> Any:
        made = cable.__new__(cable)
        made.__setstate__([4, "red", []])
        return made

    cable, _ = _fresh()
    assert restored(cable) == restored(cable)
    assert pickle.loads(pickle.dumps(Plug(3))) == Plug(3)


def test_each_record_has_a_list_of_its_own() -> None:
    """A default that is made is made anew."""
    cable, _ = _fresh()
    first, second = cable(1), cable(1)
    first.uses.append("home")
    assert second.uses == []


def test_fields_by_name_only_are_taken_by_name_only() -> None:
    """Also a field without default after one that has one."""

    @record(kw_only=True)
    class Limits:
        """Two limits."""

        low: int = 1
        high: int

    assert (Limits(high=3).low, Limits(low=2, high=3).high) == (1, 3)
    with pytest.raises(TypeError):
        Limits(1, 3)  # type: ignore[misc]


def test_a_field_by_name_only_may_stand_before_one_by_place() -> None:
    @record
    class Limits:
        """Two limits."""

        low: int = field(kw_only=True)
        high: int

    assert Limits(3, low=1) == Limits(low=1, high=3)
    assert repr(Limits(3, low=1)).endswith("Limits(low=1, high=3)")


def test_the_standard_library_writes_no_method_of_a_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To write and compile them for every class is what a record is there to save."""
    asked: list[dict[str, object]] = []

    def spy(**options: Any) -> Any:
        asked.append(options)
        return dataclass(**options)

    monkeypatch.setattr(record_module, "dataclass", spy)
    _fresh()
    assert asked == [
        {"init": False, "repr": False, "eq": False, "slots": True, "kw_only": False},
    ]


def test_a_record_shows_its_own_beginning_and_where_its_methods_come_from() -> None:
    cable, _ = _fresh()
    assert list(cable.__signature__.parameters) == ["amperes", "name", "uses"]
    for name in ("__init__", "__eq__", "__hash__"):
        method = getattr(cable, name)
        assert (method.__module__, method.__qualname__) == (
            cable.__module__,
            f"{cable.__qualname__}.{name}",
        )


def test_a_record_is_restored_from_all_of_its_values_or_not_at_all() -> None:
    made = Plug.__new__(Plug)
    with pytest.raises(ValueError, match="shorter"):
        made.__setstate__([7])  # type: ignore[attr-defined]


def test_a_method_of_its_own_stays_and_what_is_to_be_checked_is_checked() -> None:
    """``__post_init__`` runs, and an own ``__hash__`` or ``__repr__`` is not replaced."""

    @record
    class Ampere:
        """A checked value."""

        value: int

        def __post_init__(self) -> None:
            if self.value < 0:
                raise ValueError(self.value)

        def __hash__(self) -> int:
            return 42

        def __repr__(self) -> str:
            return "A"

    assert (hash(Ampere(1)), repr(Ampere(1)), Ampere(1) == Ampere(1)) == (42, "A", True)
    with pytest.raises(ValueError, match="-1"):
        Ampere(-1)


def test_a_beginning_of_its_own_stays_and_is_what_its_signature_shows() -> None:
    @record
    class Even:
        value: int

        def __init__(self, half: int) -> None:
            object.__setattr__(self, "value", 2 * half)

    assert list(signature(Even).parameters) == ["half"]
    assert Even(3) == Even(half=3)
    assert Even(3).value == 6
    assert repr(Even(3)).endswith("Even(value=6)")


def test_a_record_without_fields_is_a_record() -> None:
    """Such as an event that only happens."""

    @record
    class Started:
        """It began."""

    assert Started() == Started()
    assert hash(Started()) == hash(Started())
    assert repr(Started()).endswith("Started()")


def test_a_record_is_matched_by_its_fields() -> None:
    """In a ``match`` statement, in their order."""
    match Plug(7):
        case Plug(pins, kind):
            assert (pins, kind) == (7, "type-2")


def test_a_field_that_is_left_out_of_a_method_is_refused() -> None:
    """``field(compare=False)`` and the like are not known here, and must not be ignored."""

    @record
    class Told:
        """One field would not be compared."""

        value: int
        note: str = field(default="", compare=False)

    with pytest.raises(TypeError, match="Told: note"):
        Told(1)


def test_a_record_takes_no_attribute_beside_its_fields() -> None:
    """It has no room for one, and says that it is frozen."""
    with pytest.raises(FrozenInstanceError):
        Plug(7).metres = 2  # type: ignore[attr-defined]
