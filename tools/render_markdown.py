"""What every generated part is made of: Markdown's tables and code, and words out of docstrings.

Knows: how a table is written, and where the code keeps what people read about it.
Refuses to know: which parts there are.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table; a ``|`` within a cell is escaped."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([str(cell) for cell in row] for row in rows)]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def code(word: object) -> str:
    """Return ``word`` as Markdown code, and an empty string as it is."""
    return f"`{word}`" if str(word) else ""


def codes(words: Iterable[object]) -> str:
    """Return ``words`` as Markdown code, with commas between."""
    return ", ".join(code(word) for word in words)


def attribute_docs(path: Path, class_name: str) -> dict[str, str]:
    """Return the string below each assignment in a class: what people read about a member."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    body = next(
        node.body
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name == class_name
    )
    found = {}
    for named, below in pairwise(body):
        if isinstance(named, ast.Assign) and isinstance(below, ast.Expr):
            assert isinstance(named.targets[0], ast.Name)
            found[named.targets[0].id] = " ".join(ast.literal_eval(below.value).split())
    return found


def first_sentence(doc: str) -> str:
    """Return a docstring's first sentence, as Markdown."""
    paragraph = " ".join(doc.split("\n\n")[0].split())
    return paragraph.split(". ")[0].removesuffix(".").replace("``", "`") + "."
