"""The report in a real browser: it opens, draws, answers to pointer and keys, and asks nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser_bench import needs_browser
from command_line import chargelock
from drives import write_car, write_session
from report_pages import chronicle_of, page_of

from vehicle.core.names import FaultName
from vehicle.core.outputs import Fault

MANY = 100_000

pytestmark = [pytest.mark.slow, *needs_browser]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a whole session of the small car, as the command writes it."""
    folder = tmp_path_factory.mktemp("session")
    car, log = write_car(folder), write_session(folder / "session.log")
    done = chargelock("replay", log, "--profile", car, "--shadow", "--report", folder / "out.html")
    assert done.returncode == 0, done.stderr
    return folder / "out.html"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that compares the session with auto-lock on and off."""
    folder = tmp_path_factory.mktemp("two")
    car, log, out = write_car(folder), write_session(folder / "session.log"), folder / "out.html"
    (folder / "on.toml").write_text("", encoding="utf-8")
    (folder / "off.toml").write_text('auto-lock = "off"\n', encoding="utf-8")
    both = ("--settings", folder / "on.toml", "--settings", folder / "off.toml")
    done = chargelock("compare", log, "--profile", car, "--shadow", *both, "--report", out)
    assert done.returncode == 1, done.stderr
    return out


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with 100,000 changes, and a fault of a millisecond in their middle."""
    path = tmp_path_factory.mktemp("many") / "out.html"
    chronicle = chronicle_of(MANY // 2)
    middle_us = chronicle.end_us
    chronicle.take(middle_us, Fault(FaultName.FEEDBACK_LOST, True))
    chronicle.take(middle_us + 1_000, Fault(FaultName.FEEDBACK_LOST, False))
    path.write_text(page_of(chronicle_of(MANY // 2, chronicle)), encoding="utf-8")
    return path


def test_the_page_opens_and_draws_its_lanes(look: Any, session: Path) -> None:
    page = look(session)
    assert page.page.title() == "session.log"
    assert len(page.colours(0.5, 24 * 4 + 10)) >= 1
    drawn = {colour for lane in range(1, 9) for colour in page.colours(0.4, 24 * lane + 10)}
    assert (28, 122, 69) in drawn, "charging is drawn in its colour"


def test_pointing_at_a_moment_tells_the_decision_and_what_would_release_it(
    look: Any, session: Path
) -> None:
    """At four of nine seconds the car charges."""
    page = look(session)
    page.point_at(4.0 / 8.9)
    page.says(".moment .sentence", "Energy is on the inlet")
    page.says(".moment", "inlet energised for 1.")
    page.says(".moment", "someone asks for it (chargelock unlatch; it stops the charge first)")
    page.point_at(8.5 / 8.9)
    page.says(".moment", "inlet empty for 0.")


def test_a_click_holds_the_moment_until_escape(look: Any, session: Path) -> None:
    page = look(session)
    page.point_at(0.4)
    page.page.mouse.down()
    page.page.mouse.up()
    page.says(".moment h2", "let go")
    held = page.page.locator(".moment h2").inner_text()
    page.point_at(0.9)
    assert page.page.locator(".moment h2").inner_text() == held
    page.page.keyboard.press("Escape")
    page.point_at(0.95)
    page.page.wait_for_selector(".moment h2 button", state="detached")
    assert page.page.locator(".moment h2").inner_text() != held


def test_a_row_of_the_list_jumps_to_its_moment(look: Any, session: Path) -> None:
    """Even where the chart shows another stretch of time."""
    page = look(session)
    for _ in range(3):
        page.page.get_by_role("button", name="Zoom in").click()
    page.says(".range", "of 8.9 s")
    before = page.page.locator(".range").inner_text()
    page.page.locator(".row", has_text="we would engage the charge-port latch").click()
    page.says(".moment h2", "At 1.000 s")
    assert page.page.locator(".range").inner_text() != before


def test_everything_can_be_done_by_keyboard(look: Any, session: Path) -> None:
    page = look(session)
    page.page.locator("#chart").focus()
    page.page.keyboard.press("+")
    page.says(".range", "of 8.9 s")
    page.page.keyboard.press("0")
    page.says(".range", "all, 8.9 s")
    page.page.keyboard.press("Home")
    page.page.locator(".list").focus()
    page.page.keyboard.press("End")
    page.says(".moment h2", "At 8.000 s")
    page.page.locator("#chart").focus()
    page.page.keyboard.press("ArrowLeft")
    page.says(".moment h2", "At 7.")


def test_the_list_is_narrowed_by_kind_and_by_words(look: Any, session: Path) -> None:
    page = look(session)
    page.page.get_by_label("Which of it").select_option("all")
    page.says(".row .words", "connector in the inlet")
    page.page.get_by_label("Search in what happened").fill("permit")
    page.page.wait_for_function(
        "[...document.querySelectorAll('.what')].every((each) => each.textContent === 'permit')"
    )


def test_a_pixel_that_hides_changes_says_how_many_and_no_fault_is_hidden(
    look: Any, many: Path
) -> None:
    """100,000 changes on a thousand pixels, and a fault of a millisecond."""
    page = look(many)
    page.point_at(0.25)
    page.says(".moment", "This pixel hides")
    assert (198, 40, 40) in page.colours(0.5, 24 + 10), "the fault's line is drawn over the lanes"
    page.point_at(0.5)
    page.says(".moment .trouble", "the pin's sensor is not heard")
    for _ in range(3):
        page.page.get_by_role("button", name="Later").click()
        page.page.get_by_role("button", name="Zoom in").click()
    page.says(".range", "of 27:46:")


def test_the_page_is_dark_in_the_dark(look: Any, session: Path) -> None:
    dark, light = look(session, color_scheme="dark"), look(session)
    shades = [
        watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
        for watched in (dark, light)
    ]
    assert shades == ["rgb(20, 24, 29)", "rgb(255, 255, 255)"]
    assert dark.colours(0.4, 24 * 2 + 10) != light.colours(0.4, 24 * 2 + 10)


def test_on_paper_the_list_is_printed_and_the_settings_are_open(look: Any, session: Path) -> None:
    page = look(session, color_scheme="dark")
    page.page.emulate_media(media="print")
    page.page.locator(".printed tr").first.wait_for()
    assert page.page.locator(".list").is_hidden()
    assert page.page.locator("details.settings dl").is_visible()
    assert len(page.page.pdf()) > 10_000


def test_a_narrow_screen_needs_no_scrolling_sideways(look: Any, session: Path) -> None:
    page = look(session, viewport={"width": 380, "height": 800})
    page.point_at(0.4)
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_comparison_shows_both_sides_of_a_moment(look: Any, two: Path) -> None:
    page = look(two)
    page.page.locator(".row", has_text="A: engage").first.click()
    page.says(".moment h2", "At 1.000 s")
    page.says(".moment .sentence", "A session is active")
    page.says(".moment .sentence", "No rule asks for a movement")
    assert page.page.locator(".moment .which").all_inner_texts() == ["A", "B"]
    assert page.page.get_by_role("heading", name="What differs").is_visible()
