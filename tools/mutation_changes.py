"""Thinks up changes to one file of the core: what a change is, and where it stands.

mutmut knows what may be changed and how; from its finds this file makes, for each change, the
whole changed function, so that it can be put in place of the real one in a running process. It
knows nothing of tests. mutmut leaves decorated functions alone; properties and cached functions
are shown to it without their decorator, as their code can be exchanged as well. The functions of
mutmut that are called here are none that it promises to keep: setup.cfg names the versions.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HIDDEN = re.compile(r"^( *)@(property|lru_cache\(.*\))$", re.MULTILINE)


class MutationError(Exception):
    """Changes cannot be made, tried or explained; the message says what to do."""


@dataclass(frozen=True)
class Change:
    """One change to the code: where it is made, and its removed and added lines."""

    place: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([f"in {self.place}", *self.lines])


@dataclass(frozen=True)
class Mutant:
    """One changed function: ``owner`` is its class or empty; ``touched`` the lines of the file."""

    module: str
    owner: str
    name: str
    source: str
    change: Change
    touched: frozenset[int]


def read_allowed(text: str, where: str) -> Counter[Change]:
    """Read the list of explained survivors; a change may stand in it more than once.

    Raises MutationError for a block without a reason or without a change.
    """
    allowed: Counter[Change] = Counter()
    for number, block in enumerate(re.split(r"\n\s*\n", text.strip("\n")), 1):
        lines = block.splitlines()
        reason = [line for line in lines if line.startswith("# ")]
        rest = [line.rstrip() for line in lines if not line.startswith("#")]
        if not rest:
            continue
        if not reason or not rest[0].startswith("in ") or len(rest) < 2:
            raise MutationError(
                f"{where}: block {number} needs a reason in '# ' lines, 'in module function',"
                " and the changed lines"
            )
        allowed[Change(rest[0].removeprefix("in "), tuple(rest[1:]))] += 1
    return allowed


def mutants_of(module: str, path: Path) -> list[Mutant]:
    """Return all changes to the module ``module``, whose source is ``path``.

    Raises MutationError where mutmut is missing or its finds do not fit the file.
    """
    try:
        import libcst
        from mutmut.mutation import file_mutation
    except ImportError as error:
        raise MutationError(
            "mutmut is not installed; install it: pip install -e '.[mutation]'"
        ) from error
    text = HIDDEN.sub(r"\1# \2", path.read_text(encoding="utf-8"))
    tree, found, _, _ = file_mutation.create_mutations(str(path), text)
    changed = file_mutation.group_by_top_level_node(found)
    spots = {(owner, node.name): node for owner, node in _functions(ast.parse(text))}
    mutants = []
    for owner, function in _concrete_functions(tree, libcst):
        if function not in changed:
            continue
        bare = function.with_changes(leading_lines=[])
        before = libcst.Module([bare]).code
        spot = spots[(owner, function.name.value)]
        first = min([spot.lineno, *(each.lineno for each in spot.decorator_list)])
        there = text.splitlines()[first - 1 : spot.end_lineno]
        if [line.strip() for line in there] != [line.strip() for line in before.splitlines()]:
            raise MutationError(f"{path}:{first}: mutmut reads another function than stands there")
        for mutation in changed[function]:
            after: Any = file_mutation.deep_replace(
                bare, mutation.original_node, mutation.mutated_node
            )
            source = libcst.Module([after]).code
            removed, lines = _difference(before, source)
            mutants.append(
                Mutant(
                    module,
                    owner,
                    spot.name,
                    source,
                    Change(f"{module} {owner}{'.' if owner else ''}{spot.name}", lines),
                    frozenset().union(*(_statement_lines(spot, first + line) for line in removed)),
                )
            )
    return mutants


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            yield from (
                (node.name, each) for each in node.body if isinstance(each, ast.FunctionDef)
            )


def _concrete_functions(tree: Any, libcst: Any) -> Iterator[tuple[str, Any]]:
    """As ``_functions``, of the tree that keeps every character."""
    for node in tree.body:
        if isinstance(node, libcst.FunctionDef):
            yield "", node
        elif isinstance(node, libcst.ClassDef):
            for each in node.body.body:
                if isinstance(each, libcst.FunctionDef):
                    yield node.name.value, each


def _difference(before: str, after: str) -> tuple[list[int], tuple[str, ...]]:
    """Return which lines of ``before`` change, counted from 0, and what is removed and added."""
    old, new = before.rstrip().splitlines(), after.rstrip().splitlines()
    numbers: list[int] = []
    lines: list[str] = []
    for tag, first, end, new_first, new_end in difflib.SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            numbers += range(first, end) or [first]
            lines += [f"-{line}".rstrip() for line in old[first:end]]
            lines += [f"+{line}".rstrip() for line in new[new_first:new_end]]
    return numbers, tuple(lines)


def _statement_lines(function: ast.FunctionDef, line: int) -> range:
    """Return the lines of the smallest statement around ``line``; of a compound one its head.

    Who calls the function passes all of its head, which itself is run only when it is defined.
    """
    best = range(function.lineno, (function.end_lineno or line) + 1)
    for node in ast.walk(function):
        if isinstance(node, ast.stmt | ast.ExceptHandler) and node is not function:
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else node.end_lineno or line
            lines = range(node.lineno, max(end, node.lineno) + 1)
            if line in lines and len(lines) < len(best):
                best = lines
    return best
