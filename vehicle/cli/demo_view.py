"""The live view of the demonstration: one simulated car, redrawn as time passes and keys are hit.

Knows: Textual, which colour a look has, and where each panel stands. The only module that imports
Textual. Refuses to know: what the panels say (``demo_words``) and how the car goes on
(``demo_car``); a clock is given to it.

The colours are of a palette that people with any colour vision tell apart, and each stands beside a
word or sign that says the same. With NO_COLOR the terminal's own colours stay, and emphasis with
them.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from vehicle.cli import demo_words
from vehicle.cli.demo_log import DemoLog
from vehicle.cli.demo_words import Line, Look
from vehicle.core.car import Actuator
from vehicle.runtime.demo_actions import ACTIONS, BY_KEY
from vehicle.runtime.demo_car import DemoCar

REDRAWS_PER_S = 20
STEP_US_MAX = 250_000
"""More time than this never passes at once: a car whose view was stopped stood still."""
TALL = 30
"""From so many lines on there is room for frames, and for what would release a pin."""
WIDE = 112
"""From so many columns on the log stands beside the car."""

_STYLES = {
    Look.PLAIN: "",
    Look.QUIET: "#a8b3bd",
    Look.STRONG: "bold #ffffff",
    Look.KEY: "bold #0f1720 on #a8b3bd",
    Look.HELD: "bold #56b4e9",
    Look.DECIDED: "#8fcdf2",
    Look.MOVING: "bold #f0e442",
    Look.TROUBLE: "bold #ff9e5e",
}
_STYLES_WITHOUT_COLOUR = {
    Look.PLAIN: "",
    Look.QUIET: "",
    Look.STRONG: "bold",
    Look.KEY: "reverse",
    Look.HELD: "bold",
    Look.DECIDED: "",
    Look.MOVING: "bold",
    Look.TROUBLE: "bold",
}


class Panel(Widget):
    """Lines of words that are made for the room there is, and drawn anew where they changed."""

    def __init__(self, name: str, lines: Callable[[int, int], list[Line]], title: str = "") -> None:
        """``lines`` takes columns and rows: what it returns is at most so wide."""
        super().__init__(id=name)
        self._make = lines
        self._shown: list[Line] = []
        self.border_title = title

    def look_again(self) -> None:
        """Draw anew where the words have changed."""
        lines = self._make(*self.content_size)
        if lines != self._shown:
            self.refresh(layout=len(lines) != len(self._shown))
            self._shown = lines

    @property
    def text(self) -> str:
        """What is shown, as plain text."""
        return demo_words.plain(self._make(*self.content_size))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines there are in ``width`` columns."""
        return len(self._make(width, 0))

    def render(self) -> Content:
        """Return the lines with their looks."""
        styles = _STYLES_WITHOUT_COLOUR if self.app.no_color else _STYLES
        lines = self._make(*self.content_size)
        drawn = (Content.assemble(*((text, styles[look]) for text, look in line)) for line in lines)
        return Content("\n").join(drawn)


class DemoApp(App[None]):
    """The view. ``clock_us`` tells the time in microseconds and never runs backwards."""

    TITLE = "chargelock demo"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-one"), (WIDE, "-wide")]  # noqa: RUF012 (as Textual has it)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (TALL, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(action.key, f"act('{action.key}')", action.name) for action in ACTIONS),
        Binding("q,ctrl+c", "quit", "quit", priority=True),
    ]
    CSS = """
    Screen { background: #0f1720; color: #e4e9ee; overflow: hidden; }
    Panel { height: auto; padding: 0 1; }
    #head { dock: top; background: #1f2d3a; }
    #keys { dock: bottom; background: #1f2d3a; }
    #car { height: auto; }
    #body { height: 1fr; overflow: hidden; }
    #log { height: 1fr; min-height: 1; }
    .-wide #body { layout: horizontal; }
    .-wide #car { width: 62; height: 1fr; }
    .-wide #log { width: 1fr; height: 1fr; }
    .-tall #facts, .-tall #latch, .-tall #adapter, .-tall #log {
        border: round #4a5b6a; border-title-color: #a8b3bd;
    }
    .-tall #held { padding: 1 1 0 1; }
    .-tall #faults { padding: 0 1; }
    .-nocolor Screen, .-nocolor #head, .-nocolor #keys {
        background: ansi_default; color: ansi_default;
    }
    """

    def __init__(self, clock_us: Callable[[], int], car: DemoCar, story: DemoLog) -> None:
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self._clock_us = clock_us
        self._clock_was_us = clock_us()
        self.car = car
        self.story = story

    def compose(self) -> ComposeResult:
        """Put the panels in their places."""
        car = self.car
        yield Panel("head", lambda columns, _: demo_words.head(car, columns))
        yield Panel("keys", lambda columns, _: demo_words.keys(car, columns))
        yield Panel("held", lambda columns, _: demo_words.held(car, columns))
        yield Panel("faults", lambda columns, _: demo_words.faults(car, columns, more=self._roomy))
        with Container(id="body"):
            with Container(id="car"):
                yield Panel("facts", lambda columns, _: demo_words.facts(car, columns), "the car")
                for actuator in Actuator:
                    yield Panel(str(actuator), self._pin_lines(actuator))
            yield Panel(
                "log",
                lambda columns, rows: demo_words.log(self.story, columns, rows),
                "what happened",
            )

    def _pin_lines(self, actuator: Actuator) -> Callable[[int, int], list[Line]]:
        def lines(columns: int, _: int) -> list[Line]:
            return demo_words.pin(self.car, actuator, columns, more=self._roomy)

        return lines

    @property
    def _roomy(self) -> bool:
        return self.size.height >= TALL

    def on_mount(self) -> None:
        """Begin to let time pass."""
        # Without this a SIGTERM would leave the terminal as Textual set it.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)
        self.set_interval(1 / REDRAWS_PER_S, self.pass_time)

    def pass_time(self) -> None:
        """Let the car go on by as much time as has passed, and show what changed."""
        now_us = self._clock_us()
        elapsed_us, self._clock_was_us = now_us - self._clock_was_us, now_us
        self.car.advance(self.car.now_us + min(elapsed_us, STEP_US_MAX))
        self._look_again()

    def action_act(self, key: str) -> None:
        """Let hands do what ``key`` stands for."""
        self.pass_time()
        before = self.story.count
        words = self.car.act(BY_KEY[key].do)
        self.story.hands(self.car.now_us, words, before)
        self._look_again()

    def _look_again(self) -> None:
        for panel in self.query(Panel):
            panel.look_again()


def run_live() -> int:
    """Show the demonstration on this terminal until it is left; return the exit code.

    It is 1 where a fault of ours ended the view: Textual has then told of it on standard error.
    """
    if not os.environ.get("NO_COLOR"):
        os.environ.pop("NO_COLOR", None)  # set but empty means colour; Textual would take it as set
    story = DemoLog()
    car = DemoCar(story.take)
    story.forget()
    app = DemoApp(lambda: time.monotonic_ns() // 1000, car, story)
    threading.Thread(target=_end_with_the_terminal, daemon=True).start()
    app.run(mouse=False)
    return app.return_code or 0


def _end_with_the_terminal() -> None:
    """End the process when its terminal is gone.

    Its owner is sent SIGHUP, a session that does not own it is not. Textual then reads
    an endless nothing, and waits forever for its writer. There is no screen to put in order, and
    nothing to save.
    """
    terminal = select.poll()
    terminal.register(sys.stdin.fileno(), 0)  # none of its events but its end
    terminal.poll()
    os._exit(128 + signal.SIGHUP)
