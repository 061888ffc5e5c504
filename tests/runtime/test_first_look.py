"""What the first seconds tell: another car's bus, and which variant the car is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from vehicle.runtime.first_look import JUDGE_US, MISFIT_US, REJUDGE_US, FirstLook
from vehicle.wire.fields import Field
from vehicle.wire.frame import Frame
from vehicle.wire.layout import Plausible, Variant
from vehicle.wire.loaded import Profile
from vehicle.wire.profile import load_profile

SEEN = 0x210
STRANGER = Frame(0x7F0, bytes(8))


@cache
def car() -> Profile:
    """The reference car in two versions, told apart by a byte of its door message."""
    profile = load_profile("reference")
    name = next(n for n, spec in profile.layout.messages.items() if spec.can_id == SEEN)
    mark = Field(name, "Mark", start=56, length=8)
    variants = tuple(
        Variant(
            label,
            profile.layout,
            (Plausible((mark,), values=frozenset(values)),),
            {name: profile.layout.messages[name]},
        )
        for label, values in (("old", {1, 2}), ("new", {2, 3}))
    )
    return replace(profile, variants=variants)


def marked(mark: int) -> Frame:
    return Frame(SEEN, bytes(7) + bytes([mark]))


def test_the_car_is_recognised_by_its_first_frame() -> None:
    look = FirstLook(car())
    look.see(0, STRANGER)
    look.see(1, Frame(SEEN, b"", error=True))
    assert not look.recognised
    look.see(2, marked(1))
    assert look.recognised
    assert look.ids_seen == {(0x7F0, False)}


def test_strangers_alone_are_a_misfit_after_five_seconds_of_speaking() -> None:
    """Silence before the first of them does not count."""
    look = FirstLook(car())
    look.see(60_000_000, STRANGER)
    look.see(60_000_000 + MISFIT_US - 1, STRANGER)
    assert not look.misfit
    look.see(60_000_000 + MISFIT_US, STRANGER)
    assert look.misfit
    look.see(60_000_000 + MISFIT_US + 1, marked(1))
    assert (look.misfit, look.recognised) == (False, True)


def test_a_variant_is_chosen_after_ten_seconds_of_the_car() -> None:
    look = FirstLook(car())
    look.see(0, marked(3))
    look.see(JUDGE_US - 1, marked(3))
    assert look.variant is None
    look.see(JUDGE_US, marked(3))
    assert look.variant == "new"
    assert not look.over
    look.see(REJUDGE_US, marked(3))
    assert look.over


def test_a_choice_that_turns_out_to_be_wrong_is_changed() -> None:
    """What fits both at first may yet refute one."""
    look = FirstLook(car())
    look.see(0, marked(2))
    look.see(JUDGE_US, marked(2))
    assert look.variant == "old"
    look.see(JUDGE_US + 1, marked(3))
    assert look.variant == "new"


def test_a_car_that_fits_none_is_looked_at_no_longer_than_it_could() -> None:
    look = FirstLook(car(), "old")
    assert look.variant == "old"
    look.see(0, marked(9))
    look.see(JUDGE_US, marked(9))
    assert look.variant is None
    assert not look.over
    look.see(REJUDGE_US, marked(9))
    assert look.over


def test_a_car_whose_marks_are_not_heard_is_looked_at_further() -> None:
    """Another message of it was heard, which says nothing of the version."""
    look = FirstLook(car())
    other = next(can_id for can_id, _ in sorted(car().receive_ids) if can_id != SEEN)
    for now_us in (0, JUDGE_US, REJUDGE_US, 2 * REJUDGE_US):
        look.see(now_us, Frame(other, bytes(8)))
    assert (look.variant, look.over) == (None, False)
    look.see(3 * REJUDGE_US, marked(1))
    assert (look.variant, look.over) == ("old", True)


def test_a_car_without_variants_needs_one_frame() -> None:
    look = FirstLook(load_profile("reference"))
    look.see(0, STRANGER)
    assert not look.over
    look.see(1, marked(1))
    assert (look.variant, look.over) == (None, True)
