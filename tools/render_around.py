"""The generated parts about what stands around the core: journal, corpus, cars, keys and rooms.

Knows: which of their tables people read, and in which words.
Refuses to know: the commands (``render_commands.py``), and where a part stands.
"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

from render_markdown import code, codes, first_sentence, table

from vehicle.replay.corpus.rows import columns
from vehicle.runtime.demo_actions import ACTIONS
from vehicle.runtime.journal_schema import json_schema
from vehicle.wire.profile import Profile, list_profiles, load_profile

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("core", "wire", "runtime", "replay", "cli")
"""Innermost first, as the arrows point."""

PROSE_COLUMNS = 105


def journal() -> str:
    """Return the kinds of journal lines with their keys, from the schema."""
    rows = []
    for line in json_schema()["oneOf"]:
        keys = [key for key in line["required"] if key not in ("kind", "t")]
        rows.append((code(line["title"]), codes(keys)))
    return table(("kind", "keys besides `t` and `kind`"), rows)


def corpus() -> str:
    """Return the columns of a corpus's summary."""
    units = {"words": "text", "count": "whole number", "time": "whole number, us", "seconds": "s"}
    rows = ((code(name), units[kind], meaning) for name, kind, meaning in columns())
    return table(("column", "type", "meaning"), rows)


def profiles() -> str:
    """Return every shipped profile: whether its car can be commanded, and what it cannot tell."""
    rows = []
    for name in list_profiles():
        profile = load_profile(name)
        sends = "yes" if "command" in profile.transmit else "no"
        variants = codes(profile.variant_names) or "one"
        rows.append((code(name), profile.title, variants, sends, _lacks(profile) or "nothing"))
    return table(("profile", "car", "software versions", "commands", "what it lacks"), rows)


def _lacks(profile: Profile) -> str:
    """Return the lacking signals, those with the same reason together."""
    together: dict[str, list[str]] = {}
    for signal in profile.lacks:
        together.setdefault(profile.lacks_words.get(signal, ""), []).append(signal)
    return "; ".join(
        codes(lacking) + (f": {why}" if why else "") for why, lacking in together.items()
    )


def keys() -> str:
    """Return the keys of the demonstration, as one paragraph."""
    told = "; ".join(f"{code(action.key)} {action.says}" for action in ACTIONS)
    return textwrap.fill(f"Keys: {told}; {code('q')} quit.", PROSE_COLUMNS) + "\n"


def rooms() -> str:
    """Return every module with the first sentence of its docstring."""
    rows = []
    for layer in LAYERS:
        for path in sorted((ROOT / "vehicle" / layer).rglob("*.py")):
            if path.name != "__init__.py":
                doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
                rows.append((code(path.relative_to(ROOT / "vehicle")), first_sentence(doc)))
    return table(("room", "in one line"), rows)


BLOCKS = (journal, corpus, profiles, keys, rooms)
"""What writes each part; a part is called as its function is."""
