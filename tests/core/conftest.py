"""Every run of the tests begins with nothing remembered by the core's caches.

Mutation testing runs the tests again and again in copies of one process: what was decided before a
change to the code must not be taken for what is decided after it.
"""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_remembered() -> None:
    modules = [module for name, module in sys.modules.items() if name.startswith("vehicle.core.")]
    for module in modules:
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
