"""Accepts the journals that the stories write now: ``python tools/accept.py [STORY ...]``.

Rewrites ``tests/golden/<story>.journal.jsonl`` with seed 0 and says which changed, so that the
difference can be read before it is committed. Without names it takes every story, and removes
journals whose story is gone. A story that fails its own expectations is named and not accepted.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "stories"))

from played import GOLDEN, PATHS, golden_of, played

from vehicle.wire.findings import did_you_mean


def accept(name: str) -> str:
    """Accept one story's journal; return what became of it, in one word."""
    result = played(name, 0)
    if result.failures:
        print(f"{name}: not accepted:", *result.failures, sep="\n  ", file=sys.stderr)
        return "failed"
    golden = golden_of(name)
    text = "\n".join(result.journal) + "\n"
    if golden.exists() and golden.read_text(encoding="utf-8") == text:
        return "unchanged"
    word = "changed" if golden.exists() else "new"
    golden.write_text(text, encoding="utf-8")
    print(f"{name}: {word}")
    return word


def main(names: list[str]) -> int:
    """Accept the named stories, or all; return 1 where one failed, 2 where a name is unknown."""
    for name in names:
        if name not in PATHS:
            print(f"{name}: no such story; {did_you_mean(name, PATHS)}", file=sys.stderr)
            return 2
    GOLDEN.mkdir(exist_ok=True)
    words = [accept(name) for name in names or PATHS]
    if not names:
        for path in sorted(GOLDEN.glob("*.jsonl")):
            if path not in {golden_of(name) for name in PATHS}:
                path.unlink()
                print(f"{path.name}: removed, its story is gone")
    told = {word: words.count(word) for word in ("unchanged", "changed", "new", "failed")}
    print(", ".join(f"{count} {word}" for word, count in told.items()))
    return 1 if told["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
