"""Tries changes of the core: which of them the tests notice, each in a fork of one process.

The process reads all tests once. One fork runs them as they are and notes which lines each of them
passes; then, for every change, a fork puts the changed function's code in place of the real one and
runs the tests that pass its lines, until one fails. Nothing is collected or imported again, which
is what makes the whole core a matter of minutes.

Tried first are the tests that noticed the last changes to the same function, then those of the
module's own test file, the quickest first. A test gets ten times the processor time it needs
otherwise, and a second; a change that makes it run for longer counts as noticed. Examples that
hypothesis finds are not made smaller: one is enough.

Runs inside the copy that ``mutation.py`` makes, and prints a line of JSON for each change.
"""

from __future__ import annotations
import __future__

import gc
import importlib
import inspect
import json
import os
import pickle
import resource
import signal
import sys
import textwrap
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any

import hypothesis
import pytest
from mutation_changes import Mutant, MutationError, mutants_of
from mutation_tracing import PassedBy, be_quiet, trace

SPARE_S = 1.0
SLOWER = 10
MEMORY_BYTES_MAX = 4 << 30
SURVIVED, NOTICED, BROKEN = 0, 1, 2
ARGUMENTS = (
    *("-o", "addopts=", "-m", "fast and not slow"),
    *("-s", "-p", "no:terminal", "-p", "no:cacheprovider", "--assert=plain"),
    "tests/core",
)


def _put_in_place(mutant: Mutant) -> None:
    """Let the running code of the function be the mutant's. Raises MutationError if it cannot."""
    module = importlib.import_module(mutant.module)
    text = mutant.source
    if mutant.owner:
        text = f"class {mutant.owner}:\n{textwrap.indent(text, '    ')}"
    flags = __future__.annotations.compiler_flag
    made = dict(vars(module))
    exec(compile(text, str(module.__file__), "exec", flags, True), made)
    real, changed = (_function(scope, mutant) for scope in (vars(module), made))
    code, closed_over = changed.__code__, real.__code__.co_freevars
    if not code.co_freevars:  # a change that leaves "super" out needs no class to be given
        code = code.replace(co_freevars=closed_over)
    if code.co_freevars != closed_over:
        raise MutationError(f"the code cannot be exchanged: it needs other cells\n{mutant.change}")
    real.__code__ = code
    real.__defaults__, real.__kwdefaults__ = changed.__defaults__, changed.__kwdefaults__


def _function(scope: Mapping[str, Any], mutant: Mutant) -> FunctionType:
    if mutant.owner:
        scope = vars(scope[mutant.owner])
    found = scope[mutant.name]
    if isinstance(found, property):
        found = found.fget
    function = inspect.unwrap(getattr(found, "__func__", found))
    if not isinstance(function, FunctionType):
        raise MutationError(f"{mutant.change.place} is no function, but {found!r}")
    return function


