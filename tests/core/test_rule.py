"""One row of the policy, and how it explains itself."""

from __future__ import annotations

import pytest

from vehicle.core.car import Actuator
from vehicle.core.names import Demand
from vehicle.core.resolve import Resolved
from vehicle.core.rule import Rule
from vehicle.core.situation import Situation

pytestmark = pytest.mark.fast


def test_a_rule_without_a_docstring_has_an_empty_sentence() -> None:
    assert Rule(lambda _, __: True, None, None, ()).sentence == ""


def test_a_sentence_of_several_lines_is_told_in_one() -> None:
    def when(_: Situation, __: Resolved) -> bool:
        """One thing,
        and another."""
        return True

    rule = Rule(when, Demand.HOLD, Demand.ENGAGE, ())
    assert rule.sentence == "One thing, and another."
    assert rule.name == "when"
    assert rule.wants(Actuator.LATCH) is Demand.HOLD
    assert rule.wants(Actuator.ADAPTER) is Demand.ENGAGE
