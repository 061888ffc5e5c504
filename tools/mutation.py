"""Change the core line by line and see that the tests notice: mutmut, with explained survivors.

With names of modules, such as ``policy request``, only those are changed: seconds or minutes
instead of the whole run. Works in a temporary copy, so that nothing is left behind and the tree may
be edited meanwhile.

A survivor is known by its function and its changed lines, never by its number, because a line that
is inserted renumbers all that follow. ``tools/mutation_allowed.txt`` holds those that are
explained: blocks apart by an empty line, each a reason in "# " lines, then ``in module function``,
then the lines as ``mutmut show`` prints them.

Exit 0: no survivor is unexplained. 1: some are, or an explanation has no survivor any more.
2: mutmut could not do its work in time, or a module does not exist.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORE = "vehicle.core"
ALLOWED = Path(__file__).with_name("mutation_allowed.txt")
COPIED = ("vehicle", "tests/core", "setup.cfg", "pyproject.toml")
NOTICED = frozenset({"killed", "timeout", "caught by type check", "segfault", "skipped"})
MINUTES_MAX = 20

RESULT = re.compile(r"^\s+(?P<name>\S+): (?P<status>[a-z ]+)$", re.MULTILINE)
MANGLED = re.compile(r"^(?P<module>[\w.]+)\.x(?:ǁ(?P<owner>\w+)ǁ|_)(?P<name>\w+)__mutmut_\d+$")


class MutationError(Exception):
    """mutmut failed, ran out of time, or was asked for what is not there."""


@dataclass(frozen=True)
class Change:
    """One change to the code: where it is made, and its removed and added lines."""

    place: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([f"in {self.place}", *self.lines])


def place_of(mutant: str) -> str:
    """Return ``module function`` of a mutant's name. Raises MutationError for a strange name."""
    match = MANGLED.match(mutant)
    if match is None:
        raise MutationError(f"mutmut names a mutant {mutant!r}, which is not understood here")
    owner = f"{match['owner']}." if match["owner"] else ""
    return f"{match['module']} {owner}{match['name']}"


def change_of(mutant: str, shown: str) -> Change:
    """Return the change that ``mutmut show`` printed for ``mutant``."""
    lines = [
        line.rstrip()
        for line in shown.splitlines()
        if line.startswith(("-", "+")) and not line.startswith(("---", "+++"))
    ]
    return Change(place_of(mutant), tuple(lines))


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


def checked_modules(names: Sequence[str]) -> list[str]:
    """Return the dotted modules that ``names`` name: ``policy``, ``policy.py``, its path.

    Raises MutationError for a name that is no module of the core.
    """
    known = {path.stem for path in (ROOT / CORE.replace(".", "/")).glob("*.py")}
    stems = [Path(name).stem for name in names]
    for stem in stems:
        if stem not in known:
            near = difflib.get_close_matches(stem, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise MutationError(f"{stem} is no module of {CORE}{hint}")
    return [f"{CORE}.{stem}" for stem in stems]


class Workshop:
    """A copy of the core and its tests, in which mutmut works."""

    def __init__(self, folder: Path, limit_s: float) -> None:
        self.folder = folder
        self.limit_s = limit_s
        for name in COPIED:
            source, target = ROOT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def mutmut(self, *words: str) -> str:
        """Run one mutmut command in the copy and return what it printed.

        Raises MutationError where it fails or takes too long; then all its children are ended.
        """
        command = [str(Path(sys.executable).with_name("mutmut")), *words]
        environment = {**os.environ, "PYTHONPATH": "", "PYTHONHASHSEED": "0"}
        try:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise MutationError(
                f"{command[0]} is not installed; install it: pip install -e '.[mutation]'"
            ) from error
        try:
            printed, _ = process.communicate(timeout=self.limit_s)
        except subprocess.TimeoutExpired as error:
            raise MutationError(
                f"mutmut {words[0]} took more than {self.limit_s / 60:g} minutes; name fewer"
                " mutants, or mark slow tests other than fast"
            ) from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode != 0:
            tail = "\n".join(printed.splitlines()[-40:])
            raise MutationError(f"mutmut {words[0]} ended with {process.returncode}:\n{tail}")
        return printed

    def survivors(self, modules: Sequence[str], workers: int) -> tuple[Counter[str], list[Change]]:
        """Run the mutants of ``modules``, or all; return counts and what was not noticed."""
        globs = [f"{module}.*" for module in modules]
        self.mutmut("run", "--max-children", str(workers), *globs)
        results = RESULT.findall(self.mutmut("results", "--all", "true"))
        if modules:
            results = [(name, status) for name, status in results if status != "not checked"]
        counts = Counter(status for _, status in results)
        missed = [name for name, status in results if status not in NOTICED]
        return counts, [change_of(name, self.mutmut("show", name)) for name in missed]


def report(counts: Counter[str], survivors: list[Change], allowed: Counter[Change]) -> bool:
    """Print the outcome; return whether every survivor is explained."""
    found = Counter(survivors)
    unexplained, idle = found - allowed, allowed - found
    for change in sorted(unexplained.elements(), key=str):
        print(f"{change}\n")
    words = ", ".join(f"{number} {status}" for status, number in counts.most_common())
    print(f"{counts.total()} mutants: {words}.")
    print(f"{len(survivors)} not noticed, of which {unexplained.total()} are not explained.")
    if idle:
        print("These explanations have no survivor any more; remove them:\n")
        for change in sorted(idle.elements(), key=str):
            print(f"{change}\n")
    return not unexplained and not idle


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="modules of the core, such as policy; or all")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=MINUTES_MAX)
    options = parser.parse_args()
    print(f"Trying mutants with {options.workers} workers, {options.minutes:g} minutes at most.")
    try:
        allowed = read_allowed(ALLOWED.read_text(encoding="utf-8"), ALLOWED.name)
        modules = checked_modules(options.modules)
        if modules:
            named = [change for change in allowed if change.place.split()[0] in modules]
            allowed = Counter({change: allowed[change] for change in named})
        with tempfile.TemporaryDirectory(prefix="chargelock-mutation-") as folder:
            workshop = Workshop(Path(folder), options.minutes * 60)
            counts, survivors = workshop.survivors(modules, options.workers)
    except MutationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0 if report(counts, survivors, allowed) else 1


if __name__ == "__main__":
    sys.exit(main())
