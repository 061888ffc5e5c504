"""The live view without a terminal: keys are pressed and widgets read, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from demo_hands import Hands
from textual.pilot import Pilot

from vehicle.cli.demo_view import STEP_US_MAX, TALL, WIDE, DemoApp, Panel
from vehicle.runtime.demo_actions import ACTIONS, BY_KEY


class Viewer:
    """A view, its clock and its pilot."""

    def __init__(self, app: DemoApp, pilot: Pilot[None], clock: list[int]) -> None:
        self.app = app
        self.pilot = pilot
        self._clock = clock

    async def wait(self, seconds: float) -> None:
        """Let time pass, in pieces that the view takes whole."""
        for _ in range(round(seconds * 1_000_000 / STEP_US_MAX)):
            self._clock[0] += STEP_US_MAX
            self.app.pass_time()
        await self.pilot.pause()

    def jump(self, seconds: int) -> None:
        """Let the clock jump, as after a stop."""
        self._clock[0] += seconds * 1_000_000
        self.app.pass_time()

    async def hit(self, keys: str, then_s: float = 3) -> None:
        """Press keys, with time after each."""
        for key in keys:
            await self.pilot.press(key)
            await self.wait(then_s)

    def text(self, panel: str) -> str:
        """Return what a panel shows."""
        return self.app.query_one(f"#{panel}", Panel).text


def on_view(do: Callable[[Viewer], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> DemoApp:
    """Run ``do`` with a view of a size."""
    clock = [0]
    hands = Hands()
    app = DemoApp(lambda: clock[0], hands.car, hands.story)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await do(Viewer(app, pilot, clock))

    asyncio.run(run())
    return app


def test_keys_change_what_the_panels_say() -> None:
    async def do(view: Viewer) -> None:
        assert view.text("held") == "○ Nothing is plugged in."
        await view.hit("pa")
        assert view.text("held") == "● The connector is locked to the car."
        assert "charging, 32 A" in view.text("facts")
        assert "engaged" in view.text("latch")
        assert "wanted: engaged" in view.text("latch")
        assert "━━━━━━" in view.text("latch")
        assert "This pin has nothing to hold." in view.text("adapter")
        await view.hit("l")
        assert "doors     locked" in view.text("facts")
        assert "you: lock the car" in view.text("log")

    on_view(do)


def test_every_key_of_the_table_is_bound() -> None:
    async def do(view: Viewer) -> None:
        for action in ACTIONS:
            rows = len(view.app.story.rows)
            await view.pilot.press(action.key)
            assert any(row.what == "you" for row in view.app.story.rows[rows:]), action.key
            await view.wait(1)

    on_view(do)


def test_a_jam_is_told_with_what_the_owner_can_do() -> None:
    async def do(view: Viewer) -> None:
        assert view.text("faults") == ""
        await view.hit("p")
        await view.hit("jr", then_s=12)
        await view.wait(8)
        assert "The pin could not be released (charge-port latch)." in view.text("faults")
        assert "jam: ON" in view.text("keys")
        await view.hit("mj")
        assert "Pull the red loop" not in view.text("faults")

    on_view(do)


@pytest.mark.whole
def test_where_there_is_room_the_manual_release_and_what_would_release_are_told() -> None:
    async def do(view: Viewer) -> None:
        await view.hit("ps", then_s=6)
        await view.hit("l")
        assert "free if someone asks for it; or the car is unlocked" in view.text("latch")
        assert "free if" not in view.text("adapter")
        await view.hit("jr", then_s=20)
        assert "Pull the red loop" in view.text("faults")

    on_view(do, (WIDE, TALL))


@pytest.mark.whole
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (WIDE, 20), (200, 60), (40, 12)])
def test_nothing_is_wider_than_its_place_and_the_keys_are_always_there(
    size: tuple[int, int],
) -> None:
    async def do(view: Viewer) -> None:
        for key in "elajr":
            await view.hit(key, then_s=4)
        screen = view.app.screen.size
        assert screen == size
        for panel in view.app.query(Panel):
            widest = max((len(line) for line in panel.text.splitlines()), default=0)
            if size[0] >= 60:
                assert widest <= panel.content_size.width, panel.id
            assert panel.region.right <= screen.width
        keys = view.app.query_one("#keys", Panel)
        assert keys.region.bottom == screen.height
        assert keys.content_size.height == len(keys.text.splitlines())
        for name in (action.name for action in ACTIONS):
            assert name in keys.text

    on_view(do, size)


@pytest.mark.whole
@pytest.mark.parametrize("size", [(60, 20), (80, 24), (WIDE, 24)])
def test_the_newest_row_stays_in_sight(size: tuple[int, int]) -> None:
    async def do(view: Viewer) -> None:
        await view.hit("palk", then_s=2)
        log = view.app.query_one("#log", Panel)
        assert log.content_size.height >= 3
        assert log.text.splitlines()[-1].endswith("key at the charge port")
        assert len(log.text.splitlines()) == log.content_size.height

    on_view(do, size)


def test_a_clock_that_jumps_lets_the_car_stand_still() -> None:
    async def do(view: Viewer) -> None:
        before_us = view.app.car.now_us
        view.jump(3600)
        assert view.app.car.now_us == before_us + STEP_US_MAX

    on_view(do)


def test_q_leaves() -> None:
    async def do(view: Viewer) -> None:
        await view.pilot.press("q")
        await view.pilot.pause()

    assert on_view(do).return_code == 0


def test_without_colour_every_state_still_has_its_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def do(view: Viewer) -> None:
        assert view.app.no_color
        assert view.app.native_ansi_color
        await view.hit("p")
        assert view.text("held").startswith("● ")
        await view.hit("jr", then_s=20)
        assert view.text("faults").startswith("! ")

    on_view(do)


def test_a_broken_promise_would_be_told() -> None:
    async def do(view: Viewer) -> None:
        view.app.car.judged().append("safety, 1 s: the latch is released while energised")
        assert "This must never happen: safety, 1 s" in view.text("faults")

    on_view(do)


def test_a_state_that_can_be_switched_is_shown_at_its_key() -> None:
    async def do(view: Viewer) -> None:
        assert ": O" not in view.text("keys")
        await view.hit("pwtij", then_s=1)
        for words in ("w wall side: CUT", "t auto-lock: OFF", "i ice: ON", "j jam: ON"):
            assert words in view.text("keys")

    on_view(do)
    assert BY_KEY["w"].name == "wall side"
