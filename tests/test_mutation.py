"""``make mutation``: what its explanations stand for, and what it says of survivors."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"
sys.path.append(str(TOOLS))

from mutation import ALLOWED, CORE, ROOT, checked_modules, report  # noqa: E402
from mutation_changes import Change, MutationError, read_allowed  # noqa: E402


def places() -> set[str]:
    """Return ``module function`` of everything in the core that may be changed."""
    found: set[str] = set()
    for module in checked_modules(()):
        tree = ast.parse((ROOT / module.replace(".", "/")).with_suffix(".py").read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                found.add(f"{module} {node.name}")
            elif isinstance(node, ast.ClassDef):
                found |= {
                    f"{module} {node.name}.{each.name}"
                    for each in node.body
                    if isinstance(each, ast.FunctionDef)
                }
    return found


def test_every_explained_change_is_one_to_a_function_of_the_core() -> None:
    allowed = read_allowed(ALLOWED.read_text(encoding="utf-8"), ALLOWED.name)
    assert {change.place for change in allowed} <= places()
    for change in allowed:
        module = (ROOT / change.place.split()[0].replace(".", "/")).with_suffix(".py")
        lines = {line.strip() for line in module.read_text(encoding="utf-8").splitlines()}
        assert {line[1:].strip() for line in change.lines if line.startswith("-")} <= lines


@pytest.mark.parametrize(
    "block", ["in vehicle.core.way f\n-a\n+b", "# Why.\nin vehicle.core.way f"]
)
def test_an_explanation_without_its_reason_or_its_change_is_refused(block: str) -> None:
    with pytest.raises(MutationError, match="mine: block 1 needs a reason"):
        read_allowed(block, "mine")


def test_a_module_that_is_none_is_answered_with_the_nearest() -> None:
    assert checked_modules(["policy.py", "vehicle/core/way.py"]) == [
        f"{CORE}.policy",
        f"{CORE}.way",
    ]
    with pytest.raises(MutationError, match="did you mean policy"):
        checked_modules(["polcy"])


def test_an_unexplained_survivor_and_an_idle_explanation_are_both_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, two = Change("m f", ("-a", "+b")), Change("m g", ("-c", "+d"))
    counts = Counter(killed=3, survived=1)
    assert report(counts, [one], Counter([one]))
    assert not report(counts, [one], Counter())
    assert not report(counts, [one], Counter([one, two]))
    said = capsys.readouterr().out
    assert "4 mutants: 3 killed, 1 survived." in said
    assert "1 not noticed, of which 1 are not explained." in said
    assert "in m f\n-a\n+b\n" in said
    assert said.endswith("remove them:\n\nin m g\n-c\n+d\n\n")
