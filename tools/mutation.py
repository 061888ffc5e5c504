"""Change the core line by line and see that the tests notice; explain what they do not.

With names of modules, such as ``policy request``, only those are changed: a minute or two instead
of the whole run, half of one for the tests as they are. Works in a temporary copy, so that nothing
is left behind and the tree may be edited meanwhile.

mutmut thinks up the changes (``mutation_changes.py``). Its own way to try them reads the tests
again for every change, and looks up at every call of the core which change is meant; here one
process reads them once and is forked for each change (``mutation_trials.py``). Only tests marked
"fast" are run, and of these only those that pass the changed lines (``mutation_tracing.py``).

A survivor is known by its function and its changed lines, never by its number, because a line that
is inserted renumbers all that follow. ``tools/mutation_allowed.txt`` holds those that are
explained: blocks apart by an empty line, each a reason in "# " lines, then ``in module function``,
then the lines removed and added.

Exit 0: no survivor is unexplained. 1: some are, or an explanation has no survivor any more.
2: the changes could not be made or tried in time, or a module does not exist.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mutation_changes import Change, MutationError, read_allowed

ROOT = Path(__file__).resolve().parents[1]
CORE = "vehicle.core"
ALLOWED = Path(__file__).with_name("mutation_allowed.txt")
TRIALS = Path(__file__).with_name("mutation_trials.py")
COPIED = ("vehicle", "tests/conftest.py", "tests/core", "setup.cfg", "pyproject.toml")
NOTICED = frozenset({"killed", "timeout"})
MINUTES_MAX = 20


def checked_modules(names: Sequence[str]) -> list[str]:
    """Return the dotted modules that ``names`` name, ``policy``, ``policy.py``, its path; or all.

    Raises MutationError for a name that is no module of the core.
    """
    known = {path.stem for path in (ROOT / CORE.replace(".", "/")).glob("*.py")}
    stems = [Path(name).stem for name in names] or sorted(known - {"__init__"})
    for stem in stems:
        if stem not in known:
            near = difflib.get_close_matches(stem, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise MutationError(f"{stem} is no module of {CORE}{hint}")
    return [f"{CORE}.{stem}" for stem in stems]


def copy_tree(folder: Path) -> None:
    """Copy into ``folder`` what the trials read."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def try_changes(
    folder: Path, modules: Sequence[str], workers: int, limit_s: float
) -> tuple[Counter[str], list[Change]]:
    """Try all changes to ``modules``; return how many ended how, and what was not noticed.

    Raises MutationError where that fails or takes too long; then all children are ended.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PYTHONHASHSEED": "0",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    with subprocess.Popen(
        [sys.executable, str(TRIALS), str(workers), *modules],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            raise MutationError(
                f"the trials took more than {limit_s / 60:g} minutes; name fewer modules,"
                " or mark slow tests other than fast"
            ) from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        raise MutationError(f"the trials ended with {process.returncode}; see above")
    said = [json.loads(line) for line in printed.splitlines()]
    missed = [
        Change(each["place"], tuple(each["lines"]))
        for each in said
        if each["outcome"] not in NOTICED
    ]
    return Counter(each["outcome"] for each in said), missed


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
        named = [change for change in allowed if change.place.split()[0] in modules]
        allowed = Counter({change: allowed[change] for change in named})
        with tempfile.TemporaryDirectory(prefix="chargelock-mutation-") as folder:
            copy_tree(Path(folder))
            counts, survivors = try_changes(
                Path(folder), modules, options.workers, options.minutes * 60
            )
    except MutationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0 if report(counts, survivors, allowed) else 1


if __name__ == "__main__":
    sys.exit(main())
