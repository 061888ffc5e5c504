"""A real browser, and pages opened in it that tell what they ask for and complain of."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")

needs_browser = (
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not here: apt-get install chromium"),
    pytest.mark.skipif(
        importlib.util.find_spec("playwright") is None,
        reason="playwright is not here: pip install 'chargelock[browser]'",
    ),
)


class Watched:
    """A page that takes down what it asks of the network, and what it complains of."""

    def __init__(
        self, browser: Browser, path: Path, ready: str = ".moment h2", moment: str = "", **how: Any
    ) -> None:
        """``ready``: what is there once the page is. ``moment``: what its address ends with."""
        how = {"viewport": {"width": 1500, "height": 1000}, **how}
        self.page: Page = browser.new_page(**how)
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri() + moment)
        self.page.wait_for_selector(ready)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def point_at(self, share: float) -> None:
        """Move the pointer over the lanes, ``share`` of their width from the left."""
        box = self.page.locator(".u-over").bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)

    def says(self, selector: str, words: str) -> None:
        """Wait until an element says ``words``."""
        self.page.locator(selector, has_text=words).first.wait_for()

    def colours(self, share: float, height_px: int) -> set[tuple[int, int, int]]:
        """The colours within 6 pixels of a place of the canvas, ``height_px`` from its top."""
        found = self.page.evaluate(
            """([share, high]) => {
              const over = document.querySelector(".u-over"), ratio = devicePixelRatio;
              const left = over.offsetLeft + over.clientWidth * share - 6;
              const at = [left, high, 12].map((each) => each * ratio);
              const drawn = document.querySelector("canvas").getContext("2d");
              const { data } = drawn.getImageData(...at, 1);
              const pixels = { length: data.length / 4 };
              return Array.from(pixels, (_, i) => [...data.slice(4 * i, 4 * i + 3)]);
            }""",
            [share, height_px],
        )
        return {tuple(colour) for colour in found}
