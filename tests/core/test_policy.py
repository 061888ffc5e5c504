"""The policy in every case there is: 311,040 for each of the two pins."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from itertools import islice

import policy_cases
import pytest
from policy_cases import ALL, CASES, FIELDS, OWNER_FIELDS, Outcome, Row, example, fold, where
from policy_golden import GOLDEN
from policy_promises import PROMISES, broken

from vehicle.core import policy
from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.policy import OWNER, RULES, SAFETY, decide
from vehicle.core.resolve import Resolved
from vehicle.core.rule import Decision, Rule
from vehicle.core.settings import Mode
from vehicle.core.situation import SIGNALS_BEHIND, Energy, Seat, Situation

TRUTH = {rule.name: policy_cases.truth(rule) for rule in RULES}


def rows_for(actuator: Actuator, rules: tuple[Rule, ...] = RULES) -> list[Row]:
    return [(TRUTH[rule.name], rule.wants(actuator)) for rule in rules]


def outcome_for(actuator: Actuator, rules: tuple[Rule, ...] = RULES) -> Outcome:
    return fold(rows_for(actuator, rules))


# ---- the table is what it says ------------------------------------------------------------------


def test_the_space_is_every_situation_with_every_setting() -> None:
    assert CASES == 311_040
    assert tuple(name for name in FIELDS if name not in OWNER_FIELDS) == Situation._fields
    assert Resolved._fields == OWNER_FIELDS
    assert sum(1 for _ in policy_cases.every_case()) == CASES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_predicate_reads_only_the_fields_that_its_row_lists(rule: Rule) -> None:
    """Every answer comes from a situation that would fail if it were asked for anything else."""
    assert policy_cases.truth(rule, only_listed=True) == TRUTH[rule.name]


def test_a_predicate_that_reads_more_than_its_row_lists_is_noticed() -> None:
    rule = Rule(lambda now, _: now.seat is Seat.EMPTY, None, None, ("doors",))
    with pytest.raises(AssertionError, match="seat is read and not listed"):
        policy_cases.truth(rule, only_listed=True)


SHOWN_ONLY = {("requested_release_waits", "energy")}
"""Fields that a row lists for its explanation: the row above it has taken the safe cases."""


@pytest.mark.fast
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_row_lists_no_field_that_its_predicate_never_looks_at(rule: Rule) -> None:
    for field in rule.reads:
        first, *others = FIELDS[field]
        there = [
            policy_cases.shifted(TRUTH[rule.name], field, first, other)
            != TRUTH[rule.name] & where(field, other)
            for other in others
        ]
        shown_only = (rule.name, field) in SHOWN_ONLY
        assert any(there) is not shown_only, f"{rule.name} lists {field} and does not need it"


@pytest.mark.fast
@pytest.mark.parametrize("rule", SAFETY, ids=lambda rule: rule.name)
def test_a_safety_row_ignores_every_setting(rule: Rule) -> None:
    answers = {
        policy_cases.truth(replace(rule, when=lambda now, _, owner=owner: rule.when(now, owner)))
        for owner in map(Resolved, Mode)
    }
    assert len(answers) == 1


@pytest.mark.fast
def test_the_rules_are_the_safety_rows_then_the_owners() -> None:
    assert RULES == SAFETY + OWNER
    assert [row for row in OWNER if row in policy.RELEASES] == list(policy.RELEASES)


@pytest.mark.fast
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_sentence_for_people(rule: Rule) -> None:
    sentence = rule.sentence
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "  " not in sentence


@pytest.mark.fast
def test_the_names_and_sentences_of_the_rules_are_unique() -> None:
    assert max(Counter(rule.name for rule in RULES).values()) == 1
    assert max(Counter(rule.sentence for rule in RULES).values()) == 1


@pytest.mark.fast
def test_every_field_that_a_rule_reads_has_its_signals_named() -> None:
    assert {field for rule in RULES for field in rule.reads} <= set(SIGNALS_BEHIND)
    assert list(SIGNALS_BEHIND) == list(Situation._fields)
    for rule in RULES:
        signals = {signal for field in rule.reads for signal in SIGNALS_BEHIND[field]}
        assert signals >= set(rule.aside)
        assert rule.signals == tuple(sorted(signals - set(rule.aside)))
    assert {rule.name for rule in RULES if rule.aside} == {"supply_runs_down", "frost_threatens"}


@pytest.mark.fast
def test_the_last_row_always_matches_and_has_an_opinion_on_both_pins() -> None:
    last = RULES[-1]
    assert TRUTH[last.name] == ALL
    assert last.latch is not None
    assert last.adapter is not None


# ---- decide is the table ------------------------------------------------------------------------


def check_decisions(actuator: Actuator, step: int) -> None:
    won = outcome_for(actuator).won
    expected: list[Rule | None] = [None] * len(range(0, CASES, step))
    for rule, cases in zip(RULES, won, strict=True):
        bits = f"{cases:0{CASES}b}"[::-1][::step]
        index = bits.find("1")
        while index >= 0:
            expected[index] = rule
            index = bits.find("1", index + 1)
    for index, (now, owner) in enumerate(islice(policy_cases.every_case(), 0, None, step)):
        rule = expected[index]
        assert rule is not None
        wanted = rule.wants(actuator)
        assert wanted is not None
        assert decide.__wrapped__(now, owner, actuator) == Decision(wanted, rule)


@pytest.mark.whole
@pytest.mark.parametrize("actuator", Actuator)
def test_decide_gives_every_case_to_the_first_row_that_matches(actuator: Actuator) -> None:
    check_decisions(actuator, 1)


@pytest.mark.fast
@pytest.mark.parametrize("actuator", Actuator)
def test_decide_gives_a_spread_of_cases_to_the_first_row_that_matches(actuator: Actuator) -> None:
    check_decisions(actuator, 47)


@pytest.mark.fast
def test_a_row_without_an_opinion_on_a_pin_leaves_it_to_the_next() -> None:
    full = Situation(seat=Seat.SEATED, energy=Energy.SAFE, phase=policy.Phase.FULL)
    owner = Resolved(Mode.ALWAYS)
    assert decide(full, owner, Actuator.LATCH).rule.when is policy.full_and_freed
    assert decide(full, owner, Actuator.ADAPTER).rule.when is policy.always


# ---- the promises -------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("actuator", Actuator)
@pytest.mark.parametrize("promise", ["every_case_is_decided_once", *PROMISES])
def test_the_promise_holds_in_every_case(promise: str, actuator: Actuator) -> None:
    cases = broken(actuator, outcome_for(actuator)).get(promise, 0)
    assert cases == 0, example(cases)


UNKNOWN_COUNTS = {
    # P1: two of the modes hold nothing for a locked car, so that no door is asked for.
    ("wait_does_not_count", "doors"),
    # S1: an energised inlet is engaged; only a supply that is known to need no lock is exempt.
    ("inlet_energised", "need"),
    # A4: an explicit release is allowed although the occupant is not known.
    ("release_requested", "seat"),
}


@pytest.mark.fast
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_an_unknown_input_satisfies_no_rule_that_moves_a_pin(rule: Rule) -> None:
    if {rule.latch, rule.adapter} <= {Demand.HOLD, None}:
        return
    for field in rule.reads:
        if field in ("asked", "past", "plight") or (rule.name, field) in UNKNOWN_COUNTS:
            continue
        unknown = next(value for value in FIELDS[field] if value == "unknown")
        assert not TRUTH[rule.name] & where(field, unknown), f"{rule.name} counts unknown {field}"


# ---- no row too many, no cell that is not watched -----------------------------------------------


def opinions() -> list[tuple[Actuator, int]]:
    return [
        (actuator, index)
        for actuator in Actuator
        for index, rule in enumerate(RULES)
        if rule.wants(actuator) is not None
    ]


@pytest.mark.fast
def test_every_row_decides_some_case_for_each_pin_it_has_an_opinion_on() -> None:
    for actuator, index in opinions():
        assert outcome_for(actuator).won[index], f"{RULES[index].name} never decides {actuator}"


ONLY_EXPLAINS = {"session_interrupted"}
"""Rows whose case the next row would decide alike: they are there for their sentence."""


@pytest.mark.fast
@pytest.mark.parametrize("index", range(len(RULES)), ids=[rule.name for rule in RULES])
def test_deleting_a_row_changes_what_some_pin_does(index: int) -> None:
    fewer = RULES[:index] + RULES[index + 1 :]
    changed = {
        actuator
        for actuator in Actuator
        if outcome_for(actuator, fewer).demands != outcome_for(actuator).demands
        or outcome_for(actuator, fewer).undecided
    }
    with_opinion = {actuator for actuator in Actuator if RULES[index].wants(actuator) is not None}
    assert changed == (set() if RULES[index].name in ONLY_EXPLAINS else with_opinion)


def fingerprint(actuator: Actuator, rules: tuple[Rule, ...] = RULES) -> dict[str, str]:
    """Per row: its demand, how many cases it decides, and a digest of which."""
    prints = {}
    for rule, cases in zip(rules, outcome_for(actuator, rules).won, strict=True):
        digest = hashlib.sha256(cases.to_bytes(CASES // 8 + 1, "little")).hexdigest()[:12]
        prints[rule.name] = f"{rule.wants(actuator)} {cases.bit_count()} {digest}"
    return prints


def cell_mutants() -> list[tuple[str, Actuator, Demand | None]]:
    return [
        (rule.name, actuator, other)
        for rule in RULES
        for actuator in Actuator
        for other in (*Demand, None)
        if other is not rule.wants(actuator)
    ]


def with_cell(name: str, actuator: Actuator, value: Demand | None) -> tuple[Rule, ...]:
    column = {"latch": value} if actuator is Actuator.LATCH else {"adapter": value}
    return tuple(replace(rule, **column) if rule.name == name else rule for rule in RULES)  # type: ignore[arg-type]


ONLY_THE_FINGERPRINT_NOTICES = {
    ("session_interrupted", Actuator.LATCH, None),
    ("session_interrupted", Actuator.ADAPTER, None),
}
"""Cells whose change alters a reason and no demand, so that no promise can be broken by it."""


@pytest.mark.fast
def test_every_change_of_one_cell_breaks_a_promise_or_is_a_mere_change_of_reason() -> None:
    unnoticed = {
        (name, actuator, value)
        for name, actuator, value in cell_mutants()
        if not broken(actuator, outcome_for(actuator, with_cell(name, actuator, value)))
    }
    assert unnoticed == ONLY_THE_FINGERPRINT_NOTICES


@pytest.mark.fast
def test_every_change_of_one_cell_changes_the_fingerprint() -> None:
    for actuator in Actuator:
        golden = fingerprint(actuator)
        for name, changed_pin, value in cell_mutants():
            if changed_pin is actuator:
                assert fingerprint(actuator, with_cell(name, actuator, value)) != golden


@pytest.mark.fast
@pytest.mark.parametrize("actuator", Actuator)
def test_each_row_decides_exactly_the_cases_it_decided_when_last_reviewed(
    actuator: Actuator,
) -> None:
    assert fingerprint(actuator) == GOLDEN[actuator]
