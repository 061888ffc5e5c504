"""The documents say what the code does: generated parts, commands, examples, names and links."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from vehicle.core.policy import RULES

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))

import render_commands
import render_docs

pytestmark = pytest.mark.whole

ROOT = Path(__file__).resolve().parents[1]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("*.md"))}
COMMANDS = tuple(render_commands.every_command())
"""Every command, as the words that call it."""


# ---- generated parts ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", render_docs.DOCUMENTS)
def test_the_generated_parts_say_what_the_code_says(name: str) -> None:
    assert render_docs.render(TEXTS[name], name) == TEXTS[name], "run: make docs"


def test_every_block_is_shown_somewhere() -> None:
    shown = {name for text in TEXTS.values() for name in render_docs.BEGIN.findall(text)}
    assert shown == set(render_docs.BLOCKS)


def test_what_stands_between_the_markers_is_replaced_and_the_rest_is_kept() -> None:
    text = "before\n<!-- generated: events -->\nstale text\n<!-- /generated -->\nafter\n"
    written = render_docs.render(text, "X.md")
    assert written.startswith("before\n<!-- generated: events -->\n\n| event |")
    assert written.endswith("|\n\n<!-- /generated -->\nafter\n")
    assert "stale text" not in written
    assert render_docs.render(written, "X.md") == written


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "\n<!-- generated: rulez -->\n<!-- /generated -->\n",
            "X.md:2: no block is called 'rulez",
        ),
        ("a\n\n<!-- generated: rules -->\n", "X.md:3: block 'rules' is never closed"),
    ],
)
def test_a_marker_that_cannot_be_followed_is_named_by_line(text: str, error: str) -> None:
    with pytest.raises(render_docs.DocumentError, match=re.escape(error)):
        render_docs.render(text, "X.md")


# ---- commands and names -------------------------------------------------------------------------


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_in_the_reference(words: tuple[str, ...]) -> None:
    assert f"#### `{' '.join(words)}`\n" in TEXTS["ARCHITECTURE.md"]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_of_the_first_level_is_in_the_readme(words: tuple[str, ...]) -> None:
    assert " ".join(words[:2]) in TEXTS["README.md"]


def test_every_rule_is_in_the_changelog_because_its_name_is_public() -> None:
    missing = {rule.name for rule in RULES if f"`{rule.name}`" not in TEXTS["CHANGELOG.md"]}
    assert not missing


def test_what_make_run_does_is_what_the_readme_shows() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^run:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    lines = re.findall(r"\$\(BIN\)/(chargelock .*)", recipe[1])
    assert lines
    for line in lines:
        assert f"$ {line}\n" in TEXTS["README.md"]


NAMED = re.compile(r"`([\w/]+\.py)::([\w.]+)`")
FILE = re.compile(r"`((?:vehicle|tests|tools|dbc)/[\w/]+\.\w+)`")


@cache
def _names_in(path: Path) -> frozenset[str]:
    """Return what a module defines: functions, classes, methods as Class.method, assignments."""
    return frozenset(_names(ast.parse(path.read_text(encoding="utf-8")).body, ""))


def _names(body: list[ast.stmt], before: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield before + node.name
            if isinstance(node, ast.ClassDef):
                yield from _names(node.body, f"{node.name}.")
        elif isinstance(node, ast.Assign):
            yield from (before + each.id for each in node.targets if isinstance(each, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield before + node.target.id


@pytest.mark.parametrize("name", TEXTS)
def test_everything_named_in_the_documents_exists(name: str) -> None:
    for file, what in NAMED.findall(TEXTS[name]):
        path = ROOT / file
        assert path.is_file(), f"{name} names {file}, which is not there"
        assert what in _names_in(path), f"{name} names {file}::{what}, which is not there"
    for file in FILE.findall(TEXTS[name]):
        assert (ROOT / file).is_file(), f"{name} names {file}, which is not there"


def test_every_requirement_names_its_code_and_a_test() -> None:
    parts = re.split(r"^\*\*([SA]\d+) ", TEXTS["SAFETY.md"], flags=re.MULTILINE)
    told = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert set(told) == {*(f"S{number}" for number in range(1, 12)), "A4", "A10"}
    for requirement, text in told.items():
        proof = [what for file, what in NAMED.findall(text) if file.startswith("tests/")]
        code = [what for file, what in NAMED.findall(text) if file.startswith("vehicle/")]
        assert proof, f"{requirement} names no test"
        assert code or requirement == "S11", f"{requirement} names no code"


# ---- links --------------------------------------------------------------------------------------

LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _anchors(text: str) -> set[str]:
    """Return the anchors that a Markdown page's headings get."""
    headings = HEADING.findall(FENCED.sub("", text))
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name: str) -> None:
    for link in LINK.findall(FENCED.sub("", TEXTS[name])):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = ROOT / (file or name)
        assert target.exists(), f"{name} links to {link}, which is not there"
        if anchor:
            assert anchor in _anchors(target.read_text(encoding="utf-8")), f"{name}: {link}"


