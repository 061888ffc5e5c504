"""What holds for every test: what looks random is the same each time, and whole runs go untraced.

A run that fails must fail again for whoever looks into it, and no change may be blamed for what
another one's luck would have found. Longer and freshly seeded searches are a matter of hand.

Tests marked ``whole`` go the same ways thousands of times: tracing them finds no further line and
would take longer than all the others. Coverage pauses while they run.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("seeded", derandomize=True, deadline=None)
settings.load_profile("seeded")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("whole"):
            item.add_marker(pytest.mark.no_cover)
