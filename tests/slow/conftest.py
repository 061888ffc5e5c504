"""What the slow tests share: a guest, or the reason why there is none."""

from __future__ import annotations

import pytest
from guest_bench import why_unavailable


@pytest.fixture(scope="session")
def guest():
    """Skip, by name, each test that needs a guest where none can run."""
    reason = why_unavailable()
    if reason is not None:
        pytest.skip(reason)
