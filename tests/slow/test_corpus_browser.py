"""The overview of a corpus in a real browser: it sorts, narrows, leads to moments, asks nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser_bench import needs_browser
from command_line import chargelock
from corpus_logs import write_logs
from drives import write_car

pytestmark = [pytest.mark.slow, *needs_browser]

READY = ".logs tbody tr"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command wrote of 24 logs, one of them empty, against auto-lock off."""
    folder = tmp_path_factory.mktemp("overview")
    write_logs(folder / "logs", 24)
    (folder / "off.toml").write_text('auto-lock = "off"\n', encoding="utf-8")
    how = ("--profile", write_car(folder), "--against", "off.toml", "--shadow", "--workers", "2")
    done = chargelock("corpus", "logs", "--out", "out", *how, cwd=folder)
    assert done.returncode == 1, done.stderr
    return folder / "out"


def column(page: Any, number: int) -> list[str]:
    """The words of a column, from the top, of the rows in sight."""
    found: list[str] = page.page.evaluate(
        """(n) => [...document.querySelectorAll(".logs tbody tr")].filter((row) => !row.hidden)
          .map((row) => row.cells[n]?.textContent ?? "")""",
        number,
    )
    return found


def test_a_click_or_a_key_on_a_head_sorts_and_what_is_empty_stays_last(
    look: Any, out: Path
) -> None:
    page = look(out / "overview.html", ready=READY)
    head = page.page.get_by_role("button", name="recorded")
    head.click()
    times = [float(words.split()[0]) for words in column(page, 2) if words]
    assert len(times) == 23
    assert times == sorted(times, reverse=True)
    head.press("Enter")
    assert [float(words.split()[0]) for words in column(page, 2)[:23]] == sorted(times)
    assert column(page, 1)[-1].startswith("unreadable: is empty")
    assert page.page.locator("th[aria-sort=ascending]").inner_text().startswith("recorded")


def test_the_logs_are_narrowed_by_outcome_and_by_words(look: Any, out: Path) -> None:
    page = look(out / "overview.html", ready=READY)
    page.says(".count", "24 of 24")
    page.page.get_by_label("Which logs").select_option("unreadable")
    page.says(".count", "1 of 24")
    assert column(page, 0) == ["car00/drive00019.log"]
    page.page.get_by_label("Which logs").select_option("all")
    page.page.get_by_label("Search in the logs").fill("drive00006")
    page.says(".count", "1 of 24")


def test_a_telling_moment_leads_to_itself_in_the_logs_own_page(look: Any, out: Path) -> None:
    page = look(out / "overview.html", ready=READY)
    link = page.page.locator(".moments a").first
    words = link.inner_text()
    seconds = words.rpartition(" at ")[2]
    link.click()
    page.says(".moment h2", f"At {seconds}")
    page.says(".moment h2 button", "let go")


def test_a_links_moment_is_held_and_another_one_follows(look: Any, out: Path) -> None:
    report = next((out / "reports/00000").glob("00-*.html"))
    page = look(report, moment="#t=2000000")
    page.says(".moment h2", "At 2.000 s")
    page.page.evaluate("location.hash = '#t=999999999999'")
    page.says(".moment h2", "At 8.900 s")


def test_the_overview_is_dark_in_the_dark_and_whole_on_paper(look: Any, out: Path) -> None:
    page = look(out / "overview.html", ready=READY, color_scheme="dark")
    shade = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert shade == "rgb(20, 24, 29)"
    page.page.emulate_media(media="print")
    assert page.page.get_by_label("Which logs").is_hidden()
    assert len(page.page.pdf()) > 10_000


def test_a_narrow_overview_needs_no_scrolling_sideways(look: Any, out: Path) -> None:
    page = look(out / "overview.html", ready=READY, viewport={"width": 380, "height": 800})
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