class Trials:
    """A pytest plugin that tries ``mutants`` instead of running the tests once."""

    def __init__(self, mutants: Sequence[Mutant], workers: int) -> None:
        self._mutants = mutants
        self._workers = workers
        self._passed_by: PassedBy = {}
        self._used_s: list[float] = []
        self._telling: defaultdict[str, list[int]] = defaultdict(list)
        self._trying = False
        self.error = ""

    def pytest_collection(self) -> None:
        """Find failing examples, but do not make them smaller."""
        one = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("trials", hypothesis.settings(), phases=one)
        hypothesis.settings.load_profile("trials")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """In a trial the first failure ends the process: nobody would read a report of it."""
        if self._trying and call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            os._exit(NOTICED)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all mutants and print what becomes of each."""
        try:
            self._look_at_tests(session)
            self._try_all(session)
        except MutationError as error:
            self.error = str(error)
        return True

    def _look_at_tests(self, session: pytest.Session) -> None:
        """Run all tests once, in a fork: note the lines they pass and the time they take."""
        into, out = os.pipe()
        child = os.fork()
        if child == 0:
            with _last_words(), os.fdopen(out, "wb") as pipe:
                pickle.dump(trace(session), pipe)
            os._exit(SURVIVED)
        os.close(out)
        with os.fdopen(into, "rb") as pipe:
            try:
                failed, self._passed_by, self._used_s = pickle.load(pipe)
            except EOFError as error:
                raise MutationError("the tests ended the process") from error
        os.waitpid(child, 0)
        if failed:
            raise MutationError(f"the tests fail without any change: {failed}")

    def _try_all(self, session: pytest.Session) -> None:
        gc.collect()
        gc.freeze()
        running: dict[int, tuple[Mutant, float, list[int], int]] = {}
        waiting = list(reversed(self._mutants))
        while waiting or running:
            while waiting and len(running) < self._workers:
                mutant = waiting.pop()
                chosen = self._chosen(session, mutant)
                if not chosen:
                    _tell(mutant, "no tests")
                    continue
                into, out = os.pipe()
                child = os.fork()
                if child == 0:
                    self._try(session, mutant, chosen, out)
                os.close(out)
                running[child] = (mutant, time.monotonic(), chosen, into)
            if running:
                child, status = os.wait()
                mutant, since_s, chosen, into = running.pop(child)
                self._note(mutant, status, chosen, into, time.monotonic() - since_s)
            if sys.stderr.isatty():
                left = len(waiting) + len(running)
                print(f"\r{left} left ", end="" if left else "\n", file=sys.stderr, flush=True)

    def _note(
        self, mutant: Mutant, status: int, chosen: list[int], into: int, took_s: float
    ) -> None:
        """Print what became of a mutant; the test that noticed it is the first to try next."""
        with os.fdopen(into, "rb") as pipe:
            tried = len(pipe.read())
        code = os.waitstatus_to_exitcode(status)
        words = {SURVIVED: "survived", NOTICED: "killed", -signal.SIGPROF: "timeout"}
        if code not in words:
            raise MutationError(f"a trial went wrong, with {code}:\n{mutant.change}")
        last = chosen[tried - 1]
        if code != SURVIVED:
            telling = self._telling[mutant.change.place]
            if last in telling:
                telling.remove(last)
            telling.insert(0, last)
        _tell(mutant, words[code], tried, took_s)

    def _chosen(self, session: pytest.Session, mutant: Mutant) -> list[int]:
        """Return the numbers of the tests that pass the mutant's lines, the most telling first."""
        stem = mutant.module.rpartition(".")[2]
        chosen = set().union(
            *(self._passed_by.get((mutant.module, line), ()) for line in mutant.touched)
        )
        telling = self._telling[mutant.change.place]

        def rank(number: int) -> tuple[int, bool, float]:
            first = telling.index(number) if number in telling else len(telling)
            other = not session.items[number].path.stem.startswith(f"test_{stem}")
            return first, other, self._used_s[number]

        return sorted(chosen, key=rank)

    def _try(self, session: pytest.Session, mutant: Mutant, chosen: list[int], out: int) -> None:
        """Run the chosen tests until one fails, and end the process."""
        with _last_words():
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
            _put_in_place(mutant)
            self._trying = True
            be_quiet()
            items = [session.items[number] for number in chosen]
            for number, item, after in zip(chosen, items, [*items[1:], None], strict=True):
                os.write(out, b".")
                signal.setitimer(signal.ITIMER_PROF, SPARE_S + SLOWER * self._used_s[number])
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                if session.testsfailed:
                    os._exit(NOTICED)
        os._exit(SURVIVED)


@contextmanager
def _last_words() -> Iterator[None]:
    """In a child: what goes wrong is printed, and ends the process."""
    errors = os.dup(2)
    try:
        yield
    finally:
        if sys.exc_info()[0] is not None:
            os.write(errors, traceback.format_exc().encode())
            os._exit(BROKEN)


def _tell(mutant: Mutant, outcome: str, tried: int = 0, took_s: float = 0.0) -> None:
    said = {"outcome": outcome, "tests": tried, "took_s": round(took_s, 3)}
    said |= {"place": mutant.change.place, "lines": mutant.change.lines}
    print(json.dumps(said), flush=True)


def main(modules: Sequence[str], workers: int) -> int:
    """Try all changes to ``modules``, dotted, in the current folder."""
    paths = [Path(*module.split(".")).with_suffix(".py") for module in modules]
    try:
        with ProcessPoolExecutor(workers) as pool:
            mutants = [each for found in pool.map(mutants_of, modules, paths) for each in found]
        trials = Trials(mutants, workers)
        code = pytest.main([*ARGUMENTS], plugins=[trials])
        if trials.error or code:
            raise MutationError(trials.error or f"pytest ended with {code}")
    except MutationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], int(sys.argv[1])))
