"""Hits the demonstration's keys in virtual time."""

from __future__ import annotations

from vehicle.cli.demo_log import DemoLog
from vehicle.runtime.demo_actions import BY_KEY
from vehicle.runtime.demo_car import DemoCar

AFTER_US = 1_000_000
"""How long each key is left to have its effect."""


class Hands:
    """A car, what was said of it, and hands at its keys."""

    def __init__(self, keys: str = "") -> None:
        self.story = DemoLog()
        self.car = DemoCar(self.story.take)
        self.story.forget()
        self.came: list[str] = []
        """What each key said came of it."""
        self.hit(keys)

    def hit(self, keys: str) -> str:
        """Hit keys a second apart; a digit waits so many seconds. Returns the last one's word."""
        for key in keys:
            if key.isdigit():
                self.wait(int(key))
                continue
            before = self.story.count
            self.came.append(self.car.act(BY_KEY[key].do))
            self.story.hands(self.car.now_us, self.came[-1], before)
            self.car.advance(self.car.now_us + AFTER_US)
        return self.came[-1] if self.came else ""

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.car.advance(self.car.now_us + seconds * 1_000_000)

    def told(self, what: str) -> list[str]:
        """Return the words of the rows about ``what``."""
        return [row.words for row in self.story.rows if row.what == what]
