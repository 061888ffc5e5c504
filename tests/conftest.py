"""What holds for every test: what looks random is the same each time, and whole runs go untraced.

A run that fails must fail again for whoever looks into it, and no change may be blamed for what
another one's luck would have found. Longer and freshly seeded searches are a matter of hand.

Tests marked ``whole`` go the same ways thousands of times: tracing them finds no further line and
would take longer than all the others. Coverage looks away while they run. (pytest-cov's own
``no_cover`` leaves a second tracer behind in the workers of pytest-xdist.) In all other tests it
looks away while the core decides, but in ``tests/core``, which see every line and branch of it.

A run that a script started in its background ignores Ctrl-C, and so would each process that a test
starts and ends with it: here all of them hear it.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("seeded", derandomize=True, deadline=None)
settings.load_profile("seeded")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


CORE = Path(__file__).with_name("core")


@cache
def _deciding() -> tuple[tuple[type, str, Callable[..., Any]], ...]:
    """Return where the core's time goes, as class, name and function.

    Imported no earlier, so that coverage sees the first lines of these modules.
    """
    from vehicle.core.manager import LockManager
    from vehicle.core.whatif import _Search

    found = ((LockManager, "handle"), (_Search, "_try"))
    return tuple((owner, name, getattr(owner, name)) for owner, name in found)


def _untraced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with coverage looking away."""

    @wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        tracer = sys.gettrace()
        if tracer is None:
            return function(*given, **named)
        sys.settrace(None)
        try:
            return function(*given, **named)
        finally:
            sys._getframe().f_trace = tracer  # the tracer has seen this call and must see its end
            sys.settrace(tracer)

    return call


@contextmanager
def _deciding_untraced() -> Iterator[None]:
    for owner, name, function in _deciding():
        setattr(owner, name, _untraced(function))
    try:
        yield
    finally:
        for owner, name, function in _deciding():
            setattr(owner, name, function)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    if item.get_closest_marker("whole") is None:
        if sys.gettrace() is None or CORE in item.path.parents:
            return (yield)
        with _deciding_untraced():
            return (yield)
    here, threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type]
    try:
        return (yield)
    finally:
        threading.settrace(threads)  # type: ignore[arg-type]
        sys.settrace(here)
