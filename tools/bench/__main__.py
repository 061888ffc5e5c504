"""``make bench``: measures us beside our peers and prints the table.

    python -m tools.bench [--small] [--rounds N] [--seed N] [AREA ...]

Knows: the options, and where areas are found. Refuses to know: what is measured.

Progress goes to standard error, the table to standard output. Nothing is judged: an aim that is
missed is printed as such, and the exit code is 0. It is 1 where something could not be measured.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

from tools.bench import areas, machine
from tools.bench.plan import Area, BenchError, Size
from tools.bench.rounds import measure
from tools.bench.table import area_lines

ROUNDS = 5


def found_areas() -> dict[str, Area]:
    """Return every area by its name, in the order of their modules' names."""
    modules = sorted(module.name for module in pkgutil.iter_modules(areas.__path__))
    found = (importlib.import_module(f"{areas.__name__}.{name}").AREA for name in modules)
    return {area.name: area for area in found}


def main() -> int:
    """Measure what was asked for; return the exit code."""
    known = found_areas()
    parser = argparse.ArgumentParser(prog="make bench", description="Measure us and our peers.")
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of {', '.join(known)}; or all")
    parser.add_argument("--small", action="store_true", help="only to see that it works")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"counted rounds [{ROUNDS}]")
    parser.add_argument("--seed", type=int, default=Size.seed, help="of everything generated")
    options = parser.parse_args()
    for name in options.areas:
        if name not in known:
            parser.error(f"there is no area {name}; one of {', '.join(known)}")
    rounds = options.rounds or (1 if options.small else ROUNDS)
    print(f"Measured {machine.kind()}; {machine.packages()}.")
    print(f"Medians of {rounds} round{'s' if rounds > 1 else ''}, fewer where it says so.")
    for name in options.areas or known:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            size = Size(options.small, Path(folder), options.seed)
            try:
                _print(known[name], size, rounds)
            except BenchError as error:
                _say("")
                print(f"error: {name}: {error}", file=sys.stderr)
                return 1
    return 0


def _print(area: Area, size: Size, rounds: int) -> None:
    before = machine.load()
    with area.groups(size) as groups:
        measured = [(group, measure(area, group, rounds, _say)) for group in groups]
    held_back = [group for group, _ in measured if group.rounds_max]
    _say("")
    print()
    print("\n".join(area_lines(area, measured)))
    counted = ", ".join(
        f"{group.title}: {min(rounds, group.rounds_max or rounds)}" for group in held_back
    )
    print(
        f"\nBefore: {before}; after: {machine.load()}.{f' Rounds: {counted}.' if counted else ''}"
    )
    sys.stdout.flush()


def _say(words: str) -> None:
    """Show how far it is, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
