"""Writes the generated parts of the documentation again, from the code that runs.

Knows: which documents have such parts, and how ``<!-- generated: NAME -->`` and
``<!-- /generated -->`` mark them.
Refuses to know: what a part says (the ``render_`` files beside this one do), and the prose around
it, which people write.

    python tools/render_docs.py            write
    python tools/render_docs.py --check    exit 1 where a document says something else than the code
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
import render_around
import render_commands
import render_core
import render_settings

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "SAFETY.md")

BEGIN = re.compile(r"<!-- generated: ([\w-]+) -->\n")
END = "<!-- /generated -->"

BLOCKS = {
    block.__name__: block
    for blocks in (render_core, render_settings, render_around, render_commands)
    for block in blocks.BLOCKS
}
"""Name in the marker -> what writes the block."""


class DocumentError(ValueError):
    """A document's markers cannot be followed. The message names the file, line and marker."""


def render(text: str, where: str) -> str:
    """Return a document with its generated parts written again; ``where`` names it in errors.

    Raises DocumentError: a marker names no block, or is never closed.
    """
    written, rest = [], text
    while (begin := BEGIN.search(rest)) is not None:
        line = text[: len(text) - len(rest) + begin.start()].count("\n") + 1
        name = begin[1]
        if name not in BLOCKS:
            known = ", ".join(BLOCKS)
            raise DocumentError(f"{where}:{line}: no block is called {name!r}; use one of {known}")
        end = rest.find(END, begin.end())
        if end < 0:
            raise DocumentError(f"{where}:{line}: block {name!r} is never closed; add {END}")
        written += [rest[: begin.end()], "\n", BLOCKS[name](), "\n"]
        rest = rest[end:]
    return "".join(written) + rest


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a document has drifted.")
def main(check: bool) -> None:
    """Write the generated parts of the documentation again."""
    drifted = []
    for name in DOCUMENTS:
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        now = render(text, name)
        if now != text:
            drifted.append(name)
            if not check:
                path.write_text(now, encoding="utf-8")
    if drifted and check:
        click.echo(f"error: {', '.join(drifted)} differ from the code; run: make docs", err=True)
        sys.exit(1)
    click.echo(f"written: {', '.join(drifted)}" if drifted else "nothing has changed")


if __name__ == "__main__":
    main()
