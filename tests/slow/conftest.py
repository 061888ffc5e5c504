"""What the slow tests share: a guest, or the reason why there is none, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser_bench import CHROMIUM, Watched
from guest_bench import why_unavailable

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def guest():
    """Skip, by name, each test that needs a guest where none can run."""
    reason = why_unavailable()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def look(browser: Browser) -> Iterator[Any]:
    """Open a page; at the end it must have asked nobody and complained of nothing."""
    opened: list[Watched] = []

    def look(path: Path, **how: Any) -> Watched:
        opened.append(Watched(browser, path, **how))
        return opened[-1]

    yield look
    for watched in opened:
        assert [url for url in watched.asked if not url.startswith(("file:", "data:"))] == []
        assert watched.complaints == []
        watched.page.close()
