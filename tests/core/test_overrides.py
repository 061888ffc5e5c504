"""Settings by circumstance: which override wins, for every pair of them and everywhere."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.core.circumstance import (
    CONDITION_WORDS,
    DIMENSIONS,
    SIGNALS_BEHIND_DIMENSION,
    CableOwner,
    Circumstance,
    ConditionError,
    When,
    cable_of,
    circumstance_of,
    possible,
    read_when,
    without,
)
from vehicle.core.overrides import (
    OVERRIDES_MAX,
    Override,
    OverrideError,
    check,
    placed,
    removed,
    winner,
)
from vehicle.core.resolve import effective_in, resolve
from vehicle.core.settings import Mode, Settings, Toggle
from vehicle.core.settings_read import SettingsError, parse, parse_override
from vehicle.core.signals import Cabin, Cable, Hour, Occupant, Place, Supply
from vehicle.core.snapshot import SIGNALS, Snapshot

pytestmark = pytest.mark.fast

HOURS = ("22-6", "6-22", "0-12", "5-6")
SINGLE_CONDITIONS = [
    *((name, word) for name, words in CONDITION_WORDS.items() for word in words),
    *(("hours", span) for span in HOURS),
]
WHENS = [When((pair,)) for pair in SINGLE_CONDITIONS] + [
    read_when(dict(pairs))
    for pairs in combinations(SINGLE_CONDITIONS, 2)
    if pairs[0][0] != pairs[1][0]
]
"""Every condition, and every two conditions together."""


def circumstances() -> list[Circumstance]:
    """Every circumstance there can be; of the hours one in each span and its borders."""
    hours = (Hour.UNKNOWN, Hour.H00, Hour.H05, Hour.H06, Hour.H11, Hour.H12, Hour.H21, Hour.H22)
    kinds = [hours if name == "hours" else tuple(kind) for name, kind in DIMENSIONS.items()]
    every = (Circumstance(*values) for values in product(*kinds))
    return [
        each for each in every if each.supply is not Supply.DC or each.cable is CableOwner.TETHERED
    ]


EVERYWHERE = circumstances()


def set_of(when: When) -> int:
    """The circumstances in which ``when`` holds, one bit each."""
    return int("".join("1" if when.matches(each) else "0" for each in EVERYWHERE), 2)


SETS = {when: set_of(when) for when in WHENS}


# ---- which one wins -----------------------------------------------------------------------------


@pytest.mark.whole
def test_of_every_pair_the_first_wins_where_both_hold_and_each_where_it_alone_does() -> None:
    for first, second in product(WHENS, WHENS):
        both = [Override("auto-lock", "off", first), Override("auto-lock", "on", second)]
        for where, expected in (
            (SETS[first], both[0]),
            (SETS[second] & ~SETS[first], both[1]),
            (~(SETS[first] | SETS[second]) & ((1 << len(EVERYWHERE)) - 1), None),
        ):
            if where:
                one = EVERYWHERE[len(EVERYWHERE) - where.bit_length()]
                assert winner(both, "auto-lock", one) is expected
                assert winner(both, "latch-mode", one) is None


@pytest.mark.whole
def test_of_every_pair_the_second_is_refused_exactly_where_it_could_never_win() -> None:
    """The sets are compared by brute force over every circumstance."""
    for first, second in product(WHENS, WHENS):
        never = {each for each in (first, second) if not SETS[each]}
        shadowed = not SETS[second] & ~SETS[first]
        pair = [Override("auto-lock", "off", first), Override("auto-lock", "on", second)]
        if never or shadowed:
            with pytest.raises(OverrideError) as caught:
                check(pair)
            assert caught.value.index == (0 if first in never else 1)
            if not never:
                assert caught.value.by == (0,)
                word = "contradicted by" if first == second else "never reached"
                assert word in str(caught.value)
        else:
            check(pair)
        if not never:
            check([pair[0], replace(pair[1], key="latch-mode", value="always")])


@given(st.lists(st.sampled_from([when for when in WHENS if SETS[when]]), max_size=6))
def test_a_list_is_accepted_exactly_where_each_wins_somewhere(whens: list[When]) -> None:
    overrides = [Override("auto-lock", "off", when) for when in whens]
    taken, lost = 0, None
    for index, when in enumerate(whens):
        if lost is None and not SETS[when] & ~taken:
            lost = index
        taken |= SETS[when]
    if lost is None:
        check(overrides)
    else:
        with pytest.raises(OverrideError) as caught:
            check(overrides)
        assert caught.value.index == lost
        covered = 0
        for each in caught.value.by:
            covered |= SETS[whens[each]]
        assert not SETS[whens[lost]] & ~covered, "those named do not use it up"


def test_two_that_use_up_a_third_between_them_are_both_named() -> None:
    texts = [
        "auto-lock=off when hours=22-6",
        "auto-lock=on when place=work",
        "auto-lock=off when hours=6-22",
        "auto-lock=on when hours=5-7",
    ]
    with pytest.raises(SettingsError) as caught:
        parse({"overrides": texts}, "settings.toml")
    cause = caught.value.__cause__
    assert isinstance(cause, OverrideError)
    assert (cause.index, cause.by) == (3, (0, 2))
    assert str(caught.value) == (
        "settings.toml: override 4 (auto-lock=on when hours=5-7) is never reached: override 1"
        " (auto-lock=off when hours=22-6) and override 3 (auto-lock=off when hours=6-22) always"
        " comes first; move it up, change it or remove it"
    )


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("off when place=home", "off when place=home", "is there already as {}"),
        ("off when place=home", "on when place=home", "is contradicted by {}, which comes first"),
        (
            "off when place=home",
            "on when place=home, supply=ac",
            "is never reached: {} always comes first",
        ),
        (
            "off when place=home",
            "off when place=home, supply=ac",
            "is never reached: {} always comes first",
        ),
    ],
)
def test_an_override_that_cannot_win_says_what_stands_in_its_way(
    first: str, second: str, why: str
) -> None:
    with pytest.raises(OverrideError) as caught:
        check([over(f"auto-lock={first}"), over(f"auto-lock={second}")])
    reason = why.format(f"override 1 (auto-lock={first})")
    assert str(caught.value) == (
        f"override 2 (auto-lock={second}) {reason}; move it up, change it or remove it"
    )


def test_a_dc_stations_cable_is_never_the_owners() -> None:
    with pytest.raises(SettingsError, match="never applies: a DC station's cable"):
        parse({"overrides": "auto-lock=off when supply=dc, cable=own"})


def test_more_overrides_than_anybody_keeps_in_mind_are_refused() -> None:
    texts = [f"release-grace-min={n} when hours={n % 24}-{n % 24 + 1}" for n in range(24)]
    texts += [f"power-cut-hold-s=60 when hours={n}-{n + 1}" for n in range(24)]
    assert len(parse({"overrides": texts[:OVERRIDES_MAX]}).overrides) == OVERRIDES_MAX
    with pytest.raises(SettingsError, match=f"{OVERRIDES_MAX} are the most"):
        parse({"overrides": texts[: OVERRIDES_MAX + 1]})


# ---- conditions ---------------------------------------------------------------------------------


def test_an_unknown_dimension_satisfies_no_condition() -> None:
    for when in WHENS:
        for name, _ in when.conditions:
            kind = DIMENSIONS[name]
            for circumstance in EVERYWHERE[::997]:
                unknown = replace(circumstance, **{name: kind("unknown")})
                assert not when.matches(unknown)


def test_a_span_of_hours_holds_from_its_first_hour_until_before_its_last() -> None:
    night = read_when("hours=22-6")
    held = {hour for hour in Hour if night.matches(Circumstance(hours=hour))}
    assert held == {Hour(f"{hour:02}") for hour in (22, 23, 0, 1, 2, 3, 4, 5)}
    always = read_when("hours=0-24")
    assert {hour for hour in Hour if always.matches(Circumstance(hours=hour))} == {*Hour} - {
        Hour.UNKNOWN
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("place=hom", "place = 'hom' must be one of home, work, away; did you mean 'home'?"),
        ("plac=home", "unknown circumstance 'plac'; did you mean 'place'?"),
        ("place", "'place' is no condition; write it as place=home"),
        ("", "no circumstance is named; name one of place, supply, cable, adapter, cabin, hours"),
        ("place=home, place=work", "place is named twice"),
        ("supply=none", "supply = 'none' must be one of ac, dc"),
        ("hours=22", "hours = '22' must be a span of whole hours, such as 22-6"),
        ("hours=22-25", "hours = '22-25' must be a span"),
        ("hours=22:30-6", "hours = '22:30-6' must be a span"),
    ],
)
def test_a_condition_that_cannot_be_used_is_answered_with_what_fits(text: str, says: str) -> None:
    with pytest.raises(ConditionError) as caught:
        read_when(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("auto-lock=of when place=home", "auto-lock = 'of' must be one of on, off; did you mean"),
        ("auto-lok=off when place=home", "unknown key 'auto-lok'; did you mean 'auto-lock'?"),
        ("auto-lock=off", "'auto-lock=off' is no override; write it as"),
        ("auto-lock when place=home", "is no override; write it as"),
        ("cable-default=own when place=home", "cable-default cannot depend on the circumstance"),
        ("release-grace-min=2000 when place=home", "the nearest is 1440"),
        ("release-grace-min=ten when place=home", "must be a whole number from 0 to 1440 min"),
        ("auto-lock=off when plce=home", "unknown circumstance 'plce'"),
    ],
)
def test_an_override_that_cannot_be_used_is_answered_with_what_fits(text: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse({"overrides": ["latch-mode=always when place=away", text]}, "mine.toml")
    assert str(caught.value).startswith("mine.toml: override 2: ")
    assert says in str(caught.value)


@pytest.mark.parametrize("value", [3, True, [3], {"place": "home"}])
def test_overrides_that_are_no_list_of_texts_are_answered_with_an_example(value: object) -> None:
    with pytest.raises(SettingsError, match="must be a list such as"):
        parse({"overrides": value})


def test_overrides_survive_being_written_as_words() -> None:
    texts = [
        "auto-lock=off when place=home, hours=22-6",
        "release-grace-min=10 when supply=ac, cable=tethered, adapter=no, cabin=empty",
    ]
    settings = parse({"overrides": texts})
    assert settings.words()["overrides"] == "; ".join(texts)
    assert parse(settings.words()) == settings
    assert settings.overrides[1].value == 10
    spaced = parse({"overrides": " auto-lock = off when hours=22:00 - 6:00 ,place = home;; "})
    assert str(spaced.overrides[0]) == texts[0]


def test_a_table_of_conditions_reads_as_its_text_does() -> None:
    assert read_when({"hours": "22-6", "place": "home"}) == read_when("place=home, hours=22-6")


# ---- adding and removing ------------------------------------------------------------------------


def over(text: str) -> Override:
    return parse_override(text, "test")


def test_a_narrower_circumstance_is_put_before_the_wider_one_whatever_the_order() -> None:
    texts = [
        "auto-lock=on when place=home, hours=22-6",
        "auto-lock=off when place=home",
        "latch-mode=always when place=away",
    ]
    for order in permutations(texts):
        found: tuple[Override, ...] = ()
        for text in order:
            found = placed(found, over(text))
        assert {str(each) for each in found} == set(texts)
        at_night = Circumstance(place=Place.HOME, hours=Hour.H23)
        decided = winner(found, "auto-lock", at_night)
        assert decided is not None
        assert str(decided) == texts[0]


def test_the_same_circumstance_again_replaces_the_value_in_its_place() -> None:
    first = placed((), over("auto-lock=off when place=home"))
    both = placed(first, over("auto-lock=off when place=work"))
    again = placed(both, over("auto-lock=on when place=home"))
    assert [str(each) for each in again] == [
        "auto-lock=on when place=home",
        "auto-lock=off when place=work",
    ]
    assert removed(again, "auto-lock", read_when("place=home")) == again[1:]
    assert removed(again, "latch-mode", read_when("place=home")) == again


def test_an_override_that_leaves_another_nothing_is_refused() -> None:
    found: tuple[Override, ...] = ()
    for text in ("auto-lock=off when hours=0-12", "auto-lock=off when hours=12-24, place=home"):
        found = placed(found, over(text))
    with pytest.raises(OverrideError, match="never applies"):
        placed(found, over("auto-lock=off when supply=dc, cable=own"))


@given(st.lists(st.sampled_from([when for when in WHENS if SETS[when]]), max_size=6))
def test_whatever_is_added_in_whatever_order_each_wins_somewhere(whens: list[When]) -> None:
    found: tuple[Override, ...] = ()
    for number, when in enumerate(whens):
        try:
            found = placed(found, Override("release-grace-min", number, when))
        except OverrideError:
            continue
        check(found)
        assert any(each.when == when and each.value == number for each in found)


# ---- what holds ---------------------------------------------------------------------------------


def test_the_effective_value_comes_with_the_override_that_it_came_from() -> None:
    settings = parse(
        {
            "latch-mode": "always",
            "release-grace-min": 5,
            "overrides": [
                "release-grace-min=10 when cable=tethered",
                "release-when-full=on when cable=tethered",
                "auto-lock=off when place=home",
            ],
        }
    )
    at_a_post = resolve(settings, Circumstance(cable=CableOwner.TETHERED, place=Place.AWAY))
    assert at_a_post.settings == Settings(
        latch_mode=Mode.ALWAYS, release_grace_min=10, release_when_full=Toggle.ON
    )
    assert [(key, str(by)) for key, by in at_a_post.by] == [
        ("release-when-full", "release-when-full=on when cable=tethered"),
        ("release-grace-min", "release-grace-min=10 when cable=tethered"),
    ]
    nowhere = resolve(settings, Circumstance())
    assert nowhere.settings == Settings(latch_mode=Mode.ALWAYS, release_grace_min=5)
    assert nowhere.by == ()


@pytest.mark.parametrize("cable", Cable)
@pytest.mark.parametrize("supply", Supply)
@pytest.mark.parametrize("unless_told", CableOwner)
def test_whose_cable_it_is(cable: Cable, supply: Supply, unless_told: CableOwner) -> None:
    owner = cable_of(cable, supply, unless_told)
    if supply is Supply.DC or cable is Cable.TETHERED:
        assert owner is CableOwner.TETHERED
    elif cable in (Cable.PORTABLE, Cable.SOCKET):
        assert owner is CableOwner.OWN
    else:
        assert owner is unless_told


def test_a_circumstance_is_read_from_the_signals_that_are_named_for_it() -> None:
    seen = Snapshot(
        place=Place.WORK,
        supply=Supply.AC,
        cable=Cable.SOCKET,
        occupant=Occupant.ADAPTER,
        cabin=Cabin.OCCUPIED,
        hour=Hour.H07,
    )
    told = circumstance_of(seen, CableOwner.UNKNOWN)
    assert [str(getattr(told, name)) for name in DIMENSIONS] == [
        "work",
        "ac",
        "own",
        "yes",
        "occupied",
        "07",
    ]
    for name, signals in SIGNALS_BEHIND_DIMENSION.items():
        for signal in SIGNALS:
            kind = SIGNALS[signal]
            others = {
                getattr(circumstance_of(seen._replace(**{signal: value}), CableOwner.UNKNOWN), name)
                for value in kind
            }
            assert (len(others) > 1) is (signal in signals), (name, signal)
    settings = Settings(
        cable_default=CableOwner.OWN, overrides=(over("auto-lock=off when cable=own"),)
    )
    assert effective_in(settings, Snapshot()).settings.auto_lock is Toggle.OFF


def test_what_is_taken_from_a_set_and_what_is_left_make_it_up_again() -> None:
    for first, second in product(WHENS[::7], WHENS[::5]):
        parts = without(first.box, second.box)
        for circumstance in EVERYWHERE[::101]:
            inside = [
                all(
                    getattr(circumstance, name) in values
                    for name, values in zip(DIMENSIONS, part, strict=True)
                )
                for part in parts
            ]
            assert sum(inside) == (first.matches(circumstance) and not second.matches(circumstance))
    assert possible(read_when("supply=dc, cable=own").box) == []
