"""What holds for every test: what looks random is the same each time, and whole runs go untraced.

A run that fails must fail again for whoever looks into it, and no change may be blamed for what
another one's luck would have found. Longer and freshly seeded searches are a matter of hand.

Tests marked ``whole`` go the same ways thousands of times: tracing them finds no further line and
would take longer than all the others. Coverage looks away while they run. (pytest-cov's own
``no_cover`` leaves a second tracer behind in the workers of pytest-xdist.)

A run that a script started in its background ignores Ctrl-C, and so would each process that a test
starts and ends with it: here all of them hear it.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("seeded", derandomize=True, deadline=None)
settings.load_profile("seeded")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    if item.get_closest_marker("whole") is None:
        return (yield)
    here, threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type]
    try:
        return (yield)
    finally:
        threading.settrace(threads)  # type: ignore[arg-type]
        sys.settrace(here)