REGISTRY = re.compile(r"\b(pypi|pythonhosted|npmjs|crates|anaconda)\.(org|com|io)\b")
SOMEBODYS_PATH = re.compile(r"(?<![\w.:/])/(home|root|tmp|work|Users)/")


@pytest.mark.parametrize("name", TEXTS)
def test_no_document_names_a_package_registry_or_a_path_of_somebodys_machine(name: str) -> None:
    assert REGISTRY.search(TEXTS[name]) is None
    assert SOMEBODYS_PATH.search(TEXTS[name]) is None


# ---- the README's examples ----------------------------------------------------------------------

EXAMPLE = re.compile(r"<!-- (runs|file: (\S+)) -->\n```\w*\n(.*?)```", re.DOTALL)


def _agrees(shown: str, printed: str) -> bool:
    """Compare two lines; a shown one that ends with " ..." is only a beginning."""
    if shown.endswith(" ..."):
        return printed.startswith(shown.removesuffix(" ..."))
    return shown == printed.rstrip()


def _missing(shown: list[str], printed: list[str]) -> str | None:
    """Return the first shown line that was not printed; a line "..." stands for any lines."""
    left = list(printed)
    skipping = False
    for line in shown:
        if line == "...":
            skipping = True
            continue
        while skipping and left and not _agrees(line, left[0]):
            left.pop(0)
        if not left or not _agrees(line, left.pop(0)):
            return line
        skipping = False
    return None if skipping or not left else f"(more is printed: {left[0]})"


def test_shown_lines_are_found_in_what_is_printed() -> None:
    printed = ["one", "two", "three and more", "four"]
    assert _missing(["one", "two", "three ...", "four"], printed) is None
    assert _missing(["...", "two", "..."], printed) is None
    assert _missing(["one", "three ...", "four"], printed) == "three ..."
    assert _missing(["one", "..."], printed) is None
    assert _missing(["one", "two"], printed) == "(more is printed: three and more)"


def _run(command: str, folder: Path) -> list[str]:
    """Run a README's command with the installed ``chargelock``; return the lines printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    return done.stdout.splitlines()


def test_the_readmes_examples_run_and_print_what_it_shows(tmp_path: Path) -> None:
    examples = EXAMPLE.findall(TEXTS["README.md"])
    assert {kind for kind, _, _ in examples} > {"runs"}
    for _, file, text in examples:
        if file:
            (tmp_path / file).write_text(text, encoding="utf-8")
            continue
        for step in text.removeprefix("$ ").split("\n$ "):
            command, *shown = step.rstrip("\n").split("\n")
            printed = _run(command, tmp_path)
            missing = _missing(shown, printed)
            assert missing is None, f"$ {command}\ndoes not print: {missing}"
