"""Notes which lines of the core each test passes, and the processor time it takes.

So that of all tests only those are run that can notice a change. It knows nothing of changes.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections import defaultdict
from pathlib import Path

import coverage
import pytest

CORE = "vehicle.core"
CACHED = type(functools.cache(len))

PassedBy = dict[tuple[str, int], set[int]]
"""(module, line) -> the numbers of the tests that pass it, as they stand in the session."""


class _Tracer:
    """A pytest plugin that notes which lines of the core each test passes.

    What a fixture passes is passed by every test of its file: several may share what it made. What
    the core's caches remember is forgotten before each test, as who passes a line first would hide
    it from all others.
    """

    def __init__(self, session: pytest.Session) -> None:
        self.items = session.items
        self.since_s = 0.0
        self.shared_s: defaultdict[Path, float] = defaultdict(float)
        """What each file's fixtures took: whichever of its tests is run first pays for them."""
        self.trace = sys.gettrace()
        self.core = Path(*CORE.split(".")).resolve()
        self.coverage = coverage.Coverage(
            data_file=None, config_file=False, include=[f"{self.core}/*"]
        )
        self.caches = [
            value
            for module in list(sys.modules.values())
            for value in list(vars(module).values())
            if isinstance(value, CACHED) and _own(value, self.core.parents[1])
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin with what the tests of a file share; watch also those that go untraced else."""
        sys.settrace(self.trace)
        for cache in self.caches:
            cache.cache_clear()
        self.coverage.switch_context(f"file {item.path}")
        self.since_s = time.process_time()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Go on with what is the test's own."""
        self.coverage.switch_context(item.nodeid)
        self.shared_s[item.path] += time.process_time() - self.since_s

    def passed_by(self) -> PassedBy:
        """Return by module and line the numbers of the tests that pass it."""
        numbers: defaultdict[str, set[int]] = defaultdict(set)
        for number, item in enumerate(self.items):
            numbers[item.nodeid].add(number)
            numbers[f"file {item.path}"].add(number)
        data = self.coverage.get_data()
        found: PassedBy = {}
        for name in data.measured_files():
            module = f"{CORE}.{Path(name).stem}"
            for line, contexts in data.contexts_by_lineno(name).items():
                found[module, line] = set().union(*(numbers[context] for context in contexts))
        return found


def _own(cached: object, folder: Path) -> bool:
    """Return whether a cached function is the core's or the tests' own."""
    module = sys.modules.get(getattr(cached, "__module__", None) or "")
    return folder in Path(getattr(module, "__file__", None) or "/").parents


def trace(session: pytest.Session) -> tuple[list[str], PassedBy, list[float]]:
    """Run all tests; return those that fail, who passes a line, and the seconds each takes."""
    be_quiet()
    tracer = _Tracer(session)
    session.config.pluginmanager.register(tracer)
    used_s, failed = [], []
    tracer.coverage.start()
    tracer.trace = sys.gettrace()
    for item, after in zip(session.items, [*session.items[1:], None], strict=True):
        since_s, failures = time.process_time(), session.testsfailed
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        used_s.append(time.process_time() - since_s)
        if session.testsfailed > failures:
            failed.append(item.nodeid)
    tracer.coverage.stop()
    shared_s = [tracer.shared_s[item.path] for item in session.items]
    return failed, tracer.passed_by(), list(map(sum, zip(used_s, shared_s, strict=True)))


def be_quiet() -> None:
    """Let what is printed go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
